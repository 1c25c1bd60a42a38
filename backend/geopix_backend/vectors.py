"""Masks to polygons with exact pixel edges, and their size on the ground."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Geod
from shapely import Polygon

from .geodesy import apply, densified, to_lonlat
from .outlines import trace


def polygons(
    mask: NDArray[np.bool_], transform: Affine, *, min_area_px: float = 12, simplify_px: float = 0.0
) -> list[Polygon]:
    """Outlines of the true areas of a mask, largest first.

    Args:
        mask: (H, W) bool, row 0 at the top of the tile.
        transform: From (col, row) of a pixel corner to CRS units; may rotate.
        min_area_px: Areas and holes smaller than this many pixels are dropped.
        simplify_px: Vertices closer than this many pixels to the simplified outline are dropped (Douglas-Peucker).

    Returns:
        Valid polygons in CRS units.  Pixels that meet only at a corner are not joined.
    """
    found = trace(mask, min_area_px)
    if simplify_px > 0.0 and found:
        found = [p for p in _simplified(found, simplify_px) if p.area >= min_area_px]
    found.sort(key=lambda polygon: -polygon.area)
    moved = shapely.transform(np.array(found, dtype=object), lambda xy: np.column_stack(apply(transform, *xy.T)))
    return list(moved)


def rectangle(corners: tuple[float, float, float, float], transform: Affine) -> Polygon:
    """A rectangle in pixels as a polygon in CRS units.

    Args:
        corners: (x1, y1, x2, y2), x to the right and y down, in pixel corners.
        transform: From (col, row) of a pixel corner to CRS units; may rotate.
    """
    x1, y1, x2, y2 = corners
    ring = np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], dtype=np.float64)
    return Polygon(np.column_stack(apply(transform, *ring.T)))


def _simplified(found: Sequence[Polygon], simplify_px: float) -> list[Polygon]:
    """Simplified polygons: those that cross themselves are cut into valid ones, those that vanish stay as they were."""
    before = np.array(found, dtype=object)
    after = shapely.simplify(before, simplify_px, preserve_topology=False)
    after = np.where(shapely.is_empty(after), before, after)
    broken = ~shapely.is_valid(after)
    after[broken] = shapely.make_valid(after[broken], method="structure")
    parts = shapely.get_parts(shapely.get_parts(after))
    return list(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])


def measure(polygons: Sequence[Polygon], crs: CRS | None) -> list[tuple[float | None, float | None]]:
    """Area in square metres and perimeter in metres (outer ring and holes) of each polygon, on the CRS's ellipsoid.

    (None, None) without a CRS, and where a polygon has no longitude and latitude.
    """
    geod = crs.get_geod() if crs is not None else None
    if crs is None or geod is None or len(polygons) == 0:
        return [(None, None)] * len(polygons)
    lonlat = shapely.transform(densified(polygons, crs), lambda xy: np.column_stack(to_lonlat(crs, *xy.T)))
    return [_measure(polygon, geod) for polygon in lonlat]


def _measure(lonlat: Polygon, geod: Geod) -> tuple[float | None, float | None]:
    """Area and perimeter of a polygon in degrees, whichever way its rings run."""
    area = perimeter = 0.0
    for sign, ring in [(1.0, lonlat.exterior), *((-1.0, hole) for hole in lonlat.interiors)]:
        ring_area, ring_perimeter = geod.polygon_area_perimeter(*shapely.get_coordinates(ring).T)
        area += sign * abs(ring_area)
        perimeter += ring_perimeter
    if not (math.isfinite(area) and math.isfinite(perimeter)):
        return None, None
    return area, perimeter
