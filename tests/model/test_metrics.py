"""Metrics on hand-made cases."""

from __future__ import annotations

import math

import numpy as np
import pytest

from geopix_model.evaluate.metrics import Matches, Score, Tally, iou, match

FULL, NONE = np.ones((4, 4), bool), np.zeros((4, 4), bool)
HALF = np.arange(16).reshape(4, 4) < 8


@pytest.mark.parametrize(
    ("found", "truth", "value"),
    [(FULL, FULL, 1), (NONE, NONE, None), (NONE, FULL, 0), (FULL, NONE, 0), (HALF, FULL, 0.5)],
)
def test_iou(found: np.ndarray, truth: np.ndarray, value: float | None) -> None:
    assert iou(found, truth, FULL) == value


def test_unknown_pixels_are_not_counted() -> None:
    assert iou(FULL, HALF, HALF) == 1


@pytest.mark.parametrize(
    ("overlaps", "expected"),
    [
        (np.zeros((0, 0)), Matches(0, 0, 0)),
        (np.zeros((2, 0)), Matches(0, 2, 0)),
        (np.zeros((0, 3)), Matches(0, 0, 3)),
        (np.array([[0.9, 0.0], [0.0, 0.5]]), Matches(2, 0, 0)),
        (np.array([[0.9], [0.8]]), Matches(1, 1, 0)),  # the same object twice counts once
        (np.array([[0.6, 0.55]]), Matches(1, 0, 1)),  # two objects in one polygon: one is missed
        (np.array([[0.49]]), Matches(0, 1, 1)),
    ],
)
def test_objects_are_matched_one_to_one(overlaps: np.ndarray, expected: Matches) -> None:
    assert match(overlaps, 0.5) == expected


def test_f1_is_harmonic() -> None:
    assert Matches(2, 1, 1).f1 == pytest.approx(2 / 3)
    assert math.isnan(Matches().f1)


def score(name: str, value: float | None, *, source: str = "a", present: bool = True, **more: object) -> Score:
    return Score("image", name, source, present, bool(value), value, **more)  # type: ignore[arg-type]


def test_classes_weigh_the_same_and_false_positives_count_among_all_images() -> None:
    tally = Tally([score("road", 1.0), score("road", 0.5), score("ship", 0.25)])
    tally.scores += [score("road", 0.0, present=False), score("road", None, present=False)]
    assert tally.iou_present() == {"road": 0.75, "ship": 0.25}
    assert tally.iou_all() == {"road": 0.5, "ship": 0.25}


def test_sets_of_boxes_have_no_iou_but_their_f1_serves_where_no_outlines_do() -> None:
    tally = Tally(boxed=frozenset({"boxes"}))
    tally.scores.append(score("pool", 1.0, source="boxes", objects=Matches(1, 1, 0)))
    tally.scores.append(score("car", 1.0, source="boxes", objects=Matches(0, 1, 1)))
    tally.scores.append(score("car", 1.0, objects=Matches(1, 0, 0)))
    assert tally.iou_present() == {"car": 1.0}
    assert tally.f1() == {"pool": pytest.approx(2 / 3), "car": 1.0}


def test_presence_is_told_for_both_sides() -> None:
    tally = Tally([score("a", 0.5), score("a", 0.0), score("b", None, present=False)])
    assert tally.presence() == (0.5, 1.0)
    assert all(math.isnan(value) for value in Tally().presence())
