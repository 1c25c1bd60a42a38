"""Right angles, only where the mask agrees."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import CRS, Geod
from rasterio.features import rasterize
from shapely.affinity import rotate

from geopix_backend.engine import Engine
from geopix_backend.errors import RequestError
from geopix_backend.geodesy import ground_matrix, to_lonlat
from geopix_backend.outlines import trace
from geopix_backend.question import Question
from geopix_backend.right_angles import MAX_LOSS, squared
from geopix_backend.simplify import simplify
from geopix_model.predictor import Mask, Piece, Text
from geopix_qgis.protocol import RegionEvent, TextEvent
from tests.backend.fakes import FakePredictor, bright, tile_of

FLAT = np.eye(2)
HOUSE = rotate(shapely.box(20, 30, 62, 55).union(shapely.box(20, 30, 38, 80)), 17)


def found_in(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smoothed outlines, and the pixels."""
    pixels = trace(mask, 12)
    return simplify(pixels, 1.0).geometries(), pixels.geometries()


def agreement(one: shapely.Polygon, other: shapely.Polygon) -> float:
    return float(one.intersection(other).area / one.union(other).area)


def angles(polygon: shapely.Polygon) -> list[float]:
    """Between the sides at each corner, degrees in 0..90."""
    points = shapely.get_coordinates(polygon.exterior)[:-1]
    sides = np.roll(points, -1, axis=0) - points
    turn = np.degrees(np.arctan2(sides[:, 1], sides[:, 0]))
    between = (turn - np.roll(turn, 1)) % 180
    return np.minimum(between, 180 - between).tolist()


def test_a_turned_house_gets_right_angles_and_stays_where_it_was() -> None:
    outlines, pixels = found_in(rasterize([HOUSE], (100, 100)).astype(bool))
    (result,) = squared(outlines, pixels, FLAT)
    assert angles(result) == pytest.approx([90.0] * 6, abs=1e-6)
    assert agreement(result, HOUSE) > 0.96


def test_what_would_agree_less_stays_as_it_was() -> None:
    row, col = np.mgrid[:100, :100]
    disk = np.hypot(row - 50, col - 50) < 30
    triangle = (row > 20) & (row < 80) & (np.abs(col - 50) < (row - 20) / 2)
    for mask in (disk, triangle):
        outlines, pixels = found_in(mask)
        (result,) = squared(outlines, pixels, FLAT)
        assert result.equals(outlines[0])


def test_agreement_never_falls_by_more_than_said_and_neighbours_stay_apart() -> None:
    rng = np.random.default_rng(0)
    mask = np.zeros((300, 300), bool)
    for row in range(10, 280, 45):
        for col in range(10, 280, 45):
            shape = rotate(
                shapely.box(col, row, col + rng.uniform(15, 35), row + rng.uniform(15, 35)), rng.uniform(0, 90)
            )
            mask |= rasterize([shape], mask.shape).astype(bool)
    mask &= rng.random(mask.shape) > 0.02
    outlines, pixels = found_in(mask)
    result = squared(outlines, pixels, FLAT)
    assert sum(not one.equals(other) for one, other in zip(result, outlines, strict=True)) > 5
    for new, old, pixel in zip(result, outlines, pixels, strict=True):
        assert new.is_valid and agreement(new, pixel) >= agreement(old, pixel) - MAX_LOSS
    one, other = shapely.STRtree(result).query(result, predicate="intersects")
    apart = one < other
    assert shapely.area(shapely.intersection(result[one[apart]], result[other[apart]])).max(initial=0) < 1.0


