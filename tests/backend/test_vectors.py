"""Polygons of masks and their size on the ground."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pyproj import CRS, Geod
from rasterio.features import rasterize, shapes
from shapely import Polygon, box
from shapely.affinity import affine_transform
from shapely.geometry import mapping, shape

from geopix_backend.geodesy import densified
from geopix_backend.vectors import geojson, measure, polygons, sizes, smooth_polygons

IDENTITY = Affine.identity()
MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=14))
RING_WITH_DIAGONAL_GAP = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 0]], bool)
CHECKERS = np.indices((6, 7)).sum(axis=0) % 2 == 0


def by_rasterio(mask: np.ndarray) -> list[Polygon]:
    return [shape(outline) for outline, _ in shapes(mask.view(np.uint8), mask=mask, connectivity=4)]


@settings(max_examples=400)
@given(MASKS)
@example(RING_WITH_DIAGONAL_GAP)
@example(CHECKERS)
@example(~CHECKERS)
def test_polygons_are_those_of_rasterio_shapes(mask: np.ndarray) -> None:
    ours, theirs = polygons(mask, IDENTITY, min_area_px=0), by_rasterio(mask)
    assert all(polygon.is_valid for polygon in ours)
    assert len(ours) == len(theirs)
    assert all(any(polygon.equals(other) for other in theirs) for polygon in ours)


@settings(max_examples=200)
@given(MASKS, st.integers(1, 30))
def test_only_areas_and_holes_below_the_minimum_are_lost(mask: np.ndarray, least: int) -> None:
    expected = []
    for polygon in by_rasterio(mask):
        filled = Polygon(polygon.exterior, [hole for hole in polygon.interiors if Polygon(hole).area >= least])
        if filled.area >= least:
            expected.append(filled)
    found = polygons(mask, IDENTITY, min_area_px=least)
    # rasterio draws a hole that pinches itself as one ring or two; ours are always simple, so compare the area only
    # where each hole is simple.
    if all(Polygon(hole).is_valid for polygon in expected for hole in polygon.interiors):
        assert sorted(p.area for p in found) == sorted(p.area for p in expected)
    assert all(p.is_valid and p.area >= least for p in found)
    assert all(Polygon(hole).area >= least for p in found for hole in p.interiors)


@settings(max_examples=200)
@given(MASKS, st.floats(0.1, 3.0))
def test_simplified_polygons_are_valid(mask: np.ndarray, simplify_px: float) -> None:
    found = polygons(mask, IDENTITY, min_area_px=1, simplify_px=simplify_px)
    assert all(isinstance(p, Polygon) and p.is_valid and not p.is_empty for p in found)


def test_polygons_come_largest_first() -> None:
    mask = np.zeros((40, 40), bool)
    mask[1:5, 1:5] = mask[10:30, 10:30] = mask[32:38, 2:12] = True
    assert [p.area for p in polygons(mask, Affine.scale(2.0, -3.0))] == [2400.0, 360.0, 96.0]


def test_pixels_that_meet_at_a_corner_stay_apart() -> None:
    mask = np.kron(np.eye(2), np.ones((5, 5))).astype(bool)
    assert [p.area for p in polygons(mask, IDENTITY)] == [25.0, 25.0]


def test_rectangle_corners_survive_simplification_exactly() -> None:
    mask = np.zeros((50, 60), bool)
    mask[10:30, 5:45] = True
    mask[20:45, 30:55] = True
    mask[9, 20] = True  # a ragged pixel on the upper edge
    (found,) = polygons(mask, IDENTITY, simplify_px=1.5)
    corners = {(5, 10), (45, 10), (45, 20), (55, 20), (55, 45), (30, 45), (30, 30), (5, 30)}
    assert {tuple(map(int, c)) for c in found.exterior.coords} == corners


def test_empty_masks_have_no_polygons() -> None:
    assert polygons(np.zeros((5, 5), bool), IDENTITY) == []
    assert polygons(np.zeros((0, 7), bool), IDENTITY) == []


def test_the_whole_tile_is_one_rectangle() -> None:
    assert polygons(np.ones((9, 13), bool), IDENTITY)[0].equals(box(0, 0, 13, 9))


def test_masks_that_are_not_two_dimensional_are_refused() -> None:
    with pytest.raises(ValueError, match="3 dimensions"):
        polygons(np.ones((1, 4, 4), bool), IDENTITY)


def test_polygons_of_a_rotated_grid_draw_the_mask_again() -> None:
    grid = Affine.translation(4e5, 5e6) * Affine.rotation(30) * Affine.scale(0.5, -0.25)
    mask = np.random.default_rng(3).random((40, 50)) > 0.4
    found = polygons(mask, grid, min_area_px=0)
    moved = [affine_transform(polygon, (~grid).to_shapely()) for polygon in found]
    assert np.array_equal(rasterize(moved, out_shape=mask.shape).astype(bool), mask)


def test_a_mask_wider_than_16_bits_is_traced() -> None:
    mask = np.zeros((3, 70_000), bool)
    mask[1, 66_000:69_000] = True
    assert polygons(mask, IDENTITY)[0].bounds == (66_000, 1, 69_000, 2)


class TestMeasure:
    """``measure`` against pyproj's geodesic polygons and closed formulas."""

    def test_degrees_are_measured_on_the_ellipsoid(self) -> None:
        square = box(10.0, 50.0, 10.001, 50.001)
        ((area, perimeter),) = measure([square], CRS.from_epsg(4326))
        expected = Geod(ellps="WGS84").geometry_area_perimeter(square)
        assert area == pytest.approx(abs(expected[0]), rel=1e-6)
        assert perimeter == pytest.approx(expected[1], rel=1e-6)

    def test_utm_agrees_with_its_scale_factor_at_the_central_meridian(self) -> None:
        ((area, perimeter),) = measure([box(500_000, 5_000_000, 500_100, 5_000_100)], CRS.from_epsg(32633))
        assert area == pytest.approx(10_000 / 0.9996**2, rel=1e-6)
        assert perimeter == pytest.approx(400 / 0.9996, rel=1e-6)

    def test_web_mercator_is_not_taken_for_ground_metres(self) -> None:
        y = 6378137 * math.log(math.tan(math.pi / 4 + math.radians(60) / 2))
        ((area, _),) = measure([box(0, y, 100, y + 100)], CRS.from_epsg(3857))
        assert area == pytest.approx(2500, rel=0.01)

    def test_feet_become_metres(self) -> None:
        ((area, perimeter),) = measure([box(980_000, 200_000, 980_100, 200_100)], CRS.from_epsg(2263))
        foot = 1200 / 3937
        assert area == pytest.approx((100 * foot) ** 2, rel=1e-4)
        assert perimeter == pytest.approx(400 * foot, rel=1e-4)

    def test_holes_take_area_away_and_add_perimeter(self) -> None:
        solid = box(500_000, 5_000_000, 500_100, 5_000_100)
        holed = solid.difference(box(500_040, 5_000_040, 500_060, 5_000_060))
        (a0, p0), (a1, p1) = measure([solid, holed], CRS.from_epsg(32633))
        assert a0 is not None and a1 is not None and p0 is not None and p1 is not None
        assert a0 - a1 == pytest.approx(400, rel=1e-2)
        assert p1 - p0 == pytest.approx(80, rel=1e-2)

    def test_long_edges_of_a_projection_are_not_cut_short(self) -> None:
        """A degree-wide band of web mercator is bounded by parallels; its area is that of the zone on the ellipsoid."""
        x0, x1 = (6378137 * math.radians(lon) for lon in (0.0, 40.0))
        y0, y1 = (6378137 * math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)) for lat in (60.0, 61.0))
        ((area, _),) = measure([box(x0, y0, x1, y1)], CRS.from_epsg(3857))
        e2 = 0.0066943799901413165
        e = math.sqrt(e2)

        def q(lat: float) -> float:
            s = math.sin(math.radians(lat))
            return s / (1 - e2 * s * s) + math.atanh(e * s) / e

        zone = 6378137**2 * (1 - e2) / 2 * (q(61.0) - q(60.0)) * math.radians(40.0)
        assert area == pytest.approx(zone, rel=1e-5)

    def test_grads_are_not_taken_for_degrees(self) -> None:
        """EPSG:4807 counts 400 grads in a circle, from Paris."""
        ((area, _),) = measure([box(0.0, 50.0, 0.001, 50.001)], CRS.from_epsg(4807))
        assert area == pytest.approx((40_000_000 / 400_000) ** 2 * math.cos(math.radians(45)), rel=0.01)

    def test_without_a_crs_there_is_no_size(self) -> None:
        assert measure([box(0, 0, 1, 1)] * 2, None) == [(None, None)] * 2

    def test_places_off_the_map_have_no_size(self) -> None:
        assert measure([box(1e9, 1e9, 2e9, 2e9)], CRS.from_epsg(32633)) == [(None, None)]

    def test_numbers_are_those_of_the_loop_to_the_last_bit(self) -> None:
        rng = np.random.default_rng(0)
        west, south = rng.uniform(-170, 170, 200), rng.uniform(-80, 80, 200)
        whole = shapely.box(west, south, west + 3e-4, south + 2e-4)
        holes = shapely.box(west + 1e-4, south + 1e-4, west + 2e-4, south + 1.5e-4)
        lonlat = CRS.from_epsg(4326)
        geod = lonlat.get_geod()
        assert geod is not None
        for found, with_holes in ((whole, False), (shapely.difference(whole, holes), True)):
            areas, perimeters = sizes(found, lonlat)
            for polygon, area, perimeter in zip(found, areas, perimeters, strict=True):
                rings = [geod.geometry_area_perimeter(ring) for ring in (polygon.exterior, *polygon.interiors)]
                assert perimeter == sum(length for _, length in rings)
                assert area == abs(rings[0][0]) - sum(abs(hole) for hole, _ in rings[1:])
                assert len(rings) == 1 + with_holes


