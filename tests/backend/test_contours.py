"""Sub-pixel outlines of logits."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geopix_backend.contours import contours
from geopix_backend.outlines import trace

LOGITS = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=16),
    elements=st.one_of(st.floats(-8, 8, width=32), st.sampled_from([0.0, np.nan, 1e-6, -1e-6])),
)


@settings(max_examples=300, deadline=None)
@given(LOGITS)
def test_each_area_of_positive_pixels_is_one_valid_polygon_around_their_centres(logits: np.ndarray) -> None:
    found, pixels = contours(logits).geometries(), trace(logits > 0).geometries()
    assert len(found) == len(pixels) and shapely.is_valid(found).all()
    row, col = np.indices(logits.shape) + 0.5
    for polygon, area in zip(found, pixels, strict=True):
        assert np.array_equal(shapely.contains_xy(polygon, col, row), shapely.contains_xy(area, col, row))
        assert shapely.hausdorff_distance(polygon, area) < 1.0


@pytest.mark.parametrize("radius", [5.0, 12.3])
def test_a_disk_is_round(radius: float) -> None:
    """The iso-line of a distance is a circle; its polygon of chords is smaller than the disk by less than 1 %."""
    row, col = np.mgrid[:40, :40] + 0.5
    logits = (radius - np.hypot(row - 20.2, col - 19.7)).astype(np.float32)
    (found,) = contours(logits).geometries()
    disk = shapely.Point(19.7, 20.2).buffer(radius, quad_segs=64)
    assert found.area == pytest.approx(disk.area, rel=0.01)
    assert shapely.hausdorff_distance(found, disk) < 0.1


def test_outlines_follow_the_border_and_what_is_not_known() -> None:
    logits = np.full((10, 12), 3.0, np.float32)
    assert contours(logits).geometries()[0].equals(shapely.box(0, 0, 12, 10))
    logits[:, 7:] = np.nan
    assert contours(logits).geometries()[0].equals(shapely.box(0, 0, 7, 10))


def test_an_outline_near_the_border_is_that_of_a_larger_field_which_goes_on_as_it_ends() -> None:
    row, col = np.mgrid[:30, :30] + 0.5
    field = (9.0 - np.hypot(row - 3.2, col - 26.4)).astype(np.float32)
    wide = np.pad(field, 6, mode="edge")
    cut = shapely.box(6, 6, 36, 36)
    (inside,), (larger,) = contours(field).geometries(), contours(wide).geometries()
    expected = shapely.transform(larger.intersection(cut), lambda xy: xy - 6)
    assert inside.symmetric_difference(expected).area < 1e-3


def test_pixels_that_meet_at_a_corner_stay_apart() -> None:
    logits = np.where(np.kron(np.eye(2), np.ones((5, 5))) > 0, 8, -0.1).astype(np.float32)
    assert len(contours(logits)) == 2


def test_small_areas_and_holes_go() -> None:
    logits = np.full((20, 20), -1.0, np.float32)
    logits[2:12, 2:12], logits[5, 5], logits[15, 15] = 1.0, -1.0, 1.0
    (found,) = contours(logits, min_area_px=4).geometries()
    assert len(found.interiors) == 0 and found.area == pytest.approx(100, rel=0.02)


def test_no_logits_have_no_outlines() -> None:
    assert len(contours(np.zeros((0, 5), np.float32))) == 0


@settings(max_examples=100, deadline=None)
@given(hnp.arrays(np.int32, (8, 9), elements=st.integers(0, 3)), st.integers(0, 2**32 - 1))
def test_things_that_touch_have_their_edge_in_common_and_do_not_overlap(labels: np.ndarray, seed: int) -> None:
    size = np.random.default_rng(seed).uniform(0.01, 3, labels.shape).astype(np.float32)
    found = contours(np.where(labels > 0, size, -size), labels=labels)
    polygons = found.geometries()
    assert np.array_equal(found.values, trace(labels).values)
    assert shapely.is_valid(polygons).all()
    assert shapely.union_all(polygons).area == pytest.approx(shapely.area(polygons).sum(), abs=1e-9)


def test_the_edge_between_two_things_is_that_of_their_pixels() -> None:
    labels = np.array([[0, 0, 0, 0], [0, 1, 2, 0], [0, 1, 2, 0], [0, 0, 0, 0]])
    left, right = contours(np.where(labels > 0, 1, -3).astype(np.float32), labels=labels).geometries()
    shared = left.intersection(right)
    assert shared.bounds == (2, 1.5, 2, 2.5)
    assert left.bounds[0] > 1
