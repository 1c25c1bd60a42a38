"""Positional encodings: random Fourier features over an image grid, and fixed sinusoids over a token index."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class GridEncoding(nn.Module):
    """Random Fourier features of pixel centres (the positional encoding of Segment Anything)."""

    positional_encoding_gaussian_matrix: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("positional_encoding_gaussian_matrix", torch.randn(2, width // 2))

    def forward(self, height: int, width: int) -> Tensor:
        """Encoding of an ``height x width`` grid: (1, D, height, width)."""
        matrix = self.positional_encoding_gaussian_matrix
        y = (torch.arange(height, device=matrix.device, dtype=matrix.dtype) + 0.5) / height
        x = (torch.arange(width, device=matrix.device, dtype=matrix.dtype) + 0.5) / width
        points = torch.stack([x[None].expand(height, -1), y[:, None].expand(-1, width)], -1)
        angles = 2 * math.pi * ((2 * points - 1) @ matrix)
        return torch.cat([angles.sin(), angles.cos()], -1).permute(2, 0, 1)[None]


class IndexEncoding(nn.Module):
    """Sinusoids over the token index: sine on even channels, cosine on odd ones, base 10000."""

    pe: Tensor

    def __init__(self, width: int, length: int = 5000) -> None:
        super().__init__()
        index = torch.arange(length, dtype=torch.float32)[:, None]
        rate = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * (-math.log(10000.0) / width))
        table = torch.zeros(1, length, width)
        table[0, :, 0::2] = torch.sin(index * rate)
        table[0, :, 1::2] = torch.cos(index * rate)[:, : width // 2]
        self.register_buffer("pe", table, persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """``tokens`` (B, T, D) with their positions added."""
        return tokens + self.pe[:, : tokens.shape[1]].to(tokens.dtype)
