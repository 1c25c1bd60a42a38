"""Blocks of a large raster: the logits around each are blended, and its objects found, without a look at the rest.

Around its core a block sees a halo of the blocks beside it.  An object that is no larger than the halo is therefore
seen as a whole by each block whose core it touches; it belongs to the block whose core holds its first pixel, as does
one that lies in a core.  Larger ones are cut at the cores and joined by ``seams``.  So every object comes once,
wherever the blocks are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely import Polygon

from .canvas import CORES, OFF, Floats, evidence_of
from .components import Component, components, labelled, probability
from .findings import Findings
from .outlines import noded, trace
from .sampling import PIXELS, Sampling
from .splitting import single_objects
from .tiling import Layout, Window, blend_weights
from .vectors import moved

Labels = NDArray[np.int32]
MAX_CORE = 1792  # samples along a side of a core; memory follows its square
HALO_PX = 256


@dataclass(frozen=True)
class Block:
    """A place in the grid of blocks, its samples (see ``sampling``), and those that it sees."""

    row: int
    col: int
    core: Window
    around: Window


@dataclass(frozen=True)
class Blocks:
    """How the windows of a part of a raster are put together in blocks.

    Attributes:
        layout: The windows of the whole raster.
        area: The part.
        side: Windows along each side of a block.
        halo_px: How far a block sees beyond its core.
        sampling: Where logits are blended.
    """

    layout: Layout
    area: Window
    side: int
    halo_px: int = HALO_PX
    sampling: Sampling = PIXELS

    @property
    def halo(self) -> int:
        """How far a block sees, in samples."""
        return self.halo_px // self.sampling.px

    @property
    def rows(self) -> range:
        """Rows of blocks that the area touches."""
        return self._touched(self.layout.touching(self.area)[0])

    @property
    def cols(self) -> range:
        """Columns of blocks that the area touches."""
        return self._touched(self.layout.touching(self.area)[1])

    def block(self, row: int, col: int) -> Block:
        """A block; what it sees ends where the area does."""
        core, around = self._pixels(row, col, 0), self._pixels(row, col, self.halo_px)
        return Block(row, col, self._samples(core), self._samples(around))

    def windows(self, block: Block) -> list[Window]:
        """The windows of a block, row by row: those that reach into what it sees, and that no block before it has.

        The blocks of an area have all windows that touch it, each once.
        """
        rows, cols = self._own(block)
        return [self.layout.window(row, col) for row in rows for col in cols]

    def seen_before(self, block: Block) -> list[Window]:
        """The windows of the blocks before it that reach into what a block sees, row by row."""
        (own_rows, own_cols), (rows, cols) = self._own(block), self._seen(block.row, block.col)
        return [self.layout.window(r, c) for r in rows for c in cols if r not in own_rows or c not in own_cols]

    def _own(self, block: Block) -> tuple[range, range]:
        """Rows and columns of the windows of a block."""
        rows, cols = self.layout.touching(self.area)
        seen_rows, seen_cols = self._seen(block.row, block.col)
        before_rows, before_cols = self._seen(block.row - 1, block.col - 1)
        first_row = rows.start if block.row == self.rows[0] else before_rows.stop
        first_col = cols.start if block.col == self.cols[0] else before_cols.stop
        end_row = rows.stop if block.row == self.rows[-1] else seen_rows.stop
        end_col = cols.stop if block.col == self.cols[-1] else seen_cols.stop
        return range(first_row, end_row), range(first_col, end_col)

    def _touched(self, windows: range) -> range:
        return range(windows.start // self.side, (windows.stop - 1) // self.side + 1)

    def _seen(self, row: int, col: int) -> tuple[range, range]:
        """Rows and columns of the windows that reach into what a block sees."""
        return self.layout.touching(self._pixels(row, col, self.halo_px))

    def _pixels(self, row: int, col: int, more_px: int) -> Window:
        """Where the windows of a block begin and those of the next ones do, and so much more, inside the area."""
        layout, side, area = self.layout, self.side, self.area
        last = layout.window(layout.rows - 1, layout.cols - 1)
        top, left = layout.window(row * side, 0).row, layout.window(0, col * side).col
        below = layout.window((row + 1) * side, 0).row if (row + 1) * side < layout.rows else last.row + last.height
        right = layout.window(0, (col + 1) * side).col if (col + 1) * side < layout.cols else last.col + last.width
        first = max(top - more_px, area.row), max(left - more_px, area.col)
        end = min(below + more_px, area.row + area.height), min(right + more_px, area.col + area.width)
        return Window(*first, max(end[0] - first[0], 0), max(end[1] - first[1], 0))

    def _samples(self, pixels: Window) -> Window:
        """The samples of a block: those that it shares with the next one are the next one's."""
        whole, area, px = self.sampling.window(pixels), self.area, self.sampling.px
        end_row, end_col = pixels.row + pixels.height, pixels.col + pixels.width
        height = whole.height - (end_row < area.row + area.height and end_row % px > 0)
        width = whole.width - (end_col < area.col + area.width and end_col % px > 0)
        return Window(whole.row, whole.col, height, width)


