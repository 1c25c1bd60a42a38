"""Samples of a tile: which pixels they have, what is found in them, and that nothing reaches beyond the tile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import CRS
from shapely.geometry import shape

from geopix_backend.blocks import Blocks
from geopix_backend.engine import Engine
from geopix_backend.question import Question
from geopix_backend.raster import Tile
from geopix_backend.raster_scene import open_scene
from geopix_backend.sampling import PIXELS, Sampling, sampling_of
from geopix_backend.tiling import Layout, Window, windows
from geopix_model.predictor import Mask, Piece, Text
from geopix_qgis.protocol import DoneEvent, Event, RegionEvent
from tests.backend.fakes import FakeLister, FakePredictor, painted, raster_file

ASK = Question("segment the fields", min_area_px=1)
SIDES = st.integers(9, 90)


def coarse(image: NDArray[np.uint8]) -> list[Piece]:
    """Masks of what is bright, a value for every fourth pixel: the mean of these pixels."""
    grey = image[..., 0].astype(np.float32)
    rows, cols = np.arange(0, grey.shape[0], 4), np.arange(0, grey.shape[1], 4)
    sums = np.add.reduceat(np.add.reduceat(grey, rows, 0), cols, 1)
    count = np.outer(np.diff(rows, append=grey.shape[0]), np.diff(cols, append=grey.shape[1]))
    logits = (sums / count - 128) / 16
    return [Text("Here are "), Text("fields", phrase=True), Mask("fields", "field", logits, 0.9, 0), Text(".")]


def fake(window_px: int = 128, overlap_px: int = 32) -> FakePredictor:
    return FakePredictor(coarse, window_px=window_px, overlap_px=overlap_px, mask_stride_px=4)


def tile(grey: NDArray[np.uint8], valid: NDArray[np.bool_] | None = None) -> Tile:
    valid = np.ones(grey.shape, bool) if valid is None else valid
    return Tile(np.repeat(grey[None], 3, axis=0), valid, Affine(1, 0, 5e5, 0, -1, 5e6), CRS.from_epsg(32633), 1.0, "x")


def shapes(events: list[Event]) -> list[shapely.Polygon]:
    return [shape(event.geometry) for event in events if isinstance(event, RegionEvent)]


def test_a_model_has_two_samples_for_each_value_and_never_more_than_pixels() -> None:
    assert [sampling_of(FakePredictor([], mask_stride_px=n).info).px for n in (1, 2, 3, 4, 8)] == [1, 1, 1, 2, 4]


@given(SIDES, SIDES, st.sampled_from([1, 2, 3, 4]))
def test_samples_of_windows_are_those_of_the_tile(height: int, width: int, px: int) -> None:
    sampling, covered = Sampling(px), np.zeros((-(-height // px), -(-width // px)), int)
    for window in windows(height, width, 8, 3):
        there = sampling.window(window)
        covered[there.slices] += 1  # none beyond the array
        row, col = np.arange(there.row, there.row + there.height), np.arange(there.col, there.col + there.width)
        assert (row * px < window.row + window.height).all() and ((row + 1) * px > window.row).all()
        assert (col * px < window.col + window.width).all() and ((col + 1) * px > window.col).all()
    assert covered.min() >= 1 and sampling.window(Window(0, 0, height, width)) == Window(0, 0, *covered.shape)


@given(st.integers(0, 9), st.integers(0, 9), st.integers(12, 40), st.integers(12, 40))
def test_samples_lie_in_the_middle_of_their_pixels_wherever_the_window_begins(
    row: int, col: int, height: int, width: int
) -> None:
    height, width = 4 * height, 4 * width  # the middles of four pixels are then where the values are
    values = 3.0 * (row + 4 * np.arange(height // 4) + 2)[:, None] - 5.0 * (col + 4 * np.arange(width // 4) + 2)
    window, sampling = Window(row, col, height, width), Sampling(2)
    there, found = sampling.window(window), sampling.logits(values.astype(np.float32), window)
    expected = 3.0 * (2 * np.arange(there.row, there.row + there.height) + 1)[:, None]
    expected = expected - 5.0 * (2 * np.arange(there.col, there.col + there.width) + 1)
    assert found.shape == expected.shape
    away = (found - expected)[6:-6, 6:-6]  # beyond the outermost values they are constant
    away = away[: len(away) // 2 * 2, : away.shape[1] // 2 * 2]  # the cubic bends a line to either side by turns
    assert abs(away.mean()) < 0.01 and np.abs(away).max() < 1.6


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 5), st.integers(0, 5), st.sampled_from([1, 2, 3]))
def test_a_sample_is_valid_if_one_of_its_pixels_is(height: int, width: int, row: int, col: int, px: int) -> None:
    valid = np.random.default_rng(height * width).random((height, width)) < 0.4
    for each in (valid, np.ones_like(valid)):
        found, there = Sampling(px).valid(each, row, col), Sampling(px).window(Window(row, col, height, width))
        assert found.shape == (there.height, there.width)
        for place in np.ndindex(found.shape):
            top, left = (there.row + place[0]) * px - row, (there.col + place[1]) * px - col
            pixels = each[max(top, 0) : top + px, max(left, 0) : left + px]
            assert found[place] == pixels.any()


@given(
    size=st.tuples(st.integers(100, 900), st.integers(100, 900)),
    place=st.tuples(st.floats(0, 0.8), st.floats(0, 0.8), st.floats(0.2, 1), st.floats(0.2, 1)),
    px=st.sampled_from([1, 2, 3]),
    side=st.integers(1, 5),
)
def test_cores_of_blocks_have_each_sample_of_an_area_once(
    size: tuple[int, int], place: tuple[float, float, float, float], px: int, side: int
) -> None:
    (height, width), (row, col) = size, (int(place[0] * size[0]), int(place[1] * size[1]))
    area = Window(row, col, max(int(place[2] * (height - row)), 1), max(int(place[3] * (width - col)), 1))
    blocks = Blocks(Layout(height, width, 128, 32), area, side, 64, Sampling(px))
    covered = np.zeros((-(-height // px), -(-width // px)), int)
    for block in (blocks.block(r, c) for r in blocks.rows for c in blocks.cols):
        covered[block.core.slices] += 1
        seen = np.zeros_like(covered)
        seen[block.around.slices] = 1
        assert seen[block.core.slices].all()
    expected = np.zeros_like(covered)
    expected[Sampling(px).window(area).slices] = 1
    assert np.array_equal(covered, expected)


@pytest.mark.parametrize("side", [(96, 96), (97, 95), (301, 203)])
def test_areas_end_where_the_tile_does(side: tuple[int, int]) -> None:
    (polygon,) = shapes(list(Engine(fake()).ask(tile(np.full(side, 200, np.uint8)), ASK)))
    assert polygon.equals(shapely.box(5e5, 5e6 - side[0], 5e5 + side[1], 5e6))


def test_areas_end_where_the_part_of_a_scene_does_that_was_asked_about(tmp_path: Path) -> None:
    path = raster_file(tmp_path / "scene.tif", np.ones((400, 500), bool))
    scene = open_scene(path, window=(33, 51, 211, 305))
    (polygon,) = shapes(list(Engine(fake()).ask(scene, ASK)))
    corner = scene.transform * (33, 51)
    assert polygon.is_valid and polygon.equals(shapely.box(corner[0], corner[1] - 305, corner[0] + 211, corner[1]))


def test_an_outline_is_as_exact_as_one_with_a_sample_for_each_pixel() -> None:
    y, x = np.mgrid[:301, :403] + 0.5
    away = np.hypot(x - 190.3, y - 150.8)
    grey = np.clip(128 + 12 * (90.4 - away), 0, 255).astype(np.uint8)
    truth = shapely.Point(5e5 + 190.3, 5e6 - 150.8).buffer(90.4, 64)
    (polygon,) = shapes(list(Engine(fake()).ask(tile(grey), ASK)))
    assert polygon.hausdorff_distance(truth) < 0.8
    assert polygon.symmetric_difference(truth).area < 0.004 * truth.area


def test_nothing_is_found_where_there_is_no_data() -> None:
    grey, valid = np.full((120, 130), 200, np.uint8), np.ones((120, 130), bool)
    valid[31:60, 41:90] = False
    (polygon,) = shapes(list(Engine(fake()).ask(tile(grey, valid), ASK)))
    hole = shapely.box(5e5 + 41, 5e6 - 60, 5e5 + 90, 5e6 - 31)
    (found,) = polygon.interiors
    assert shapely.Polygon(found).difference(hole).area == 0
    assert hole.difference(shapely.Polygon(found)).area < 0.5 * hole.length + 3  # corners are cut by half a sample
    assert shapely.Polygon(found).contains(hole.buffer(-2))


def test_sizes_and_distances_in_pixels_are_those_of_the_tile() -> None:
    fields = [(24, 24, 40, 40), (24, 104, 40, 40), (164, 164, 40, 40)]  # the first two 40 px apart
    bare, lister = painted((240, 240), {"tennis court": fields}, crs=None), FakeLister(mask_stride_px=4)

    def count(prompt: str, least: int = 12) -> int:
        events = list(Engine(lister).ask(bare, Question(prompt, min_area_px=least)))
        assert isinstance(events[-1], DoneEvent)
        return len(shapes(events))

    assert count("segment the tennis courts") == count("segment the tennis courts", 1400) == 3
    assert count("segment the tennis courts", 1800) == 0
    assert count("segment the tennis courts within 45 px of other tennis courts") == 2
    assert count("segment the tennis courts within 35 px of other tennis courts") == 0


def test_pixels_are_samples_of_themselves() -> None:
    logits = np.random.default_rng(0).normal(size=(3, 20, 30)).astype(np.float32)
    assert PIXELS.logits(logits, Window(5, 7, 20, 30)) is logits
