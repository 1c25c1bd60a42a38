"""The training loop: a time budget for each stage, for laptop and GPU alike; resumable, progress shown."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from .. import checkpoint
from ..data.crops import CropSource
from ..data.imagery import Labelled
from ..geopix.model import GeoPix
from .stages import StepSize, TokenBank, maps_step, mask_step
from .state import LANGUAGE_STAGE, MASK_STAGE, Average, optimizer, save

BANK_CROPS = 600
WARMUP = 0.02  # of a stage
MEMORY_FROM = 0.8  # of stage 2: before, the memory is left out at half the cost (it starts as an exact no-op)
SAVE_EVERY_S = 240.0


@dataclass(frozen=True)
class Plan:
    """What to train.

    Attributes:
        language_minutes, mask_minutes: Budget of the two stages.
        folder: Where resume file and model folder go.
        seed: Of all chance.
        size: Crops and conversations in one step of stage 2.
    """

    language_minutes: float
    mask_minutes: float
    folder: Path
    seed: int = 0
    size: StepSize = field(default_factory=StepSize)


def set_rates(adam: torch.optim.AdamW, used: float) -> None:
    """Learning rates at a share of a stage (0..1): a short rise, then a cosine down to a fiftieth."""
    rate = min(1.0, used / WARMUP) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * used)))
    for group in adam.param_groups:
        group["lr"] = group["peak"] * max(rate, 1e-3)


class Trainer:
    """Runs the two stages one after the other, or goes on where the resume file says."""

    def __init__(
        self, model: GeoPix, tokenizer: Tokenizer, images: Sequence[Labelled], plan: Plan, device: str
    ) -> None:
        self.device = torch.device(device)
        self.model, self.tokenizer, self.plan = model.to(self.device), tokenizer, plan
        model.vision.backbone.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.source = CropSource(images, model.config.image_size)
        self.average = Average(model)
        prompts = model.config.levels * model.config.width
        self.class_head = nn.Linear(prompts, model.config.memory.classes).to(self.device)  # only for training
        self.stage, self.used_s, self.step = "language", 0.0, 0
        self._optimizer_state: dict[str, Any] | None = None

    @property
    def resume_file(self) -> Path:
        return self.plan.folder / "resume.pt"

    def resume(self) -> None:
        """Continues from the resume file."""
        saved = torch.load(self.resume_file, map_location=self.device, weights_only=True)
        self.model.load_state_dict(saved["model"])
        self.class_head.load_state_dict(saved["class_head"])
        self.average.model.load_state_dict(saved["average"])
        self.average.steps = saved["average_steps"]
        self.stage, self.used_s, self.step = saved["stage"], saved["used_s"], saved["step"]
        self._optimizer_state = saved["optimizer"]

    def run(self, show: Callable[[str], None] = print) -> None:
        """Trains both stages and writes the model folder."""
        rng = random.Random(self.plan.seed + self.step)
        torch.manual_seed(self.plan.seed + self.step)
        if self.stage == "language":
            if self.plan.language_minutes > 0:
                self._language(rng, show)
            self.stage, self.used_s, self.step, self._optimizer_state = "masks", 0.0, 0, None
            self.average = Average(self.model)
        self._masks(rng, show)
        checkpoint.save(self.plan.folder, self.average.model, self.tokenizer)

    def _language(self, rng: random.Random, show: Callable[[str], None]) -> None:
        bank = TokenBank(self.model, self.source, rng, BANK_CROPS, self.device)
        show(f"{len(bank.crops)} crops read")
        self._spend(
            self.plan.language_minutes,
            optimizer(self.model, LANGUAGE_STAGE, self.class_head),
            lambda _: bank.step(self.model, self.tokenizer, self.class_head, rng, 24),
            show,
        )

    def _masks(self, rng: random.Random, show: Callable[[str], None]) -> None:
        def step(used: float) -> tuple[Tensor, dict[str, float]]:
            crops = [self.source.draw(rng) for _ in range(self.plan.size.crops)]
            if self.model.config.maps_hidden and self.step % (1 + self.plan.size.maps_only):
                return maps_step(self.model, crops)
            memory = used >= MEMORY_FROM
            return mask_step(self.model, self.tokenizer, self.class_head, crops, rng, self.plan.size, memory)

        self._spend(self.plan.mask_minutes, optimizer(self.model, MASK_STAGE, self.class_head), step, show)

    def _spend(
        self,
        minutes: float,
        adam: torch.optim.AdamW,
        step: Callable[[float], tuple[Tensor, dict[str, float]]],
        show: Callable[[str], None],
    ) -> None:
        """Steps until the budget is used; the learning rates follow the used share of it."""
        if self._optimizer_state is not None:
            adam.load_state_dict(self._optimizer_state)
        means: dict[str, float] = {}
        last, saved = time.monotonic(), time.monotonic()
        while self.used_s < 60 * minutes:
            used = self.used_s / (60 * minutes)
            set_rates(adam, used)
            loss, report = step(used)
            adam.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_([p for group in adam.param_groups for p in group["params"]], 1.0)
            adam.step()
            self.average.update(self.model)
            self.step += 1
            means |= {k: 0.95 * means.get(k, v) + 0.05 * v for k, v in report.items()}
            now = time.monotonic()
            self.used_s, last = self.used_s + now - last, now
            if self.step % 20 == 0:
                parts = "  ".join(f"{k} {v:.3f}" for k, v in means.items())
                show(f"{self.stage} {used:5.1%}  step {self.step}  {parts}")
            if now - saved > SAVE_EVERY_S:
                saved = now
                self.save(adam)

    def save(self, adam: torch.optim.AdamW) -> None:
        """Writes the resume file, and the averaged weights so far as a model folder."""
        save(
            self.resume_file,
            model=self.model.state_dict(),
            class_head=self.class_head.state_dict(),
            average=self.average.model.state_dict(),
            average_steps=self.average.steps,
            optimizer=adam.state_dict(),
            stage=self.stage,
            used_s=self.used_s,
            step=self.step,
        )
        checkpoint.save(self.plan.folder, self.average.model, self.tokenizer)
