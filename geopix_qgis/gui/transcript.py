"""What was said, as text with links into the map."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Optional

from ..qt import QtCore, QtGui, QtWidgets, Signal
from ..translation import tr
from ..turns import TurnRecord
from .colours import highlight_colour
from .turn_writer import ACTION, EXAMPLE, PHRASE, SCHEME, TurnWriter

REPAINT_MS = 60  # text streams faster than an eye reads; laying it out for each word would cost more than decoding it
SENTENCE_END = re.compile(r"[.!?](?=\s|$)|\u2028")
LEAD = tr("Ask in plain words. The answer appears here, its polygons on the map. For example:")


class Transcript(QtWidgets.QTextBrowser):
    """The turns, oldest first.

    Text is only ever added at the end while an answer streams, so that a long one stays as quick as a short one.

    Signals: ``phrase_clicked(turn number, target)``, ``phrase_hovered((turn number, target) or None)``,
    ``action_clicked(turn number, name)`` with a name of ``turn_writer.actions_of``, ``example_clicked(text)``.

    Attributes:
        describe: Gives the tooltip of a phrase.
    """

    phrase_clicked = Signal(int, int)
    phrase_hovered = Signal(object)
    action_clicked = Signal(int, str)
    example_clicked = Signal(str)

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("geopixTranscript")
        self.setAccessibleName(tr("Conversation"))
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)  # nobody types here, and the undo stack would grow with every word
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.document().setDocumentMargin(8)
        self.describe: Callable[[int, int], str] = lambda turn, target: ""
        self.anchorClicked.connect(self._clicked)
        self.highlighted.connect(self._hovered)
        self._turns: list[TurnRecord] = []
        self._starts: list[QtGui.QTextCursor] = []
        self._shown = 0  # pieces of the last turn that are written
        self._links: set[int] = set()  # targets of the last turn that are written as links
        self._closed = True  # whether the end of the last turn is written
        self._examples: tuple[str, ...] = ()
        self._notes: tuple[str, ...] = ()
        self._marked: frozenset[tuple[int, int]] = frozenset()
        self._timer = QtCore.QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REPAINT_MS)
        self._timer.timeout.connect(self.repaint_turn)

    def invite(self, examples: Sequence[str], notes: Sequence[str]) -> None:
        """What to show before the first question: prompts to try, and what the model can and cannot do."""
        self._examples, self._notes = tuple(examples), tuple(notes)
        if not self._turns:
            self.show_turns([])

    def show_turns(self, turns: Sequence[TurnRecord]) -> None:
        """Shows these turns and no others."""
        self._timer.stop()
        self.clear()
        self.setExtraSelections([])
        self._turns, self._starts, self._closed = [], [], True
        if not turns:
            writer = TurnWriter(QtGui.QTextCursor(self.document()), self.palette())
            writer.invitation(LEAD, self._examples, self._notes)
        for turn in turns:
            self._append(turn)
        self._to_end()

    def start_turn(self, turn: TurnRecord) -> None:
        """Begins a new turn below the others."""
        self.repaint_turn()
        if not self._turns:
            self.clear()
        self._append(turn)
        self._to_end()

    def update_turn(self) -> None:
        """Shows what has arrived, soon."""
        if not self._timer.isActive():
            self._timer.start()

    def repaint_turn(self) -> None:
        """Shows what has arrived, now."""
        self._timer.stop()
        if not self._turns or (self._closed and self._shown == len(self._turns[-1].pieces)):
            return
        turn, follows = self._turns[-1], self._at_end()
        early = {target for _, target in turn.pieces[: self._shown] if target in turn.phrases}
        if early - self._links:  # a phrase that was written before it had polygons
            self.refresh_turn(turn.number)
            return
        cursor = self._end_cursor()
        cursor.beginEditBlock()
        self._add_pieces(turn, TurnWriter(cursor, self.palette()))
        cursor.endEditBlock()
        if follows:
            self._to_end()

    def refresh_turn(self, number: int) -> None:
        """Writes one turn anew, in its place."""
        index = next((i for i, turn in enumerate(self._turns) if turn.number == number), None)
        if index is None:
            return
        follows, start = self._at_end(), self._starts[index].position()
        cursor = QtGui.QTextCursor(self.document())
        cursor.setPosition(start)
        last = index == len(self._turns) - 1
        stop = self._end_cursor().position() if last else self._starts[index + 1].position() - 1
        cursor.setPosition(stop, QtGui.QTextCursor.MoveMode.KeepAnchor)
        cursor.beginEditBlock()
        cursor.removeSelectedText()
        self._write(self._turns[index], cursor, at_top=index == 0, streaming=last)
        cursor.endEditBlock()
        self._starts[index].setPosition(start)
        if follows:
            self._to_end()
        self.mark(self._marked)

    def mark(self, targets: Collection[tuple[int, int]]) -> None:
        """Highlights the sentences of these (turn number, target), and shows the last of them."""
        news, self._marked = frozenset(targets) - self._marked, frozenset(targets)
        colour = QtGui.QColor(highlight_colour(self.palette()))
        marks = []
        for cursor in self._sentences(self._marked) if self._marked else ():
            mark = QtWidgets.QTextEdit.ExtraSelection()
            mark.cursor = cursor
            mark.format.setBackground(colour)
            marks.append(mark)
        self.setExtraSelections(marks)
        if marks and news:
            bottom = self.cursorRect(marks[-1].cursor).bottom()
            if not 0 <= bottom <= self.viewport().height():
                bar = self.verticalScrollBar()
                bar.setValue(bar.value() + bottom - self.viewport().height() // 2)

    def changeEvent(self, event: QtCore.QEvent) -> None:
        """A new theme needs new colours."""
        super().changeEvent(event)
        if event.type() == QtCore.QEvent.Type.PaletteChange and hasattr(self, "_turns"):
            self.show_turns(list(self._turns))

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        """What was said last stays in sight when a panel below opens."""
        follows = self._at_end()
        super().resizeEvent(event)
        if follows:
            self._to_end()

    def leaveEvent(self, event: QtCore.QEvent) -> None:
        """Without the mouse no phrase is pointed at."""
        super().leaveEvent(event)
        self.phrase_hovered.emit(None)

    def _append(self, turn: TurnRecord) -> None:
        cursor = self._end_cursor()
        if self._turns:
            cursor.insertBlock(QtGui.QTextBlockFormat(), QtGui.QTextCharFormat())
        start = cursor.position()
        self._turns.append(turn)
        self._write(turn, cursor, at_top=start == 0, streaming=True)
        mark = QtGui.QTextCursor(self.document())
        mark.setPosition(start)
        self._starts.append(mark)

    def _write(self, turn: TurnRecord, cursor: QtGui.QTextCursor, *, at_top: bool, streaming: bool) -> None:
        writer = TurnWriter(cursor, self.palette())
        writer.begin(turn, at_top=at_top)
        if streaming:
            self._shown, self._links, self._closed = 0, set(), False
            self._add_pieces(turn, writer)
        else:
            for text, target in turn.pieces:
                writer.piece(turn, text, target)
            writer.end(turn)

    def _add_pieces(self, turn: TurnRecord, writer: TurnWriter) -> None:
        """Writes what is new of the last turn, and its end once it has one."""
        for text, target in turn.pieces[self._shown :]:
            if writer.piece(turn, text, target) and target is not None:
                self._links.add(target)
        self._shown = len(turn.pieces)
        if turn.finished and not self._closed:
            writer.end(turn)
            self._closed = True

    def _end_cursor(self) -> QtGui.QTextCursor:
        cursor = QtGui.QTextCursor(self.document())
        cursor.movePosition(QtGui.QTextCursor.MoveOperation.End)
        return cursor

    def _at_end(self) -> bool:
        bar = self.verticalScrollBar()
        return bool(bar.value() >= bar.maximum() - 4)

    def _to_end(self) -> None:
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def _sentences(self, targets: Collection[tuple[int, int]]) -> Iterator[QtGui.QTextCursor]:
        """A cursor around the sentence of each phrase."""
        wanted = {f"{SCHEME}:{PHRASE}/{turn}/{target}" for turn, target in targets}
        for start, href, text, offset in self._anchors():
            if href in wanted:
                before = [match.end() for match in SENTENCE_END.finditer(text, 0, offset)]
                after = SENTENCE_END.search(text, offset)
                cursor = QtGui.QTextCursor(self.document())
                first = before[-1] if before else 0
                first += len(text[first:]) - len(text[first:].lstrip())
                cursor.setPosition(start + first)
                last = after.end() if after else len(text)
                cursor.setPosition(start + last, QtGui.QTextCursor.MoveMode.KeepAnchor)
                yield cursor

    def _anchors(self) -> Iterator[tuple[int, str, str, int]]:
        """(start of the block, link, text of the block, offset in it) of each link."""
        block = self.document().begin()
        while block.isValid():
            fragments = block.begin()
            while not fragments.atEnd():
                fragment = fragments.fragment()
                if fragment.charFormat().isAnchor():
                    yield (
                        block.position(),
                        fragment.charFormat().anchorHref(),
                        block.text(),
                        (fragment.position() - block.position()),
                    )
                fragments += 1
            block = block.next()

    def _clicked(self, url: QtCore.QUrl) -> None:
        kind, _, rest = url.path().partition("/")
        if url.scheme() != SCHEME:
            return
        if kind == EXAMPLE:
            self.example_clicked.emit(self._examples[int(rest)])
        elif kind == ACTION:
            number, _, name = rest.partition("/")
            self.action_clicked.emit(int(number), name)
        elif kind == PHRASE:
            self.phrase_clicked.emit(*map(int, rest.split("/")))

    def _hovered(self, url: QtCore.QUrl) -> None:
        kind, _, rest = url.path().partition("/")
        if url.scheme() != SCHEME or kind != PHRASE:
            self.phrase_hovered.emit(None)
            return
        turn, target = map(int, rest.split("/"))
        self.phrase_hovered.emit((turn, target))
        QtWidgets.QToolTip.showText(QtGui.QCursor.pos(), self.describe(turn, target), self)
