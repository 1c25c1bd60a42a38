"""Questions that people might ask, written by hand, with answers worked out by hand from two drawn scenes.

The words go through the embedded model's reading and the real engine; only the eyes are a fake, which finds exactly
what was drawn, so that nothing here depends on how well a model sees.  One pixel is 1 m on the map and 1.0004 m on the
ground (UTM at its central meridian): areas are 0.08 % larger than the boxes.
"""

from __future__ import annotations

import re

import pytest

from geopix_backend.engine import Engine
from geopix_backend.plan import DESCRIBED
from geopix_backend.question import Question
from geopix_model.nano.reading import read
from geopix_qgis.protocol import DoneEvent, RegionEvent, TextEvent, Turn
from tests.backend.fakes import NAMES, Box, FakeLister, painted

SIZE = (400, 400)
# (row, col, height, width).  A road crosses the valley; a lake with two boats lies in the lower left.
VALLEY: dict[str, list[Box]] = {
    "road": [(190, 0, 12, 400)],
    "water": [(280, 40, 80, 120)],
    "vegetation": [(0, 250, 120, 150), (230, 300, 40, 40)],
    "building": [(150, 20, 20, 30), (215, 100, 40, 40), (30, 30, 20, 20), (30, 100, 30, 30), (210, 250, 20, 20)],
    "vehicle": [(193, 50, 4, 8), (193, 200, 4, 8), (340, 300, 4, 8)],
    "ship": [(300, 60, 6, 20), (320, 100, 8, 25)],
    "solar panel": [(222, 105, 10, 10)],
    "swimming pool": [(35, 55, 5, 10)],
}
# Four planes west of the taxiway and a large one east of it, three tanks, eight trucks on bare ground's edge.
AIRFIELD: dict[str, list[Box]] = {
    "airplane": [(40, 60, 30, 36), (100, 60, 30, 36), (160, 60, 30, 36), (220, 60, 30, 36), (60, 300, 50, 50)],
    "storage tank": [(300, 200, 24, 24), (300, 250, 24, 24), (300, 300, 24, 24)],
    "vehicle": [(350, 20 + 30 * i, 4, 9) for i in range(8)],
    "bare land": [(380, 0, 20, 400)],
    "building": [(40, 180, 60, 40)],
    "tennis court": [(200, 300, 24, 11), (200, 320, 24, 11)],
    "road": [(0, 150, 360, 14)],
}
LIST = "I can find airplanes, ships, storage tanks, baseball diamonds, tennis courts, basketball courts, ground track"

