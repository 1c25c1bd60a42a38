"""Outlines on the map that follow the project's CRS and never take clicks."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsWkbTypes
from qgis.gui import QgsMapCanvas, QgsRubberBand

from ..errors import TileError
from ..outlines import moved, transform_between
from ..qt import QtCore, QtGui
from ..raster import Selection
from .colours import AREA, CLEAR, HALO


class Outline:
    """One shape on the canvas, in any CRS; drawn anew when the CRS of the canvas changes."""

    def __init__(self, canvas: QgsMapCanvas, style: QtCore.Qt.PenStyle, colour: str = AREA) -> None:
        self._canvas = canvas
        self._shape: Optional[tuple[QgsGeometry, QgsCoordinateReferenceSystem]] = None
        self._band = QgsRubberBand(canvas, QgsWkbTypes.GeometryType.PolygonGeometry)
        self._band.setStrokeColor(QtGui.QColor(colour))
        self._band.setSecondaryStrokeColor(HALO)
        self._band.setFillColor(CLEAR)
        self._band.setWidth(2)
        self._band.setLineStyle(style)
        # QgsRubberBand lets clicks through to the map tools, which sit on the canvas and not in its scene.
        self._band.setAcceptedMouseButtons(QtCore.Qt.MouseButton.NoButton)
        canvas.destinationCrsChanged.connect(self._draw)

    @property
    def shown(self) -> QgsGeometry:
        """What is drawn, in the CRS of the canvas; empty where nothing is."""
        return self._band.asGeometry() if self._band.numberOfVertices() else QgsGeometry()

    def show(self, geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> None:
        """Draws polygons instead of what was drawn before."""
        self._shape = geometry, crs
        self._draw()

    def clear(self) -> None:
        """Draws nothing."""
        self._shape = None
        self._draw()

    def close(self) -> None:
        """Lets go of the canvas."""
        self._canvas.destinationCrsChanged.disconnect(self._draw)
        self._canvas.scene().removeItem(self._band)

    def _draw(self) -> None:
        self._band.reset(QgsWkbTypes.GeometryType.PolygonGeometry)
        if self._shape is None:
            return
        geometry, crs = self._shape
        try:
            there = moved(geometry, transform_between(crs, self._canvas.mapSettings().destinationCrs()))
        except TileError:  # it lies where this map has no coordinates
            return
        self._band.setToGeometry(there, None)


class Footprint:
    """What will be looked at: a thin dashed line on the map."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        self._outline = Outline(canvas, QtCore.Qt.PenStyle.DashLine)

    @property
    def shown(self) -> QgsGeometry:
        """What is drawn, in the CRS of the canvas; empty where nothing is."""
        return self._outline.shown

    def show(self, selection: Selection) -> None:
        """Draws the footprint of a selection."""
        self._outline.show(selection.footprint, selection.crs)

    def clear(self) -> None:
        """Draws nothing."""
        self._outline.clear()

    def close(self) -> None:
        """Lets go of the canvas."""
        self._outline.close()
