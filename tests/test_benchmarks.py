"""The benchmarks say what they measured, also where they could not."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import shapely

from benchmarks import masks, run, synthetic
from benchmarks.rows import alternated, at_least, at_most, missing, peak_mib

ROOT = Path(__file__).resolve().parents[1]


def test_rows_know_whether_they_reach_their_goal() -> None:
    assert at_least("speed", 5.2, 5.0).ok and not at_least("speed", 4.99, 5.0).ok
    assert at_most("memory", 1.9, 2.0).ok and not at_most("memory", 2.1, 2.0).ok
    row = missing("speed", 5.0, ImportError("no module\nfiona"))
    assert (row.ratio, row.ok, row.note) == (None, False, "no module fiona")


def test_contestants_take_turns_and_the_first_round_does_not_count() -> None:
    calls: list[str] = []

    def slow_at_first() -> None:
        calls.append("a")
        until = time.process_time() + (0.2 if len(calls) == 1 else 0)
        while time.process_time() < until:
            pass

    seconds = alternated({"a": slow_at_first, "b": lambda: calls.append("b") or 7.0}, 2)
    assert calls == ["a", "b"] * 3 and seconds["a"] < 0.2 and seconds["b"] == 7.0


def test_the_peak_is_that_of_the_program_and_not_of_the_one_that_started_it() -> None:
    held = np.ones(300 * 2**20, np.uint8)
    program = "from benchmarks.rows import peak_mib; print(peak_mib())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert peak_mib() > held.nbytes / 2**20 > float(done.stdout) > 5


@pytest.mark.parametrize("name", run.BENCHMARKS)
def test_every_benchmark_has_rows(name: str) -> None:
    assert callable(importlib.import_module(f"benchmarks.{name}").rows)


@pytest.mark.parametrize("make", masks.SCENES)
def test_scenes_are_the_same_each_time_and_show_their_shapes(make: object) -> None:
    one, two = make(512), make(512)  # type: ignore[operator]
    assert np.array_equal(one.pixels, two.pixels) and 0.05 < one.pixels.mean() < 0.95
    if one.truth:
        assert shapely.area(one.truth).sum() == pytest.approx(one.pixels.sum(), rel=0.05)


def test_labels_number_their_shapes() -> None:
    scene = synthetic.labels(512)
    assert len(np.unique(scene.pixels)) - 1 == len(scene.truth)


def test_a_run_writes_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [at_least("one", 6.0, 5.0, milliseconds=3), missing("two", 1.5, "not here")]
    monkeypatch.setattr(importlib.import_module("benchmarks.logits"), "rows", lambda quick: rows)
    monkeypatch.setenv("GEOPIX_BENCHMARK", "1")
    out = tmp_path / "out.json"
    monkeypatch.setattr(sys, "argv", ["run.py", "--quick", "--only", "logits", "--json", str(out)])
    assert run.main() == 0
    assert json.loads(out.read_text()) == [
        {"name": "one", "ratio": 6.0, "goal": 5.0, "ok": True},
        {"name": "two", "ratio": None, "goal": 1.5, "ok": False},
    ]
