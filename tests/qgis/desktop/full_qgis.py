"""A whole QGIS on a screen of its own: Xvfb, a throw-away profile with the plugin, and a script that runs inside.

The tests beside this file and ``scripts/screenshots`` start QGIS with it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from osgeo import gdal

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
PYTHON = ROOT / ".venv" / "bin" / "python"
SCENE = ROOT / ".cache" / "scenes" / "2019_YELL_2_541000_4977000_image_crop.png"  # scripts/demo fetches it
BUNDLE = ROOT / ".cache" / "bundle"  # an offline bundle; scripts/screenshots makes it
SCENE_BOX = (541_000.0, 4_977_103.5, 541_124.9, 4_977_000.0)  # left, top, right, bottom: 1249 x 1035 pixels of 0.1 m
SCENE_CRS = "EPSG:32612"
NEEDED = ("qgis", "Xvfb", "openbox")


def missing() -> list[str]:
    """Programs that are needed and not installed."""
    return [name for name in NEEDED if shutil.which(name) is None]


@contextmanager
def screen() -> Iterator[str]:
    """The name of a screen of 1400 x 900 pixels with a window manager, without which dialogs and docks misbehave."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as lines:
        name = f":{lines.readline().strip()}"
    manager = subprocess.Popen(["openbox"], env={**os.environ, "DISPLAY": name}, stderr=subprocess.DEVNULL)
    try:
        yield name
    finally:
        for child in (manager, server):
            child.terminate()
            child.wait()


def make_profile(folder: Path, theme: str = "", language: str = "en") -> Path:
    """A QGIS profile in which the plugin of this repository is switched on, in a theme of QGIS or the default one."""
    home = folder / "profiles" / "default"
    (home / "python" / "plugins").mkdir(parents=True)
    (home / "QGIS").mkdir()
    (home / "python" / "plugins" / "geopix_qgis").symlink_to(ROOT / "geopix_qgis")
    settings = "[PythonPlugins]\ngeopix_qgis=true\n\n[qgis]\nshowTips=false\n"
    settings += f"\n[locale]\noverrideFlag=true\nuserLocale={language}\n"
    if theme:
        settings += f"\n[UI]\nUITheme={theme}\n"
    (home / "QGIS" / "QGIS3.ini").write_text(settings)
    return folder


def place_scene(path: Path) -> Path:
    """Writes the road through forest as a GeoTIFF, put near the place that the file's name gives."""
    gdal.Translate(str(path), str(SCENE), outputBounds=list(SCENE_BOX), outputSRS=SCENE_CRS, bandList=[1, 2, 3])
    return path


def run(
    script: Path,
    job: dict[str, Any],
    folder: Path,
    display: str,
    profile: Path,
    python: Path = PYTHON,
    limit_s: int = 400,
    **more: str,
) -> tuple[dict[str, Any], subprocess.CompletedProcess[str]]:
    """Runs a script inside QGIS; gives its report and how QGIS ended.

    Args:
        script: Reads its job and writes its report by way of ``steps``.
        job: What it is to do.
        folder: For the job and the report.
        display: As ``screen`` gives it.
        profile: As ``make_profile`` gives it.
        python: Of the model process.
        limit_s: QGIS is ended when it takes longer.
        more: Further variables of its environment.

    Raises:
        RuntimeError: If QGIS ended without a report, with what it said.
        subprocess.TimeoutExpired: If it took longer than ``limit_s``.
    """
    (folder / "job.json").write_text(json.dumps({**job, "report": str(folder / "report.json")}))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("QT_", "PYTEST", "PYTHON"))}
    environment = {
        **kept,
        "DISPLAY": display,
        "GEOPIX_JOB": str(folder / "job.json"),
        "GEOPIX_BACKEND_PYTHON": str(python),
        "PYTHONPATH": str(HERE),  # where the script finds ``steps``
        **more,
    }
    options = ["--nologo", "--noversioncheck", "--profiles-path", str(profile), "--profile", "default"]
    command = ["qgis", *options, "--code", str(script)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=limit_s)
    if not (folder / "report.json").is_file():
        raise RuntimeError(f"QGIS ended with code {done.returncode} and without a report:\n{done.stdout}{done.stderr}")
    return json.loads((folder / "report.json").read_text()), done
