"""Tracing the pixel edges of masks and label rasters: only the corners matter, and sorted corners pair up into edges.

Words of this module: records are the turning points of ``lattice.Corners``.  In row order, records 2k and 2k + 1 are
the ends of horizontal edge k; in column order, consecutive records are the ends of a vertical edge.  Edges are walked
with the area to the right (y down), so an outer ring begins, at its top left, from left to right and a hole from right
to left.  Nothing here loops over polygons, and memory follows the number of corners, not of pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from .lattice import Bools, Corners, Ints, LabelScanner, UpEdges, Values, mask_corners, merged, stable_order
from .rings import walk

STRIP_ROWS = 512  # of a label raster that are looked at together


@dataclass(frozen=True, eq=False)
class Outlines:
    """Polygons as arrays, in pixel coordinates (x = column, y = row of pixel corners).

    Attributes:
        points: (n, 2) float64, closed rings one after the other, each shell before its holes.
        rings: (rings + 1,) where each ring begins in ``points``.
        shells: (polygons + 1,) where each polygon begins in the list of rings.
        values: (polygons,) the label of each; 1 for those of a mask.
    """

    points: NDArray[np.float64]
    rings: Ints
    shells: Ints
    values: Values

    def __len__(self) -> int:
        return len(self.values)

    def geometries(self) -> NDArray[np.object_]:
        """The polygons as shapely geometries, all valid; holes may touch their shell in a point."""
        return self._geometries

    @cached_property
    def valid(self) -> Bools:
        """(polygons,) which are valid: those that were traced are, those that lost points may not be."""
        return np.asarray(shapely.is_valid(self._geometries))

    @cached_property
    def _geometries(self) -> NDArray[np.object_]:
        offsets = (self.rings, self.shells)
        return np.asarray(shapely.from_ragged_array(shapely.GeometryType.POLYGON, self.points, offsets))


def noded(outlines: Outlines, height: int, width: int) -> Outlines:
    """The same outlines of a (height, width) mask with a point at each pixel along its border.

    Neighbouring masks then share whole edges there: a coverage, which is joined without looking for crossings.
    """
    points, last = outlines.points, outlines.rings[1:] - 1
    step = np.diff(points, axis=0, append=points[-1:])
    step[last] = 0  # from one ring to the next
    (x, y), (dx, dy) = points.T, step.T
    along = ((dx == 0) & ((x == 0) | (x == width))) | ((dy == 0) & ((y == 0) | (y == height)))
    count = np.where(along, np.abs(dx) + np.abs(dy), 1).astype(np.int64)
    count[last] = 1
    edge, begin = np.arange(len(points)).repeat(count), np.concatenate([[0], np.cumsum(count)])
    within = np.arange(len(edge)) - begin[edge]
    more = points[edge] + np.sign(step[edge]) * within[:, None]
    return Outlines(more, begin[outlines.rings], outlines.shells, outlines.values)


def trace(pixels: Bools | Values, min_area_px: float = 0.0) -> Outlines:
    """Outlines of the 4-connected areas of a mask, or of equal labels other than 0.

    Args:
        pixels: (H, W) bool or integer.
        min_area_px: Holes smaller than this are filled, then areas smaller than this are dropped.

    Returns:
        Vertices are corners only.  Rings that touch themselves are split, so that each is simple.

    Raises:
        ValueError: If the array is not two-dimensional or holds something else.
    """
    if pixels.ndim != 2:
        raise ValueError(f"the mask has {pixels.ndim} dimensions, expected 2: (H, W)")
    if pixels.dtype == bool:
        return _traced(*mask_corners(pixels.view(bool)), min_area_px)
    labels: Values = pixels.view(pixels.dtype)
    strips = (labels[first : first + STRIP_ROWS] for first in range(0, len(pixels), STRIP_ROWS))
    return joined(list(trace_strips(strips, pixels.shape[1], min_area_px)))


def trace_strips(strips: Iterable[Values], width: int, min_area_px: float = 0.0) -> Iterator[Outlines]:
    """``trace`` of a label raster that comes in strips of whole rows from the top, such as a file too large to hold.

    A label that is in the last row of a strip waits for the next one with all its corners, so that nothing is cut at a
    seam and nothing has to be merged.  Memory follows the size of a strip and of the labels that wait.

    Args:
        strips: (h, width) integers each, in which 0 is no area.
        width: Of the raster, pixels.
        min_area_px: As in ``trace``.

    Yields:
        The outlines of the labels that ended in a strip.

    Raises:
        ValueError: If a strip is not of integers or has another width.
    """
    scanner = LabelScanner(width)
    waiting: list[Corners] = []
    edges: list[UpEdges] = []
    for strip in strips:
        if strip.ndim != 2 or strip.shape[1] != width or not np.issubdtype(strip.dtype, np.integer):
            raise ValueError(f"a strip is {strip.shape} {strip.dtype}, expected (rows, {width}) integers")
        if len(strip) and width:
            corners, upright = scanner.corners(strip)
            waiting, ended = _ended([*waiting, corners], scanner.open_values())
            edges.append(upright)
            if ended:
                yield _traced(merged(ended), _stacked(edges), min_area_px)
            needed = min((int(part.row.min()) for part in waiting), default=upright.first_row + len(strip)) - 1
            edges = [block for block in edges if block.first_row + len(block.words) > needed]
    corners, upright = scanner.end()
    yield _traced(merged([*waiting, corners]), _stacked([*edges, upright]), min_area_px)


def _ended(parts: Sequence[Corners], open_values: Values) -> tuple[list[Corners], list[Corners]]:
    """Records of the values that go on below, and of those that do not; a part that only waits is not copied."""
    waiting: list[Corners] = []
    ended: list[Corners] = []
    for part in parts:
        stays = np.isin(part.values, open_values)
        if stays.all():
            waiting.append(part)
        elif not stays.any():
            ended.append(part)
        else:
            goes_on = np.isin(part.value, part.values[stays])
            waiting.append(part.where(goes_on))
            ended.append(part.where(~goes_on))
    return [part for part in waiting if len(part)], ended


def joined(parts: Sequence[Outlines]) -> Outlines:
    """All polygons of several, in their order; at least one part."""
    if len(parts) == 1:
        return parts[0]
    before = np.cumsum([0, *(len(part.points) for part in parts)])
    rings_before = np.cumsum([0, *(len(part.rings) - 1 for part in parts)])
    return Outlines(
        np.concatenate([part.points for part in parts]),
        np.concatenate([[0], *(part.rings[1:] + n for part, n in zip(parts, before[:-1], strict=True))]),
        np.concatenate([[0], *(part.shells[1:] + n for part, n in zip(parts, rings_before[:-1], strict=True))]),
        np.concatenate([part.values for part in parts]),
    )


def _stacked(edges: Sequence[UpEdges]) -> UpEdges:
    return edges[0] if len(edges) == 1 else UpEdges(np.concatenate([e.words for e in edges]), edges[0].first_row)


def _traced(corners: Corners, upright: UpEdges, min_area_px: float) -> Outlines:
    """The outlines of whole areas from all their corners."""
    row, col = corners.row, corners.col
    if len(corners) == 0:
        return Outlines(np.zeros((0, 2)), np.zeros(1, np.int64), np.zeros(1, np.int64), corners.value)
    edge = np.arange(len(corners) // 2)
    rightwards = corners.below[::2]
    start = 2 * edge + ~rightwards
    pairs = _vertical_pairs(corners)
    successor = _successors(pairs, start ^ 1)
    head, steps = walk(successor)
    touching = _self_touching(corners, head)
    if len(touching):
        pairs = _exchanged(pairs, touching)
        successor = _successors(pairs, start ^ 1)
        parted = np.zeros(len(edge), bool)
        parted[head[touching >> 1]] = True
        again = np.flatnonzero(parted[head])  # few, as a rule
        number = np.empty(len(edge), np.int64)
        number[again] = np.arange(len(again))
        lowest, steps[again] = walk(number[successor[again]])
        head[again] = again[lowest]
    is_head = head == edge
    heads = np.flatnonzero(is_head)
    ring = (np.cumsum(is_head) - 1)[head]
    length = np.bincount(ring, minlength=len(heads))

    is_hole = ~rightwards[heads]
    owner = _owners(corners, upright, pairs, heads, ring, is_hole)
    x, other = col[start], col[start ^ 1]
    area = np.bincount(ring, row[::2] * (x - other), minlength=len(heads)).astype(float)
    kept = _kept(area, owner, is_hole, min_area_px)
    order = np.lexsort((is_hole, owner)) if is_hole.any() else np.arange(len(heads))
    order = order[kept[order]]
    rings = np.concatenate([[0], np.cumsum(2 * length[order] + 1)])
    first = np.full(len(heads), -1)
    first[order] = rings[:-1]
    if not kept.all():
        there = kept[ring]
        ring, steps, x, other, start = ring[there], steps[there], x[there], other[there], start[there]
    points = np.empty(rings[-1], np.complex128)  # one number for x and y: half as many scattered writes
    place = first[ring] + 2 * np.where(steps > 0, length[ring] - steps, 0)
    y = 1j * row[start]
    points[place], points[place + 1] = x + y, other + y
    points[rings[1:] - 1] = points[rings[:-1]]
    shells = np.concatenate([np.flatnonzero(~is_hole[order]), [len(order)]])
    values = corners.value[2 * heads]
    return Outlines(points.view(np.float64).reshape(-1, 2), rings, shells, values[order[shells[:-1]]])


def _vertical_pairs(corners: Corners) -> Ints:
    """(n, 2) records at the upper and lower ends of the vertical edges, by value, column and row.

    At a saddle the vertical edge above joins the horizontal edge of the same pixel: diagonal pixels stay apart.
    """
    order = stable_order(corners.col)
    if corners.value[0] != corners.value[-1]:
        order = order[stable_order(corners.value[order])]
    saddle = np.flatnonzero(corners.saddle)[::2]
    rising = saddle[~corners.below[saddle]]
    return (_exchange(len(corners), rising)[order] if len(rising) else order).reshape(-1, 2)


def _exchange(count: int, first: Ints) -> Ints:
    """0 .. count - 1, in which each of ``first`` has changed places with the next."""
    record = np.arange(count)
    record[first], record[first + 1] = first + 1, first
    return record


def _successors(pairs: Ints, end: Ints) -> Ints:
    """The horizontal edge that follows each one, by way of a vertical edge."""
    partner = np.empty(pairs.size, np.int64)
    upper, lower = np.ascontiguousarray(pairs.T)
    partner[upper], partner[lower] = lower, upper
    return np.asarray(partner.take(end) >> 1)


def _self_touching(corners: Corners, head: Ints) -> Ints:
    """First records of the saddles where a ring meets itself."""
    first: Ints = np.flatnonzero(corners.saddle)[::2]
    meets: Bools = head[first >> 1] == head[(first + 1) >> 1]
    return first[meets]


def _exchanged(pairs: Ints, first: Ints) -> Ints:
    """Vertical pairs with the records of these saddles exchanged: a ring that meets itself there becomes two."""
    record: Ints = _exchange(pairs.size, first)
    return record[pairs]


def _owners(corners: Corners, upright: UpEdges, pairs: Ints, heads: Ints, ring: Ints, is_hole: Bools) -> Ints:
    """The outer ring that each ring belongs to; an outer ring owns itself.

    The pixel above a hole's first edge is of the area; the first vertical edge to its left is on the same outline.
    """
    owner = np.arange(len(heads))
    holes = np.flatnonzero(is_hole)
    if len(holes) == 0:
        return owner
    rank = np.zeros(len(corners), np.int64)  # of the value
    rank[1:] = np.cumsum(corners.value[1:] != corners.value[:-1])
    corner = 2 * heads[holes]  # left end of the hole's first edge
    row = corners.row[corner] - 1
    col = upright.left_of(row, corners.col[corner])
    height, width = int(corners.row.max()) + 1, int(corners.col.max()) + 1
    upper = pairs[:, 0]
    top = (rank[upper] * width + corners.col[upper]) * height + corners.row[upper]
    edge = np.searchsorted(top, (rank[corner] * width + col) * height + row, side="right") - 1
    owner[holes] = ring[upper[edge] >> 1]
    while not np.array_equal(owner, owner[owner]):
        owner = owner[owner]
    return owner


def _kept(area: NDArray[np.float64], owner: Ints, is_hole: Bools, min_area_px: float) -> Bools:
    """Rings that stay: large holes (their ``area`` is negative), and shells that are large without these."""
    kept = ~is_hole | (-area >= min_area_px)
    net = np.bincount(owner, area * kept, minlength=len(owner))
    return np.asarray(kept & (net[owner] >= min_area_px))
