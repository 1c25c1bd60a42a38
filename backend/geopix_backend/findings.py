"""The targets of an answer and their regions: polygons with fields, and the sums that the text quotes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from geopix_model.predictor import Box, Mask, ModelInfo
from geopix_qgis.protocol import RegionEvent
from geopix_qgis.squaring import BUILT

from . import vectors
from .asker import Reference
from .boxes import TileBox
from .components import Component, labelled, only, room_of
from .geodesy import ground_matrix
from .limits import Limits
from .question import Question
from .raster import Tile
from .raster_scene import Scene
from .right_angles import squared
from .sampling import area_of, sampling_of
from .wording import Fact, stems, thing

_REFERENCE = "beside "  # before the key of a target that others are compared with
NEIGHBOURS_PX = 2  # beyond a pixel edge that decide where the outline crosses; see ``contours``
DEVIATION_PX = 0.3  # of outlines with sub-pixel edges from the iso-line that they stand for


class _Target:
    def __init__(self, key: str, number: int, piece: Mask | Box) -> None:
        self.key = key
        self.number, self.phrase, self.class_name = number, piece.phrase.strip(), piece.class_name
        self.smooth = False
        self.countable = piece.countable if isinstance(piece, Mask) else True
        self.regions, self.area_m2, self.area_px = 0, 0.0, 0.0
        names = [" ".join(stems(name)) for name in (self.class_name, self.phrase)]
        self.was_built = any(thing in name for thing in BUILT for name in names)


class Findings:
    """All targets of one answer, by key: the class name, or what the phrase names where the model has no classes.

    Args:
        limits: Which regions are meant.
        boxed: Whether each region is the rectangle around a component, not its outline.

    Raises:
        RequestError: If regions below an area in square metres are to be dropped, and none can be measured.

    Attributes:
        boxed: The same.
        model: Name and revision of the model that answers.
        valid_px: Of how many pixels shares are shares; of a ``Scene`` it grows while that is looked at.
    """

    def __init__(
        self, tile: Tile | Scene, question: Question, info: ModelInfo, limits: Limits, *, boxed: bool = False
    ) -> None:
        question.check_ground(tile.crs is not None and tile.crs.get_geod() is not None)
        self._tile, self._question, self._limits = tile, question, limits
        self.model = f"{info.name} {info.revision}".strip()
        self._enlarged, self.boxed = info.mask_stride_px > 1, boxed
        self._targets: dict[str, _Target] = {}
        self._sampling = sampling_of(info)
        self._valid = self._sampling.valid(tile.valid) if isinstance(tile, Tile) else np.ones((0, 0), bool)
        self.valid_px = tile.valid_px if isinstance(tile, Tile) else 0

    @property
    def regions(self) -> int:
        """Number of all regions so far."""
        return sum(target.regions for target in self._targets.values())

    @property
    def facts(self) -> dict[str, Fact]:
        """What the regions so far say of each target that is a result."""
        return {key: self._fact(key, each) for key, each in self._targets.items() if not self.is_reference(key)}

    @staticmethod
    def is_reference(key: str) -> bool:
        """Whether a target is only what others are compared with."""
        return key.startswith(_REFERENCE)

    @classmethod
    def references_first(cls, keys: Iterable[str]) -> list[str]:
        """Keys of targets, those that others are compared with before these."""
        return sorted(keys, key=lambda key: not cls.is_reference(key))

    def is_smooth(self, key: str) -> bool:
        """Whether outlines of a target run between pixels, where its logits are zero."""
        return self._targets[key].smooth

    def countable(self, key: str) -> bool:
        """Whether a region of a target is one object."""
        return self._targets[key].countable

    def names(self, key: str) -> tuple[str, str]:
        """Class and phrase of a target."""
        return self._targets[key].class_name, self._targets[key].phrase

    def note(self, piece: Mask | Box, shape: tuple[int, int]) -> str:
        """Registers the target of a mask or box in a window of ``shape`` (height, width) pixels; returns its key."""
        key = piece.class_name or thing(piece.phrase)
        if isinstance(piece, Reference):
            key = f"{_REFERENCE}{key}"
        target = self._targets.setdefault(key, _Target(key, len(self.facts), piece))
        coarse = isinstance(piece, Mask) and any(a < b for a, b in zip(piece.logits.shape, shape, strict=True))
        if coarse or self._enlarged:
            target.smooth = True
        return key

    def add(
        self, key: str, found: Sequence[Component], logits: NDArray[np.float32], first_row: int = 0
    ) -> Iterator[RegionEvent]:
        """Regions of a target from components of its (h, W) samples, whose rows count from row ``first_row`` of all."""
        valid = self._valid[first_row : first_row + len(logits)]
        yield from self.add_outlines(key, found, self.outlines(key, found, logits, valid), (first_row, 0))

    def outlines(
        self,
        key: str,
        found: Sequence[Component],
        logits: NDArray[np.float32],
        valid: NDArray[np.bool_],
        deviation_px: float = DEVIATION_PX,
    ) -> vectors.Geometries:
        """Outlines of components in samples of their (h, w) logits; between these where masks are coarse."""
        pixels = np.array([component.pixels for component in found], dtype=object)
        if self.boxed:
            return np.asarray(shapely.box(*shapely.bounds(pixels).T, ccw=False))
        if not found or not self._targets[key].smooth:
            return pixels
        place = room_of(found, logits.shape, NEIGHBOURS_PX)
        labels = labelled(found, logits.shape)[place]
        field, corner = only(labels, logits[place], valid[place]), Affine.translation(place[1].start, place[0].start)
        deviation = deviation_px / self._sampling.px
        return vectors.smooth_polygons(field, corner, labels=labels, min_area_px=0, simplify_px=deviation)

    def add_outlines(
        self, key: str, found: Sequence[Component], outlines: vectors.Geometries, origin: tuple[int, int]
    ) -> Iterator[RegionEvent]:
        """Regions of a target from components and their outlines, both in samples.

        Args:
            key: Which target.
            found: What is to be shown.
            outlines: (n,) one for each.
            origin: (row, column) of the sample of the tile from which their coordinates count.
        """
        if not found:
            return
        target, tile = self._targets[key], self._tile
        pixels, placed = (self._placed(each, origin) for each in ([c.pixels for c in found], outlines))
        if self._question.right_angles and target.was_built and not self.boxed:
            middle = shapely.box(*shapely.total_bounds(pixels)).centroid
            placed = squared(placed, pixels, ground_matrix(tile.crs, middle.x, middle.y))
        yield from self._regions(target, placed, [component.score for component in found])

    def _placed(
        self, outlines: Sequence[Polygon | MultiPolygon] | vectors.Geometries, origin: tuple[int, int]
    ) -> vectors.Geometries:
        """Outlines in samples from an origin, in CRS units; samples may reach beyond the tile, these do not."""
        px, corner = self._sampling.px, Affine.translation(origin[1], origin[0])
        area = area_of(self._tile)
        end_row, end_col = area.row + area.height, area.col + area.width
        if any(edge % px for edge in (area.row, area.col, end_row, end_col)):
            first, last = (area.col / px, area.row / px), (end_col / px, end_row / px)
            outlines = shapely.transform(vectors.moved(outlines, corner), lambda xy: np.clip(xy, first, last))
            corner = Affine.identity()
        return vectors.moved(outlines, self._sampling.transform(self._tile) * corner)

    def add_boxes(self, key: str, found: Sequence[TileBox]) -> Iterator[RegionEvent]:
        """Regions of a target from boxes: each is its rectangle, exactly."""
        if found:
            outlines = vectors.rectangles(np.array([box.corners for box in found]), self._tile.transform)
            yield from self._regions(self._targets[key], outlines, [box.score for box in found])

    def _regions(self, target: _Target, outlines: vectors.Geometries, scores: Sequence[float]) -> Iterator[RegionEvent]:
        sizes = vectors.measure(outlines, self._tile.crs)
        shapes = vectors.geojson(outlines)
        for score, polygon, geometry, (area_m2, perimeter_m) in zip(scores, outlines, shapes, sizes, strict=True):
            if area_m2 is not None and area_m2 < self._question.min_area_m2:
                continue
            area_px = polygon.area / abs(self._tile.transform.determinant)
            if not self._limits.fits(target.key, area_m2, area_px):
                continue
            target.regions += 1
            target.area_m2 += area_m2 or 0.0
            target.area_px += area_px
            yield self._event(target, geometry, score, area_m2, perimeter_m)

    def _event(
        self,
        target: _Target,
        geometry: dict[str, object],
        score: float,
        area_m2: float | None,
        perimeter_m: float | None,
    ) -> RegionEvent:
        return RegionEvent(
            geometry=geometry,
            phrase=target.phrase,
            class_name=target.class_name,
            score=round(score, 4),
            area_m2=area_m2,
            perimeter_m=perimeter_m,
            target=target.number,
            turn=self._question.turn,
            prompt=self._question.prompt,
            model=self.model,
            gsd_m=self._tile.gsd_m,
        )

    def _fact(self, key: str, target: _Target) -> Fact:
        return Fact(
            number=target.number,
            phrase=target.phrase,
            class_name=target.class_name,
            regions=target.regions,
            area_m2=target.area_m2 if self._tile.crs is not None else None,
            area_px=target.area_px,
            share=min(100.0 * target.area_px / max(self.valid_px, 1), 100.0),
            left_out=self._limits.left_out(key),
            limit=self._limits.words(key),
            elsewhere=self._limits.where(key),
            countable=target.countable,
        )
