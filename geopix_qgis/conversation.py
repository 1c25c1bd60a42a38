"""The course of a conversation, without a widget: question, pixels, model process, answer, polygons."""

from __future__ import annotations

import enum
from typing import Any, Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsMapSettings, QgsRasterLayer

from . import settings as stored
from .backend_process import BackendProcess, Endpoint, State, find_python
from .client import AskClient
from .errors import BackendError, PluginError
from .layers import ResultLayer, category_of
from .protocol import (
    MAX_PROMPT_CHARS,
    AskRequest,
    DoneEvent,
    ErrorEvent,
    Event,
    ProgressEvent,
    RegionEvent,
    TextEvent,
    TileEvent,
    Turn,
    encode_request,
)
from .qt import QtCore, Signal
from .raster import Area, Selection, select
from .rendering import Rendering
from .turns import Target, TurnRecord

BATCH_MS = 100  # regions reach the layer in batches: repainting the map for each one would stall the stream
LAST_WORDS_MS = 250  # a process that dies breaks the connection first and says why a little later
BROKEN_OFF = "The model process broke off its answer. Ask again; if it repeats, ask about a smaller area."


class Phase(enum.Enum):
    """Where the conversation stands."""

    IDLE = "idle"
    STARTING = "starting"
    ASKING = "asking"
    STOPPED = "stopped"
    ERROR = "error"