@pytest.mark.parametrize(
    ("crs", "x", "y"), [(4326, 8.5, 60.0), (3857, 946_000.0, 8_399_000.0), (32632, 472_000.0, 6.6e6)]
)
def test_angles_are_right_on_the_ground_in_every_crs(crs: int, x: float, y: float) -> None:
    place = CRS.from_epsg(crs)
    matrix = ground_matrix(place, x, y)
    grid = np.linalg.inv(matrix) * 0.3  # pixels of 0.3 m, north up on the ground
    transform = Affine(grid[0, 0], -grid[0, 1], x, grid[1, 0], -grid[1, 1], y)
    outlines, pixels = found_in(rasterize([HOUSE], (100, 100)).astype(bool))

    def placed(polygons: np.ndarray) -> np.ndarray:
        return shapely.transform(polygons, lambda xy: np.column_stack(transform * xy.T))

    (result,) = squared(placed(outlines), placed(pixels), matrix)
    lonlat = shapely.get_coordinates(result.exterior)[:-1]
    lonlat = np.column_stack(to_lonlat(place, *lonlat.T))
    geod, after = Geod(ellps="WGS84"), np.roll(lonlat, -1, axis=0)
    bearing = np.asarray(geod.inv(*lonlat.T, *after.T)[0])
    between = (bearing - np.roll(bearing, 1)) % 180
    assert np.minimum(between, 180 - between).tolist() == pytest.approx([90.0] * 6, abs=0.1)


@pytest.mark.parametrize(("name", "corners"), [("building", 7), ("tree", None)])
def test_only_what_was_built_is_squared_and_only_when_asked(name: str, corners: int | None) -> None:
    cover = rasterize([HOUSE], (100, 100)).reshape(50, 2, 50, 2).mean(axis=(1, 3))
    logits = np.log((cover + 0.05) / (1.05 - cover)).astype(np.float32)
    script: list[Piece] = [Text(f"{name}s", phrase=True), Mask(f"{name}s", name, logits, 0.9, 0), Text(" here.")]
    counts = []
    for right_angles in (False, True):
        question = Question("x", right_angles=right_angles)
        events = Engine(FakePredictor(script, window_px=128)).ask(tile_of(np.ones((100, 100), bool)), question)
        (region,) = (event for event in events if isinstance(event, RegionEvent))
        counts.append(len(region.geometry["coordinates"][0]))
    assert counts[0] > 8 and counts[1] == (corners or counts[0])


@pytest.mark.parametrize(("least", "count"), [(0.0, 2), (99.0, 1), (1000.0, 0)])
def test_regions_below_an_area_on_the_ground_are_dropped(least: float, count: int) -> None:
    inside = np.zeros((50, 60), bool)
    inside[5:15, 5:25] = inside[30:37, 30:37] = True
    mask = Mask("roofs", "", np.where(inside, 4.0, -4.0).astype(np.float32), 0.9, 0)
    script: list[Piece] = [Text("Roofs", phrase=True), mask, Text(" here.")]
    events = Engine(FakePredictor(script)).ask(tile_of(inside), Question("x", min_area_m2=least))
    assert sum(isinstance(event, RegionEvent) for event in events) == count


def test_counts_and_areas_of_the_answer_are_those_of_the_regions_that_are_large_enough() -> None:
    """One pixel is 1 m on the map, and 1 / 0.9996 m on the ground: 50 pixels are 50.04 m²."""
    inside = np.zeros((50, 60), bool)
    inside[5:15, 5:25] = inside[30:40, 30:35] = inside[45, 2:18] = True
    for least, told in ((50.02, "There are 2 buildings, 250 m²."), (50.06, "There are 1 buildings, 200 m².")):
        events = list(Engine(FakePredictor(bright)).ask(tile_of(inside), Question("x", min_area_m2=least)))
        areas = [event.area_m2 for event in events if isinstance(event, RegionEvent)]
        assert "".join(event.text for event in events if isinstance(event, TextEvent)) == told
        assert all(area is not None and area >= least for area in areas)


def test_a_least_area_on_the_ground_is_refused_where_there_is_no_ground() -> None:
    plain = tile_of(np.ones((20, 20), bool), crs=None)
    with pytest.raises(RequestError, match="no CRS"):
        list(Engine(FakePredictor(bright)).ask(plain, Question("x", min_area_m2=1.0)))
    assert list(Engine(FakePredictor(bright)).ask(plain, Question("x")))


@pytest.mark.parametrize("area", [-1.0, math.inf, "large"])
def test_a_least_area_that_is_none_is_refused(area: object) -> None:
    with pytest.raises(RequestError, match="min_area_m2"):
        Question("x", min_area_m2=area)  # type: ignore[arg-type]
