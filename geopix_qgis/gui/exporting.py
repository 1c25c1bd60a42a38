"""From the buttons of the dock to the export dialog, and to the other windows about a result."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Optional

from qgis.core import Qgis, QgsProject, QgsVectorLayer
from qgis.gui import QgsMapCanvas

from .. import review
from ..conversation import Conversation
from ..errors import LayerError
from ..qt import QtCore
from .export_dialog import ExportDialog
from .exported import say_written
from .map_links import zoom_to
from .panel import Panel


class Exporting(QtCore.QObject):
    """Exports the newest answers, or one category of them; zooms to it and opens its style.

    Args:
        panel: With the export button and the card of results.
        conversation: Whose answers they are.
        canvas: The map.
        message_bar: For the message after an export.
        say: Shows a message of a level.

    Attributes:
        dialog: The export dialog that was opened last.
        show_properties: Opens the properties of a layer; QGIS has the dialog.
    """

    def __init__(
        self,
        panel: Panel,
        conversation: Conversation,
        canvas: QgsMapCanvas,
        message_bar: Any,
        say: Callable[[str, Any], None],
    ) -> None:
        super().__init__(panel)
        self._panel, self._talk, self._canvas = panel, conversation, canvas
        self._message_bar, self._say = message_bar, say
        self.dialog: Optional[ExportDialog] = None
        self.show_properties: Callable[[QgsVectorLayer], Any] = lambda layer: None
        panel.export.clicked.connect(partial(self.export, ""))
        panel.results.export_requested.connect(self.export)
        panel.results.zoom_requested.connect(self._zoom)
        panel.results.style_requested.connect(self._style)

    @property
    def layers(self) -> list[QgsVectorLayer]:
        """Those of the newest answers."""
        result = self._talk.last_result
        return result.layers if result is not None else []

    def export(self, category: str = "") -> None:
        """Opens the dialog: about all polygons, or those of one category, which get selected."""
        if category:
            chosen = {layer.id(): ids for layer, ids in review.seen(self.layers, category)}
            for layer in self.layers:
                layer.selectByIds(chosen.get(layer.id(), []))
        try:
            self.dialog = ExportDialog(self.layers, self._proposal(category), self._panel)
        except LayerError as error:
            self._say(str(error), Qgis.MessageLevel.Warning)
            return
        self.dialog.form.selected.setChecked(bool(category))
        self.dialog.exported.connect(lambda written: say_written(self._message_bar, written))
        self.dialog.open()

    def close(self) -> None:
        """Closes the dialog."""
        if self.dialog is not None:
            self.dialog.close()

    def _zoom(self, category: str) -> None:
        zoom_to(self._canvas, review.seen(self.layers, category))

    def _style(self, category: str) -> None:
        for layer, _ in review.seen(self.layers, category)[:1]:
            self.show_properties(layer)

    def _proposal(self, category: str) -> Path:
        """Beside the raster, else in the project's folder, else at home."""
        turn = next((t for t in reversed(self._talk.turns) if t.result is self._talk.last_result), None)
        source = Path(turn.source) if turn is not None else Path()
        home = QgsProject.instance().absolutePath()
        folder = source.parent if source.is_file() else Path(home) if home else Path.home()
        stem = source.stem if source.is_file() else ""
        return folder / f"{'_'.join(part for part in (stem, category.replace(' ', '_') or 'geopix') if part)}.gpkg"
