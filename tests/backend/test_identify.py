"""Looking for every class: what-is-this questions, everything, and who has a pixel."""

from __future__ import annotations

import numpy as np
import pytest

from geopix_backend.engine import Engine
from geopix_backend.question import Question
from geopix_qgis.protocol import DoneEvent, RegionEvent
from tests.backend.fakes import Box, FakeLister, painted

SIDE = 40
WHOLE = (SIDE, SIDE)


def ask(model: FakeLister, boxes: dict[str, list[Box]], prompt: str) -> tuple[DoneEvent, dict[str, float]]:
    events = list(Engine(model).ask(painted(WHOLE, boxes, crs=None), Question(prompt)))
    areas: dict[str, float] = {}
    for event in events:
        if isinstance(event, RegionEvent):
            (ring,) = event.geometry["coordinates"]
            x, y = np.array(ring).T
            areas[event.class_name] = areas.get(event.class_name, 0) + float((x.max() - x.min()) * (y.max() - y.min()))
    assert isinstance(events[-1], DoneEvent)
    return events[-1], areas


def test_the_surest_class_has_a_pixel_and_the_largest_is_said_first() -> None:
    model = FakeLister()
    model.logits["water"] = 9.0
    boxes = {"road": [(0, 0, SIDE, 20)], "water": [(0, 10, SIDE, 30)], "ship": [(0, 0, SIDE, SIDE)]}
    model.scores["ship"] = 0.1
    done, areas = ask(model, boxes, "What is this selected polygon?")
    assert done.answer == "Water covers 75 %. Roads cover 25 %."
    assert areas == {"water": 1200, "road": 400}
    assert done.passes == len(model.info.classes)


def test_what_lies_on_a_thing_takes_no_pixel_from_it() -> None:
    boxes = {"building": [(0, 0, 20, 20)], "solar panel": [(5, 5, 6, 6)], "water": [(0, 20, SIDE, 20)]}
    model = FakeLister(names=("building", "solar panel", "water"))
    model.logits["building"] = 5.0
    assert ask(model, boxes, "segment everything")[1] == {"building": 400, "solar panel": 36, "water": 800}


def test_a_class_that_is_not_likely_at_a_glance_is_not_asked_for() -> None:
    model = FakeLister()
    model.unlikely = ("road", "ship")
    done, _ = ask(model, {"road": [(0, 0, SIDE, 20)], "water": [(0, 20, SIDE, 20)]}, "What is this?")
    assert done.answer == "Water covers 50 %."
    assert not any("road" in prompt or "ship" in prompt for prompt in model.asked)


def test_of_a_class_that_leaves_no_region_nothing_is_said() -> None:
    boxes = {"road": [(0, 0, SIDE, 20)], "ship": [(0, 30, 2, 2)]}
    assert ask(FakeLister(), boxes, "What is this?")[0].answer == "Roads cover 50 %."


def test_where_no_class_is_found_it_says_what_it_knows() -> None:
    done, areas = ask(FakeLister(names=("road", "water")), {}, "What is this?")
    assert done.answer == "Nothing that I know is here. I know: road, water." and areas == {}


@pytest.mark.parametrize("prompt", ["segment everything except the water", "Show me all objects but not water, please"])
def test_everything_may_leave_something_out(prompt: str) -> None:
    boxes = {"road": [(0, 0, SIDE, 10)], "water": [(0, 20, SIDE, 20)]}
    assert ask(FakeLister(), boxes, prompt)[1] == {"road": 400}
