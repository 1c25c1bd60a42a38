"""The demonstration, without the network: its scenes come from a package made here."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
from affine import Affine

from geopix_backend import demo
from geopix_model import registry


def wheel_with(folder: Path, members: dict[str, bytes]) -> Path:
    path = folder / "scenes-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_only_the_scenes_are_taken_out_of_the_package(tmp_path: Path) -> None:
    wheel = wheel_with(tmp_path, {**{scene.member: b"pixels" for scene in demo.SCENES}, "deepforest/main.py": b""})
    cache = tmp_path / "cache"
    cache.mkdir()
    demo.unpack(demo.SCENES, wheel, tmp_path / "unpacked", cache)
    assert sorted(path.name for path in cache.iterdir()) == sorted(Path(scene.member).name for scene in demo.SCENES)


def test_a_package_without_a_scene_is_refused_in_one_sentence(tmp_path: Path) -> None:
    wheel = wheel_with(tmp_path, {"deepforest/main.py": b""})
    with pytest.raises(demo.DemoError, match="OSBS_029"):
        demo.unpack(demo.SCENES, wheel, tmp_path / "unpacked", tmp_path)


def test_a_damaged_package_is_refused_in_one_sentence(tmp_path: Path) -> None:
    wheel = tmp_path / "scenes.whl"
    wheel.write_bytes(b"not a zip file")
    with pytest.raises(demo.DemoError, match="not what was expected"):
        demo.unpack(demo.SCENES, wheel, tmp_path / "unpacked", tmp_path)


def test_scenes_that_are_there_are_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for scene in demo.SCENES:
        scene.file_in(tmp_path).write_bytes(b"pixels")
    monkeypatch.setattr(demo.subprocess, "run", lambda *_, **__: pytest.fail("pip was called"))
    demo.fetch(demo.SCENES, tmp_path)


@pytest.mark.parametrize("arguments", [["a.tif", "b", "c"], ["--help"]])
def test_wrong_arguments_give_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert demo.main(arguments) == 2
    assert "Usage: scripts/demo" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_raster_that_is_not_there_gives_exit_code_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert demo.main(["missing.tif", "Segment the roads"]) == 2
    assert "missing.tif" in capsys.readouterr().err


@pytest.mark.skipif(not registry.NANO.installed, reason="the weights of the embedded model are not here")
def test_ones_own_raster_gives_polygons_and_a_picture(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 255, (3, 96, 96), np.uint8)
    place = {"transform": Affine(0.5, 0, 500_000, 0, -0.5, 5_000_000), "crs": "EPSG:32633"}
    with rasterio.open("field.tif", "w", "GTiff", 96, 96, 3, dtype="uint8", **place) as out:
        out.write(pixels)
    assert demo.main(["field.tif", "Segment the water"]) == 0
    assert {path.suffix for path in Path("demo").iterdir()} >= {".gpkg", ".shp", ".dbf", ".shx", ".prj", ".png"}
    assert pyogrio.read_info(Path("demo") / "field.gpkg")["crs"] == "EPSG:32633"
    assert "$ geopix ask field.tif 'Segment the water' -o demo/field.gpkg" in capsys.readouterr().out
