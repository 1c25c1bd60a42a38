"""Tracing the pixel edges of a mask: only the corners of its outlines matter, and sorted corners pair up into edges.

Words of this module: a lattice point (i, j) is a pixel corner at x = j, y = i.  A record is a lattice point where an
outline turns; a point where two true pixels meet only diagonally (a saddle) is two records.  In row order, records 2k
and 2k + 1 are the ends of horizontal edge k; in column order, consecutive records are the ends of a vertical edge.
Edges are walked with the true pixels to the right (y down), so an outer ring begins, at its top left, from left to
right and a hole from right to left.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
TR, BL = 2, 4  # bits of a lattice point's code: 1 top left, 2 top right, 4 bottom left, 8 bottom right pixel is true
BR = 8
FALLING_SADDLE, RISING_SADDLE = 1 + BR, TR + BL


def trace(mask: Bools, min_area_px: float = 0.0) -> list[Polygon]:
    """Outlines of the 4-connected true areas of a mask, in pixel coordinates (x = column, y = row of pixel corners).

    Args:
        mask: (H, W) bool.
        min_area_px: Holes smaller than this are filled, then areas smaller than this are dropped.

    Returns:
        Valid polygons whose vertices are corners only.  Rings that touch themselves are split, so that holes may touch
        their shell in a point.

    Raises:
        ValueError: If the mask is not two-dimensional.
    """
    if mask.ndim != 2:
        raise ValueError(f"the mask has {mask.ndim} dimensions, expected 2: (H, W)")
    padded = np.pad(mask.astype(bool), 1)
    upright = padded[:, :-1] ^ padded[:, 1:]  # vertical unit edges: [pixel row + 1, lattice column]
    row, col, code = _records(padded, upright)
    if len(row) == 0:
        return []
    left = np.arange(0, len(row), 2)
    rightwards = (code[left] & BR) > 0
    start = np.where(rightwards, left, left + 1)
    end = start ^ 1
    pairs = _vertical_pairs(col, code)
    ring = _ring_heads(_successors(pairs, end))
    pairs = _split_self_touching(pairs, code, ring)
    successor = _successors(pairs, end)
    head, ring = np.unique(_ring_heads(successor), return_inverse=True)

    signed_area = -np.bincount(ring, row[start] * (col[end] - col[start]).astype(float))
    owner = _owners(upright, row, col, pairs, head, ring, rightwards)
    is_hole = ~rightwards[head]
    kept = ~is_hole | (-signed_area >= min_area_px)
    net_area = np.bincount(owner, signed_area * kept, minlength=len(head))
    kept &= net_area[owner] >= min_area_px
    walk, first, length = _walk(successor, head, ring)
    corners = np.stack([start[walk], end[walk]], axis=1).ravel()
    points = np.stack([col[corners], row[corners]], axis=1).astype(float)
    order = np.lexsort((is_hole, owner))
    return _build(points, 2 * first, 2 * length, order[kept[order]], owner)


def _records(padded: Bools, upright: Bools) -> tuple[Ints, Ints, NDArray[np.uint8]]:
    """Row, column and code of the turning points in row order, saddles twice."""
    above, below = upright[:-1], upright[1:]
    level = padded[:-1, :-1] ^ padded[1:, :-1]  # horizontal unit edge to the left of each lattice point
    at = np.flatnonzero((above ^ below) | (above & level))
    row, col = np.divmod(at, upright.shape[1])
    code = padded[row, col] + TR * padded[row, col + 1] + BL * padded[row + 1, col] + BR * padded[row + 1, col + 1]
    copies = np.where((code == FALLING_SADDLE) | (code == RISING_SADDLE), 2, 1)
    return np.repeat(row, copies), np.repeat(col, copies), np.repeat(code, copies).astype(np.uint8)


def _vertical_pairs(col: Ints, code: NDArray[np.uint8]) -> Ints:
    """(n, 2) records at the upper and lower ends of the vertical edges, by column, then row.

    At a saddle the vertical edge above joins the horizontal edge of the same true pixel: diagonal pixels stay apart.
    """
    record = np.arange(len(col))
    first = _first_copies(code, RISING_SADDLE)
    record[first], record[first + 1] = first + 1, first
    narrow = col.astype(np.uint16) if int(col.max()) < 2**16 else col  # numpy sorts 16 bits by radix, much faster
    return record[np.argsort(narrow, kind="stable")].reshape(-1, 2)


def _first_copies(code: NDArray[np.uint8], *saddles: int) -> Ints:
    """The first record of each saddle of the given codes."""
    return np.flatnonzero(np.isin(code, saddles))[::2]


def _successors(pairs: Ints, end: Ints) -> Ints:
    """The horizontal edge that follows each one, by way of a vertical edge."""
    partner = np.empty(pairs.size, np.int64)
    partner[pairs] = pairs[:, ::-1]
    return partner[end] // 2


def _ring_heads(successor: Ints) -> Ints:
    """The lowest edge number (topmost, then leftmost) of the ring of each edge, by pointer doubling."""
    lowest = np.arange(len(successor))
    while True:
        further = np.minimum(lowest, lowest[successor])
        if np.array_equal(further, lowest):
            return lowest
        lowest, successor = further, successor[successor]


def _split_self_touching(pairs: Ints, code: NDArray[np.uint8], ring: Ints) -> Ints:
    """Vertical pairs with the two records exchanged at saddles where a ring meets itself; each ring is then simple."""
    first = _first_copies(code, FALLING_SADDLE, RISING_SADDLE)
    first = first[ring[first // 2] == ring[(first + 1) // 2]]
    exchange = np.arange(pairs.size)
    exchange[first], exchange[first + 1] = first + 1, first
    return exchange[pairs]


def _owners(upright: Bools, row: Ints, col: Ints, pairs: Ints, head: Ints, ring: Ints, rightwards: Bools) -> Ints:
    """The outer ring that each ring belongs to; an outer ring owns itself.

    The pixel above a hole's first edge is true; the first vertical edge to its left is on the same area's outline.
    """
    owner = np.arange(len(head))
    holes = np.flatnonzero(~rightwards[head])
    if len(holes) == 0:
        return owner
    corner = 2 * head[holes]  # left end of the hole's first edge
    width = upright.shape[1]
    units = np.flatnonzero(upright)
    unit = units[np.searchsorted(units, row[corner] * width + col[corner], side="right") - 1]
    unit_row, unit_col = unit // width - 1, unit % width
    height = upright.shape[0]
    top = col[pairs[:, 0]] * height + row[pairs[:, 0]]
    edge = np.searchsorted(top, unit_col * height + unit_row, side="right") - 1
    owner[holes] = ring[pairs[edge, 0] // 2]
    while not np.array_equal(owner, owner[owner]):
        owner = owner[owner]
    return owner


def _walk(successor: Ints, head: Ints, ring: Ints) -> tuple[Ints, Ints, Ints]:
    """Edges ring by ring in walking order, and each ring's first position and length in that list."""
    length = np.bincount(ring)
    first = np.cumsum(length) - length
    last = successor == head[ring]
    pointer = np.where(last, np.arange(len(successor)), successor)
    left_to_go = (~last).astype(np.int64)
    while True:
        further = pointer[pointer]
        left_to_go += left_to_go[pointer]
        if np.array_equal(further, pointer):
            break
        pointer = further
    walk = np.empty_like(pointer)
    walk[first[ring] + length[ring] - 1 - left_to_go] = np.arange(len(pointer))
    return walk, first, length


def _build(points: NDArray[np.float64], first: Ints, length: Ints, order: Ints, owner: Ints) -> list[Polygon]:
    """Polygons from rings (in ``order``: each shell before its holes); rings are closed here."""
    if len(order) == 0:
        return []
    sizes = length[order] + 1
    ring_offsets = np.concatenate([[0], np.cumsum(sizes)])
    within = np.arange(ring_offsets[-1]) - np.repeat(ring_offsets[:-1], sizes)
    within[ring_offsets[1:] - 1] = 0
    coordinates = points[np.repeat(first[order], sizes) + within]
    shells = np.flatnonzero(np.diff(owner[order], prepend=-1))
    polygon_offsets = np.concatenate([shells, [len(order)]])
    offsets = (ring_offsets, polygon_offsets)
    return list(shapely.from_ragged_array(shapely.GeometryType.POLYGON, coordinates, offsets))
