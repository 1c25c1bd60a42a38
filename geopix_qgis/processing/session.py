"""Questions to the model that wait for their answers, for algorithms: in a thread of QGIS, or where no GUI runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsProcessingFeedback

from ..asking import check_ground, check_prompt, request_about
from ..backend_process import BackendProcess, target_of
from ..client import AskClient
from ..endpoint import Endpoint
from ..errors import PluginError
from ..handover import Handover
from ..pixels import PixelSource
from ..protocol import (
    AskRequest,
    DoneEvent,
    ErrorEvent,
    Event,
    ProgressEvent,
    RegionEvent,
    TextEvent,
    Tile,
    TileEvent,
)
from ..qt import QtCore
from ..raster import Selection
from ..settings import Settings
from ..translation import tr

POLL_MS = 100  # between two looks at whether the analyst has cancelled
LAST_WORDS_MS = 250  # a process that dies breaks the connection first and says why a little later


@dataclass
class Answer:
    """What became of one question.

    Attributes:
        text: What the model said.
        regions: The polygons.
        crs_text: WKT of their CRS as the model process knows it, "" without one.
        warnings: What must be known of how it went.
        seconds: How long the model took.
    """

    text: str = ""
    regions: list[RegionEvent] = field(default_factory=list)
    crs_text: str = ""
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def crs(self, layer_crs: QgsCoordinateReferenceSystem) -> QgsCoordinateReferenceSystem:
        """Of the polygons: that of the raster layer, which may have been corrected, else what the file says."""
        return layer_crs if layer_crs.isValid() else QgsCoordinateReferenceSystem.fromWkt(self.crs_text)


class Session(QtCore.QObject):
    """Asks one question after the other; ends the model process that it has started.

    It belongs to the thread that makes it.

    Args:
        choices: Model, device and Python.
        running: Gives where the model process of the dock listens, None where it does not run; then one is started.
        feedback: Progress, log and cancelling of the algorithm.
    """

    def __init__(
        self, choices: Settings, running: Callable[[], Optional[Endpoint]], feedback: QgsProcessingFeedback
    ) -> None:
        super().__init__()
        self._choices, self._running, self._feedback = choices, running, feedback
        self._process, self._client, self._pixels = BackendProcess(self), AskClient(self), PixelSource(self)
        self._loop = QtCore.QEventLoop(self)
        self._make_request: Callable[[Tile], AskRequest] = lambda tile: AskRequest("", tile)
        self._body: Optional[Handover] = None
        self._endpoint: Optional[Endpoint] = None
        self._answer, self._share = Answer(), (0.0, 100.0)
        self._waiting, self._problem = False, ""
        self._poll, self._last_words = QtCore.QTimer(self), QtCore.QTimer(self)
        self._poll.setInterval(POLL_MS)
        self._last_words.setInterval(LAST_WORDS_MS)
        self._last_words.setSingleShot(True)
        self._connect()
        if choices.server_url:
            feedback.pushInfo(tr("Questions and their pixels go to {url}.", url=choices.server_url))

    def _connect(self) -> None:
        self._poll.timeout.connect(self._look)
        self._last_words.timeout.connect(self._broken_off)
        self._process.ready.connect(self._process_ready)
        self._process.failed.connect(self._fail)
        self._pixels.ready.connect(self._pixels_ready)
        self._pixels.failed.connect(self._fail)
        self._pixels.warned.connect(self._warn)
        self._client.received.connect(self._take)
        self._client.finished.connect(self._end)
        self._client.stopped.connect(self._end)
        self._client.failed.connect(self._client_failed)

    def ask(
        self,
        selection: Selection,
        prompt: str,
        number: int = 1,
        task: str = "auto",
        share: tuple[float, float] = (0.0, 100.0),
    ) -> Answer:
        """The answer about some pixels; what has arrived of it where the analyst cancels.

        Args:
            selection: Which pixels.
            prompt: What is asked.
            number: Of the question in this run, from 1.
            task: What is wanted, one of ``protocol.TASKS``.
            share: (first, last) per cent of the progress of the whole run.

        Raises:
            PluginError: If it cannot be asked or the model fails.
        """
        check_prompt(prompt)
        check_ground(self._choices, selection)
        self._answer, self._share, self._problem, self._body = Answer(), share, "", None
        choices, text = self._choices, prompt.strip()
        self._make_request = lambda tile: request_about(selection, tile, text, choices, number, task=task)
        self._waiting = True
        self._endpoint = self._find_endpoint()
        self._pixels.fetch(selection, anew=True, away=bool(self._choices.server_url))
        self._poll.start()
        if self._waiting:
            self._loop.exec(_events())
        self._poll.stop()
        self._last_words.stop()
        self._pixels.cancel()
        if self._problem:
            raise PluginError(self._problem)
        return self._answer

    def close(self) -> None:
        """Ends the process that was started here, and this object, in the thread that it belongs to."""
        self._process.stop()
        self.deleteLater()
        QtCore.QCoreApplication.sendPostedEvents(self, QtCore.QEvent.Type.DeferredDelete)

    def _find_endpoint(self) -> Optional[Endpoint]:
        """Of a process that runs; None where one is on its way."""
        found = self._process.endpoint or self._running()
        if found is None or found.url != self._choices.server_url:  # the dock may not have followed the settings yet
            found = None
            target = target_of(self._choices)
            if not self._choices.server_url:
                self._feedback.setProgressText(tr("Starting the model process..."))
            self._process.reach(target, self._choices.device)
        return found

    def _process_ready(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._send()

    def _pixels_ready(self, tile: Tile, pixels: Optional[bytes]) -> None:
        self._body = Handover(self._make_request(tile), pixels)
        self._send()

    def _send(self) -> None:
        """Sends the question once both the pixels and the model process are there."""
        if self._waiting and self._endpoint is not None and self._body is not None:
            body, self._body = self._body, None
            self._feedback.setProgressText(tr("Waiting for the model..."))
            self._client.ask(self._endpoint, body)

    def _take(self, event: Event) -> None:
        answer = self._answer
        if isinstance(event, TextEvent):
            answer.text += event.text
        elif isinstance(event, RegionEvent):
            answer.regions.append(event)
        elif isinstance(event, TileEvent):
            answer.crs_text = event.crs
            self._warn(*event.warnings)
        elif isinstance(event, ProgressEvent):
            self._show_progress(event)
        elif isinstance(event, DoneEvent):
            answer.seconds = event.seconds
            self._warn(*event.warnings)
            self._feedback.pushInfo(f"{event.seconds:.1f} s, {event.model} on {event.device}")
        elif isinstance(event, ErrorEvent):
            self._problem = event.message

    def _show_progress(self, event: ProgressEvent) -> None:
        if event.message:
            self._feedback.setProgressText(event.message)
        if event.total:
            first, last = self._share
            self._feedback.setProgress(first + (last - first) * event.done / event.total)

    def _warn(self, *sentences: str) -> None:
        for sentence in sentences:
            if sentence not in self._answer.warnings:
                self._answer.warnings.append(sentence)
                self._feedback.pushWarning(sentence)

    def _look(self) -> None:
        if self._feedback.isCanceled():
            self._end_early()

    def _client_failed(self, code: str, message: str) -> None:
        if code == "connection":
            self._last_words.start()
        else:
            self._fail(message)

    def _broken_off(self) -> None:
        self._fail(tr("The model process broke off its answer. Run it again; if it repeats, choose a smaller area."))

    def _fail(self, message: str) -> None:
        self._problem = message
        self._end_early()

    def _end_early(self) -> None:
        if self._client.active:
            self._client.stop()  # its signal ends the waiting
        else:
            self._end()

    def _end(self) -> None:
        self._waiting = False
        self._loop.quit()


def _events() -> Any:
    """What is handled while waiting: where an algorithm runs in the GUI's thread, no click may change its project."""
    application = QtCore.QCoreApplication.instance()
    flags = QtCore.QEventLoop.ProcessEventsFlag
    in_gui = application is not None and application.thread() == QtCore.QThread.currentThread()
    return flags.ExcludeUserInputEvents if in_gui else flags.AllEvents
