"""The whole desktop: QGIS under Xvfb, the plugin in a profile, the embedded model, a real GeoTIFF."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from osgeo import gdal, ogr

ROOT = Path(__file__).resolve().parents[3]
SCENE = ROOT / ".cache" / "scenes" / "2019_YELL_2_541000_4977000_image_crop.png"  # scripts/demo fetches it
UTM12 = "EPSG:32612"
FIELDS = ["phrase", "class", "score", "area_m2", "perimeter_m", "turn", "prompt", "model", "gsd_m"]
FIELDS += ["target", "review", "source", "time"]
PYTHON = ROOT / ".venv" / "bin" / "python"
NEEDED = ["qgis", "Xvfb", "openbox"]

pytestmark = [
    pytest.mark.skipif(any(shutil.which(name) is None for name in NEEDED), reason=f"needs {', '.join(NEEDED)}"),
    pytest.mark.timeout(420),
]


@pytest.fixture
def display(tmp_path):
    """A screen of 1400 x 900 pixels with a window manager, without which dialogs and docks misbehave."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as lines:
        name = f":{lines.readline().strip()}"
    manager = subprocess.Popen(["openbox"], env={**os.environ, "DISPLAY": name}, stderr=subprocess.DEVNULL)
    yield name
    for child in (manager, server):
        child.terminate()
        child.wait()


@pytest.fixture
def profile(tmp_path):
    """A QGIS profile in which the plugin of this repository is switched on."""
    home = tmp_path / "profiles" / "profiles" / "default"
    (home / "python" / "plugins").mkdir(parents=True)
    (home / "QGIS").mkdir()
    (home / "python" / "plugins" / "geopix_qgis").symlink_to(ROOT / "geopix_qgis")
    (home / "QGIS" / "QGIS3.ini").write_text("[PythonPlugins]\ngeopix_qgis=true\n\n[qgis]\nshowTips=false\n")
    return tmp_path / "profiles"


@pytest.fixture
def run(tmp_path, display, profile):
    """Runs the drive script in QGIS; gives its report and where the picture lies."""

    def run(raster: Path, prompts: list[str], python: Path, area: str = "Whole layer", width: int = 420,
            leave_early: bool = False, **more: str):  # fmt: skip
        job, picture = tmp_path / "job.json", tmp_path / "dock.png"
        report = tmp_path / "out" / "report.json"
        report.parent.mkdir()
        values = {"raster": str(raster), "prompts": prompts, "report": str(report), "picture": str(picture)}
        job.write_text(json.dumps({**values, "area": area, "width": width, "leave_early": leave_early}))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("QT_", "PYTEST", "PYTHON"))}
        environment = {
            **kept,
            "DISPLAY": display,
            "GEOPIX_DRIVE": str(job),
            "GEOPIX_BACKEND_PYTHON": str(python),
            **more,
        }
        options = ["--nologo", "--noversioncheck", "--profiles-path", str(profile), "--profile", "default"]
        command = ["qgis", *options, "--code", str(Path(__file__).with_name("drive.py"))]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400)
        assert report.is_file(), done.stdout + done.stderr
        return json.loads(report.read_text()), picture, done

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
    fake = ROOT / "tests" / "qgis" / "fake_backend.py"
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


@pytest.fixture
def scene(tmp_path):
    """A road through forest as a GeoTIFF, put near the place that the file's name gives."""
    if not SCENE.is_file():
        pytest.skip("needs the demonstration scenes: run scripts/demo")
    path = tmp_path / "yellowstone_road.tif"
    box = [541_000, 4_977_103.5, 541_124.9, 4_977_000]  # 1249 x 1035 pixels of 0.1 m
    gdal.Translate(str(path), str(SCENE), outputBounds=box, outputSRS=UTM12, bandList=[1, 2, 3])
    return path, box


@pytest.mark.skipif(not PYTHON.exists(), reason="needs the environment of the model: run scripts/install")
def test_the_embedded_model_answers_in_the_dock_and_its_polygons_lie_on_the_map(run, scene):
    raster, (left, top, right, bottom) = scene
    report, picture, done = run(raster, ["Segment the road", "Segment the trees"], PYTHON)
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
    if os.environ.get("GEOPIX_SAVE_SCREENSHOT"):
        target = ROOT / "docs" / "images" / "dock.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, target)
