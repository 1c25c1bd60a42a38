"""From the map to the words: which polygons of answers the analyst selects or identifies."""

from __future__ import annotations

from typing import Any, Callable, Optional

from qgis.core import QgsCsException, QgsFeatureRequest, QgsRectangle, QgsVectorLayer
from qgis.gui import QgsMapCanvas, QgsMapToolIdentify

from ..layers import ResultLayer
from ..qt import QtCore, Signal

CLICK_PX = 3


class MapListener(QtCore.QObject):
    """Signal ``pointed(frozenset of (turn number, target))``, empty where nothing of ours is selected any more."""

    pointed = Signal(object)

    def __init__(self, canvas: QgsMapCanvas, results: Callable[[], list[ResultLayer]]) -> None:
        """Listens from now on.

        Args:
            canvas: Of the map.
            results: Gives the answers that are on the map.
        """
        super().__init__(canvas)
        self._canvas, self._results = canvas, results
        self._watched: dict[str, QgsVectorLayer] = {}
        canvas.viewport().installEventFilter(self)

    def watch(self) -> None:
        """Takes note of layers that have come or gone."""
        alive = {layer.id(): layer for result in self._results() for layer in result.layers}
        for layer_id in set(self._watched) - set(alive):
            del self._watched[layer_id]
        for layer_id in set(alive) - set(self._watched):
            alive[layer_id].selectionChanged.connect(self._selected)
            self._watched[layer_id] = alive[layer_id]

    def close(self) -> None:
        """Stops listening."""
        self._canvas.viewport().removeEventFilter(self)
        self.watch()
        for layer in self._watched.values():
            layer.selectionChanged.disconnect(self._selected)
        self._watched = {}
        self.deleteLater()

    def eventFilter(self, watched: Optional[QtCore.QObject], event: Any) -> bool:
        """A click with QGIS's identify tool counts as pointing at what it hits."""
        if (
            event.type() == QtCore.QEvent.Type.MouseButtonRelease
            and event.button() == QtCore.Qt.MouseButton.LeftButton
            and isinstance(self._canvas.mapTool(), QgsMapToolIdentify)
        ):
            self._identified(event.pos())
        return False

    def _selected(self, *_changes: Any) -> None:
        hit: set[tuple[int, int]] = set()
        for result in self._results():
            for layer in result.layers:
                hit |= result.targets_of(layer, layer.selectedFeatureIds())
        self.pointed.emit(frozenset(hit))

    def _identified(self, place: QtCore.QPoint) -> None:
        transform = self._canvas.getCoordinateTransform()
        corner = transform.toMapCoordinates(place.x() - CLICK_PX, place.y() - CLICK_PX)
        box = QgsRectangle(corner, transform.toMapCoordinates(place.x() + CLICK_PX, place.y() + CLICK_PX))
        hit: set[tuple[int, int]] = set()
        for result in self._results():
            for layer in result.layers:
                try:
                    here = self._canvas.mapSettings().mapToLayerCoordinates(layer, box)
                except QgsCsException:
                    continue
                request = QgsFeatureRequest(here).setFlags(QgsFeatureRequest.Flag.ExactIntersect).setNoAttributes()
                hit |= result.targets_of(layer, [feature.id() for feature in layer.getFeatures(request)])
        if hit:
            self.pointed.emit(frozenset(hit))
