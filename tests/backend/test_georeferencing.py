"""Polygons lie where their pixels lie, within a hundredth of a pixel, whatever the georeference of the raster."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from rasterio.features import rasterize
from shapely import Polygon
from shapely.affinity import affine_transform
from shapely.geometry import shape

from geopix_backend.engine import Engine
from geopix_backend.export import write
from geopix_backend.extent import window_for_bbox, window_for_point, window_for_tile
from geopix_backend.geodesy import pixel_size_m, to_lonlat
from geopix_backend.question import Question
from geopix_backend.raster import Tile, read_tile, tile_from_pixels
from geopix_backend.vectors import polygons
from geopix_qgis.protocol import PixelTile, RegionEvent
from tests.backend.fakes import FakePredictor, bright

from .conftest import MakeRaster

WIDTH, HEIGHT = 80, 60
TOLERANCE_PX = 0.01
Rectangle = tuple[int, int, int, int]  # left, top, right, bottom in pixels


@st.composite
def rectangles(draw: st.DrawFn, even: bool = False) -> Rectangle:
    """Whole pixels, at least 4 x 4; ``even`` ones survive an average over 2 x 2 pixels unchanged."""
    step = 2 if even else 1
    left, top = draw(st.integers(0, (WIDTH - 4) // step)) * step, draw(st.integers(0, (HEIGHT - 4) // step)) * step
    right = draw(st.integers((left + 4) // step, WIDTH // step)) * step
    return left, top, right, draw(st.integers((top + 4) // step, HEIGHT // step)) * step


SIZES = st.floats(0.2, 5.0)
EASTS, NORTHS = st.floats(200_000, 800_000), st.floats(10_000, 9_000_000)


def moved(east: float, north: float, *steps: Affine) -> Affine:
    transform = Affine.translation(east, north)
    for step in steps:
        transform = transform * step
    return transform


PLAIN = st.builds(lambda x, y, s: moved(x, y, Affine.scale(s, -s)), EASTS, NORTHS, SIZES)
KINDS: dict[str, tuple[str, st.SearchStrategy[Affine]]] = {
    "north-up": ("EPSG:32633", PLAIN),
    "south-up": ("EPSG:32633", st.builds(lambda x, y, s: moved(x, y, Affine.scale(s)), EASTS, NORTHS, SIZES)),
    "not square": (
        "EPSG:32633",
        st.builds(lambda x, y, s, t: moved(x, y, Affine.scale(s, -t)), EASTS, NORTHS, SIZES, SIZES),
    ),
    "rotated": (
        "EPSG:32633",
        st.builds(
            lambda x, y, s, t, turn: moved(x, y, Affine.rotation(turn), Affine.scale(s, -t)),
            EASTS, NORTHS, SIZES, SIZES, st.floats(1, 359),
        ),
    ),
    "sheared": (
        "EPSG:32633",
        st.builds(
            lambda x, y, s, lean: moved(x, y, Affine.shear(lean, 5), Affine.scale(s, -s)),
            EASTS, NORTHS, SIZES, st.floats(-40, 40),
        ),
    ),
    "degrees": (
        "EPSG:4326",
        st.builds(
            lambda x, y, s: moved(x, y, Affine.scale(s, -s)),
            st.floats(-179, 178), st.floats(-70, 80), st.floats(1e-6, 1e-3),
        ),
    ),
    "feet": (
        "EPSG:2263",
        st.builds(
            lambda x, y, s: moved(x, y, Affine.scale(s, -s)),
            st.floats(920_000, 1_060_000), st.floats(130_000, 270_000), SIZES,
        ),
    ),
}  # fmt: skip


def painted(rectangle: Rectangle) -> np.ndarray:
    """(3, H, W) uint8, bright in the rectangle."""
    left, top, right, bottom = rectangle
    pixels = np.zeros((3, HEIGHT, WIDTH), np.uint8)
    pixels[:, top:bottom, left:right] = 255
    return pixels


def ask(tile: Tile, window_px: int) -> list[RegionEvent]:
    """Regions that the engine finds in a tile with a predictor that sees bright pixels."""
    predictor = FakePredictor(bright, window_px=window_px, overlap_px=16)
    events = Engine(predictor).ask(tile, Question("Where is it bright?"))
    return [event for event in events if isinstance(event, RegionEvent)]


def assert_is(found: Polygon, rectangle: Rectangle, raster: Affine) -> None:
    """The polygon's corners are those of the rectangle, in pixels of the raster."""
    left, top, right, bottom = rectangle
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], float)
    ours = np.array(affine_transform(found, (~raster).to_shapely()).exterior.coords)[:-1]
    assert len(ours) == 4
    distances = np.hypot(*(ours[:, None] - corners[None]).transpose(2, 0, 1))
    assert distances.min(axis=0).max() < TOLERANCE_PX
    assert distances.min(axis=1).max() < TOLERANCE_PX


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("window_px", [128, 48], ids=["one window", "several windows"])
@settings(max_examples=15)
@given(data=st.data(), rectangle=rectangles())
def test_a_painted_rectangle_comes_back(
    make_raster: MakeRaster, kind: str, window_px: int, data: st.DataObject, rectangle: Rectangle
) -> None:
    crs, transforms = KINDS[kind]
    transform = data.draw(transforms)
    tile = read_tile(make_raster(painted(rectangle), crs=crs, transform=transform))
    assert tile.crs == CRS.from_user_input(crs)
    (region,) = ask(tile, window_px)
    assert_is(shape(region.geometry), rectangle, transform)


