"""Pixel edges of masks and label rasters: exact, valid, whole across strips, and quick to fill again."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from rasterio.features import rasterize, shapes
from shapely.affinity import affine_transform
from shapely.geometry import shape

from geopix_backend import outlines
from geopix_backend.outlines import joined, noded, trace, trace_strips
from geopix_backend.vectors import placed, polygons

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=14)
MASKS = hnp.arrays(bool, SHAPES)
LABELS = hnp.arrays(st.sampled_from([np.uint8, np.uint16, np.int32]), SHAPES, elements=st.integers(0, 4))
NESTED = np.pad(np.pad(np.pad(np.ones((1, 1), np.uint8), 1, constant_values=2), 1, constant_values=1), 1)
CUTS = st.lists(st.integers(0, 14), max_size=5)
UNIT = st.floats(0.1, 10).flatmap(lambda v: st.sampled_from([v, -v]))
TURN = st.floats(0, 360)


def by_rasterio(pixels: np.ndarray) -> list[tuple[int, shapely.Polygon]]:
    """(value, polygon) of all areas but those of 0."""
    pixels = pixels.astype(np.int32)
    return [(int(value), shape(outline)) for outline, value in shapes(pixels, mask=pixels != 0, connectivity=4)]


def known_by(value: int, polygon: shapely.Polygon) -> tuple[object, ...]:
    return value, polygon.bounds, polygon.area, polygon.length, shapely.normalize(shapely.union_all([polygon])).wkb


@settings(max_examples=400, deadline=None)
@given(LABELS, CUTS)
@example(NESTED, [2, 3])
def test_labels_are_traced_as_rasterio_does_it_however_they_are_cut(labels: np.ndarray, cuts: list[int]) -> None:
    expected = sorted(known_by(*pair) for pair in by_rasterio(labels))
    ends = [0, *sorted(min(cut, len(labels)) for cut in cuts), len(labels)]
    strips = [labels[first:last] for first, last in pairwise(ends)]
    for found in (trace(labels), joined(list(trace_strips(strips, labels.shape[1])))):
        geometries = found.geometries()
        assert shapely.is_valid(geometries).all()
        assert sorted(known_by(int(v), p) for v, p in zip(found.values, geometries, strict=True)) == expected


@settings(max_examples=200, deadline=None)
@given(LABELS, UNIT, UNIT, TURN, st.floats(-60, 60))
def test_polygons_on_any_grid_fill_their_pixels_and_no_others(
    labels: np.ndarray, wide: float, tall: float, turn: float, shear: float
) -> None:
    grid = Affine.translation(4e5, 5e6) * Affine.rotation(turn) * Affine.shear(shear, 0) * Affine.scale(wide, tall)
    traced = trace(labels)
    found, values = placed(traced, grid), traced.values
    pixel = abs(grid.determinant)
    assert shapely.is_valid(found).all()
    assert shapely.area(found).sum() == pytest.approx(pixel * np.count_nonzero(labels), rel=1e-6)
    one, other = shapely.STRtree(found).query(found, predicate="intersects")
    apart = one < other
    assert shapely.area(shapely.intersection(found[one[apart]], found[other[apart]])).sum() < 1e-4 * pixel
    back = [affine_transform(polygon, (~grid).to_shapely()) for polygon in found]
    drawn = rasterize(zip(back, values.tolist(), strict=True), labels.shape, dtype="int32") if back else 0 * labels
    assert np.array_equal(drawn, labels)


@settings(max_examples=200, deadline=None)
@given(MASKS)
def test_a_mask_is_traced_as_a_raster_of_one_label(mask: np.ndarray) -> None:
    one, other = trace(mask).geometries(), trace(mask.astype(np.uint16)).geometries()
    assert {p.normalize().wkb for p in one} == {p.normalize().wkb for p in other}


def test_large_numbers_and_wide_rasters_are_told_apart() -> None:
    labels = np.zeros((4, 70_000), np.int64)
    labels[1:3, 10:20], labels[1:3, 20:30] = 2**31 + 5, 2**31 + 5 + 2**16
    labels[2, 66_000:69_999] = 7
    found = trace(labels)
    assert found.values.tolist() == [7, 2**31 + 5, 2**31 + 5 + 2**16]
    assert [p.bounds for p in found.geometries()] == [(66_000, 2, 69_999, 3), (10, 1, 20, 3), (20, 1, 30, 3)]


def test_a_long_winding_area_is_one_polygon() -> None:
    """A spiral: its one ring is as long as all others together, and each arm is left of another."""
    side = 201
    spiral = np.zeros((side, side), bool)
    row, col, step = side // 2, side // 2, np.array([0, 1])
    for length in np.repeat(np.arange(2, side - 1, 2), 2):
        for _ in range(length):
            spiral[row, col] = True
            row, col = row + step[0], col + step[1]
        step = np.array([step[1], -step[0]])
    found = trace(spiral).geometries()
    assert [p.area for p in found] == [spiral.sum()]


def test_what_goes_on_below_waits_and_what_ended_comes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = np.zeros((30, 20), np.uint16)
    labels[2:5, 2:5], labels[3:15, 10:12], labels[27:29, 3:9] = 1, 2, 3
    strips = trace_strips((labels[first : first + 10] for first in range(0, 30, 10)), 20)
    assert [found.values.tolist() for found in strips] == [[1], [2], [3], []]
    monkeypatch.setattr(outlines, "STRIP_ROWS", 7)
    assert trace(labels).values.tolist() == [1, 2, 3]


@pytest.mark.parametrize("strip", [np.zeros((3, 5), np.uint8), np.zeros((3, 4), np.float32), np.zeros(4, np.uint8)])
def test_strips_of_another_width_or_kind_are_refused(strip: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected"):
        list(trace_strips([strip], 4))


def test_largest_come_first_and_small_holes_are_filled() -> None:
    mask = np.zeros((40, 40), bool)
    mask[1:5, 1:5] = mask[10:30, 10:30] = True
    mask[12:14, 12:14] = mask[20, 20] = False
    found = polygons(mask, Affine.identity(), min_area_px=3)
    assert [p.area for p in found] == [396.0, 16.0]
    assert len(found[0].interiors) == 1


@given(seed=st.integers(0, 9999), height=st.integers(2, 9), width=st.integers(2, 9), share=st.floats(0.2, 0.9))
@settings(max_examples=60, deadline=None)
def test_halves_of_a_mask_with_points_along_their_borders_are_a_coverage(
    seed: int, height: int, width: int, share: float
) -> None:
    mask = np.random.default_rng(seed).random((height, 2 * width)) < share
    halves = []
    for half in range(2):
        found = trace(mask[:, half * width : (half + 1) * width])
        more = noded(found, height, width)
        assert shapely.equals(found.geometries(), more.geometries()).all()
        halves += [shapely.affinity.translate(polygon, half * width) for polygon in more.geometries()]
    if halves:
        whole = shapely.coverage_union_all(halves)
        assert whole.is_valid
        assert whole.equals(shapely.union_all(trace(mask).geometries()))
