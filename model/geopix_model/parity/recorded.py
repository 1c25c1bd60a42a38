"""Comparing what we compute with what was recorded, whole or with a stride."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ..errors import CheckpointError
from .rows import Row

NOT_CHECKED = "not checked"
ROUNDING = 4 * torch.finfo(torch.float32).eps  # of the largest value: less than that no float32 computation can promise


def tensors_of(path: Path) -> dict[str, Tensor]:
    """The tensors of a golden file.

    Raises:
        CheckpointError: If it is missing or damaged.
    """
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"the golden file {path.name} cannot be read ({error}); copy the goldens again"
        ) from error


def strided(ours: Tensor, shape: tuple[int, ...]) -> Tensor | None:
    """Every s-th value of ``ours`` along each axis, so that it has ``shape``; None if no strides lead there.

    Goldens of large tensors were thinned out from index 0.
    """
    while ours.ndim < len(shape) and shape[-ours.ndim - 1] == 1:
        ours = ours[None]
    if ours.ndim != len(shape):
        return None
    for axis, (mine, theirs) in enumerate(zip(ours.shape, shape, strict=True)):
        steps = [s for s in range(1, mine + 1) if math.ceil(mine / s) == theirs]
        if not steps:
            return None
        step = next((s for s in steps if s & (s - 1) == 0), steps[0])  # powers of two are what one would choose
        ours = ours[(slice(None),) * axis + (slice(None, None, step),)]
    return ours


def picture_of(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB of a picture file, the right way up.

    Raises:
        CheckpointError: If it is missing or cannot be read.
    """
    try:
        with Image.open(path) as file:
            return np.asarray(ImageOps.exif_transpose(file).convert("RGB"))
    except OSError as error:
        raise CheckpointError(f"the golden picture {path.name} cannot be read ({error}); copy it again") from error


def compare(
    case: str, recorded: Mapping[str, Tensor], ours: Mapping[str, Tensor], tolerances: Mapping[str, float]
) -> Iterator[Row]:
    """A row for every recorded tensor; one that we did not compute, or know no tolerance for, is a failing row."""
    for name, golden in recorded.items():
        if name not in ours or name not in tolerances:
            yield Row(case, name, math.inf, 0.0, NOT_CHECKED)
            continue
        mine = strided(ours[name], tuple(golden.shape))
        if mine is None:
            note = f"shape {tuple(ours[name].shape)}, recorded {tuple(golden.shape)}"
            yield Row(case, name, math.inf, tolerances[name], note)
        elif golden.is_floating_point():
            least = ROUNDING * float(golden.abs().max()) if golden.numel() else 0.0
            yield Row(case, name, difference(mine, golden), max(tolerances[name], least if tolerances[name] else 0.0))
        else:
            yield Row(case, name, float((mine.long() != golden.long()).sum()), tolerances[name])


def difference(ours: Tensor, golden: Tensor) -> float:
    """Largest absolute difference; not a number where any value is none."""
    return float((ours.double() - golden.double()).abs().max()) if golden.numel() else 0.0


def equal(case: str, stage: str, ours: Any, recorded: Any) -> Row:
    """A row for what must be equal."""
    if ours == recorded:
        return Row(case, stage, 0.0, 0.0)
    return Row(case, stage, 1.0, 0.0, f"found {_short(ours)}, recorded {_short(recorded)}")


def exact(tensor: Any) -> Tensor:
    """Whole numbers as a tensor."""
    return torch.as_tensor(tensor, dtype=torch.int64)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
