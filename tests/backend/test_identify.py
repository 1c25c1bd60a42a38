"""What-is-this questions are answered class by class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from geopix_backend.engine import Engine
from geopix_backend.identify import asks_what
from geopix_backend.question import Question
from geopix_model.predictor import Mask, ModelInfo, Piece, Text
from geopix_qgis.protocol import DoneEvent, RegionEvent
from tests.backend.fakes import tile_of

SIDE = 40


class Knows:
    """Finds each class where it is told to, with the given logit."""

    def __init__(self, places: dict[str, tuple[slice, float, float]], window_px: int = 64) -> None:
        self._places = places
        self.info = ModelInfo("knows", "1", window_px, 8, (0.0, 1e9), classes=tuple(places))
        self.prompts: list[str] = []

    def answer(
        self, image: NDArray[np.uint8], prompt: str, history: Sequence[tuple[str, str]] = (), task: str = "auto"
    ) -> Iterator[Piece]:
        self.prompts.append(prompt)
        name = next((n for n in self._places if n in prompt), "")
        if not name:
            yield Text("A scene.")
            return
        columns, logit, score = self._places[name]
        logits = np.full(image.shape[:2], -5.0, np.float32)
        logits[:, columns] = logit
        yield Text(name, phrase=True)
        yield Mask(name, name, logits, score, 0)


def ask(model: Knows, prompt: str) -> tuple[DoneEvent, dict[str, float]]:
    events = list(Engine(model).ask(tile_of(np.ones((SIDE, SIDE), bool)), Question(prompt)))
    areas: dict[str, float] = {}
    for event in events:
        if isinstance(event, RegionEvent):
            areas[event.class_name] = areas.get(event.class_name, 0) + (event.area_m2 or 0)
    assert isinstance(events[-1], DoneEvent)
    return events[-1], areas


def test_the_surest_class_has_a_pixel_and_the_largest_is_said_first() -> None:
    model = Knows(
        {"road": (slice(0, 20), 2.0, 0.9), "water": (slice(10, 40), 4.0, 0.9), "ship": (slice(0, 40), 9.0, 0.1)}
    )
    done, areas = ask(model, "What is this selected polygon?")
    assert done.answer == "Water covers 75 %. Road covers 25 %."
    assert areas == {"water": pytest.approx(1200, rel=0.01), "road": pytest.approx(400, rel=0.01)}
    assert done.passes == 3


def test_of_a_class_that_leaves_no_region_nothing_is_said() -> None:
    done, _ = ask(Knows({"road": (slice(0, 20), 2.0, 0.9), "ship": (slice(30, 40), 0.001, 0.9)}), "What is this?")
    assert done.answer == "Road covers 50 %. Ship covers 25 %."
    strict = Question("What is this?", min_score=0.8)
    model = Knows({"road": (slice(0, 20), 2.0, 0.9), "ship": (slice(30, 40), 0.001, 0.9)})
    events = list(Engine(model).ask(tile_of(np.ones((SIDE, SIDE), bool)), strict))
    assert isinstance(events[-1], DoneEvent) and events[-1].answer == "Road covers 50 %."


def test_where_no_class_is_found_it_says_what_it_knows() -> None:
    done, areas = ask(Knows({"road": (slice(0, 20), 2.0, 0.2)}), "What is this?")
    assert done.answer == "Nothing that I know is here. I know: road." and areas == {}


def test_a_question_that_names_a_thing_goes_to_the_model_as_it_is() -> None:
    model = Knows({"road": (slice(0, 20), 2.0, 0.9)})
    ask(model, "What is the area of the road?")
    assert model.prompts == ["What is the area of the road?"]


@pytest.mark.parametrize(
    "prompt",
    ["What is this?", "what's this", "What are these?", "Identify this", "Please tell me, what is here?", "what is it",
     "What do you see here?", "Which class is this?", "what is inside the selected polygon", "Classify the drawn box",
     "segment everything", "Please map all classes in the image", "Show me everything you know",
     "What is in the view?", "what can you see?", "What do you see in this aerial image?", "what's on the map"],
)  # fmt: skip
def test_it_knows_such_a_question(prompt: str) -> None:
    assert asks_what(prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        "What is the area of water?",
        "How many cars are here?",
        "Segment this road",
        "Describe this",
        "whatever",
        "What is the roof made of?",
        "What roads are in the view?",
    ],
)
def test_it_leaves_other_questions_alone(prompt: str) -> None:
    assert not asks_what(prompt)
