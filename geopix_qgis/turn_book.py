"""All turns of a project: numbered, kept in its file, undone and brought back."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsProject

from . import history
from .errors import LayerError
from .protocol import Turn
from .qt import QtCore, Signal
from .raster import Selection, source_of
from .results import Results
from .translation import tr
from .turns import TurnRecord

NEW_PLACE = tr("New place: the model answers this without the questions before.")
GONE = tr(
    "These polygons cannot be brought back: their layer was removed, or the project was "
    "opened anew. Ask again with Retry."
)


class TurnBook(QtCore.QObject):
    """Signals: ``changed(int)`` with the number of a turn, ``opened()`` after another project was opened,
    ``adding_layer()`` just before a layer comes into the project.

    Attributes:
        turns: Oldest first.
        results: The layers of their polygons.
    """

    changed = Signal(int)
    opened = Signal()
    adding_layer = Signal()

    def __init__(self, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self.turns: list[TurnRecord] = []
        self.results = Results(self.adding_layer.emit)
        self._place: object = None  # that was asked about last
        self._since = 0  # index of the first turn about it
        project = QgsProject.instance()
        project.readProject.connect(self._open)
        project.cleared.connect(self._open)
        self._open()

    def turn(self, number: int) -> Optional[TurnRecord]:
        """The turn of that number."""
        return next((turn for turn in self.turns if turn.number == number), None)

    @property
    def context(self) -> list[Turn]:
        """Earlier turns about the place that was asked about last, as the model is told them; not those undone."""
        turns = self.turns[self._since :] if self._place is not None else []
        return [Turn(t.prompt, t.answer) for t in turns if t.finished and t.answer and not t.problem and not t.undone]

    def begin(self, prompt: str, selection: Selection) -> TurnRecord:
        """A new turn.  About another place than the last one, it starts without context and says so."""
        found = self.results.found(source_of(selection))
        number = 1 + max([turn.number for turn in self.turns] + [found.last_turn if found else 0])
        time = QtCore.QDateTime.currentDateTimeUtc().toString(QtCore.Qt.DateFormat.ISODate)
        turn = TurnRecord(number, prompt, selection.name, selection.area.label, source_of(selection), time)
        if self._place != selection.key:
            turn.new_context = NEW_PLACE if self.turns else ""
            self._place, self._since = selection.key, len(self.turns)
        self.turns.append(turn)
        return turn

    def end(self) -> None:
        """Keeps the turns, now that nothing more will arrive for the last one."""
        history.keep(QgsProject.instance(), self.turns)

    def move(self, number: int, *, undone: bool) -> None:
        """Takes all polygons of a turn off the map in one step, or brings them back as they were.

        Raises:
            LayerError: If their layer has unsaved edits or is gone.
        """
        turn = self.turn(number)
        if turn is None or turn.undone == undone or turn.result is None:
            return
        count = turn.result.remove_turn(number) if undone else turn.result.restore_turn(number)
        if not undone and not count:
            raise LayerError(GONE)
        turn.undone = undone
        history.keep(QgsProject.instance(), self.turns)
        self.changed.emit(number)

    def clear(self) -> None:
        """Forgets all turns; their polygons stay on the map, and the next ones come into layers of their own."""
        history.keep(QgsProject.instance(), [])
        self._open()
        self.results = Results(self.adding_layer.emit, attach=False)

    def close(self) -> None:
        """Lets go of the project."""
        project = QgsProject.instance()
        project.readProject.disconnect(self._open)
        project.cleared.disconnect(self._open)
        self.results.close()

    def _open(self, *_document: Any) -> None:
        """Takes over what the project in hand keeps, and forgets the project before."""
        self.results.close()
        self.turns, self.results = history.restore(QgsProject.instance()), Results(self.adding_layer.emit)
        self._place, self._since = None, 0
        for turn in self.turns:
            turn.result = self.results.found(turn.source) if turn.phrases else None
        self.opened.emit()
