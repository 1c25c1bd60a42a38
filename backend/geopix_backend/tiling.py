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

    def moved(self, rows: int, cols: int) -> Window:
        """The window so much further down and to the right."""
        return Window(self.row + rows, self.col + cols, self.height, self.width)

    def shared(self, other: Window) -> Window:
        """What it shares with another window; empty where that is nothing."""
        row, col = max(self.row, other.row), max(self.col, other.col)
        end_row = min(self.row + self.height, other.row + other.height)
        end_col = min(self.col + self.width, other.col + other.width)
        return Window(row, col, max(end_row - row, 0), max(end_col - col, 0))

    @property
    def slices(self) -> tuple[slice, slice]:
        """(rows, columns), to index an array of the tile."""
        return slice(self.row, self.row + self.height), slice(self.col, self.col + self.width)


@dataclass(frozen=True)
class Layout:
    """The windows that together cover a (height, width) tile exactly, known by their place in rows and columns.

    Neighbours share at least ``overlap_px``; the last ones of a row or column are shifted inwards, so that each
    window measures min(window_px, side of the tile).  Nothing is listed: a tile may have millions of windows.

    Raises:
        ValueError: If a side is not positive or the overlap is not in 0 .. window_px - 1.
    """

    height: int
    width: int
    window_px: int
    overlap_px: int

    def __post_init__(self) -> None:
        if self.height < 1 or self.width < 1 or self.window_px < 1:
            raise ValueError(
                f"sides must be positive, got a {self.width} x {self.height} tile and a window of {self.window_px}"
            )
        if not 0 <= self.overlap_px < self.window_px:
            raise ValueError(f"overlap_px is {self.overlap_px}, expected 0 .. {self.window_px - 1}")

    @property
    def step_px(self) -> int:
        """From the start of one window to that of the next."""
        return self.window_px - self.overlap_px

    @property
    def rows(self) -> int:
        """Number of rows of windows."""
        return self._count(self.height)

    @property
    def cols(self) -> int:
        """Number of columns of windows."""
        return self._count(self.width)

    @property
    def room(self) -> tuple[int, int]:
        """(height, width) that as many windows of full size cover."""
        height, width = ((count - 1) * self.step_px + self.window_px for count in (self.rows, self.cols))
        return height, width

    def window(self, row: int, col: int) -> Window:
        """The window in this row and column of windows."""
        height, width = min(self.window_px, self.height), min(self.window_px, self.width)
        top, left = min(row * self.step_px, self.height - height), min(col * self.step_px, self.width - width)
        return Window(top, left, height, width)

    def touching(self, area: Window) -> tuple[range, range]:
        """Rows and columns of the windows that share pixels with an area of the tile."""
        return (
            self._touching(area.row, area.row + area.height, self.height),
            self._touching(area.col, area.col + area.width, self.width),
        )

    def _count(self, side: int) -> int:
        return -(-max(side - self.window_px, 0) // self.step_px) + 1

    def _touching(self, first: int, end: int, side: int) -> range:
        count, last = self._count(side), max(side - self.window_px, 0)
        begin = max((first - self.window_px) // self.step_px + 1, 0)
        if last + self.window_px > first:  # the last window is shifted inwards
            begin = min(begin, count - 1)
        stop = min(-(-end // self.step_px), count)
        return range(begin, count if last < end else stop)


def windows(height: int, width: int, window_px: int, overlap_px: int) -> list[Window]:
    """All windows of a ``Layout``, row by row from the top left."""
    layout = Layout(height, width, window_px, overlap_px)
    return [layout.window(row, col) for row in range(layout.rows) for col in range(layout.cols)]


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
