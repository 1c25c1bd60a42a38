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

from .cubic import crossing
from .lattice import Values
from .outlines import Outlines, trace

Floats = NDArray[np.float32]
Points = NDArray[np.complex128]
SAMPLES, OUTER = 4, 2  # in a row across an edge, from inside; the number of the outer pixel among them
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
    stairs = trace(_framed(logits, labels), min_area_px)
    begins, last = stairs.rings[:-1], stairs.rings[1:] - 1
    corner = stairs.points.view(np.complex128)[:, 0] - (1 + 1j)  # of the logits, not of the frame
    along = np.empty_like(corner)
    np.subtract(corner[1:], corner[:-1], out=along[:-1])
    along[last] = 1
    pixels = np.abs(along.real + along.imag)  # it goes along one of the axes
    along /= pixels  # exactly 1: a product with 1 / 49 is not
    along[last] = along[begins]  # the point that closes a ring is that of its first pixel edge again
    length = pixels.astype(np.int64)
    before = np.cumsum(length) - length
    middle = (corner + along * (0.5 - before)).repeat(length)
    along = along.repeat(length)
    middle += along * np.arange(len(along))
    along *= 1j  # inwards: the area is to the right, y down
    points = middle + (0.5 - _crossings(logits, middle, along)) * along
    np.clip(points.real, 0, logits.shape[1], out=points.real)  # the frame falls onto the border
    np.clip(points.imag, 0, logits.shape[0], out=points.imag)
    rings = np.append(before[begins], len(points))
    return Outlines(points.view(np.float64).reshape(-1, 2), rings, stairs.shells, stairs.values)


def _framed(logits: Floats, labels: Values | None) -> NDArray[Any]:
    """Where areas are, with a pixel more on each side, like its neighbours: outlines meet the border without a bend."""
    height, width = logits.shape
    found: NDArray[Any] = np.empty((height + 2, width + 2), bool if labels is None else labels.dtype)
    if labels is None:
        np.greater(logits, 0, out=found[1:-1, 1:-1])
    else:
        found[1:-1, 1:-1] = labels
    found[0], found[-1] = found[1], found[-2]
    found[:, 0], found[:, -1] = found[:, 1], found[:, -2]
    return found


def _crossings(logits: Floats, middle: Points, inwards: Points) -> Floats:
    """Where the logit is zero, 0..1 from the inner to the outer pixel of each edge; 0.5 if that has none.

    Args:
        logits: (H, W), NaN where nothing is known; beyond it they are like the nearest ones.
        middle: Of the pixel edges.
        inwards: From the outer to the inner pixel.
    """
    before, first, second, after = _samples(logits, middle + 0.5 * inwards, inwards)
    np.copyto(before, first, where=np.isnan(before))
    np.copyto(after, second, where=np.isnan(after))
    second[second > 0] = np.nan  # of another area: their edge is that of the pixels
    share = np.clip(crossing(before, first, second, after), NEAREST, 1 - NEAREST)
    share[np.isnan(share)] = 0.5
    return share


def _samples(logits: Floats, inner: Points, inwards: Points) -> list[Floats]:
    """Logits across pixel edges: one further in, at the inner pixel, at the outer one, one further out."""
    height, width = logits.shape
    place = inner.imag.astype(np.int64) * width + inner.real.astype(np.int64)
    step = (inwards.imag * width + inwards.real).astype(np.int64)
    flat, found = logits.reshape(-1), list[Floats]()
    place += step
    for _ in range(SAMPLES):
        found.append(flat.take(place, mode="clip"))
        place -= step
    x, y = inner.real, inner.imag
    # Where some samples are beyond the border:
    rim = np.flatnonzero((np.clip(x, 2, width - 2) != x) | (np.clip(y, 2, height - 2) != y))
    at, along = inner[rim] + inwards[rim], inwards[rim]
    for number, values in enumerate(found):
        col, row = np.clip(at.real, 0, width - 0.5), np.clip(at.imag, 0, height - 0.5)
        values[rim] = logits[row.astype(np.int64), col.astype(np.int64)]
        if number == OUTER:
            values[rim[np.maximum(np.abs(at.real - col), np.abs(at.imag - row)) > 1]] = np.nan  # beyond the frame
        at -= along
    return found
