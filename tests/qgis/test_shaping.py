"""Tidied outlines: right angles on the ground in every CRS, and refusal of what no longer agrees with the mask."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsDistanceArea,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
)

from geopix_qgis import shaping
from geopix_qgis.local_frame import LocalFrame
from geopix_qgis.measure import measure
from geopix_qgis.shaping import MIN_AGREEMENT, Shape, shape

UTM = QgsCoordinateReferenceSystem("EPSG:32633")
FEET = QgsCoordinateReferenceSystem("EPSG:2263")  # New York, US feet
NOWHERE = QgsCoordinateReferenceSystem()
L = [(0, 0), (24, 0), (24, 9), (11, 9), (11, 20), (0, 20)]
COURT = [(0, 0), (30, 0), (30, 26), (0, 26)]
YARD = [(10, 8), (20, 8), (20, 18), (10, 18)]
PLACES = {
    "metres": (UTM, 500_000.0, 5_400_000.0),
    "degrees at 60 north": (QgsCoordinateReferenceSystem("EPSG:4326"), 10.0, 60.0),
    "web mercator at 60 north": (QgsCoordinateReferenceSystem("EPSG:3857"), 1_113_194.9, 8_399_737.9),
    "equal area, stretched": (QgsCoordinateReferenceSystem("EPSG:6933"), 965_000.0, 6_336_000.0),
    "feet": (FEET, 985_000.0, 200_000.0),
    "no place": (NOWHERE, 300.0, -200.0),
}
SQUARE = Shape(right_angles=True)


def noisy(ring, seed=0, turn=0.4, noise=0.35, step=0.8):
    """A ring, turned, walked in steps with noise, as a mask's outline is."""
    random = np.random.default_rng(seed)
    corners = np.array(ring, float)
    points = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        count = max(2, int(math.dist(start, end) / step))
        points += [start + (end - start) * part for part in np.arange(count) / count]
    walked = np.array(points) + random.normal(0, noise, (len(points), 2)).clip(-2 * noise, 2 * noise)
    cos, sin = math.cos(turn), math.sin(turn)
    return walked @ np.array([[cos, sin], [-sin, cos]])


def polygon(*rings):
    geometry = QgsGeometry.fromPolygonXY([[QgsPointXY(*p) for p in [*ring, ring[0]]] for ring in rings])
    geometry = geometry if geometry.isGeosValid() else geometry.buffer(0, 1)
    geometry.convertToMultiType()
    return geometry


def placed(geometry, place):
    """A geometry in metres around a place, in the CRS of the place."""
    crs, x, y = PLACES[place]
    if not crs.isValid():
        moved = QgsGeometry(geometry)
        moved.translate(x, y)
        return moved, crs
    flat = QgsCoordinateReferenceSystem.fromProj(_around(crs, x, y))
    moved = QgsGeometry(geometry)
    moved.transform(QgsCoordinateTransform(flat, crs, QgsProject.instance()))
    return moved, crs


def _around(crs, x, y):
    to_degrees = QgsCoordinateTransform(crs, QgsCoordinateReferenceSystem("EPSG:4326"), QgsProject.instance())
    centre = to_degrees.transform(QgsPointXY(x, y))
    return f"+proj=aeqd +lat_0={centre.y()} +lon_0={centre.x()} +datum=WGS84 +units=m"


def corner_angles(geometry, crs):
    """Angles on the ground at each corner, degrees in 0..90, by geodesic bearings."""
    ruler = QgsDistanceArea()
    ruler.setSourceCrs(crs, QgsProject.instance().transformContext())
    ruler.setEllipsoid("WGS84" if crs.isValid() else "NONE")
    found = []
    for part in geometry.asMultiPolygon():
        for ring in part:
            for before, here, after in zip([ring[-2], *ring[:-2]], ring[:-1], ring[1:], strict=True):
                turn = math.degrees(ruler.bearing(here, before) - ruler.bearing(here, after)) % 180
                found.append(min(turn, 180 - turn))
    return found


@pytest.mark.parametrize("place", PLACES)
def test_a_noisy_turned_l_gets_six_right_angles_on_the_ground_in_every_crs(qgis_app, place):
    geometry, crs = placed(polygon(noisy(L)), place)
    result = shape(geometry, SQUARE, crs)
    assert result.refused == "" and result.agreement > 0.93
    angles = corner_angles(result.geometry, crs)
    assert len(angles) == 6
    assert angles == pytest.approx([90.0] * 6, abs=0.05)


@pytest.mark.parametrize("place", PLACES)
def test_the_area_of_a_squared_building_is_that_of_the_building(qgis_app, place):
    geometry, crs = placed(polygon(noisy(L)), place)
    area, perimeter = measure(shape(geometry, SQUARE, crs).geometry, crs)
    if place == "no place":
        assert (area, perimeter) == (None, None)
    else:
        assert area == pytest.approx(24 * 9 + 11 * 11, rel=0.03)
        assert perimeter == pytest.approx(88, rel=0.03)


def test_a_courtyard_and_a_second_part_are_kept(qgis_app):
    far = [(x + 60, y) for x, y in L]
    both = polygon(noisy(COURT), noisy(YARD, seed=1)).combine(polygon(noisy(far, seed=2)))
    result = shape(both, SQUARE, UTM)
    parts = result.geometry.asMultiPolygon()
    assert result.refused == ""
    assert sorted((len(part), len(part[0]) - 1) for part in parts) == [(1, 6), (2, 4)]
    assert next(len(part[1]) - 1 for part in parts if len(part) == 2) == 4
    assert corner_angles(result.geometry, NOWHERE) == pytest.approx([90.0] * 14, abs=1e-3)


