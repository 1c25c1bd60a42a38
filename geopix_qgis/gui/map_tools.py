"""Drawing a box and clicking a point on the map; afterwards the map has its earlier tool again."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsGeometry, QgsPointXY, QgsRectangle, QgsWkbTypes
from qgis.gui import QgsMapCanvas, QgsMapTool, QgsRubberBand

from ..qt import QtCore, QtGui, Signal
from .colours import AREA, faded

LEAST_DRAG_PX = 4  # less is a slip of the hand
FILL_ALPHA = 40


class OneShotTool(QgsMapTool):
    """A tool that gives the map back once it is done.  Esc, or another tool, emits ``cancelled``."""

    cancelled = Signal()

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._map = canvas
        self._earlier: Optional[QgsMapTool] = None
        self._waiting = False
        self.setCursor(QtGui.QCursor(QtCore.Qt.CursorShape.CrossCursor))

    @property
    def waiting(self) -> bool:
        """Whether the analyst is to draw."""
        return self._waiting

    def start(self) -> None:
        """Takes the map; harmless where it has it."""
        if self._waiting:
            return
        now = self._map.mapTool()
        self._earlier = now._earlier if isinstance(now, OneShotTool) else now
        self._waiting = True
        self._map.setMapTool(self)
        self._map.setFocus()
        self._map.keyPressed.connect(self._key_pressed)  # a tool's own key events stop while a button is down

    def cancel(self) -> None:
        """Gives the map back with nothing drawn; harmless where it has not got it."""
        if self._waiting:
            self._finish()
            self.cancelled.emit()

    def close(self) -> None:
        """Lets go of the canvas, which owns the tool."""
        self.cancel()
        self.deleteLater()

    def deactivate(self) -> None:
        """Called by QGIS when another tool takes the map."""
        super().deactivate()
        self.forget_drawing()
        if self._waiting:
            self._rest()
            self.cancelled.emit()

    def forget_drawing(self) -> None:
        """Takes away what was drawn so far."""

    def _key_pressed(self, event: QtGui.QKeyEvent) -> None:
        if event.key() == QtCore.Qt.Key.Key_Escape:
            self.cancel()

    def _rest(self) -> None:
        self._waiting = False
        self._map.keyPressed.disconnect(self._key_pressed)

    def _finish(self) -> None:
        """Gives the map its earlier tool."""
        self._rest()
        earlier, self._earlier = self._earlier, None
        self.forget_drawing()
        try:
            if earlier is not None:
                self._map.setMapTool(earlier)
                return
        except RuntimeError:  # its plugin was unloaded meanwhile
            self._earlier = None
        self._map.unsetMapTool(self)


class BoxTool(OneShotTool):
    """Drags a box: ``drawn(QgsRectangle)`` in the CRS of the map."""

    drawn = Signal(object)

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._from: Optional[tuple[QgsPointXY, QtCore.QPoint]] = None
        self._band = QgsRubberBand(canvas, QgsWkbTypes.GeometryType.PolygonGeometry)
        self._band.setStrokeColor(QtGui.QColor(AREA))
        self._band.setFillColor(faded(AREA, FILL_ALPHA))
        self._band.setWidth(2)

    def canvasPressEvent(self, event: Any) -> None:
        """The first corner."""
        if event.button() == QtCore.Qt.MouseButton.LeftButton:
            self._from = event.mapPoint(), event.pos()

    def canvasMoveEvent(self, event: Any) -> None:
        """Shows the box so far."""
        if self._from is not None:
            self._band.setToGeometry(QgsGeometry.fromRect(QgsRectangle(self._from[0], event.mapPoint())), None)

    def canvasReleaseEvent(self, event: Any) -> None:
        """The opposite corner."""
        if self._from is None or event.button() != QtCore.Qt.MouseButton.LeftButton:
            return
        corner, place = self._from
        rect = QgsRectangle(corner, event.mapPoint())
        self.forget_drawing()
        if (event.pos() - place).manhattanLength() < LEAST_DRAG_PX or rect.isEmpty():
            return
        self._finish()
        self.drawn.emit(rect)

    def forget_drawing(self) -> None:
        """Takes away the box that was begun."""
        self._from = None
        self._band.reset(QgsWkbTypes.GeometryType.PolygonGeometry)

    def close(self) -> None:
        """Lets go of the canvas, which owns the tool."""
        self._map.scene().removeItem(self._band)
        super().close()


class PointTool(OneShotTool):
    """Clicks a point: ``clicked(QgsPointXY)`` in the CRS of the map."""

    clicked = Signal(object)

    def canvasReleaseEvent(self, event: Any) -> None:
        """The point."""
        if event.button() == QtCore.Qt.MouseButton.LeftButton:
            self._finish()
            self.clicked.emit(event.mapPoint())
