"""Rasters of any size: what comes out does not depend on how they are cut, read, interrupted or ordered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from shapely.geometry import shape

from geopix_backend.engine import Engine, _manner
from geopix_backend.journal import Journal
from geopix_backend.question import Question
from geopix_backend.raster import read_tile
from geopix_backend.raster_scene import Scene, open_scene
from geopix_backend.survey import survey
from geopix_backend.work import Answer, Job, Unit
from geopix_model.predictor import Box, Mask, Measure, Notice, Piece, Text
from geopix_qgis.protocol import DoneEvent, Event, ProgressEvent, RegionEvent
from tests.backend.fakes import FakePredictor, bright, found, raster_file

ASK = Question("segment all buildings", min_area_px=1)


def blobs(height: int, width: int, seed: int = 0, cell: int = 7, share: float = 0.35) -> NDArray[np.bool_]:
    """Objects of all sizes: some are larger than any halo."""
    cells = np.random.default_rng(seed).random((height // cell + 1, width // cell + 1)) < share
    return np.kron(cells, np.ones((cell, cell), bool))[:height, :width]


def job(folder: Path, scene: Scene, predictor: FakePredictor, question: Question = ASK) -> Journal:
    return Journal(folder, Job.of(scene, question, predictor))


def look(folder: Path, path: Path, side: int = 6, predictor: FakePredictor | None = None, **area: object) -> list[Event]:
    scene, predictor = open_scene(path, **area), predictor or FakePredictor(bright)  # type: ignore[arg-type]
    journal = job(folder, scene, predictor)
    manner = _manner(predictor, scene, ASK)
    return list(survey(predictor, scene, ASK, manner, lambda: False, journal, side))


def regions(events: list[Event]) -> list[RegionEvent]:
    return [event for event in events if isinstance(event, RegionEvent)]


def same(one: list[Event], two: list[Event]) -> bool:
    """Whether two answers have the same regions, in whatever order and with whatever points on straight edges."""
    pairs = zip(*(sorted(map(_facts, regions(events)), key=lambda facts: facts[1:]) for events in (one, two)), strict=True)
    return all(a[0].equals(b[0]) and a[1:] == b[1:] for a, b in pairs)


def _facts(region: RegionEvent) -> tuple[object, ...]:
    polygon = shape(region.geometry)
    return polygon, polygon.bounds, polygon.area, round(region.score, 3), region.target, region.class_name


def test_a_survey_finds_what_the_engine_finds_in_memory(tmp_path: Path) -> None:
    inside = blobs(700, 900)
    path = raster_file(tmp_path / "scene.tif", inside)
    whole = list(Engine(FakePredictor(bright)).ask(read_tile(path), ASK))
    parts = look(tmp_path / "job", path)
    assert same(parts, whole)
    assert isinstance(parts[-1], DoneEvent) and isinstance(whole[-1], DoneEvent)
    assert parts[-1].answer == whole[-1].answer
    assert max(max(shape(r.geometry).bounds[2] - shape(r.geometry).bounds[0] for r in regions(parts)), 0) > 256


@pytest.mark.parametrize("side", [6, 7, 50])
def test_the_size_of_blocks_changes_nothing(tmp_path: Path, side: int) -> None:
    path = raster_file(tmp_path / "scene.tif", blobs(800, 600, seed=1, share=0.55))
    assert same(look(tmp_path / "one", path, side), look(tmp_path / "two", path, 8))
