"""The training loop of GeoPixel: steps of AdamW, resumable at each save, the result a checkpoint folder."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import DataError
from ..geopixel import saving, tensor_files
from ..geopixel.model import GeoPixel
from .geopixel_parts import Lora, merged, prepare, training
from .geopixel_samples import Order, Samples
from .geopixel_step import losses, run
from .state import save

RESUME = "resume.pt"
CLIP_NORM = 1.0
_RESUME_KEYS = {"step", "weights", "trained", "optimizer"}


@dataclass(frozen=True)
class Plan:
    """How to train; the values are those of the released recipe, but for steps and what one device can do.

    Attributes:
        folder: Of the run: the resume file, and in the end ``model``.
        steps: Of the optimizer.
        learning_rate: At the end of the warm-up; then it falls to 0 as a cosine.
        warmup_steps: Of the steps; a tenth of them at most.
        batch, accumulate: Samples in a pass, and passes in a step.
        save_every: Steps between two resume files.
        seed: Of all chance.
        checkpointing: See ``geopixel_parts.prepare``.
        half: Whether is computed in bfloat16; what is trained stays float32.
        lora: Sizes of the adapters.
    """

    folder: Path
    steps: int
    learning_rate: float = 3e-4
    warmup_steps: int = 100
    batch: int = 2
    accumulate: int = 10
    save_every: int = 100
    seed: int = 0
    checkpointing: bool = True
    half: bool = False
    lora: Lora = field(default_factory=Lora)

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        warmup = min(self.warmup_steps, self.steps // 10)
        if step < warmup:
            return self.learning_rate * (step + 1) / (warmup + 1)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(self.steps - warmup, 1)))


class Trainer:
    """One run.

    Args:
        model: As ``loading.load`` gives it, in the type in which it is to be stored.
        samples: To be trained on.
        seg: Id of [SEG].
        base: The folder that the model was loaded from.
        plan: How to train.
    """

    def __init__(self, model: GeoPixel, samples: Samples, seg: int, base: Path, plan: Plan) -> None:
        self.model, self.samples, self.plan, self.step = model, samples, plan, 0
        self._seg, self._base = seg, base
        self._dtype = model.lm_head.weight.dtype
        self._order = Order(samples.entries, plan.batch, plan.seed)
        torch.manual_seed(plan.seed)  # of the adapters
        self.trained = prepare(model, plan.lora, checkpointing=plan.checkpointing)
        self._adam = torch.optim.AdamW(self.trained.values(), lr=0.0, betas=(0.9, 0.95), weight_decay=0.0)

    @property
    def resume_file(self) -> Path:
        """What a stopped run goes on from."""
        return self.plan.folder / RESUME

    @property
    def result(self) -> Path:
        """The checkpoint folder that is written in the end."""
        return self.plan.folder / "model"

    def resume(self) -> None:
        """Goes on from the resume file.

        Raises:
            DataError: If it is missing, damaged, or of a run with other weights or adapters.
        """
        path = self.resume_file
        try:
            saved: dict[str, Any] = torch.load(path, map_location=self.model.device, weights_only=True)
        except (OSError, RuntimeError, ValueError, EOFError, KeyError) as error:
            raise DataError(f"{path} cannot be read ({error}); start the run again without --resume") from error
        if not isinstance(saved, dict) or not saved.keys() >= _RESUME_KEYS:
            raise DataError(f"{path} is no resume file of GeoPixel; choose another --out")
        if saved["weights"] != tensor_files.revision(self._base):
            raise DataError(f"{path} belongs to a run with other --weights; name those that it began with")
        shapes = {name: tuple(value.shape) for name, value in saved["trained"].items()}
        if shapes != {name: tuple(value.shape) for name, value in self.trained.items()}:
            raise DataError(f"{path} belongs to a run with other adapters; use its --rank")
        with torch.no_grad():
            for name, value in saved["trained"].items():
                self.trained[name].copy_(value)
        self._adam.load_state_dict(saved["optimizer"])
        self.step = saved["step"]

    def save(self) -> None:
        """Writes the resume file; an old one survives a failure."""
        save(
            self.resume_file,
            step=self.step,
            weights=tensor_files.revision(self._base),
            trained={name: value.detach() for name, value in self.trained.items()},
            optimizer=self._adam.state_dict(),
        )

    def run(self, show: Callable[[str], None] = print) -> None:
        """Trains to the last step and writes the checkpoint folder.

        Raises:
            DataError: If a sample cannot be read, or the loss is no number.
        """
        training(self.model)
        while self.step < self.plan.steps:
            start = time.monotonic()
            parts = self.train_step()
            words = "  ".join(f"{name} {value:.4f}" for name, value in parts.items())
            seconds, rate = time.monotonic() - start, self.plan.rate(self.step - 1)
            show(f"step {self.step}/{self.plan.steps}  {words}  rate {rate:.2e}  {seconds:.1f} s")
            if self.step % self.plan.save_every == 0 or self.step == self.plan.steps:
                self.save()
        self.write()

    def train_step(self) -> dict[str, float]:
        """One step of the optimizer; its losses, means over its passes."""
        # Chance depends on the step alone, so that a run that was stopped goes the same way as one that was not.
        torch.manual_seed(self.plan.seed * 1_000_003 + self.step)
        for group in self._adam.param_groups:
            group["lr"] = self.plan.rate(self.step)
        means = dict.fromkeys(("loss", "ce", "bce", "dice"), 0.0)
        for number in range(self.plan.accumulate):
            for name, value in self._backward(self._order[self.step * self.plan.accumulate + number]).items():
                means[name] += value / self.plan.accumulate
        torch.nn.utils.clip_grad_norm_(self.trained.values(), CLIP_NORM)
        self._adam.step()
        self._adam.zero_grad(set_to_none=True)
        self.step += 1
        return means

    def write(self) -> None:
        """Writes the model so far as a checkpoint folder, adapters merged."""
        saving.save(self.result, self.model, self._base, self._merged)

    def _backward(self, indices: list[int]) -> dict[str, float]:
        batch = [self.samples[index] for index in indices]
        with self._precision():
            found = run(self.model, batch, self._seg)
            parts = losses(self.model, batch, found)
        total = parts.total
        if not total.isfinite():
            names = ", ".join(sample.name for sample in batch)
            raise DataError(f"the loss of {names} is {total.item()}; lower --lr, then go on with --resume")
        (total / self.plan.accumulate).backward()
        return {name: value.item() for name, value in vars(parts).items()} | {"loss": total.item()}

    def _precision(self) -> AbstractContextManager[Any]:
        half = self.plan.half
        return torch.autocast(self.model.device.type, torch.bfloat16) if half else nullcontext()

    def _merged(self, name: str) -> Tensor:
        return merged(self.model, name, self._dtype)
