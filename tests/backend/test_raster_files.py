"""Files that are no whole raster are refused with one sentence, and nothing is left beside a raster."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from geopix_backend.errors import RasterError
from geopix_backend.raster import describe, read_tile

from .conftest import MakeRaster

RNG = np.random.default_rng(1)
NOISE = RNG.integers(1, 256, (3, 60, 80), dtype=np.uint8)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RasterError, match=r"no raster at .*gone\.tif"):
        read_tile(tmp_path / "gone.tif")


@pytest.mark.parametrize("path", ["", "  ", "a\0b"])
def test_an_impossible_path_is_refused(path: str) -> None:
    with pytest.raises(RasterError, match="path"):
        read_tile(path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.tif").touch()
    with pytest.raises(RasterError, match="0 bytes"):
        read_tile(tmp_path / "empty.tif")


def test_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.tif").write_text("not a raster\n" * 100)
    with pytest.raises(RasterError, match="not a raster that GDAL can open"):
        read_tile(tmp_path / "text.tif")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RasterError, match="folder"):
        read_tile(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(make_raster: MakeRaster) -> None:
    path = make_raster(NOISE)
    path.chmod(0)
    with pytest.raises(RasterError, match="permissions"):
        read_tile(path)


@pytest.mark.parametrize(
    "profile",
    [
        {},
        {"compress": "deflate"},
        {"compress": "lzw", "tiled": True, "blockxsize": 16, "blockysize": 16},
        {"compress": "jpeg"},
        {"driver": "PNG", "suffix": ".png"},
        {"driver": "JPEG", "suffix": ".jpg"},
        {"driver": "ENVI", "suffix": ".dat"},
    ],
    ids=["raw", "deflate", "tiled lzw", "tiff jpeg", "png", "jpeg", "envi"],
)
@pytest.mark.parametrize("keep", [0.05, 0.5, 0.9])
def test_a_truncated_file_is_never_taken_for_a_whole_one(
    make_raster: MakeRaster,
    tmp_path: Path,
    profile: dict[str, object],
    keep: float,
) -> None:
    whole = make_raster(RNG.integers(0, 256, (3, 256, 256), dtype=np.uint8), **profile)
    assert read_tile(whole).valid.all()
    data = whole.read_bytes()
    path = tmp_path / whole.name
    shutil.copytree(whole.parent, tmp_path, dirs_exist_ok=True)
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(RasterError, match=r"truncated or damaged|or it is damaged") as caught:
        read_tile(path)
    assert str(caught.value).count("\n") == 0


def test_garbage_in_the_middle_is_refused(make_raster: MakeRaster) -> None:
    path = make_raster(RNG.integers(0, 256, (3, 256, 256), dtype=np.uint8), compress="deflate")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 2000] = b"\xff" * 2000
    path.write_bytes(bytes(data))
    with pytest.raises(RasterError, match="damaged"):
        read_tile(path)


@pytest.mark.parametrize("driver", ["GTiff", "PNG"])
def test_nothing_is_written_beside_the_raster(make_raster: MakeRaster, driver: str, tmp_path: Path) -> None:
    made = make_raster(NOISE.astype(np.uint16), driver=driver, suffix=".tif" if driver == "GTiff" else ".png")
    path = Path(shutil.copy(made, tmp_path))
    read_tile(path, gsd_range_m=(1.0, 2.0))
    describe(path)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
