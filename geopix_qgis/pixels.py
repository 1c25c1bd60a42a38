"""The pixels that travel with a question: none for a file, a rendered picture for what only QGIS can read."""

from __future__ import annotations

from typing import Optional

from .qt import QtCore, Signal
from .raster import Selection
from .rendering import Rendering


class PixelSource(QtCore.QObject):
    """Gets pixels one question at a time.  Signals: ``ready(bytes or None)``, ``failed(str)``, ``warned(str)``.

    The last picture is kept, so that a follow-up question about the same place neither loads its tiles again nor sees
    other pixels than the question before.
    """

    ready = Signal(object)
    failed = Signal(str)
    warned = Signal(str)

    def __init__(self, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self._rendering: Optional[Rendering] = None
        self._wanted: object = None
        self._kept: tuple[object, bytes] = (None, b"")

    def fetch(self, selection: Selection, *, anew: bool) -> None:
        """Begins; a signal follows, at once where nothing is to be rendered.

        Args:
            selection: What is asked about.
            anew: Whether a kept picture must not be used.
        """
        self.cancel()
        if selection.rendering is None:
            self.ready.emit(None)
        elif not anew and self._kept[0] == selection.key:
            self.ready.emit(self._kept[1])
        else:
            self._wanted = selection.key
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

    def _done(self, pixels: bytes) -> None:
        self._kept = (self._wanted, pixels)
        self.cancel()
        self.ready.emit(pixels)

    def _failed(self, message: str) -> None:
        self.cancel()
        self.failed.emit(message)
