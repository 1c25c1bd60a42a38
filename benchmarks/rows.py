"""What a benchmark reports: one row for each comparison, with the goal beside the ratio."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Contestant = Callable[[], Any]


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        name: What was compared with what.
        ratio: How many times better, or the value itself where the name says so; None where a peer is missing.
        goal: What it should be.
        ok: Whether it is.
        note: Why there is no ratio, or what lies behind it.
        measured: Numbers for tables and plots.
    """

    name: str
    ratio: float | None
    goal: float
    ok: bool
    note: str = ""
    measured: Mapping[str, Any] = field(default_factory=dict)


def at_least(name: str, ratio: float, goal: float, **measured: Any) -> Row:
    """A row that is well from its goal upwards."""
    return Row(name, round(ratio, 4), goal, ratio >= goal, measured=measured)


def at_most(name: str, ratio: float, goal: float, **measured: Any) -> Row:
    """A row that is well up to its goal."""
    return Row(name, round(ratio, 4), goal, ratio <= goal, measured=measured)


def missing(name: str, goal: float, why: object) -> Row:
    """A row whose peer could not be run."""
    return Row(name, None, goal, False, note=" ".join(str(why).split())[:200])


def alternated(contestants: Mapping[str, Contestant], repeats: int, calls: int = 1) -> dict[str, float]:
    """Median CPU seconds of a call of each contestant; they take turns, after a round that is not counted.

    CPU time, of all threads and of the kernel for them, because the machines that this runs on are shared: alone on a
    machine, work in one thread takes as long by the clock.  A contestant that measures itself, as one in another
    process does, returns its seconds as a float.

    Args:
        contestants: By name.
        repeats: Rounds that count.
        calls: In a row, of what takes only milliseconds.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for attempt in range(repeats + 1):
        for name, run in contestants.items():
            gc.collect()
            began = time.process_time()
            for _ in range(calls):
                result = run()
            spent = result if isinstance(result, float) else (time.process_time() - began) / calls
            del result
            if attempt:
                seconds[name].append(spent)
    return {name: statistics.median(values) for name, values in seconds.items()}


def peak_mib() -> float:
    """Peak memory of this process.

    Not ``ru_maxrss``: Linux hands that of the parent down to a new program, whatever this one needs itself.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
