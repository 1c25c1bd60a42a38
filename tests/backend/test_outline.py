"""An answer stays inside the polygons that the question carries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import shape

from geopix_backend import outline
from geopix_backend.engine import Engine
from geopix_backend.errors import ExtentError, RequestError
from geopix_backend.question import Question
from geopix_backend.tiles import LastTile
from geopix_model.predictor import Measure, Piece, Text
from geopix_qgis.protocol import DoneEvent, Outline, PathTile, RegionEvent
from tests.backend.fakes import FakePredictor, bright, mask, raster_file, tile_of

EVERYTHING = np.ones((60, 70), bool)


def ring(left: float, top: float, right: float, bottom: float) -> tuple[tuple[float, float], ...]:
    """A box in pixels of a tile of ``tile_of``, as coordinates."""
    corners = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
    return tuple((500_000 + x, 5_000_000 - y) for x, y in corners)


def test_nothing_is_found_outside_and_shares_are_of_the_inside() -> None:
    inside: Outline = ((ring(10, 20, 30, 50),),)
    predictor = FakePredictor(bright, window_px=128)
    events = list(Engine(predictor).ask(outline.keep_inside(tile_of(EVERYTHING), inside), Question("buildings")))
    (region,) = (e for e in events if isinstance(e, RegionEvent))
    assert shape(region.geometry).bounds == (500_010, 5_000_000 - 50, 500_030, 5_000_000 - 20)
    assert predictor.seen[0][2] == (60, 70, 3)  # the model still sees what lies around
    done = events[-1]
    assert isinstance(done, DoneEvent) and done.answer == "There are 1 buildings, 600 m²."


def test_shares_are_said_to_be_of_the_chosen_area() -> None:
    def share(image: np.ndarray) -> list[Piece]:
        return [
            Text("The "),
            Text("roofs", phrase=True),
            mask(np.ones(image.shape[:2], bool), "roofs"),
            Text(" cover "),
            Measure("share", 0),
            Text(" of"),
            Text(" the view."),
        ]

    for limited, words in ((True, "the chosen area"), (False, "the view")):
        question = Question("roofs", limited=limited)
        for size in ((60, 70), (200, 150)):  # one window, and several
            tile = tile_of(np.ones(size, bool))
            done = list(Engine(FakePredictor(share, window_px=128)).ask(tile, question))[-1]
            assert isinstance(done, DoneEvent) and done.answer == f"The roofs cover 100 % of {words}."


def test_holes_and_several_polygons_are_kept() -> None:
    inside: Outline = ((ring(0, 0, 20, 20), ring(5, 5, 10, 10)), (ring(40, 40, 50, 50),))
    valid = outline.keep_inside(tile_of(EVERYTHING), inside).valid
    assert valid.sum() == 20 * 20 - 25 + 100 and not valid[7, 7] and valid[45, 45]


def test_what_is_thinner_than_a_pixel_takes_the_pixels_that_it_touches() -> None:
    valid = outline.keep_inside(tile_of(EVERYTHING), ((ring(10.1, 10.1, 10.3, 14.2),),)).valid
    assert [tuple(p) for p in np.argwhere(valid)] == [(row, 10) for row in range(10, 15)]


def test_an_outline_beside_the_raster_is_refused() -> None:
    with pytest.raises(ExtentError, match="does not touch"):
        outline.keep_inside(tile_of(EVERYTHING), ((ring(100, 100, 120, 120),),))


@pytest.mark.parametrize(
    "wrong", ["box", (1,), ((),), (((0, 0), (1, 0)),), ((((0, 0), (1, 0), (1, 1), (0, 1)),),),
              ((((0, 0), (1, float("nan")), (1, 1), (0, 0)),),)]
)  # fmt: skip
def test_what_is_no_outline_is_refused(wrong: object) -> None:
    with pytest.raises(RequestError, match="outline"):
        outline.check(wrong)


def test_the_last_tile_is_read_once_until_its_file_changes(tmp_path: Path) -> None:
    path, any_m = tmp_path / "a.tif", (0.0, 1e9)
    raster_file(path, EVERYTHING)
    memory, tile = LastTile(), PathTile(str(path))
    first = memory.read(tile, None, any_m)
    assert memory.read(tile, None, any_m) is first
    assert memory.read(PathTile(str(path), (0, 0, 10, 10)), None, any_m).width == 10
    again = memory.read(tile, None, any_m)
    raster_file(path, np.zeros((60, 70), bool)).touch()
    assert again.pixels.max() == 255 and memory.read(tile, None, any_m).pixels.max() == 0
