"""Choosing a model, and letting the model process fetch one that is not there yet."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from . import settings
from .client import AskClient
from .endpoint import Endpoint
from .protocol import ErrorEvent, Event, InstallEvent
from .qt import QtCore, Signal
from .translation import tr
from .wording import duration

GB = 1e9
STAGES = {"waiting": tr("Another process fetches it..."), "asking": tr("Asking the hub what there is...")}


def choose(name: str) -> None:
    """Asks this model from the next question on."""
    settings.save(replace(settings.load(), model=name))


class ModelDownload(QtCore.QObject):
    """One download.  Signals: ``progress(InstallEvent)``; then ``finished(name)``, ``failed(str)`` or ``stopped()``."""

    progress = Signal(object)
    finished = Signal(str)
    failed = Signal(str)
    stopped = Signal()

    def __init__(self, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self._client = AskClient(self)
        self._client.received.connect(self._take)
        self._client.finished.connect(self._ended)
        self._client.failed.connect(lambda _code, message: self.failed.emit(message))
        self._client.stopped.connect(self.stopped)
        self._name, self._problem = "", ""

    @property
    def active(self) -> bool:
        """Whether it is under way."""
        return self._client.active

    def start(self, endpoint: Endpoint, name: str) -> None:
        """Begins, or goes on where an earlier one stopped."""
        if not self._client.active:
            self._name, self._problem = name, ""
            self._client.fetch_model(endpoint, name)

    def stop(self) -> None:
        """Stops; what has come is kept."""
        self._client.stop()

    def _take(self, event: Event) -> None:
        if isinstance(event, InstallEvent):
            self.progress.emit(event)
        elif isinstance(event, ErrorEvent):
            self._problem = event.message

    def _ended(self) -> None:
        if self._problem:
            self.failed.emit(self._problem)
        else:
            self.finished.emit(self._name)


def in_words(event: InstallEvent) -> str:
    """How far a download is."""
    if event.stage in STAGES:
        return STAGES[event.stage]
    text = tr(
        "{stage}: {done_bytes:.1f} of {total_bytes:.1f} GB",
        stage=event.stage.capitalize(),
        done_bytes=event.done_bytes / GB,
        total_bytes=event.total_bytes / GB,
    )
    if event.bytes_per_s:
        text += f", {event.bytes_per_s / 1e6:.1f} MB/s"
    if event.seconds_left is not None:
        text += tr(", {duration} left", duration=duration(event.seconds_left))
    return text
