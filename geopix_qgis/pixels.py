"""The pixels that travel with a question: none for a file that the model process sees, else a picture of them."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication

from .file_pixels import FileTask, reading_of
from .protocol import PathTile, Tile
from .qt import QtCore, Signal
from .raster import Selection
from .rendering import Rendering
from .translation import tr


class PixelSource(QtCore.QObject):
    """Gets pixels one question at a time.

    Signals: ``ready(Tile, bytes or None)`` with what the request says of them, ``failed(str)``, ``warned(str)``.

    The last picture is kept, so that a follow-up question about the same place neither loads its tiles again nor sees
    other pixels than the question before.
    """

    ready = Signal(object, object)
    failed = Signal(str)
    warned = Signal(str)

    def __init__(self, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self._rendering: Optional[Rendering] = None
        self._task: Optional[FileTask] = None
        self._wanted: object = None
        self._tile: Optional[Tile] = None
        self._kept: tuple[object, Optional[Tile], bytes] = (None, None, b"")

    def fetch(self, selection: Selection, *, anew: bool, away: bool = False, finest_m: Optional[float] = None) -> None:
        """Begins; a signal follows, at once where nothing is to be rendered.

        Args:
            selection: What is asked about.
            anew: Whether a kept picture must not be used.
            away: Whether the model process cannot see files of this machine.
            finest_m: Metres per pixel that the model sees at most, None where unknown.
        """
        self.cancel()
        self._wanted, self._tile = (selection.key, away), selection.tile
        if not anew and self._kept[0] == self._wanted:
            self.ready.emit(self._kept[1], self._kept[2])
        elif selection.rendering is None and not away:
            self.ready.emit(selection.tile, None)
        elif isinstance(selection.tile, PathTile):
            self._task = FileTask(reading_of(selection, selection.tile, finest_m))
            self._task.taskCompleted.connect(self._read)
            self._task.taskTerminated.connect(self._not_read)
            QgsApplication.taskManager().addTask(self._task)
        else:
            self._rendering = Rendering(selection.rendering, self)
            self._rendering.done.connect(self._done)
            self._rendering.failed.connect(self._failed)
            self._rendering.warned.connect(self.warned)
            self._rendering.start()

    def cancel(self) -> None:
        """Stops without a signal."""
        if self._rendering is not None:
            self._rendering.cancel()
            self._rendering.deleteLater()  # it may be its own signal that is being handled
            self._rendering = None
        task, self._task = self._task, None
        if task is not None:
            task.taskCompleted.disconnect(self._read)
            task.taskTerminated.disconnect(self._not_read)
            task.cancel()

    def _read(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            self._hand_over(task.tile, task.pixels)

    def _not_read(self) -> None:
        task, self._task = self._task, None
        self.failed.emit(task.problem if task is not None and task.problem else tr("The raster was not read."))

    def _done(self, pixels: bytes) -> None:
        self.cancel()
        self._hand_over(self._tile, pixels)

    def _hand_over(self, tile: Optional[Tile], pixels: bytes) -> None:
        self._kept = (self._wanted, tile, pixels)
        self.ready.emit(tile, pixels)

    def _failed(self, message: str) -> None:
        self.cancel()
        self.failed.emit(message)
