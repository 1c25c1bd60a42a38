"""What part of a raster a question is about, as the analyst chose it."""

from __future__ import annotations

import enum
import math
import re
from dataclasses import dataclass, field
from typing import Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsMapLayer,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)

from .errors import TileError
from .ground import metres_per_unit
from .outlines import polygons_of
from .translation import tr
from .wording import polygons

WEB_MERCATOR = "EPSG:3857"
MERCATOR_HALF_M = math.pi * 6378137.0
MAX_ZOOM = 30
MAX_POLYGONS = 10_000


class AreaKind(enum.Enum):
    """How an area was chosen."""

    VIEW = "view"
    DRAWN = "drawn"
    SELECTION = "selection"
    TILE = "tile"
    LAYER = "layer"


@dataclass(frozen=True)
class Area:
    """A part of a raster layer.

    Attributes:
        kind: How it was chosen.
        outline: Polygons in ``crs`` outside of which nothing is to be found; None for the view and the whole layer.
        crs: Of the outline.
        label: What to call it, such as "drawn box" or "3 polygons of parcels".
    """

    kind: AreaKind
    outline: Optional[QgsGeometry] = None
    crs: QgsCoordinateReferenceSystem = field(default_factory=QgsCoordinateReferenceSystem)
    label: str = ""


VIEW = Area(AreaKind.VIEW, label="view")
WHOLE_LAYER = Area(AreaKind.LAYER, label=tr("whole layer"))


def box(rect: QgsRectangle, crs: QgsCoordinateReferenceSystem) -> Area:
    """A rectangle in the coordinates of ``crs``.

    Raises:
        TileError: If it has no inside.
    """
    if rect.isEmpty() or not rect.isFinite():
        raise TileError(tr("The box has no area. Drag from one corner to the opposite one."))
    return Area(AreaKind.DRAWN, QgsGeometry.fromRect(rect), crs, tr("drawn box"))


def around(point: QgsPointXY, crs: QgsCoordinateReferenceSystem, size_m: float) -> Area:
    """The square of ``size_m`` metres on the ground around a point; units of ``crs`` where there is no ground.

    Raises:
        TileError: If the point lies outside the area of ``crs``, or the size is not positive.
    """
    scales = metres_per_unit(crs, point) if crs.isValid() else (1.0, 1.0)
    rect = QgsRectangle()
    if scales is not None and math.isfinite(size_m) and size_m > 0:
        half_width, half_height = size_m / 2 / scales[0], size_m / 2 / scales[1]
        x, y = point.x(), point.y()
        rect = QgsRectangle(x - half_width, y - half_height, x + half_width, y + half_height)
    if rect.isEmpty():  # also where the coordinates are so large that the square vanishes in them
        raise TileError(tr("There is no square of {size_m:g} m around this point. Click on the raster.", size_m=size_m))
    return Area(AreaKind.DRAWN, QgsGeometry.fromRect(rect), crs, tr("{size_m:g} m around a point", size_m=size_m))


def tile_address(text: str) -> Area:
    """The web mercator tile ``z/x/y`` (XYZ scheme, y from the north).

    Raises:
        TileError: If the address is malformed or there is no such tile.
    """
    address = re.sub(r"\s", "", text)
    if not re.fullmatch(r"[0-9]{1,10}/[0-9]{1,10}/[0-9]{1,10}", address):
        raise TileError(tr("A tile is z/x/y, three whole numbers such as 17/68650/45900."))
    zoom, column, row = map(int, address.split("/"))
    if zoom > MAX_ZOOM:
        raise TileError(
            tr(
                "The tile {address} has zoom {zoom}. Choose 0 to {max_zoom}.",
                address=address,
                zoom=zoom,
                max_zoom=MAX_ZOOM,
            )
        )
    count = 2**zoom
    if column >= count or row >= count:
        raise TileError(
            tr(
                "There is no tile {address}: at zoom {zoom} x and y run from 0 to {count}.",
                address=address,
                zoom=zoom,
                count=count - 1,
            )
        )
    side = 2.0 * MERCATOR_HALF_M / count
    west, north = column * side - MERCATOR_HALF_M, MERCATOR_HALF_M - row * side
    rect = QgsRectangle(west, north - side, west + side, north)
    crs = QgsCoordinateReferenceSystem(WEB_MERCATOR)
    return Area(AreaKind.TILE, QgsGeometry.fromRect(rect), crs, tr("tile {address}", address=address))


