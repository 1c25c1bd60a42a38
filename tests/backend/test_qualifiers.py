"""Words of place and size are decided by geometry."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from geopix_backend.components import Component
from geopix_backend.engine import Engine
from geopix_backend.qualifiers import Place, Qualifiers, Size, parse
from geopix_backend.question import Question
from geopix_qgis.protocol import DoneEvent, RegionEvent
from tests.backend.fakes import FakePredictor, bright, tile_of

UPPER, LOWER = (0.0, 0.5), (0.5, 1.0)
ALL = (0.0, 1.0)


@pytest.mark.parametrize(
    ("prompt", "place"),
    [
        ("the trees in the upper left", Place(UPPER, UPPER)),
        ("buildings in the bottom right corner, please", Place(LOWER, LOWER)),
        ("roads on the left", Place(ALL, UPPER)),
        ("segment the ships on the right hand side", Place(ALL, LOWER)),
        ("cars in the top half", Place(UPPER, ALL)),
        ("water in the north-eastern part", Place(UPPER, LOWER)),
        ("water in the southwest", Place(LOWER, UPPER)),
        ("the pool in the middle of the image", Place((0.25, 0.75), (0.25, 0.75))),
        ("what is left of the river?", None),
        ("the right buildings", None),
        ("the left bank of the river", None),
        ("on the top of the roofs", None),
        ("roads at the top of the image", Place(UPPER, ALL)),
        ("segment all buildings", None),
    ],
)
def test_places_are_read_only_where_one_is_meant(prompt: str, place: Place | None) -> None:
    assert parse(prompt).place == place


def test_the_compass_follows_the_raster() -> None:
    assert parse("ships in the north", north_up=False).place == Place(LOWER, ALL)
    assert parse("ships in the east", east_right=False).place == Place(ALL, UPPER)


@pytest.mark.parametrize(
    ("prompt", "sizes"),
    [
        ("the largest building", (Size(1, True, "building"),)),
        ("segment the two biggest storage tanks", (Size(2, True, "storage tanks"),)),
        ("the smallest 3 ships and the largest road", (Size(3, False, "ships and"), Size(1, True, "road"))),
        ("how large is the building?", ()),
    ],
)
def test_sizes_are_read_with_their_thing(prompt: str, sizes: tuple[Size, ...]) -> None:
    assert parse(prompt).sizes == sizes


def box(row: int, col: int, side: int) -> Component:
    return Component(shapely.box(col, row, col + side, row + side), 0.9)


def test_the_largest_of_one_thing_leaves_the_others_alone() -> None:
    found, wanted = [box(0, 0, 4), box(50, 50, 9), box(80, 0, 6)], Qualifiers((Size(2, True, "buildings"),))
    assert wanted.choose(found, ("building", "buildings"), (100, 100)) == found[1:]
    assert wanted.choose(found, ("road", "roads"), (100, 100)) == found


def test_rows_count_from_where_they_begin() -> None:
    lower = Qualifiers(place=Place(LOWER, ALL))
    assert lower.choose([box(5, 0, 4)], ("",), (100, 100)) == []
    assert len(lower.choose([box(5, 0, 4)], ("",), (100, 100), first_row=60)) == 1


def scene(height: int, width: int) -> np.ndarray:
    inside = np.zeros((height, width), bool)
    for row, col, side in ((10, 10, 8), (10, width - 30, 20), (height - 25, 5, 12)):
        inside[row : row + side, col : col + side] = True
    return inside


@pytest.mark.parametrize("size", [(60, 60), (200, 150)])
@pytest.mark.parametrize(
    ("prompt", "areas"),
    [("the largest building", [400]), ("the two smallest buildings", [64, 144]), ("buildings in the upper left", [64])],
)
def test_regions_and_text_agree_with_the_question_in_one_window_and_in_many(
    size: tuple[int, int], prompt: str, areas: list[int]
) -> None:
    engine = Engine(FakePredictor(bright, window_px=64))
    events = list(engine.ask(tile_of(scene(*size)), Question(prompt)))
    assert sorted(shape(e.geometry).area for e in events if isinstance(e, RegionEvent)) == areas
    done = events[-1]
    assert isinstance(done, DoneEvent) and done.answer == f"There are {len(areas)} buildings, {sum(areas)} m\u00b2."