# scene, question, polygons of each class, what the answer says
Case = tuple[dict[str, list[Box]], str, dict[str, int], tuple[str, ...]]
QUESTIONS: list[Case] = [
    # counts
    (AIRFIELD, "Good morning! How many planes are parked out there?", {"airplane": 5}, ("5 planes",)),
    (AIRFIELD, "How many oil tanks and lorries, please?", {"storage tank": 3, "vehicle": 8}, ("3 oil tanks", "8 lorr")),
    (VALLEY, "number of cars that are on the street", {"vehicle": 2}, ("2 cars on the streets", "One other car")),
    (VALLEY, "how many houses have a pool?", {"building": 1}, ("1 house within 10 m of the pools",)),
    (VALLEY, "are there more than three boats", {"ship": 2}, ("There are 2 boats, not more than 3.",)),
    (VALLEY, "at least 5 buildings?", {"building": 5}, ("Yes", "5 buildings")),
    (VALLEY, "how many trees", {"vegetation": 2}, ("cannot be counted one by one", "19,616 m²", "2 separate areas")),
    # areas and shares
    (VALLEY, "how much of this is forest", {"vegetation": 2}, ("12 % of the view", "19,616 m²")),
    (VALLEY, "what share is road?", {"road": 1}, ("The road covers 3 % of the view",)),
    (VALLEY, "how many hectares of water", {"water": 1}, ("0.961 ha",)),
    (AIRFIELD, "what's the total acreage of the tennis courts", {"tennis court": 2}, ("2 tennis courts", "528 m²")),
    (AIRFIELD, "how many square feet does the building cover", {"building": 1}, ("25,854 sq ft",)),
    (VALLEY, "How large is the largest building?", {"building": 1}, ("The largest building covers 1,601 m²",)),
    (VALLEY, "average size of the houses", {"building": 5}, ("5 houses cover 3,903 m²", "781 m² each on average")),
    (VALLEY, "is there at least 1 hectare of forest", {"vegetation": 2}, ("The forests cover 1.96 ha",)),
    # comparisons
    (VALLEY, "Are there more ships than cars?", {"ship": 2, "vehicle": 3}, ("fewer ships than cars: 2 against 3",)),
    (AIRFIELD, "do planes outnumber the silos", {"airplane": 5, "storage tank": 3}, ("Yes", "more planes than silos")),
    (VALLEY, "which is larger, the lake or the forest", {"water": 1, "vegetation": 2}, ("forests cover more",)),
    (VALLEY, "Is the pond bigger than the woods?", {"water": 1, "vegetation": 2}, ("pond covers less than the woods",)),
    (AIRFIELD, "Which takes up more ground, the aircraft or the tanks?", {"airplane": 5, "storage tank": 3},
     ("aircraft cover more than the tanks: 6,825 m², 4 % of the view, against 1,729 m²",)),
    (AIRFIELD, "are there as many tennis courts as tanks?", {"tennis court": 2, "storage tank": 3}, ("fewer tennis",)),
    (VALLEY, "are there more ships than cars, and any cows?", {"ship": 2, "vehicle": 3}, ("2 against 3", '"cows"')),
    (VALLEY, "Are there more cars than trucks?", {"vehicle": 3}, ("I cannot tell cars and trucks apart",)),
    (AIRFIELD, "are there more cows than tanks", {"storage tank": 3}, ("3 tanks", 'I do not know "cows"')),
    # which of them: size and place
    (AIRFIELD, "the two biggest aircraft plz", {"airplane": 2}, ("3,583 m² together",)),
    (VALLEY, "which building is the second largest?", {"building": 1}, ("second largest building covers 901 m²",)),
    (AIRFIELD, "the northernmost plane", {"airplane": 1}, ("The northernmost plane covers 1,081 m²",)),
    (AIRFIELD, "jets bigger than 0.2 hectares", {"airplane": 1}, ("larger than 0.2 ha", "4 other jets")),
    (AIRFIELD, "the plane in the top right and the tanks at the bottom", {"airplane": 1, "storage tank": 3},
     ("planes in the top right", "tanks at the bottom", "4 other planes")),
    (VALLEY, "houses at the edge of the picture", {}, ("No houses at the edge of the view: 5 are elsewhere",)),
    (VALLEY, "big buildings", {"building": 5}, ("cannot tell which of them are big", "Ask for the largest")),
    (VALLEY, "biggest and smallest building", {"building": 1}, ("The largest building", "Of several sizes")),
    (VALLEY, "all houses except the largest house", {"building": 4}, ("houses but the largest: 4 in all",)),
    (VALLEY, "red cars", {"vehicle": 3}, ("cannot tell which of them are red",)),
    # which of them: next to other things
    (VALLEY, "houses next to the road", {"building": 1}, ("within 10 m of the roads", "4 other houses")),
    (VALLEY, "which buildings are within 15 m of the road?", {"building": 2}, ("within 15 m of the roads",)),
    (VALLEY, "Which house is closest to the lake?", {"building": 1}, ("nearest to the lakes covers 1,601 m²",)),
    (VALLEY, "cars that are not on the road", {"vehicle": 1}, ("not on the roads", "half of it")),
    (VALLEY, "houses without solar panels", {"building": 4}, ("One other house",)),
    (VALLEY, "buildings other than the one with solar panels", {"building": 4}, ("more than 10 m from the solar",)),
    (AIRFIELD, "planes to the right of the road", {"airplane": 1}, ("right of the roads", "4 other planes")),
    (VALLEY, "houses south of the road", {"building": 2}, ("south of the roads", "judged by its centre")),
    (VALLEY, "buildings within 60 m of another building", {"building": 2}, ("within 60 m of other buildings",)),
    (VALLEY, "what's next to the lake?", {"ship": 2}, ("2 ships within 10 m of the lakes",)),
    (VALLEY, "houses near the church", {"building": 5}, ('I do not know "church"', "these are all houses")),
    (VALLEY, "is any house within 5 m of the water", {}, ("No houses within 5 m of the water: 5 are elsewhere",)),
    # several things, everything, slips
    (AIRFIELD, "Outline planes, tanks, and tenis courts", {"airplane": 5, "storage tank": 3, "tennis court": 2},
     ("planes", "tanks", "tennis courts")),
    (AIRFIELD, "buildings and roads, but no tanks", {"building": 1, "road": 1}, ("buildings", "roads")),
    (VALLEY, "show all vehicels, ships and roofs", {"vehicle": 3, "ship": 2, "building": 5}, ("vehicles", "roofs")),
    (VALLEY, "everything but the trees, please",
     {"road": 1, "water": 1, "building": 5, "vehicle": 3, "ship": 2, "solar panel": 1, "swimming pool": 1},
     ("Water covers 6 %", "5 buildings", "1 swimming pool")),
    (VALLEY, "any planes?", {}, ("No planes found.",)),
    (AIRFIELD, "zebras and planes", {"airplane": 5}, ('I do not know "zebras"',)),
    # descriptions
    (VALLEY, "whats in this picture", {"vegetation": 2, "water": 1, "road": 1, "building": 5, "ship": 2},
     ("Vegetation covers 12 %", "water (6 %)", "roads (3 %)", "5 buildings", "2 ships")),
    # not known, not to be told
    (VALLEY, "got any cows?", {}, ('I do not know "cows"', LIST)),
    (VALLEY, "ffff", {}, ('I do not know "ffff"', LIST)),
    (VALLEY, "what can you do?", {}, ("Ask me to find, count, measure or compare", LIST)),
    (VALLEY, "how far is the nearest house from the river", {}, ("I cannot measure lengths",)),
    (VALLEY, "what colour are the roofs", {}, ("I cannot tell colours",)),
]  # fmt: skip


