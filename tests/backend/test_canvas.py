"""Blending windows: what the canvas keeps, and what it forgets."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from geopix_backend.canvas import OFF, Canvas, to_window
from geopix_backend.components import Component, components, split
from geopix_backend.tiling import final_rows, windows


def scene(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 3, (height, width)).astype(np.float32)


@pytest.mark.parametrize(("source", "target"), [((8, 8), (32, 32)), ((7, 5), (20, 31)), ((16, 16), (9, 11))])
def test_logits_are_enlarged_as_torch_does_it(source: tuple[int, int], target: tuple[int, int]) -> None:
    logits = scene(*source)
    expected = torch.nn.functional.interpolate(torch.from_numpy(logits)[None, None], target, mode="bilinear")[0, 0]
    np.testing.assert_allclose(to_window(logits, *target), expected.numpy(), atol=1e-5)


def test_logits_of_the_right_size_stay_untouched() -> None:
    logits = scene(5, 6)
    assert np.array_equal(to_window(logits, 5, 6), logits)


def test_blending_windows_of_one_scene_gives_the_scene() -> None:
    whole = scene(70, 90)
    canvas = Canvas(70, 90, 8)
    for window in windows(70, 90, 32, 8):
        canvas.add(window, {"a": whole[window.slices][None]})
    np.testing.assert_allclose(canvas.logits("a", 70)[0], whole, atol=1e-4)


def test_a_window_that_does_not_name_a_target_pulls_it_down_where_both_look() -> None:
    left, right = windows(16, 48, 32, 16)
    canvas = Canvas(16, 48, 16)
    canvas.add(left, {"a": np.full((16, 32), 8, np.float32)[None]})
    canvas.add(right, {})
    row = canvas.logits("a", 16)[0, 0]
    assert np.all(row[:16] == 8) and np.all(row[32:] == OFF)
    assert (
        np.all(np.diff(row[16:32]) < 0) and abs(row[23] + row[24]) < 1e-3
    )  # from one to the other, even in the middle


def test_a_target_first_named_late_was_off_before() -> None:
    left, right = windows(16, 48, 32, 16)
    canvas = Canvas(16, 48, 16)
    canvas.add(left, {})
    canvas.add(right, {"a": np.full((16, 32), 8, np.float32)[None]})
    row = canvas.logits("a", 16)[0, 0]
    assert np.all(row[:16] == OFF) and np.all(row[32:] == 8)


def test_released_rows_are_forgotten_and_the_rest_stays_in_place() -> None:
    whole, parts = scene(96, 32), windows(96, 32, 32, 8)
    canvas = Canvas(96, 32, 8)
    for index, window in enumerate(parts):
        canvas.add(window, {"a": whole[window.slices][None]})
        canvas.release(final_rows(parts, index) - 4)
        assert canvas.end_row - canvas.first_row <= 32 + 4
    first = canvas.first_row
    assert first == 92
    np.testing.assert_allclose(canvas.logits("a", 96)[0], whole[first:], atol=1e-4)


def test_taken_pixels_are_off_and_others_are_not() -> None:
    (window,) = windows(10, 10, 16, 0)
    canvas = Canvas(10, 10, 0)
    canvas.add(window, {"a": np.full((10, 10), 3, np.float32)[None]})
    canvas.take("a", 2, 4, np.array([[True, False], [True, True]]))
    logits = canvas.logits("a", 10)[0]
    assert logits[2, 4] == logits[3, 4] == logits[3, 5] == OFF
    assert (logits == 3).sum() == 97


def test_pixels_that_touch_at_a_corner_are_two_components() -> None:
    logits = np.full((6, 6), -4, np.float32)
    logits[0:3, 0:3] = logits[3:6, 3:6] = 4
    found = components(logits, np.ones((6, 6), bool), 1)
    assert [(c.row, c.col, c.mask.shape, c.end_row) for c in found] == [(0, 0, (3, 3), 3), (3, 3, (3, 3), 6)]


def test_components_are_scored_by_their_own_mean_probability() -> None:
    logits = np.full((4, 8), -9, np.float32)
    logits[1:3, 1:3] = [[1.0, 2.0], [3.0, 0.5]]
    (found,) = components(logits, np.ones((4, 8), bool), 1)
    assert found.score == pytest.approx(float(torch.sigmoid(torch.tensor([1.0, 2.0, 3.0, 0.5])).mean()), abs=1e-6)


def test_small_and_invalid_areas_are_no_components() -> None:
    logits = np.full((20, 20), 5, np.float32)
    valid = np.zeros((20, 20), bool)
    valid[0, :11] = valid[5:8, 5:9] = True  # 11 and 12 pixels
    (found,) = components(logits, valid, 12)
    assert (found.row, found.col, found.mask.sum()) == (5, 5, 12)


def test_a_component_with_a_hole_keeps_its_hole() -> None:
    logits = np.full((9, 9), 5, np.float32)
    logits[3:6, 3:6] = -5
    logits[4, 4] = 5  # an island in the hole
    ring, island = components(logits, np.ones((9, 9), bool), 1)
    assert (ring.mask.sum(), island.mask.sum()) == (72, 1)


def two_squares(gap: int) -> tuple[Component, np.ndarray]:
    """Two squares of 10 pixels that are joined, with cores of 4 pixels in their middles ``gap`` apart."""
    logits, cores = np.full((14, 30), -4, np.float32), np.full((14, 30), -4, np.float32)
    logits[2:12, 3:23] = 3
    cores[5:9, 6:10] = 2
    cores[5:9, 10 + gap : 14 + gap] = 2
    (whole,) = components(logits, np.ones(logits.shape, bool), 1)
    return whole, np.stack([logits, cores])


def test_touching_objects_come_apart_at_their_cores_and_no_pixel_is_lost() -> None:
    whole, planes = two_squares(6)
    left, right = split(whole, planes)
    assert (left.row, left.col, left.mask.shape) == (2, 3, (10, 10))
    assert (right.row, right.col, right.mask.shape) == (2, 13, (10, 10))
    assert left.mask.all() and right.mask.all()


def test_a_component_with_one_core_or_none_stays_whole() -> None:
    whole, planes = two_squares(0)  # the cores touch: one object
    assert split(whole, planes) == [whole]
    planes[1] = -4
    assert split(whole, planes) == [whole]


def test_a_part_is_connected_also_where_another_core_is_nearer_through_the_air() -> None:
    """A horseshoe: its ends are near each other, but the way inside the mask is long."""
    logits, cores = np.full((12, 11), -4, np.float32), np.full((12, 11), -4, np.float32)
    logits[1:11, 1:4] = logits[1:11, 7:10] = logits[8:11, 1:10] = 3
    cores[1:3, 2] = cores[9, 8] = 2
    (whole,) = components(logits, np.ones(logits.shape, bool), 1)
    parts = split(whole, np.stack([logits, cores]))
    assert sum(int(part.mask.sum()) for part in parts) == int(whole.mask.sum())
    for part in parts:
        alone = np.where(part.mask, 3, -4).astype(np.float32)
        assert len(components(alone, np.ones(alone.shape, bool), 1)) == 1
    assert parts[1].mask[:3, -3:].all()  # the upper right end belongs to the lower core, whose leg it is


def test_each_part_has_the_score_of_its_own_pixels() -> None:
    whole, planes = two_squares(6)
    planes[0, 2:12, 3:13] = 0.5
    left, right = split(whole, planes)
    assert left.score < 0.65 < 0.9 < right.score
