"""Which pixels a question is about: a window on a raster file's own grid, or a picture that QGIS renders.

A file is read by the model process on its own pixel grid, because QGIS shows rotated and GCP rasters resampled.
"""

from __future__ import annotations

import os
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Optional

from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCsException,
    QgsGeometry,
    QgsMapSettings,
    QgsPointXY,
    QgsProviderRegistry,
    QgsRasterLayer,
)

from .areas import Area, AreaKind
from .contrast import shown_bands
from .errors import TileError
from .ground import lengths_m
from .outlines import moved, polygons_of, transform_between, wire_outline, world_of
from .protocol import Outline, PathTile, PixelTile, Tile
from .raster_grid import Grid, Window, grid_of, with_context
from .rendering import picture, picture_grid
from .translation import tr

NEAR = 1.1  # of the raster's extent: what lies farther away is cut off before it is brought into the raster's CRS
MISSES = {
    AreaKind.VIEW: tr("The view does not touch the raster. Zoom to the layer, or choose Whole layer."),
    AreaKind.DRAWN: tr("The box does not touch the raster. Draw one on the raster."),
    AreaKind.SELECTION: tr("The selected polygons do not touch the raster. Select some that lie on it."),
    AreaKind.TILE: tr("The tile does not touch the raster. Choose the address of one that does."),
}


@dataclass(frozen=True)
class Selection:
    """Pixels that can be asked about.

    Attributes:
        tile: What goes into the request.
        layer_id, name: The raster layer.
        crs: In which QGIS reads the raster's coordinates; invalid where the layer has none.
        sides_m: Ground lengths of a pixel along a row and along a column, at the middle; None where unknown.
        area: What was chosen.
        outline: Polygons in the tile's coordinates that limit the result; empty where that is all of the window.
        footprint: What will be looked at, as polygons in ``crs``.
        rendering: How QGIS makes the pixels; None where the model process reads them from the file.
        resampled_by_m: As ``sides_m``, by the georeference that the model process itself reads.
    """

    tile: Tile
    layer_id: str
    name: str
    crs: QgsCoordinateReferenceSystem
    sides_m: Optional[tuple[float, ...]]
    area: Area
    outline: Outline
    footprint: QgsGeometry
    rendering: Optional[QgsMapSettings] = None
    resampled_by_m: Optional[tuple[float, ...]] = None

    @property
    def size(self) -> tuple[int, int]:
        """(columns, rows)."""
        if isinstance(self.tile, PixelTile):
            return self.tile.width, self.tile.height
        return self.tile.window[2:] if self.tile.window else (0, 0)

    @property
    def gsd_m(self) -> Optional[float]:
        """Ground sampling distance at the middle, the geometric mean of the pixel's sides; None without a CRS."""
        return (self.sides_m[0] * self.sides_m[1]) ** 0.5 if self.sides_m else None

    @property
    def key(self) -> Hashable:
        """Equal for two selections of the same pixels and outline of the same layer."""
        return self.layer_id, self.tile, self.outline


def select(
    layer: Optional[QgsRasterLayer], area: Area, view: QgsMapSettings, resolution_m: Optional[float] = None
) -> Selection:
    """The pixels of a layer that lie in an area.

    The view and the whole layer are taken as they are; around an outline comes some context, and the outline limits
    the result.  A view that is turned against the raster limits it as well.

    Args:
        layer: Any raster layer.
        area: What was chosen.
        view: ``mapSettings()`` of the canvas.
        resolution_m: Metres per pixel at which a layer that only QGIS can read is rendered; None is the resolution of
            the view, and of a whole layer its own.

    Raises:
        TileError: If there is no layer, it cannot be read, the area does not touch it, or QGIS has to draw too
            many pixels.
    """
    if layer is None:
        raise TileError(tr("Add a raster layer to ask about it."))
    if not layer.isValid():
        raise TileError(
            tr(
                "The layer {layer} is broken: its source cannot be read. Repair its data source first.",
                layer=layer.name(),
            )
        )
    path = file_of(layer)
    if is_gone(layer):  # QGIS would go on drawing it, in black
        raise TileError(
            tr(
                "The file of the layer {layer} is gone: {path}. Put it back, or repair its source.",
                layer=layer.name(),
                path=path,
            )
        )
    dataset = open_dataset(path) if path else None
    wanted = None if area.kind is AreaKind.LAYER else _outline(area, layer, view)
    grid = picture_grid(layer, view, wanted, resolution_m) if dataset is None else grid_of(dataset)
    window, limits = _place(grid, area, wanted)
    outline = wire_outline(limits) if limits else ()
    footprint = limits or grid.rectangle(window)
    facts = layer.id(), layer.name(), layer.crs(), _sides_m(grid, window, layer.crs()), area, outline, footprint
    if dataset is None:
        tile, settings = picture(layer, grid, window)
        return Selection(tile, *facts, settings, facts[3])
    bands, stretch = shown_bands(layer)
    by_file = _sides_m(grid, window, crs_of(dataset))
    return Selection(PathTile(str(path), window, bands, stretch), *facts, None, by_file)


