"""Outlines with right angles, kept only where they agree with the mask as well as before."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from geopix_qgis.squaring import CORNER_COST, candidates

Geometries = NDArray[np.object_]
MAX_LOSS = 0.01  # of agreement with the mask
MAX_TURN = math.radians(20.0)  # as in the plugin
OVERLAP_SLACK = 0.005  # of an outline: straightened walls that two houses share cross by slivers


def squared(outlines: Geometries, masks: Geometries, to_ground: NDArray[np.float64]) -> Geometries:
    """Polygons with right angles on the ground where that is true to the mask, the others as they were.

    A shape is refused if its intersection over union with the mask is lower than that of the outline by more than
    ``MAX_LOSS``, or if it reaches into another outline.

    Args:
        outlines: Polygons in CRS units.
        masks: (n,) the pixels of each, in CRS units.
        to_ground: (2, 2) matrix from CRS units to metres east and north, or to any units at a right angle.
    """
    flat, truth = (_mapped(polygons, to_ground) for polygons in (outlines, masks))
    others, back = shapely.STRtree(flat), np.linalg.inv(to_ground).astype(float)
    result = outlines.copy()
    for number, outline in enumerate(flat):
        found = _best(outline, truth[number])
        if found is None or _agreement(found, truth[number]) < _agreement(outline, truth[number]) - MAX_LOSS:
            continue
        near = flat[np.setdiff1d(others.query(found, predicate="intersects"), [number])]
        before, after = (shapely.area(shapely.intersection(near, shape)) for shape in (outline, found))
        if np.all(after <= before + OVERLAP_SLACK * outline.area):
            result[number] = _mapped(np.array([found], dtype=object), back)[0]
    return result


def _best(outline: Polygon, mask: Polygon) -> Polygon | None:
    """The reading whose agreement with the mask best pays for its corners; None where no reading is valid."""
    readings = [shape for shape in _readings(outline) if shape.is_valid]
    return max(
        readings,
        key=lambda shape: _agreement(shape, mask) - CORNER_COST * shapely.get_num_coordinates(shape),
        default=None,
    )


def _readings(outline: Polygon) -> Iterator[Polygon]:
    rings = [shapely.get_coordinates(ring)[:-1] for ring in (outline.exterior, *outline.interiors)]
    side = np.diff(shapely.get_coordinates(shapely.oriented_envelope(outline))[:2], axis=0)[0]
    for shell, *holes in candidates(rings, outline.area, math.atan2(side[1], side[0]), MAX_TURN):
        yield Polygon(shell, holes)


def _agreement(one: Polygon, other: Polygon) -> float:
    """Intersection over union of two areas, 0..1."""
    common = one.intersection(other).area
    return float(common / (one.area + other.area - common))


def _mapped(polygons: Geometries, matrix: NDArray[np.float64]) -> Geometries:
    return np.asarray(shapely.transform(polygons, lambda points: points @ matrix.T))
