"""Blending windows: what the canvas keeps, and what it forgets."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geopix_backend.canvas import OFF, Canvas
from geopix_backend.components import Component, components, drawn, labelled, only, probability
from geopix_backend.sampling import Sampling
from geopix_backend.splitting import single_objects
from geopix_backend.tiling import Window, final_rows, windows


def scene(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 3, (height, width)).astype(np.float32)


def enlarged(logits: np.ndarray, height: int, width: int) -> np.ndarray:
    return Sampling().logits(logits, Window(0, 0, height, width))


@pytest.mark.parametrize(
    ("source", "target"), [((8, 8), (32, 32)), ((7, 5), (20, 31)), ((16, 16), (9, 11)), ((40, 33), (150, 131))]
)
def test_logits_are_enlarged_as_torch_does_it(source: tuple[int, int], target: tuple[int, int]) -> None:
    logits = scene(*source)
    exact = torch.from_numpy(logits).double()[None, None]  # its own places are too coarse in single precision
    expected = torch.nn.functional.interpolate(exact, target, mode="bicubic")[0, 0]
    np.testing.assert_allclose(enlarged(logits, *target), expected.numpy(), atol=1e-5)


def test_planes_are_enlarged_one_by_one_and_what_is_even_stays_even() -> None:
    planes = np.stack([scene(7, 11), np.full((7, 11), 3.5, np.float32)])
    found = enlarged(planes, 14, 22)
    assert np.array_equal(found[0], enlarged(planes[0], 14, 22))
    np.testing.assert_allclose(found[1], 3.5, rtol=1e-6)


def test_logits_of_the_right_size_stay_untouched() -> None:
    logits = scene(5, 6)
    assert np.array_equal(enlarged(logits, 5, 6), logits)


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
    inside = np.zeros((4, 10), bool)
    inside[2, 4] = inside[3, 4] = inside[3, 5] = True
    canvas.take("a", inside)
    logits = canvas.logits("a", 10)[0]
    assert logits[2, 4] == logits[3, 4] == logits[3, 5] == OFF
    assert (logits == 3).sum() == 97


def test_pixels_that_touch_at_a_corner_are_two_components() -> None:
    logits = np.full((6, 6), -4, np.float32)
    logits[0:3, 0:3] = logits[3:6, 3:6] = 4
    found = components(logits, np.ones((6, 6), bool), 1)
    assert [c.pixels.bounds for c in found] == [(0, 0, 3, 3), (3, 3, 6, 6)]
    assert [(c.row, c.end_row, c.centre) for c in found] == [(0, 3, (1.5, 1.5)), (3, 6, (4.5, 4.5))]


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
    assert (found.pixels.bounds, found.area_px) == ((5, 5, 9, 8), 12)


def test_a_component_with_a_hole_keeps_its_hole() -> None:
    logits = np.full((9, 9), 5, np.float32)
    logits[3:6, 3:6] = -5
    logits[4, 4] = 5  # an island in the hole
    ring, island = components(logits, np.ones((9, 9), bool), 1)
    assert (ring.area_px, island.area_px) == (72, 1)


@settings(max_examples=100, deadline=None)
@given(hnp.arrays(np.float32, (9, 11), elements=st.floats(-3, 3, width=32)), st.integers(0, 9))
def test_areas_scores_and_pixels_are_those_of_the_mask(logits: np.ndarray, least: int) -> None:
    found = components(logits, np.ones(logits.shape, bool), least)
    for component in found:
        inside = drawn([component], logits.shape)
        assert component.area_px == inside.sum() >= least
        assert component.score == pytest.approx(probability(logits)[inside].mean(), abs=1e-6)
    field = only(labelled(found[::2], logits.shape), logits, np.ones(logits.shape, bool))
    assert np.array_equal(field > 0, drawn(found[::2], logits.shape))


def two_squares(gap: int) -> tuple[list[Component], np.ndarray, np.ndarray]:
    """Two squares of 10 pixels that are joined, with cores of 4 pixels in their middles ``gap`` apart."""
    logits, cores = np.full((14, 30), -4, np.float32), np.full((14, 30), -4, np.float32)
    logits[2:12, 3:23] = 3
    cores[5:9, 6:10] = 2
    cores[5:9, 10 + gap : 14 + gap] = 2
    return components(logits, np.ones(logits.shape, bool), 1), logits, cores


def test_touching_objects_come_apart_at_their_cores_and_no_pixel_is_lost() -> None:
    left, right = single_objects(*two_squares(6), 1)
    assert left.pixels.equals(shapely.box(3, 2, 13, 12))
    assert right.pixels.equals(shapely.box(13, 2, 23, 12))


def test_a_component_with_one_core_stays_whole() -> None:
    whole, logits, cores = two_squares(0)  # the cores touch: one object
    assert single_objects(whole, logits, cores, 1) == whole


def test_what_has_no_core_is_no_object_unless_it_may_be_cut() -> None:
    whole, logits, cores = two_squares(6)
    for unsure in (np.full_like(cores, -4), np.minimum(cores, 0.9)):
        assert single_objects(whole, logits, unsure, 1) == []
        assert single_objects(whole, logits, unsure, 1, whole_px=20) == []
    assert single_objects(whole, logits, np.full_like(cores, -4), 1, whole_px=19) == whole


@pytest.mark.parametrize(
    ("saddle", "second", "count"), [(-3.5, 0.5, 2), (-1.5, 2.6, 2), (-0.5, 2.6, 1), (-1.5, 1.5, 1)]
)
def test_a_core_that_does_not_stand_out_from_a_surer_one_is_part_of_it(
    saddle: float, second: float, count: int
) -> None:
    whole, logits, cores = two_squares(6)
    cores[5:9, 10:16] = saddle
    cores[5:9, 16:20] = second
    parts = single_objects(whole, logits, cores, 1)
    assert len(parts) == count and sum(part.area_px for part in parts) == whole[0].area_px


def test_weak_cores_in_a_row_all_go_to_the_surest() -> None:
    logits, cores = np.full((14, 60), -4, np.float32), np.full((14, 60), -4, np.float32)
    logits[2:12, 3:53] = 3
    for number, top in enumerate((1.2, 2.5, 3.5, 1.4)):
        cores[5:9, 6 + 12 * number : 10 + 12 * number] = top
    cores[5:9, 10:42] = np.maximum(cores[5:9, 10:42], -0.5)
    whole = components(logits, np.ones(logits.shape, bool), 1)
    assert single_objects(whole, logits, cores, 1) == whole


def test_a_narrow_core_hangs_together_by_the_corners_of_its_samples() -> None:
    whole, logits, cores = two_squares(6)
    cores[5:9, 6:20] = -4
    cores[range(4, 10), range(8, 14)] = 5  # one line aslant
    assert single_objects(whole, logits, cores, 1) == whole


def test_cores_of_components_that_meet_at_a_corner_are_two() -> None:
    logits = np.full((24, 24), -4, np.float32)
    logits[2:12, 2:12] = logits[12:22, 12:22] = 3
    whole = components(logits, np.ones(logits.shape, bool), 1)
    assert len(whole) == 2
    cores = np.where(logits > 0, np.float32(2), np.float32(-4))
    assert single_objects(whole, logits, cores, 1) == whole
    cores[:] = -4
    for first in (3, 9, 12, 18):  # two in each, one of which is at the corner
        cores[first : first + 3, first : first + 3] = 2
    found = single_objects(whole, logits, cores, 1)
    assert len(found) == 4 and sum(part.area_px for part in found) == 200
    assert sum(part.area_px for part in found if part.pixels.bounds[0] < 12) == 100


def test_a_core_that_is_tiny_beside_another_is_no_object() -> None:
    whole, logits, cores = two_squares(6)
    cores[5:9, 16:20] = -4
    cores[6, 17] = 5
    assert single_objects(whole, logits, cores, 1) == whole
    cores[6, 18] = 5
    assert len(single_objects(whole, logits, cores, 1)) == 2


def test_only_the_component_with_several_cores_is_split_and_all_come_from_the_top() -> None:
    logits, cores = np.full((20, 30), -4, np.float32), np.full((20, 30), -4, np.float32)
    logits[2:6, 1:21] = logits[9:13, 1:21] = logits[15:19, 1:21] = 3
    cores[3, 3] = cores[10, 3] = cores[10, 18] = cores[16, 5] = 2
    whole = components(logits, np.ones(logits.shape, bool), 1)
    parts = single_objects(whole, logits, cores, 1)
    assert [part.pixels.bounds for part in parts] == [(1, 2, 21, 6), (1, 9, 11, 13), (11, 9, 21, 13), (1, 15, 21, 19)]


def test_a_part_is_connected_also_where_another_core_is_nearer_through_the_air() -> None:
    """A horseshoe: its ends are near each other, but the way inside the mask is long."""
    logits, cores = np.full((12, 11), -4, np.float32), np.full((12, 11), -4, np.float32)
    logits[1:11, 1:4] = logits[1:11, 7:10] = logits[8:11, 1:10] = 3
    cores[1:3, 2] = cores[9, 8] = 2
    whole = components(logits, np.ones(logits.shape, bool), 1)
    parts = single_objects(whole, logits, cores, 1)
    assert len(parts) == 2  # a polygon is connected
    assert sum(part.area_px for part in parts) == whole[0].area_px
    assert parts[1].pixels.covers(shapely.box(7, 1, 10, 4))  # the upper right end belongs to the lower core's leg


def test_each_part_has_the_score_of_its_own_pixels() -> None:
    whole, logits, cores = two_squares(6)
    logits[2:12, 3:13] = 0.5
    left, right = single_objects(whole, logits, cores, 1)
    assert left.score < 0.65 < 0.9 < right.score
