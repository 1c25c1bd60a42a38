"""When the selected polygons of the project may have become others."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsMapLayer, QgsProject
from qgis.gui import QgsMapCanvas

from ..areas import is_polygons
from ..qt import QtCore, Signal


class SelectionWatch(QtCore.QObject):
    """``changed()``: a selection changed, a layer came or went, or another layer became the active one."""

    changed = Signal()

    def __init__(self, canvas: QgsMapCanvas, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._layers: list[QgsMapLayer] = []
        project = QgsProject.instance()
        project.layersAdded.connect(self._layers_changed)
        project.layersRemoved.connect(self._layers_changed)
        project.layersWillBeRemoved.connect(self._layers_leave)
        canvas.currentLayerChanged.connect(self._changed)
        self._listen()

    def close(self) -> None:
        """Listens to nothing any more."""
        project = QgsProject.instance()
        project.layersAdded.disconnect(self._layers_changed)
        project.layersRemoved.disconnect(self._layers_changed)
        project.layersWillBeRemoved.disconnect(self._layers_leave)
        self._canvas.currentLayerChanged.disconnect(self._changed)
        self._fall_silent()

    def _layers_changed(self, *_layers: Any) -> None:
        self._fall_silent()
        self._listen()
        self.changed.emit()

    def _layers_leave(self, ids: list[str]) -> None:
        for layer in [each for each in self._layers if each.id() in ids]:
            layer.selectionChanged.disconnect(self._changed)
            self._layers.remove(layer)

    def _listen(self) -> None:
        self._layers = [layer for layer in QgsProject.instance().mapLayers().values() if is_polygons(layer)]
        for layer in self._layers:
            layer.selectionChanged.connect(self._changed)

    def _fall_silent(self) -> None:
        for layer in self._layers:
            layer.selectionChanged.disconnect(self._changed)
        self._layers = []

    def _changed(self, *_selected: Any) -> None:
        self.changed.emit()
