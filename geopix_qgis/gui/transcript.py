"""What was said, as text with links into the map."""

from __future__ import annotations

import html
from typing import Optional

from ..qt import QtCore, QtGui, QtWidgets, Signal
from ..turns import TurnRecord

REPAINT_MS = 60  # text streams faster than an eye reads; repainting for each word would cost more than decoding it
SCHEME = "geopix"
MIN_CONTRAST = 4.5
TURN_SPACE_PX = 16
INVITATION = (
    "Ask in plain words, such as:\nSegment the buildings and count the cars.\n\n"
    "The answer appears here, its polygons on the map. Nothing leaves this machine."
)


class Transcript(QtWidgets.QTextBrowser):
    """The turns, oldest first.  A click on a grounded phrase emits ``phrase_clicked(turn number, target)``."""

    phrase_clicked = Signal(int, int)

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("geopixTranscript")
        self.setAccessibleName("Conversation")
        self.setPlaceholderText(INVITATION)
        self.setOpenLinks(False)
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.document().setDocumentMargin(8)
        self.anchorClicked.connect(self._clicked)
        self._turn: Optional[TurnRecord] = None
        self._start = 0  # where the text of the current turn begins in the document
        self._timer = QtCore.QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REPAINT_MS)
        self._timer.timeout.connect(self.repaint_turn)

    def start_turn(self, turn: TurnRecord) -> None:
        """Closes the turn shown last and begins a new one."""
        self.repaint_turn()
        cursor = self.textCursor()
        cursor.movePosition(QtGui.QTextCursor.MoveOperation.End)
        if self._turn is not None:
            cursor.insertBlock(QtGui.QTextBlockFormat(), QtGui.QTextCharFormat())
        self._turn, self._start = turn, cursor.position()
        self.repaint_turn()
        self._to_end()

    def update_turn(self) -> None:
        """Shows what has arrived, soon."""
        if not self._timer.isActive():
            self._timer.start()

    def repaint_turn(self) -> None:
        """Shows what has arrived, now."""
        self._timer.stop()
        if self._turn is None:
            return
        bar = self.verticalScrollBar()
        follows = bar.value() >= bar.maximum() - 4
        cursor = QtGui.QTextCursor(self.document())
        cursor.setPosition(self._start)
        cursor.movePosition(QtGui.QTextCursor.MoveOperation.End, QtGui.QTextCursor.MoveMode.KeepAnchor)
        cursor.insertHtml(turn_html(self._turn, self.palette()))
        cursor.setPosition(self._start)
        space = QtGui.QTextBlockFormat()
        space.setTopMargin(TURN_SPACE_PX if self._start else 0)  # insertHtml drops the margin of a first paragraph
        cursor.mergeBlockFormat(space)
        if follows:
            self._to_end()

    def _to_end(self) -> None:
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def _clicked(self, url: QtCore.QUrl) -> None:
        if url.scheme() == SCHEME:
            turn, target = url.path().split("/")
            self.phrase_clicked.emit(int(turn), int(target))


def turn_html(turn: TurnRecord, palette: QtGui.QPalette) -> str:
    """One turn as HTML.  Everything that was typed or said is escaped: a model's answer is never markup."""
    muted, amber = muted_colour(palette), warning_colour(palette)
    answer = "".join(_piece(turn, text, target, palette) for text, target in turn.pieces)
    parts = [
        _paragraph(f'<b>You</b> <span style="color:{muted}">{_text(turn.raster)}</span>', 0),
        _paragraph(_text(turn.prompt), 2),
        _paragraph("<b>GeoPix</b>", 8),
    ]
    if answer or not (turn.problem or turn.footer):
        parts.append(_paragraph(answer or "...", 2))
    if turn.problem:
        parts.append(_paragraph(f'<span style="color:{amber}">{_text(turn.problem)}</span>', 2))
    if turn.footer:
        parts.append(_paragraph(f'<small style="color:{muted}">{_text(turn.footer)}</small>', 2))
    return "".join(parts)


def warning_colour(palette: QtGui.QPalette) -> str:
    """Amber that can be read on the background."""
    return "#ffb454" if _is_dark(palette) else "#9a5200"


def muted_colour(palette: QtGui.QPalette) -> str:
    """Grey that can be read on the background."""
    return "#a8a8a8" if _is_dark(palette) else "#666666"


def readable(colour: str, palette: QtGui.QPalette) -> str:
    """A colour, darkened or lightened until text in it can be read on the background (WCAG 2 level AA)."""
    background = palette.color(QtGui.QPalette.ColorRole.Base)
    text = QtGui.QColor(colour)
    while contrast(text, background) < MIN_CONTRAST and 0 < text.lightness() < 255:
        step = 12 if _is_dark(palette) else -12
        text.setHsl(text.hslHue(), text.hslSaturation(), min(255, max(0, text.lightness() + step)))
    return text.name()


def contrast(one: QtGui.QColor, other: QtGui.QColor) -> float:
    """Contrast ratio of WCAG 2: 1 for equal colours to 21 for black on white."""
    low, high = sorted(map(_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: QtGui.QColor) -> float:
    channels = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _piece(turn: TurnRecord, text: str, target: Optional[int], palette: QtGui.QPalette) -> str:
    colour = turn.colour_of(target) if target is not None else None
    if target is None or colour is None:
        return _text(text)
    count = len(turn.targets[target].ids)
    title = f"{count} polygon{'' if count == 1 else 's'}: click to see {'it' if count == 1 else 'them'} on the map"
    return (
        f'<span style="color:{colour}">&#9632;</span>&nbsp;'
        f'<a href="{SCHEME}:{turn.number}/{target}" title="{title}" style="color:{readable(colour, palette)}">'
        f"{_text(text)}</a>"
    )


def _paragraph(content: str, space_above_px: int) -> str:
    return f'<p style="margin-top:{space_above_px}px; margin-bottom:0">{content}</p>'


def _text(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")


def _is_dark(palette: QtGui.QPalette) -> bool:
    return palette.color(QtGui.QPalette.ColorRole.Base).lightness() < 128
