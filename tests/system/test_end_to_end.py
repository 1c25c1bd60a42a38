"""The main job with the real model: a sentence about a raster becomes polygons, and the text agrees with them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio

from geopix_backend.cli import main
from tests.system import scenes
from tests.system.scenes import PLACE, RADIUS_PX


@pytest.fixture(scope="module")
def tank_farm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six white tanks with shadows on concrete, 0.5 m, UTM 33N."""
    path = tmp_path_factory.mktemp("scene") / "tanks.tif"
    profile = {"driver": "GTiff", "count": 3, "dtype": "uint8", "crs": "EPSG:32633", "transform": PLACE}
    with rasterio.open(path, "w", width=384, height=300, **profile) as out:
        out.write(scenes.tank_farm())
    return path


def test_storage_tanks_are_found_counted_and_placed(
    tank_farm: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "tanks.gpkg"
    assert main(["ask", str(tank_farm), "Segment the storage tanks", "-o", str(out)]) == 0
    answer = capsys.readouterr().out
    meta, _, _, columns = pyogrio.raw.read(out)
    fields = dict(zip(meta["fields"], columns, strict=True))
    count = len(fields["class"])
    assert meta["crs"] == "EPSG:32633" and count >= 4
    assert re.search(r"\b(\d+)\b", answer)[1] == str(count)  # type: ignore[index]
    assert set(fields["class"]) == {"storage tank"} and set(fields["turn"]) == {1}
    assert fields["gsd_m"] == pytest.approx(0.5 / 0.9996)  # on the ground, not on the map
    west, south, east, north = pyogrio.read_info(out)["total_bounds"]
    assert 500_000 <= west < east <= 500_192 and 4_999_850 <= south < north <= 5_000_000
    true_area = np.pi * (RADIUS_PX * 0.5) ** 2
    assert np.median(fields["area_m2"]) == pytest.approx(true_area, rel=0.35)


def test_the_same_question_as_json_gives_the_same_polygons(tank_farm: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", str(tank_farm), "how many storage tanks are there?", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds.index("tile") < kinds.index("region") and kinds[-1] == "done"
    assert events[-1]["regions"] == kinds.count("region") >= 4
    assert str(kinds.count("region")) in events[-1]["answer"]


def test_what_is_not_there_gives_no_polygon_and_says_so(
    tank_farm: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "rivers.shp"
    assert main(["ask", str(tank_farm), "segment the heliports", "-o", str(out)]) == 0
    assert 'I do not know "heliports"' in capsys.readouterr().out
    assert pyogrio.read_info(out)["features"] == 0
