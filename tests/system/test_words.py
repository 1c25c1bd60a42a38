"""What words do to the answers of the real embedded model: they choose among its polygons and never contradict them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pytest
from pyproj import CRS
from shapely.geometry import Point, Polygon, shape

from geopix_backend.engine import Engine
from geopix_backend.question import Question
from geopix_backend.raster import Tile
from geopix_model.nano.lexicon import CLASSES, ClassWords
from geopix_model.registry import load
from geopix_qgis.protocol import DoneEvent, RegionEvent
from tests.system.scenes import PLACE, RADIUS_PX, TANKS, tank_farm

MIDDLE_Y = PLACE.f - 150 * 0.5


@dataclass(frozen=True)
class Answer:
    """What was said, with the regions as (class, outline, area in square metres)."""

    text: str
    regions: list[tuple[str, Polygon, float]]

    @property
    def outlines(self) -> set[str]:
        return {outline.normalize().wkt for _, outline, _ in self.regions}


class Farm:
    """Asks the real engine about the drawn tank farm."""

    def __init__(self) -> None:
        pixels = tank_farm()
        valid = np.ones(pixels.shape[1:], bool)
        self._tile = Tile(pixels, valid, PLACE, CRS.from_epsg(32633), 0.5, "tank farm", ())
        self._engine = Engine(load("nano"))

    def ask(self, prompt: str) -> Answer:
        regions: list[tuple[str, Polygon, float]] = []
        text = ""
        for event in self._engine.ask(self._tile, Question(prompt)):
            if isinstance(event, RegionEvent):
                assert event.area_m2 is not None
                regions.append((event.class_name, shape(event.geometry), event.area_m2))
            elif isinstance(event, DoneEvent):
                text = event.answer
        return Answer(text, regions)


@pytest.fixture(scope="module")
def farm() -> Farm:
    return Farm()


@pytest.fixture(scope="module")
def tanks(farm: Farm) -> Answer:
    found = farm.ask("Segment the storage tanks")
    drawn = [Point(PLACE * centre).buffer(RADIUS_PX * 0.5) for centre in TANKS]
    assert len(found.regions) >= 4
    assert all(any(outline.intersects(tank) for tank in drawn) for _, outline, _ in found.regions)
    return found


@pytest.mark.parametrize("prompt", ["storge tanks", "STORAGE TANKS!!", "Where are the big white silos?", "a fuel tank"])
def test_other_words_for_a_thing_give_the_same_polygons(farm: Farm, tanks: Answer, prompt: str) -> None:
    assert farm.ask(prompt).outlines == tanks.outlines


def test_the_largest_is_one_of_them_and_the_largest(farm: Farm, tanks: Answer) -> None:
    largest = farm.ask("Which tank is the largest?")
    assert len(largest.regions) == 1 and largest.outlines < tanks.outlines
    # Pixels decide which is the largest; the areas are those of sub-pixel outlines, and two tanks are nearly equal.
    assert largest.regions[0][2] == pytest.approx(max(area for _, _, area in tanks.regions), rel=0.01)


def test_a_place_chooses_by_centre(farm: Farm, tanks: Answer) -> None:
    upper = farm.ask("tanks in the upper half of the picture")
    high = [outline for _, outline, _ in tanks.regions if outline.centroid.y > MIDDLE_Y]
    assert upper.outlines == {outline.normalize().wkt for outline in high} and 2 <= len(high) <= 4


def test_counts_and_shares_are_those_of_the_polygons(farm: Farm, tanks: Answer) -> None:
    assert f"There are {len(tanks.regions)} tanks." in farm.ask("how many tanks can you see?").text
    share = re.search(r"(\d+) % of the view", farm.ask("what percentage of this is covered by tanks?").text)
    drawn = 100 * len(TANKS) * np.pi * RADIUS_PX**2 / (384 * 300)
    assert share is not None and int(share[1]) == pytest.approx(drawn, rel=0.35)
    pixels = sum(outline.area for _, outline, _ in tanks.regions) / 0.25
    assert int(share[1]) == round(100 * pixels / (384 * 300))


def test_limits_of_area_leave_out_what_is_of_another_size(farm: Farm, tanks: Answer) -> None:
    areas = sorted(area for _, _, area in tanks.regions)
    limit = int(areas[len(areas) // 2])
    some = farm.ask(f"tanks larger than {limit} m2")
    assert sorted(area for _, _, area in some.regions) == [area for area in areas if area > limit]


@pytest.mark.parametrize("words", CLASSES, ids=[words.name for words in CLASSES])
def test_an_answer_that_says_there_is_none_has_no_mask(farm: Farm, words: ClassWords) -> None:
    answer = farm.ask(f"are there any {words.plural} here?")
    assert answer.text.startswith("Yes, there ") if answer.regions else answer.text == f"No {words.plural} found."
    assert {name for name, _, _ in answer.regions} <= {words.name}


@pytest.mark.parametrize("prompt", ["cows", "ffff", "Find the heliports, please", "asdf qwer zxcv"])
def test_what_it_does_not_know_is_refused_with_all_that_it_knows(farm: Farm, prompt: str) -> None:
    answer = farm.ask(prompt)
    assert answer.text.startswith('I do not know "') and answer.regions == []
    assert [words.plural for words in CLASSES if words.plural not in answer.text] == []


@pytest.mark.parametrize("prompt", ["describe the image", "segment everything"])
def test_what_is_said_of_all_that_is_there_agrees_with_the_polygons(farm: Farm, prompt: str) -> None:
    answer = farm.ask(prompt)
    assert 2 <= len(re.findall(r"\.(?= |$)", answer.text)) <= 4
    classes = {name for name, _, _ in answer.regions}
    assert ("nothing here that I am sure of" in answer.text) == (not classes)
    for words in CLASSES:
        count = sum(name == words.name for name, _, _ in answer.regions)
        named = re.search(rf"\b(\d+ )?({words.plural}|{words.singular})\b", answer.text, re.IGNORECASE)
        assert named is not None or words.name not in classes
        if classes and named is not None and named[1]:
            assert int(named[1]) == count
