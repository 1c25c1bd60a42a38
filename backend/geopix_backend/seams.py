"""Joining the parts of objects that reach across blocks: each object comes once, as soon as all of it is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from .blocks import Block, Found, Labels, Part
from .components import Component, score
from .outlines import Outlines
from .simplify import simplify

Place = tuple[int, int]
Id = tuple[str, int, int, int]  # target, row and column of the block, label
SNAP_PX = 2.0**-10  # outlines of neighbouring cores end at the same points, but for rounding


class Seams:
    """Takes the blocks row by row; knows only those objects that may still grow."""

    def __init__(self) -> None:
        self._parent: dict[Id, Id] = {}
        self._parts: dict[Id, dict[Id, Part]] = {}  # by the root of the object
        self._missing: dict[Id, set[Place]] = {}  # blocks into which it reaches and that have not come
        self._waiting: dict[Place, set[Id]] = {}
        self._beyond: dict[tuple[str, Place, Place], Labels] = {}  # labels of one block in the first line of the next

    def add(self, block: Block, found: Mapping[str, Found]) -> Iterator[tuple[str, list[Part]]]:
        """Takes in a block; gives the targets and parts of the objects that are complete with it."""
        here = block.row, block.col
        touched = self._waiting.pop(here, set())
        for key, each in found.items():
            for label, part in each.parts.items():
                own: Id = (key, *here, label)
                self._parent[own], self._parts[own], self._missing[own] = own, {own: part}, set()
                touched.add(own)
            for before, line in (((block.row, block.col - 1), each.left), ((block.row - 1, block.col), each.top)):
                self._join(key, before, here, line)
            for after, line in (((block.row, block.col + 1), each.right), ((block.row + 1, block.col), each.below)):
                self._reach(key, here, after, line)
        for key, before, there in [name for name in self._beyond if name[2] == here]:
            del self._beyond[key, before, there]
        yield from self._complete(here, touched)

    def rest(self) -> Iterator[tuple[str, list[Part]]]:
        """What is left when no block comes any more."""
        for root in sorted(self._parts):
            yield root[0], _sorted(self._parts[root])
        self._parts.clear()

    def _join(self, key: str, before: Place, here: Place, line: Labels) -> None:
        theirs = self._beyond.get((key, before, here))
        if theirs is None or not len(line):
            return
        both = (theirs > 0) & (line > 0)
        for one, two in np.unique(np.column_stack([theirs[both], line[both]]), axis=0).tolist():
            self._unite(self._root((key, *before, one)), self._root((key, *here, two)))

    def _reach(self, key: str, here: Place, after: Place, line: Labels) -> None:
        reaching = [label for label in np.unique(line).tolist() if label and (key, *here, label) in self._parent]
        if reaching:
            self._beyond[key, here, after] = np.where(np.isin(line, reaching), line, 0)
        for label in reaching:
            self._missing[self._root((key, *here, label))].add(after)
            self._waiting.setdefault(after, set()).add((key, *here, label))

    def _unite(self, one: Id, two: Id) -> None:
        if one == two:
            return
        kept, gone = min(one, two), max(one, two)
        self._parent[gone] = kept
        self._parts[kept] |= self._parts.pop(gone)
        self._missing[kept] |= self._missing.pop(gone)

    def _root(self, own: Id) -> Id:
        while (parent := self._parent[own]) != own:
            self._parent[own] = self._parent[parent]
            own = parent
        return own

    def _complete(self, here: Place, touched: set[Id]) -> Iterator[tuple[str, list[Part]]]:
        for root in sorted({self._root(own) for own in touched}):
            self._missing[root].discard(here)
            if not self._missing[root]:
                parts = self._parts.pop(root)
                del self._missing[root]
                for own in parts:
                    del self._parent[own]
                yield root[0], _sorted(parts)


def _sorted(parts: Mapping[Id, Part]) -> list[Part]:
    return [parts[own] for own in sorted(parts)]


def joined(parts: list[Part], *, whole: bool) -> Component:
    """The object of some parts; its coordinates are those of the raster.

    Args:
        parts: They meet in whole edges, see ``noded``.
        whole: Whether its pixels must be one polygon.  The parts side by side have the same size, place and score, and
            take no time.
    """
    pieces = [polygon for part in parts for polygon in part.pixels]
    if whole:  # less the points where straight edges cross the cores
        pixels = polygons(shapely.simplify(shapely.coverage_union_all(pieces), 0.0))[0]
    else:
        pixels = shapely.multipolygons(pieces)
    mean = sum(part.likely for part in parts) / pixels.area
    return Component(pixels, float(score(mean, sum(part.evidence for part in parts) / pixels.area)))


def outline(parts: list[Part], deviation_px: float, min_area_px: float) -> list[Polygon]:
    """The sub-pixel outline of some parts: one polygon, more where it is as thin as a line in between."""
    pieces = np.array([polygon for part in parts for polygon in polygons(part.outline)], dtype=object)
    united = _side_by_side(pieces)
    if united is not None:
        found = _simplified(united, deviation_px, min_area_px)
        if found.valid.all():  # so much fewer points that this costs little
            return list(found.geometries())
    found = _simplified(shapely.union_all(pieces, grid_size=SNAP_PX), deviation_px, min_area_px)
    return list(found.geometries())


def _simplified(united: shapely.Geometry, deviation_px: float, min_area_px: float) -> Outlines:
    found = polygons(united)
    found = [polygon for polygon in found if polygon.area >= min_area_px] or found[:1]
    _, points, (rings, shells) = shapely.to_ragged_array(np.array(found, dtype=object))
    whole = Outlines(points, np.asarray(rings, np.int64), np.asarray(shells, np.int64), np.ones(len(found), np.int64))
    return simplify(whole, deviation_px, stairs=False)


def _side_by_side(pieces: NDArray[np.object_]) -> shapely.Geometry | None:
    """The union of pieces that meet in whole edges, but for rounding; None where that is seen to have spoilt it.

    Edges that two of them share are left out, which takes a small part of the time of looking for crossings.  Where
    rounding has moved a point to the other side of a grid line, the result is not valid.
    """
    snapped = shapely.transform(pieces, lambda xy: np.round(xy / SNAP_PX) * SNAP_PX)
    try:
        found = shapely.coverage_union_all(snapped)
    except shapely.GEOSException:  # what was rounded is no coverage
        return None
    apart = shapely.get_num_geometries(found) > 1  # one polygon is checked once it has fewer points
    if (apart and not found.is_valid) or abs(found.area - float(shapely.area(snapped).sum())) > SNAP_PX:
        return None
    return found


def polygons(geometry: shapely.Geometry) -> list[Polygon]:
    """The polygons of a geometry, the largest first."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return sorted((part for part in parts if isinstance(part, Polygon)), key=lambda part: -part.area)