def test_a_slanted_side_keeps_its_direction(qgis_app):
    cut = [(0, 0), (30, 0), (30, 12), (18, 24), (0, 24)]
    angles = corner_angles(shape(polygon(noisy(cut)), SQUARE, NOWHERE).geometry, NOWHERE)
    assert sorted(round(angle / 5) * 5 for angle in angles) == [45, 45, 90, 90, 90]


def test_what_has_no_main_direction_stays_as_it_is(qgis_app):
    tank = QgsGeometry.fromPointXY(QgsPointXY(0, 0)).buffer(10, 24)
    result = shape(tank, SQUARE, NOWHERE)
    assert result.geometry.equals(tank) and result.agreement == 1.0 and not result.refused


def test_what_has_right_angles_already_is_left_alone(qgis_app):
    for place in PLACES:
        geometry, crs = placed(polygon(noisy(L)), place)
        once = shape(geometry, SQUARE, crs).geometry
        assert shape(once, SQUARE, crs).geometry.equals(once)


def test_a_ragged_outline_gets_a_third_of_its_points_or_less(qgis_app):
    for seed in range(8):
        ragged = polygon(noisy(L, seed, turn=1.1, noise=0.6))
        result = shape(ragged, SQUARE, NOWHERE)
        right = [angle for angle in corner_angles(result.proposal, NOWHERE) if angle > 89.9]
        assert len(right) >= 4
        assert result.proposal.constGet().nCoordinates() < ragged.constGet().nCoordinates() / 3


@pytest.mark.parametrize("seed", range(60))
def test_whatever_the_outline_the_result_is_valid_and_agrees_with_the_mask(qgis_app, seed):
    random = np.random.default_rng(seed)
    count = int(random.integers(3, 40))
    reach = random.uniform(3, 30, count)
    around = np.sort(random.uniform(0, 2 * math.pi, count))
    blob = polygon(np.stack([reach * np.cos(around), reach * np.sin(around)], axis=1))
    if seed % 3 == 0:
        blob = blob.combine(polygon(noisy(L, seed, turn=random.uniform(0, 3))))
        blob.convertToMultiType()
    geometry, crs = placed(blob, list(PLACES)[seed % len(PLACES)])
    wanted = Shape(float(random.choice([0, 20])), float(random.choice([0, 0.5, 2])), bool(seed % 2), 45.0)
    result = shape(geometry, wanted, crs)
    assert result.geometry.isGeosValid() and result.geometry.isMultipart()
    assert shaping.agreement(result.geometry, geometry) >= MIN_AGREEMENT
    assert 0.9 * geometry.area() <= result.geometry.area() <= geometry.area() / 0.9
    if result.refused:
        assert result.geometry.equals(geometry)


def test_holes_below_a_size_are_filled_in_square_metres_of_the_ground(qgis_app):
    small = [(25, 20), (27, 20), (27, 22), (25, 22)]
    for place in ("feet", "degrees at 60 north", "no place"):
        geometry, crs = placed(polygon(COURT, YARD, small), place)
        assert len(shape(geometry, Shape(holes_below_m2=3.9), crs).geometry.asMultiPolygon()[0]) == 3
        assert len(shape(geometry, Shape(holes_below_m2=4.1), crs).geometry.asMultiPolygon()[0]) == 2


def test_filling_a_large_hole_is_refused_with_the_number(qgis_app):
    result = shape(polygon(COURT, YARD), Shape(holes_below_m2=200), UTM)
    assert result.refused == "agreement with the mask 0.87, below 0.90"
    assert result.geometry.area() == pytest.approx(680)
    assert result.proposal.area() == pytest.approx(780)


def test_a_simplified_outline_has_fewer_points_and_both_halves_stay_valid(qgis_app):
    geometry = polygon(noisy(L))
    result = shape(geometry, Shape(simplify_m=1.0), NOWHERE)
    assert result.geometry.constGet().nCoordinates() < geometry.constGet().nCoordinates() / 4
    assert result.geometry.isGeosValid() and result.agreement > 0.92


def test_a_shape_that_would_grow_into_its_neighbour_is_refused(qgis_app):
    notched = polygon([(0, 0), (20, 0), (20, 9.5), (19, 9.5), (19, 10.5), (20, 10.5), (20, 20), (0, 20)])
    neighbour = polygon([(19.1, 9.6), (30, 9.6), (30, 10.4), (19.1, 10.4)])
    wanted = Shape(right_angles=True)
    assert shape(notched, wanted, NOWHERE).refused == ""
    slim = polygon([(0, 0), (20, 0), (20, 4), (0, 4)])
    before = polygon(noisy([(0, 0), (20, 0), (20, 4), (0, 4)], turn=0, noise=0.2))
    assert shape(before, wanted, NOWHERE, [neighbour]).refused == ""
    tight = slim.buffer(40, 1).difference(before)
    assert shape(before, wanted, NOWHERE, [tight]).refused == "it would overlap its neighbour"


def test_nothing_asked_for_changes_nothing(qgis_app):
    geometry = polygon(noisy(L))
    result = shape(geometry, Shape(), UTM)
    assert result.geometry.equals(geometry) and result.agreement == 1.0 and not result.refused


def test_the_frame_gives_back_what_it_was_given(qgis_app):
    for place in PLACES:
        geometry, crs = placed(polygon(noisy(L)), place)
        frame = LocalFrame(geometry.boundingBox(), crs)
        back = frame.to_crs(frame.to_metres(geometry))
        assert back.hausdorffDistance(geometry) < 1e-9 * max(1.0, abs(geometry.boundingBox().yMaximum()))


def test_a_building_outside_the_area_of_its_crs_is_shaped_in_its_own_units(qgis_app):
    geometry = polygon(noisy(L))
    geometry.translate(9e9, 9e9)
    assert shape(geometry, SQUARE, UTM).geometry.isGeosValid()
