"""Fewer points: never further away than said, always valid, and nearer to what was there before it became pixels."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from rasterio.features import rasterize
from shapely.affinity import rotate

from geopix_backend.contours import contours
from geopix_backend.outlines import trace
from geopix_backend.simplify import simplify

NOISE = hnp.arrays(
    np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=24), elements=st.floats(-1, 1, width=32)
)


def blobs(noise: np.ndarray, times: int) -> np.ndarray:
    """The noise, smoothed so that it makes areas of some size."""
    for _ in range(times):
        padded = np.pad(noise, 1, mode="edge")
        noise = (padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:] + noise) / 5
    return noise


def furthest(one: np.ndarray, other: np.ndarray) -> float:
    return float(max(shapely.hausdorff_distance(one, other, densify=0.05), default=0.0))


@settings(max_examples=300, deadline=None)
@given(NOISE, st.integers(0, 3), st.sampled_from([0.3, 0.5, 0.75, 1.0, 1.5, 3.0, 8.0]))
def test_no_point_is_further_away_than_said_and_all_are_valid(noise: np.ndarray, times: int, deviation: float) -> None:
    field = blobs(noise, times)
    for before, stairs in ((trace(field > np.median(field)), True), (contours(field - np.median(field)), False)):
        after = simplify(before, deviation, stairs=stairs)
        old, new = before.geometries(), after.geometries()
        assert shapely.is_valid(new).all() and len(new) == len(old)
        assert furthest(old, new) <= deviation + 1e-6
        assert len(after.points) <= len(before.points) + len(before.rings)


@pytest.mark.parametrize("angle", [0, 10, 20, 30, 45])
def test_a_turned_rectangle_is_nearer_to_the_truth_than_its_pixels(angle: float) -> None:
    truth = rotate(shapely.box(20.3, 30.2, 70.6, 60.1), angle)
    before = trace(rasterize([truth], (100, 100)).astype(bool))
    after = simplify(before, 1.0)

    def agreement(polygon: shapely.Polygon) -> float:
        return float(truth.intersection(polygon).area / truth.union(polygon).area)

    (old,), (new,) = before.geometries(), after.geometries()
    assert agreement(new) >= agreement(old)
    assert len(after.points) <= 12


def test_lines_of_single_pixels_and_specks_keep_their_place() -> None:
    mask = np.zeros((20, 40), bool)
    mask[3, 2:30] = mask[6:18, 5] = mask[10, 20] = mask[14:16, 30:32] = True
    before = trace(mask)
    after = simplify(before, 1.0)
    assert shapely.area(after.geometries()).tolist() == pytest.approx(shapely.area(before.geometries()), rel=0.1)


def test_a_hole_stays_inside_its_shell() -> None:
    """A thin wall round a pond: both of its sides, thinned alone, would cross."""
    row, col = np.mgrid[:80, :80]
    away = np.hypot(row - 40, col - 40)
    mask = (away < 30) & ~((away < 29) & (col > 12))
    before = trace(mask)
    for deviation in (1.0, 2.0, 4.0):
        found = simplify(before, deviation).geometries()
        assert shapely.is_valid(found).all()
        assert sum(len(p.interiors) for p in found) == sum(len(p.interiors) for p in before.geometries())


def test_polygons_are_thinned_the_same_however_many_are_looked_at_together(monkeypatch: pytest.MonkeyPatch) -> None:
    field = blobs(np.random.default_rng(0).standard_normal((60, 60), np.float32), 2)
    for before, stairs in ((trace(field > 0), True), (contours(field), False)):
        monkeypatch.setattr("geopix_backend.simplify.PART_POINTS", 2**17)
        together = simplify(before, 0.75, stairs=stairs)
        monkeypatch.setattr("geopix_backend.simplify.PART_POINTS", 30)
        apart = simplify(before, 0.75, stairs=stairs)
        assert len(apart) > 3 and np.array_equal(apart.values, together.values)
        assert np.array_equal(apart.points, together.points)
        assert np.array_equal(apart.rings, together.rings) and np.array_equal(apart.shells, together.shells)


def test_nothing_changes_without_a_deviation() -> None:
    before = trace(np.eye(5, dtype=bool))
    assert simplify(before, 0.0) is before