@settings(max_examples=30)
@given(transform=KINDS["rotated"][1] | KINDS["north-up"][1], rectangle=rectangles())
def test_ground_control_points_place_a_rectangle(
    gcp_raster: Callable[[Affine, float], Path], transform: Affine, rectangle: Rectangle
) -> None:
    tile = read_tile(gcp_raster(transform, 0.0))
    mask = painted(rectangle)[0] > 0
    (found,) = polygons(mask, tile.transform)
    assert_is(found, rectangle, transform)


@settings(max_examples=30)
@given(transform=PLAIN, rectangle=rectangles(even=True))
def test_a_tile_read_at_half_the_resolution_keeps_its_place(
    make_raster: MakeRaster, transform: Affine, rectangle: Rectangle
) -> None:
    path = make_raster(painted(rectangle), transform=transform)
    gsd = read_tile(path).gsd_m
    assert gsd is not None
    tile = read_tile(path, gsd_range_m=(2 * gsd, 10 * gsd))
    assert tile.width == WIDTH // 2
    found = polygons(tile.pixels[0] > 128, tile.transform, min_area_px=0)
    assert_is(found[0], rectangle, transform)


@settings(max_examples=30)
@given(transform=PLAIN, rectangle=rectangles())
def test_an_enlarged_tile_keeps_its_place(make_raster: MakeRaster, transform: Affine, rectangle: Rectangle) -> None:
    path = make_raster(painted(rectangle), transform=transform)
    gsd = read_tile(path).gsd_m
    assert gsd is not None
    tile = read_tile(path, gsd_range_m=(gsd / 20, gsd / 10))
    assert tile.width == 2 * WIDTH
    (found,) = polygons(tile.pixels[0] > 128, tile.transform)
    left, top, right, bottom = affine_transform(found, (~transform).to_shapely()).bounds
    # Bilinear pixels of a painted edge stay on their side of it, so the outline is exact but for its clipped corners.
    assert (left, top, right, bottom) == pytest.approx(rectangle, abs=TOLERANCE_PX)


@settings(max_examples=30)
@given(transform=KINDS["north-up"][1] | KINDS["rotated"][1], rectangle=rectangles())
def test_a_box_in_another_crs_cuts_without_moving(
    make_raster: MakeRaster, transform: Affine, rectangle: Rectangle
) -> None:
    path = make_raster(painted(rectangle), transform=transform)
    left, top, right, bottom = rectangle
    to_lonlat = Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True)
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], float)
    x, y = affine_points(transform, corners)
    lon, lat = to_lonlat.transform(x, y)
    window = window_for_bbox(path, (min(lon), min(lat), max(lon), max(lat)), "EPSG:4326")
    (region,) = ask(read_tile(path, window=window), 128)
    assert_is(shape(region.geometry), rectangle, transform)


@settings(max_examples=30)
@given(rectangle=rectangles(), zoom=st.integers(17, 20), lon=st.floats(10, 20), lat=st.floats(-60, 60))
def test_a_web_map_tile_cuts_without_moving(
    make_raster: MakeRaster, rectangle: Rectangle, zoom: int, lon: float, lat: float
) -> None:
    """The raster is centred on the place; what comes back is the rectangle cut to the pixels of the tile."""
    x, y = Transformer.from_crs("EPSG:4326", "EPSG:32633", always_xy=True).transform(lon, lat)
    transform = moved(x - WIDTH / 2, y + HEIGHT / 2, Affine.scale(1, -1))
    path = make_raster(painted(rectangle), transform=transform)
    n = 2**zoom
    row = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n)
    window = window_for_tile(path, f"{zoom}/{int((lon + 180) / 360 * n)}/{row}")
    col0, row0, width, height = window
    cut = (max(rectangle[0], col0), max(rectangle[1], row0),
           min(rectangle[2], col0 + width), min(rectangle[3], row0 + height))  # fmt: skip
    found = [shape(region.geometry) for region in ask(read_tile(path, window=window), 128)]
    if cut[2] <= cut[0] or cut[3] <= cut[1] or (cut[2] - cut[0]) * (cut[3] - cut[1]) < 12:
        assert found == []
    else:
        assert_is(found[0], cut, transform)


