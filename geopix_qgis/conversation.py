"""The course of a conversation, without a widget: question, pixels, model process, answer, polygons."""

from __future__ import annotations

import enum
from typing import Any, Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsMapSettings, QgsRasterLayer

from . import settings as stored
from .areas import Area
from .asking import Asking, check_ground, check_prompt, request_about, stopped
from .backend_process import BackendProcess, State, target_if_known, target_of
from .client import AskClient
from .endpoint import Endpoint
from .errors import BackendError, PluginError
from .estimate import Rates
from .handover import Handover
from .layers import ResultLayer
from .models_client import ModelsClient
from .pixels import PixelSource
from .protocol import (
    DoneEvent,
    ErrorEvent,
    Event,
    ModelFacts,
    ProgressEvent,
    RegionEvent,
    TextEvent,
    Tile,
    TileEvent,
)
from .provenance import Run
from .qt import QtCore, Signal
from .raster import select
from .regions import category_of
from .translation import tr
from .turn_book import TurnBook
from .turns import Phrase, TurnRecord

BATCH_MS = 100  # regions reach the layer in batches: repainting the map for each one would stall the stream
LAST_WORDS_MS = 250  # a process that dies breaks the connection first and says why a little later
BROKEN_OFF = tr("The model process broke off its answer. Ask again; if it repeats, ask about a smaller area.")


class Phase(enum.Enum):
    """Where the conversation stands."""

    IDLE = "idle"
    STARTING = "starting"
    ASKING = "asking"
    STOPPED = "stopped"
    ERROR = "error"


