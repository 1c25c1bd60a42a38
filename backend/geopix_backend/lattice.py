"""The corners of pixel areas: where their outlines turn, found on packed bits.

A lattice point (i, j) is a pixel corner at x = j, y = i; around it lie the pixels (i-1, j-1), (i-1, j), (i, j-1) and
(i, j).  Bits are packed into rows of 64-bit words, the lowest bit first, so that one operation sees 64 pixels.  Words
are read as bytes, so the machine has to be little-endian, as all are that PyTorch has wheels for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Words = NDArray[np.uint64]
Values = NDArray[np.integer[Any]]
WORD = np.uint64
BAND_BYTES = 2**18  # rows that are compared at once stay in the cache of a core: 1.6 times as fast as all at once
FULL = np.uint64(2**64 - 1)


@dataclass(frozen=True, eq=False)
class Corners:
    """Records of turning points, by value, then row, then column; a saddle, where pixels meet diagonally, is two.

    Attributes:
        value: (n,) the number of the area, ascending; 1 in a mask.
        row, col: (n,) lattice coordinates.
        below: (n,) whether the pixel to the lower right is of the area.
        saddle: (n,) whether two outlines turn here.
    """

    value: Values
    row: Ints
    col: Ints
    below: Bools
    saddle: Bools

    def __len__(self) -> int:
        return len(self.row)

    @cached_property
    def values(self) -> Values:
        """The values that occur, once each."""
        return np.unique(self.value)

    def where(self, chosen: Bools) -> Corners:
        """Some of the records."""
        return Corners(self.value[chosen], self.row[chosen], self.col[chosen], self.below[chosen], self.saddle[chosen])


@dataclass(frozen=True, eq=False)
class UpEdges:
    """Vertical unit edges of pixel rows ``first_row`` and below: bit j of a row is the edge to the left of pixel j."""

    words: Words
    first_row: int

    def left_of(self, row: Ints, col: Ints) -> Ints:
        """The column of the nearest edge of pixel row ``row`` at or to the left of ``col``; there must be one."""
        row = row - self.first_row
        word = col >> 6
        found = self.words[row, word] & (FULL >> (np.uint64(63) - (col & 63).astype(np.uint64)))
        while len(todo := np.flatnonzero(found == 0)):
            word[todo] -= 1
            found[todo] = self.words[row[todo], word[todo]]
        upper = found >> np.uint64(32)
        half = np.where(upper > 0, upper, found & np.uint64(2**32 - 1))  # of 32 bits: exact as a float
        highest = np.frexp(half.astype(float))[1] - 1 + np.where(upper > 0, 32, 0)
        return np.asarray((word << 6) + highest, np.int64)


def mask_corners(mask: Bools) -> tuple[Corners, UpEdges]:
    """The corners of the true areas of a (H, W) mask."""
    height, width = mask.shape
    right = np.zeros((height + 2, words_of(width)), WORD)
    right.view(np.uint8)[1:-1, : (width + 7) // 8] = np.packbits(mask, axis=1, bitorder="little")
    left = _moved(right)
    upright = left ^ right
    above, below = upright[:-1], upright[1:]
    level = left[:-1] ^ left[1:]
    at = _set_bits(np.bitwise_or(above ^ below, above & level))
    lower, saddle = _bits_at((right[1:], np.bitwise_and(above & below, level)), at)
    if saddle.any():
        times = 1 + saddle
        at, lower, saddle = at.repeat(times), lower.repeat(times), saddle.repeat(times)
    row, col = _split(at, right.shape[1])
    return Corners(np.ones(len(at), np.uint8), row, col, lower, saddle), UpEdges(upright, -1)


class LabelScanner:
    """Corners of the areas of a label raster that comes in strips from the top, and at last ``end``."""

    def __init__(self, width: int) -> None:
        self._width, self._row = width, 0
        self._last: Values = np.zeros(width, np.int64)
        self._last_upright = np.zeros((1, words_of(width)), WORD)

    def end(self) -> tuple[Corners, UpEdges]:
        """The corners on the lower edge of the raster."""
        return self.corners(np.zeros((1, self._width), self._last.dtype))

    def corners(self, strip: Values) -> tuple[Corners, UpEdges]:
        """The corners on the upper edges of the pixel rows of the next (h, W) strip, and the edges of these rows."""
        strip = np.ascontiguousarray(strip)
        self._last = self._last.astype(strip.dtype, copy=False)
        upright, level = self._edges(strip)
        above = np.concatenate([self._last_upright, upright[:-1]])
        at = _set_bits((above | upright) & (level | _moved(level)))
        row, col = _split(at, upright.shape[1])
        found = self._records(strip, row, col)
        edges = UpEdges(upright, self._row)
        self._row += len(strip)
        self._last, self._last_upright = strip[-1].copy(), upright[-1:].copy()
        return found, edges

    def open_values(self) -> Values:
        """Values of the last row that was seen, which may go on in the next strip."""
        return np.unique(self._last)

    def _edges(self, strip: Values) -> tuple[Words, Words]:
        """(h, words) vertical unit edges to the left of each pixel, and horizontal ones above it."""
        height, width = strip.shape
        upright, level = (np.zeros((height, words_of(width)), WORD) for _ in range(2))
        band = max(BAND_BYTES // (strip.itemsize * width), 1)
        differs = np.zeros((band, width + 1), bool)
        for first in range(0, height, band):
            rows = strip[first : first + band]
            last = first + len(rows)
            out = differs[: len(rows)]
            out[:, 0], out[:, -1] = rows[:, 0] != 0, rows[:, -1] != 0
            np.not_equal(rows[:, 1:], rows[:, :-1], out=out[:, 1:-1])
            upright.view(np.uint8)[first:last, : width // 8 + 1] = np.packbits(out, axis=1, bitorder="little")
            upper = strip[first - 1 : last - 1] if first else np.concatenate([self._last[None], strip[: last - 1]])
            np.not_equal(rows, upper, out=out[:, :-1])
            out[:, -1] = False
            level.view(np.uint8)[first:last, : width // 8 + 1] = np.packbits(out, axis=1, bitorder="little")
        return upright, level

    def _records(self, strip: Values, row: Ints, col: Ints) -> Corners:
        """Records of each value around the points (row of the strip, col), which come by row."""
        around = self._around(strip, row, col)
        turns, saddles, below = _turns(around)
        at = np.flatnonzero(turns)
        value = around.T.reshape(-1)[at]
        order = stable_order(value)
        at, value = at[order], value[order]
        saddle = saddles.reshape(-1)[at]
        if saddle.any():
            times = 1 + saddle
            at, value, saddle = at.repeat(times), value.repeat(times), saddle.repeat(times)
        return Corners(value, row[at >> 2] + self._row, col[at >> 2], below.reshape(-1)[at], saddle)

    def _around(self, strip: Values, row: Ints, col: Ints) -> Values:
        """(4, n) values of the pixels around the points: upper left, upper right, lower left, lower right."""
        around = np.empty((4, len(row)), strip.dtype)
        flat, at = strip.reshape(-1), row * self._width + col
        first = int(np.searchsorted(row, 1))  # points before this one lie on the strip's upper edge
        for place, step in enumerate((-1, 0)):
            flat.take(at - self._width + step, out=around[place], mode="clip")
            self._last.take(col[:first] + step, out=around[place, :first], mode="clip")
            flat.take(at + step, out=around[place + 2], mode="clip")
        around[0::2, col == 0] = 0
        around[1::2, col == self._width] = 0
        return around


def _turns(around: Values) -> tuple[Bools, Bools, Bools]:
    """(n, 4) for the pixels around points, (4, n): does the outline of its value turn, twice, is the last one like it.

    An outline turns where one or three of the pixels have the value, and twice where only two that meet diagonally
    have it.  A value is counted at the first of its pixels only.
    """
    tl, tr, bl, br = around
    top, left, falling, rising, right, bottom = tl == tr, tl == bl, tl == br, tr == bl, tr == br, bl == br
    turns, saddles, below = (np.zeros((len(tl), 4), bool) for _ in range(3))
    saddles[:, 0] = (tl != 0) & falling & ~(top | left)
    saddles[:, 1] = (tr != 0) & rising & ~(top | right)
    turns[:, 0] = (tl != 0) & (~(top ^ left ^ falling) | saddles[:, 0])
    turns[:, 1] = (tr != 0) & ~top & (~(rising ^ right) | saddles[:, 1])
    turns[:, 2] = (bl != 0) & ~(left | rising) & ~bottom
    turns[:, 3] = (br != 0) & ~(falling | right | bottom)
    below[:, 0], below[:, 1], below[:, 2], below[:, 3] = falling, right, bottom, True
    return turns, saddles, below


def merged(parts: Sequence[Corners]) -> Corners:
    """The records of several strips, from the top, as those of one."""
    value = np.concatenate([part.value for part in parts])
    order = stable_order(value)
    fields = (np.concatenate([getattr(p, name) for p in parts])[order] for name in ("row", "col", "below", "saddle"))
    return Corners(value[order], *fields)


def words_of(width: int) -> int:
    """Words of a row of lattice points: one more than pixels."""
    return width // 64 + 1


def stable_order(values: Values) -> Ints:
    """Indices that sort integers, equal ones in their order; by radix, as numpy does for 16 bits only."""
    if len(values) == 0:
        return np.zeros(0, np.int64)
    offset = values.astype(np.int64) - int(values.min())
    order = np.argsort(offset.astype(np.uint16), kind="stable")
    for shift in range(16, int(offset.max()).bit_length(), 16):
        order = order[np.argsort((offset[order] >> shift).astype(np.uint16), kind="stable")]
    return order


def _moved(words: Words) -> Words:
    """Each bit one place further along its row."""
    moved = words << np.uint64(1)
    moved[:, 1:] |= words[:, :-1] >> np.uint64(63)
    return moved


def _set_bits(words: Words) -> Ints:
    """Flat positions of the set bits, ascending; few of the bytes have any."""
    flat = words.reshape(-1).view(np.uint8)
    at = np.flatnonzero(flat != 0)
    inner = np.flatnonzero(np.unpackbits(flat[at], bitorder="little").view(bool))
    return np.asarray((at[inner >> 3] << 3) + (inner & 7), np.int64)


def _bits_at(fields: Sequence[Words], at: Ints) -> list[Bools]:
    """The bits of several arrays of words at the same flat positions."""
    place, mask = at >> 3, np.left_shift(1, at & 7).astype(np.uint8)
    return [(words.reshape(-1).view(np.uint8).take(place) & mask) != 0 for words in fields]


def _split(at: Ints, words: int) -> tuple[Ints, Ints]:
    """Row and column of flat bit positions."""
    row = at // (64 * words)
    return row, at - row * (64 * words)