def test_only_edges_are_split_not_the_way_from_one_ring_to_the_next() -> None:
    crs = CRS.from_epsg(32633)
    near, far = (Polygon(square(x, 5e6, 40_000), [square(x + 30_000, 5e6 + 30_000, 100)]) for x in (4e5, 5e5))
    fine = [shapely.segmentize(polygon, 500.0) for polygon in (near, far)]
    assert all(a is b for a, b in zip(densified(fine, crs), fine, strict=True))
    assert all(shapely.get_num_coordinates(densified([near, fine[1]], crs)) > 10)
    assert densified([near, fine[1]], crs)[0].equals(near)


def square(x: float, y: float, side: float) -> list[tuple[float, float]]:
    return [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]


def test_polygons_of_labels_come_by_label_wherever_they_end() -> None:
    labels = np.zeros((1400, 60), np.int32)
    labels[:1350, 2:10], labels[20:90, 20:30], labels[500:600, 40:50] = 1, 2, 3
    found = smooth_polygons(np.where(labels > 0, 2.0, -2.0).astype(np.float32), Affine.identity(), labels=labels)
    assert [round(polygon.bounds[0]) for polygon in found] == [2, 20, 40]


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90), st.booleans()), max_size=6))
def test_geojson_is_that_of_shapely(corners: list[tuple[int, int, bool]]) -> None:
    found = [
        Polygon(box(x, y, x + 9.25, y + 7).exterior, [box(x + 1, y + 1, x + 2, y + 2).exterior] if holed else [])
        for x, y, holed in corners
    ]
    assert list(geojson(found)) == [mapping(polygon) for polygon in found]
