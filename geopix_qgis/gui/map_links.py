"""From the words to the map."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.gui import QgsMapCanvas

from ..layers import ResultLayer
from ..qt import QtGui

MARGIN = 1.4  # of the polygons' extent
FLASHES, FLASH_MS = 2, 400


def show_regions(canvas: QgsMapCanvas, result: ResultLayer, ids: Sequence[int]) -> bool:
    """Zooms to polygons and flashes them; False where none of them is left."""
    box = result.extent_of(ids) if result.alive else None
    if box is None or box.isNull():
        return False
    view = canvas.mapSettings().layerExtentToOutputExtent(result.layer, box)
    view.scale(MARGIN)
    canvas.setExtent(view)
    canvas.refresh()
    start, end = QtGui.QColor(255, 230, 0, 255), QtGui.QColor(255, 230, 0, 0)
    canvas.flashFeatureIds(result.layer, list(ids), start, end, FLASHES, FLASH_MS)
    return True
