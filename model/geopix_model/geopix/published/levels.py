"""From prompts and level features to masks: the level loop of the published model, in one batch of N targets.

Section 2.3 of the paper (arXiv 2501.06828): a mask of each level, the memory between two passes, a learned sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ...blocks.layers import resize
from ..mask_decoder import MaskDecoder
from .memory import PublishedMemory


@dataclass(frozen=True)
class Level:
    """One level of N targets on its way.

    Attributes:
        first, first_confidence: (N, 1, ., .) mask logits and (N,) confidence of the pass before the memory; None where
            it was left out because nothing depends on it.
        refined: (1 or N, D, h, w) level feature after the memory.
        mask, confidence: The same after the memory.
    """

    first: Tensor | None
    first_confidence: Tensor | None
    refined: Tensor
    mask: Tensor
    confidence: Tensor


@dataclass(frozen=True)
class LevelInputs:
    """What the mask levels read of one picture: features (1, D, h, w), positions (1, D, h, w), dense (1, D, 1, 1)."""

    features: tuple[Tensor, ...]
    grid_pe: Tensor
    dense: Tensor


def run_levels(
    decoder: MaskDecoder,
    memory: PublishedMemory,
    inputs: LevelInputs,
    sparse: Tensor,
    classes: Tensor,
    *,
    first_pass: bool = False,
) -> list[Level]:
    """All levels of N targets; each is gated by the mask that the level before gave after its memory.

    Args:
        sparse: (N, levels, D) fused prompts.
        classes: (N,) memory classes; without effect in ``released`` mode.
        first_pass: Also runs the pass before the memory in ``released`` mode, which depends on nothing of it.
    """
    found: list[Level] = []
    needed = first_pass or memory.mode == "paper"
    for level, feature in enumerate(inputs.features):
        previous = found[-1].mask if found else None
        first = confidence = None
        if needed:
            first, confidence = _pass(decoder, level, feature, sparse, inputs, previous)
        refined = _refined(memory, feature, first, classes, level)
        mask, sure = _pass(decoder, level, refined, sparse, inputs, previous)
        found.append(Level(first, confidence, refined, mask, sure))
    return found


def summed(levels: list[Level], weights: Tensor, side: int) -> Tensor:
    """(N, side, side): the level masks, resized and weighted by ``weights`` (levels,)."""
    masks = torch.stack([resize(level.mask, (side, side))[:, 0] for level in levels], 1)
    return torch.einsum("l,nlhw->nhw", weights, masks)


def _refined(memory: PublishedMemory, feature: Tensor, first: Tensor | None, classes: Tensor, level: int) -> Tensor:
    if memory.mode == "paper" and first is not None:
        return memory(feature.expand(len(classes), -1, -1, -1), first, classes, level)
    return memory(feature, None, classes, level)  # the same for all targets


def _pass(
    decoder: MaskDecoder, level: int, feature: Tensor, sparse: Tensor, inputs: LevelInputs, previous: Tensor | None
) -> tuple[Tensor, Tensor]:
    wide = feature.expand(len(sparse), -1, -1, -1)
    mask, confidence = decoder(level, wide, sparse, inputs.dense, inputs.grid_pe, previous)
    return mask, confidence
