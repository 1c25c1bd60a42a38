"""The files of a golden folder, and comparing what they hold with what a model gives."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ..errors import GoldenError
from .rows import Row

_STRIDE = re.compile(r"(.+)_s(\d+)")


def not_checked(case: str, stage: str) -> Row:
    """A row for what was recorded and not compared: it counts as a failure, so that nothing is skipped in silence."""
    return Row(case, stage, math.nan, 0.0, "not checked")


def equal(case: str, stage: str, ours: object, recorded: object) -> Row:
    """A row for what must be the same."""
    same = ours == recorded
    return Row(case, stage, float(not same), 0.0, "" if same else f"{_short(ours)} instead of {_short(recorded)}")


class Recorded:
    """The tensors of one golden file.

    Some were recorded with a stride, which their name says (``_s16``) or their shape.
    """

    def __init__(self, case: str, path: Path) -> None:
        self.case = case
        try:
            self._tensors = load_file(path)
        except (OSError, SafetensorError, ValueError) as error:
            raise GoldenError(f"{path.name} in {path.parent} cannot be read ({error}); copy the folder anew") from error

    def __getitem__(self, name: str) -> Tensor:
        """A tensor by its recorded name.

        Raises:
            GoldenError: If there is none.
        """
        if name not in self._tensors:
            raise GoldenError(f"the goldens of {self.case} have no tensor {name!r}; copy the folder anew")
        return self._tensors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._tensors))

    def rows(self, ours: Mapping[str, Tensor], tolerances: Mapping[str, float], prefix: str = "") -> Iterator[Row]:
        """A row for each recorded tensor whose name begins with ``prefix``.

        Args:
            ours: What the model gives, whole, by stage.
            tolerances: By stage.
            prefix: Of the names that are meant; not part of the stage.
        """
        for name in self:
            if not name.startswith(prefix):
                continue
            stage, stride = stage_of(name.removeprefix(prefix))
            if stage in ours and stage in tolerances:
                yield self._row(name.removeprefix(prefix), self._tensors[name], ours[stage], stride, tolerances[stage])
            else:
                yield not_checked(self.case, name)

    def _row(self, name: str, golden: Tensor, ours: Tensor, stride: int | None, tolerance: float) -> Row:
        views = list(_strided(ours, golden, stride))
        if not views:
            shapes = f"shape {tuple(ours.shape)}, recorded {tuple(golden.shape)}"
            return Row(self.case, name, math.nan, tolerance, shapes)
        return Row(self.case, name, min(difference(view, golden) for view in views), tolerance)


def stage_of(name: str) -> tuple[str, int | None]:
    """The stage that a recorded name means, and the stride that it states."""
    match = _STRIDE.fullmatch(name)
    return (match[1], int(match[2])) if match else (name, None)


def difference(ours: Tensor, golden: Tensor) -> float:
    """Largest absolute difference of two tensors of one shape."""
    return float((ours.double() - golden.double()).abs().max()) if golden.numel() else 0.0


def _strided(ours: Tensor, golden: Tensor, stride: int | None) -> Iterator[Tensor]:
    """Views of a tensor that have the shape of the recorded one: a stride is seldom stated for each axis."""
    if ours.dim() != golden.dim():
        return
    axes = []
    for size, kept in zip(ours.shape, golden.shape, strict=True):
        fitting = [step for step in range(1, size + 1) if -(-size // step) == kept]
        axes.append([stride] if stride in fitting and size != kept else [1] if size == kept else fitting)
    for steps in product(*axes):
        yield ours[tuple(slice(None, None, step) for step in steps)]


def read_meta(path: Path) -> dict[str, Any]:
    """The object in a JSON file of a golden folder.

    Raises:
        GoldenError: If it is missing or no JSON object.
    """
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise GoldenError(f"{path.name} in {path.parent} cannot be read ({error}); choose a golden folder") from error
    if not isinstance(values, dict):
        raise GoldenError(f"{path.name} in {path.parent} holds no JSON object; copy the folder anew")
    return values


def field(values: Mapping[str, Any], name: str, case: str) -> Any:
    """A field of a case.

    Raises:
        GoldenError: If it is missing.
    """
    if name not in values:
        raise GoldenError(f"the goldens of {case} lack {name!r}; copy the folder anew")
    return values[name]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