def ask(
    scene: dict[str, list[Box]],
    prompt: str,
    *,
    window_px: int = 512,
    crs: str | None = "EPSG:32633",
    history: tuple[Turn, ...] = (),
) -> tuple[str, dict[str, int]]:
    """The answer, and the number of polygons of each class; what must hold for every answer is looked at here."""
    tile = painted(SIZE, scene, crs=crs)
    events = list(Engine(FakeLister(window_px=window_px)).ask(tile, Question(prompt, history=history)))
    regions = [event for event in events if isinstance(event, RegionEvent)]
    counts = {name: n for name in NAMES if (n := sum(region.class_name == name for region in regions))}
    done = events[-1]
    assert isinstance(done, DoneEvent) and done.regions == len(regions)
    linked = {event.target for event in events if isinstance(event, TextEvent) and event.target is not None}
    assert linked == {region.target for region in regions}  # no phrase without polygons, no polygons without a phrase
    for none in re.findall(r"(?:^|\. )No ([^.:]+)", done.answer):
        assert not any(counts.get(thing.class_name) for thing in read(none).named[:1]), done.answer
    return done.answer, counts


@pytest.mark.parametrize("window_px", [512, 160])
@pytest.mark.parametrize(("scene", "prompt", "counts", "says"), QUESTIONS, ids=[case[1] for case in QUESTIONS])
def test_questions_are_answered_from_the_polygons(
    scene: dict[str, list[Box]], prompt: str, counts: dict[str, int], says: tuple[str, ...], window_px: int
) -> None:
    answer, found = ask(scene, prompt, window_px=window_px)
    assert found == counts
    assert [words for words in says if words not in answer] == [], answer


def test_the_set_is_as_large_as_it_says_and_no_question_comes_twice() -> None:
    assert len({prompt for _, prompt, _, _ in QUESTIONS}) == len(QUESTIONS) >= 50


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ("How many hectares of water?", ("9,600 px, 6 % of the view", "so I give pixels instead of hectares")),
        ("what fraction is road?", ("3 % of the view, 4,800 px",)),
        ("buildings larger than 1,000 m2", ("5 in all", "so 1,000 m² cannot be measured")),
        ("buildings larger than 1000 pixels", ("1 in all, covering 1,600 px", "4 other buildings")),
        ("houses within 20 m of the road", ("so 20 m cannot be measured: I took 60 px",)),
        ("houses within 20 px of the road", ("3 in all", "within 20 px of the roads")),
    ],
)
def test_without_a_place_on_earth_pixels_are_given_and_it_is_said(prompt: str, says: tuple[str, ...]) -> None:
    answer, _ = ask(VALLEY, prompt, crs=None)
    assert [words for words in says if words not in answer] == [], answer


def test_a_chosen_task_goes_before_the_words() -> None:
    tile = painted(SIZE, VALLEY)
    said = {}
    for task in ("segment", "caption"):
        *_, done = Engine(FakeLister()).ask(tile, Question("how many houses are there?", task=task))
        assert isinstance(done, DoneEvent)
        said[task] = done
    assert (
        said["segment"].answer == "Here are the houses: 5 in all, covering 3,903 m²." and not said["segment"].warnings
    )
    assert said["caption"].answer.startswith("Vegetation covers 12 %") and DESCRIBED in said["caption"].warnings


def test_a_later_question_may_be_about_what_the_one_before_was_about() -> None:
    turns: list[Turn] = []
    for prompt, counts, says in (
        ("find the houses", {"building": 5}, "5 in all"),
        ("how many of them are near the road?", {"building": 3}, "3 houses within 30 m of the roads"),
        ("and the cars?", {"vehicle": 3}, "3 cars"),
        ("and cows?", {}, 'I do not know "cows"'),
    ):
        answer, found = ask(VALLEY, prompt, history=tuple(turns))
        assert found == counts and says in answer, answer
        turns.append(Turn(prompt, answer))


def test_a_long_conversation_is_no_burden() -> None:
    history = tuple(Turn("and the cars?", "There are 3 cars.") for _ in range(3000))
    assert ask(VALLEY, "how many are near the road?", history=history)[0].startswith("There are 2 cars within 30 m")


@pytest.mark.parametrize("prompt", ["describe the image", "What do you see in the upper left?", "give me an overview"])
@pytest.mark.parametrize("scene", [VALLEY, AIRFIELD, {"road": VALLEY["road"]}, {}])
def test_a_description_has_two_to_four_sentences(scene: dict[str, list[Box]], prompt: str) -> None:
    answer, _ = ask(scene, prompt)
    assert 2 <= len(re.findall(r"\.(?= |$)", answer)) <= 4, answer
