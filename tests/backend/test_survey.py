"""Rasters of any size: what comes out does not depend on how they are cut, read, interrupted or ordered."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.geometry import shape

from geopix_backend.blocks import Blocks
from geopix_backend.engine import Engine
from geopix_backend.errors import JournalError
from geopix_backend.journal import Journal
from geopix_backend.pace import Pace
from geopix_backend.plan import plan
from geopix_backend.question import Question
from geopix_backend.raster import read_tile
from geopix_backend.raster_scene import Scene, open_scene
from geopix_backend.read_ahead import read_ahead
from geopix_backend.survey import survey
from geopix_backend.tiling import Layout, Window
from geopix_backend.work import Answer, Job, Unit, work_out
from geopix_model.predictor import Box, Mask, Measure, Notice, Piece, Text
from geopix_qgis.protocol import DoneEvent, Event, ProgressEvent, RegionEvent, Turn
from tests.backend.fakes import FakeLister, FakePredictor, FakeSeer, Script, bright, raster_file

ROOT = Path(__file__).resolve().parents[2]
ASK = Question("segment all buildings", min_area_px=1)


def fake(script: Script, stride: int = 1) -> FakePredictor:
    return FakePredictor(script, window_px=128, overlap_px=32, mask_stride_px=stride)


def blobs(height: int, width: int, seed: int = 0, cell: int = 7, share: float = 0.35) -> NDArray[np.bool_]:
    """Objects of all sizes: some are larger than any halo."""
    cells = np.random.default_rng(seed).random((height // cell + 1, width // cell + 1)) < share
    return np.kron(cells, np.ones((cell, cell), bool))[:height, :width]


def job(folder: Path, scene: Scene, predictor: FakePredictor, question: Question = ASK) -> Journal:
    return Journal(folder, Job.of(scene, question, predictor))


def look(
    folder: Path, path: Path, side: int = 3, predictor: FakePredictor | None = None, **area: object
) -> list[Event]:
    scene, predictor = open_scene(path, **area), predictor or fake(bright)  # type: ignore[arg-type]
    journal = job(folder, scene, predictor)
    return list(survey(plan(predictor, ASK, scene), scene, ASK, lambda: False, journal, side))


def regions(events: list[Event]) -> list[RegionEvent]:
    return [event for event in events if isinstance(event, RegionEvent)]


def same(one: list[Event], two: list[Event]) -> bool:
    """Whether two answers have the same regions, in whatever order and with whatever points on straight edges."""
    pairs = zip(
        *(sorted(map(_facts, regions(events)), key=lambda facts: facts[1:]) for events in (one, two)), strict=True
    )
    return all(a[0].equals(b[0]) and a[1:] == b[1:] for a, b in pairs)


def _facts(region: RegionEvent) -> tuple[object, ...]:
    polygon = shape(region.geometry)
    return polygon, polygon.bounds, polygon.area, round(region.score, 3), region.target, region.class_name


def test_a_survey_finds_what_the_engine_finds_in_memory(tmp_path: Path) -> None:
    inside = blobs(700, 900, share=0.55)
    path = raster_file(tmp_path / "scene.tif", inside)
    whole = list(Engine(fake(bright)).ask(read_tile(path), ASK))
    parts = look(tmp_path / "job", path)
    assert same(parts, whole)
    assert isinstance(parts[-1], DoneEvent) and isinstance(whole[-1], DoneEvent)
    assert parts[-1].answer == whole[-1].answer
    assert max(max(shape(r.geometry).bounds[2] - shape(r.geometry).bounds[0] for r in regions(parts)), 0) > 256


def test_a_survey_looks_ahead_within_its_blocks_and_not_at_what_was_answered_before(tmp_path: Path) -> None:
    path = raster_file(tmp_path / "scene.tif", blobs(700, 700))
    seer = FakeSeer(bright, window_px=128, overlap_px=32)
    assert same(look(tmp_path / "seer", path, 3, seer), look(tmp_path / "plain", path))
    windows, blocks = 7 * 7, 2 * 2  # with windows of their own: those before the last ones see these
    assert (len(seer.seen), seer.surprised) == (windows, blocks)
    seer.foreseen.clear()
    look(tmp_path / "seer", path, 3, seer)
    assert not seer.foreseen


@settings(max_examples=40)
@given(
    size=st.tuples(st.integers(40, 900), st.integers(40, 900)),
    place=st.tuples(st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0.01, 1), st.floats(0.01, 1)),
    windows=st.sampled_from([(128, 32), (128, 0), (100, 70), (384, 48)]),
    side=st.integers(1, 9),
)
def test_blocks_have_each_window_once_and_know_all_that_they_see(
    size: tuple[int, int], place: tuple[float, float, float, float], windows: tuple[int, int], side: int
) -> None:
    (height, width), (window_px, overlap_px) = size, windows
    row, col = int(place[0] * height), int(place[1] * width)
    area = Window(row, col, max(int(place[2] * (height - row)), 1), max(int(place[3] * (width - col)), 1))
    layout = Layout(height, width, window_px, overlap_px)
    rows, cols = layout.touching(area)
    blocks, known = Blocks(layout, area, side), list[Window]()
    for block in (blocks.block(r, c) for r in blocks.rows for c in blocks.cols):
        before, own = blocks.seen_before(block), blocks.windows(block)
        assert set(before) <= set(known)
        known += own
        seen_rows, seen_cols = layout.touching(block.around)
        assert {layout.window(r, c) for r in seen_rows for c in seen_cols} <= {*before, *own}
    assert sorted(known, key=repr) == sorted((layout.window(r, c) for r in rows for c in cols), key=repr)


@pytest.mark.parametrize("side", [3, 5, 50])
def test_the_size_of_blocks_changes_nothing(tmp_path: Path, side: int) -> None:
    path = raster_file(tmp_path / "scene.tif", blobs(800, 600, seed=1, share=0.55))
    assert same(look(tmp_path / "one", path, side), look(tmp_path / "two", path, 4))


def soft(image: NDArray[np.uint8]) -> list[Piece]:
    """Masks at a quarter of the resolution, with cores in the middle of what is brightest."""
    logits = (image[::4, ::4, 0].astype(np.float32) - 128) / 16
    if not (logits > 0).any():
        return [Text("No fields here.")]
    mask = Mask("fields", "field", logits, 0.9, 0, cores=9 * logits - 9)
    return [Text("Here are "), Text("fields", phrase=True), mask, Text(".")]


def hills(height: int, width: int, wave: float) -> NDArray[np.uint8]:
    """Smooth bright hills about ``wave`` pixels apart, touching here and there."""
    y, x = np.mgrid[:height, :width]
    bend = np.sin(x / 97) + np.sin(y / 83)
    grey = 118 + 60 * np.sin(2 * np.pi * (x + 9 * bend) / wave) * np.sin(2 * np.pi * (y + 9 * bend) / wave) + 22 * bend
    return np.clip(grey, 0, 255).astype(np.uint8)


def picture(path: Path, grey: NDArray[np.uint8]) -> Path:
    raster_file(path, np.zeros(grey.shape, bool))
    with rasterio.open(path, "r+") as file:
        file.write(np.repeat(grey[None], 3, axis=0))
    return path


@pytest.mark.parametrize("stride", [1, 4])
@pytest.mark.parametrize("wave", [60.0, 260.0])
def test_soft_outlines_and_touching_objects_are_those_of_the_whole(tmp_path: Path, wave: float, stride: int) -> None:
    path = picture(tmp_path / "scene.tif", hills(900, 1001, wave))
    whole = regions(list(Engine(fake(soft, stride)).ask(read_tile(path), ASK)))
    parts = regions(look(tmp_path / "job", path, predictor=fake(soft, stride)))
    assert len(parts) == len(whole) > 10
    ours, theirs = ([shape(r.geometry) for r in each] for each in (parts, whole))
    tree = shapely.STRtree(ours)
    for polygon in theirs:
        near = [ours[index] for index in tree.query(polygon)]
        least = min(polygon.symmetric_difference(other).area for other in near)
        assert least < 0.03 * polygon.area  # logits are rounded, and with them watersheds
    assert all(polygon.is_valid for polygon in ours)
    assert sum(p.area for p in ours) == pytest.approx(sum(p.area for p in theirs), rel=5e-3)


def coarse(image: NDArray[np.uint8]) -> list[Piece]:
    """Masks of areas at a quarter of the resolution."""
    logits = (image[::4, ::4, 0].astype(np.float32) - 128) / 16
    return [Text("Here is "), Text("water", phrase=True), Mask("water", "water", logits, 0.9, 0), Text(".")]


@pytest.mark.parametrize("stride", [1, 4])
@pytest.mark.parametrize("side", [3, 8])
def test_long_areas_keep_their_outlines_and_scores(tmp_path: Path, side: int, stride: int) -> None:
    grey = np.full((1300, 1000), 90, np.uint8)
    for number, (top, below) in enumerate([(0, 1300), (40, 200), (80, 900), (100, 560), (120, 1290), (600, 700)]):
        grey[top:below, 60 + 150 * number : 140 + 150 * number] = 150 + 15 * number  # the surer, the further right
    path = picture(tmp_path / "scene.tif", grey)
    model = fake(coarse, stride)
    whole, parts = list(Engine(model).ask(read_tile(path), ASK)), look(tmp_path / "a", path, side, model)
    for events in (whole, parts):
        by_place = sorted(regions(events), key=lambda region: shape(region.geometry).bounds[0])
        scores = [region.score for region in by_place]
        assert len(scores) == 6 and scores == sorted(scores)
        heights = [shape(region.geometry).bounds[3] - shape(region.geometry).bounds[1] for region in by_place]
        assert heights == pytest.approx([1300, 160, 820, 460, 1170, 100], abs=8)


@pytest.mark.parametrize("stride", [1, 4])
def test_the_part_that_is_asked_about_changes_nothing_inside(tmp_path: Path, stride: int) -> None:
    path = picture(tmp_path / "scene.tif", hills(900, 1000, 60.0))
    window = (207, 101, 611, 703)
    whole = regions(look(tmp_path / "one", path, predictor=fake(soft, stride)))
    asked = regions(look(tmp_path / "two", path, predictor=fake(soft, stride), window=window))
    edge = shapely.box(500_207, 4_999_196, 500_818, 4_999_899)
    part = [shape(r.geometry) for r in asked]
    assert all(edge.buffer(1e-6).contains(p) for p in part)
    # At the edge a thing gets what its neighbour beyond it had, so only what is away from it is the same.
    inside = [p for p in (shape(r.geometry) for r in whole) if edge.buffer(-60).contains(p)]
    assert len(inside) > 30
    for polygon in inside:
        (same,) = [p for p in part if p.intersects(polygon.representative_point())]
        assert same.symmetric_difference(polygon).area < 1e-6


class Interrupted(FakePredictor):
    """Is cancelled after some windows."""

    def __init__(self, after: int) -> None:
        super().__init__(soft, window_px=128, overlap_px=32)
        self.after = after

    def cancelled(self) -> bool:
        return len(self.seen) > self.after


def test_a_stopped_survey_keeps_what_it_found_and_goes_on_from_there(tmp_path: Path) -> None:
    path = picture(tmp_path / "scene.tif", hills(700, 700, 60.0))
    scene, first = open_scene(path), Interrupted(40)
    stopped = list(survey(plan(first, ASK, scene), scene, ASK, first.cancelled, job(tmp_path / "job", scene, first), 3))
    last = stopped[-1]
    assert isinstance(last, DoneEvent) and last.stopped and last.windows_done == 40 and regions(stopped)
    second = fake(soft)
    resumed = look(tmp_path / "job", path, predictor=second)
    assert len(second.seen) == 49 - 40
    assert any("40 of 49 windows" in note for note in resumed[0].warnings)  # type: ignore[union-attr]
    assert same(resumed, look(tmp_path / "other", path, predictor=fake(soft)))
    assert [r.target for r in regions(resumed)] == [0] * len(regions(resumed))


def test_answers_worked_out_in_any_order_give_the_same(tmp_path: Path) -> None:
    path = picture(tmp_path / "scene.tif", hills(500, 600, 60.0))
    scene, predictor = open_scene(path), fake(soft)
    journal = job(tmp_path / "job", scene, predictor)
    layout = Layout(scene.height, scene.width, 128, 32)
    units = [Unit(journal.job, layout.window(r, c)) for r in range(layout.rows) for c in range(layout.cols)]
    np.random.default_rng(0).shuffle(units)  # type: ignore[arg-type]
    with scene.reading() as read:
        for unit in (Unit.from_json(unit.to_json()) for unit in units):
            answer = work_out(unit, predictor, *read(unit.window), lambda: False)
            assert answer is not None
            journal.write(unit.window, answer)
    journal.close()
    unused = fake(lambda image: pytest.fail("a window was looked at twice"))
    assert same(look(tmp_path / "job", path, predictor=unused), look(tmp_path / "other", path, predictor=fake(soft)))


CHILD = """
import sys, time
from pathlib import Path
from tests.backend import test_survey as t

