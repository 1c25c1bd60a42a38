"""Which pixels a question is about: a window on a raster file's own grid, or a picture that QGIS renders.

A file is read by the model process on its own pixel grid, because QGIS shows rotated and GCP rasters resampled.
"""

from __future__ import annotations

import enum
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from osgeo import gdal
from qgis.core import (
    QgsContrastEnhancement,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsMapSettings,
    QgsMultiBandColorRenderer,
    QgsPointXY,
    QgsProject,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsSingleBandGrayRenderer,
)

from .errors import TileError
from .ground import ground_resolution_m
from .protocol import PathTile, PixelTile, Tile
from .rendering import plan_rendering

MAX_WINDOW_PIXELS = 400_000_000
EDGE_STEPS = 8  # points per edge of the view, so that an edge which a change of CRS bends is still covered
SNAP_PX = 1e-6  # a view edge this close to a pixel edge is on it

XY = tuple[float, float]


class Area(enum.Enum):
    """What part of a layer a question is about."""

    VIEW = "view"
    LAYER = "layer"


@dataclass(frozen=True)
class Selection:
    """Pixels that can be asked about.

    Attributes:
        tile: What goes into the request.
        layer_id, name: The raster layer.
        crs: In which QGIS reads the raster's coordinates; invalid where the layer has none.
        gsd_m: Ground sampling distance at the middle, None without a CRS.
        rendering: How QGIS makes the pixels; None where the model process reads them from the file.
    """

    tile: Tile
    layer_id: str
    name: str
    crs: QgsCoordinateReferenceSystem
    gsd_m: Optional[float]
    rendering: Optional[QgsMapSettings] = None

    @property
    def size(self) -> tuple[int, int]:
        """(columns, rows)."""
        if isinstance(self.tile, PixelTile):
            return self.tile.width, self.tile.height
        return self.tile.window[2:] if self.tile.window else (0, 0)


@dataclass(frozen=True)
class Grid:
    """The pixel grid of a raster file: its size, and the way between map coordinates and (col, row) of corners."""

    width: int
    height: int
    to_pixel: Callable[[XY], XY]
    to_map: Callable[[XY], XY]


def select(layer: Optional[QgsRasterLayer], area: Area, view: QgsMapSettings) -> Selection:
    """The pixels of a layer that lie in an area.

    Args:
        layer: Any raster layer.
        area: The whole layer, or the part that the map canvas shows.
        view: ``mapSettings()`` of the canvas.

    Raises:
        TileError: If there is no layer, it cannot be read, the view does not touch it, or there are too many pixels.
    """
    if layer is None:
        raise TileError("Add a raster layer to ask about it.")
    if not layer.isValid():
        raise TileError(f"The layer {layer.name()} is broken: its source cannot be read. Repair its data source first.")
    path = file_of(layer)
    dataset = open_dataset(path) if path else None
    polygon = view_polygon(view, layer.crs()) if area is Area.VIEW else None
    if dataset is None:
        picture, settings = plan_rendering(layer, view, polygon)
        gsd_m = ground_resolution_m(layer.crs(), *_centre_pixel(picture))
        return Selection(picture, layer.id(), layer.name(), layer.crs(), gsd_m, settings)
    grid = grid_of(dataset)
    window = pixel_window(grid, polygon) if polygon else (0, 0, grid.width, grid.height)
    _check_size(window)
    bands, stretch = shown_bands(layer)
    tile = PathTile(str(path), window, bands, stretch)
    return Selection(tile, layer.id(), layer.name(), layer.crs(), _gsd_of(grid, window, layer.crs()))


def file_of(layer: QgsRasterLayer) -> Optional[str]:
    """What the model process can open by itself, None for a layer that only QGIS can read."""
    if layer.providerType() != "gdal":
        return None
    parts = QgsProviderRegistry.instance().decodeUri("gdal", layer.source())
    path = layer.source() if parts.get("layerName") else str(parts.get("path") or layer.source())
    if path.startswith("/vsimem/") or path.startswith("MEM:"):
        return None  # memory of this process
    return os.path.abspath(path) if os.path.exists(path) else path


def open_dataset(path: str) -> Optional[Any]:
    """The raster opened by GDAL, None where it does not open (GDAL may be set to raise or to return nothing)."""
    try:
        return gdal.OpenEx(path, gdal.OF_RASTER)
    except RuntimeError:
        return None


