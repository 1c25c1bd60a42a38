"""The last tile and the last file are kept, and never taken for another."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import numpy as np
import pytest
import rasterio

from geopix_backend import raster
from geopix_backend.errors import RasterError
from geopix_backend.raster import interleaved, read_tile
from geopix_backend.raster_source import KeptOpen
from geopix_backend.serve import bind
from geopix_backend.tiles import LastTile
from geopix_qgis.protocol import PathTile, PixelTile
from tests.backend.fakes import raster_file

ANY_M = (0.0, 1e9)
SIDE = 1100  # more than one piece of what is compared at a time


def pixel_tile() -> PixelTile:
    return PixelTile(SIDE, SIDE, (0.5, 0, 500_000, 0, -0.5, 5_400_000), "EPSG:32633")


def test_the_same_pixels_are_the_same_tile_and_others_are_not() -> None:
    picture, memory = np.full((SIDE, SIDE, 4), 255, np.uint8), LastTile()
    first = memory.read(pixel_tile(), picture.tobytes(), ANY_M)
    assert memory.read(pixel_tile(), picture.tobytes(), ANY_M) is first
    picture[-1, -1, 0] = 7  # the very last pixel
    second = memory.read(pixel_tile(), picture.tobytes(), ANY_M)
    assert second is not first and second.pixels[0, -1, -1] == 7


@pytest.mark.parametrize("alpha", [0, 1, 255])
def test_transparent_pixels_have_no_data(alpha: int) -> None:
    picture = np.full((SIDE, SIDE, 4), 255, np.uint8)
    picture[3, 4, 3] = alpha
    assert bool(LastTile().read(pixel_tile(), picture.tobytes(), ANY_M).valid[3, 4]) == (alpha > 0)


def test_a_file_is_kept_open_for_its_next_part_and_opened_anew_when_it_has_changed(tmp_path: Path) -> None:
    path, opener = raster_file(tmp_path / "scene.tif", np.zeros((300, 300), bool)), KeptOpen()
    with opener(path) as first:
        assert first.width == 300
    with opener(path) as again:
        assert again is first or os.name != "posix"
    raster_file(tmp_path / "new.tif", np.zeros((300, 400), bool)).replace(path)
    with opener(path) as changed:
        assert changed is not first and changed.width == 400
    assert first.closed


def test_a_file_whose_reading_failed_is_opened_anew(tmp_path: Path) -> None:
    path, opener = raster_file(tmp_path / "scene.tif", np.zeros((300, 300), bool)), KeptOpen()
    with pytest.raises(RasterError), opener(path) as dataset:
        raise rasterio.errors.RasterioIOError("a block is missing")
    assert dataset.closed
    with opener(path) as again:
        assert again.read(1).shape == (300, 300)


def test_a_part_of_a_kept_file_is_what_a_fresh_one_gives(tmp_path: Path) -> None:
    inside = np.random.default_rng(0).random((400, 500)) < 0.5
    path, memory = raster_file(tmp_path / "scene.tif", inside), LastTile()
    for window in ((0, 0, 200, 100), (150, 40, 300, 300)):
        tile, fresh = memory.read(PathTile(str(path), window), None, ANY_M), read_tile(path, window=window)
        assert np.array_equal(tile.pixels, fresh.pixels) and np.array_equal(tile.valid, fresh.valid)


def deep_raster(path: Path, *, brightest: int, crs: str = "EPSG:32633") -> Path:
    """A 16-bit raster of the same size whatever is in it."""
    pixels = np.linspace(0, brightest, 3 * 300 * 300).reshape(3, 300, 300).astype(np.uint16)
    profile = {"driver": "GTiff", "width": 300, "height": 300, "count": 3, "dtype": "uint16", "crs": crs}
    with rasterio.open(path, "w", **profile, transform=rasterio.Affine(1, 0, 500_000, 0, -1, 5_000_000)) as file:
        file.write(pixels)
    return path


def test_the_range_of_a_kept_file_is_found_once_and_anew_when_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    find = raster.percentile_range
    monkeypatch.setattr(raster, "percentile_range", lambda *values: looks.append(1) or find(*values))
    path, memory = deep_raster(tmp_path / "scene.tif", brightest=1000), LastTile()
    for window in ((0, 0, 200, 100), (50, 40, 200, 100), (0, 0, 300, 300)):
        tile = memory.read(PathTile(str(path), window), None, ANY_M)
        assert len(looks) == 3 or os.name != "posix"  # one for each band
    deep_raster(tmp_path / "new.tif", brightest=60_000, crs="EPSG:32632").replace(path)
    changed = memory.read(PathTile(str(path), (0, 0, 300, 300)), None, ANY_M)
    fresh = read_tile(path, window=(0, 0, 300, 300))
    assert np.array_equal(changed.pixels, fresh.pixels) and changed.pixels.max() == 255
    assert (tile.crs.to_epsg(), changed.crs.to_epsg()) == (32633, 32632)


def test_an_image_for_the_model_has_its_colours_last() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (3, 5, 7), np.uint8)
    image = interleaved(pixels[:, 1:, 2:])
    assert image.flags.c_contiguous and np.array_equal(image, pixels[:, 1:, 2:].transpose(1, 2, 0))


def test_an_event_does_not_wait_until_the_one_before_is_acknowledged() -> None:
    """Without TCP_NODELAY a small packet waits up to 40 ms for the client's delayed acknowledgement."""

    async def option() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            found.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with bind(0) as listener:
            server = await asyncio.start_server(accepted, sock=listener)
            async with server:
                _, writer = await asyncio.open_connection(*listener.getsockname())
                writer.close()
                return await found

    assert asyncio.run(option()) != 0
