"""From a region of the wire to a feature: fields and valid geometry; and what a feature says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from qgis.core import NULL, QgsFeature, QgsFields, QgsGeometry, QgsPointXY, QgsVectorLayer, QgsWkbTypes

from .errors import LayerError
from .protocol import RegionEvent
from .translation import tr

FIELDS = (
    "phrase:string(120)",
    "class:string(60)",
    "score:double",
    "area_m2:double",
    "perimeter_m:double",
    "turn:integer",
    "prompt:string(254)",
    "model:string(80)",
    "gsd_m:double",
    "target:integer",
    "review:string(10)",
    "source:string(254)",
    "time:string(25)",
)
ACCEPTED, REJECTED, OPEN = "accepted", "rejected", ""  # what stands in the field "review"
CATEGORY = """coalesce(nullif("class", ''), "phrase")"""


def fields_of(declarations: Sequence[str]) -> QgsFields:
    """Fields from their declarations, such as ``FIELDS``: QVariant for their types is gone in Qt 6."""
    uri = "NoGeometry?" + "&".join(f"field={declaration}" for declaration in declarations)
    return QgsVectorLayer(uri, "", "memory").fields()


def category_of(region: RegionEvent) -> str:
    """What a region is coloured by: its class, or its phrase where the model has no class."""
    return region.class_name[:60] or region.phrase[:120]


def feature_of(region: RegionEvent, fields: QgsFields, source: str, time: str) -> Optional[QgsFeature]:
    """The feature of a region, None where it has no area.

    Args:
        region: What arrived.
        fields: Of the layer; it may have more than ``FIELDS``, in any order.
        source: File or name of the raster.
        time: Of the question, ISO 8601.

    Raises:
        LayerError: If the geometry is not a Polygon.
    """
    geometry = multipolygon(region.geometry)
    if geometry is None:
        return None
    values = {
        "phrase": region.phrase[:120],
        "class": region.class_name[:60],
        "score": region.score,
        "area_m2": region.area_m2,
        "perimeter_m": region.perimeter_m,
        "turn": region.turn,
        "prompt": region.prompt[:254],
        "model": region.model[:80],
        "gsd_m": region.gsd_m,
        "target": region.target,
        "review": OPEN,
        "source": source[-254:],  # the end of a long path says more than its beginning
        "time": time[:25],
    }
    return new_feature(fields, geometry, values)


def new_feature(fields: QgsFields, geometry: QgsGeometry, values: dict[str, Any]) -> QgsFeature:
    """A feature with those of the values that the fields have a place for."""
    feature = QgsFeature(fields)
    feature.setGeometry(geometry)
    for name, value in values.items():
        index = fields.indexOf(name)
        if index >= 0:
            feature.setAttribute(index, value)
    return feature


def value_of(feature: QgsFeature, name: str) -> Any:
    """An attribute; None where it is NULL or the analyst has deleted the column."""
    index = feature.fieldNameIndex(name)
    value = feature.attribute(index) if index >= 0 else None
    return None if value == NULL else value


def category_in(feature: QgsFeature) -> str:
    """What a polygon is coloured and listed by: its class, or its phrase where it has no class."""
    return str(value_of(feature, "class") or value_of(feature, "phrase") or "")


def multipolygon(geojson: dict[str, Any]) -> Optional[QgsGeometry]:
    """A valid MultiPolygon from a GeoJSON Polygon; None where nothing of it has an area.

    Raises:
        LayerError: If it is not a Polygon.
    """
    if geojson.get("type") != "Polygon":
        raise LayerError(
            tr("The model process sent a geometry of type {kind!r}, expected a Polygon.", kind=geojson.get("type"))
        )
    rings = [[QgsPointXY(*point[:2]) for point in ring] for ring in geojson["coordinates"]]
    geometry = QgsGeometry.fromPolygonXY(rings)
    if not geometry.isGeosValid():
        geometry = geometry.makeValid()
    surfaces = [
        part
        for part in geometry.asGeometryCollection()
        if part.type() == QgsWkbTypes.GeometryType.PolygonGeometry and part.area() > 0
    ]
    if not surfaces:
        return None
    collected = QgsGeometry.collectGeometry(surfaces)
    collected.convertToMultiType()
    return collected
