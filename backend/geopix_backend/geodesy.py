"""Coordinate reference systems, longitude and latitude, and lengths on the ellipsoid."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import shapely
from affine import Affine
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError

from .errors import RasterError

EARTH_RADIUS_M = 6.4e6
MAX_SEGMENTS = 10_000
SEGMENT_M = 1000.0  # over this length a straight line of a map projection leaves the geodesic by centimetres


@lru_cache(maxsize=32)
def parse_crs(text: str) -> CRS | None:
    """The horizontal CRS that ``text`` (WKT, code) describes; None for empty text and for local, engineering ones.

    Raises:
        RasterError: If the text is not a CRS.
    """
    if not text:
        return None
    try:
        crs = CRS.from_user_input(text)
    except CRSError as error:
        raise RasterError(f"The CRS {text[:60]!r} is not known; give an authority code such as EPSG:32633.") from error
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    return crs if crs.geodetic_crs is not None and not crs.is_geocentric else None


def to_lonlat(crs: CRS, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitude and latitude in degrees on the CRS's own datum (so without a datum shift); inf where there is none."""
    transformer, degrees = _lonlat_transformer(_Same(crs))
    lon, lat = transformer.transform(np.asarray(x), np.asarray(y))
    return np.asarray(lon) * degrees, np.asarray(lat) * degrees


class _Same:
    """A CRS as a key: the very object, since comparing two, or hashing one, writes each out as WKT."""

    def __init__(self, crs: CRS) -> None:
        self.crs = crs

    def __hash__(self) -> int:
        return id(self.crs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.crs is other.crs


@lru_cache(maxsize=16)
def _lonlat_transformer(same: _Same) -> tuple[Transformer, float]:
    """The way to the CRS's own longitude and latitude, and degrees per unit of them; kept, since making it is slow."""
    crs, geodetic = same.crs, same.crs.geodetic_crs
    if geodetic is None:
        raise RasterError(f"The CRS {crs.name!r} does not lead to longitude and latitude; assign another CRS.")
    degrees = math.degrees(geodetic.axis_info[0].unit_conversion_factor)
    return Transformer.from_crs(crs, geodetic, always_xy=True), degrees


@lru_cache(maxsize=16)
def _geod(same: _Same) -> Geod | None:
    """The ellipsoid of a CRS; None where it has none."""
    return same.crs.get_geod()


def densified(polygons: ArrayLike, crs: CRS) -> NDArray[np.object_]:
    """Polygons whose edges are short enough to stay straight in longitude and latitude.

    That is ``SEGMENT_M``, or 1/``MAX_SEGMENTS`` of the extent where that is longer.
    """
    polygons = np.asarray(polygons, dtype=object)
    unit = crs.axis_info[0].unit_conversion_factor  # metres, or radians where geographic
    length = SEGMENT_M / (unit * EARTH_RADIUS_M if crs.is_geographic else unit)
    x0, y0, x1, y1 = shapely.total_bounds(polygons)
    length = max(length, (x1 - x0 + y1 - y0) / MAX_SEGMENTS)
    west, south, east, north = shapely.bounds(polygons).T
    long = np.maximum(east - west, north - south) > length / 2  # no edge of the others can be too long
    if long.any() and _longest(polygons[long]) > length:
        polygons = polygons.copy()
        polygons[long] = shapely.segmentize(polygons[long], length)
    return polygons


def _longest(polygons: NDArray[np.object_]) -> float:
    """Length of the longest edge: splitting copies all points, also where there is nothing to split."""
    _, points, offsets = shapely.to_ragged_array(polygons)
    step = np.hypot(*np.diff(points, axis=0).T)
    step[offsets[0][1:-1] - 1] = 0.0  # from one ring to the next
    return float(step.max(initial=0.0))


def pixel_size_m(transform: Affine, crs: CRS | None, col: float, row: float) -> tuple[float, float] | None:
    """Geodesic ground lengths in metres of one step along a row and of one step along a column, around (col, row).

    None without a CRS, or where the place has no longitude and latitude.
    """
    geod = _geod(_Same(crs)) if crs is not None else None
    if crs is None or geod is None:
        return None
    cols = np.array([col - 0.5, col + 0.5, col, col])
    rows = np.array([row, row, row - 0.5, row + 0.5])
    lon, lat = to_lonlat(crs, *apply(transform, cols, rows))
    if not np.isfinite([lon, lat]).all() or np.abs(lat).max() > 90.0:
        return None
    along_row, along_col = geod.inv(lon[::2], lat[::2], lon[1::2], lat[1::2])[2]
    return (float(along_row), float(along_col)) if along_row > 0 and along_col > 0 else None


def ground_matrix(crs: CRS | None, x: float, y: float) -> NDArray[np.float64]:
    """(2, 2) from CRS units around (x, y) to metres east and north; nothing changes where there is no such place."""
    geod = _geod(_Same(crs)) if crs is not None else None
    if crs is None or geod is None:
        return np.eye(2)
    step = 1.0 / crs.axis_info[0].unit_conversion_factor  # about a metre, or a radian
    step = step / EARTH_RADIUS_M if crs.is_geographic else step
    lon, lat = to_lonlat(crs, x + np.array([0, step, 0]), y + np.array([0, 0, step]))
    if not np.isfinite([lon, lat]).all():
        return np.eye(2)
    azimuth, _, length = geod.inv(lon[[0, 0]], lat[[0, 0]], lon[1:], lat[1:])
    east, north = length * np.sin(np.radians(azimuth)), length * np.cos(np.radians(azimuth))
    return np.array([east, north]) / step


def apply(transform: Affine, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The affine transform of arrays of points."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    return (
        transform.a * x + transform.b * y + transform.c,
        transform.d * x + transform.e * y + transform.f,
    )
