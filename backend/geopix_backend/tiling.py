"""Covering a tile with overlapping windows, and the weights that blend them without a seam.  Pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Window:
    """A model-sized piece of a tile, in tile pixels: rows ``row .. row + height``, columns ``col .. col + width``."""

    row: int
    col: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """(rows, columns), to index an array of the tile."""
        return slice(self.row, self.row + self.height), slice(self.col, self.col + self.width)


def windows(height: int, width: int, window_px: int, overlap_px: int) -> list[Window]:
    """Windows that together cover a (height, width) tile exactly, row by row from the top left.

    Neighbours share at least ``overlap_px``; the last ones of a row or column are shifted inwards, so that each
    window measures min(window_px, side of the tile).

    Raises:
        ValueError: If a side is not positive or the overlap is not in 0 .. window_px - 1.
    """
    if height < 1 or width < 1 or window_px < 1:
        raise ValueError(f"sides must be positive, got a {width} x {height} tile and a window of {window_px}")
    if not 0 <= overlap_px < window_px:
        raise ValueError(f"overlap_px is {overlap_px}, expected 0 .. {window_px - 1}")
    rows = _starts(height, window_px, overlap_px)
    cols = _starts(width, window_px, overlap_px)
    size = min(window_px, height), min(window_px, width)
    return [Window(row, col, *size) for row in rows for col in cols]


def _starts(side: int, window_px: int, overlap_px: int) -> list[int]:
    """First pixels of the windows along one side of the tile."""
    last = max(side - window_px, 0)
    return [*range(0, last, window_px - overlap_px), last]


def blend_weights(window: Window, height: int, width: int, overlap_px: int) -> NDArray[np.float32]:
    """How much each pixel of a window counts where windows overlap.

    Rises from the window's edge to 1 over ``overlap_px`` as a smoothstep, 3 t^2 - 2 t^3, so that blended values have no
    kink; an edge on the border of the (height, width) tile has no neighbour and keeps weight 1.

    Returns:
        (window.height, window.width) float32, > 0 and <= 1.
    """
    rows = _ramp(window.row, window.height, height, overlap_px)
    cols = _ramp(window.col, window.width, width, overlap_px)
    return np.outer(rows, cols).astype(np.float32)


def _ramp(start: int, length: int, side: int, overlap_px: int) -> NDArray[np.float64]:
    """Weights along one axis of a window that starts at ``start`` of ``side`` pixels."""
    weights = np.ones(length)
    if overlap_px == 0:
        return weights
    t = np.clip((np.arange(length) + 0.5) / overlap_px, 0.0, 1.0)
    rising = t * t * (3.0 - 2.0 * t)
    if start > 0:
        weights *= rising
    if start + length < side:
        weights *= rising[::-1]
    return weights


def final_rows(windows: Sequence[Window], index: int) -> int:
    """Number of rows at the top of the tile that no window after ``windows[index]`` touches; they come row by row."""
    if index + 1 < len(windows):
        return windows[index + 1].row
    return windows[-1].row + windows[-1].height
