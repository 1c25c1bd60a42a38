"""Pixels that QGIS rendered become tiles."""

from __future__ import annotations

import numpy as np
import pytest

from geopix_backend.errors import RasterError
from geopix_backend.raster import read_tile, tile_from_pixels
from geopix_qgis.protocol import PixelTile

from .conftest import NORTH_UP, MakeRaster

RNG = np.random.default_rng(1)
RGBA = RNG.integers(0, 256, (20, 30, 4), dtype=np.uint8)
TILE = PixelTile(30, 20, tuple(NORTH_UP)[:6], "EPSG:32633", "rendered")  # type: ignore[arg-type]


def test_colours_alpha_and_place_are_kept() -> None:
    tile = tile_from_pixels(RGBA.tobytes(), TILE)
    assert np.array_equal(tile.pixels, RGBA[..., :3].transpose(2, 0, 1))
    assert np.array_equal(tile.valid, RGBA[..., 3] > 0)
    assert tile.transform == NORTH_UP
    assert tile.gsd_m == pytest.approx(0.5, rel=1e-3)
    assert tile.name == "rendered"


def test_it_resamples_like_a_raster(make_raster: MakeRaster) -> None:
    rgba = RGBA.copy()
    rgba[..., 3] = 255
    path = make_raster(np.ascontiguousarray(rgba[..., :3].transpose(2, 0, 1)))
    ours, theirs = (
        tile_from_pixels(rgba.tobytes(), TILE, gsd_range_m=(1.2, 2)),
        read_tile(path, gsd_range_m=(1.2, 2)),
    )
    assert np.array_equal(ours.pixels, theirs.pixels)
    assert ours.transform == theirs.transform
    assert ours.valid.shape == ours.pixels.shape[1:]


def test_pixels_without_crs_are_a_warning() -> None:
    tile = tile_from_pixels(RGBA.tobytes(), PixelTile(30, 20, tuple(NORTH_UP)[:6]))  # type: ignore[arg-type]
    assert tile.crs is None
    assert any("no CRS" in warning for warning in tile.warnings)


@pytest.mark.parametrize(
    ("tile", "words"),
    [
        (PixelTile(31, 20, (1, 0, 0, 0, -1, 0)), "2400 bytes came for 31 x 20"),
        (PixelTile(0, 0, (1, 0, 0, 0, -1, 0)), "not empty"),
        (PixelTile(30, 20, (0, 0, 0, 0, -1, 0)), "no area"),
        (PixelTile(30, 20, (float("nan"), 0, 0, 0, -1, 0)), "no area"),
        (PixelTile(30, 20, (1, 0, 0, 0, -1, 0), "EPSG:99999999"), "CRS 'EPSG:99999999' is not known"),
    ],
    ids=["size", "empty", "flat", "nan", "crs"],
)
def test_pixels_that_do_not_fit_their_description_are_refused(tile: PixelTile, words: str) -> None:
    with pytest.raises(RasterError, match=words):
        tile_from_pixels(RGBA.tobytes(), tile)


def test_a_bright_pixel_is_no_hole_where_only_one_band_has_the_nodata_value(make_raster: MakeRaster) -> None:
    """Files with nodata 255 in every band: white roofs have it in one band or two, and are data."""
    pixels = np.full((3, 20, 30), 200, np.uint8)
    pixels[0, 5, 5] = 255
    pixels[:, 6, 6] = 255
    tile = read_tile(make_raster(pixels, nodata=255))
    assert tile.pixels[:, 5, 5].tolist() == [255, 200, 200]
    assert tile.valid[5, 5]
    assert not tile.valid[6, 6]
    assert not tile.pixels[:, 6, 6].any()
