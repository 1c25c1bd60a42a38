"""The panel for answers in a field, and the questions behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from qgis.core import Qgis, QgsProject, QgsVectorLayer
from qgis.gui import QgsMapCanvas

from ..areas import Area, selected_polygons_layer
from ..conversation import Conversation
from ..errors import PluginError
from ..field_answers import FieldAnswers
from ..qt import QtCore
from ..translation import tr
from .panel import Panel


class FieldAsking(QtCore.QObject):
    """Opens the panel for the selected polygons, asks about each, and tells how it went.

    Args:
        panel: With the button and the panel.
        conversation: What answers.
        canvas: Knows the active layer.
        ask: Asks what is typed about an area; False where it was refused.
        check: Raises TileError for an area that cannot be asked about.
        say: Shows a message of a level.
    """

    def __init__(
        self,
        panel: Panel,
        conversation: Conversation,
        canvas: QgsMapCanvas,
        ask: Callable[[Area], bool],
        check: Callable[[Area], object],
        say: Callable[[str, Any], None],
    ) -> None:
        super().__init__(panel)
        self._panel, self._canvas, self._ask, self._check, self._say = panel, canvas, ask, check, say
        self._layer_id = ""
        self.answers = FieldAnswers(conversation, self)
        self.answers.ended.connect(self._ended)
        self.answers.progress.connect(self._progress)
        panel.ask_each.clicked.connect(self._open)
        panel.field_panel.started.connect(self._start)

    def _open(self) -> None:
        try:
            layer = selected_polygons_layer(self._canvas.currentLayer())
        except PluginError as error:
            self._say(str(error), Qgis.MessageLevel.Info)
            return
        self._layer_id = layer.id()
        self._panel.field_panel.show_layer(layer)

    def _layer(self) -> Optional[QgsVectorLayer]:
        return QgsProject.instance().mapLayer(self._layer_id)

    def _start(self) -> None:
        layer, prompt = self._layer(), self._panel.prompt.toPlainText()
        if layer is None or self.answers.active:
            return
        if not prompt.strip():
            self._say(
                tr("Type the question first, such as 'What is this?', then press Ask each."), Qgis.MessageLevel.Info
            )
            return
        field, value = self._panel.field_panel.chosen
        try:
            self.answers.start(layer, field, value, self._ask, self._check)
        except PluginError as error:
            self._say(str(error), Qgis.MessageLevel.Warning)

    def _progress(self, done: int, total: int) -> None:
        self._panel.field_panel.show_progress(done, total)

    def _ended(self, written: int, why: str) -> None:
        self._panel.field_panel.show_progress(0, 0)
        layer = self._layer()
        text = tr("Wrote 1 answer") if written == 1 else tr("Wrote {count} answers", count=written)
        if layer is not None and layer.isEditable():
            text = tr("{wrote} into {layer}; save its edits to keep them", wrote=text, layer=layer.name())
        else:
            text = tr("{wrote} before that", wrote=text)
        self._say(
            f"{why} {text}." if why else f"{text}.",
            Qgis.MessageLevel.Warning if why else Qgis.MessageLevel.Success,
        )
        if not why:
            self._panel.prompt.clear()
            self._panel.field_panel.hide()