class Conversation(QtCore.QObject):
    """One conversation at a time with one model process.

    Signals: ``phase_changed(Phase)``, ``turn_started(TurnRecord)``, ``text(str, target or None)``,
    ``regions_added(int)`` with the count so far, ``progress(done, total, message)``, ``finished(TurnRecord)``,
    ``warned(str)``, ``failed(str)`` and ``python_missing(str)``.

    Attributes:
        turns: All questions so far.
        process: The model process.
    """

    phase_changed = Signal(object)
    turn_started = Signal(object)
    text = Signal(str, object)
    regions_added = Signal(int)
    progress = Signal(int, int, str)
    finished = Signal(object)
    warned = Signal(str)
    failed = Signal(str)
    python_missing = Signal(str)

    def __init__(self, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self.phase = Phase.IDLE
        self.turns: list[TurnRecord] = []
        self.process = BackendProcess(self)
        self._client = AskClient(self)
        self._results: dict[str, ResultLayer] = {}  # by id of the raster layer
        self._histories: dict[str, list[Turn]] = {}
        self._selection: Optional[Selection] = None
        self._body: Optional[tuple[str, bytes]] = None
        self._rendering: Optional[Rendering] = None
        self._crs_text = ""  # of the tile, as the model process says it
        self._pending: list[RegionEvent] = []
        self._windows = (0, 0)
        self._batch = QtCore.QTimer(self)
        self._batch.setSingleShot(True)
        self._batch.setInterval(BATCH_MS)
        self._batch.timeout.connect(self._add_pending)
        self._last_words = QtCore.QTimer(self)
        self._last_words.setSingleShot(True)
        self._last_words.setInterval(LAST_WORDS_MS)
        self._last_words.timeout.connect(lambda: self._fail(BROKEN_OFF))
        self.process.ready.connect(self._send)
        self.process.failed.connect(self._process_failed)
        self._client.received.connect(self._take)
        self._client.finished.connect(self._client_finished)
        self._client.failed.connect(self._client_failed)
        self._client.stopped.connect(self._client_stopped)

    @property
    def active(self) -> bool:
        """Whether a question is being answered."""
        return self.phase in (Phase.STARTING, Phase.ASKING)

    @property
    def last_result(self) -> Optional[ResultLayer]:
        """The newest layer of answers that the analyst has not removed."""
        results = [turn.result for turn in self.turns if turn.result is not None and turn.result.alive]
        return results[-1] if results else None

    def ask(self, prompt: str, layer: Optional[QgsRasterLayer], area: Area, view: QgsMapSettings) -> bool:
        """Asks about a layer; False where the question was refused (``failed`` or ``python_missing`` says why).

        Args:
            prompt: What the analyst typed.
            layer: The raster layer.
            area: The whole of it, or what the canvas shows.
            view: ``mapSettings()`` of the canvas.
        """
        if self.active or self._client.active:
            return False
        try:
            selection = select(layer, area, view)
            _check_prompt(prompt)
            python = find_python(stored.load().backend_python)
        except BackendError as error:
            self.python_missing.emit(str(error))
            return False
        except PluginError as error:
            self.failed.emit(str(error))
            return False
        turn = TurnRecord(len(self.turns) + 1, prompt.strip(), selection.name)
        self.turns.append(turn)
        self._selection, self._body, self._windows = selection, None, (0, 0)
        self.turn_started.emit(turn)
        self._set(Phase.STARTING)
        self._fetch_pixels(selection)
        self.process.start(python, stored.load().device)
        return True

    def stop(self) -> None:
        """Stops the answer; what has arrived is kept."""
        if self._client.active:
            self._client.stop()
        elif self.active:
            self._client_stopped()

    def close(self) -> None:
        """Ends the answer and the model process."""
        self._batch.stop()
        self._last_words.stop()
        self._client.stop()
        self._drop_rendering()
        self.process.stop()

    def _fetch_pixels(self, selection: Selection) -> None:
        if selection.rendering is None:
            self._pixels_ready(None)
            return
        self.progress.emit(0, 0, "Rendering the layer...")
        self._rendering = Rendering(selection.rendering, self)
        self._rendering.done.connect(self._pixels_ready)
        self._rendering.failed.connect(self._fail)
        self._rendering.start()

    def _drop_rendering(self) -> None:
        if self._rendering is not None:
            self._rendering.cancel()
            self._rendering.deleteLater()  # it may be its own signal that is being handled
            self._rendering = None

    def _pixels_ready(self, pixels: Optional[bytes]) -> None:
        if self._selection is None or self.phase is not Phase.STARTING:
            return
        choices, turn = stored.load(), self.turns[-1]
        history = tuple(self._histories.get(self._selection.layer_id, ()))
        request = AskRequest(turn.prompt, self._selection.tile, history, choices.model, turn.number, choices.min_score)
        self._drop_rendering()
        self._body = encode_request(request, pixels)
        self._send()

    def _send(self, *_endpoint: Endpoint) -> None:
        """Sends the question once both the pixels and the model process are ready."""
        if self.phase is not Phase.STARTING:
            return
        if self.process.endpoint is None:
            self.progress.emit(0, 0, "Starting the model...")
        elif self._body is not None:
            self._set(Phase.ASKING)
            self.process.set_busy(True)
            self._client.ask(self.process.endpoint, *self._body)
            self._body = None

    def _take(self, event: Event) -> None:
        turn = self.turns[-1]
        if isinstance(event, TextEvent):
            turn.pieces.append((event.text, event.target))
            self.text.emit(event.text, event.target)
        elif isinstance(event, RegionEvent):
            self._pending.append(event)
            if not self._batch.isActive():
                self._batch.start()
        elif isinstance(event, ProgressEvent):
            self._windows = (event.done, event.total)
            self.progress.emit(event.done, event.total, event.message)
        elif isinstance(event, TileEvent):
            self._crs_text = event.crs
            for warning in event.warnings:
                self.warned.emit(warning)
        elif isinstance(event, DoneEvent):
            turn.footer = f"{event.seconds:.1f} s, {event.model} on {event.device}"
            for warning in event.warnings:
                self.warned.emit(warning)
        elif isinstance(event, ErrorEvent):
            turn.problem = event.message

    def _add_pending(self) -> None:
        self._batch.stop()
        turn, regions, self._pending = self.turns[-1], self._pending, []
        if not regions or self._selection is None:
            return
        try:
            turn.result = turn.result or self._result_for(self._selection)
            ids = turn.result.add(regions)
        except PluginError as error:
            self._client.stop()
            self._fail(str(error))
            return
        for region, feature_id in zip(regions, ids):
            target = turn.targets.setdefault(region.target, Target(category_of(region)))
            if feature_id is not None:
                target.ids.append(feature_id)
        self.regions_added.emit(turn.regions)

    def _result_for(self, selection: Selection) -> ResultLayer:
        """The layer of answers about this raster, made for its first polygon."""
        # QGIS reads the raster's numbers in the CRS of the layer, which the analyst may have corrected.
        crs = selection.crs if selection.crs.isValid() else QgsCoordinateReferenceSystem.fromWkt(self._crs_text)
        result = self._results.get(selection.layer_id)
        if result is None or not result.alive or result.layer.crs() != crs:
            result = self._results[selection.layer_id] = ResultLayer(selection.name, crs)
        return result

    def _client_finished(self) -> None:
        problem = self.turns[-1].problem
        if problem:
            self._fail(problem)
        elif self.active:
            self._end(Phase.IDLE)

    def _client_stopped(self) -> None:
        if not self.active:
            return
        self._add_pending()
        turn, (done, total) = self.turns[-1], self._windows
        read = f" {done} of {total} windows were read;" if total else ""
        turn.footer = f"Stopped.{read} {_kept(turn.regions)}"
        self._end(Phase.STOPPED)

    def _client_failed(self, code: str, message: str) -> None:
        if code == "connection":
            self._last_words.start()
        else:
            self._fail(message)

    def _process_failed(self, message: str) -> None:
        if self.active:
            self._client.stop()
            self._fail(message)

    def _fail(self, message: str) -> None:
        if not self.active:
            return
        self.turns[-1].problem = message
        self._end(Phase.ERROR)
        self.failed.emit(message)

    def _end(self, phase: Phase) -> None:
        """Closes the current turn, whatever became of it."""
        self._last_words.stop()
        self._drop_rendering()
        self._add_pending()
        turn, selection = self.turns[-1], self._selection
        if turn.answer and not turn.problem and selection is not None:
            self._histories.setdefault(selection.layer_id, []).append(Turn(turn.prompt, turn.answer))
        self._selection = self._body = None
        if self.process.state is State.BUSY:
            self.process.set_busy(False)
        self._set(phase)
        self.finished.emit(turn)

    def _set(self, phase: Phase) -> None:
        if phase is not self.phase:
            self.phase = phase
            self.phase_changed.emit(phase)


def _kept(regions: int) -> str:
    if regions == 0:
        return "nothing was found so far."
    return f"the {regions} polygons found so far are kept." if regions > 1 else "the 1 polygon found so far is kept."


def _check_prompt(prompt: Any) -> None:
    if not prompt.strip():
        raise PluginError("The prompt is empty. Say what to look for, such as 'segment all buildings'.")
    if len(prompt) > MAX_PROMPT_CHARS:
        raise PluginError(f"The prompt has {len(prompt):,} characters. Shorten it to at most {MAX_PROMPT_CHARS:,}.")
