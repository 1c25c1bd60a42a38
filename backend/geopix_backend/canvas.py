"""Logits of all targets on the tile, blended across windows and kept only as long as a later window needs them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from geopix_model.predictor import Mask

from .tiling import Window, blend_weights

Floats = NDArray[np.float32]

EVIDENCE, CORES = 1, 2  # among the planes of a target, after the logits of its mask

OFF = np.float32(-8.0)
"""Logit of a target in a window whose answer does not ground it: a probability of 0.03 %."""


def planes_of(mask: Mask) -> Floats:
    """(P, h, w): the logits of a mask and, as far as it has them, its evidence and the logits of its cores."""
    planes = [mask.logits]
    if mask.evidence is not None or mask.cores is not None:
        planes.append(np.zeros_like(mask.logits) if mask.evidence is None else mask.evidence)
    return np.stack(planes if mask.cores is None else [*planes, mask.cores])


def evidence_of(planes: Floats) -> Floats | None:
    """The plane of the evidence, if there is one."""
    return planes[EVIDENCE] if len(planes) > EVIDENCE else None


class Canvas:
    """Weighted sums of the logits of each target over the rows that some window may still change.

    Rows are those of the tile.  Every window adds to every target, with ``OFF`` where its answer does not name it, so
    one array of weights serves all targets.  A target has P planes: the logits of its mask, and after them whatever is
    blended alike (see ``planes_of``).
    """

    def __init__(self, height: int, width: int, overlap_px: int) -> None:
        self._height, self._width, self._overlap_px = height, width, overlap_px
        self._weight: Floats = np.zeros((0, width), np.float32)
        self._sums: dict[str, Floats] = {}
        self.first_row = 0

    @property
    def keys(self) -> tuple[str, ...]:
        """Targets that some window has named, in that order."""
        return tuple(self._sums)

    @property
    def end_row(self) -> int:
        """First row that no window has reached."""
        return self.first_row + len(self._weight)

    def add(self, window: Window, named: Mapping[str, Floats]) -> None:
        """Blends in one window, which may reach beyond the tile: for each target that it names, (P, h, w) logits."""
        here = window.shared(Window(0, 0, self._height, self._width))
        own = here.moved(-window.row, -window.col).slices
        self._grow(here.row + here.height)
        for key in named:
            # Windows before this one did not name it: they said OFF wherever they looked.
            self._sums.setdefault(key, np.repeat((OFF * self._weight)[None], len(named[key]), axis=0))
        rows, cols = here.moved(-self.first_row, 0).slices
        weight = blend_weights(window, self._height, self._width, self._overlap_px)[own]
        self._weight[rows, cols] += weight
        for key, total in self._sums.items():
            total[:, rows, cols] += weight * (named[key][:, *own] if key in named else OFF)

    def logits(self, key: str, end_row: int) -> Floats:
        """Blended logits (P, h, W) of the rows from ``first_row`` to ``end_row``; ``OFF`` where nobody looked."""
        rows = slice(0, end_row - self.first_row)
        weight, total = self._weight[rows], self._sums[key][:, rows]
        return np.divide(total, weight, out=np.full_like(total, OFF), where=weight > 0)

    def take(self, key: str, inside: NDArray[np.bool_]) -> None:
        """Switches a target off where ``inside``, (h, W) from ``first_row``, is true: those pixels are regions now."""
        rows = slice(0, len(inside))
        self._sums[key][0][rows][inside] = (OFF * self._weight[rows])[inside]

    def release(self, first_row: int) -> None:
        """Forgets the rows above ``first_row``."""
        gone = first_row - self.first_row
        if gone > 0:
            self._weight = self._weight[gone:].copy()
            self._sums = {key: total[:, gone:].copy() for key, total in self._sums.items()}
            self.first_row = first_row

    def _grow(self, end_row: int) -> None:
        missing = end_row - self.end_row
        if missing > 0:
            more = np.zeros((missing, self._width), np.float32)
            self._weight = np.concatenate([self._weight, more])
            self._sums = {
                key: np.concatenate([total, np.repeat(more[None], len(total), axis=0)], axis=1)
                for key, total in self._sums.items()
            }
