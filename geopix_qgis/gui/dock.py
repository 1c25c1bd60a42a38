"""The dock: widgets on one side, the conversation on the other."""

from __future__ import annotations

import re
from typing import Any, Callable, Optional

from qgis.core import Qgis, QgsPointXY, QgsVectorLayer
from qgis.gui import QgsMapCanvas

from .. import areas, examples
from ..areas import Area
from ..backend_process import State
from ..conversation import Conversation, Phase
from ..errors import PluginError, TileError
from ..estimate import describe, estimate
from ..qt import QtCore, QtWidgets
from ..raster import Selection, file_of, select
from ..translation import tr
from ..turns import LOST, TurnRecord
from ..wording import area_text, polygons
from .chat_menu import ChatMenu
from .exporting import Exporting
from .field_asking import FieldAsking
from .footprint import Footprint
from .map_links import GONE, HIDDEN, Glow, show_regions
from .map_listener import MapListener
from .map_tools import PointTool
from .model_panel import ModelPanel
from .panel import Panel
from .results_menu import ResultsMenu
from .reviewing import Reviewing
from .setting_up import SettingUp

FACTS_MS = 150  # after the last change of the view
WARNING_S, ERROR_S = 8, 0  # an error stays until it is closed
POINT_SIZE_M = 20.0  # side of the square around a place that was pointed at
SELECTED = re.compile(r"\b(?:selected|selection)\b", re.IGNORECASE)
DRAWN = re.compile(r"\b(?:drawn|(?:the|this|that|my) (?:box|rectangle))\b", re.IGNORECASE)
IN_VIEW = re.compile(r"\b(?:in|of|within) (?:the|this|my) (?:current )?(?:view|map view|screen)\b", re.IGNORECASE)


