"""A flat frame in metres around a polygon, so that a right angle is one on the ground in every CRS."""

from __future__ import annotations

import math

from qgis.core import QgsCoordinateReferenceSystem, QgsCsException, QgsGeometry, QgsPointXY, QgsRectangle

from .measure import distances
from .qt import QtGui

MIN_STEP = {True: 1e-5, False: 1.0}  # by "in degrees": about a metre


class LocalFrame:
    """East and north in metres from the centre of a box; an affine map, so nothing is lost on the way back.

    Over the size of a building any CRS, in degrees, in feet, stretched by Mercator or rotated, is an affine image of
    the ground.  Without a CRS the frame keeps the units of the coordinates.
    """

    def __init__(self, box: QgsRectangle, crs: QgsCoordinateReferenceSystem) -> None:
        """Measures how the axes of the CRS lie on the ground at the centre of ``box`` (in the CRS)."""
        centre = box.center()
        step = max(MIN_STEP[crs.isGeographic()], box.width() / 2, box.height() / 2)
        right, up = (1.0, 0.0), (0.0, 1.0)
        if crs.isValid():
            try:
                right = _on_ground(crs, centre, (step, 0.0))
                up = _on_ground(crs, centre, (0.0, step))
            except QgsCsException:
                right, up = (1.0, 0.0), (0.0, 1.0)
        if not abs(right[0] * up[1] - right[1] * up[0]) > 0:  # also where a pole makes it not a number
            right, up = (1.0, 0.0), (0.0, 1.0)
        to_origin = QtGui.QTransform.fromTranslate(-centre.x(), -centre.y())
        self._to_metres = to_origin * QtGui.QTransform(*right, *up, 0.0, 0.0)
        self._to_crs = self._to_metres.inverted()[0]

    def to_metres(self, geometry: QgsGeometry) -> QgsGeometry:
        """A copy of a geometry of the CRS in the frame."""
        return _moved(geometry, self._to_metres)

    def to_crs(self, geometry: QgsGeometry) -> QgsGeometry:
        """A copy of a geometry of the frame in the CRS."""
        return _moved(geometry, self._to_crs)


def _on_ground(crs: QgsCoordinateReferenceSystem, centre: QgsPointXY, step: tuple[float, float]) -> tuple[float, float]:
    """East and north in metres of one unit of the CRS along ``step``."""
    measure = distances(crs)
    start = QgsPointXY(centre.x() - step[0], centre.y() - step[1])
    end = QgsPointXY(centre.x() + step[0], centre.y() + step[1])
    length, bearing = measure.measureLine(start, end), measure.bearing(start, end)
    unit = length / (2 * max(step))
    return unit * math.sin(bearing), unit * math.cos(bearing)


def _moved(geometry: QgsGeometry, transform: QtGui.QTransform) -> QgsGeometry:
    copy = QgsGeometry(geometry)
    copy.transform(transform)
    return copy
