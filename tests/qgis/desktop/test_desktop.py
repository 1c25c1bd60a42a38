"""The whole desktop: QGIS under Xvfb, the plugin in a profile, the embedded model, a real GeoTIFF."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from osgeo import ogr

from tests.qgis.desktop import full_qgis

UTM12 = full_qgis.SCENE_CRS
FIELDS = ["phrase", "class", "score", "area_m2", "perimeter_m", "turn", "prompt", "model", "gsd_m"]
FIELDS += ["target", "review", "source", "time"]

pytestmark = [
    pytest.mark.skipif(bool(full_qgis.missing()), reason=f"needs {', '.join(full_qgis.NEEDED)}"),
    pytest.mark.timeout(420),
]


@pytest.fixture
def run(tmp_path):
    """Runs the drive script in QGIS; gives its report and where the picture lies."""

    def run(raster: Path, prompts: list[str], python: Path, area: str = "Whole layer", width: int = 420,
            leave_early: bool = False, **more: str):  # fmt: skip
        folder, picture = tmp_path / "out", tmp_path / "dock.png"
        folder.mkdir()
        job = {"raster": str(raster), "prompts": prompts, "picture": str(picture), "area": area, "width": width}
        profile = full_qgis.make_profile(tmp_path / "profiles")
        with full_qgis.screen() as display:
            script = Path(__file__).with_name("drive.py")
            job["leave_early"] = leave_early
            report, done = full_qgis.run(script, job, folder, display, profile, python, **more)
        return report, picture, done

    return run


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def check(report, done):
    assert report["errors"] == []
    assert all(report["accepted"]) and report["phase"] == "idle"
    for turn in report["turns"]:
        assert turn["problem"] == "" and turn["answer"].strip()
        assert turn["prompt"] in report["transcript"] and turn["footer"] in report["transcript"]
        assert turn["first_text_s"] <= turn["answered_s"]
        assert bool(turn["regions"]) == bool(turn["phrases"])  # the words never contradict the map
    assert report["loaded"] == {"docks": 1, "menus": 1, "raster menu": 1, "buttons": 1}
    assert report["unloaded"] == {"docks": 0, "menus": 0, "raster menu": 0, "buttons": 0}
    assert done.returncode == 0
    time.sleep(0.5)
    assert not is_alive(report["pid"])


@pytest.fixture
def fake_python(tmp_path):
    """What stands in for the Python of the model."""
    python = tmp_path / "python"
    fake = full_qgis.ROOT / "tests" / "qgis" / "fake_backend.py"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{fake}"\n')
    python.chmod(0o755)
    return python


def test_the_desktop_with_a_model_process_without_a_model(run, write_raster, fake_python):
    report, picture, done = run(write_raster(width=600, height=400), ["find roofs"], fake_python, width=320)
    check(report, done)
    assert report["turns"][0]["prompt"] == "find roofs" and report["turns"][0]["regions"] == 2
    assert report["layer"]["classes"] == ["house", "pond"]
    assert report["layer"]["extent"] == pytest.approx([500_000, 5_399_800, 500_299.5, 5_400_000])
    assert report["dock_width"] <= 340
    assert picture.stat().st_size > 20_000


def test_closing_qgis_in_mid_answer_ends_the_model_process(run, write_raster, fake_python):
    report, _, done = run(write_raster(), ["find roofs"], fake_python, leave_early=True, GEOPIX_FAKE="slow")
    assert report["errors"] == [] and report["active"] and done.returncode == 0
    time.sleep(0.5)
    assert not is_alive(report["pid"])


@pytest.mark.skipif(not full_qgis.PYTHON.exists(), reason="needs the environment of the model: run scripts/install")
@pytest.mark.skipif(not full_qgis.SCENE.is_file(), reason="needs the demonstration scenes: run scripts/demo")
def test_the_embedded_model_answers_in_the_dock_and_its_polygons_lie_on_the_map(run, tmp_path):
    raster = full_qgis.place_scene(tmp_path / "yellowstone_road.tif")
    left, top, right, bottom = full_qgis.SCENE_BOX
    report, picture, done = run(raster, ["Segment the road", "Segment the trees"], full_qgis.PYTHON)
    check(report, done)
    assert report["facts"].startswith("1,249 x 1,035 px, 0.10 m, 4 windows, ~")
    layer = report["layer"]
    assert layer["fields"] == FIELDS and layer["crs"] == UTM12
    assert layer["count"] == sum(turn["regions"] for turn in report["turns"]) > 0 and layer["valid"]
    assert set(layer["categories"]) == {*layer["classes"], ""}
    x0, y0, x1, y1 = layer["extent"]
    assert left - 0.1 <= x0 < x1 <= right + 0.1 and bottom - 0.1 <= y0 < y1 <= top + 0.1
    exported = ogr.Open(str(picture.parent / "out" / "exported.shp"))
    assert exported.GetLayer().GetFeatureCount() == layer["count"]


def test_all_ways_into_the_plugin_in_a_german_qgis(tmp_path, write_raster, fake_python):
    profile = full_qgis.make_profile(tmp_path / "profiles", language="de")
    job = {"raster": str(write_raster(width=600, height=400)), "picture": str(tmp_path / "german.png")}
    with full_qgis.screen() as display:
        script = Path(__file__).with_name("entrances.py")
        report, done = full_qgis.run(script, job, tmp_path, display, profile, fake_python)
    assert report["errors"] == [] and done.returncode == 0
    assert report["offered"] == ["Fragen: airplanes"]
    assert report["prompts"] == ["airplanes"] and report["draft"] == "a draft" and report["regions"] == 2
    assert report["send"] == "Senden" and "Ergebnisse: 2 gezeigt" in report["titles"]
    assert report["helped"]
    assert report["toolbox"] == ["geopix:ask", "geopix:batchsegment", "geopix:segment"]
    assert report["shares_process"] and report["found"] == 2 and report["colours"] == ["house", "pond", "other"]
    assert report["left"] == {"help": 0, "toolbox": 0, "actions": 0, "offers": 0}


def test_no_key_of_the_plugin_has_another_meaning_in_qgis_and_a_step_that_fails_ends_it(tmp_path):
    script = tmp_path / "keys.py"
    script.write_text(
        "from qgis.PyQt.QtWidgets import QAction\n"
        "from qgis.utils import iface\n"
        "from steps import play, report, until\n"
        "def steps():\n"
        "    window = iface.mainWindow()\n"
        "    ours = window.findChild(QAction, 'geopixFocus')\n"
        "    report['ours'] = ours.shortcut().toString()\n"
        "    actions = [action for action in window.findChildren(QAction) if action is not ours]\n"
        "    report['theirs'] = [action.shortcut().toString() for action in actions]\n"
        "    yield until('rain', lambda: False, 0.2)\n"
        "play(steps())\n"
    )
    profile = full_qgis.make_profile(tmp_path / "profiles")
    with full_qgis.screen() as display:
        report, done = full_qgis.run(script, {}, tmp_path, display, profile)
    assert report["ours"] and report["ours"] not in report["theirs"]
    assert "rain: not within 0.2 s" in report["errors"][0] and done.returncode == 0
