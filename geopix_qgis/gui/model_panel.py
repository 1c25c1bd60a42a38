"""The model and its process: which model, where it runs, start and stop, last words, report."""

from __future__ import annotations

from typing import Any, Optional

from .. import settings as stored
from ..backend_process import State
from ..conversation import Conversation
from ..diagnosis import report
from ..health import HealthCheck
from ..protocol import ModelFacts
from ..qt import QtCore, QtGui, QtWidgets
from ..translation import tr
from ..vitals import Health
from .model_list import ModelList
from .naming import name_widgets
from .setting_up import SettingUp
from .status_light import StatusLight

LOG_LINES = 200
LOOK_MS = 4000  # at the health of a process, while the window is open
MIB, GIB = 2**20, 2**30


class ModelPanel(QtWidgets.QDialog):
    """A window beside the dock; it shows what it finds when it is opened, and follows changes."""

    def __init__(
        self, conversation: Conversation, setting_up: SettingUp, parent: Optional[QtWidgets.QWidget] = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("geopixModelPanel")
        self.setWindowTitle("GeoPix - model")
        self._talk, self._setting_up = conversation, setting_up
        self._health: Optional[Health] = None
        self._check = HealthCheck(self)
        self._check.well.connect(self._show_health)
        self._check.failed.connect(lambda _why: self._show_health(None))
        self._clock = QtCore.QTimer(self)
        self._clock.setInterval(LOOK_MS)
        self._clock.timeout.connect(self._look)
        self.light, self.where, self.facts = StatusLight(), QtWidgets.QLabel(), QtWidgets.QLabel()
        for label in (self.where, self.facts):
            label.setWordWrap(True)
            label.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        self.memory = QtWidgets.QProgressBar()
        self.models = ModelList(conversation)
        self.log = QtWidgets.QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setMaximumBlockCount(LOG_LINES)
        self.begin, self.end, self.restart = map(QtWidgets.QPushButton, (tr("Start"), tr("Stop"), tr("Restart")))
        self.copy, self.setup = QtWidgets.QPushButton(tr("Copy report")), QtWidgets.QPushButton(tr("Set up..."))
        self.server, self.here = (
            QtWidgets.QPushButton(tr("Use a server...")),
            QtWidgets.QPushButton(tr("Use this computer")),
        )
        self._name_widgets()
        self._place_widgets()
        self.begin.clicked.connect(conversation.warm_up)
        self.end.clicked.connect(self._end)
        self.restart.clicked.connect(self._restart)
        self.copy.clicked.connect(self._copy)
        self.setup.clicked.connect(setting_up.show_setup)
        self.server.clicked.connect(setting_up.show_server)
        self.here.clicked.connect(lambda: setting_up.use_python(stored.load().backend_python))
        conversation.models_changed.connect(self.refresh)
        conversation.process.state_changed.connect(self.refresh)
        conversation.process.wrote.connect(self._show_log)

    def refresh(self, *_what: Any) -> None:
        """Shows what is known now."""
        process, facts, choices = self._talk.process, self._talk.facts, stored.load()
        self.light.show_state(process.state, process.message, process.server)
        place = (
            tr("on the server {server_url}", server_url=choices.server_url)
            if choices.server_url
            else tr("on this computer")
        )
        self.where.setText(
            tr(
                "The model process runs {place}.{message}",
                place=place,
                message=" " + process.message if process.message else "",
            )
        )
        self.facts.setText("\n".join(described(facts, choices)))
        self.models.refresh()
        self._show_log()
        running = process.running
        self.begin.setEnabled(not running)
        self.end.setEnabled(running)
        self.restart.setEnabled(running)
        self.here.setVisible(bool(choices.server_url))
        if process.state in (State.OFF, State.ERROR, State.STARTING):
            self._show_health(None)
        self._look()

    def close_down(self) -> None:
        """Ends what is under way."""
        self._clock.stop()
        self._check.cancel()
        self.models.close_down()

    def showEvent(self, event: QtGui.QShowEvent) -> None:
        """Fresh whenever it is opened."""
        self._clock.start()
        self.refresh()
        super().showEvent(event)

    def hideEvent(self, event: QtGui.QHideEvent) -> None:
        """Nobody looks: nothing is asked."""
        self._clock.stop()
        super().hideEvent(event)

    def _look(self) -> None:
        endpoint = self._talk.process.endpoint
        if endpoint is not None and self.isVisible():
            self._check.start(endpoint)

    def _show_health(self, health: Optional[Health]) -> None:
        self._health = health
        known = health is not None and health.memory_total > 0
        self.memory.setVisible(known)
        if health is not None and known:
            used = health.memory_total - health.memory_free
            self.memory.setRange(0, 1000)
            self.memory.setValue(int(1000 * used / health.memory_total))
            name = health.device_name or health.device
            free = health.memory_free / GIB
            self.memory.setFormat(
                tr(
                    "{name}: {used:.1f} of {memory_total:.1f} GiB in use, {free:.1f} free",
                    name=name,
                    used=used / GIB,
                    memory_total=health.memory_total / GIB,
                    free=free,
                )
            )

    def _show_log(self) -> None:
        self.log.setPlainText(self._talk.process.stderr_tail.strip() or "(nothing)")
        self.log.moveCursor(QtGui.QTextCursor.MoveOperation.End)

    def _end(self) -> None:
        self._talk.stop()
        self._talk.process.stop()

    def _restart(self) -> None:
        self._end()
        self._talk.warm_up()

    def _copy(self) -> None:
        QtWidgets.QApplication.clipboard().setText(report(self._talk.process, self._talk.facts, self._health))

    def _name_widgets(self) -> None:
        self.light.setObjectName("geopixPanelStatus")
        name_widgets(
            (
                self.memory,
                "geopixMemory",
                tr("Memory of the device"),
                tr("Of the GPU or the computer that the model runs on"),
            ),
            (self.log, "geopixLog", tr("Last messages of the model process"), ""),
            (self.begin, "geopixStart", tr("Start"), tr("Start the model process; the first question does so as well")),
            (self.end, "geopixStop", tr("Stop"), tr("End the model process and free its memory; the chat stays")),
            (
                self.restart,
                "geopixRestart",
                tr("Restart"),
                tr("End the model process and start it again; the chat stays"),
            ),
            (
                self.copy,
                "geopixCopyReport",
                tr("Copy report"),
                tr("Copy versions, settings and messages, without your name"),
            ),
            (
                self.setup,
                "geopixPanelSetup",
                tr("Set up"),
                tr("Install the model process anew, such as for another GPU"),
            ),
            (self.server, "geopixPanelServer", tr("Use a server"), tr("Let another computer do the work")),
            (self.here, "geopixPanelHere", tr("Use this computer"), tr("No longer use the server")),
        )

    def _place_widgets(self) -> None:
        top, bottom = QtWidgets.QHBoxLayout(), QtWidgets.QHBoxLayout()
        top.addWidget(self.light)
        top.addWidget(self.where, 1)
        for button in (self.begin, self.end, self.restart):
            top.addWidget(button)
        for button in (self.setup, self.server, self.here):
            bottom.addWidget(button)
        bottom.addStretch(1)
        bottom.addWidget(self.copy)
        column = QtWidgets.QVBoxLayout(self)
        column.addLayout(top)
        column.addWidget(self.memory)
        column.addWidget(self.models)
        column.addWidget(self.facts)
        column.addWidget(QtWidgets.QLabel(tr("Last messages of the model process:")))
        column.addWidget(self.log, 1)
        column.addLayout(bottom)
        self.resize(620, 520)


def described(facts: Optional[ModelFacts], choices: stored.Settings) -> list[str]:
    """The chosen model, line by line."""
    if facts is None:
        return [
            tr(
                "Model: {model} (more is known once the process has started), device {device}",
                model=choices.model,
                device=choices.device,
            )
        ]
    fine, coarse = facts.gsd_range_m
    known = [
        f"{facts.title}: {facts.description}",
        tr(
            "{parameters:,.1f} M parameters; needs about {memory_bytes:,.0f} MiB; windows of "
            "{window_px} px; {fine:g} to {coarse:g} m per pixel; device {device}",
            parameters=facts.parameters / 1e6,
            memory_bytes=facts.memory_bytes / MIB,
            window_px=facts.window_px,
            fine=fine,
            coarse=coarse,
            device=choices.device,
        ),
        tr("Licence: {licence}", licence=facts.licence),
        facts.cannot,
        facts.on_this_machine,
        "" if facts.installed else tr("Not installed: {how_to_get}", how_to_get=facts.how_to_get),
    ]
    return [line for line in known if line]
