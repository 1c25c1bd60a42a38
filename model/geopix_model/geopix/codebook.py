"""Segmentation token codebook: ``levels x tokens`` states of the decoder become one prompt per level."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class TokenCodebook(nn.Module):
    """Projects the states that predict a run of segmentation tokens and fuses them with learned scalars.

    Args:
        hidden: Width of the language model. width: D of the prompts.
        levels, tokens: Shape of the codebook.
    """

    def __init__(self, hidden: int, width: int, levels: int, tokens: int) -> None:
        super().__init__()
        self.levels, self.tokens = levels, tokens
        self.text_hidden_fcs = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, width))
        self.multiseg_scalar = nn.Parameter(torch.full((tokens,), 1 / tokens))

    def forward(self, states: Tensor) -> Tensor:
        """(N, levels * tokens, hidden) -> (N, levels, D); the first ``tokens`` states belong to level 0."""
        queries = self.text_hidden_fcs(states).unflatten(1, (self.levels, self.tokens))
        return torch.einsum("t,nltd->nld", self.multiseg_scalar, queries)
