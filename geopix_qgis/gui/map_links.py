"""From the words to the map: polygons of a phrase are zoomed to, flashed, selected, or glow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from qgis.core import QgsRectangle, QgsVectorLayer
from qgis.gui import QgsHighlight, QgsMapCanvas

from .. import filters
from ..layers import ResultLayer
from ..qt import QtGui
from ..translation import tr
from .colours import GLOW, faded

GONE = tr("These polygons are no longer on the map. Ask again with Retry.")
HIDDEN = tr("These polygons are hidden by a filter. Loosen the limits under the answers, or the filter of their layer.")
MARGIN = 1.4  # of the polygons' extent
FLASHES, FLASH_MS = 2, 400
GLOWING = 300  # polygons at most: each is drawn on top of the map by itself


def show_regions(canvas: QgsMapCanvas, result: ResultLayer, turn: int, target: Optional[int] = None) -> bool:
    """Zooms to the polygons of a phrase, selects and flashes them; False where none of them is seen."""
    found = [(layer, filters.still_seen(layer, ids)) for layer, ids in result.find(turn, target)]
    if not zoom_to(canvas, found):
        return False
    for layer in result.layers:
        layer.selectByIds([fid for shown, ids in found if shown is layer for fid in ids])
    for layer, ids in found:
        canvas.flashFeatureIds(layer, ids, QtGui.QColor(GLOW), faded(GLOW, 0), FLASHES, FLASH_MS)
    return True


def zoom_to(canvas: QgsMapCanvas, found: Sequence[tuple[QgsVectorLayer, list[int]]]) -> bool:
    """Shows polygons with some space around them; False where there is none."""
    box = QgsRectangle()
    box.setMinimal()
    for layer, ids in found:
        part = QgsRectangle()
        part.setMinimal()
        for feature in layer.getFeatures(ids):
            part.combineExtentWith(feature.geometry().boundingBox())
        if not part.isNull():
            box.combineExtentWith(canvas.mapSettings().layerExtentToOutputExtent(layer, part))
    if box.isNull():
        return False
    box.scale(MARGIN)
    canvas.setExtent(box)
    canvas.refresh()
    return True


class Glow:
    """Polygons of the phrase that the mouse is over."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        self._canvas = canvas
        self._shown: list[QgsHighlight] = []

    def show(self, result: ResultLayer, turn: int, target: int) -> None:
        """Lets the polygons of one phrase glow and no others."""
        self.clear()
        for layer, ids in result.find(turn, target):
            for feature in layer.getFeatures(ids[:GLOWING]):
                highlight = QgsHighlight(self._canvas, feature.geometry(), layer)
                highlight.setColor(QtGui.QColor(GLOW))
                highlight.setFillColor(faded(GLOW, 60))
                highlight.setWidth(2)
                highlight.show()
                self._shown.append(highlight)

    def clear(self) -> None:
        """Ends it."""
        for highlight in self._shown:
            highlight.hide()
            scene = self._canvas.scene()
            if scene is not None:
                scene.removeItem(highlight)
        self._shown = []
