"""Pixel grids: the way between map coordinates and (col, row) of pixel corners, and windows on them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from osgeo import gdal
from qgis.core import QgsGeometry, QgsRectangle

from .errors import TileError
from .outlines import XY, mapped
from .translation import tr

SNAP_PX = 1e-6  # an edge this close to a pixel edge is on it
CONTEXT_PX = 32  # around a chosen outline: the model sees things better in their surroundings
LEAST_SIDE_PX = 256  # of a window around a chosen outline, where the raster has them
EDGE_STEPS = 16  # pieces of an edge where pixel and map coordinates bend against each other

Window = tuple[int, int, int, int]  # col, row, width, height


@dataclass(frozen=True)
class Grid:
    """The pixel grid of a raster.

    Attributes:
        width, height: Columns and rows.
        to_pixel, to_map: The way between map coordinates and (col, row) of corners.
        straight: Whether straight lines stay straight on that way.
    """

    width: int
    height: int
    to_pixel: Callable[[XY], XY]
    to_map: Callable[[XY], XY]
    straight: bool = True

    @property
    def window(self) -> Window:
        """All of it."""
        return 0, 0, self.width, self.height

    def rectangle(self, window: Window) -> QgsGeometry:
        """The outline of a window in map coordinates."""
        return self._placed(*window)

    def window_of(self, polygons: QgsGeometry) -> Window:
        """The smallest window that holds polygons in map coordinates; see ``pixel_window``."""
        # Where lines stay straight, the hull has all corners that count.
        shape = polygons.convexHull() if self.straight else polygons.densifyByCount(EDGE_STEPS - 1)
        return pixel_window(self, [(point.x(), point.y()) for point in shape.vertices()])

    def covered(self, window: Window, polygons: QgsGeometry) -> bool:
        """Whether polygons in map coordinates hold all of a window but at most a pixel at its edges."""
        col, row, width, height = window
        edge = min(1.0, width / 4, height / 4)
        return polygons.contains(self._placed(col + edge, row + edge, width - 2 * edge, height - 2 * edge))

    def _placed(self, col: float, row: float, width: float, height: float) -> QgsGeometry:
        shape = QgsGeometry.fromRect(QgsRectangle(col, row, col + width, row + height))
        if not self.straight:
            shape = shape.densifyByCount(EDGE_STEPS - 1)
        return mapped(shape, lambda ring: [self.to_map(point) for point in ring])


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
        return Grid(width, height, lambda p: _by_gcps(gcps, True, p), lambda p: _by_gcps(gcps, False, p), False)
    return affine_grid(width, height, forward or (0.0, 1.0, 0.0, 0.0, 0.0, -1.0))


def affine_grid(width: int, height: int, forward: Sequence[float]) -> Grid:
    """A grid by a geotransform in GDAL's order: x = f0 + f1 col + f2 row, y = f3 + f4 col + f5 row.

    Raises:
        TileError: If it gives pixels no area.
    """
    backward = gdal.InvGeoTransform(forward)
    if backward is None:
        raise TileError(
            tr(
                "The geotransform {forward} gives pixels no area. Repair the raster's georeference first.",
                forward=forward,
            )
        )
    return Grid(
        width,
        height,
        lambda p: tuple(gdal.ApplyGeoTransform(backward, *p)),
        lambda p: tuple(gdal.ApplyGeoTransform(forward, *p)),
    )


def pixel_window(grid: Grid, points: Sequence[XY]) -> Window:
    """The smallest window of whole pixels that holds what lies between some points, cut to the raster.

    Raises:
        TileError: If that is nothing.
    """
    pixels = [p for p in map(grid.to_pixel, points) if all(map(math.isfinite, p))]
    if not pixels:
        raise TileError(tr("The area cannot be found on the raster. Zoom in on the raster."))
    cols, rows = [p[0] for p in pixels], [p[1] for p in pixels]
    left, top = max(0, math.floor(min(cols) + SNAP_PX)), max(0, math.floor(min(rows) + SNAP_PX))
    right, bottom = min(grid.width, math.ceil(max(cols) - SNAP_PX)), min(grid.height, math.ceil(max(rows) - SNAP_PX))
    if right <= left or bottom <= top:
        raise TileError(tr("The area does not touch the raster. Zoom to the layer, or choose Whole layer."))
    return left, top, right - left, bottom - top


def with_context(grid: Grid, window: Window) -> Window:
    """The window with some surroundings, at least ``LEAST_SIDE_PX`` on a side, as far as the raster reaches."""
    left, width = _widened(window[0], window[2], grid.width)
    top, height = _widened(window[1], window[3], grid.height)
    return left, top, width, height


def _widened(first: int, length: int, side: int) -> tuple[int, int]:
    """(first, length) along one side of the raster."""
    start, end = max(0, first - CONTEXT_PX), min(side, first + length + CONTEXT_PX)
    missing = min(side, LEAST_SIDE_PX) - (end - start)
    if missing > 0:
        start = min(max(0, start - missing // 2), side - (end - start + missing))
        end = start + min(side, LEAST_SIDE_PX)
    return start, end - start


def _by_gcps(transformer: Any, inverse: bool, point: XY) -> XY:
    ok, (x, y, _z) = transformer.TransformPoint(inverse, *point)
    return (x, y) if ok else (math.nan, math.nan)
