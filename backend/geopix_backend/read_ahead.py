"""Making something in a thread while somebody else uses it: at most a few results wait, so memory stays flat."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator
from contextlib import closing
from typing import TypeVar

T = TypeVar("T")
WAITING = 1  # results that wait beside the one that is read and the one that is used


def read_ahead(source: Generator[T, None, None], waiting: int = WAITING) -> Generator[T, None, None]:
    """The items of a generator, made in a thread of their own before they are asked for.

    Closing this generator ends the thread and closes the source; an exception of the source is raised here.
    """
    ready: queue.Queue[tuple[bool, T | BaseException | None]] = queue.Queue(waiting)
    stop = threading.Event()

    def put(more: bool, item: T | BaseException | None) -> None:
        while not stop.is_set():
            try:
                ready.put((more, item), timeout=0.1)
                return
            except queue.Full:
                continue  # looks again whether anybody still wants it

    def run() -> None:
        try:
            with closing(source):
                for item in source:
                    put(True, item)
                    if stop.is_set():
                        return
            put(False, None)
        except BaseException as error:
            put(False, error)

    thread = threading.Thread(target=run, name="reader", daemon=True)
    thread.start()
    try:
        while True:
            more, item = ready.get()
            if not more:
                if isinstance(item, BaseException):
                    raise item
                return
            yield item  # type: ignore[misc]  # an item, as there are more
    finally:
        stop.set()
        thread.join()
