"""How the model process is, as a coloured dot with a word."""

from __future__ import annotations

from typing import Optional

from ..backend_process import State
from ..qt import QtCore, QtGui, QtWidgets
from ..translation import tr
from .colours import ACCENT, BAD, GOOD, IDLE, PENDING

COLOURS = {
    State.OFF: IDLE,
    State.STARTING: PENDING,
    State.READY: GOOD,
    State.BUSY: ACCENT,
    State.ERROR: BAD,
}
NAMES = {
    State.OFF: tr("off"),
    State.STARTING: tr("starting"),
    State.READY: tr("ready"),
    State.BUSY: tr("busy"),
    State.ERROR: tr("error"),
}
MEANINGS = {
    State.OFF: tr("The model process is not running; the first question starts it."),
    State.STARTING: tr("The model process is starting."),
    State.READY: tr("The model process is ready."),
    State.BUSY: tr("The model is answering."),
    State.ERROR: tr("The model process has a problem; the next question restarts it."),
}
HERE = tr("Nothing leaves this machine.")
SIDE = 10


class StatusLight(QtWidgets.QToolButton):
    """A dot and a word; the tooltip says what they mean, a click tells more (signal ``clicked``)."""

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("geopixStatus")
        self.setAutoRaise(True)
        self.setToolButtonStyle(QtCore.Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QtCore.QSize(SIDE, SIDE))
        self.show_state(State.OFF)

    def show_state(self, state: State, detail: str = "", server: str = "") -> None:
        """Shows a state; ``detail`` is added to the tooltip, and the address of a ``server`` that is used."""
        self.setIcon(QtGui.QIcon(_dot(COLOURS[state])))
        self.setText(NAMES[state])
        meaning = f"{MEANINGS[state]} {HERE}" if state is State.READY and not server else MEANINGS[state]
        sent = tr("Questions and pixels go to {server}.", server=server) if server else ""
        click = tr("Click for the model, its log and a restart.")
        self.setToolTip("\n".join(filter(None, (meaning, sent, detail, click))))
        self.setAccessibleName(tr("Model process: {state}", state=NAMES[state]))


def _dot(colour: str) -> QtGui.QPixmap:
    pixmap = QtGui.QPixmap(SIDE, SIDE)
    pixmap.fill(QtCore.Qt.GlobalColor.transparent)
    painter = QtGui.QPainter(pixmap)
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    painter.setPen(QtCore.Qt.PenStyle.NoPen)
    painter.setBrush(QtGui.QColor(colour))
    painter.drawEllipse(1, 1, SIDE - 2, SIDE - 2)
    painter.end()
    return pixmap