def source_of(selection: Selection) -> str:
    """What the polygons say that they were taken from: the path of a file, else the name of the layer."""
    return selection.tile.path if isinstance(selection.tile, PathTile) else selection.name


def file_of(layer: QgsRasterLayer) -> Optional[str]:
    """What the model process can open by itself, None for a layer that only QGIS can read."""
    if layer.providerType() != "gdal":
        return None
    parts = QgsProviderRegistry.instance().decodeUri("gdal", layer.source())
    path = layer.source() if parts.get("layerName") else str(parts.get("path") or layer.source())
    if path.startswith("/vsimem/") or path.startswith("MEM:"):
        return None  # memory of this process
    return os.path.abspath(path) if os.path.exists(path) else path


def is_gone(layer: QgsRasterLayer) -> bool:
    """Whether a layer was opened from a file that is no longer there."""
    if layer.providerType() != "gdal":
        return False
    path = str(QgsProviderRegistry.instance().decodeUri("gdal", layer.source()).get("path") or "")
    return os.path.isabs(path) and not path.startswith("/vsi") and not os.path.exists(path)


def open_dataset(path: str) -> Optional[Any]:
    """The raster opened by GDAL, None where it does not open (GDAL may be set to raise or to return nothing)."""
    try:
        return gdal.OpenEx(path, gdal.OF_RASTER)
    except RuntimeError:
        return None


def crs_of(dataset: Any) -> QgsCoordinateReferenceSystem:
    """The CRS that an open raster names itself, invalid where there is none."""
    wkt = dataset.GetProjection() or dataset.GetGCPProjection()
    return QgsCoordinateReferenceSystem.fromWkt(wkt) if wkt else QgsCoordinateReferenceSystem()


def _outline(area: Area, layer: QgsRasterLayer, view: QgsMapSettings) -> QgsGeometry:
    """The polygons of an area in the coordinates of a layer, roughly cut to its surroundings.

    A layer without a CRS is drawn by its numbers on the map, so there the map's CRS is its own; the same goes for
    polygons without a CRS.
    """
    if area.kind is AreaKind.TILE and not layer.crs().isValid():
        raise TileError(tr("The raster has no CRS, so no place on earth is found in it. Set its CRS, or draw a box."))
    map_crs = view.destinationCrs()
    if area.kind is AreaKind.VIEW or area.outline is None:
        corners = [QgsPointXY(point.x(), point.y()) for point in view.visiblePolygon()][:4]
        polygons, source = polygons_of(QgsGeometry.fromPolygonXY([[*corners, corners[0]]])), map_crs
    else:
        polygons, source = polygons_of(area.outline), area.crs if area.crs.isValid() else map_crs
    target = layer.crs() if layer.crs().isValid() else map_crs
    polygons = _cut(polygons, _surroundings(layer, target, source))
    if polygons.isEmpty():
        raise TileError(MISSES[area.kind])
    return moved(polygons, transform_between(source, target))


def _surroundings(
    layer: QgsRasterLayer, crs: QgsCoordinateReferenceSystem, target: QgsCoordinateReferenceSystem
) -> QgsGeometry:
    """A generous box around a layer in another CRS; empty where it cannot be said."""
    try:
        box = transform_between(crs, target).transformBoundingBox(layer.extent())
    except QgsCsException:
        return QgsGeometry()
    if not box.isFinite() or box.isEmpty():
        return QgsGeometry()
    box.scale(NEAR)
    return QgsGeometry.fromRect(box.intersect(world_of(target)))


def _cut(polygons: QgsGeometry, shape: QgsGeometry) -> QgsGeometry:
    """The part of polygons inside a shape, corner by corner as they were where all of them is; an empty shape cuts
    nothing off."""
    if shape.isEmpty() or shape.contains(polygons):
        return polygons
    return polygons_of(polygons.intersection(shape))


def _place(grid: Grid, area: Area, wanted: Optional[QgsGeometry]) -> tuple[Window, Optional[QgsGeometry]]:
    """The window to look at, and the polygons that limit the result, None where that is all of the window."""
    if wanted is None:
        return grid.window, None
    polygons = _cut(wanted, grid.rectangle(grid.window))
    if polygons.isEmpty():
        raise TileError(MISSES[area.kind])
    window = grid.window_of(polygons)
    if area.kind is not AreaKind.VIEW:
        window = with_context(grid, window)
    return window, None if grid.covered(window, polygons) else polygons


def _sides_m(grid: Grid, window: Window, crs: QgsCoordinateReferenceSystem) -> Optional[tuple[float, ...]]:
    col, row = window[0] + window[2] / 2, window[1] + window[3] / 2
    west, east, north, south = map(
        grid.to_map, ((col - 0.5, row), (col + 0.5, row), (col, row - 0.5), (col, row + 0.5))
    )
    return lengths_m(crs, (west, east), (north, south))
