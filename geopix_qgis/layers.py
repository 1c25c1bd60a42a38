"""Polygons of answers as a QGIS layer: fields, style, place in the layer tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFillSymbol,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsRendererCategory,
    QgsVectorLayer,
    QgsWkbTypes,
)

from . import palette
from .errors import LayerError
from .protocol import RegionEvent
from .qt import QtGui

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
)
CATEGORY = """coalesce(nullif("class", ''), "phrase")"""
FILL_ALPHA = 51  # 20 %


class ResultLayer:
    """The polygon layer that holds the answers about one raster.

    Attributes:
        layer: The memory layer, owned by the project.
        colours: Colour by category (class, or phrase where the model has no class).
    """

    def __init__(self, raster_name: str, crs: QgsCoordinateReferenceSystem) -> None:
        """Makes an empty layer in the group ``GeoPix - <raster_name>`` at the top of the layer tree.

        Args:
            raster_name: What the answers are about.
            crs: Of the polygons; invalid for pixel coordinates.
        """
        place = f"crs={crs.authid()}&" if crs.authid() else ""
        uri = "MultiPolygon?" + place + "&".join(f"field={field}" for field in FIELDS)
        self.layer = QgsVectorLayer(uri, "GeoPix answers", "memory")
        self.layer.setCrs(crs)  # a memory layer without one in its URI claims the default CRS
        self.layer_id: str = self.layer.id()
        self.colours: dict[str, str] = {}
        self._restyle()
        project = QgsProject.instance()
        project.addMapLayer(self.layer, False)
        root, name = project.layerTreeRoot(), f"GeoPix - {raster_name}"
        group = root.findGroup(name) or root.insertGroup(0, name)
        group.insertLayer(0, self.layer)
        group.setExpanded(False)  # the tree listens to changes only, and could not open the group while it was empty
        group.setExpanded(True)

    @property
    def alive(self) -> bool:
        """Whether the analyst has not removed the layer."""
        return QgsProject.instance().mapLayer(self.layer_id) is not None

    def add(self, regions: Sequence[RegionEvent]) -> list[Optional[int]]:
        """Adds polygons; gives their feature ids, in order, None for one that has no area.

        Raises:
            LayerError: If the layer was removed or takes no features.
        """
        if not self.alive:
            raise LayerError("The layer of the answers was removed while polygons arrived. Ask again to get a new one.")
        features = [self._feature(region) for region in regions]
        ok, added = self.layer.dataProvider().addFeatures([feature for feature in features if feature is not None])
        if not ok:
            raise LayerError(f"{len(features)} polygons could not be added to the layer {self.layer.name()}.")
        ids = iter([feature.id() for feature in added])
        new = [name for name in map(category_of, regions) if name not in self.colours]
        for name in new:
            self.colours.setdefault(name, palette.choose(name, self.colours))
        if new:
            self._restyle()
        self.layer.updateExtents()
        self.layer.triggerRepaint()
        return [None if feature is None else next(ids) for feature in features]

    def extent_of(self, ids: Sequence[int]) -> QgsRectangle:
        """Bounding box of features, in the layer's CRS; empty where none is left."""
        box = QgsRectangle()
        for feature in self.layer.getFeatures(list(ids)):
            box.combineExtentWith(feature.geometry().boundingBox())
        return box

    def _feature(self, region: RegionEvent) -> Optional[QgsFeature]:
        geometry = multipolygon(region.geometry)
        if geometry is None:
            return None
        feature = QgsFeature(self.layer.fields())
        feature.setGeometry(geometry)
        feature.setAttributes(
            [
                region.phrase[:120],
                region.class_name[:60],
                region.score,
                region.area_m2,
                region.perimeter_m,
                region.turn,
                region.prompt[:254],
                region.model[:80],
                region.gsd_m,
            ]
        )
        return feature

    def _restyle(self) -> None:
        categories = [QgsRendererCategory(name, fill(colour), name) for name, colour in self.colours.items()]
        self.layer.setRenderer(QgsCategorizedSymbolRenderer(CATEGORY, categories))


def category_of(region: RegionEvent) -> str:
    """What a region is coloured by: its class, or its phrase where the model has no class."""
    return region.class_name[:60] or region.phrase[:120]


def fill(colour: str) -> QgsFillSymbol:
    """A fill of 20 % with an outline of the full colour."""
    rgb = QtGui.QColor(colour)
    inside = f"{rgb.red()},{rgb.green()},{rgb.blue()},{FILL_ALPHA}"
    return QgsFillSymbol.createSimple(
        {"color": inside, "outline_color": colour, "outline_width": "0.46", "outline_width_unit": "MM"}
    )


def multipolygon(geojson: dict[str, Any]) -> Optional[QgsGeometry]:
    """A valid MultiPolygon from a GeoJSON Polygon; None where nothing of it has an area.

    Raises:
        LayerError: If it is not a Polygon.
    """
    if geojson.get("type") != "Polygon":
        raise LayerError(f"The model process sent a geometry of type {geojson.get('type')!r}, expected a Polygon.")
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
