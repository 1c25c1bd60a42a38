"""What a training run needs to go on after a stop: weights, averaged weights, optimizer, time used."""

from __future__ import annotations

import copy
import os
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ..geopix.model import GeoPix

FROZEN_BLOCKS = 7  # stem and strides 2 to 8 keep their ImageNet weights: half the time per crop


@dataclass(frozen=True)
class Rates:
    """Learning rates at the start of a stage; 0 freezes the part."""

    backbone: float
    masks: float
    language: float


LANGUAGE_STAGE = Rates(backbone=0.0, masks=0.0, language=1.5e-3)
MASK_STAGE = Rates(backbone=2e-4, masks=1e-3, language=6e-4)


def part_of(name: str) -> str:
    """``backbone``, ``masks`` or ``language``, for a parameter name."""
    if name.startswith("vision.backbone."):
        return "backbone"
    return "language" if name.startswith(("language.", "projector.", "codebook.")) else "masks"


def optimizer(model: GeoPix, rates: Rates, class_head: nn.Linear) -> torch.optim.AdamW:
    """AdamW over the parts that are trained and the class head; every other parameter stops asking for gradients."""
    groups: dict[tuple[str, bool], list[Tensor]] = {}
    for name, parameter in model.named_parameters():
        part = part_of(name)
        early = any(name.startswith(f"vision.backbone.blocks.{i}.") for i in range(FROZEN_BLOCKS))
        frozen = early or name.startswith("vision.backbone.stem") or getattr(rates, part) == 0
        parameter.requires_grad_(not frozen)
        if not frozen:
            groups.setdefault((part, parameter.ndim > 1), []).append(parameter)
    groups["language", False] += list(class_head.parameters())
    settings = [
        {
            "params": params,
            "lr": getattr(rates, part),
            "peak": getattr(rates, part),
            "weight_decay": 0.02 if decays else 0.0,
        }
        for (part, decays), params in groups.items()
    ]
    return torch.optim.AdamW(settings, betas=(0.9, 0.98))


class Average:
    """Moving average of the weights: what is shipped."""

    def __init__(self, model: GeoPix, decay: float = 0.996) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.decay, self.steps = decay, 0

    def update(self, model: GeoPix) -> None:
        """One step; young averages forget faster."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            for mine, theirs in zip(self.model.parameters(), model.parameters(), strict=True):
                mine.lerp_(theirs, 1 - decay)


def save(path: Path, **values: object) -> None:
    """Writes a resume file; an old one survives a failure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    torch.save(values, partial)
    os.replace(partial, path)