def test_a_square_around_a_point_cuts_without_moving(make_raster: MakeRaster) -> None:
    transform = moved(400_000, 5_000_000, Affine.scale(0.5, -0.5))
    path = make_raster(painted((30, 20, 50, 40)), transform=transform)
    lon, lat = Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True).transform(400_020, 4_999_985)
    window = window_for_point(path, lon, lat, 24.0)
    assert window[2] < WIDTH
    (region,) = ask(read_tile(path, window=window), 128)
    assert_is(shape(region.geometry), (30, 20, 50, 40), transform)


@given(transform=KINDS["rotated"][1], rectangle=rectangles())
def test_pixels_that_travelled_keep_their_place(transform: Affine, rectangle: Rectangle) -> None:
    rgba = np.concatenate([painted(rectangle), np.full((1, HEIGHT, WIDTH), 255, np.uint8)]).transpose(1, 2, 0)
    description = PixelTile(WIDTH, HEIGHT, tuple(transform)[:6], CRS.from_epsg(32633).to_wkt())  # type: ignore[arg-type]
    (region,) = ask(tile_from_pixels(rgba.tobytes(), description), 128)
    assert_is(shape(region.geometry), rectangle, transform)


def test_without_georeference_polygons_lie_on_the_image_as_qgis_shows_it(make_raster: MakeRaster) -> None:
    path = make_raster(painted((10, 20, 30, 50)), crs=None, transform=Affine.identity())
    (region,) = ask(read_tile(path), 128)
    assert shape(region.geometry).bounds == (10, -50, 30, -20)
    assert (region.area_m2, region.perimeter_m) == (None, None)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".fgb", ".geojson"])
@settings(max_examples=3)
@given(data=st.data(), rectangle=rectangles())
def test_written_polygons_draw_the_same_pixels_again(
    make_raster: MakeRaster, kind: str, suffix: str, data: st.DataObject, rectangle: Rectangle
) -> None:
    """Read back and drawn by GDAL on the grid that GDAL reports for the raster."""
    crs, transforms = KINDS[kind]
    path = make_raster(painted(rectangle), crs=crs, transform=data.draw(transforms))
    tile = read_tile(path)
    output = path.with_suffix(suffix)
    write(output, ask(tile, 48), tile.crs)
    meta, _, geometry, _ = pyogrio.raw.read(output, layer=output.stem)
    back = Transformer.from_crs(meta["crs"], crs, always_xy=True)
    found = [
        shapely.transform(polygon, lambda xy: np.column_stack(back.transform(*xy.T)))
        for polygon in shapely.from_wkb(geometry)
    ]
    with rasterio.open(path) as dataset:
        drawn = rasterize(found, out_shape=dataset.shape, transform=dataset.transform)
        assert np.array_equal(drawn > 0, dataset.read(1) > 0)


def affine_points(transform: Affine, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    col, row = points.T
    return transform.a * col + transform.b * row + transform.c, transform.d * col + transform.e * row + transform.f


def test_systems_that_come_and_go_are_never_taken_for_each_other() -> None:
    """What is kept of a CRS belongs to that object, and ids of objects are used again."""
    crowd = [32601 + zone for zone in range(60)]
    grid = Affine(1.0, 0.0, 300_000.0, 0.0, -1.0, 5_000_000.0)
    for code in [*crowd, *crowd, 3857, *crowd]:
        crs = CRS.from_epsg(code)
        lon, lat = Transformer.from_crs(code, 4326, always_xy=True).transform(300_000.0, 5_000_000.0)
        assert to_lonlat(crs, 300_000.0, 5_000_000.0) == pytest.approx((lon, lat), abs=1e-9)
        x, y = Transformer.from_crs(code, 4326, always_xy=True).transform([299_999.5, 300_000.5], [5e6, 5e6])
        length = crs.get_geod().inv(x[0], y[0], x[1], y[1])[2]
        assert pixel_size_m(grid, crs, 0, 0)[0] == pytest.approx(length, rel=1e-6)  # type: ignore[index]
