"""Bringing published models here, as events for people and programs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

from geopix_model.errors import GeoPixError, UnknownModelError
from geopix_model.hub.home import models_home
from geopix_model.hub.progress import Pace, Progress
from geopix_model.hub.sources import SOURCES, Source
from geopix_qgis.protocol import ErrorEvent, Event, InstallEvent

LOG = logging.getLogger(__name__)
EVERY_S = 0.1


def source_of(name: str) -> tuple[Source, Path]:
    """Where a published model comes from, and the folder that such models are kept in.

    Raises:
        UnknownModelError: If there is no such model, or if it comes with the program.
    """
    if name not in SOURCES:
        raise UnknownModelError(f"There is no model {name!r} to install; choose one of: {', '.join(SOURCES)}.")
    return SOURCES[name], models_home()


def download(name: str, revision: str = "", endpoint: str = "") -> Generator[InstallEvent, None, None]:
    """Fetches a model; stops when its reader does, and goes on where it stopped the next time.

    Raises:
        GeoPixError: At once if there is no such model to fetch; while it runs, if it cannot be fetched.
    """
    from geopix_model.hub import install
    from geopix_model.hub.access import Hub, Patience

    source, home = source_of(name)
    return events(install.download(source, home, Hub.from_environment(endpoint), revision, Patience()))


def events(
    steps: Generator[Progress, None, None], now_s: Callable[[], float] = time.monotonic
) -> Generator[InstallEvent, None, None]:
    """Steps as events of the wire: with speed and remaining time, and not more often than anybody can see."""
    pace, shown, said_s = Pace(), "", -EVERY_S
    with closing(steps):
        for step in steps:
            now = now_s()
            speed, left = pace.tell(now, step)
            if step.stage == shown and now - said_s < EVERY_S:
                continue
            shown, said_s = step.stage, now
            yield InstallEvent(step.stage, step.file, step.done_bytes, step.total_bytes, speed, left, step.commit)


class Running:
    """A download in a thread of its own, whose events go to ``sink``, and None as the last."""

    def __init__(self, steps: Generator[InstallEvent, None, None], sink: Callable[[Event | None], None]) -> None:
        self._steps, self._sink = steps, sink
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="download", daemon=True).start()

    def stop(self) -> None:
        """Ends it before its next event; what has come is kept."""
        self._stopped.set()

    def _run(self) -> None:
        with closing(self._steps):
            try:
                for event in self._steps:
                    if self._stopped.is_set():
                        break
                    self._tell(event)
            except GeoPixError as error:
                self._tell(ErrorEvent(error.code, str(error)))
            except Exception as error:
                LOG.exception("a download failed")
                said = f"{type(error).__name__}: {error}".rstrip(": .")
                self._tell(ErrorEvent("internal", f"The download failed ({said}); the log has the details."))
        self._tell(None)

    def _tell(self, event: Event | None) -> None:
        """Hands an event out.  A sink that fails has lost its reader: then the download is stopped."""
        try:
            self._sink(event)
        except Exception:
            LOG.info("the reader of a download is gone", exc_info=True)
            self._stopped.set()
