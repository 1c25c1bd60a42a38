"""Sub-pixel outlines of soft masks: where the logits are zero.

A pixel edge of a mask lies between a pixel with a positive logit and one without.  Each is replaced by the point
between these two pixel centres where the logit is zero.  That is what marching squares draws (Lorensen and Cline 1987,
in two dimensions), but areas stay exactly those of the mask: pixels that meet at a corner are not joined, and no area
appears, vanishes or merges.  From one centre to the next the logit is a cubic through four of them: with straight lines
the outlines of ``benchmarks/logits.py`` agree less with the true shapes, by an IoU of 0.0015.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .cubic import between
from .lattice import Values
from .outlines import Ints, Outlines, trace

Floats = NDArray[np.float32]
Points = NDArray[np.complex128]
NEWTON_STEPS = 2  # from the crossing of a straight line; 995 of 1000 points are then within 0.01 px
NEAREST = 1e-3  # of a pixel: no point lies closer to a pixel centre, so that two outlines never meet there


def contours(logits: Floats, min_area_px: float = 0.0, labels: Values | None = None) -> Outlines:
    """Outlines of the 4-connected areas with positive logits, in pixel coordinates.

    Args:
        logits: (H, W) float, samples at pixel centres; NaN where nothing is known: an outline beside it, or at the
            border of the array, follows the pixel edge.
        min_area_px: As in ``outlines.trace``, for the areas of the pixels.
        labels: (H, W) integers, other than 0 where logits are positive: areas are those of equal labels, and where two
            of them touch, the outline follows the pixel edge.

    Returns:
        Valid polygons with a vertex for each pixel edge; ``simplify`` takes most of them away.
    """
    if 0 in logits.shape:
        return trace(np.zeros(logits.shape, bool))
    known = _bordered(logits)
    inside = known[2:-2, 2:-2] > 0 if labels is None else np.pad(labels, 1, mode="edge")
    stairs = trace(inside, min_area_px)
    corner = stairs.points.view(np.complex128)[:, 0]
    edge = np.diff(corner)
    length = np.abs(edge.real + edge.imag).astype(np.int64)  # along one of the axes
    length[stairs.rings[1:-1] - 1] = 0  # from one ring to the next
    before = np.cumsum(length) - length
    along = edge / np.maximum(length, 1)
    middle = (corner[:-1] - along * (before - 0.5)).repeat(length)
    along = along.repeat(length)
    middle += along * np.arange(len(along))
    inwards = along * 1j  # the area is to the right, y down
    points = middle + (0.5 - _crossings(known, middle, inwards)) * inwards
    height, width = logits.shape
    points.real = _within(points.real - 1, 0, width)  # the padding falls onto the border
    points.imag = _within(points.imag - 1, 0, height)
    return _closed(points, before, stairs)


def _bordered(logits: Floats) -> Floats:
    """The logits with three pixels more on each side: the nearest ones like their neighbours, the others NaN."""
    height, width = logits.shape
    known = np.full((height + 6, width + 6), np.nan, logits.dtype)
    known[3:-3, 3:-3] = logits
    known[2, 3:-3], known[-3, 3:-3] = logits[0], logits[-1]
    known[2:-2, 2], known[2:-2, -3] = known[2:-2, 3], known[2:-2, -4]
    return known


def _crossings(known: Floats, middle: Points, inwards: Points) -> NDArray[np.float64]:
    """Where the logit is zero, 0..1 from the inner to the outer pixel of each edge; 0.5 if that has none.

    Args:
        known: See ``_bordered``.
        middle: Of the edges, in coordinates of an array with one pixel more on each side.
        inwards: From the outer to the inner pixel.
    """
    width = known.shape[1]
    centre = middle + 0.5 * inwards
    inner_at = (centre.imag.astype(np.int64) + 2) * width + centre.real.astype(np.int64) + 2
    step = (inwards.imag * width + inwards.real).astype(np.int64)
    before, inner, outer, after = (known.reshape(-1).take(inner_at + away * step) for away in (1, 0, -1, -2))
    before, after = np.where(np.isnan(before), inner, before), np.where(np.isnan(after), outer, after)
    outer[outer > 0] = np.nan
    share = inner / (inner - outer)
    for _ in range(NEWTON_STEPS):
        value, slope = between(before, inner, outer, after, share)
        share = _within(share - np.divide(value, slope, out=np.zeros_like(value), where=slope < 0), 0, 1)
    return np.where(np.isnan(share), 0.5, _within(share, NEAREST, 1 - NEAREST))


def _within(values: NDArray[Any], least: float, most: float) -> NDArray[Any]:
    return np.asarray(np.minimum(np.maximum(values, least), most))


def _closed(points: Points, before: Ints, stairs: Outlines) -> Outlines:
    """Rings of the points; ``before`` tells how many come before those of each old one."""
    count = np.diff(np.append(before[stairs.rings[:-1]], len(points)))
    rings = np.concatenate([[0], np.cumsum(count + 1)])
    result = np.empty(rings[-1], np.complex128)
    result[np.arange(len(points)) + np.arange(len(count)).repeat(count)] = points
    result[rings[1:] - 1] = result[rings[:-1]]
    return Outlines(result.view(np.float64).reshape(-1, 2), rings, stairs.shells, stairs.values)
