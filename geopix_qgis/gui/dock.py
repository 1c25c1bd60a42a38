"""The dock: widgets on one side, the conversation on the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

from qgis.core import Qgis, QgsProject
from qgis.gui import QgsMapCanvas

from .. import settings
from ..backend_process import State
from ..conversation import Conversation, Phase
from ..errors import LayerError, TileError
from ..export import DRIVERS, save_as
from ..qt import QtCore, QtWidgets
from ..raster import Selection, select
from ..turns import TurnRecord
from .map_links import show_regions
from .panel import Panel

FACTS_MS = 150  # after the last change of the view
FILTERS = "GeoPackage (*.gpkg);;ESRI Shapefile (*.shp);;GeoJSON in EPSG:4326 (*.geojson)"
WARNING_S, ERROR_S = 8, 0  # an error stays until it is closed


class GeoPixDock(QtWidgets.QDockWidget):
    """Chat about a raster layer.

    Attributes:
        panel: The widgets.
        conversation: What they talk to.
    """

    def __init__(self, canvas: QgsMapCanvas, message_bar: Any, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__("GeoPix", parent)
        self.setObjectName("geopixDock")
        self.panel = Panel()
        self.setWidget(self.panel)
        self.conversation = Conversation(self)
        self._canvas, self._message_bar = canvas, message_bar
        self._facts = QtCore.QTimer(self)
        self._facts.setSingleShot(True)
        self._facts.setInterval(FACTS_MS)
        self._facts.timeout.connect(self.refresh_facts)
        self._connect_widgets()
        self._connect_conversation()
        self.refresh_facts()

    def close_down(self) -> None:
        """Ends the model process and lets go of the canvas."""
        self._canvas.extentsChanged.disconnect(self._refresh_soon)
        self._facts.stop()
        self.conversation.close()

    def ask_or_stop(self) -> None:
        """What the button does: Send, or Stop while an answer is on its way."""
        if self.conversation.active:
            self.conversation.stop()
        else:
            self.ask()

    def ask(self) -> None:
        """Asks what is typed; it stays typed where it was refused."""
        panel = self.panel
        view = self._canvas.mapSettings()
        if self.conversation.ask(
            panel.prompt.toPlainText(), panel.raster.currentLayer(), panel.area.currentData(), view
        ):
            panel.prompt.clear()

    def refresh_facts(self) -> None:
        """The line that says what will be looked at."""
        panel = self.panel
        try:
            selection = select(panel.raster.currentLayer(), panel.area.currentData(), self._canvas.mapSettings())
        except TileError as error:
            panel.show_fact(str(error), warning=panel.raster.currentLayer() is not None)
            return
        panel.show_fact(describe(selection))

    def _connect_widgets(self) -> None:
        panel = self.panel
        panel.send.clicked.connect(self.ask_or_stop)
        panel.prompt.sent.connect(self._sent)
        panel.escaped.connect(self.conversation.stop)
        panel.export.clicked.connect(self._export)
        panel.transcript.phrase_clicked.connect(self._show_phrase)
        panel.card.python_chosen.connect(self._python_chosen)
        panel.raster.layerChanged.connect(self._refresh_soon)
        panel.area.currentIndexChanged.connect(self._refresh_soon)
        self._canvas.extentsChanged.connect(self._refresh_soon)

    def _refresh_soon(self, *_changed: Any) -> None:
        self._facts.start()

    def _connect_conversation(self) -> None:
        talk, transcript = self.conversation, self.panel.transcript
        talk.turn_started.connect(transcript.start_turn)
        talk.text.connect(lambda *_: transcript.update_turn())
        talk.regions_added.connect(lambda _: transcript.update_turn())
        talk.progress.connect(self.panel.show_progress)
        talk.phase_changed.connect(self._phase_changed)
        talk.process.state_changed.connect(self._process_changed)
        talk.finished.connect(self._finished)
        talk.warned.connect(lambda text: self._say(text, Qgis.MessageLevel.Info, WARNING_S))
        talk.failed.connect(lambda text: self._say(text, Qgis.MessageLevel.Warning, ERROR_S))
        talk.python_missing.connect(self.panel.card.show_problem)

    def _sent(self) -> None:
        if not self.conversation.active:  # Enter never stops
            self.ask()

    def _phase_changed(self, phase: Phase) -> None:
        active = self.conversation.active
        self.panel.send.setText("Stop" if active else "Send")
        self.panel.send.setAccessibleName("Stop" if active else "Send")
        self.panel.send.setToolTip("Stop; what was found so far is kept (Esc)" if active else "Ask (Enter)")
        if not active:
            self.panel.progress.hide()

    def _process_changed(self, state: State) -> None:
        self.panel.status.show_state(state, self.conversation.process.message)

    def _finished(self, _turn: TurnRecord) -> None:
        self.panel.transcript.repaint_turn()
        self.panel.export.setEnabled(self.conversation.last_result is not None)

    def _show_phrase(self, number: int, target: int) -> None:
        turn = self.conversation.turns[number - 1]
        if turn.result is None or not show_regions(self._canvas, turn.result, turn.targets[target].ids):
            self._say("These polygons were removed from the map.", Qgis.MessageLevel.Info, WARNING_S)

    def _python_chosen(self, path: str) -> None:
        settings.save(replace(settings.load(), backend_python=path))
        self.conversation.process.stop()

    def _export(self) -> None:
        result = self.conversation.last_result
        if result is None:
            self._say("There are no polygons to export.", Qgis.MessageLevel.Info, WARNING_S)
            return
        folder = QgsProject.instance().absolutePath() or str(Path.home())
        path, chosen = QtWidgets.QFileDialog.getSaveFileName(self, "Export polygons", f"{folder}/geopix.gpkg", FILTERS)
        if path:
            self.export_to(Path(path), chosen)

    def export_to(self, path: Path, chosen_filter: str = "") -> None:
        """Writes the newest layer of answers; a path without a suffix gets that of the chosen file type."""
        result = self.conversation.last_result
        if not path.suffix:
            suffix = next((suffix for suffix in DRIVERS if f"*{suffix})" in chosen_filter), ".gpkg")
            path = path.with_suffix(suffix)
        try:
            if result is None:
                raise LayerError("There are no polygons to export. Ask a question first.")
            save_as(result.layer, path)
        except LayerError as error:
            self._say(str(error), Qgis.MessageLevel.Warning, ERROR_S)
            return
        self._say(f"Wrote {result.layer.featureCount()} polygons to {path}.", Qgis.MessageLevel.Success, WARNING_S)

    def _say(self, text: str, level: Any, seconds: int) -> None:
        self._message_bar.pushMessage("GeoPix", text, level, seconds)


def describe(selection: Selection) -> str:
    """Size and ground resolution of what will be looked at."""
    width, height = selection.size
    gsd = selection.gsd_m
    resolution = "no CRS" if gsd is None else f"{gsd:.2f} m per pixel" if gsd < 100 else f"{gsd:,.0f} m per pixel"
    how = ", as drawn by QGIS" if selection.rendering is not None else ""
    return f"{width:,} x {height:,} px, {resolution}{how}"