class Conversation(QtCore.QObject):
    """One conversation with one model process.

    Signals: ``phase_changed(Phase)``, ``turn_started(TurnRecord)``, ``text(str, target or None)``,
    ``regions_added(int)`` with the count so far, ``progress(done, total, message, seconds_left)``,
    ``finished(TurnRecord)``, ``models_changed()``, ``failed(str)`` and ``python_missing(str)``.
    """

    phase_changed = Signal(object)
    turn_started = Signal(object)
    text = Signal(str, object)
    regions_added = Signal(int)
    progress = Signal(int, int, str, object)
    finished = Signal(object)
    models_changed = Signal()
    failed = Signal(str)
    python_missing = Signal(str)

    def __init__(self, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self.phase = Phase.IDLE
        self.models: tuple[ModelFacts, ...] = ()
        self.rates = Rates()
        self.process = BackendProcess(self)
        self.book = TurnBook(self)
        self._client, self._models_client, self._pixels = AskClient(self), ModelsClient(self), PixelSource(self)
        self._asking: Optional[Asking] = None
        self._pending: list[RegionEvent] = []
        self._batch = self._timer(BATCH_MS, self._add_pending)
        self._last_words = self._timer(LAST_WORDS_MS, self._broken_off)
        self._connect()

    def _timer(self, interval_ms: int, slot: Any) -> QtCore.QTimer:
        timer = QtCore.QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(interval_ms)
        timer.timeout.connect(slot)
        return timer

    def _connect(self) -> None:
        self.process.ready.connect(self._process_ready)
        self.process.failed.connect(self._process_failed)
        self._models_client.received.connect(self._take_models)
        self._pixels.ready.connect(self._pixels_ready)
        self._pixels.failed.connect(self._fail)
        self._pixels.warned.connect(self._warn)
        self._client.received.connect(self._take)
        self._client.finished.connect(self._client_finished)
        self._client.failed.connect(self._client_failed)
        self._client.stopped.connect(self._client_stopped)
        self.book.opened.connect(self._abandon)

    @property
    def turns(self) -> list[TurnRecord]:
        """All questions of this project, oldest first."""
        return self.book.turns

    @property
    def active(self) -> bool:
        """Whether a question is being answered."""
        return self.phase in (Phase.STARTING, Phase.ASKING)

    @property
    def facts(self) -> Optional[ModelFacts]:
        """What is known of the chosen model."""
        chosen = stored.load().model
        return next((facts for facts in self.models if facts.name == chosen), None)

    @property
    def last_result(self) -> Optional[ResultLayer]:
        """The newest layers of answers that the analyst has not removed."""
        results = [turn.result for turn in self.turns if turn.result is not None and turn.result.alive]
        return results[-1] if results else None

    def warm_up(self) -> None:
        """Starts the model process before the first question, where its Python is known; silent where not."""
        choices = stored.load()
        target = target_if_known(choices)
        if target is not None:
            self.process.reach(target, choices.device)

    def ask(
        self,
        prompt: str,
        layer: Optional[QgsRasterLayer],
        area: Area,
        view: QgsMapSettings,
        resolution_m: Optional[float] = None,
        task: str = "auto",
    ) -> bool:
        """Asks about a layer; False where the question was refused (``failed`` or ``python_missing`` says why).

        Args:
            prompt: What the analyst typed.
            layer: The raster layer.
            area: The part of it.
            view: ``mapSettings()`` of the canvas.
            resolution_m: Metres per pixel of a layer that QGIS renders; None is that of the view.
            task: What is wanted, one of ``protocol.TASKS``.
        """
        if self.active or self._client.active:
            return False
        choices = stored.load()
        try:
            selection = select(layer, area, view, resolution_m)
            check_prompt(prompt)
            check_ground(choices, selection)
            target = target_of(choices)
        except BackendError as error:
            self.python_missing.emit(str(error))
            return False
        except PluginError as error:
            self.failed.emit(str(error))
            return False
        follow_up = bool(self.book.context)
        turn = self.book.begin(prompt.strip(), selection)
        self._asking = Asking(turn, selection, task=task)
        self.turn_started.emit(turn)
        self._set(Phase.STARTING)
        if selection.rendering is not None:
            self.progress.emit(0, 0, tr("Rendering the layer..."), None)
        finest_m = self.facts.gsd_range_m[0] if self.facts else None
        self.process.leave_unless(target)
        away, again = isinstance(target, Endpoint), follow_up and bool(self.book.context)
        self._pixels.fetch(selection, anew=not again, away=away, finest_m=finest_m)
        self.process.reach(target, choices.device)
        return True

    def stop(self) -> None:
        """Stops the answer; what has arrived is kept."""
        if self._client.active:
            self._client.stop()
        elif self.active:
            self._client_stopped()

    def close(self) -> None:
        """Ends the answer and the model process, and lets go of the project."""
        self.book.close()
        self._batch.stop()
        self._last_words.stop()
        self._client.stop()
        self._pixels.cancel()
        self.process.stop()

    def _pixels_ready(self, tile: Tile, pixels: Optional[bytes]) -> None:
        if self._asking is None or self.phase is not Phase.STARTING:
            return
        turn, choices, task = self._asking.turn, stored.load(), self._asking.task
        request = request_about(
            self._asking.selection, tile, turn.prompt, choices, turn.number, self.book.context, task
        )
        self._asking.body = Handover(request, pixels)
        self._send()

    def _process_ready(self, _endpoint: Endpoint) -> None:
        self.look_at_models()
        self._send()

    def look_at_models(self) -> None:
        """Asks the model process once more which models there are; ``models_changed`` follows."""
        if self.process.endpoint is not None:
            self._models_client.fetch(self.process.endpoint)

    def _take_models(self, models: tuple[ModelFacts, ...]) -> None:
        self.models = models
        self.models_changed.emit()

    def _send(self) -> None:
        """Sends the question once both the pixels and the model process are ready."""
        if self._asking is None or self.phase is not Phase.STARTING:
            return
        if self.process.endpoint is None:
            self.progress.emit(0, 0, tr("Starting the model..."), None)
        elif self._asking.body is not None:
            self._set(Phase.ASKING)
            self.progress.emit(0, 0, tr("Waiting for the model..."), None)
            self.process.set_busy(True)
            self._client.ask(self.process.endpoint, self._asking.body)
            self._asking.body = None

    def _take(self, event: Event) -> None:
        if self._asking is None:
            return
        turn = self._asking.turn
        if isinstance(event, TextEvent):
            turn.pieces.append((event.text, event.target))
            self.text.emit(event.text, event.target)
        elif isinstance(event, RegionEvent):
            self._pending.append(event)
            if event.target not in turn.phrases:
                self._add_pending()  # its words come next, and want its colour
            elif not self._batch.isActive():
                self._batch.start()
        elif isinstance(event, ProgressEvent):
            self._asking.windows = (event.done, event.total)
            self.progress.emit(event.done, event.total, event.message, event.seconds_left)
        elif isinstance(event, TileEvent):
            self._asking.crs_text, self._asking.gsd_m = event.crs, event.gsd_m
            self._warn(*event.warnings)  # those of the tile; the last event has those of the answer as well
        elif isinstance(event, DoneEvent):
            self._take_done(self._asking, event)
        elif isinstance(event, ErrorEvent):
            turn.problem = event.message

    def _take_done(self, asking: Asking, event: DoneEvent) -> None:
        self._add_pending()
        turn, wanted = asking.turn, stored.load().device
        self._warn(*(warning for warning in event.warnings if warning not in turn.warning))
        turn.footer = tr(
            "{seconds:.1f} s, {model} on {device}", seconds=event.seconds, model=event.model, device=event.device
        )
        if wanted.startswith("cuda") and not event.device.startswith("cuda"):
            self._warn(tr("The GPU was asked for and not used: it ran on {device}.", device=event.device))
        self.rates.note(stored.load().model, event.device, event.windows_done * event.passes, event.seconds)
        if turn.result is not None:
            run = Run(
                turn=turn.number,
                time=turn.time,
                prompt=turn.prompt,
                model=event.model,
                device=event.device,
                source=turn.source,
                gsd_m=asking.gsd_m,
                seconds=event.seconds,
                extent=asking.selection.footprint.boundingBox().asWktPolygon(),
            )
            self._note(turn.result, run)

    def _warn(self, *sentences: str) -> None:
        """Says beside the answer what the analyst must know of it."""
        if self._asking is not None:
            turn = self._asking.turn
            turn.warning = " ".join(filter(None, (turn.warning, *sentences)))

    def _note(self, result: ResultLayer, run: Run) -> None:
        """Provenance that cannot be written is no reason to lose an answer."""
        try:
            result.note_turn(run)
        except PluginError as error:
            self.failed.emit(str(error))

    def _add_pending(self) -> None:
        self._batch.stop()
        regions, self._pending = self._pending, []
        if not regions or self._asking is None:
            return
        turn = self._asking.turn
        try:
            turn.result = self.book.results.of(self._asking.selection, self._crs())
            turn.result.add(regions, turn.time)
        except PluginError as error:
            self._client.stop()
            self._fail(str(error))
            return
        for region in {region.target: region for region in regions}.values():
            colour = turn.result.colour_of(turn.number, region.target)
            if colour is not None:  # else it had no area
                phrase = turn.phrases.setdefault(region.target, Phrase(category_of(region), colour))
                phrase.arrived = turn.result.count(turn.number, region.target)
        self.regions_added.emit(turn.regions)

    def _crs(self) -> QgsCoordinateReferenceSystem:
        """Of the polygons: QGIS reads the raster's numbers in the CRS of its layer, which may have been corrected."""
        if self._asking is None or self._asking.selection.crs.isValid():
            return self._asking.selection.crs if self._asking else QgsCoordinateReferenceSystem()
        return QgsCoordinateReferenceSystem.fromWkt(self._asking.crs_text)

    def _client_finished(self) -> None:
        problem = self._asking.turn.problem if self._asking else ""
        if problem:
            self._fail(problem)
        elif self.active:
            self._end(Phase.IDLE)

    def _client_stopped(self) -> None:
        if not self.active or self._asking is None:
            return
        self._add_pending()
        turn = self._asking.turn
        turn.footer = stopped(self._asking.windows, turn.regions)
        self._end(Phase.STOPPED)

    def _client_failed(self, code: str, message: str) -> None:
        if code == "connection":
            self._last_words.start()
        else:
            self._fail(message)

    def _broken_off(self) -> None:
        self._fail(BROKEN_OFF)
        self.process.lost(tr("The connection to the server broke. The next question connects anew."))

    def _process_failed(self, message: str) -> None:
        if self.active:
            self._client.stop()
            self._fail(message)

    def _fail(self, message: str) -> None:
        if not self.active or self._asking is None:
            return
        self._asking.turn.problem = message
        self._end(Phase.ERROR)
        self.failed.emit(message)

    def _end(self, phase: Phase) -> None:
        """Closes the current turn, whatever became of it."""
        if self._asking is None:
            return
        self._last_words.stop()
        self._pixels.cancel()
        self._add_pending()
        turn, self._asking = self._asking.turn, None
        if self.process.state is State.BUSY:
            self.process.set_busy(False)
        self.book.end()
        self._set(phase)
        self.finished.emit(turn)

    def _abandon(self) -> None:
        """The project of the question was closed: nobody waits for the rest of its answer."""
        if self.active:
            self._asking, self._pending = None, []
            self._batch.stop()
            self._last_words.stop()
            self._pixels.cancel()
            self._client.stop()
            if self.process.state is State.BUSY:
                self.process.set_busy(False)
            self._set(Phase.STOPPED)

    def _set(self, phase: Phase) -> None:
        if phase is not self.phase:
            self.phase = phase
            self.phase_changed.emit(phase)