def grid_of(dataset: Any) -> Grid:
    """The pixel grid of an open raster.

    Uses the geotransform, else the ground control points as QGIS does, else the coordinates in which QGIS draws an
    image without any: x = col, y = -row.

    Raises:
        TileError: If the geotransform gives pixels no area.
    """
    width, height = dataset.RasterXSize, dataset.RasterYSize
    forward = dataset.GetGeoTransform(can_return_null=True)
    if forward is None and dataset.GetGCPCount():
        gcps = gdal.Transformer(dataset, None, ["METHOD=GCP_POLYNOMIAL"])
        return Grid(width, height, lambda p: _by_gcps(gcps, True, p), lambda p: _by_gcps(gcps, False, p))
    forward = forward or (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
    backward = gdal.InvGeoTransform(forward)
    if backward is None:
        raise TileError(f"The geotransform {forward} gives pixels no area. Repair the raster's georeference first.")
    return Grid(
        width,
        height,
        lambda p: tuple(gdal.ApplyGeoTransform(backward, *p)),
        lambda p: tuple(gdal.ApplyGeoTransform(forward, *p)),
    )


def _by_gcps(transformer: Any, inverse: bool, point: XY) -> XY:
    ok, (x, y, _z) = transformer.TransformPoint(inverse, *point)
    return (x, y) if ok else (math.nan, math.nan)


def view_polygon(view: QgsMapSettings, crs: QgsCoordinateReferenceSystem) -> list[XY]:
    """The visible part of the map, rotation included, as points of its outline in ``crs``.

    Raises:
        TileError: If the view cannot be expressed in ``crs``.
    """
    corners = [QgsPointXY(p.x(), p.y()) for p in view.visiblePolygon()][:4]
    transform = QgsCoordinateTransform(view.destinationCrs(), crs, QgsProject.instance().transformContext())
    points = []
    try:
        for start, end in zip(corners, corners[1:] + corners[:1]):
            for step in range(EDGE_STEPS):
                part = step / EDGE_STEPS
                x, y = start.x() + (end.x() - start.x()) * part, start.y() + (end.y() - start.y()) * part
                moved = transform.transform(QgsPointXY(x, y))
                points.append((moved.x(), moved.y()))
    except QgsCsException as error:
        raise TileError("The view reaches beyond the area of the raster's CRS. Zoom in on the raster.") from error
    return points


def pixel_window(grid: Grid, polygon: Sequence[XY]) -> tuple[int, int, int, int]:
    """(col, row, width, height): the smallest window of whole pixels that holds the polygon's part of the raster.

    Raises:
        TileError: If the polygon does not touch the raster.
    """
    pixels = [p for p in map(grid.to_pixel, polygon) if all(map(math.isfinite, p))]
    if not pixels:
        raise TileError("The view cannot be found on the raster. Zoom in on the raster.")
    cols, rows = [p[0] for p in pixels], [p[1] for p in pixels]
    left, top = max(0, math.floor(min(cols) + SNAP_PX)), max(0, math.floor(min(rows) + SNAP_PX))
    right, bottom = min(grid.width, math.ceil(max(cols) - SNAP_PX)), min(grid.height, math.ceil(max(rows) - SNAP_PX))
    if right <= left or bottom <= top:
        raise TileError("The view does not touch the raster. Zoom to the layer, or choose Whole layer.")
    return left, top, right - left, bottom - top


def _check_size(window: tuple[int, int, int, int]) -> None:
    pixels = window[2] * window[3]
    if pixels > MAX_WINDOW_PIXELS:
        raise TileError(
            f"This area has {pixels / 1e6:,.0f} million pixels, at most {MAX_WINDOW_PIXELS / 1e6:,.0f} million are "
            "read at once. Zoom in and choose View."
        )


def shown_bands(layer: QgsRasterLayer) -> tuple[Optional[tuple[int, int, int]], Optional[tuple[XY, ...]]]:
    """The bands that the layer shows as red, green and blue, and the (minimum, maximum) that it stretches each over.

    None leaves the choice to the model process: palettes and colour ramps have no such bands.
    """
    renderer = layer.renderer()
    if isinstance(renderer, QgsMultiBandColorRenderer):
        bands = (renderer.redBand(), renderer.greenBand(), renderer.blueBand())
        contrasts = (
            renderer.redContrastEnhancement(),
            renderer.greenContrastEnhancement(),
            renderer.blueContrastEnhancement(),
        )
    elif isinstance(renderer, QgsSingleBandGrayRenderer):
        bands, contrasts = (renderer.grayBand(),) * 3, (renderer.contrastEnhancement(),) * 3
    else:
        return None, None
    if min(bands) < 1:
        return None, None
    stretch = tuple(_stretch_of(contrast) for contrast in contrasts)
    return bands, None if None in stretch else stretch  # type: ignore[return-value]


def _stretch_of(contrast: Optional[QgsContrastEnhancement]) -> Optional[XY]:
    none = QgsContrastEnhancement.ContrastEnhancementAlgorithm.NoEnhancement
    if contrast is None or contrast.contrastEnhancementAlgorithm() == none:
        return None
    low, high = contrast.minimumValue(), contrast.maximumValue()
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low < high else None


def _gsd_of(grid: Grid, window: tuple[int, int, int, int], crs: QgsCoordinateReferenceSystem) -> Optional[float]:
    col, row = window[0] + window[2] // 2, window[1] + window[3] // 2
    return ground_resolution_m(crs, *(grid.to_map(p) for p in ((col, row), (col + 1, row), (col, row + 1))))


def _centre_pixel(tile: PixelTile) -> list[XY]:
    a, b, c, d, e, f = tile.transform
    col, row = tile.width // 2, tile.height // 2
    return [(a * x + b * y + c, d * x + e * y + f) for x, y in ((col, row), (col + 1, row), (col, row + 1))]
