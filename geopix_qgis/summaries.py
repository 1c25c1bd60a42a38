"""What the result layers hold: counts and areas by category, and how scores and areas are spread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Optional

import numpy as np
from qgis.core import QgsFeature, QgsFeatureRequest, QgsVectorLayer

from . import filters
from .filters import Filter
from .regions import ACCEPTED, REJECTED, category_in, value_of

FIELDS = ["class", "phrase", "review", "score", "area_m2"]
# A slider over areas needs more room for the small ones: its position is the cube root of the value.
POWERS = {"score": 1, "area": 3}


@dataclass
class Summary:
    """One category.

    Attributes:
        category: Class, or phrase where there is no class.
        count: Polygons that pass the limits of score and area, also in a category that is switched off.
        total: Polygons that were not rejected.
        accepted, rejected: How many were reviewed as that.
        area: Of the counted polygons; square metres, without a CRS square units of the coordinates.
        measured: Whether ``area`` is in square metres.
    """

    category: str
    count: int = 0
    total: int = 0
    accepted: int = 0
    rejected: int = 0
    area: float = 0.0
    measured: bool = True


@dataclass(frozen=True)
class Histogram:
    """How often which values occur.

    Attributes:
        counts: From low to high.
        top: Upper end of the scale, above the largest value; 0 where nothing has a value.
        power: A value at the part t (0..1) of the scale is ``top * t ** power``.
    """

    counts: tuple[int, ...] = field(default_factory=tuple)
    top: float = 0.0
    power: int = 1


def summarise(layers: Sequence[QgsVectorLayer], wanted: Filter) -> list[Summary]:
    """One summary for each category, in the order in which they first appear."""
    found: dict[str, Summary] = {}
    for layer in layers:
        measured = layer.crs().isValid()
        for feature in _all(layer):
            entry = found.setdefault(category_in(feature), Summary(category_in(feature), measured=measured))
            review = value_of(feature, "review")
            entry.accepted += review == ACCEPTED
            entry.rejected += review == REJECTED
            entry.total += review != REJECTED
        with filters.subset(layer, filters.reading(layer, filters.without_eyes(wanted))):
            for feature in _features(layer):
                entry = found.setdefault(category_in(feature), Summary(category_in(feature), measured=measured))
                entry.count += 1
                entry.area += area_of(feature, measured) or 0.0
    return list(found.values())


def histogram(layers: Sequence[QgsVectorLayer], of: str, bins: int = 24) -> Histogram:
    """How scores or areas are spread over all polygons, the hidden ones too.

    Args:
        layers: Result layers.
        of: ``"score"`` (scale 0..1) or ``"area"`` (scale to the largest one).
        bins: How many equal parts the scale has.
    """
    values = []
    for layer in layers:
        measured = layer.crs().isValid()
        for feature in _all(layer):
            values.append(value_of(feature, "score") if of == "score" else area_of(feature, measured))
    known = np.array([value for value in values if value is not None], float)
    top = 1.0 if of == "score" else float(known.max(initial=0.0))
    if not len(known) or top <= 0:
        return Histogram()
    places = (known.clip(0, top) / top) ** (1 / POWERS[of])
    counts, _ = np.histogram(places, bins, (0.0, 1.0))
    return Histogram(tuple(int(count) for count in counts), top, POWERS[of])


def area_of(feature: QgsFeature, measured: bool) -> Optional[float]:
    """Square metres where the layer has a CRS, else square units of the coordinates; None where it was not measured."""
    return value_of(feature, "area_m2") if measured else feature.geometry().area()


def _all(layer: QgsVectorLayer) -> Iterator[QgsFeature]:
    with filters.subset(layer, filters.filter_of_analyst(layer)):
        yield from _features(layer)


def _features(layer: QgsVectorLayer) -> Iterator[QgsFeature]:
    request = QgsFeatureRequest().setSubsetOfAttributes(FIELDS, layer.fields())
    if layer.crs().isValid():
        request.setFlags(QgsFeatureRequest.Flag.NoGeometry)
    yield from layer.getFeatures(request)
