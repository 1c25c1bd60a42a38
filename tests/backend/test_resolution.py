"""Each thing is looked for at the resolution at which it is found best, whoever asks for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from geopix_backend.plan import gsd_range_of
from geopix_backend.question import Question
from geopix_model import registry
from geopix_model.nano.lexicon import CLASSES
from geopix_qgis import protocol as wire
from tests.backend.fakes import FakeLister, FakePredictor, bright, raster_file
from tests.backend.running import Running

FINEST_M = {"road": 4.0, "airplane": 3.0, "building": 2.0}


class Choosy(FakeLister):
    """Finds roads best at 4 m, buildings at 2 m, and what it was not told of at 0.5 m."""

    def __init__(self) -> None:
        super().__init__()
        self.info = dataclasses.replace(self.info, gsd_range_m=(0.5, 6.0), finest_m=FINEST_M)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    running = Running(lambda name: Choosy())
    yield running
    running.close()


@pytest.mark.parametrize(
    ("prompt", "earlier", "finest"),
    [
        ("segment the roads", "", 4.0),
        ("how many planes are there", "", 3.0),
        ("planes and roads", "", 3.0),
        ("is there more road than building", "", 2.0),
        ("houses within 20 m of a road", "", 2.0),
        ("roads next to the ships", "", 0.5),
        ("how many of them are near the houses", "find the roads", 2.0),
        ("what area do they cover", "find the roads", 4.0),
        ("and the houses?", "find the roads", 2.0),
        ("everything", "", 0.5),
        ("everything except ships", "", 0.5),
        ("describe this place", "find the roads", 0.5),
        ("cows", "", 0.5),
    ],
)
def test_a_question_is_looked_at_as_finely_as_one_of_its_things_needs(prompt: str, earlier: str, finest: float) -> None:
    history = (wire.Turn(earlier, "Here."),) if earlier else ()
    assert gsd_range_of(Choosy(), Question(prompt, history)) == (finest, 6.0)


def test_a_model_without_a_list_of_things_has_one_range() -> None:
    assert gsd_range_of(FakePredictor(bright), Question("segment the roads")) == (0.0, 1e9)


@pytest.mark.parametrize(("prompt", "gsd_m"), [("roads", 4.0), ("houses", 2.0), ("ships", 1.0), ("roads", 4.0)])
def test_the_process_reads_a_file_and_pixels_at_that_resolution(
    server: Running, tmp_path: Path, prompt: str, gsd_m: float
) -> None:
    path = raster_file(tmp_path / "a.tif", np.zeros((80, 120), bool))
    pixels = wire.PixelTile(120, 80, (1.0, 0, 500_000.0, 0, -1.0, 5_000_000.0), "EPSG:32633")
    for tile, sent in ((wire.PathTile(str(path)), None), (pixels, b"\xff" * 120 * 80 * 4)):
        first = server.ask(wire.AskRequest(prompt, tile), sent)
        (looked_at,) = (event for event in first if isinstance(event, wire.TileEvent))
        assert looked_at.gsd_m == pytest.approx(gsd_m, rel=0.01)
        assert (looked_at.width, looked_at.height) == (round(120 / gsd_m), round(80 / gsd_m))


def test_the_embedded_model_has_a_resolution_for_each_of_its_classes() -> None:
    info = registry.load("nano", "cpu").info
    finest, coarsest = info.gsd_range_m
    assert set(info.finest_m) == set(info.classes) == {words.name for words in CLASSES}
    # The dock reckons with the finest of the range: no class may need more windows than it promises.
    assert finest == min(info.finest_m.values()) and max(info.finest_m.values()) < coarsest
    assert registry.NANO.gsd_range_m == info.gsd_range_m
