"""Class maps: for each class the model knows, where it is and where its single objects have their cores.

Not in the paper.  The mask predictor looks at one target at a time, and so teaches the image features one target at a
time; these maps are read for all classes at once, so that every label of a crop teaches them.  A target whose class is
known adds its map to the mask logits, and its cores tell touching objects apart.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..blocks.layers import resize

EXTENT, CORES = 0, 1  # the two planes of a class


class ClassMaps(nn.Module):
    """Extent and core logits of every class at stride 4.

    Args:
        width, fine_channels: Channels of the features at strides 8 and 4.
        hidden: Channels that both are mixed in.
        classes: Number of classes.
    """

    def __init__(self, width: int, fine_channels: int, hidden: int, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.from8, self.from4 = nn.Conv2d(width, hidden, 1), nn.Conv2d(fine_channels, hidden, 1)
        self.mix = nn.Sequential(
            nn.GroupNorm(8, hidden),
            nn.GELU(),
            nn.Conv2d(hidden, hidden, 3, padding=1),
            nn.GroupNorm(8, hidden),
            nn.GELU(),
        )
        self.read = nn.Conv2d(hidden, 2 * classes, 1)
        with torch.no_grad():
            self.read.bias.sub_(3.0)  # type: ignore[union-attr]  # most classes are not there: begin with "no"

    def forward(self, fine8: Tensor, fine4: Tensor) -> Tensor:
        """Logits (B, classes, 2, h, w) from (B, width, h / 2, w / 2) and (B, fine_channels, h, w)."""
        mixed = self.mix(resize(self.from8(fine8), fine4.shape[-2:]) + self.from4(fine4))
        return self.read(mixed).unflatten(1, (self.classes, 2))


def peak(extent: Tensor, share: float = 0.002) -> Tensor:
    """Mean of the highest logits (N,) of extents (N, h, w): how sure the map is that its class is there at all."""
    flat = extent.flatten(1)
    return torch.topk(flat, max(1, round(share * flat.shape[1]))).values.mean(1)