class GeoPixDock(QtWidgets.QDockWidget):
    """Chat about a raster layer.

    Attributes:
        panel: The widgets.
        conversation: What they talk to.
        reviewing, exporting: What can be done with what was found.
        setting_up: Windows that install the model process or name a server.
    """

    def __init__(self, canvas: QgsMapCanvas, message_bar: Any, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__("GeoPix", parent)
        self.setObjectName("geopixDock")
        self.panel = Panel(canvas)
        self.setWidget(self.panel)
        self.conversation = Conversation(self)
        self._canvas, self._message_bar = canvas, message_bar
        self.reviewing = Reviewing(self.panel.results, canvas, self._layers, self._colours, self)
        self.panel.add_below_results(self.reviewing.shaping)
        self.exporting = Exporting(self.panel, self.conversation, canvas, message_bar, self.say)
        self.asking_each = FieldAsking(self.panel, self.conversation, canvas, self.ask_about, self._selection, self.say)
        self.chat_menu = ChatMenu(self.panel, self.conversation, self.say, self.show_model)
        self.results_menu = ResultsMenu(self.panel, self.conversation, self.say)
        self._footprint, self._glow = Footprint(canvas), Glow(canvas)
        self._listener = MapListener(canvas, self.results)
        self._point_tool = PointTool(canvas)
        self.setting_up = SettingUp(self.panel.card, self.conversation, self.say, self)
        self._model_panel = ModelPanel(self.conversation, self.setting_up, self)
        self._agreed: object = None  # key of a selection that is over a limit and was to be sent anyway
        self._sent_at = QtCore.QElapsedTimer()  # of the last click on Send: the second of a double click is no Stop
        self._sent_at.start()
        self._facts = QtCore.QTimer(self)
        self._facts.setSingleShot(True)
        self._facts.setInterval(FACTS_MS)
        self._facts.timeout.connect(self.refresh_facts)
        self._connect_widgets()
        self._connect_conversation()
        self._opened()

    def close_down(self) -> None:
        """Ends the model process and lets go of the canvas."""
        self._canvas.extentsChanged.disconnect(self._refresh_soon)
        self._canvas.rotationChanged.disconnect(self._refresh_soon)
        self._canvas.destinationCrsChanged.disconnect(self._refresh_soon)
        self._facts.stop()
        self._listener.close()
        self._glow.clear()
        self._footprint.close()
        self._point_tool.close()
        self.panel.area.close_down()
        self.reviewing.close()
        self.exporting.close()
        self.setting_up.close_down()
        self._model_panel.close_down()
        self.conversation.close()

    def results(self) -> list[Any]:
        """The layers of answers that are on the map, each once."""
        found = {id(turn.result): turn.result for turn in self.conversation.turns if turn.result is not None}
        return [result for result in found.values() if result.alive]

    def _layers(self) -> list[QgsVectorLayer]:
        """Those of the newest answers, which the card is about."""
        result = self.conversation.last_result
        return result.layers if result is not None else []

    def _colours(self) -> dict[str, str]:
        result = self.conversation.last_result
        return result.colours if result is not None else {}

    def ask_or_stop(self) -> None:
        """What the button does: Send, or Stop while an answer is on its way."""
        if not self.conversation.active:
            self._sent_at.start()
            self.ask()
        elif self._sent_at.elapsed() > QtWidgets.QApplication.doubleClickInterval():
            self.conversation.stop()

    def ask(self) -> None:
        """Asks what is typed; it stays typed where it was refused, or where an area over a limit is to be agreed to."""
        try:
            area = self._area()
        except TileError as error:
            self.say(str(error), Qgis.MessageLevel.Warning)
            return
        if self._over_limit(area):
            return
        if self.ask_about(area):
            self.panel.prompt.clear()

    def ask_about(self, area: Area) -> bool:
        """Asks what is typed about an area; whether it was accepted."""
        panel, view = self.panel, self._canvas.mapSettings()
        layer, resolution = panel.raster.currentLayer(), panel.area.resolution_m()
        return self.conversation.ask(panel.prompt.toPlainText(), layer, area, view, resolution, panel.task.task)

    def refresh_facts(self) -> None:
        """What will be looked at: in the line below the choices, and on the map."""
        panel = self.panel
        layer = panel.raster.currentLayer()
        panel.area.set_rendered(layer is not None and layer.isValid() and file_of(layer) is None)
        try:
            area = panel.area.area()
        except TileError:
            panel.show_fact("")  # the picker says what is missing
            self._footprint.clear()
            return
        try:
            selection = self._selection(area)
            facts = self.conversation.facts
            cost = estimate(selection, facts, self.conversation.rates) if facts else None
        except TileError as error:
            panel.show_fact(str(error), warning=layer is not None)
            self._footprint.clear()
            return
        text = describe(selection, cost)
        over = cost.over if cost else ""
        panel.show_fact(f"{text}. {over}" if over else text, warning=bool(over))
        if not over or self._agreed != selection.key:
            self._agree(None)
        if self.isVisible():
            self._footprint.show(selection)

    def say(self, text: str, level: Any) -> None:
        """A message in the bar above the map; a warning stays until it is closed."""
        seconds = ERROR_S if level == Qgis.MessageLevel.Warning else WARNING_S
        self._message_bar.pushMessage("GeoPix", text, level, seconds)

    def _selection(self, area: Area) -> Selection:
        panel, view = self.panel, self._canvas.mapSettings()
        return select(panel.raster.currentLayer(), area, view, panel.area.resolution_m())

    def _area(self) -> Area:
        """Where to look: what the words of the question say, else what is chosen.

        Raises:
            TileError: If nothing is drawn or selected.
        """
        text, chosen = self.panel.prompt.toPlainText(), self.panel.area
        if SELECTED.search(text):
            return areas.selected_polygons(self._canvas.currentLayer())
        if IN_VIEW.search(text):
            return areas.VIEW
        if DRAWN.search(text) and chosen.drawn is not None:
            return chosen.drawn
        return chosen.area()

    def _over_limit(self, area: Area) -> bool:
        """Whether to wait: the first Send about an area over a limit asks, the second one sends."""
        facts = self.conversation.facts
        if facts is None:
            return False
        try:
            selection = self._selection(area)
            cost = estimate(selection, facts, self.conversation.rates)
        except TileError:
            return False  # the conversation refuses it in words
        if not cost.over or self._agreed == selection.key:
            return False
        self._agree(selection.key)
        self.panel.show_fact(f"{describe(selection, cost)}. {cost.over}", warning=True)
        return True

    def _agree(self, key: object) -> None:
        self._agreed = key
        if not self.conversation.active:
            self.panel.send.setText(tr("Send") if key is None else tr("Send anyway"))

    def _connect_widgets(self) -> None:
        panel = self.panel
        panel.send.clicked.connect(self.ask_or_stop)
        panel.prompt.sent.connect(self._sent)
        panel.prompt.focused.connect(self.conversation.warm_up)
        panel.prompt.earlier = lambda: [turn.prompt for turn in self.conversation.turns]
        panel.escaped.connect(self.conversation.stop)
        panel.status.clicked.connect(self.show_model)
        panel.point.toggled.connect(self._point)
        panel.transcript.phrase_clicked.connect(self._show_phrase)
        panel.transcript.phrase_hovered.connect(self._hover_phrase)
        panel.transcript.action_clicked.connect(self._act)
        panel.transcript.example_clicked.connect(panel.prompt.take)
        panel.transcript.describe = self._describe_phrase
        panel.raster.layerChanged.connect(self._refresh_soon)
        panel.area.changed.connect(self._refresh_soon)
        self.visibilityChanged.connect(self._visibility_changed)
        self._canvas.extentsChanged.connect(self._refresh_soon)
        self._canvas.rotationChanged.connect(self._refresh_soon)
        self._canvas.destinationCrsChanged.connect(self._refresh_soon)
        self._listener.pointed.connect(panel.transcript.mark)
        self.reviewing.said.connect(lambda text: self.say(text, Qgis.MessageLevel.Info))
        self.reviewing.failed.connect(lambda text: self.say(text, Qgis.MessageLevel.Warning))
        self._point_tool.clicked.connect(self._pointed)
        self._point_tool.cancelled.connect(lambda: panel.point.setChecked(False))

    def _connect_conversation(self) -> None:
        talk, transcript = self.conversation, self.panel.transcript
        talk.turn_started.connect(transcript.start_turn)
        talk.text.connect(lambda *_: transcript.update_turn())
        talk.regions_added.connect(self._regions_added)
        talk.progress.connect(self.panel.show_progress)
        talk.phase_changed.connect(self._phase_changed)
        talk.process.state_changed.connect(self._process_changed)
        talk.finished.connect(self._finished)
        talk.failed.connect(lambda text: self.say(text, Qgis.MessageLevel.Warning))
        talk.models_changed.connect(self._models_changed)
        talk.book.changed.connect(self._turn_changed)
        talk.book.opened.connect(self._opened)
        talk.book.adding_layer.connect(self._canvas.stopRendering)

    def focus(self) -> None:
        """Shows the dock and puts the cursor where the analyst types."""
        self.show()
        self.raise_()
        self.panel.prompt.setFocus()

    def show_model(self) -> None:
        """The window about the model and its process."""
        self._model_panel.show()
        self._model_panel.raise_()

    def _refresh_soon(self, *_changed: Any) -> None:
        self._facts.start()

    def _visibility_changed(self, visible: bool) -> None:
        if visible:
            self._refresh_soon()
            self.setting_up.check()
        else:
            self._footprint.clear()
            self.panel.point.setChecked(False)
        self.panel.area.show_on_map(visible)

    def _sent(self) -> None:
        if not self.conversation.active:  # Enter never stops
            self.ask()

    def _point(self, on: bool) -> None:
        if on:
            self._point_tool.start()
        else:
            self._point_tool.cancel()

    def _pointed(self, place: QgsPointXY) -> None:
        self.panel.point.setChecked(False)
        try:
            area = areas.around(place, self._canvas.mapSettings().destinationCrs(), POINT_SIZE_M)
        except TileError as error:
            self.say(str(error), Qgis.MessageLevel.Warning)
            return
        if area.outline is not None:
            self.panel.area.set_drawn(area.outline.boundingBox(), area.crs)
        self.panel.prompt.setFocus()

    def _models_changed(self) -> None:
        facts = self.conversation.facts
        self.panel.transcript.invite(examples.prompts(facts), examples.notes(facts))
        self._refresh_soon()

    def _opened(self) -> None:
        """Another project, or the first."""
        self._models_changed()
        self.panel.transcript.show_turns(self.conversation.turns)
        self._show_results()
        if any(turn.lost for turn in self.conversation.turns):
            self.say(LOST, Qgis.MessageLevel.Warning)

    def _phase_changed(self, _phase: Phase) -> None:
        active = self.conversation.active
        send = self.panel.send
        send.setText(tr("Stop") if active else tr("Send"))
        send.setAccessibleName(tr("Stop") if active else tr("Send"))
        send.setToolTip(tr("Stop; what was found so far is kept (Esc)") if active else tr("Ask (Enter)"))
        if not active:
            self.panel.progress.hide()

    def _process_changed(self, state: State) -> None:
        process = self.conversation.process
        self.panel.status.show_state(state, process.message, process.server)

    def _regions_added(self, _count: int) -> None:
        self.panel.transcript.update_turn()
        self._show_results()

    def _show_results(self) -> None:
        self._listener.watch()
        self.reviewing.refresh()
        self.panel.export.setEnabled(bool(self._layers()))

    def _finished(self, _turn: TurnRecord) -> None:
        self.panel.transcript.repaint_turn()
        self._show_results()
        self._refresh_soon()  # this machine's speed is known better now

    def _turn_changed(self, number: int) -> None:
        self.panel.transcript.refresh_turn(number)
        self._show_results()

    def _act(self, number: int, name: str) -> None:
        """A click below a turn."""
        turn = self.conversation.book.turn(number)
        if turn is None:
            return
        actions: dict[str, Callable[[], Any]] = {
            "copy": lambda: QtWidgets.QApplication.clipboard().setText(turn.answer.strip()),
            "retry": lambda: self._retry(turn),
            "edit": lambda: self.panel.prompt.take(turn.prompt),
            "undo": lambda: self.conversation.book.move(number, undone=True),
            "restore": lambda: self.conversation.book.move(number, undone=False),
        }
        try:
            actions[name]()
        except PluginError as error:
            self.say(str(error), Qgis.MessageLevel.Warning)

    def _retry(self, turn: TurnRecord) -> None:
        """The same question once more, about what is chosen now; its polygons replace those of before."""
        if self.ask_beside_draft(turn.prompt) and turn.regions:
            self.conversation.book.move(turn.number, undone=True)

    def ask_beside_draft(self, prompt: str) -> bool:
        """Asks something else than what is typed, which is kept; where it was refused, the prompt stays to be seen."""
        if self.conversation.active:
            self.say(tr("An answer is on its way. Stop it first, then ask again."), Qgis.MessageLevel.Info)
            return False
        draft = self.panel.prompt.toPlainText()
        self.panel.prompt.take(prompt)
        self.ask()
        if not self.conversation.active:
            return False
        self.panel.prompt.take(draft)
        return True

    def _show_phrase(self, number: int, target: int) -> None:
        turn = self.conversation.book.turn(number)
        if turn is None or turn.result is None or not turn.result.count(number, target):
            self.say(GONE, Qgis.MessageLevel.Info)
        elif not show_regions(self._canvas, turn.result, number, target):
            self.say(HIDDEN, Qgis.MessageLevel.Info)

    def _hover_phrase(self, phrase: Optional[tuple[int, int]]) -> None:
        turn = self.conversation.book.turn(phrase[0]) if phrase else None
        if phrase is None or turn is None or turn.result is None:
            self._glow.clear()
        else:
            self._glow.show(turn.result, *phrase)

    def _describe_phrase(self, number: int, target: int) -> str:
        turn = self.conversation.book.turn(number)
        count = turn.result.count(number, target) if turn is not None and turn.result is not None else 0
        if turn is None or turn.result is None or not count:
            return tr("Its polygons are not on the map.")
        area = turn.result.area_m2(number, target)
        size = tr("{area} (geodesic, computed from the polygons)", area=area_text(area, True)) if area else ""
        found = ", ".join(filter(None, (polygons(count), size)))
        click = tr("Click to see it.") if count == 1 else tr("Click to see them.")
        return f"{found}. {click}"
