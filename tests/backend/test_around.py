"""What lies around a tile is shown to models that look around, and is no part of the answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS
from rasterio.windows import Window as RasterWindow
from shapely.geometry import shape

from geopix_backend import boxes
from geopix_backend.canvas import Canvas
from geopix_backend.engine import Engine
from geopix_backend.plan import windows_of
from geopix_backend.question import Question
from geopix_backend.raster import Around, Tile
from geopix_backend.raster_frame import frame_of, widened
from geopix_backend.raster_scene import open_raster_at
from geopix_backend.tiles import LastTile
from geopix_backend.tiling import Layout, Window, windows
from geopix_model.predictor import Box, Mask, Piece, Text
from geopix_qgis.protocol import DoneEvent, PathTile, RegionEvent
from tests.backend.fakes import FakePredictor, bright, raster_file

ASK = Question("segment all buildings", min_area_px=1)
WINDOWS = (128, 32)
HEIGHT, WIDTH = 700, 900


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raster with noise in blocks, of which no two are alike."""
    inside = np.random.default_rng(3).random((HEIGHT // 10, WIDTH // 10)) < 0.4
    found = raster_file(tmp_path_factory.mktemp("around") / "scene.tif", np.kron(inside, np.ones((10, 10), bool)))
    with rasterio.open(found, "r+") as file:
        pixels = file.read()
        pixels[1] = np.arange(HEIGHT)[:, None] % 251
        pixels[2] = np.arange(WIDTH) % 241
        file.write(pixels)
    return found


def opened(path: Path, window: tuple[int, int, int, int], windows: tuple[int, int] | None = WINDOWS) -> Tile:
    tile = open_raster_at(path, window=window, windows=windows)
    assert isinstance(tile, Tile)
    return tile


def regions(tile: Tile, model: FakePredictor) -> tuple[list[shapely.Polygon], DoneEvent]:
    events = list(Engine(model).ask(tile, ASK))
    assert isinstance(events[-1], DoneEvent)
    return [shape(event.geometry) for event in events if isinstance(event, RegionEvent)], events[-1]


@pytest.mark.parametrize(
    ("window", "size", "first"),
    [
        ((300, 200, 60, 50), (128, 128), (39, 34)),  # in the middle of one window
        ((0, 0, 60, 50), (128, 128), (0, 0)),  # in a corner of the raster all of it lies on the other side
        ((850, 680, 50, 20), (128, 128), (108, 78)),
        ((300, 200, 128, 128), (128, 128), (0, 0)),  # full already
        ((300, 200, 130, 128), (128, 224), (0, 47)),  # one window more each time: room for what fills it
        ((10, 0, 880, 690), (700, 896), (0, 8)),  # never more than there is
    ],
)
def test_a_tile_comes_with_what_fills_its_windows(
    path: Path, window: tuple[int, int, int, int], size: tuple[int, int], first: tuple[int, int]
) -> None:
    alone, tile = opened(path, window, None), opened(path, window)
    col, row, _, _ = window
    assert np.array_equal(tile.pixels, alone.pixels) and np.array_equal(tile.valid, alone.valid)
    assert (tile.transform, tile.gsd_m, tile.warnings) == (alone.transform, alone.gsd_m, alone.warnings)
    assert (tile.shown.row, tile.shown.col) == first and tile.shown.pixels.shape == (3, *size)
    with rasterio.open(path) as file:
        place = RasterWindow(col - first[1], row - first[0], size[1], size[0])
        assert np.array_equal(tile.shown.pixels, file.read(window=place))
    layouts = [Layout(*each.shown.pixels.shape[1:], *WINDOWS) for each in (alone, tile)]
    assert layouts[0].rows * layouts[0].cols == layouts[1].rows * layouts[1].cols  # it costs nothing


@given(
    st.tuples(st.integers(0, 80), st.integers(0, 60), st.integers(4, 40), st.integers(4, 40)),
    st.sampled_from([(0.5, 0.5), (1.3, 1.3), (0.1, 0.3)]),
)
def test_a_wider_frame_lies_on_the_same_grid(window: tuple[int, int, int, int], gsd: tuple[float, float]) -> None:
    area = RasterWindow(*window)
    frame = frame_of(area, Affine(0.5, 0, 5e5, 0, -0.5, 5e6), CRS.from_epsg(32633), gsd, 10_000)
    wide, row, col = widened(frame, (100, 120), (frame.height + 20, frame.width + 31))
    across, down = area.width / frame.width, area.height / frame.height
    assert wide.window.col_off + col * across == pytest.approx(area.col_off)
    assert wide.window.row_off + row * down == pytest.approx(area.row_off)
    assert (wide.window.width / wide.width, wide.window.height / wide.height) == pytest.approx((across, down))
    assert min(wide.window.col_off, wide.window.row_off) > -1e-4
    assert wide.window.col_off + wide.window.width < 120.0001 and wide.window.row_off + wide.window.height < 100.0001
    assert frame.height <= wide.height <= frame.height + 20 and frame.width <= wide.width <= frame.width + 31
    room = 100 / down - frame.height
    assert wide.height - frame.height >= min(20, int(room) - 1)  # all that there is, but for parts of pixels


@pytest.mark.parametrize("stride", [1, 4])
@pytest.mark.parametrize("window", [(300, 200, 60, 50), (301, 203, 131, 77), (301, 203, 300, 210), (0, 13, 61, 301)])
def test_the_answer_is_about_the_tile_alone(path: Path, window: tuple[int, int, int, int], stride: int) -> None:
    """Of a model to which it makes no difference what lies around."""
    found = []
    for tile in (opened(path, window, None), opened(path, window)):
        polygons, done = regions(tile, FakePredictor(bright, window_px=128, overlap_px=32, mask_stride_px=stride))
        found.append((polygons, done.regions, done.windows_total))
    (alone, *counts), (around, *others) = found
    assert counts == others and len(alone) == len(around) > 0
    col, row, width, height = window
    left, top = 500_000 + col, 5_000_000 - row
    edge = shapely.box(left, top - height, left + width, top)
    assert all(edge.contains(polygon) for polygon in around)
    one, other = shapely.union_all(alone), shapely.union_all(around)
    if stride == 1:
        assert one.equals(other)
    else:  # logits that are made smaller differ with where a window begins
        assert one.symmetric_difference(other).area < 0.05 * one.area


def test_a_model_sees_full_windows(path: Path) -> None:
    model = FakePredictor(bright, window_px=128, overlap_px=32)
    regions(opened(path, (300, 200, 60, 50)), model)
    regions(opened(path, (300, 200, 150, 50)), model)
    assert [seen[2] for seen in model.seen] == [(128, 128, 3)] * 3


def test_what_is_around_decides_what_is_seen_inside() -> None:
    def by_corner(image: np.ndarray) -> list[Piece]:
        logits = np.full(image.shape[:2], 4.0 if image[0, 0, 0] > 128 else -4.0, np.float32)
        return [Text("Here are "), Text("fields", phrase=True), Mask("fields", "field", logits, 0.9, 0), Text(".")]

    shown = np.zeros((3, 128, 128), np.uint8)
    shown[:, :5, :5] = 200
    pixels = shown[:, 40:90, 30:90]
    place = Affine(1, 0, 0, 0, -1, 0)
    tile = Tile(pixels, np.ones(pixels.shape[1:], bool), place, None, None, "x", around=Around(shown, 40, 30))
    model = FakePredictor(by_corner, window_px=128, overlap_px=32)
    (polygon,) = regions(tile, model)[0]
    assert polygon.equals(shapely.box(0, -50, 60, 0))


def test_windows_that_reach_beyond_a_canvas_are_blended_as_on_a_larger_one() -> None:
    whole = np.random.default_rng(0).normal(size=(2, 100, 130)).astype(np.float32)
    inner, large = Canvas(60, 70, 8), Canvas(100, 130, 8)
    for window in windows(100, 130, 50, 8):
        planes = whole[:, *window.slices] + window.row + 2 * window.col
        large.add(window, {"a": planes})
        if window.shared(Window(20, 30, 60, 70)).height and window.shared(Window(20, 30, 60, 70)).width:
            inner.add(window.moved(-20, -30), {"a": planes})
    np.testing.assert_allclose(inner.logits("a", 60), large.logits("a", 100)[:, 20:80, 30:100], atol=1e-3)


def test_boxes_end_where_the_tile_does() -> None:
    around = Window(-30, -40, 128, 128)
    box = boxes.on_tile(Box("ships", "ship", (10, 20, 60, 90), 0.9, 0), around, 50, 60)
    assert box.corners == (0, 0, 20, 50)
    beyond = boxes.on_tile(Box("ships", "ship", (10, 2, 60, 20), 0.9, 0), around, 50, 60)
    assert beyond.area_px == 0 and not boxes.counts(beyond, np.ones((50, 60), bool), 0)


def test_the_last_tile_is_kept_for_models_that_look_alike(path: Path) -> None:
    memory, tile = LastTile(), PathTile(str(path), (300, 200, 60, 50))
    first = memory.read(tile, None, (0.0, 1e9), WINDOWS)
    assert memory.read(tile, None, (0.0, 1e9), WINDOWS) is first
    other = memory.read(tile, None, (0.0, 1e9))
    assert isinstance(other, Tile) and other.around is None


def test_only_models_that_look_around_get_more() -> None:
    assert windows_of(FakePredictor([])) is None
    assert windows_of(FakePredictor([], looks_around=True)) == (64, 16)
