"""The scheduler: one thread owns the model, and nothing that a question does can stop it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator

import pytest

from geopix_backend.errors import BusyError
from geopix_backend.scheduler import Job, Scheduler, Work
from geopix_model.errors import CheckpointError
from geopix_model.predictor import Predictor
from geopix_qgis.protocol import ErrorEvent, Event, ProgressEvent, TextEvent
from tests.backend.fakes import FakePredictor

LIMIT_S = 20
LOADING = ProgressEvent(0, 0, "Loading the model")


class Reader:
    """The events of a job as they come."""

    def __init__(self) -> None:
        self._events: queue.Queue[Event | None] = queue.Queue()

    def __call__(self, event: Event | None) -> None:
        self._events.put(event)

    def next(self) -> Event | None:
        return self._events.get(timeout=LIMIT_S)

    def rest(self) -> list[Event]:
        return list(iter(self.next, None))


class Gate:
    """Work that says one word, waits to be let through, and then says a second one unless it is cancelled."""

    def __init__(self) -> None:
        self.running, self.open = threading.Event(), threading.Event()

    def __call__(self, predictor: Predictor, cancelled: Callable[[], bool]) -> Iterator[Event]:
        self.running.set()
        yield TextEvent("one")
        assert self.open.wait(LIMIT_S)
        if not cancelled():
            yield TextEvent("two")


@pytest.fixture
def loads() -> list[str]:
    return []


@pytest.fixture
def scheduler(loads: list[str]) -> Iterator[Scheduler]:
    def load(name: str) -> Predictor:
        loads.append(name)
        if name == "broken":
            raise CheckpointError("The file is truncated.")
        return FakePredictor([], name=name)

    made = Scheduler(load, waiting_limit=2)
    yield made
    made.close()


def name_of_model(predictor: Predictor, cancelled: Callable[[], bool]) -> Iterator[Event]:
    yield TextEvent(predictor.info.name)


def ask(scheduler: Scheduler, work: Work, model: str = "nano") -> tuple[Job, Reader]:
    reader = Reader()
    return scheduler.submit(model, work, reader), reader


def test_the_model_is_loaded_by_the_first_question_and_kept(scheduler: Scheduler, loads: list[str]) -> None:
    assert scheduler.status.model is None and loads == []
    assert ask(scheduler, name_of_model)[1].rest() == [LOADING, TextEvent("nano")]
    assert ask(scheduler, name_of_model)[1].rest() == [TextEvent("nano")]
    assert loads == ["nano"]
    loaded = scheduler.status.model
    assert loaded is not None and loaded.name == "nano"


def test_another_model_takes_the_place_of_the_loaded_one(scheduler: Scheduler, loads: list[str]) -> None:
    for name in ("nano", "large", "large", "nano"):
        assert ask(scheduler, name_of_model, name)[1].rest()[-1] == TextEvent(name)
    assert loads == ["nano", "large", "nano"]


def test_waiting_questions_are_told_how_many_are_before_them(scheduler: Scheduler) -> None:
    gate = Gate()
    _, first = ask(scheduler, gate)
    assert gate.running.wait(LIMIT_S)
    _, second = ask(scheduler, name_of_model)
    _, third = ask(scheduler, name_of_model)
    assert (scheduler.status.state, scheduler.status.waiting) == ("busy", 2)
    assert second.next() == ProgressEvent(0, 0, "Waiting, 1 before you")
    assert third.next() == ProgressEvent(0, 0, "Waiting, 2 before you")
    gate.open.set()
    assert third.next() == ProgressEvent(0, 0, "Waiting, 1 before you")
    assert first.rest() == [LOADING, TextEvent("one"), TextEvent("two")]
    assert second.rest() == third.rest() == [TextEvent("nano")]


def test_a_full_queue_refuses_and_has_room_again_later(scheduler: Scheduler) -> None:
    gate = Gate()
    ask(scheduler, gate)
    assert gate.running.wait(LIMIT_S)
    waiting = [ask(scheduler, name_of_model)[1] for _ in range(2)]
    with pytest.raises(BusyError, match="2 questions wait already"):
        ask(scheduler, name_of_model)
    gate.open.set()
    for reader in waiting:
        reader.rest()
    assert ask(scheduler, name_of_model)[1].rest() == [TextEvent("nano")]


def test_cancelling_drops_a_waiting_question_at_once(scheduler: Scheduler) -> None:
    gate = Gate()
    ask(scheduler, gate)
    assert gate.running.wait(LIMIT_S)
    dropped, reader = ask(scheduler, lambda *_: pytest.fail("a dropped question ran"))
    _, behind = ask(scheduler, name_of_model)
    scheduler.cancel(dropped)
    assert reader.rest() == [ProgressEvent(0, 0, "Waiting, 1 before you")]  # ended while the gate is still shut
    gate.open.set()
    assert behind.rest()[:2] == [ProgressEvent(0, 0, f"Waiting, {n} before you") for n in (2, 1)]


def test_cancelling_a_running_question_is_seen_by_its_work(scheduler: Scheduler) -> None:
    gate = Gate()
    job, reader = ask(scheduler, gate)
    assert gate.running.wait(LIMIT_S)
    scheduler.cancel(job)
    gate.open.set()
    assert reader.rest() == [LOADING, TextEvent("one")]


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ZeroDivisionError("by zero"), "internal", "ZeroDivisionError: by zero"),
        (MemoryError(), "memory", "smaller area"),
        (CheckpointError("Bad file."), "checkpoint", "Bad file."),
    ],
)
def test_a_crash_ends_its_question_and_not_the_thread(
    scheduler: Scheduler, error: Exception, code: str, said: str
) -> None:
    def crash(predictor: Predictor, cancelled: Callable[[], bool]) -> Iterator[Event]:
        yield TextEvent("so far")
        raise error

    *before, last = ask(scheduler, crash)[1].rest()
    assert before == [LOADING, TextEvent("so far")]
    assert isinstance(last, ErrorEvent) and last.code == code and said in last.message
    assert ask(scheduler, name_of_model)[1].rest() == [TextEvent("nano")]


def test_a_model_that_does_not_load_fails_its_question_only(scheduler: Scheduler) -> None:
    broken = ask(scheduler, name_of_model, "broken")[1].rest()
    assert broken == [LOADING, ErrorEvent("checkpoint", "The file is truncated.")]
    assert ask(scheduler, name_of_model)[1].rest()[-1] == TextEvent("nano")


def test_a_reader_that_fails_cancels_its_question(scheduler: Scheduler) -> None:
    seen: list[bool] = []
    ended = threading.Event()

    def work(predictor: Predictor, cancelled: Callable[[], bool]) -> Iterator[Event]:
        yield TextEvent("to nobody")
        seen.append(cancelled())
        ended.set()

    def gone(event: Event | None) -> None:
        raise RuntimeError("the loop is closed")

    scheduler.submit("nano", work, gone)
    assert ended.wait(LIMIT_S) and seen == [True]
    assert ask(scheduler, name_of_model)[1].rest() == [TextEvent("nano")]


def test_closing_cancels_everything(scheduler: Scheduler) -> None:
    gate = Gate()
    _, running = ask(scheduler, gate)
    assert gate.running.wait(LIMIT_S)
    _, waiting = ask(scheduler, name_of_model)
    scheduler.close()
    gate.open.set()
    assert running.rest() == [LOADING, TextEvent("one")]
    assert waiting.rest() == [ProgressEvent(0, 0, "Waiting, 1 before you")]
    with pytest.raises(BusyError):
        ask(scheduler, name_of_model)
