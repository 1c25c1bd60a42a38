"""GeoPixel from the terminal: a folder of weights, a raster of any kind, polygons in a file."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.transform import from_origin
from shapely.geometry import box, shape

from geopix_backend.cli import main
from tests.model import geopixel_small as small

HEIGHT, WIDTH = 120, 150
PLACE = from_origin(500_000, 5_200_000, 0.5, 0.5)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of downloaded models, with a small checkpoint in it under the name of the published one."""
    home = tmp_path_factory.mktemp("models")
    small.write_checkpoint(home / "geopixel-7b", say="Sure, <p>the red car</p> [SEG].")
    return home


@pytest.fixture
def weights(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOPIX_MODELS", str(home))


def raster(path: Path, pixels: NDArray[np.generic], **profile: object) -> Path:
    bands, height, width = pixels.shape
    options = {"count": bands, "height": height, "width": width, "dtype": pixels.dtype.name, "crs": "EPSG:32632"}
    with rasterio.open(path, "w", driver="GTiff", transform=PLACE, **options, **profile) as file:
        file.write(pixels)
    return path


def noise(bands: int, dtype: str, high: int, size: tuple[int, int] = (HEIGHT, WIDTH)) -> NDArray[np.generic]:
    return np.random.default_rng(0).integers(0, high, (bands, *size)).astype(dtype)


@pytest.mark.usefixtures("weights")
def test_an_answer_becomes_a_geopackage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = raster(tmp_path / "a.tif", noise(3, "uint8", 255)), tmp_path / "out.gpkg"
    arguments = ["ask", str(path), "segment the red car", "--model", "geopixel-7b", "--device", "cpu", "-o", str(out)]
    assert main(arguments) == 0
    assert capsys.readouterr().out.splitlines()[0] == "Sure, the red car."
    meta, _, geometries, fields = pyogrio.raw.read(out)
    assert meta["crs"] == "EPSG:32632" and len(geometries) > 0
    columns = dict(zip(meta["fields"], fields, strict=True))
    assert set(columns["phrase"]) == {"the red car"}
    assert all(str(name).startswith("geopixel-7b ") for name in columns["model"])
    whole = box(500_000, 5_200_000 - 0.5 * HEIGHT, 500_000 + 0.5 * WIDTH, 5_200_000)
    assert whole.contains(box(*pyogrio.read_info(out)["total_bounds"]))


@pytest.mark.usefixtures("weights")
@pytest.mark.parametrize(
    ("pixels", "profile"),
    [
        (noise(4, "uint8", 255), {"photometric": "RGB", "alpha": "YES"}),
        (noise(1, "uint8", 255), {}),
        (noise(5, "uint16", 60_000), {}),
        (noise(1, "float32", 9), {}),
    ],
    ids=["RGBA", "grey", "16-bit", "float"],
)
def test_rasters_of_other_kinds_are_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], pixels: NDArray[np.generic], profile: dict[str, object]
) -> None:
    path = raster(tmp_path / "a.tif", pixels, **profile)
    assert main(["ask", str(path), "segment the red car", "--model", "geopixel-7b", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[-1]["answer"] == "Sure, the red car." and events[-1]["regions"] > 0


@pytest.mark.usefixtures("weights")
def test_a_large_raster_is_tiled_and_answered_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = raster(tmp_path / "a.tif", noise(3, "uint8", 255, (400, 1300)))
    assert main(["ask", str(path), "segment the red car", "--model", "geopixel-7b", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[-1]["windows_total"] == 2
    assert events[-1]["answer"].startswith("Sure, the red car.") and events[-1]["answer"].count("Sure") == 1
    regions = [shape(event["geometry"]) for event in events if "geometry" in event]
    assert regions and all(math.isfinite(region.area) and region.is_valid for region in regions)


def test_a_model_that_is_not_installed_is_refused_with_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GEOPIX_MODELS", str(tmp_path / "nothing"))
    path = raster(tmp_path / "a.tif", noise(3, "uint8", 255))
    assert main(["ask", str(path), "segment the red car", "--model", "geopixel-7b"]) == 2
    assert "geopixel-7b is not installed; 'geopix models download" in capsys.readouterr().err


@pytest.mark.usefixtures("weights")
def test_models_lists_it_with_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json"]) == 0
    (entry,) = [m for m in map(json.loads, capsys.readouterr().out.splitlines()) if m["name"] == "geopixel-7b"]
    assert entry["installed"] and entry["classes"] == [] and entry["window_px"] == 1120
    assert entry["memory_bytes"] > 2 * entry["parameters"]
