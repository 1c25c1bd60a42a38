"""Metrics on hand-made cases."""

from __future__ import annotations

import math

import numpy as np
import pytest

from geopix_model.evaluate.metrics import Tally, iou

FULL, NONE = np.ones((4, 4), bool), np.zeros((4, 4), bool)
HALF = np.arange(16).reshape(4, 4) < 8


@pytest.mark.parametrize(
    ("found", "truth", "value"), [(FULL, FULL, 1), (NONE, NONE, 1), (NONE, FULL, 0), (FULL, NONE, 0), (HALF, FULL, 0.5)]
)
def test_iou(found: np.ndarray, truth: np.ndarray, value: float) -> None:
    assert iou(found, truth, FULL) == value


def test_unknown_pixels_are_not_counted() -> None:
    assert iou(FULL, HALF, HALF) == 1


def test_classes_weigh_the_same_whatever_their_number_of_images() -> None:
    tally = Tally()
    tally.present["road", "a"] += [1.0, 1.0, 1.0]
    tally.present["road", "b"] += [0.0]
    tally.present["ship", "a"] += [0.25]
    assert tally.class_iou() == {"road": 0.75, "ship": 0.25}
    assert tally.mean_iou() == 0.5
    assert tally.mean_iou(frozenset({"b"})) == 0.625


def test_refusals_are_counted_over_questions() -> None:
    tally = Tally()
    assert math.isnan(tally.refusal_rate())
    tally.refused["ship", "a"] += [True, True]
    tally.refused["road", "a"] += [False]
    assert tally.refusal_rate() == pytest.approx(2 / 3)
