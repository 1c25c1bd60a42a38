"""One thread owns the model; questions wait for it in a short queue."""

from __future__ import annotations

import gc
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from geopix_model.errors import GeoPixError
from geopix_model.predictor import ModelInfo, Predictor
from geopix_qgis.protocol import ErrorEvent, Event, ProgressEvent, TileEvent

from .errors import BusyError

LOG = logging.getLogger(__name__)

Work = Callable[[Predictor, Callable[[], bool]], Iterator[Event]]
"""What a job does on the model's thread: it gets the model, and a function that says whether it was cancelled."""

Sink = Callable[[Event | None], None]
"""Takes the events of a job, on whatever thread they happen, and None as the last."""


@dataclass(eq=False)
class Job:
    """One question on its way.

    Attributes:
        model: Name of the model that it is for.
        work: What to do.
        sink: Where its events go.
    """

    model: str
    work: Work
    sink: Sink
    _cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._cancelled.is_set()

    def tell(self, event: Event | None) -> None:
        """Hands an event out.  A sink that fails has lost its reader: then the job is cancelled."""
        try:
            self.sink(event)
        except Exception:
            LOG.info("the reader of a job is gone", exc_info=True)
            self._cancelled.set()


@dataclass(frozen=True)
class Status:
    """What the model's thread does.

    Attributes:
        state: "idle", "loading" or "busy".
        waiting: Number of questions that wait.
        model: The loaded model, None before the first question.
    """

    state: str
    waiting: int
    model: ModelInfo | None


class Scheduler:
    """Runs jobs one after the other, in the order in which they came.

    The model is loaded by the first job that needs it and stays until a job asks for another.

    Args:
        load: Loads a model by name.
        waiting_limit: Jobs that may wait beside the running one.
    """

    def __init__(self, load: Callable[[str], Predictor], waiting_limit: int = 8) -> None:
        self._load, self._limit = load, waiting_limit
        self._queue: deque[Job] = deque()
        self._changed = threading.Condition()
        self._current: Job | None = None
        self._loaded: tuple[str, Predictor] | None = None
        self._loading = self._closed = False
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)
        self._thread.start()

    def submit(self, model: str, work: Work, sink: Sink) -> Job:
        """Queues a job.

        Raises:
            BusyError: If too many wait already.
        """
        job = Job(model, work, sink)
        with self._changed:
            if self._closed or len(self._queue) >= self._limit:
                raise BusyError(f"{len(self._queue)} questions wait already; ask again when one is answered.")
            self._queue.append(job)
            if self._current or len(self._queue) > 1:
                self._tell_place(job, len(self._queue))
            self._changed.notify_all()
        return job

    def cancel(self, job: Job) -> None:
        """Drops a waiting job at once, and ends a running one before the next piece of its answer."""
        with self._changed:
            job._cancelled.set()
            if job in self._queue:
                self._queue.remove(job)
                job.tell(None)
                self._tell_places()

    def close(self) -> None:
        """Cancels all jobs and ends the thread once the running one has noticed."""
        with self._changed:
            self._closed = True
            for job in [*self._queue, *([self._current] if self._current else [])]:
                self.cancel(job)
            self._changed.notify_all()

    @property
    def status(self) -> Status:
        """What the thread does right now."""
        with self._changed:
            state = "loading" if self._loading else "busy" if self._current else "idle"
            return Status(state, len(self._queue), self._loaded[1].info if self._loaded else None)

    @property
    def loaded(self) -> str | None:
        """Name of the loaded model, as it was asked for."""
        found = self._loaded
        return found[0] if found is not None else None

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._closed)
                if self._closed:
                    return
                self._current = self._queue.popleft()
                self._tell_places()
            try:
                self._answer(self._current)
            finally:
                job, self._current = self._current, None
                job.tell(None)

    def _answer(self, job: Job) -> None:
        """All events of a job; whatever goes wrong in it becomes its last event."""
        try:
            predictor = self._predictor(job)
            for event in job.work(predictor, lambda: job.cancelled):
                job.tell(event)
                if isinstance(event, TileEvent):
                    time.sleep(0)  # lets the thread in that sends it: the model now takes what processor there is
        except GeoPixError as error:
            job.tell(ErrorEvent(error.code, str(error)))
        except Exception as error:
            LOG.exception("a question failed")
            job.tell(_failure(error))

    def _predictor(self, job: Job) -> Predictor:
        if self._loaded and self._loaded[0] == job.model:
            return self._loaded[1]
        job.tell(ProgressEvent(0, 0, "Loading the model"))
        self._loading = True
        try:
            self._loaded = None
            _free_memory()
            predictor = self._load(job.model)
            self._loaded = (job.model, predictor)
            return predictor
        finally:
            self._loading = False

    def _tell_places(self) -> None:
        for before, job in enumerate(self._queue, start=1):
            self._tell_place(job, before)

    def _tell_place(self, job: Job, before: int) -> None:
        job.tell(ProgressEvent(0, 0, f"Waiting, {before} before you"))


def _failure(error: Exception) -> ErrorEvent:
    """One sentence on an error that no code foresaw."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return ErrorEvent(
            "memory", "The memory was not enough for this question; choose a smaller area or --device cpu."
        )
    said = f"{type(error).__name__}: {error}".rstrip(": .")
    return ErrorEvent("internal", f"The question failed in the model process ({said}); its log has the details.")


def _free_memory() -> None:
    """Gives the memory of a dropped model back, also that of the GPU."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
