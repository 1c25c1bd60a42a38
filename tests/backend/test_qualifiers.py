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
        ("cars in upper right", Place(UPPER, LOWER)),
        ("trees in the NW corner", Place(UPPER, UPPER)),
        ("what is left of the river?", None),
        ("the right buildings", None),
        ("the left bank of the river", None),
        ("on the top of the roofs", None),
        ("roads at the top of the image", Place(UPPER, ALL)),
        ("segment all buildings", None),
    ],
)
def test_places_are_read_only_where_one_is_meant(prompt: str, place: Place | None) -> None:
    assert parse(prompt).places == (() if place is None else (place,))


def test_the_compass_follows_the_raster() -> None:
    assert parse("ships in the north", north_up=False).place_of() == Place(LOWER, ALL)
    assert parse("ships in the east", east_right=False).place_of() == Place(ALL, UPPER)


@pytest.mark.parametrize(
    ("prompt", "sizes"),
    [
        ("the largest building", (Size(1, True, "building"),)),
        ("segment the two biggest storage tanks", (Size(2, True, "storage tanks"),)),
        ("the smallest 3 ships and the largest road", (Size(3, False, "ships and"), Size(1, True, "road"))),
        ("how large is the building?", ()),
        ("which building is the largest?", (Size(1, True, "one"),)),
        ("the second largest ship", (Size(1, True, "ship", 2),)),
        ("the two leftmost ships", (Size(2, True, "ships", 1, "leftmost", (0, -1)),)),
        ("the smaller of the two ships", (Size(1, False, "of the"),)),
        ("is the larger than the other?", ()),
        ("which is larger, the lake or the forest?", ()),
    ],
)
def test_sizes_are_read_with_their_thing(prompt: str, sizes: tuple[Size, ...]) -> None:
    assert parse(prompt).sizes == sizes


def test_each_thing_has_its_own_place_if_there_are_several() -> None:
    after = "the lake in the lower left and the ships in the upper right"
    before = "in the lower left, the lake, and in the upper right, the ships"
    for prompt in (after, before):
        places = parse(prompt)
        assert places.place_of(prompt.index("lake")) == Place(LOWER, UPPER)
        assert places.place_of(prompt.index("ships")) == Place(UPPER, LOWER)
    both = "lakes and ships in the upper right"
    assert parse(both).place_of(0) == parse(both).place_of(10) == Place(UPPER, LOWER)


def test_what_touches_the_border_is_at_the_edge() -> None:
    edge = parse("ships at the edge of the image")
    inside, outside = box(5, 5, 4), box(96, 30, 4)
    assert edge.placed([inside, outside], (100, 100)) == [outside]
    assert edge.placed([inside, outside], (200, 100)) == []
    assert edge.placed([box(0, 30, 4)], (200, 100), first_row=10) == []


def box(row: int, col: int, side: int) -> Component:
    return Component(shapely.box(col, row, col + side, row + side), 0.9)


def test_the_largest_of_one_thing_leaves_the_others_alone() -> None:
    found, wanted = [box(0, 0, 4), box(50, 50, 9), box(80, 0, 6)], Qualifiers((Size(2, True, "buildings"),))
    assert wanted.sized(found, ("building", "buildings")) == found[1:]
    assert wanted.sized(found, ("road", "roads")) == found
    assert Qualifiers((Size(1, False, "one"),)).sized(found, ("road", "roads")) == found[:1]


def test_the_northernmost_follows_the_raster() -> None:
    found = [box(0, 50, 4), box(50, 0, 4)]
    assert parse("the northernmost ship").sized(found, ("ship", "ships")) == found[:1]
    assert parse("the northernmost ship", north_up=False).sized(found, ("ship", "ships")) == found[1:]
    assert parse("the leftmost ship", east_right=False).sized(found, ("ship", "ships")) == found[1:]


def test_rows_count_from_where_they_begin() -> None:
    lower = Qualifiers(places=(Place(LOWER, ALL),))
    assert lower.placed([box(5, 0, 4)], (100, 100)) == []
    assert len(lower.placed([box(5, 0, 4)], (100, 100), first_row=60)) == 1


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