def slow(image):
    time.sleep(0.02)
    return t.soft(image)

t.look(Path(sys.argv[1]), Path(sys.argv[2]), predictor=t.fake(slow))
"""


def test_a_killed_survey_goes_on_and_gives_what_an_unharmed_one_gives(tmp_path: Path) -> None:
    path, folder = picture(tmp_path / "scene.tif", hills(900, 900, 60.0)), tmp_path / "job"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(folder), str(path)], cwd=ROOT)
    try:
        deadline = time.monotonic() + 60
        while len(list(folder.glob("*-*/*-*"))) < 30 and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        child.kill()
        child.wait()
    kept = [file for file in folder.glob("*-*/*-*") if not file.name.endswith(".part")]
    assert 30 <= len(kept) < 100
    second = fake(soft)
    resumed = look(folder, path, predictor=second)
    assert len(second.seen) == 100 - len(kept)
    unharmed = look(tmp_path / "other", path, predictor=fake(soft))
    assert regions(resumed) == regions(unharmed)


def test_places_without_data_are_not_shown_and_the_time_left_knows_it(tmp_path: Path) -> None:
    inside = blobs(900, 900)
    path = raster_file(tmp_path / "scene.tif", inside)
    with rasterio.open(path, "r+") as file:
        pixels = file.read()
        pixels[:, ~inside], pixels[:, 500:], file.nodata = 1, 0, 0
        file.write(pixels)
    predictor = fake(bright)
    events = look(tmp_path / "job", path, predictor=predictor)
    assert len(predictor.seen) == 60
    progress = [event for event in events if isinstance(event, ProgressEvent)]
    assert (progress[-1].done, progress[-1].total, progress[-1].seconds_left) == (100, 100, 0.0)


def test_time_left_is_that_of_windows_with_data() -> None:
    pace = Pace(100, with_data=20)
    assert pace.seconds_left is None
    for _ in range(10):
        pace.look(2.0)
        pace.empty(0.0)
    assert pace.seconds_left == pytest.approx(20.0)  # ten more looks
    unknown = Pace(100)
    for _ in range(10):
        unknown.look(2.0)
        unknown.empty(0.0)
    assert unknown.seconds_left == pytest.approx(80.0)  # half of what was seen had data
    pace.look(200.0)  # one slow minute does not decide
    assert pace.seconds_left == pytest.approx(18.0)


def test_an_answer_survives_its_file_to_the_bit_and_a_damaged_file_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 5, (7, 9)).astype(np.float16).astype(np.float32)
    pieces = (
        Text("Here "), Text("ships", phrase=True), Mask("ships", "ship", logits, 0.7, 0, logits / 2, logits[::-1], 0.5),
        Measure("count", 0), Box("a dock", "", (1.5, 2.0, 3.0, 4.0), 1.0, 1), Notice("A note."),
    )  # fmt: skip
    answer = Answer(rng.random((13, 11)) < 0.5, pieces)
    data = answer.to_bytes()
    again = Answer.from_bytes(data)
    assert np.array_equal(again.valid, answer.valid) and len(again.pieces) == len(pieces)
    mask = again.pieces[2]
    assert isinstance(mask, Mask) and np.array_equal(mask.logits, logits) and np.array_equal(mask.cores, logits[::-1])
    assert [p for p in again.pieces if not isinstance(p, Mask)] == [p for p in pieces if not isinstance(p, Mask)]
    for cut in (data[:-1], data[:3], b"", data[:50] + b"x" + data[51:]):
        with pytest.raises(JournalError, match="cannot be read"):
            Answer.from_bytes(cut)


def test_a_journal_of_another_question_is_refused_and_never_deleted_unasked(tmp_path: Path) -> None:
    scene, predictor = open_scene(raster_file(tmp_path / "scene.tif", blobs(200, 200))), fake(bright)
    job(tmp_path / "job", scene, predictor)
    with pytest.raises(JournalError, match="another question: 'segment all buildings'"):
        job(tmp_path / "job", scene, predictor, Question("the roads"))
    assert Journal(tmp_path / "job", Job.of(scene, ASK, predictor)).resumed
    assert not Journal(tmp_path / "job", Job.of(scene, Question("the roads"), predictor), anew=True).resumed


def test_a_job_that_somebody_works_at_is_refused_until_he_has_ended(tmp_path: Path) -> None:
    path, folder = picture(tmp_path / "scene.tif", hills(900, 900, 60.0)), tmp_path / "job"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(folder), str(path)], cwd=ROOT)
    try:
        deadline = time.monotonic() + 60
        while not list(folder.glob("*-*/*-*")) and time.monotonic() < deadline:
            time.sleep(0.01)
        with pytest.raises(JournalError, match="is being answered already, by another program"):
            look(folder, path, predictor=fake(soft))
        assert child.poll() is None
    finally:
        child.kill()
        child.wait()
    assert regions(look(folder, path, predictor=fake(soft)))  # the lock went with its process


def test_a_stopped_question_is_gone_on_with_whatever_was_talked_of_since(tmp_path: Path) -> None:
    scene = open_scene(raster_file(tmp_path / "scene.tif", blobs(200, 200)))
    later = replace(ASK, history=[Turn(ASK.prompt, "Stopped.")])
    lister = FakeLister(window_px=128)
    one, two = (Job.of(scene, each, plan(lister, each, scene).predictor) for each in (ASK, later))
    assert one == two and "building" in one.asks
    own = fake(bright)  # reads the history itself
    assert Job.of(scene, ASK, own) != Job.of(scene, later, own)


def test_reading_ahead_raises_what_the_reader_raised_and_ends_with_its_user() -> None:
    closed: list[str] = []

    def source(fail: bool) -> Generator[int, None, None]:
        try:
            yield from range(3)
            if fail:
                raise OSError("gone")
            yield from range(3, 1000)
        finally:
            closed.append("source")

    with pytest.raises(OSError, match="gone"):
        list(read_ahead(source(True)))
    some = read_ahead(source(False))
    assert [next(some) for _ in range(5)] == [0, 1, 2, 3, 4]
    some.close()
    assert closed == ["source", "source"]
