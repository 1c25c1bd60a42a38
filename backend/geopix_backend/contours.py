"""Sub-pixel outlines of soft masks: where the logits are zero.

A pixel edge of a mask lies between a pixel with a positive logit and one without.  Each is replaced by the point
between these two pixel centres where the logit, linear from one to the other, is zero.  That is what marching squares
draws (Lorensen and Cline 1987, in two dimensions), but areas stay exactly those of the mask: pixels that meet at a
corner are not joined, and no area appears, vanishes or merges.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .outlines import Ints, Outlines, trace

Floats = NDArray[np.float32]
NEAREST = 1e-3  # of a pixel: no point lies closer to a pixel centre, so that two outlines never meet there


def contours(logits: Floats, min_area_px: float = 0.0) -> Outlines:
    """Outlines of the 4-connected areas with positive logits, in pixel coordinates.

    Args:
        logits: (H, W) float, samples at pixel centres; NaN where nothing is known: an outline beside it, or at the
            border of the array, follows the pixel edge.
        min_area_px: As in ``outlines.trace``, for the areas of the pixels.

    Returns:
        Valid polygons with a vertex for each pixel edge; ``simplify`` takes most of them away.
    """
    if 0 in logits.shape:
        return trace(np.zeros(logits.shape, bool))
    padded = np.pad(logits, 1, mode="edge")
    stairs = trace(padded > 0, min_area_px)
    start, size = stairs.points[:-1], np.abs(np.diff(stairs.points, axis=0))
    length = size.sum(axis=1).astype(np.int64)
    length[stairs.rings[1:-1] - 1] = 0  # from one ring to the next
    along = (np.diff(stairs.points, axis=0) / np.maximum(length, 1)[:, None]).repeat(length, axis=0)
    before = np.cumsum(length) - length
    within = np.arange(len(along)) - before.repeat(length)
    middle = start.repeat(length, axis=0) + along * (within[:, None] + 0.5)
    inwards = np.stack([-along[:, 1], along[:, 0]], axis=1)  # the area is to the right, y down
    inner, outer = (_at(padded, middle + sign * inwards / 2) for sign in (1, -1))
    share = np.clip(inner / (inner - outer), NEAREST, 1 - NEAREST)
    points = middle + (0.5 - np.where(np.isnan(share), 0.5, share))[:, None] * inwards
    height, width = logits.shape
    points = np.clip(points - 1, 0, (width, height))  # the padding falls onto the border
    return _closed(points, before, stairs)


def _at(values: Floats, centre: NDArray[np.float64]) -> Floats:
    """Values of the pixels with these centres; NaN beyond the array."""
    col, row = np.floor(centre).astype(np.int64).T
    inside = (row >= 0) & (row < values.shape[0]) & (col >= 0) & (col < values.shape[1])
    found = values.reshape(-1).take(row * values.shape[1] + col, mode="clip")
    return np.where(inside, found, np.float32(np.nan))


def _closed(points: NDArray[np.float64], before: Ints, stairs: Outlines) -> Outlines:
    """Rings of the points; ``before`` tells how many come before those of each old one."""
    count = np.diff(np.append(before[stairs.rings[:-1]], len(points)))
    rings = np.concatenate([[0], np.cumsum(count + 1)])
    result = np.empty((rings[-1], 2))
    result[np.arange(len(points)) + np.arange(len(count)).repeat(count)] = points
    result[rings[1:] - 1] = result[rings[:-1]]
    return Outlines(result, rings, stairs.shells, stairs.values)