def side_of(layout: Layout, file_block_px: int, px: int, halo_px: int = HALO_PX) -> int:
    """Windows along each side of a block: as many as fit, so that blocks of the file are not parted where that is free.

    A core must be at least as large as the halo.

    Args:
        layout: The windows.
        file_block_px: Side of the blocks of the file.
        px: Pixels from one sample to the next.
        halo_px: How far a block sees beyond its core.
    """
    most = max(MAX_CORE * px // layout.step_px, -(-halo_px // layout.step_px), 1)
    fitting = [n for n in range(most, max(most // 2, 1) - 1, -1) if n * layout.step_px % file_block_px == 0]
    return fitting[0] if fitting else most


class Blend:
    """Weighted sums of the logits of all targets around a block; see ``canvas``.

    Args:
        height, width: Samples of the whole raster.
        overlap: How many of them neighbouring windows share.
        around: Those that the block sees.
    """

    def __init__(self, height: int, width: int, overlap: int, around: Window) -> None:
        self._height, self._width, self._overlap, self._around = height, width, overlap, around
        self._weight = np.zeros((around.height, around.width), np.float32)
        self._sums: dict[str, Floats] = {}
        self.valid = np.zeros((around.height, around.width), bool)

    @property
    def keys(self) -> tuple[str, ...]:
        """Targets that some window has named, in that order."""
        return tuple(self._sums)

    def add(self, window: Window, valid: NDArray[np.bool_], named: Mapping[str, Floats]) -> None:
        """Blends in the samples of one window: for each target that its answer names, (P, h, w) logits."""
        here = window.shared(self._around)
        there, own = (here.moved(-each.row, -each.col).slices for each in (self._around, window))
        self.valid[there] |= valid[own]
        weight = blend_weights(window, self._height, self._width, self._overlap)[own]
        self._weight[there] += weight
        for key, planes in named.items():
            total = self._sums.setdefault(key, np.zeros((len(planes), *self._weight.shape), np.float32))
            total[:, there[0], there[1]] += weight * (planes[:, own[0], own[1]] - OFF)

    def take(self, key: str) -> Floats:
        """Blended logits (P, H, W) of a target, which is then forgotten; ``OFF`` where no window names it."""
        total = self._sums.pop(key)
        np.divide(total, self._weight, out=total, where=self._weight > 0)
        total += OFF
        return total


@dataclass(frozen=True, eq=False)
class Part:
    """What a core holds of an object that is larger than the halo and reaches beyond it.

    Coordinates are samples of the raster.

    Attributes:
        pixels: Its pixels, exactly, with a point at each pixel along the edge of the core.
        outline: The part of its outline that lies in the core, with all points.
        likely, evidence: Sums of the probabilities and of the evidence of its pixels.
    """

    pixels: list[Polygon]
    outline: shapely.Geometry
    likely: float
    evidence: float


@dataclass(eq=False)
class Found:
    """What one target has in a block.

    Attributes:
        whole: Objects that belong to the block; coordinates are those of what it sees.
        outlines: Theirs.
        parts: Parts of larger objects, by label.
        top, left: Labels of the parts along the first row and column of the core.
        below, right: Labels of the same objects along the row and column after the core; empty at the end.
    """

    whole: list[Component]
    outlines: NDArray[np.object_]
    parts: dict[int, Part] = field(default_factory=dict)
    top: Labels = field(default_factory=lambda: np.zeros(0, np.int32))
    left: Labels = field(default_factory=lambda: np.zeros(0, np.int32))
    below: Labels = field(default_factory=lambda: np.zeros(0, np.int32))
    right: Labels = field(default_factory=lambda: np.zeros(0, np.int32))


def objects(
    key: str, planes: Floats, valid: NDArray[np.bool_], block: Block, halo: int, least: float, findings: Findings
) -> Found:
    """The objects of a target in a block.

    Args:
        key: Which target.
        planes: (P, H, W) of what the block sees, see ``canvas.planes_of``.
        valid: (H, W) bool.
        block: Where that is.
        halo: Side of the largest object that is seen as a whole.
        least: Its area, as in ``components``.
        findings: Knows the target.
    """
    found = components(planes[0], valid, least, evidence_of(planes))
    if len(planes) > CORES:
        found = single_objects(found, planes[0], planes[CORES], least, evidence_of(planes), halo)
    if not found:
        return Found([], np.zeros(0, object))
    core, around = block.core, block.around
    pixels = np.array([component.pixels for component in found], dtype=object)
    left, top, right, below = shapely.bounds(pixels).T
    row, col = core.row - around.row, core.col - around.col
    end_row, end_col = row + core.height, col + core.width
    large = (right - left > halo) | (below - top > halo)
    large &= (left < col) | (top < row) | (right > end_col) | (below > end_row)  # else nobody else has a part of it
    first_col = _first_pixels(pixels, top)
    own = (top >= row) & (top < end_row) & (first_col >= col) & (first_col < end_col)
    kept = [component for component, mine in zip(found, own & ~large, strict=True) if mine]
    result = Found(kept, findings.outlines(key, kept, planes[0], valid))
    if large.any():
        _add_parts(result, key, [c for c, is_large in zip(found, large, strict=True) if is_large], planes, valid,
                   block, findings)  # fmt: skip
    return result


def _add_parts(
    result: Found, key: str, large: list[Component], planes: Floats, valid: NDArray[np.bool_], block: Block,
    findings: Findings,
) -> None:  # fmt: skip
    """Adds those parts of large objects that lie in the core."""
    core, around = block.core, block.around
    row, col = core.row - around.row, core.col - around.col
    rows, cols = slice(row, row + core.height), slice(col, col + core.width)
    logits, evidence = planes[0], evidence_of(planes)
    labels = labelled(large, logits.shape)
    inside = labels[rows, cols]
    there = np.unique(inside[inside > 0])
    if not len(there):
        return
    # Outlines of those only that reach into the core, without the points that ``simplify`` takes when they are joined.
    reaching = [large[label - 1] for label in there]
    outlines = findings.outlines(key, reaching, logits, valid, deviation_px=0.0)
    square = shapely.box(col, row, col + core.width, row + core.height)
    outlines = moved(shapely.intersection(outlines, square), Affine.translation(around.col, around.row))
    traced = trace(inside)
    pixels = moved(noded(traced, *inside.shape).geometries(), Affine.translation(core.col, core.row))
    sums = [
        np.bincount(inside.reshape(-1), plane.reshape(-1), minlength=len(large) + 1)
        for plane in (
            probability(logits[rows, cols]),
            np.zeros(inside.shape) if evidence is None else evidence[rows, cols],
        )
    ]
    for label, outline in zip(there.tolist(), outlines, strict=True):
        result.parts[label] = Part(
            list(pixels[traced.values == label]), outline, *(float(each[label]) for each in sums)
        )
    result.top, result.left = inside[0].copy(), inside[:, 0].copy()
    result.below = labels[row + core.height :, cols][:1].reshape(-1)
    result.right = labels[rows, col + core.width :][:, :1].reshape(-1)


def _first_pixels(pixels: NDArray[np.object_], top: NDArray[np.float64]) -> NDArray[np.float64]:
    """Column of the first pixel in the first row of each polygon along pixel edges; ``top`` has these rows."""
    points, which = shapely.get_coordinates(pixels, return_index=True)
    at = np.flatnonzero(points[:, 1] == top[which])
    return np.asarray(np.minimum.reduceat(points[at, 0], np.searchsorted(which[at], np.arange(len(pixels)))))
