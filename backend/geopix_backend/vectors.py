"""Masks, label rasters and logits to polygons in a CRS, and their size on the ground."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from shapely import MultiPolygon, Polygon

from .contours import contours
from .geodesy import apply, densified, to_lonlat
from .outlines import Outlines, trace
from .simplify import simplify

Geometries = NDArray[np.object_]


def polygons(
    mask: NDArray[np.bool_], transform: Affine, *, min_area_px: float = 12, simplify_px: float = 0.0
) -> list[Polygon]:
    """Outlines of the true areas of a mask, largest first.

    Args:
        mask: (H, W) bool, row 0 at the top of the tile.
        transform: From (col, row) of a pixel corner to CRS units; may rotate, mirror and shear.
        min_area_px: Areas and holes smaller than this many pixels are dropped.
        simplify_px: The outlines may leave the pixel edges by this much, to have fewer points (see ``simplify``).

    Returns:
        Valid polygons in CRS units.  Pixels that meet only at a corner are not joined.
    """
    found = placed(simplify(trace(mask, min_area_px), simplify_px), transform)
    return list(found[np.argsort(-shapely.area(found), kind="stable")])


def smooth_polygons(
    logits: NDArray[np.float32],
    transform: Affine,
    *,
    labels: NDArray[np.integer[Any]] | None = None,
    min_area_px: float = 12,
    simplify_px: float = 0.0,
) -> Geometries:
    """Polygons where logits are positive, with sub-pixel edges, from the top; else as ``polygons``.

    Args:
        logits: (H, W) float, NaN where nothing is known (see ``contours``).
        labels: (H, W) which of these pixels are of one thing, if things touch; the polygons then come by label.
    """
    found = simplify(contours(logits, min_area_px, labels), simplify_px, stairs=False)
    # Outlines come strip by strip of the array, those of labels that end further up first.
    return placed(found, transform)[np.argsort(found.values, kind="stable")]


def placed(outlines: Outlines, transform: Affine) -> Geometries:
    """Outlines in pixel coordinates as polygons in CRS units."""
    points = np.column_stack(apply(transform, *outlines.points.T))
    return Outlines(points, outlines.rings, outlines.shells, outlines.values).geometries()


def moved(polygons: Sequence[Polygon | MultiPolygon] | Geometries, transform: Affine) -> Geometries:
    """Polygons in pixel coordinates as polygons in CRS units."""
    found = np.asarray(polygons, dtype=object)
    return np.asarray(shapely.transform(found, lambda xy: np.column_stack(apply(transform, *xy.T))))


def rectangles(corners: NDArray[np.float64], transform: Affine) -> Geometries:
    """Rectangles in pixels as polygons in CRS units.

    Args:
        corners: (n, 4) of x1, y1, x2, y2: x to the right and y down, in pixel corners.
        transform: From (col, row) of a pixel corner to CRS units; may rotate.
    """
    return moved(shapely.box(*corners.T, ccw=False), transform)


def geojson(polygons: Sequence[Polygon] | Geometries) -> Iterator[dict[str, object]]:
    """Each polygon as ``shapely.geometry.mapping`` gives it; many small ones in a third of its time."""
    if len(polygons):
        points, rings, shells = _rings(np.asarray(polygons, dtype=object))
        pairs, ends = tuple(zip(*points.T.tolist(), strict=True)), rings.tolist()
        for first, last in pairwise(shells.tolist()):
            coordinates = tuple(pairs[begin:end] for begin, end in pairwise(ends[first : last + 1]))
            yield {"type": "Polygon", "coordinates": coordinates}


def measure(polygons: Sequence[Polygon] | Geometries, crs: CRS | None) -> list[tuple[float | None, float | None]]:
    """Area in square metres and perimeter in metres (outer ring and holes) of each polygon, on the CRS's ellipsoid.

    (None, None) without a CRS, and where a polygon has no longitude and latitude.
    """
    areas, perimeters = sizes(polygons, crs)
    known = np.isfinite(areas) & np.isfinite(perimeters)
    pairs = zip(areas.tolist(), perimeters.tolist(), known.tolist(), strict=True)
    return [(area, perimeter) if there else (None, None) for area, perimeter, there in pairs]


def sizes(polygons: Sequence[Polygon] | Geometries, crs: CRS | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n,) areas in square metres and (n,) perimeters in metres, not finite where they are unknown.

    The numbers are those of pyproj's ``Geod.polygon_area_perimeter`` for each ring, to the last bit; they come three
    times as fast as by ``geometry_area_perimeter``, which asks shapely for each polygon.
    """
    geod = crs.get_geod() if crs is not None else None
    if crs is None or geod is None or len(polygons) == 0:
        unknown = np.full(len(polygons), np.nan)
        return unknown, unknown
    points, rings, shells = _rings(densified(polygons, crs))
    lon, lat = (array("d", np.ascontiguousarray(v).tobytes()) for v in to_lonlat(crs, points[:, 0], points[:, 1]))
    ends = rings.tolist()
    pairs = (geod.polygon_area_perimeter(lon[first:last], lat[first:last]) for first, last in pairwise(ends))
    measured = np.fromiter(chain.from_iterable(pairs), np.float64, 2 * (len(ends) - 1))
    areas, perimeters = np.abs(measured.reshape(-1, 2)).T
    areas *= -1
    areas[shells[:-1]] *= -1
    polygon = np.repeat(np.arange(len(polygons)), np.diff(shells))
    return np.bincount(polygon, areas).astype(float), np.bincount(polygon, perimeters).astype(float)


def _rings(polygons: Geometries) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Points, where each ring begins in them, and where each polygon begins in the rings."""
    if shapely.get_num_interior_rings(polygons).any():
        _, points, (rings, shells) = shapely.to_ragged_array(polygons)
        return points, rings, shells
    rings = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(polygons))])
    return shapely.get_coordinates(polygons), rings, np.arange(len(polygons) + 1)
