"""Crops become the image tokens that the decoder reads: CLIP, merged pairs of patches, separators, a projector.

Axes: N crops, g rows or columns of patches in a crop, C channels of CLIP, T image tokens, H width of the decoder.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModel

from ..staging import on_device

CROPS_AT_ONCE = 2  # bounds the memory of a large picture; a crop has 1,601 positions, more at once are hardly faster


class ImageTokens(nn.Module):
    """The tower, the two learnt separators and the projector.

    Args:
        config: Sizes of CLIP.
        hidden: Width H of the decoder.
    """

    def __init__(self, config: CLIPVisionConfig, hidden: int) -> None:
        super().__init__()
        merged = 4 * config.hidden_size
        self.clip = CLIPVisionModel(config)
        self.after_row = nn.Parameter(torch.empty(merged))
        self.after_whole = nn.Parameter(torch.empty(merged))
        self.projector = nn.Sequential(nn.Linear(merged, hidden), nn.GELU(), nn.Linear(hidden, hidden))

    def forward(self, crops: Tensor, rows: int, cols: int) -> Tensor:
        """(T, H) tokens of one picture; see ``divider.crops`` for its (1 + rows * cols, 3, S, S) crops."""
        return self.projector(self.assemble(self.patches(crops), rows, cols))

    @property
    def weight(self) -> Tensor:
        """A weight that is never elsewhere, for its device and type."""
        return self.after_row

    def patches(self, crops: Tensor) -> Tensor:
        """(N, 1 + g * g, C) states of the class token and the patches after the last block of CLIP.

        They are not normalised: ``post_layernorm`` belongs to the pooled output, which nothing here uses.
        """
        parts = crops.split(CROPS_AT_ONCE)
        with on_device(self.clip, self.weight.device):
            states = [self.clip(part.to(self.weight)).last_hidden_state for part in parts]
        return torch.cat(states) if len(states) > 1 else states[0]

    def assemble(self, patches: Tensor, rows: int, cols: int) -> Tensor:
        """(T, 4 C) merged patches: the rows of the whole view, then those of the grid, each ended by a separator."""
        merged = _merge_pairs(patches[:, 1:])
        side, width = merged.shape[1], merged.shape[-1]
        grid = (
            merged[1:].reshape(rows, cols, side, side, width).transpose(1, 2).reshape(rows * side, cols * side, width)
        )
        return torch.cat([self._ended(merged[0]), self.after_whole[None], self._ended(grid)])

    def _ended(self, view: Tensor) -> Tensor:
        """((cols + 1) * rows, 4 C) of a (rows, cols, 4 C) view."""
        separators = self.after_row.expand(len(view), 1, -1)
        return torch.cat([view, separators], 1).flatten(0, 1)


def _merge_pairs(patches: Tensor) -> Tensor:
    """(N, g / 2, g / 2, 4 C) of (N, g * g, C): channels ordered by row in the pair, column in the pair, channel."""
    count, positions, width = patches.shape
    half = round(positions**0.5) // 2
    pairs = patches.reshape(count, half, 2, half, 2, width).transpose(2, 3)
    return pairs.reshape(count, half, half, 4 * width)
