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
        work, tolerance = _through_steps(outlines), deviation_px - HALF_STEP
        work = _instead(work, outlines, _changed(work, _areas(outlines)))
    work = _from_far_ends(work)
    chosen = _thinned(work, tolerance)
    for last in (*[False] * ROUNDS, True):
        found = _kept(work, chosen)
        invalid = ~shapely.is_valid(found.geometries())
        if not invalid.any():
            return found
        bad = invalid.repeat(np.diff(work.shells))[_ring_of(work)]
        chosen |= bad if last else bad & _near_crossings(work, chosen, bad)
    found = _kept(work, chosen)
    invalid = ~shapely.is_valid(found.geometries())
    return _instead(found, outlines, invalid.repeat(np.diff(found.shells)))


def _thinned(outlines: Outlines, tolerance: float) -> Bools:
    """(points,) which to keep; rings that are small for the tolerance get a finer one."""
    points, rings, areas = _complex(outlines.points), outlines.rings, _areas(outlines)
    chosen = _douglas_peucker(points, rings, tolerance)
    for divisor in (*FINER, 0):
        changed = _changed(_kept(outlines, chosen), areas)
        if not changed.any():
            break
        count = np.diff(rings)
        again = changed.repeat(count)
        some = np.concatenate([[0], np.cumsum(count[changed])])
        chosen[again] = _douglas_peucker(points[again], some, tolerance / divisor) if divisor else True
    return chosen


def _complex(points: NDArray[np.float64]) -> Points:
    return points.view(np.complex128)[:, 0]


def _ring_of(outlines: Outlines) -> Ints:
    """(points,) the number of the ring of each point."""
    return np.repeat(np.arange(len(outlines.rings) - 1), np.diff(outlines.rings))


def _areas(outlines: Outlines) -> NDArray[np.float64]:
    """(rings,) signed areas."""
    points = _complex(outlines.points)
    twice = np.zeros(len(points))
    twice[:-1] = (points[:-1].conj() * points[1:]).imag
    twice[outlines.rings[1:] - 1] = 0
    return np.add.reduceat(twice, outlines.rings[:-1]) / 2


def _changed(new: Outlines, areas: NDArray[np.float64]) -> Bools:
    """(rings,) whether a ring is no ring any more, or has another area."""
    return (np.diff(new.rings) < 4) | (np.abs(_areas(new) - areas) > MAX_AREA_CHANGE * np.abs(areas))


def _instead(new: Outlines, old: Outlines, which: Bools) -> Outlines:
    """``new`` with some of its rings as in ``old``."""
    if not which.any():
        return new
    sizes = np.where(which, np.diff(old.rings), np.diff(new.rings))
    rings = np.concatenate([[0], np.cumsum(sizes)])
    take_old = np.repeat(which, sizes)
    points = np.empty(rings[-1], np.complex128)
    points[take_old] = _complex(old.points)[np.repeat(which, np.diff(old.rings))]
    points[~take_old] = _complex(new.points)[np.repeat(~which, np.diff(new.rings))]
    return Outlines(_plain(points), rings, new.shells, new.values)


def _kept(outlines: Outlines, chosen: Bools) -> Outlines:
    """Those points; of each ring the first and last must be among them."""
    rings = np.concatenate([[0], np.cumsum(np.add.reduceat(chosen, outlines.rings[:-1], dtype=np.int64))])
    return Outlines(_plain(_complex(outlines.points)[chosen]), rings, outlines.shells, outlines.values)


def _through_steps(outlines: Outlines) -> Outlines:
    """Edges of one pixel become their middle; corners between longer edges stay."""
    points, rings = _complex(outlines.points), outlines.rings
    edge = np.diff(points, append=points[-1])
    unit = np.abs(edge.real + edge.imag) == 1  # the edge from each point to the next, along one of the axes
    last = rings[1:] - 1
    unit[last] = unit[rings[:-1]]
    moved = points + edge * (unit * 0.5)
    chosen = np.ones(len(points), bool)
    chosen[1:] = unit[1:] | ~unit[:-1]
    chosen[rings[:-1]] = unit[rings[:-1]] | ~unit[last - 1]
    chosen[last] = True  # the place of the closing point
    made = np.concatenate([[0], np.cumsum(np.add.reduceat(chosen, rings[:-1], dtype=np.int64))])
    result = moved[chosen]
    result[made[1:] - 1] = result[made[:-1]]
    return Outlines(_plain(result), made, outlines.shells, outlines.values)


def _from_far_ends(outlines: Outlines) -> Outlines:
    """The same rings, each begun at the point that is furthest from where it began before: a corner, not mid-edge."""
    points, rings = _complex(outlines.points), outlines.rings
    count = np.diff(rings)
    far = _largest(_squares(points - points[rings[:-1]].repeat(count)), rings)
    source = np.arange(len(points))
    source += (far - rings[:-1]).repeat(count)
    source -= np.where(source >= (rings[1:] - 1).repeat(count), (count - 1).repeat(count), 0)
    return Outlines(_plain(points[source]), rings, outlines.shells, outlines.values)


def _squares(points: Points) -> NDArray[np.float64]:
    return np.asarray(points.real**2 + points.imag**2)


def _largest(values: NDArray[np.float64], offsets: Ints) -> Ints:
    """Where the largest value of each group is; groups are not empty."""
    at = np.flatnonzero(values == np.maximum.reduceat(values, offsets[:-1]).repeat(np.diff(offsets)))
    return at[np.searchsorted(at, offsets[:-1])]


def _douglas_peucker(points: Points, rings: Ints, tolerance: float) -> Bools:
    """(points,) which to keep, after Douglas and Peucker 1973, all lines at once, level by level.

    Every point that goes is within the tolerance of its ring.  GEOS may take away the first point of a ring as well,
    and then misses by up to twice the tolerance.
    """
    first, last = rings[:-1], rings[1:] - 1
    middle = _largest(_squares(points - points[first].repeat(np.diff(rings))), rings)
    first, last = np.concatenate([first, middle]), np.concatenate([middle, last])
    limit = (tolerance * (1 + ROUNDING)) ** 2
    chosen = np.zeros(len(points), bool)
    chosen[first] = chosen[last] = True
    while True:
        inner = last - first - 1
        if not inner.all():
            there = np.flatnonzero(inner)
            first, last, inner = first[there], last[there], inner[there]
        if len(inner) == 0:
            return chosen
        ends = np.cumsum(inner)
        begins = ends - inner
        at = np.arange(ends[-1])
        at += (first + 1 - begins).repeat(inner)
        away = _squared_distances(points[at], points[first], points[last], inner)
        most = np.maximum.reduceat(away, begins)
        split = np.flatnonzero(most > limit)
        most[most <= limit] = np.inf
        worst = np.flatnonzero(away == most.repeat(inner))
        first, last, middle = first[split], last[split], at[worst[np.searchsorted(worst, begins[split])]]
        chosen[middle] = True
        first, last = np.concatenate([first, middle]), np.concatenate([middle, last])


def _squared_distances(points: Points, start: Points, end: Points, count: Ints) -> NDArray[np.float64]:
    """From each point to one of the straight lines between starts and ends; so many points to each line."""
    along = end - start
    along[along == 0] = np.finfo(float).eps  # a line without length: any direction does
    length = np.abs(along)
    turned = points - start.repeat(count)
    turned *= (along.conj() / length).repeat(count)  # the line is now from 0 to its length
    past, across = turned.real, turned.imag
    past = past - np.minimum(np.maximum(past, 0), length.repeat(count))
    return np.asarray(past * past + across * across)


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
