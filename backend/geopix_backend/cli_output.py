"""What ``geopix ask`` prints: the answer for people, or the events for programs."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shapely.geometry import shape

from geopix_qgis.protocol import DoneEvent, Event, ProgressEvent, RegionEvent, TextEvent, TileEvent

from .wording import area


class Output(Protocol):
    """Where the events of an answer go."""

    def busy(self, message: str) -> None:
        """Something takes a while."""

    def show(self, event: Event) -> None:
        """The next event."""

    def summary(self, pixel_area: float) -> None:
        """After the answer: its regions in short; the area of a tile pixel is in squared CRS units."""

    def wrote(self, path: Path) -> None:
        """A file is there now."""


@dataclass
class _Tally:
    """Sums over the regions of a phrase.

    Attributes:
        count: How many; ``known`` is how many have an area on the ground, ``area_m2`` the sum of these.
        size: Sum of the areas in squared CRS units.
    """

    count: int = 0
    known: int = 0
    area_m2: float = 0.0
    size: float = 0.0

    def add(self, region: RegionEvent) -> None:
        self.count += 1
        self.size += shape(region.geometry).area
        if region.area_m2 is not None:
            self.known += 1
            self.area_m2 += region.area_m2


class TextOutput:
    """The answer on stdout as it comes, then a table; warnings and, on a terminal, progress on stderr."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._warned: set[str] = set()
        self._progress = ""
        self._tallies: dict[str, _Tally] = {}

    def busy(self, message: str) -> None:
        """Says so on a terminal."""
        if self._live:
            self._clear()
            self._progress = f"{message} ..."
            print(self._progress, end="", file=sys.stderr, flush=True)

    def show(self, event: Event) -> None:
        """Prints text; counts windows."""
        if isinstance(event, TextEvent):
            self._clear()
            print(event.text, end="", flush=True)
        elif isinstance(event, ProgressEvent) and event.total > 1:
            left = "" if event.seconds_left is None else f", {_duration(event.seconds_left)} left"
            self.busy(event.message or f"Window {min(event.done + 1, event.total):,} of {event.total:,}{left}")
        elif isinstance(event, RegionEvent):
            self._tallies.setdefault(event.phrase, _Tally()).add(event)
        elif isinstance(event, TileEvent):
            self._warn(event.warnings)
        elif isinstance(event, DoneEvent):
            self._clear()
            print(flush=True)
            self._warn(event.warnings)

    def summary(self, pixel_area: float) -> None:
        """A line for each phrase: how many regions, how large together."""
        rows = [("phrase", "regions", "area")]
        for phrase, own in self._tallies.items():
            known = own.area_m2 if own.known == own.count else None
            rows.append((phrase, f"{own.count:,}", area(known, own.size / pixel_area)))
        if len(rows) > 1:
            widths = [max(len(row[i]) for row in rows) for i in range(3)]
            print()
            for phrase, count, size in rows:
                print(f"{phrase:<{widths[0]}}  {count:>{widths[1]}}  {size:>{widths[2]}}")

    def wrote(self, path: Path) -> None:
        """Names the file."""
        print(f"Wrote {path}")

    def _warn(self, warnings: Sequence[str]) -> None:
        """Prints those that were not printed before."""
        self._clear()
        for warning in dict.fromkeys(warnings):
            if warning not in self._warned:
                print(f"warning: {warning}", file=sys.stderr)
        self._warned.update(warnings)

    def _clear(self) -> None:
        if self._progress:
            print(f"\r{' ' * len(self._progress)}\r", end="", file=sys.stderr, flush=True)
            self._progress = ""


class JsonOutput:
    """Each event as one line of JSON: its name as ``event``, and its fields."""

    def busy(self, message: str) -> None:
        """A progress event of no windows."""
        self.show(ProgressEvent(0, 0, message))

    def show(self, event: Event) -> None:
        """Prints the event."""
        print(json.dumps({"event": event.name, **dataclasses.asdict(event)}), flush=True)

    def summary(self, pixel_area: float) -> None:
        """Nothing: the events have said it all."""

    def wrote(self, path: Path) -> None:
        """A line of its own: ``{"event": "wrote", "path": ...}``."""
        print(json.dumps({"event": "wrote", "path": str(path)}), flush=True)


def _duration(seconds: float) -> str:
    """About how long, in the unit that fits."""
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * size:
            return f"about {seconds / size:.0f} {unit}"
    return f"about {max(round(seconds), 1)} s"
