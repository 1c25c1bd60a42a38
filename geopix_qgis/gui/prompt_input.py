"""Where the analyst types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, Optional

from ..qt import QtCore, QtGui, QtWidgets, Signal
from ..translation import tr

MAX_LINES = 5


class PromptInput(QtWidgets.QPlainTextEdit):
    """A text box that grows to five lines.

    Enter sends, Shift+Enter breaks the line, Up and Down at its edges walk through earlier prompts.

    Signals: ``sent()`` and ``focused()`` when the analyst is about to type.

    Attributes:
        earlier: Gives the prompts of before, oldest first.
    """

    sent = Signal()
    focused = Signal()

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("geopixPrompt")
        self.setAccessibleName(tr("Question about the raster"))
        self.setPlaceholderText(tr("Ask about what you see..."))
        self.setToolTip(tr("Enter sends, Shift+Enter begins a new line, Up brings back what you asked before"))
        self.setTabChangesFocus(True)
        self.earlier: Callable[[], Sequence[str]] = tuple
        self._back = 0  # how many prompts ago the shown one was asked; 0 is what is being typed
        self._draft = ""
        self.setVerticalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        """Enter sends."""
        enter = event.key() in (QtCore.Qt.Key.Key_Return, QtCore.Qt.Key.Key_Enter)
        if enter and not event.modifiers() & QtCore.Qt.KeyboardModifier.ShiftModifier:
            self.sent.emit()
            return
        step = {QtCore.Qt.Key.Key_Up: 1, QtCore.Qt.Key.Key_Down: -1}.get(event.key(), 0)
        if step and not event.modifiers() & ~QtCore.Qt.KeyboardModifier.KeypadModifier and self._recall(step):
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QtGui.QFocusEvent) -> None:
        """The analyst is about to type."""
        super().focusInEvent(event)
        self.focused.emit()

    def take(self, text: str) -> None:
        """Replaces what is typed, and puts the cursor behind it."""
        self._back = 0
        self._put(text)
        self.setFocus()

    def _recall(self, step: int) -> bool:
        """Goes back (1) or forth (-1) from the first or last line; False where the key shall move the cursor."""
        cursor, prompts = self.textCursor(), list(dict.fromkeys(reversed(list(self.earlier()))))
        edge = self.document().firstBlock() if step > 0 else self.document().lastBlock()
        if cursor.block() != edge or not 0 <= self._back + step <= len(prompts):
            return False
        if self._back == 0:
            self._draft = self.toPlainText()
        self._back += step
        self._put(prompts[self._back - 1] if self._back else self._draft)
        return True

    def _put(self, text: str) -> None:
        self.setPlainText(text)
        self.moveCursor(QtGui.QTextCursor.MoveOperation.End)

    def _fit(self, *_size: QtCore.QSizeF) -> None:
        lines = min(MAX_LINES, max(2, int(self.document().size().height())))  # a plain document counts in lines
        frame = 2 * (self.frameWidth() + int(self.document().documentMargin()))
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + frame)
