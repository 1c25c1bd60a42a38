"""The model and its process: what they are, what they last said, restart, report."""

from __future__ import annotations

from typing import Any, Optional

from .. import settings as stored
from ..conversation import Conversation
from ..diagnosis import report
from ..protocol import ModelFacts
from ..qt import QtCore, QtGui, QtWidgets
from .naming import name_widgets

LOG_LINES = 200
MIB = 2**20


class ModelPanel(QtWidgets.QDialog):
    """A window beside the dock; it shows what it finds when it is opened, and follows changes."""

    def __init__(self, conversation: Conversation, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("geopixModelPanel")
        self.setWindowTitle("GeoPix - model")
        self._talk = conversation
        self.facts = QtWidgets.QLabel()
        self.facts.setWordWrap(True)
        self.facts.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        self.log = QtWidgets.QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setMaximumBlockCount(LOG_LINES)
        self.restart = QtWidgets.QPushButton("Restart")
        self.copy = QtWidgets.QPushButton("Copy report")
        self._name_widgets()
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.copy)
        row.addStretch(1)
        row.addWidget(self.restart)
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(self.facts)
        column.addWidget(QtWidgets.QLabel("Last messages of the model process:"))
        column.addWidget(self.log, 1)
        column.addLayout(row)
        self.resize(520, 400)
        self.restart.clicked.connect(self._restart)
        self.copy.clicked.connect(self._copy)
        conversation.models_changed.connect(self.refresh)
        conversation.process.state_changed.connect(self.refresh)

    def refresh(self, *_what: Any) -> None:
        """Shows what is known now."""
        process, facts, choices = self._talk.process, self._talk.facts, stored.load()
        lines = [f"Model process: {process.state.value}{'. ' + process.message if process.message else ''}"]
        if facts is None:
            lines.append(
                f"Model: {choices.model} (more is known once the process has started), device {choices.device}"
            )
        else:
            fine, coarse = facts.gsd_range_m
            known = [
                f"{facts.title}: {facts.description}",
                f"{facts.parameters / 1e6:,.1f} M parameters; needs about {facts.memory_bytes / MIB:,.0f} MiB; "
                f"windows of {facts.window_px} px; {fine:g} to {coarse:g} m per pixel; device {choices.device}",
                f"Licence: {facts.licence}",
                facts.cannot,
                facts.on_this_machine,
                "" if facts.installed else f"Not installed: {facts.how_to_get}",
            ]
            lines += [line for line in known if line]
        others = [model for model in self._talk.models if model is not facts]
        if others:
            lines += ["", "Other models (Settings > Options > GeoPix):", *map(summary, others)]
        self.facts.setText("\n".join(lines))
        self.log.setPlainText(process.stderr_tail.strip() or "(nothing)")
        self.log.moveCursor(QtGui.QTextCursor.MoveOperation.End)

    def showEvent(self, event: QtGui.QShowEvent) -> None:
        """Fresh whenever it is opened."""
        self.refresh()
        super().showEvent(event)

    def _restart(self) -> None:
        self._talk.stop()
        self._talk.process.stop()
        self._talk.warm_up()

    def _copy(self) -> None:
        process = self._talk.process
        text = report(process.state.value, process.message, process.stderr_tail, self._talk.facts)
        QtWidgets.QApplication.clipboard().setText(text)

    def _name_widgets(self) -> None:
        name_widgets(
            (self.log, "geopixLog", "Last messages of the model process", ""),
            (self.restart, "geopixRestart", "Restart", "End the model process and start it again; the chat stays"),
            (self.copy, "geopixCopyReport", "Copy report", "Copy versions, settings and messages, without your name"),
        )


def summary(facts: ModelFacts) -> str:
    """A model that is not chosen, in one line."""
    here = "installed" if facts.installed else f"not installed, {facts.download_bytes / 1e9:.1f} GB to fetch"
    return f"{facts.name} ({facts.title}): {here}. {facts.on_this_machine}".strip()
