"""Windows and their weights."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geopix_backend.tiling import Window, blend_weights, final_rows, windows

SIDES = st.integers(1, 120)
WINDOW_AND_OVERLAP = st.integers(1, 60).flatmap(lambda w: st.tuples(st.just(w), st.integers(0, w // 2)))


@given(SIDES, SIDES, WINDOW_AND_OVERLAP)
def test_windows_cover_every_pixel_and_stay_inside(height: int, width: int, sizes: tuple[int, int]) -> None:
    covered = np.zeros((height, width), int)
    for window in windows(height, width, *sizes):
        assert 0 <= window.row <= height - window.height
        assert 0 <= window.col <= width - window.width
        assert (window.height, window.width) == (min(sizes[0], height), min(sizes[0], width))
        covered[window.slices] += 1
    assert covered.min() >= 1


@given(SIDES, SIDES, WINDOW_AND_OVERLAP)
def test_neighbours_share_at_least_the_overlap(height: int, width: int, sizes: tuple[int, int]) -> None:
    found = windows(height, width, *sizes)
    assert found == sorted(found, key=lambda w: (w.row, w.col)), "not row by row"
    assert len(set(found)) == len(found)
    for before, after in pairwise(found):
        if after.row == before.row:
            assert before.col + before.width - after.col >= sizes[1]
        else:
            assert before.row + before.height - after.row >= sizes[1]


@given(SIDES, SIDES, WINDOW_AND_OVERLAP)
def test_rows_called_final_are_touched_by_no_later_window(height: int, width: int, sizes: tuple[int, int]) -> None:
    found = windows(height, width, *sizes)
    for index in range(0, len(found), max(1, len(found) // 7)):
        rows = final_rows(found, index)
        assert all(w.row >= rows for w in found[index + 1 :])
    assert final_rows(found, len(found) - 1) == height


def test_a_tile_smaller_than_a_window_is_one_window_of_its_own_size() -> None:
    assert windows(30, 40, 512, 128) == [Window(0, 0, 30, 40)]


def test_a_row_of_windows_is_final_once_the_next_row_begins() -> None:
    found = windows(100, 100, 60, 20)
    assert [w.row for w in found] == [0, 0, 40, 40]
    assert [final_rows(found, index) for index in range(4)] == [0, 40, 40, 100]


@given(SIDES, SIDES, WINDOW_AND_OVERLAP)
def test_weights_are_positive_and_at_most_one(height: int, width: int, sizes: tuple[int, int]) -> None:
    for window in windows(height, width, *sizes)[:50]:
        weights = blend_weights(window, height, width, sizes[1])
        assert weights.dtype == np.float32
        assert weights.shape == (window.height, window.width)
        assert weights.min() > 0
        assert weights.max() <= 1


def test_weights_fall_only_towards_neighbours() -> None:
    weights = blend_weights(Window(0, 40, 60, 60), 100, 100, 20)
    assert np.all(weights[:40, 20:] == 1.0), "top and right are the border of the tile"
    assert np.all(np.diff(weights[0, :20]) > 0), "left meets a neighbour"
    assert np.all(np.diff(weights[40:, -1]) < 0), "bottom meets a neighbour"


def test_weights_of_two_neighbours_add_up_to_one_across_their_overlap() -> None:
    left, right = windows(60, 100, 60, 20)
    total = np.zeros((60, 100))
    for window in (left, right):
        total[window.slices] += blend_weights(window, 60, 100, 20)
    np.testing.assert_allclose(total, 1.0, atol=1e-6)


@pytest.mark.parametrize(("height", "window_px", "overlap_px"), [(0, 10, 0), (10, 0, 0), (10, 10, 10), (10, 10, -1)])
def test_impossible_sizes_are_refused(height: int, window_px: int, overlap_px: int) -> None:
    with pytest.raises(ValueError, match=r"must be|expected"):
        windows(height, 10, window_px, overlap_px)
