"""Which pixels of a raster a box, a web map tile or a point means."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from .errors import ExtentError
from .geodesy import apply
from .grid import Grid, grid_of
from .raster_info import outline
from .raster_source import open_raster

Box = tuple[float, float, float, float]
Pixels = tuple[int, int, int, int]
Floats = NDArray[np.float64]
MAX_ZOOM = 30
MERCATOR_HALF_M = math.pi * 6378137.0
EDGE_TOLERANCE_PX = 1e-4  # a box that ends on a pixel edge, but for rounding, does not take the next pixel


def window_for_bbox(path: str | Path, bbox: Box, bbox_crs: str | None = None) -> Pixels:
    """The pixels that a box covers or touches, cut to the raster.

    Args:
        path: A raster that GDAL opens.
        bbox: (x min, y min, x max, y max); x is longitude or easting, whatever the CRS's own axis order.
        bbox_crs: CRS of the box; None is the raster's (pixel coordinates, y = -row, where it has no georeference).

    Returns:
        (col, row, width, height).

    Raises:
        ExtentError: If the box is not finite, empty, has swapped corners or lies outside the raster, or if a CRS is
            given for a raster without one.
        RasterError: If the raster cannot be opened.
    """
    _check_box(bbox)
    return _find(path, bbox, bbox_crs, bbox_crs, f"The box {_show(bbox)}")


def window_for_tile(path: str | Path, address: str) -> Pixels:
    """The pixels of a web mercator tile ``z/x/y`` (XYZ scheme, y from the north), as ``window_for_bbox``.

    Raises:
        ExtentError: If the address is malformed or the tile lies outside the raster.
        RasterError: If the raster cannot be opened.
    """
    if not re.fullmatch(r"[0-9]{1,10}/[0-9]{1,10}/[0-9]{1,10}", address):
        raise ExtentError(
            f"The tile address {address[:40]!r} is not z/x/y, three whole numbers such as 18/140123/89011."
        )
    zoom, column, row = map(int, address.split("/"))
    if zoom > MAX_ZOOM:
        raise ExtentError(f"The tile address {address} has zoom {zoom}; expected 0 to {MAX_ZOOM}.")
    count = 2**zoom
    if column >= count or row >= count:
        raise ExtentError(
            f"The tile address {address} does not exist; at zoom {zoom} x and y run from 0 to {count - 1}."
        )
    side = 2.0 * MERCATOR_HALF_M / count
    west, north = column * side - MERCATOR_HALF_M, MERCATOR_HALF_M - row * side
    return _find(path, (west, north - side, west + side, north), "EPSG:3857", "EPSG:3857", f"The tile {address}")


def window_for_point(path: str | Path, lon: float, lat: float, size_m: float) -> Pixels:
    """The pixels of a square of ``size_m`` metres around a point (EPSG:4326), as ``window_for_bbox``.

    Raises:
        ExtentError: If the point or the size is impossible, or the square lies outside the raster.
        RasterError: If the raster cannot be opened.
    """
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lat) <= 90.0 and abs(lon) <= 360.0):
        raise ExtentError(f"The point {lon:g},{lat:g} is not on earth; give lon,lat with the latitude from -90 to 90.")
    if not (math.isfinite(size_m) and 0.0 < size_m <= 1e7):
        raise ExtentError(f"The size is {size_m:g} m; give metres above 0 and up to 10,000 km.")
    half = size_m / 2.0
    local = f"+proj=aeqd +lon_0={lon!r} +lat_0={lat!r} +datum=WGS84 +units=m +type=crs"
    what = f"The square of {size_m:g} m around longitude {lon:g}, latitude {lat:g}"
    return _find(path, (-half, -half, half, half), local, "EPSG:4326", what)


def _find(path: str | Path, box: Box, crs: str | None, said_crs: str | None, what: str) -> Pixels:
    """The pixels under ``box``; an error names ``what`` and tells in ``said_crs`` where the raster is."""
    with open_raster(path) as dataset:
        grid = grid_of(dataset)
        x, y = _in_raster_crs(*outline(*box), grid, crs)
        window = _window(dataset, grid, x, y)
        if window is None:
            raise ExtentError(f"{what} lies outside the raster, which covers {_covers(dataset, grid, said_crs)}.")
        return window


def _check_box(bbox: Box) -> None:
    """Refuses boxes without an inside."""
    if len(bbox) != 4 or not all(map(math.isfinite, bbox)):
        raise ExtentError(f"The box is {bbox!r}; give four finite numbers x min, y min, x max, y max.")
    x0, y0, x1, y1 = bbox
    if x0 == x1 or y0 == y1:
        raise ExtentError(f"The box {_show(bbox)} has no area; its corners must differ in x and in y.")
    for axis, low, high in (("x", x0, x1), ("y", y0, y1)):
        if low > high:
            raise ExtentError(
                f"The box {_show(bbox)} has swapped corners: its {axis} min {low:g} is above its {axis} max {high:g}; "
                "give x min, y min, x max, y max, and split a box at the 180th meridian."
            )


def _in_raster_crs(x: Floats, y: Floats, grid: Grid, crs: str | None) -> tuple[Floats, Floats]:
    """Points in the coordinates of the grid, longitudes without jumps."""
    if crs is None:
        return x, y
    if grid.crs is None:
        raise ExtentError(
            "The raster has no CRS, so a place on earth cannot be found in it; give --bbox in its own coordinates, "
            "without --bbox-crs, or assign a CRS."
        )
    try:
        transformer = Transformer.from_crs(CRS.from_user_input(crs), grid.crs, always_xy=True)
    except (CRSError, ProjError) as error:
        raise ExtentError(f"The CRS {crs[:60]!r} is not known; give an authority code such as EPSG:4326.") from error
    x, y = transformer.transform(x, y)
    if not np.isfinite([x, y]).all():
        raise ExtentError(f"Part of the box has no coordinates in the raster's CRS ({grid.crs.name}); make it smaller.")
    return (np.unwrap(x, period=360.0) if grid.crs.is_geographic else x), y


def _window(dataset: rasterio.DatasetReader, grid: Grid, x: Floats, y: Floats) -> Pixels | None:
    """Pixels that an outline covers, None where it misses the raster; longitudes also fit a full turn away."""
    turns = (0.0, 360.0, -360.0) if grid.crs is not None and grid.crs.is_geographic else (0.0,)
    for turn in turns:
        col, row = apply(~grid.transform, x + turn, y)
        left, width = _span(col, dataset.width)
        top, height = _span(row, dataset.height)
        if width > 0 and height > 0:
            return left, top, width, height
    return None


def _span(position: Floats, size: int) -> tuple[int, int]:
    """First pixel and number of pixels of 0..size between the lowest and the highest position."""
    low, high = float(position.min()), float(position.max())
    if high <= 0.0 or low >= size:
        return 0, 0
    first = max(math.floor(low + EDGE_TOLERANCE_PX), 0)
    last = min(math.ceil(high - EDGE_TOLERANCE_PX), size)
    first = min(first, size - 1)
    return first, max(last - first, 1)


def _covers(dataset: rasterio.DatasetReader, grid: Grid, crs: str | None) -> str:
    """Where the raster is, in ``crs`` or else in its own coordinates."""
    x, y = apply(grid.transform, *outline(0, 0, dataset.width, dataset.height))
    if crs is not None and grid.crs is not None:
        x, y = Transformer.from_crs(grid.crs, CRS.from_user_input(crs), always_xy=True).transform(x, y)
    return f"{_show((x.min(), y.min(), x.max(), y.max()))} in {crs or 'its own coordinates'}"


def _show(box: Box) -> str:
    return ",".join(f"{value:.9g}" for value in box)
