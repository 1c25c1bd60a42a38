"""Writing turns into a text document.

Everything that was typed or said goes in as plain text with a format, never as markup: a model's answer cannot become
a picture, a link or a script.
"""

from __future__ import annotations

from typing import Optional

from ..qt import QtCore, QtGui
from ..translation import tr
from ..turns import TurnRecord
from .colours import ACCENT, muted_colour, readable, warning_colour

SCHEME = "geopix"
PHRASE, ACTION, EXAMPLE = "phrase", "do", "try"
ACTIONS = {
    "copy": tr("copy"),
    "retry": tr("retry"),
    "edit": tr("edit"),
    "undo": tr("undo"),
    "restore": tr("restore"),
}
TURN_SPACE_PX = 16
LINE_BREAK = "\u2028"
SWATCH = "\u25a0\u00a0"


class TurnWriter:
    """Writes at a cursor, in the colours of a palette."""

    def __init__(self, cursor: QtGui.QTextCursor, palette: QtGui.QPalette) -> None:
        self._cursor, self._palette = cursor, palette
        self._plain = QtGui.QTextCharFormat()
        self._bold = QtGui.QTextCharFormat()
        self._bold.setFontWeight(QtGui.QFont.Weight.Bold)
        self._muted = self._coloured(muted_colour(palette))
        self._amber = self._coloured(warning_colour(palette))

    def begin(self, turn: TurnRecord, *, at_top: bool) -> None:
        """The question, and the place where the answer will stand."""
        space = 0 if at_top else TURN_SPACE_PX
        if turn.new_context:
            self._first_paragraph(space)
            self._text(turn.new_context, self._muted)
            self._paragraph(8)
        else:
            self._first_paragraph(space)
        self._text(tr("You"), self._bold)
        about = ", ".join(text for text in (turn.raster, turn.area, _clock(turn.time)) if text)
        self._text(f"  {about}", self._muted)
        self._paragraph(2)
        self._text(turn.prompt, self._plain)
        self._paragraph(8)
        self._text("GeoPix", self._bold)
        self._paragraph(2)

    def piece(self, turn: TurnRecord, text: str, target: Optional[int]) -> bool:
        """One piece of the answer; says whether it became a link."""
        phrase = turn.phrases.get(target) if target is not None else None
        if phrase is None:
            self._text(text, self._plain)
            return False
        swatch = QtGui.QTextCharFormat()
        swatch.setForeground(QtGui.QColor(phrase.colour))
        self._text(SWATCH, swatch)
        link = self._link(f"{PHRASE}/{turn.number}/{target}", readable(phrase.colour, self._palette))
        self._text(text, link)
        return True

    def end(self, turn: TurnRecord) -> None:
        """How it went, and what can be done with the turn."""
        for text, look in ((turn.problem, self._amber), (turn.warning, self._amber), (turn.footer, self._muted)):
            if text:
                self._paragraph(2)
                self._text(text, look)
        self._paragraph(2)
        for index, name in enumerate(actions_of(turn)):
            if index:
                self._text(" \u00b7 ", self._muted)
            self._text(ACTIONS[name], self._link(f"{ACTION}/{turn.number}/{name}", muted_colour(self._palette)))

    def invitation(self, lead: str, examples: tuple[str, ...], notes: tuple[str, ...]) -> None:
        """What stands here before the first question; a click on an example takes it over."""
        self._first_paragraph(0)
        self._text(lead, self._plain)
        for number, example in enumerate(examples):
            self._paragraph(4)
            self._text(example, self._link(f"{EXAMPLE}/{number}", readable(ACCENT, self._palette)))
        for note in notes:
            self._paragraph(10)
            self._text(note, self._muted)

    def _first_paragraph(self, space_above_px: int) -> None:
        """The paragraph that the cursor is in, which is empty."""
        self._cursor.setBlockFormat(_space(space_above_px))

    def _paragraph(self, space_above_px: int) -> None:
        self._cursor.insertBlock(_space(space_above_px), self._plain)

    def _text(self, text: str, look: QtGui.QTextCharFormat) -> None:
        self._cursor.insertText(text.replace("\r\n", "\n").replace("\n", LINE_BREAK), look)

    def _coloured(self, colour: str) -> QtGui.QTextCharFormat:
        look = QtGui.QTextCharFormat()
        look.setForeground(QtGui.QColor(colour))
        return look

    def _link(self, path: str, colour: str) -> QtGui.QTextCharFormat:
        look = self._coloured(colour)
        look.setAnchor(True)
        look.setAnchorHref(f"{SCHEME}:{path}")
        look.setFontUnderline(True)
        return look


def _space(above_px: int) -> QtGui.QTextBlockFormat:
    layout = QtGui.QTextBlockFormat()
    layout.setTopMargin(above_px)
    return layout


def _clock(time: str) -> str:
    """Hours and minutes here, of an ISO 8601 time in UTC."""
    moment = QtCore.QDateTime.fromString(time, QtCore.Qt.DateFormat.ISODate)
    return moment.toLocalTime().toString("HH:mm") if moment.isValid() else ""


def actions_of(turn: TurnRecord) -> tuple[str, ...]:
    """What can be done with a finished turn."""
    names = ["copy"] if turn.answer.strip() else []
    names += ["retry", "edit"]
    if turn.regions:
        names.append("restore" if turn.undone else "undo")
    return tuple(names)
