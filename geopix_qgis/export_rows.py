"""What an export reads: polygons with their fields, as the map shows them, from a snapshot of the layers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProject,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
    QgsWkbTypes,
)

from . import antimeridian
from .errors import LayerError
from .regions import REJECTED
from .styling import colours_of
from .translation import tr

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")  # no XML file may hold these


@dataclass(frozen=True)
class Tally:
    """How many polygons an export would write, and how many it leaves out and why."""

    count: int
    filtered: int
    rejected: int


@dataclass(frozen=True)
class Row:
    """One polygon of an export.

    Attributes:
        wkb: A MultiPolygon in the CRS of the file.
        values: Of the fields of the plan, in order; None for NULL.
        category: Its class, or its phrase where it has no class.
        colour: Of that category on the map, None where the layer is not coloured by category.
        parts, points: Rings and vertices.
        crossed: Whether it was cut at longitude 180.
    """

    wkb: bytes
    values: tuple[Any, ...]
    category: str
    colour: Optional[str]
    parts: int
    points: int
    crossed: bool


@dataclass
class Skipped:
    """Polygons that were met and not written."""

    rejected: int = 0
    empty: int = 0
    crossed: int = 0


def tally(layers: Sequence[QgsVectorLayer], selected_only: bool) -> Tally:
    """Counts without reading a geometry.

    Raises:
        LayerError: If a layer was removed.
    """
    count = filtered = rejected = 0
    for layer in living(layers):
        shown = _request(layer, selected_only).setFlags(QgsFeatureRequest.Flag.NoGeometry)
        review = layer.fields().lookupField("review")
        shown.setSubsetOfAttributes([review] if review >= 0 else [])
        found = [review >= 0 and _is_rejected(item[review]) for item in layer.getFeatures(shown)]
        count, rejected = count + found.count(False), rejected + found.count(True)
        filtered += (layer.selectedFeatureCount() if selected_only else _unfiltered(layer)) - len(found)
    return Tally(count, filtered, rejected)


def living(layers: Sequence[QgsVectorLayer]) -> Sequence[QgsVectorLayer]:
    """The layers, all of them usable.

    Raises:
        LayerError: If there is none, or one was removed, or one holds no polygons.
    """
    if not layers:
        raise LayerError(tr("There are no polygons to export. Ask a question first."))
    for layer in layers:
        try:
            usable, name = layer.isValid(), layer.name()
        except RuntimeError as error:  # the object in C++ is gone
            raise LayerError(tr("The layer of the polygons was removed. Ask again to get a new one.")) from error
        if not usable or layer.geometryType() != QgsWkbTypes.GeometryType.PolygonGeometry:
            raise LayerError(tr("The layer {name} holds no polygons. Choose a layer of answers.", name=name))
    return layers


class Source:
    """A snapshot of one layer, which any thread may read."""

    def __init__(
        self,
        layer: QgsVectorLayer,
        crs: QgsCoordinateReferenceSystem,
        selected_only: bool,
        names: Sequence[str],
    ) -> None:
        """Takes the snapshot; to be called where the layer lives.

        Args:
            layer: What to read.
            crs: Of the rows; invalid for a layer without one.
            selected_only: Whether to read the selection only.
            names: The fields of the rows; a layer that lacks one gives NULL.

        Raises:
            LayerError: If only one of the layer and the rows has a CRS.
        """
        if layer.crs().isValid() and not crs.isValid():
            raise LayerError(tr("The file needs a CRS. Choose one."))
        if crs.isValid() and not layer.crs().isValid():
            raise LayerError(
                tr(
                    "The polygons of {layer} are in pixels and have no CRS, so they cannot be written in "
                    "{authid}. Choose GeoPackage, Shapefile, FlatGeobuf or DXF without a CRS.",
                    layer=layer.name(),
                    authid=crs.authid() or "one",
                )
            )
        self.count = layer.selectedFeatureCount() if selected_only else layer.featureCount()
        self._features = QgsVectorLayerFeatureSource(layer)
        self._request = _request(layer, selected_only)
        self._move: Optional[QgsCoordinateTransform] = None
        if layer.crs() != crs:
            self._move = QgsCoordinateTransform(layer.crs(), crs, QgsProject.instance().transformContext())
        self._degrees = crs.isValid() and crs.isGeographic()
        self._folded = self._degrees and not layer.crs().isGeographic()
        fields = layer.fields()
        self._columns = [fields.indexOf(name) for name in names]
        self._review, self._class, self._phrase = (fields.lookupField(name) for name in ("review", "class", "phrase"))
        self._colours = colours_of(layer)

    def rows(self, skipped: Skipped) -> Iterator[Row]:
        """The rows, in the order of the layer; what is left out is counted in ``skipped``.

        Raises:
            LayerError: If a polygon has no place in the CRS of the rows.
        """
        for feature in self._features.getFeatures(self._request):
            if self._review >= 0 and _is_rejected(feature[self._review]):
                skipped.rejected += 1
            elif feature.geometry().isEmpty():
                skipped.empty += 1
            else:
                row = self._row(feature)
                skipped.crossed += row.crossed
                yield row

    def _row(self, feature: QgsFeature) -> Row:
        geometry, crossed = self._place(feature.geometry())
        category = self._text(feature, self._class) or self._text(feature, self._phrase)
        shape = geometry.constGet()
        return Row(
            wkb=bytes(geometry.asWkb()),
            values=tuple(_plain(feature[column]) if column >= 0 else None for column in self._columns),
            category=category,
            colour=self._colours.get(category),
            parts=sum(shape.ringCount(part) for part in range(shape.partCount())),
            points=shape.nCoordinates(),
            crossed=crossed,
        )

    def _place(self, geometry: QgsGeometry) -> tuple[QgsGeometry, bool]:
        if geometry.wkbType() != QgsWkbTypes.Type.MultiPolygon:  # one part, curves, or heights
            geometry = QgsGeometry.collectGeometry(geometry.coerceToType(QgsWkbTypes.Type.Polygon))
            geometry.convertToMultiType()
        if self._move is not None:
            try:
                geometry.transform(self._move)
            except QgsCsException as error:
                raise LayerError(
                    tr("A polygon has no place in this CRS ({error}). Choose another CRS.", error=error)
                ) from error
        return antimeridian.cut(geometry, self._folded) if self._degrees else (geometry, False)

    @staticmethod
    def _text(feature: QgsFeature, column: int) -> str:
        return str(_plain(feature[column]) or "") if column >= 0 else ""


def _request(layer: QgsVectorLayer, selected_only: bool) -> QgsFeatureRequest:
    request = QgsFeatureRequest()
    return request.setFilterFids(layer.selectedFeatureIds()) if selected_only else request


def _unfiltered(layer: QgsVectorLayer) -> int:
    """How many features the layer had without its filter."""
    if not layer.subsetString():
        return int(layer.featureCount())
    whole = layer.clone()
    whole.setSubsetString("")
    return max(int(whole.featureCount()), int(layer.featureCount()))


def _is_rejected(value: Any) -> bool:
    return isinstance(value, str) and value.strip().lower() == REJECTED


def _plain(value: Any) -> Any:
    """A value without NULLs of Qt, numbers that are none, and characters that no file may hold."""
    if value is None or value == NULL or (isinstance(value, float) and value - value != 0.0):
        return None
    return CONTROL.sub("", value) if isinstance(value, str) else value
