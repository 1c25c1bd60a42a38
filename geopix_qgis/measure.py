"""Area and perimeter of polygons on the ground."""

from __future__ import annotations

import math
from typing import Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsCsException, QgsDistanceArea, QgsGeometry, QgsProject

WGS84 = "EPSG:7030"  # for a CRS on an ellipsoid that QGIS has no name for


def distances(crs: QgsCoordinateReferenceSystem) -> QgsDistanceArea:
    """What measures geometries of a CRS in metres on its ellipsoid."""
    measure = QgsDistanceArea()
    measure.setSourceCrs(crs, QgsProject.instance().transformContext())
    if not (crs.ellipsoidAcronym() and measure.setEllipsoid(crs.ellipsoidAcronym())):
        measure.setEllipsoid(WGS84)
    return measure


def measure(geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> tuple[Optional[float], Optional[float]]:
    """Geodesic area in square metres and perimeter (holes included) in metres.

    Returns:
        (None, None) without a CRS, or where the polygon lies outside the area of the CRS.
    """
    if not crs.isValid():
        return None, None
    ruler = distances(crs)
    try:
        area, perimeter = abs(ruler.measureArea(geometry)), ruler.measurePerimeter(geometry)
    except QgsCsException:
        return None, None
    return (area, perimeter) if math.isfinite(area) and math.isfinite(perimeter) else (None, None)
