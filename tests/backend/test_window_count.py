"""The windows that the plugin promises are those that the model process cuts."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS
from rasterio.windows import Window

from geopix_backend import raster_frame, tiling
from geopix_backend.geodesy import pixel_size_m
from geopix_backend.raster import read_tile, tile_from_pixels
from geopix_backend.raster_scene import TILE_PX
from geopix_qgis import window_count as plugin
from geopix_qgis.protocol import PixelTile

SIDES = st.integers(1, 3000)
SIDE_M = st.floats(0.01, 60.0)
RANGES = st.tuples(st.floats(0.05, 1.0), st.floats(1.0, 20.0))


@given(SIDES, SIDES, SIDE_M, SIDE_M, RANGES)
def test_the_resampled_size_is_that_of_the_model_process(
    width: int, height: int, x_m: float, y_m: float, gsd_range_m: tuple[float, float]
) -> None:
    transform, crs = Affine(x_m, 0, 500_000, 0, -y_m, 5_400_000), CRS("EPSG:32633")
    frame = raster_frame.frame_of(Window(0, 0, width, height), transform, crs, gsd_range_m, 10**9)
    sides_m = pixel_size_m(transform, crs, width / 2, height / 2)
    assert plugin.tile_size(width, height, sides_m, gsd_range_m) == (frame.width, frame.height)


def test_without_a_ground_resolution_no_pixel_is_resampled() -> None:
    frame = raster_frame.frame_of(Window(0, 0, 70, 50), Affine(0.3, 0, 500_000, 0, -0.3, 5_400_000), None, (1, 2), 999)
    assert plugin.tile_size(70, 50, None, (1, 2)) == (frame.width, frame.height) == (70, 50)


@given(SIDES, SIDES, st.integers(1, 700).flatmap(lambda w: st.tuples(st.just(w), st.integers(0, w - 1))))
def test_the_count_is_the_number_of_windows_that_are_cut(width: int, height: int, sizes: tuple[int, int]) -> None:
    window_px, overlap_px = max(sizes[0], 40), min(sizes[1], max(sizes[0], 40) - 20)
    cut = tiling.windows(height, width, window_px, overlap_px)
    assert plugin.window_count(width, height, window_px, overlap_px) == len(cut)


def test_the_constants_are_those_of_the_model_process() -> None:
    ours = plugin.MAX_ENLARGEMENT, plugin.FAR_ENLARGEMENT, plugin.GSD_TOLERANCE, plugin.MAX_TILE_PX, plugin.SCENE_PX
    limit = read_tile.__kwdefaults__["max_px"]
    assert ours == (
        raster_frame.MAX_ENLARGEMENT,
        raster_frame.FAR_ENLARGEMENT,
        raster_frame.GSD_TOLERANCE,
        limit,
        TILE_PX,
    )


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_reading_a_tile_takes_no_more_memory_per_pixel_than_is_promised(tmp_path: Path, dtype: str) -> None:
    path, side = tmp_path / "big.tif", 1500
    profile = {"driver": "GTiff", "width": side, "height": side, "count": 3, "dtype": dtype, "tiled": True}
    with rasterio.open(path, "w", transform=Affine(0.5, 0, 0, 0, -0.5, 0), crs="EPSG:32633", **profile):
        pass
    tracemalloc.start()
    read_tile(path, stretch=((0, 100),) * 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0.5 * plugin.FILE_BYTES_PER_PX < peak / side**2 < plugin.FILE_BYTES_PER_PX


def test_taking_pixels_over_takes_no_more_memory_per_pixel_than_is_promised() -> None:
    side = 1500
    tile = PixelTile(side, side, (0.5, 0, 500_000, 0, -0.5, 5_400_000), "EPSG:32633")
    tracemalloc.start()
    tile_from_pixels(bytes(side * side * 4), tile, gsd_range_m=(0.2, 1.2))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    in_qgis = 3 * 4  # the image, its bytes, and the body of the request
    assert peak / side**2 + in_qgis < plugin.PICTURE_BYTES_PER_PX
