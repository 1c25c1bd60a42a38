"""Distances on the ground."""

from __future__ import annotations

import math
from typing import Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsCsException, QgsPointXY

from .measure import distances

XY = tuple[float, float]
SMALL_DEGREES = 1e-4  # some 10 m


def lengths_m(crs: QgsCoordinateReferenceSystem, *lines: tuple[XY, XY]) -> Optional[tuple[float, ...]]:
    """Geodesic lengths in metres of straight lines between two points of ``crs``.

    Returns:
        None without a CRS, or where a line lies outside the area of the CRS or has no length.
    """
    if not crs.isValid():
        return None
    ruler = distances(crs)
    try:
        found = tuple(ruler.measureLine(QgsPointXY(*start), QgsPointXY(*end)) for start, end in lines)
    except QgsCsException:
        return None
    return found if all(math.isfinite(length) and length > 0 for length in found) else None


def metres_per_unit(crs: QgsCoordinateReferenceSystem, point: QgsPointXY) -> Optional[tuple[float, float]]:
    """Metres on the ground per unit of x and of y at a point; None where ``lengths_m`` gives none."""
    half = (SMALL_DEGREES if crs.isGeographic() else 1.0) / 2
    x, y = point.x(), point.y()
    across, along = ((x - half, y), (x + half, y)), ((x, y - half), (x, y + half))
    found = lengths_m(crs, across, along)
    return (found[0] / (2 * half), found[1] / (2 * half)) if found else None
