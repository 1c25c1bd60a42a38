"""The engine: windows become one answer whose text and polygons agree."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
import rasterio.features
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.geometry import shape

from geopix_backend.engine import Engine
from geopix_backend.question import Question
from geopix_backend.raster import Tile
from geopix_model.errors import GeoPixError, PromptError
from geopix_model.predictor import Mask, Measure, Piece, Text
from geopix_qgis.protocol import DoneEvent, Event, ProgressEvent, RegionEvent, TextEvent, TileEvent, Turn
from tests.backend.fakes import FakePredictor, FakeSeer, Script, bright, found, mask, tile_of

ASK = Question("segment all buildings")


def boxes(height: int, width: int, *places: tuple[int, int, int, int]) -> np.ndarray:
    """A mask with boxes at (row, col, height, width)."""
    inside = np.zeros((height, width), bool)
    for row, col, tall, wide in places:
        inside[row : row + tall, col : col + wide] = True
    return inside


def answer(tile: Tile, script: Script = bright, question: Question = ASK) -> list[Event]:
    return list(Engine(FakePredictor(script)).ask(tile, question))


def regions(events: list[Event]) -> list[RegionEvent]:
    return [event for event in events if isinstance(event, RegionEvent)]


def done(events: list[Event]) -> DoneEvent:
    assert isinstance(events[-1], DoneEvent)
    return events[-1]


def bounds(region: RegionEvent) -> tuple[float, ...]:
    """(left, top, right, bottom) in pixels of a tile of ``tile_of``."""
    left, bottom, right, top = shape(region.geometry).bounds
    return left - 500_000, 5_000_000 - top, right - 500_000, 5_000_000 - bottom


def test_windows_that_name_a_thing_in_other_words_speak_of_one_target() -> None:
    """A model without classes: "a red car" in one window and "the red cars" in the next are one thing."""
    names = iter(["a red car", "the red cars", "Red cars", "blue car"])

    def script(image: NDArray[np.uint8]) -> list[Piece]:
        inside, name = image[..., 0] > 128, next(names)
        return [Text("Here: "), Text(name, phrase=True), mask(inside, name), Text(".")]

    events = answer(tile_of(boxes(64, 208, (20, 20, 10, 10), (20, 120, 10, 10), (40, 190, 9, 9))), script)
    assert done(events).windows_total == 4
    assert {region.target for region in regions(events)} == {0, 1}
    assert [region.phrase for region in regions(events)].count("a red car") == 2
    assert done(events).answer == "Here: a red car. Here: blue car."


def test_one_window_gives_regions_text_and_numbers_that_agree() -> None:
    events = answer(tile_of(boxes(50, 60, (10, 5, 10, 20), (30, 30, 10, 10))))
    assert isinstance(events[0], TileEvent) and events[0].windows == 1 and "UTM" in events[0].crs
    assert [bounds(r) for r in regions(events)] == [(5, 10, 25, 20), (30, 30, 40, 40)]
    assert done(events).answer == "There are 2 buildings, 300 m²."
    assert "".join(e.text for e in events if isinstance(e, TextEvent)) == done(events).answer
    assert (done(events).regions, done(events).windows_done, done(events).stopped) == (2, 1, False)


def test_every_field_of_a_region_is_filled() -> None:
    question = Question("where?", (Turn("before", "answer"),), turn=2)
    events = answer(tile_of(boxes(50, 60, (10, 5, 10, 20))), question=question)
    (region,) = regions(events)
    assert (region.phrase, region.class_name, region.turn, region.prompt) == ("buildings", "building", 2, "where?")
    assert (region.model, region.gsd_m) == ("fake r1", 1.0)
    assert region.score == pytest.approx(1 / (1 + np.exp(-4)), abs=1e-4)
    assert region.area_m2 == pytest.approx(200, rel=2e-3) and region.perimeter_m == pytest.approx(60, rel=2e-3)
    assert [e.target for e in events if isinstance(e, TextEvent) and e.target is not None] == [region.target]


def test_the_predictor_sees_rgb_windows_the_prompt_and_the_history() -> None:
    tile = tile_of(boxes(100, 64))
    tile.pixels[:] = np.array([10, 20, 30], np.uint8)[:, None, None]
    images = []
    predictor = FakePredictor(lambda image: images.append(image) or [])
    list(Engine(predictor).ask(tile, Question("p", (Turn("a", "b"),))))
    assert predictor.seen == [("p", [("a", "b")], (64, 64, 3))] * 2
    assert images[0].dtype == np.uint8 and images[0].flags["C_CONTIGUOUS"] and tuple(images[1][0, 0]) == (10, 20, 30)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), height=st.integers(1, 200), width=st.integers(1, 200))
def test_windows_leave_no_seam_and_no_double_region(seed: int, height: int, width: int) -> None:
    blocks = np.random.default_rng(seed).random((31, 31)) < 0.5
    inside = np.kron(blocks, np.ones((7, 7), bool))[3 : 3 + height, 5 : 5 + width]
    events = answer(tile_of(inside), question=Question("x", min_area_px=1))
    components = list(rasterio.features.shapes(inside.view(np.uint8), mask=inside, connectivity=4))
    assert len(regions(events)) == len(components) == done(events).regions
    assert sum(shape(r.geometry).area for r in regions(events)) == inside.sum()


def test_components_of_rows_that_are_final_come_before_the_last_window() -> None:
    events = answer(tile_of(boxes(300, 60, (5, 5, 10, 10), (280, 5, 10, 10), (20, 40, 240, 10))))
    first = events.index(regions(events)[0])
    late = [event.done for event in events[first:] if isinstance(event, ProgressEvent)]
    assert bounds(regions(events)[0]) == (5, 5, 15, 15)
    assert late[0] == 1 and late[-1] == 6
    assert len(regions(events)) == 3


def cover(image: NDArray[np.uint8]) -> list[Piece]:
    """The bright pixels with the number last: "The buildings cover <share>. I looked closely."."""
    inside = image[..., 0] > 128
    if not inside.any():
        return [Text("No buildings are visible. I looked closely.")]
    phrase = [Text("The "), Text("buildings", phrase=True), mask(inside, "buildings", name="building")]
    return [*phrase, Text(" cover "), Measure("share", 0), Text(". I looked closely.")]


def test_text_begins_with_the_first_region_and_ends_with_the_numbers() -> None:
    inside = np.zeros((300, 60), bool)
    inside[70:80, 10:20] = inside[250:270, 10:40] = True
    events = list(Engine(FakePredictor(cover)).ask(tile_of(inside), Question("buildings")))
    kinds = [type(event) for event in events]
    first_text, last_window = kinds.index(TextEvent), len(kinds) - 1 - kinds[::-1].index(ProgressEvent)
    assert kinds.index(RegionEvent) < first_text < last_window
    texts = [event for event in events if isinstance(event, TextEvent)]
    assert "".join(event.text for event in texts[:3]) == "The buildings cover "
    assert done(events).answer == "The buildings cover 4 %. I looked closely."
    assert "".join(event.text for event in texts) == done(events).answer


def test_a_number_that_comes_first_holds_the_whole_sentence_back() -> None:
    inside = np.zeros((300, 60), bool)
    inside[70:80, 10:20] = True
    events = list(Engine(FakePredictor(bright)).ask(tile_of(inside), Question("buildings")))
    assert all(not isinstance(event, ProgressEvent) for event in events[first(events, TextEvent) :])
    assert done(events).answer.startswith("There are 1 buildings")


def first(events: Sequence[Event], kind: type) -> int:
    return next(i for i, event in enumerate(events) if isinstance(event, kind))


def test_a_small_component_at_the_edge_of_the_final_rows_may_still_grow() -> None:
    # Windows of 64 px overlap by 16: rows above 48 are final after the first, which sees only two rows of this box.
    events = answer(tile_of(boxes(112, 60, (46, 10, 6, 4))))
    assert [bounds(r) for r in regions(events)] == [(10, 46, 14, 52)]


def test_invalid_pixels_are_in_no_region() -> None:
    inside = boxes(50, 60, (10, 10, 20, 20))
    valid = ~boxes(50, 60, (0, 0, 50, 20))
    events = answer(tile_of(inside, valid=valid))
    assert [bounds(r) for r in regions(events)] == [(20, 10, 30, 30)]


def test_windows_without_valid_pixels_are_not_shown_to_the_model() -> None:
    inside = np.ones((200, 64), bool)
    predictor = FakePredictor(bright)
    events = list(Engine(predictor).ask(tile_of(inside, valid=boxes(200, 64, (0, 0, 40, 64))), ASK))
    assert len(predictor.seen) == 1
    assert done(events).windows_done == done(events).windows_total == 4
    nothing = answer(tile_of(inside, valid=np.zeros_like(inside)))
    assert done(nothing).answer == "Nothing was found."


def test_a_model_that_can_look_ahead_is_told_of_all_windows_but_the_first_and_the_empty_ones() -> None:
    inside = np.random.default_rng(0).random((200, 200)) < 0.5
    seer, plain = FakeSeer(bright), FakePredictor(bright)
    tile = tile_of(inside, valid=~boxes(200, 200, (100, 100, 100, 100)))
    assert regions(list(Engine(seer).ask(tile, ASK))) == regions(list(Engine(plain).ask(tile, ASK)))
    assert seer.surprised == 1 and len(seer.foreseen) == len(seer.seen) - 1 == len(plain.seen) - 1


def test_a_stopped_question_does_not_look_ahead() -> None:
    seer, inside = FakeSeer(bright), np.random.default_rng(0).random((200, 200)) < 0.5
    list(Engine(seer).ask(tile_of(inside), ASK, lambda: True))
    assert not seer.foreseen


def test_regions_below_the_score_or_the_area_are_dropped_and_the_text_says_so() -> None:
    inside = boxes(50, 60, (10, 10, 20, 20))
    weak = np.where(inside, 0.2, -4).astype(np.float32)  # probability 0.55
    script: list[Piece] = [Text("Yes, here: "), Text("the ships", phrase=True), Mask("the ships", "ship", weak, 0.9, 0)]
    for question in (Question("x", min_score=0.6), Question("x", min_area_px=401)):
        events = answer(tile_of(inside), script, question)
        assert (regions(events), done(events).answer) == ([], "No ships found.")
    assert len(regions(answer(tile_of(inside), script, Question("x", min_score=0.54, min_area_px=400)))) == 1


def test_a_target_that_the_model_doubts_is_not_grounded() -> None:
    inside = boxes(50, 60, (10, 10, 20, 20))
    script = [Text("A "), Text("ship", phrase=True), mask(inside, "ship", score=0.4), Text(".")]
    assert done(answer(tile_of(inside), script)).answer == "No ship found."
    assert done(answer(tile_of(inside), script, Question("x", min_score=0.3))).answer == "A ship."


def test_a_denial_of_one_window_does_not_survive_a_region_of_another() -> None:
    events = answer(tile_of(boxes(150, 60, (100, 10, 20, 20))))
    assert done(events).answer == "There are 1 buildings, 400 m²."
    assert done(answer(tile_of(boxes(150, 60)))).answer == "No buildings here."


def test_a_tile_without_crs_is_measured_in_pixels() -> None:
    events = answer(tile_of(boxes(50, 60, (10, 10, 20, 20)), crs=None))
    (region,) = regions(events)
    assert (region.area_m2, region.perimeter_m, region.gsd_m) == (None, None, None)
    assert isinstance(events[0], TileEvent) and events[0].crs == ""
    assert done(events).answer == "There are 1 buildings, 400 px."


def test_shares_are_of_the_valid_pixels() -> None:
    inside = boxes(50, 60, (0, 0, 10, 30))
    script = [Text("They", phrase=True), mask(inside, "They"), Text(" cover "), Measure("share", 0), Text(".")]
    valid = boxes(50, 60, (0, 0, 50, 30))
    assert done(answer(tile_of(inside, valid=valid), script)).answer == "They cover 20 %."


def test_masks_at_full_resolution_keep_their_stairs_and_coarse_ones_are_smoothed() -> None:
    disk = np.hypot(*np.mgrid[-24:24, -24:24]) < 20
    whole = answer(tile_of(disk), [mask(disk, "disk")])
    coarse = answer(tile_of(disk), [mask(disk[2::4, 2::4], "disk")])
    corners = [len(regions(events)[0].geometry["coordinates"][0]) for events in (whole, coarse)]
    assert shape(regions(whole)[0].geometry).area == disk.sum()
    assert corners[1] < 0.6 * corners[0]
    assert shape(regions(coarse)[0].geometry).area == pytest.approx(disk.sum(), rel=0.1)


def test_a_target_that_is_said_twice_gets_each_pixel_once() -> None:
    one, two = boxes(50, 60, (10, 10, 20, 20)), boxes(50, 60, (10, 10, 20, 40))
    script = [mask(one, "roof"), Text("A roof. "), mask(two, "roof", target=1), Text("And more.")]
    events = answer(tile_of(one), script)
    assert [bounds(r) for r in regions(events)] == [(10, 10, 30, 30), (30, 10, 50, 30)]


def test_a_region_comes_before_the_model_has_finished() -> None:
    inside = boxes(50, 60, (10, 10, 20, 20))

    def slow(image: np.ndarray) -> Iterator[Piece]:
        yield from found(inside)
        pytest.fail("the engine asked for more before it told the region")

    events = Engine(FakePredictor(slow)).ask(tile_of(inside), ASK)  # type: ignore[arg-type]
    assert any(isinstance(event, RegionEvent) for event in (next(events) for _ in range(3)))


@pytest.mark.parametrize("after", [0, 1, 3, 5])
def test_cancelling_stops_between_pieces_and_closes_the_model(after: int) -> None:
    inside = boxes(50, 60, (10, 10, 20, 20))
    script = [*found(inside), Text(" The"), Text(" end.")]
    predictor = FakePredictor(script)
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > after

    last = done(list(Engine(predictor).ask(tile_of(inside), ASK, cancelled)))
    assert last.stopped and last.windows_done == 0 and asked == after + 1
    assert predictor.closed == (1 if after else 0)
    assert last.answer == "Stopped before anything was found."


def test_a_stopped_answer_keeps_what_was_found() -> None:
    inside = boxes(300, 60, (5, 5, 10, 10), (60, 5, 10, 10), (290, 5, 10, 10))
    predictor = FakePredictor(bright)
    events = list(Engine(predictor).ask(tile_of(inside), ASK, lambda: len(predictor.seen) > 2))
    assert [bounds(r) for r in regions(events)] == [(5, 5, 15, 15), (5, 60, 15, 70)]
    assert done(events).stopped and done(events).windows_done == 2
    assert done(events).answer == "There are 2 buildings, 200 m²."


def test_a_model_whose_answer_nobody_waits_for_any_more_is_stopped_between_its_pieces() -> None:
    begun = threading.Event()

    def endless(image: NDArray[np.uint8]) -> Iterator[Piece]:
        yield Text("")
        while begun.is_set():
            yield Text("")
        begun.set()

    predictor = FakePredictor(endless)  # type: ignore[arg-type]
    events = Engine(predictor).ask(tile_of(np.ones((200, 64), bool)), ASK)
    assert next(event for event in events if isinstance(event, ProgressEvent) and event.done == 1)
    assert begun.wait(10)
    events.close()  # type: ignore[attr-defined]  # while the model is at the second window
    assert (len(predictor.seen), predictor.closed) == (2, 1)
    assert not [thread.name for thread in threading.enumerate() if thread.name == "reader"]


def test_an_error_of_the_model_is_passed_on() -> None:
    def fail(image: np.ndarray) -> list[Piece]:
        raise PromptError("Too long.")

    with pytest.raises(GeoPixError, match="Too long"):
        answer(tile_of(boxes(50, 60)), fail)


def test_events_are_plain_json() -> None:
    for event in answer(tile_of(boxes(50, 60, (10, 10, 20, 20)))):
        json.dumps(vars(event), allow_nan=False)


@pytest.mark.parametrize(
    "fields",
    [{"prompt": ""}, {"prompt": " \n"}, {"prompt": "x" * 4001}, {"prompt": 3}, {"min_score": 1.1},
     {"min_score": "high"}, {"min_score": float("nan")}, {"min_area_px": -1}, {"min_area_px": 1.5}, {"turn": 0}],
)  # fmt: skip
def test_a_question_out_of_range_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(GeoPixError, match=r"^[^\n]+\.$"):
        Question(**{"prompt": "x", **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(("against", "count"), [(0.0, 1), (2.2, 1), (4.6, 0)])
def test_a_region_that_the_evidence_speaks_against_is_none(against: float, count: int) -> None:
    inside = boxes(50, 60, (10, 5, 10, 20))
    piece = Mask("buildings", "building", np.where(inside, 4.0, -4.0).astype(np.float32), 0.9, 0)
    piece = replace(piece, evidence=np.full(inside.shape, -against, np.float32))
    events = answer(tile_of(inside), [Text("Here are "), Text("buildings", phrase=True), piece, Text(".")])
    assert len(regions(events)) == count  # the mean probability inside is 0.982
    if count:
        assert regions(events)[0].score == pytest.approx(1 / (1 + np.exp(against - 4.0)), abs=0.001)
