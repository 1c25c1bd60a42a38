"""The second page of the setup: the steps, how far they are, the log, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from qgis.gui import QgsCollapsibleGroupBoxBasic

from ..install_plan import Step
from ..install_problems import Problem
from ..qt import QtCore, QtGui, QtWidgets
from ..translation import tr
from .buttons import theme_icon
from .colours import show_note
from .naming import name_parts, name_widgets

LOG_LINES, ICON_PX = 5000, 16
DONE, FAILED = "mIconSuccess", "mIconWarning"


class SetupProgress(QtWidgets.QWidget):
    """Shows an installation."""

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.list = QtWidgets.QListWidget()
        self.list.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.NoSelection)
        self.list.setIconSize(QtCore.QSize(ICON_PX, ICON_PX))
        self.bar, self.now = QtWidgets.QProgressBar(), QtWidgets.QLabel()
        self.bar.setTextVisible(False)
        self.what, self.advice = QtWidgets.QLabel(), QtWidgets.QLabel()
        for label in (self.now, self.what, self.advice):
            label.setWordWrap(True)
            label.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        self.log = QtWidgets.QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setMaximumBlockCount(LOG_LINES)
        self.log.setLineWrapMode(QtWidgets.QPlainTextEdit.LineWrapMode.NoWrap)
        self.folded = QgsCollapsibleGroupBoxBasic(tr("Log"))
        self.folded.setCollapsed(True)
        QtWidgets.QVBoxLayout(self.folded).addWidget(self.log)
        self._number, self._clock = -1, QtCore.QElapsedTimer()
        name_widgets(
            (self.list, "geopixSetupSteps", tr("Steps of the installation"), ""),
            (self.bar, "geopixSetupBar", tr("Progress of this step"), ""),
            (self.now, "geopixSetupNow", tr("What is done now"), ""),
            (self.what, "geopixSetupWhat", tr("How it ended"), ""),
            (self.advice, "geopixSetupAdvice", tr("What to do next"), ""),
            (self.log, "geopixSetupLog", tr("Log of the installation"), ""),
        )
        name_parts(self.folded, tr("Log of the installation"))
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.list, self.bar, self.now, self.what, self.advice):
            column.addWidget(widget)
        column.addWidget(self.folded, 1)
        column.addStretch(0)

    def begin(self, steps: Sequence[Step]) -> None:
        """Shows steps, none of them done."""
        self.list.clear()
        place = QtGui.QPixmap(ICON_PX, ICON_PX)
        place.fill(QtCore.Qt.GlobalColor.transparent)  # so that nothing moves when a step is marked
        for step in steps:
            self.list.addItem(QtWidgets.QListWidgetItem(QtGui.QIcon(place), step.title))
        rows = self.list.sizeHintForRow(0) * self.list.count() + 2 * self.list.frameWidth() + 4
        self.list.setFixedHeight(max(rows, 24))
        self._number = -1
        self.log.clear()
        self.folded.setCollapsed(True)
        self.what.hide()
        self.advice.hide()
        self.bar.show()
        self.now.show()

    def step_began(self, number: int) -> None:
        """All steps before this one are done."""
        self._close_step()
        self._number = number
        self._clock.start()
        item = self.list.item(number)
        font = item.font()
        font.setBold(True)
        item.setFont(font)

    def show_progress(self, done: float, total: float, text: str) -> None:
        """How far the step is; without a total the bar moves to and fro."""
        self.bar.setRange(0, 1000 if total else 0)
        self.bar.setValue(int(1000 * done / total) if total else 0)
        if text or not total:
            self.now.setText(text)

    def add(self, line: str) -> None:
        """A line of the log."""
        self.log.appendPlainText(line)

    def succeeded(self, text: str) -> None:
        """All steps are done."""
        self._close_step()
        self._ended(text, "", warning=False)

    def failed(self, problem: Problem) -> None:
        """The step that runs has failed."""
        self._mark(self._number, FAILED)
        self._ended(problem.what, problem.advice, warning=True)
        if problem.said:
            self.folded.setCollapsed(False)
            self.log.moveCursor(QtGui.QTextCursor.MoveOperation.End)
            self.log.moveCursor(QtGui.QTextCursor.MoveOperation.StartOfLine)

    def stopped(self) -> None:
        """The analyst has stopped it."""
        self._ended(tr("Stopped."), tr("Press Go on whenever you like: finished steps are kept."), warning=False)

    def _close_step(self) -> None:
        if self._number >= 0:
            seconds = self._clock.elapsed() / 1000
            item = self.list.item(self._number)
            self._mark(self._number, DONE)
            font = item.font()
            font.setBold(False)
            item.setFont(font)
            if seconds >= 1:
                item.setText(tr("{text}  ({seconds:,.0f} s)", text=item.text(), seconds=seconds))
            self._number = -1

    def _mark(self, number: int, icon: str) -> None:
        if number >= 0:
            self.list.item(number).setIcon(theme_icon(icon))

    def _ended(self, what: str, advice: str, *, warning: bool) -> None:
        self.bar.hide()
        self.now.hide()
        show_note(self.what, what, warning=warning)
        if not warning:
            self.what.setStyleSheet("")  # black on white, or as the theme has it: it is what was waited for
        font = self.what.font()
        font.setBold(True)
        self.what.setFont(font)
        self.advice.setText(advice)
        self.advice.setVisible(bool(advice))
