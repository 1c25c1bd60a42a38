"""Keeping an answer inside polygons: of the pixels of a tile, those whose centres lie inside stay valid."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely import Polygon

from geopix_qgis.protocol import Outline

from .errors import ExtentError, RequestError
from .raster import Tile
from .raster_scene import Scene

LEAST_POINTS = 4  # of a closed ring


def check(outline: object) -> None:
    """Refuses what is not a tuple of polygons with closed rings.

    Raises:
        RequestError: If it is something else.
    """
    polygons = outline if isinstance(outline, tuple) else (None,)
    if not all(isinstance(rings, tuple) and rings and all(map(_is_ring, rings)) for rings in polygons):
        raise RequestError("The outline is not a list of polygons with closed rings of x, y; see the protocol.")


def keep_inside(tile: Tile | Scene, outline: Outline) -> Tile | Scene:
    """The tile with no valid pixel outside the polygons; its pixels stay, as the model sees things better in context.

    Args:
        tile: What is looked at.
        outline: Polygons as in ``AskRequest.outline``; empty leaves the tile as it is.

    Raises:
        ExtentError: If no pixel of the tile touches the polygons.
    """
    if not outline:
        return tile
    if isinstance(tile, Scene):
        return replace(tile, outline=outline)
    polygons = [Polygon(rings[0], rings[1:]) for rings in outline]
    inside = _burn(tile, polygons, all_touched=False)
    if not inside.any():  # thinner than a pixel: what it touches is the best that there is
        inside = _burn(tile, polygons, all_touched=True)
    if not inside.any():
        raise ExtentError("The outline does not touch the raster; draw or select one that lies on it.")
    return replace(tile, valid=tile.valid & inside)


def _burn(tile: Tile, polygons: list[Polygon], *, all_touched: bool) -> NDArray[np.bool_]:
    shape = tile.valid.shape
    return np.asarray(rasterize(polygons, shape, transform=tile.transform, all_touched=all_touched, dtype="uint8") > 0)


def _is_ring(ring: object) -> bool:
    points = ring if isinstance(ring, tuple) else ()
    return len(points) >= LEAST_POINTS and points[0] == points[-1] and all(map(_is_point, points))


def _is_point(point: object) -> bool:
    values = point if isinstance(point, tuple) else ()
    return len(values) == 2 and all(isinstance(v, (int, float)) and math.isfinite(v) for v in values)
