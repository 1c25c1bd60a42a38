"""Where the analyst types."""

from __future__ import annotations

from typing import Optional

from ..qt import QtCore, QtGui, QtWidgets, Signal

MAX_LINES = 5


class PromptInput(QtWidgets.QPlainTextEdit):
    """A text box that grows to five lines.  Enter sends (signal ``sent``), Shift+Enter breaks the line."""

    sent = Signal()

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("geopixPrompt")
        self.setAccessibleName("Question about the raster")
        self.setPlaceholderText("Ask about what you see...")
        self.setToolTip("Enter sends, Shift+Enter begins a new line")
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        """Enter sends."""
        enter = event.key() in (QtCore.Qt.Key.Key_Return, QtCore.Qt.Key.Key_Enter)
        if enter and not event.modifiers() & QtCore.Qt.KeyboardModifier.ShiftModifier:
            self.sent.emit()
            return
        super().keyPressEvent(event)

    def _fit(self, *_size: QtCore.QSizeF) -> None:
        lines = min(MAX_LINES, max(2, int(self.document().size().height())))  # a plain document counts in lines
        frame = 2 * (self.frameWidth() + int(self.document().documentMargin()))
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + frame)