def address_in(view: QgsRectangle, crs: QgsCoordinateReferenceSystem) -> str:
    """Address of the largest tile around the middle of a view that is no wider than it; empty where there is none."""
    web = QgsCoordinateReferenceSystem(WEB_MERCATOR)
    transform = QgsCoordinateTransform(crs, web, QgsProject.instance().transformContext())
    try:
        there = transform.transformBoundingBox(view)
    except QgsCsException:
        return ""
    x, y, width = there.center().x(), there.center().y(), there.width()
    if not crs.isValid() or not width > 0 or not max(abs(x), abs(y)) < MERCATOR_HALF_M:
        return ""
    zoom = min(MAX_ZOOM, max(0, math.ceil(math.log2(2 * MERCATOR_HALF_M / width))))
    side = 2.0 * MERCATOR_HALF_M / 2**zoom
    return f"{zoom}/{math.floor((x + MERCATOR_HALF_M) / side)}/{math.floor((MERCATOR_HALF_M - y) / side)}"


def selected_polygons(layer: Optional[QgsMapLayer] = None) -> Area:
    """The selected polygons of a layer.

    Args:
        layer: The active layer; where nothing is selected in it, the one layer of the project with selected polygons.

    Raises:
        TileError: If no polygon is selected, polygons of several layers are, or they are too many.
    """
    chosen = selected_polygons_layer(layer)
    count = chosen.selectedFeatureCount()
    if count > MAX_POLYGONS:
        raise TileError(
            tr(
                "{count:,} polygons of {chosen} are selected. Select at most {max_polygons:,}.",
                count=count,
                chosen=chosen.name(),
                max_polygons=MAX_POLYGONS,
            )
        )
    shapes = [polygons_of(feature.geometry()) for feature in chosen.getSelectedFeatures()]
    outline = QgsGeometry.unaryUnion([shape for shape in shapes if not shape.isEmpty()])
    if outline.isEmpty():
        raise TileError(tr("The selected polygons of {chosen} have no area. Select others.", chosen=chosen.name()))
    label = tr("{polygons} of {chosen}", polygons=polygons(count), chosen=chosen.name())
    return Area(AreaKind.SELECTION, polygons_of(outline), chosen.crs(), label)


def selected_polygons_layer(layer: Optional[QgsMapLayer] = None) -> QgsVectorLayer:
    """The layer whose polygons are selected.

    Args:
        layer: The active layer; where nothing is selected in it, the one layer of the project with selected polygons.

    Raises:
        TileError: If no polygon is selected, or polygons of several layers are.
    """
    known = QgsProject.instance().mapLayers().values()
    layers = [layer] if layer and _selected(layer) else [each for each in known if _selected(each)]
    if not layers:
        raise TileError(tr("No polygon is selected. Select polygons of a vector layer on the map."))
    if len(layers) > 1:
        names = " and ".join(sorted(each.name() for each in layers))
        raise TileError(tr("Polygons are selected in {names}. Make one of these the active layer.", names=names))
    return layers[0]


def is_polygons(layer: QgsMapLayer) -> bool:
    """Whether a layer can hold selected polygons."""
    return isinstance(layer, QgsVectorLayer) and layer.geometryType() == QgsWkbTypes.GeometryType.PolygonGeometry


def _selected(layer: QgsMapLayer) -> bool:
    return is_polygons(layer) and layer.selectedFeatureCount() > 0
