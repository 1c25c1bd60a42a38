"""Distances on the ground."""

from __future__ import annotations

import math
from typing import Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsCsException, QgsDistanceArea, QgsPointXY, QgsProject

XY = tuple[float, float]


def ground_resolution_m(crs: QgsCoordinateReferenceSystem, origin: XY, right: XY, below: XY) -> Optional[float]:
    """Ground sampling distance in metres: the geometric mean of the two sides of a pixel.

    Args:
        crs: Of the three points.
        origin, right, below: Corner of a pixel, and the corners one column and one row further.

    Returns:
        None without a CRS, or where the pixel lies outside the area of the CRS.
    """
    if not crs.isValid():
        return None
    measure = QgsDistanceArea()
    measure.setSourceCrs(crs, QgsProject.instance().transformContext())
    if not (crs.ellipsoidAcronym() and measure.setEllipsoid(crs.ellipsoidAcronym())):
        measure.setEllipsoid("EPSG:7030")  # WGS 84, for a CRS on an ellipsoid that QGIS has no name for
    start = QgsPointXY(*origin)
    try:
        sides = [measure.measureLine(start, QgsPointXY(*end)) for end in (right, below)]
    except QgsCsException:
        return None
    metres = math.sqrt(sides[0] * sides[1])
    return metres if math.isfinite(metres) and metres > 0 else None
