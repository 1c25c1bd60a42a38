"""The targets of an answer and their regions: polygons with fields, and the sums that the text quotes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry import mapping

from geopix_model.predictor import Mask, ModelInfo
from geopix_qgis.protocol import RegionEvent
from geopix_qgis.squaring import BUILT

from .components import Component, only
from .geodesy import ground_matrix
from .question import Question
from .raster import Tile
from .right_angles import squared
from .vectors import measure, moved, smooth_polygons
from .wording import Fact, stems

_DEVIATION_PX = 0.5  # of outlines with sub-pixel edges from the iso-line that they stand for


class _Target:
    def __init__(self, number: int, mask: Mask) -> None:
        self.number, self.phrase, self.class_name = number, mask.phrase.strip(), mask.class_name
        self.smooth, self.even_at = False, mask.even_at
        self.regions, self.area_m2, self.area_px = 0, 0.0, 0.0
        names = [" ".join(stems(name)) for name in (self.class_name, self.phrase)]
        self.was_built = any(thing in name for thing in BUILT for name in names)


class Findings:
    """All targets of one answer, by key: the class name, or the phrase where the model has no classes.

    Attributes:
        model: Name and revision of the model that answers.
    """

    def __init__(self, tile: Tile, question: Question, info: ModelInfo) -> None:
        self._tile, self._question = tile, question
        self.model = f"{info.name} {info.revision}".strip()
        self._enlarged = info.mask_stride_px > 1
        self._targets: dict[str, _Target] = {}
        self._valid_px = max(int(np.count_nonzero(tile.valid)), 1)

    @property
    def regions(self) -> int:
        """Number of all regions so far."""
        return sum(target.regions for target in self._targets.values())

    @property
    def facts(self) -> dict[str, Fact]:
        """What the regions so far say of each target."""
        return {key: self._fact(target) for key, target in self._targets.items()}

    def even_at(self, key: str) -> float:
        """Mean probability inside a region of a target that counts as a score of 0.5."""
        return self._targets[key].even_at

    def names(self, key: str) -> tuple[str, str]:
        """Class and phrase of a target."""
        return self._targets[key].class_name, self._targets[key].phrase

    def note(self, mask: Mask, shape: tuple[int, int]) -> str:
        """Registers the target of a mask over a window of ``shape`` (height, width) pixels; returns its key."""
        key = mask.class_name or mask.phrase.strip().lower()
        target = self._targets.setdefault(key, _Target(len(self._targets), mask))
        if self._enlarged or mask.logits.shape[0] < shape[0] or mask.logits.shape[1] < shape[1]:
            target.smooth = True
        return key

    def add(
        self, key: str, found: Sequence[Component], logits: NDArray[np.float32], first_row: int = 0
    ) -> Iterator[RegionEvent]:
        """Regions of a target from components of its (h, W) logits, whose rows count from tile row ``first_row``."""
        target, tile = self._targets[key], self._tile
        if not found:
            return
        corner = tile.transform * Affine.translation(0, first_row)
        if target.smooth:
            field = only(found, logits, tile.valid[first_row : first_row + len(logits)])
            outlines = smooth_polygons(field, corner, min_area_px=0, simplify_px=_DEVIATION_PX)
        else:
            outlines = moved([component.pixels for component in found], corner)
        if self._question.right_angles and target.was_built:
            pixels = moved([component.pixels for component in found], corner)
            middle = shapely.box(*shapely.total_bounds(pixels)).centroid
            outlines = squared(outlines, pixels, ground_matrix(tile.crs, middle.x, middle.y))
        sizes = measure(outlines, tile.crs)
        for component, polygon, (area_m2, perimeter_m) in zip(found, outlines, sizes, strict=True):
            if area_m2 is not None and area_m2 < self._question.min_area_m2:
                continue
            target.regions += 1
            target.area_m2 += area_m2 or 0.0
            target.area_px += polygon.area / abs(tile.transform.determinant)
            yield self._event(target, mapping(polygon), component.score, area_m2, perimeter_m)

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

    def _fact(self, target: _Target) -> Fact:
        return Fact(
            number=target.number,
            phrase=target.phrase,
            class_name=target.class_name,
            regions=target.regions,
            area_m2=target.area_m2 if self._tile.crs is not None else None,
            area_px=target.area_px,
            share=min(100.0 * target.area_px / self._valid_px, 100.0),
        )
