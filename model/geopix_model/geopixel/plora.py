"""Partial LoRA (InternLM-XComposer2, arXiv:2401.16420): adapters that work at image positions only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import LlamaModel

DROPOUT = 0.05  # of the adapters' input, while training

Where = slice | Tensor | None


class ImagePositions:
    """Where the image positions of the running forward pass are; all adapters of a decoder read the same one.

    Attributes:
        where: Along the sequence: a slice, or (T,) or (B, T) bool; None where there are none, which then costs nothing.
    """

    def __init__(self) -> None:
        self.where: Where = None

    @contextmanager
    def at(self, where: Where) -> Iterator[None]:
        """Sets them for the forward passes inside; with gradient checkpointing also around the backward pass."""
        before, self.where = self.where, where
        try:
            yield
        finally:
            self.where = before


def run_of(is_image: Sequence[bool]) -> Where:
    """The image positions of one sequence as a slice where they lie together, which is far cheaper than a mask."""
    found = [position for position, image in enumerate(is_image) if image]
    if not found:
        return None
    if found[-1] - found[0] + 1 == len(found):
        return slice(found[0], found[-1] + 1)
    return torch.tensor(list(is_image), dtype=torch.bool)


class PLoRALinear(nn.Module):
    """A linear layer with an adapter: y = W x, and at image positions y = W x + B A x (scale 1: alpha is the rank)."""

    def __init__(self, base: nn.Module, down: nn.Module, up: nn.Module, positions: ImagePositions) -> None:
        super().__init__()
        self.base, self.down, self.up = base, down, up
        self._positions = positions

    def forward(self, states: Tensor) -> Tensor:
        """(B, T, in) -> (B, T, out)."""
        result, where = self.base(states), self._positions.where
        if where is None:
            return result
        # A (T,) mask or a slice counts along the sequence, a (B, T) mask along both axes.
        at = where if isinstance(where, Tensor) and where.dim() == 2 else (slice(None), where)
        chosen = F.dropout(states[at], DROPOUT, self.training)
        result[at] += self.up(self.down(chosen))
        return result


def install(decoder: LlamaModel, rank: int) -> ImagePositions:
    """Puts adapters on the linear layers of a decoder; those of q, k and v share their first matrix, as one tensor."""
    positions = ImagePositions()

    def adapt(module: nn.Module, name: str, down: nn.Linear | None = None) -> nn.Linear:
        base = getattr(module, name)
        down = down or nn.Linear(base.in_features, rank, bias=False)
        setattr(module, name, PLoRALinear(base, down, nn.Linear(rank, base.out_features, bias=False), positions))
        return down

    for layer in decoder.layers:
        attention, mlp = layer.get_submodule("self_attn"), layer.get_submodule("mlp")
        shared = adapt(attention, "q_proj")
        adapt(attention, "k_proj", shared)
        adapt(attention, "v_proj", shared)
        adapt(attention, "o_proj")
        for name in ("gate_proj", "up_proj", "down_proj"):
            adapt(mlp, name)
    return positions
