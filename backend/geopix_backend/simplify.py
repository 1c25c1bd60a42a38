"""Fewer points for outlines, with a deviation that is never exceeded, and valid polygons.

Outlines of pixels are stairs.  Where the true edge runs through them, it passes near the middles of the steps: joining
these middles first leaves half the points and comes closer to the truth than the corners do (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from .outlines import Bools, Ints, Outlines, joined

HALF_STEP = 0.5  # pixels from the middle of a step to its ends
MAX_AREA_CHANGE = 0.1  # a ring that would lose or gain more is small for the tolerance
FINER = (2, 4)  # divisors of the tolerance for such rings, before they keep all points
REACH = 4  # points from a corner to both ends of the line that it stands out from
ROUNDING = 1e-9  # a pixel that stands out by just the tolerance goes
ROUNDS = 4  # of putting points back where sides cross
Anchors = Callable[[NDArray[np.complex128], Ints, float], Ints]
SLANT = 0.4  # of that side: no edge of a rectangle along the pixels, or at 45 degrees to them, faces it
PART_POINTS = 2**17  # that are looked at together
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
    return joined([_simplified(part, deviation_px, stairs) for part in _parts(outlines)])


def _parts(outlines: Outlines) -> Iterator[Outlines]:
    """The polygons, some after the other: arrays that leave the cache make each step take twice as long."""
    if len(outlines.points) <= PART_POINTS:
        yield outlines
        return
    begins = outlines.rings[outlines.shells]  # of polygons in the points
    cuts = np.searchsorted(begins, np.arange(PART_POINTS, begins[-1], PART_POINTS))
    ends = np.unique([0, *cuts, len(outlines)])
    for first, last in pairwise(ends.tolist()):
        points, rings = slice(begins[first], begins[last]), slice(outlines.shells[first], outlines.shells[last] + 1)
        yield Outlines(
            outlines.points[points],
            outlines.rings[rings] - begins[first],
            outlines.shells[first : last + 1] - outlines.shells[first],
            outlines.values[first:last],
        )


def _simplified(outlines: Outlines, deviation_px: float, stairs: bool) -> Outlines:
    work, tolerance = outlines, deviation_px
    if stairs and deviation_px >= HALF_STEP:
        work, tolerance = _through_steps(outlines), deviation_px - HALF_STEP
        work = _instead(work, outlines, _changed(work, _areas(outlines)))
    work = _from_corners(work)
    chosen, found = _thinned(work, tolerance, _furthest if stairs else _corners)
    invalid = ~found.valid
    for last in (*[False] * ROUNDS, True):
        if not invalid.any():
            return found
        bad = invalid.repeat(np.diff(work.shells))[_ring_of(work)]
        chosen |= bad if last else bad & _near_crossings(work, chosen, bad)
        found = _kept(work, chosen)
        invalid[invalid] = ~shapely.is_valid(found.geometries()[invalid])  # the others are as they were
    return _instead(found, outlines, invalid.repeat(np.diff(found.shells)))


def _thinned(outlines: Outlines, tolerance: float, anchors: Anchors) -> tuple[Bools, Outlines]:
    """(points,) which to keep, and these; rings that are small for the tolerance get a finer one."""
    points, rings, areas = _complex(outlines.points), outlines.rings, _areas(outlines)
    chosen = _douglas_peucker(points, rings, anchors(points, rings, tolerance), tolerance)
    found = _kept(outlines, chosen)
    for divisor in (*FINER, 0):
        changed = _changed(found, areas)
        if not changed.any():
            break
        count = np.diff(rings)
        again = changed.repeat(count)
        some = np.concatenate([[0], np.cumsum(count[changed])])
        if divisor:
            finer, part = tolerance / divisor, points[again]
            chosen[again] = _douglas_peucker(part, some, anchors(part, some, finer), finer)
        else:
            chosen[again] = True
        found = _kept(outlines, chosen)
    return chosen, found


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


def _from_corners(outlines: Outlines) -> Outlines:
    """The same rings, each begun at a corner of its hull, not mid-edge: the point that is furthest to one side."""
    points, rings = _complex(outlines.points), outlines.rings
    count = np.diff(rings)
    far = _largest(points.real + SLANT * points.imag, rings)
    source = np.arange(len(points))
    source += (far - rings[:-1]).repeat(count)
    np.subtract(source, (count - 1).repeat(count), out=source, where=source >= (rings[1:] - 1).repeat(count))
    return Outlines(_plain(points[source]), rings, outlines.shells, outlines.values)


def _squares(points: Points) -> NDArray[np.float64]:
    return np.asarray(points.real**2 + points.imag**2)


def _largest(values: NDArray[np.float64], offsets: Ints) -> Ints:
    """Where the largest value of each group is; groups are not empty."""
    at = np.flatnonzero(values == np.maximum.reduceat(values, offsets[:-1]).repeat(np.diff(offsets)))
    return at[np.searchsorted(at, offsets[:-1])]


def _douglas_peucker(points: Points, rings: Ints, anchors: Ints, tolerance: float) -> Bools:
    """(points,) which to keep, after Douglas and Peucker 1973, all lines at once, level by level.

    The first lines lead from one of the anchors to the next, which stay, as do the ends of rings.  Every point that
    goes is within the tolerance of its ring.  GEOS may take away the first point of a ring as well, and then misses by
    up to twice the tolerance.
    """
    limit = (tolerance * (1 + ROUNDING)) ** 2
    chosen = np.zeros(len(points), bool)
    chosen[anchors] = chosen[rings[:-1]] = chosen[rings[1:] - 1] = True
    ends = np.flatnonzero(chosen)
    first, last = ends[:-1], ends[1:]
    while True:
        inner = last - first - 1
        if not inner.all():
            there = np.flatnonzero(inner)
            first, last, inner = first[there], last[there], inner[there]
        if len(inner) == 0:
            return chosen
        ends = np.cumsum(inner)
        begins = ends - inner
        line = np.arange(len(inner)).repeat(inner)
        at = np.arange(len(line))
        at += (first + 1 - begins).take(line)
        away = _squared_distances(points.take(at), points[first], points[last], line)
        most = np.maximum.reduceat(away, begins)
        split = np.flatnonzero(most > limit)
        most[most <= limit] = np.inf
        worst = np.flatnonzero(away == most.take(line))
        first, last, middle = first[split], last[split], at[worst[np.searchsorted(worst, begins[split])]]
        chosen[middle] = True
        first, last = np.concatenate([first, middle]), np.concatenate([middle, last])


def _furthest(points: Points, rings: Ints, tolerance: float) -> Ints:
    """Of each ring the point that is furthest from its first one, whatever the tolerance."""
    return _largest(_squares(points - points[rings[:-1]].repeat(np.diff(rings))), rings)


def _corners(points: Points, rings: Ints, tolerance: float) -> Ints:
    """Points that stand out most from the line between others nearby, by more than the tolerance.

    Outlines with a point for each pixel turn near these whatever else goes, so that lines may as well begin there: half
    as many distances.  Outlines along pixels have corners everywhere.
    """
    before, here, after = points[: -2 * REACH], points[REACH:-REACH], points[2 * REACH :]
    if len(here) == 0:
        return np.zeros(0, np.int64)
    along = after - before
    across = ((here - before) * along.conj()).imag
    across *= across
    begins = rings[1:-1, None] - np.arange(1, 2 * REACH + 1)
    across[np.clip(begins, 0, len(here) - 1)] = 0  # from one ring to the next
    length = along.real**2 + along.imag**2
    at = np.flatnonzero(across > tolerance**2 * length)
    runs = np.flatnonzero(np.diff(at, prepend=-2) > 1)
    if len(at) == 0:
        return at
    return at[_largest(across[at] / length[at], np.append(runs, len(at)))] + REACH


def _squared_distances(points: Points, start: Points, end: Points, line: Ints) -> NDArray[np.float64]:
    """From each point to one of the straight lines between starts and ends, that of the given number."""
    half = (end - start) / 2
    half[half == 0] = np.finfo(float).eps  # a line without length: any direction does
    length = np.abs(half)
    turned = points - (start + half).take(line)
    turned *= (half.conj() / length).take(line)  # the line is now from -length to length
    past = np.abs(turned.real)
    past -= length.take(line)
    np.maximum(past, 0, out=past)
    past *= past
    across = turned.imag
    past += across * across
    return past


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
