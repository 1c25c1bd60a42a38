"""Fewer points for outlines, with a deviation that is never exceeded, and valid polygons.

Outlines of pixels are stairs.  Where the true edge runs through them, it passes near the middles of the steps: joining
these middles first leaves half the points and comes closer to the truth than the corners do (docs/performance.md).
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from .outlines import Bools, Ints, Outlines

HALF_STEP = 0.5  # pixels from the middle of a step to its ends
MAX_AREA_CHANGE = 0.1  # a ring that would lose or gain more is small for the tolerance
FINER = (2, 4)  # divisors of the tolerance for such rings, before they keep all points
ROUNDING = 1e-9  # a pixel that stands out by just the tolerance goes
ROUNDS = 4  # of putting points back where sides cross
Points = NDArray[np.complex128]


def simplify(outlines: Outlines, deviation_px: float, *, stairs: bool = True) -> Outlines:
    """Outlines with fewer points.

    Args:
        outlines: Valid polygons.
        deviation_px: No point of an old or a new outline is further than this from the other one.
        stairs: Whether they follow pixel edges; their steps are then cut through the middle if ``deviation_px`` allows.

    Returns:
        The same number of valid polygons, in the same order.
    """
    if deviation_px <= 0 or len(outlines) == 0:
        return outlines
    work, tolerance = outlines, deviation_px
    if stairs and deviation_px >= HALF_STEP:
        work, tolerance = _unless_changed(_through_steps(outlines), outlines), deviation_px - HALF_STEP
    work = _from_far_ends(work)
    ring, tolerances = _ring_of(work), np.full(len(work.rings) - 1, tolerance)
    chosen = _douglas_peucker(work, tolerances)
    for divisor in (*FINER, 0):
        changed = _changed(_kept(work, chosen), work)
        if not changed.any():
            break
        finer = _douglas_peucker(work, np.where(changed, tolerances / divisor, np.inf)) if divisor else True
        chosen |= changed[ring] & finer
    found = _kept(work, chosen)
    for last in (*[False] * ROUNDS, True):
        invalid = ~shapely.is_valid(found.geometries())
        if not invalid.any():
            return found
        bad = np.repeat(invalid, np.diff(work.shells))[ring]
        chosen |= bad if last else bad & _near_crossings(work, chosen, bad)
        found = _kept(work, chosen)
    invalid = ~shapely.is_valid(found.geometries())
    return _instead(found, outlines, np.repeat(invalid, np.diff(found.shells)))


def _complex(points: NDArray[np.float64]) -> Points:
    return points.view(np.complex128)[:, 0]


def _ring_of(outlines: Outlines) -> Ints:
    """(points,) the number of the ring of each point."""
    return np.repeat(np.arange(len(outlines.rings) - 1), np.diff(outlines.rings))


def _areas(outlines: Outlines) -> NDArray[np.float64]:
    """(rings,) signed areas."""
    x, y = outlines.points.T
    twice = np.zeros(len(x))
    twice[:-1] = x[:-1] * y[1:] - x[1:] * y[:-1]
    twice[outlines.rings[1:] - 1] = 0
    return np.add.reduceat(twice, outlines.rings[:-1]) / 2


def _changed(new: Outlines, old: Outlines) -> Bools:
    """(rings,) whether a ring is no ring any more, or has another area."""
    before, after = _areas(old), _areas(new)
    return (np.diff(new.rings) < 4) | (np.abs(after - before) > MAX_AREA_CHANGE * np.abs(before))


def _unless_changed(new: Outlines, old: Outlines) -> Outlines:
    return _instead(new, old, _changed(new, old))


def _instead(new: Outlines, old: Outlines, which: Bools) -> Outlines:
    """``new`` with some of its rings as in ``old``."""
    if not which.any():
        return new
    sizes = np.where(which, np.diff(old.rings), np.diff(new.rings))
    rings = np.concatenate([[0], np.cumsum(sizes)])
    take_old = np.repeat(which, sizes)
    points = np.empty((rings[-1], 2))
    points[take_old] = old.points[which[_ring_of(old)]]
    points[~take_old] = new.points[~which[_ring_of(new)]]
    return Outlines(points, rings, new.shells, new.values)


def _kept(outlines: Outlines, chosen: Bools) -> Outlines:
    """Those points; of each ring the first and last must be among them."""
    rings = np.concatenate([[0], np.cumsum(np.add.reduceat(chosen, outlines.rings[:-1], dtype=np.int64))])
    return Outlines(outlines.points[chosen], rings, outlines.shells, outlines.values)


def _through_steps(outlines: Outlines) -> Outlines:
    """Edges of one pixel become their middle; corners between longer edges stay."""
    points, rings = _complex(outlines.points), outlines.rings
    edge = points[1:] - points[:-1]
    unit = np.zeros(len(points), bool)  # the edge from each point to the next
    unit[:-1] = np.abs(edge.real) + np.abs(edge.imag) == 1
    unit[rings[1:] - 1] = False
    after_unit = np.zeros(len(points), bool)
    after_unit[1:] = unit[:-1]
    after_unit[rings[:-1]] = unit[rings[1:] - 2]
    moved = points.copy()
    moved[:-1][unit[:-1]] += edge[unit[:-1]] / 2
    chosen = unit | ~after_unit
    chosen[rings[1:] - 1] = False
    sizes = np.add.reduceat(chosen, rings[:-1], dtype=np.int64)
    made = np.concatenate([[0], np.cumsum(sizes + 1)])
    result = np.empty(made[-1], np.complex128)
    result[np.arange(sizes.sum()) + np.repeat(np.arange(len(sizes)), sizes)] = moved[chosen]
    result[made[1:] - 1] = result[made[:-1]]
    return Outlines(_plain(result), made, outlines.shells, outlines.values)


def _from_far_ends(outlines: Outlines) -> Outlines:
    """The same rings, each begun at the point that is furthest from where it began before: a corner, not mid-edge."""
    points, rings = _complex(outlines.points), outlines.rings
    ring, size = _ring_of(outlines), np.diff(rings) - 1
    far = _largest(np.abs(points - points[rings[:-1]][ring]), rings) - rings[:-1]
    within = np.arange(len(points)) - rings[ring] + far[ring]
    within -= size[ring] * (within >= size[ring])
    return Outlines(_plain(points[rings[ring] + within]), rings, outlines.shells, outlines.values)


def _largest(values: NDArray[np.float64], offsets: Ints) -> Ints:
    """Where the largest value of each group is; groups are not empty."""
    largest = np.maximum.reduceat(values, offsets[:-1]).repeat(offsets[1:] - offsets[:-1])
    at = np.flatnonzero(values == largest)
    return at[np.searchsorted(at, offsets[:-1])]


def _douglas_peucker(outlines: Outlines, tolerances: NDArray[np.float64]) -> Bools:
    """(points,) which to keep, after Douglas and Peucker 1973, all lines at once, level by level.

    Every point that goes is within the tolerance of its ring.  GEOS may take away the first point of a ring as well,
    and then misses by up to twice the tolerance.
    """
    points, rings = _complex(outlines.points), outlines.rings
    first, last = rings[:-1], rings[1:] - 1
    middle = _largest(np.abs(points - points[first][_ring_of(outlines)]), rings)
    first, last = np.concatenate([first, middle]), np.concatenate([middle, last])
    limit = np.tile((tolerances * (1 + ROUNDING)) ** 2, 2)
    chosen = np.zeros(len(points), bool)
    chosen[first] = chosen[last] = True
    while True:
        inner = last - first - 1
        there = (inner > 0) & (limit < np.inf)
        first, last, inner, limit = first[there], last[there], inner[there], limit[there]
        if len(first) == 0:
            return chosen
        offsets = np.concatenate([[0], np.cumsum(inner)])
        at = np.arange(offsets[-1]) + np.repeat(first + 1 - offsets[:-1], inner)
        away = _squared_distances(points[at], points[first], points[last], inner)
        worst = _largest(away, offsets)
        split = away[worst] > limit
        middle = at[worst[split]]
        chosen[middle] = True
        first, last = np.concatenate([first[split], middle]), np.concatenate([middle, last[split]])
        limit = np.tile(limit[split], 2)


def _squared_distances(points: Points, start: Points, end: Points, times: Ints) -> NDArray[np.float64]:
    """From points to the straight line between a start and an end, each of which stands for ``times`` of the points."""
    along = end - start
    along[along == 0] = np.finfo(float).eps  # a line without length: any direction does
    length = along.real**2 + along.imag**2
    turned = (points - start.repeat(times)) * (along.conj() / length).repeat(times)  # the line is now from 0 to 1
    past = turned.real - np.clip(turned.real, 0, 1)
    return (past * past + turned.imag * turned.imag) * length.repeat(times)


def _near_crossings(outlines: Outlines, chosen: Bools, bad: Bools) -> Bools:
    """Points that went from sides which meet another side of their polygon; only polygons of ``bad`` are looked at."""
    points, ring = outlines.points, _ring_of(outlines)
    at = np.flatnonzero(chosen & bad)
    inside = ring[at[1:]] == ring[at[:-1]]
    start, end = at[:-1][inside], at[1:][inside]
    own = ring[start]
    following = np.arange(1, len(start) + 1)
    closing = np.flatnonzero(np.concatenate([own[1:] != own[:-1], [True]]))
    following[closing] = np.concatenate([[0], closing[:-1] + 1])
    sides = shapely.linestrings(np.stack([points[start], points[end]], axis=1))
    one, other = shapely.STRtree(sides).query(sides, predicate="intersects")
    polygon = np.repeat(np.arange(len(outlines)), np.diff(outlines.shells))[own]
    meets = (polygon[one] == polygon[other]) & (one != other)
    meets &= (following[one] != other) & (following[other] != one)
    touched = np.unique(one[meets])
    change = np.zeros(len(points) + 1, np.int64)
    change[start[touched]] += 1
    change[end[touched]] -= 1
    return np.cumsum(change[:-1]) > 0


def _plain(points: Points) -> NDArray[np.float64]:
    return points.view(np.float64).reshape(-1, 2)
