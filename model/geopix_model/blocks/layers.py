"""Small layers with the parameter names of the published checkpoints."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class LayerNorm2d(nn.Module):
    """Layer norm over the channels of (B, C, H, W)."""

    def __init__(self, channels: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        x = F.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class Doubling(nn.ConvTranspose2d):
    """Transposed convolution of 2 x 2 with stride 2: every position becomes four, which do not overlap.

    So it is a linear layer, and the channels stay innermost as the norm after it wants them: half the time of the
    library's kernel and no copies around it.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 2, 2)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """(B, C, H, W) -> (B, O, 2 H, 2 W), channels last in memory."""
        batch, _, height, width = x.shape
        weight = self.weight.permute(2, 3, 1, 0).flatten(0, 2)  # of 2 2 O outputs
        bias = None if self.bias is None else self.bias.repeat(4)
        quads = F.linear(x.permute(0, 2, 3, 1), weight, bias).unflatten(-1, (2, 2, -1))
        return quads.transpose(2, 3).reshape(batch, 2 * height, 2 * width, -1).permute(0, 3, 1, 2)


class MLP(nn.Module):
    """``depth`` linear layers with ReLU between them."""

    def __init__(self, inputs: int, hidden: int, outputs: int, depth: int) -> None:
        super().__init__()
        widths = [inputs, *[hidden] * (depth - 1), outputs]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


def resize(x: Tensor, size: tuple[int, int] | torch.Size) -> Tensor:
    """Bilinear, ``align_corners=False``, computed in float32: the one resize of the mask path."""
    if tuple(x.shape[-2:]) == tuple(size):
        return x
    return F.interpolate(x.float(), tuple(size), mode="bilinear", align_corners=False).to(x.dtype)
