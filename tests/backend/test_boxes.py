"""Boxes that a model gives become rectangles on the map, exactly where it said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from shapely import Polygon, box
from shapely.geometry import shape

from geopix_backend.boxes import TileBox, merged
from geopix_backend.engine import Engine
from geopix_backend.question import Question
from geopix_backend.raster import Tile
from geopix_model.predictor import Box, Notice, Piece, Text
from geopix_model.registry import load
from geopix_qgis.protocol import DoneEvent, Event, RegionEvent, TileEvent
from tests.backend.fakes import FakePredictor, found, tile_of
from tests.model import published as tiny
from tests.model.test_published_predictor import script

SHIPS = Question("[refer] Where are the ships?")


def said(*corners: tuple[float, float, float, float]) -> list[Piece]:
    pieces: list[Piece] = [Text("Here: ")]
    for number, each in enumerate(corners):
        pieces += [Text("ship", phrase=True), Box("ship", "", each, 1.0, number), Text(" ")]
    return [*pieces, Text("are all.")]


def ask(tile: Tile, script: object, question: Question = SHIPS, **options: bool) -> list[Event]:
    return list(Engine(FakePredictor(script, **options)).ask(tile, question))  # type: ignore[arg-type]


def regions(events: list[Event]) -> list[Polygon]:
    return [shape(event.geometry) for event in events if isinstance(event, RegionEvent)]


@pytest.fixture
def tile() -> Tile:
    return tile_of(np.zeros((40, 60), bool))


def test_a_box_is_its_rectangle_exactly(tile: Tile) -> None:
    events = ask(tile, said((10.25, 5.5, 30.75, 20.0)), boxes=True)
    (polygon,) = regions(events)
    assert polygon.equals(box(500_010.25, 4_999_980.0, 500_030.75, 4_999_994.5))
    (region,) = [event for event in events if isinstance(event, RegionEvent)]
    assert (region.phrase, region.score) == ("ship", 1.0)
    assert region.area_m2 == pytest.approx(20.5 * 14.5, rel=2e-3)


def test_a_box_turns_with_its_raster(tile: Tile) -> None:
    turned = replace(tile, transform=tile.transform * Affine.rotation(30))
    (polygon,) = regions(ask(turned, said((10, 5, 30, 20)), boxes=True))
    corners = [turned.transform * corner for corner in ((10, 5), (30, 5), (30, 20), (10, 20))]
    assert polygon.symmetric_difference(Polygon(corners)).area < 1e-6


def test_boxes_that_overlap_stay_apart_and_are_counted(tile: Tile) -> None:
    events = ask(tile, said((10, 5, 30, 20), (12, 6, 32, 21)), boxes=True)
    assert len(regions(events)) == 2
    done = events[-1]
    assert isinstance(done, DoneEvent) and done.regions == 2 and done.answer == "Here: ship ship are all."


def test_boxes_without_data_or_too_small_are_left_out_and_said_not_to_be_there(tile: Tile) -> None:
    tile.valid[:, 30:] = False
    events = ask(tile, said((31, 5, 50, 20), (5, 5, 7, 7)), boxes=True)
    assert regions(events) == []
    assert isinstance(events[-1], DoneEvent) and "No ship found." in events[-1].answer


def test_boxes_of_several_windows_land_in_the_tile_each_thing_once() -> None:
    """Windows of 64 px with an overlap of 16: the object at columns 40..70 is cut by the edge of the first one."""
    tile = tile_of(np.zeros((64, 112), bool))
    tile.pixels[:, 20:40, 40:70] = 255

    def look(image: NDArray[np.uint8]) -> list[Piece]:
        rows, cols = np.nonzero(image[..., 0])
        return said((cols.min(), rows.min(), cols.max() + 1, rows.max() + 1)) if cols.size else [Text("No ship.")]

    events = ask(tile, look, boxes=True)
    (polygon,) = regions(events)
    assert polygon.bounds == (500_040.0, 4_999_960.0, 500_070.0, 4_999_980.0)


def test_of_two_boxes_of_one_thing_the_larger_stays() -> None:
    whole, other = TileBox((40, 20, 70, 40), 1.0), TileBox((80, 0, 90, 9), 1.0)
    part = TileBox((39, 20, 64, 40), 1.0, cut=True)
    assert merged([[part], [whole, other]]) == [whole, other]
    assert merged([[whole, part]]) == [part, whole], "a model may mean two things of one window that overlap"


def test_two_halves_of_one_thing_become_one_box() -> None:
    left, right = TileBox((40, 20, 64, 40), 1.0, cut=True), TileBox((48, 21, 70, 40), 1.0, cut=True)
    assert [box.corners for box in merged([[left], [right]])] == [(40, 20, 70, 40)]


def test_a_model_without_boxes_gets_them_around_its_outlines_and_says_so(tile: Tile) -> None:
    inside = np.zeros((40, 60), bool)
    inside[5:15, 10:20], inside[14:20, 19:30] = True, True  # an L: its rectangle is larger
    question = Question("the buildings", task="refer")
    events = ask(tile_of(inside), found(inside), question)
    (polygon,) = regions(events)
    assert polygon.equals(box(500_010, 4_999_980, 500_030, 4_999_995))
    first, last = events[0], events[-1]
    assert isinstance(first, TileEvent) and isinstance(last, DoneEvent)
    assert "gives outlines, not boxes" in first.warnings[0] and first.warnings == last.warnings


def test_what_a_model_gives_notice_of_is_a_warning_once(tile: Tile) -> None:
    large = tile_of(np.zeros((64, 112), bool))
    events = ask(large, [Text("Nothing."), Notice("A mask is missing.")], boxes=True)
    assert isinstance(events[-1], DoneEvent) and events[-1].warnings == ("A mask is missing.",)


@pytest.mark.parametrize("task", ["auto", "segment", "caption", "vqa"])
def test_the_task_reaches_the_model(tile: Tile, task: str) -> None:
    predictor = FakePredictor([Text("Yes.")])
    list(Engine(predictor).ask(tile, Question("ships", task=task)))  # type: ignore[arg-type]
    assert predictor.tasks == [task]


def test_a_published_checkpoint_answers_on_the_map(tmp_path: Path) -> None:
    """Through the real model: a box where it said, the regions of a mask, and the words around them."""
    predictor = load("geopix", "cpu", tiny.write_checkpoint(tmp_path / "checkpoint"))
    script(predictor, f"{{<25><50><75><100>}} and {''.join(tiny.SEG)}.")  # type: ignore[arg-type]
    pixels = np.random.default_rng(0).integers(0, 255, (3, 40, 60), dtype=np.uint8)
    place = replace(tile_of(np.zeros((40, 60), bool)), pixels=pixels)
    events = list(Engine(predictor).ask(place, Question("Where are the ship and the pier?", min_score=0.0)))
    first, *others = [event for event in events if isinstance(event, RegionEvent)]
    # percent of the square of 60 px around the tile, whose upper 10 rows lie above it
    assert shape(first.geometry).equals(box(500_015, 4_999_960, 500_045, 4_999_980))
    assert first.phrase == "ship" and {region.phrase for region in others} == {"pier"}
    done = events[-1]
    assert isinstance(done, DoneEvent) and done.answer.startswith("The ship and the pier")
