"""Boxes that a model gives, on the tile: which of them count, and which of several windows mean the same thing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geopix_model.predictor import Box

from .tiling import Window

SAME = 0.5  # of the smaller box lies in the larger one: the same thing, cut by the edge of a window
MOSTLY = 0.5  # of its pixels must have data
NEAR_PX = 5.0  # boxes in whole percent of a window are no finer


@dataclass(frozen=True)
class TileBox:
    """A rectangle in tile pixels.

    Attributes:
        corners: (x1, y1, x2, y2) from the outer corner of the first pixel.
        score: 0..1.
        cut: Whether it ends where its window ends and the tile goes on, so that its thing may be larger.
    """

    corners: tuple[float, float, float, float]
    score: float
    cut: bool = False

    @property
    def area_px(self) -> float:
        """Its area in tile pixels."""
        x1, y1, x2, y2 = self.corners
        return max(x2 - x1, 0.0) * max(y2 - y1, 0.0)


def on_tile(box: Box, window: Window, height: int, width: int) -> TileBox:
    """A box of a window, in pixels of a (height, width) tile, at whose border it ends."""
    x1, y1, x2, y2 = box.corners
    cut = (
        (window.col > 0 and x1 < NEAR_PX)
        or (window.row > 0 and y1 < NEAR_PX)
        or (window.col + window.width < width and x2 > window.width - NEAR_PX)
        or (window.row + window.height < height and y2 > window.height - NEAR_PX)
    )
    x1, x2 = (min(max(x + window.col, 0.0), width) for x in (x1, x2))
    y1, y2 = (min(max(y + window.row, 0.0), height) for y in (y1, y2))
    return TileBox((x1, y1, x2, y2), box.score, cut)


def counts(box: TileBox, valid: NDArray[np.bool_], min_area_px: int) -> bool:
    """Whether a box is large enough, and most of its pixels are ``valid`` (H, W)."""
    x1, y1, x2, y2 = box.corners
    inside = valid[max(math.floor(y1), 0) : math.ceil(y2), max(math.floor(x1), 0) : math.ceil(x2)]
    return box.area_px >= max(min_area_px, 1) and inside.size > 0 and float(inside.mean()) >= MOSTLY


def merged(windows: Sequence[Sequence[TileBox]]) -> list[TileBox]:
    """The boxes of overlapping windows, each thing once.

    Of two that mean the same thing the larger one stays, or what both cover together where its window has cut it.
    Boxes of one window are never merged: a model may well mean two things that overlap.
    """
    kept: list[tuple[set[int], TileBox]] = []
    order = sorted(((i, box) for i, boxes in enumerate(windows) for box in boxes), key=lambda item: -item[1].area_px)
    for window, box in order:
        for place, (seen, larger) in enumerate(kept):
            if window not in seen and _shared(box, larger) >= SAME * box.area_px:
                kept[place] = {*seen, window}, _together(larger, box) if larger.cut else larger
                break
        else:
            kept.append(({window}, box))
    return [box for _, box in sorted(kept, key=lambda item: (min(item[0]), item[1].corners[1], item[1].corners[0]))]


def _together(one: TileBox, two: TileBox) -> TileBox:
    (a1, b1, a2, b2), (c1, d1, c2, d2) = one.corners, two.corners
    corners = min(a1, c1), min(b1, d1), max(a2, c2), max(b2, d2)
    return TileBox(corners, max(one.score, two.score), one.cut and two.cut)


def _shared(one: TileBox, two: TileBox) -> float:
    width = min(one.corners[2], two.corners[2]) - max(one.corners[0], two.corners[0])
    height = min(one.corners[3], two.corners[3]) - max(one.corners[1], two.corners[1])
    return max(width, 0.0) * max(height, 0.0)
