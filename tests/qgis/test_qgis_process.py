"""``qgis_process`` from the command line: no GUI, the real plugin, the real model process with the embedded model."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest
from qgis.core import QgsVectorLayer

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv" / "bin" / "python"
PROGRAM = shutil.which("qgis_process.bin") or shutil.which("qgis_process")

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="needs qgis_process: install the package qgis"),
    pytest.mark.skipif(not PYTHON.exists(), reason="needs the environment of the model: run scripts/install"),
]


@pytest.fixture
def qgis_process(monkeypatch):
    """Runs a command; gives what it did, and checks that no process of it is left."""
    mark = uuid.uuid4().hex
    monkeypatch.setenv("GEOPIX_MARK", mark)  # the model process keeps variables with this beginning
    monkeypatch.setenv("GEOPIX_BACKEND_PYTHON", str(PYTHON))

    def run(*words):
        done = subprocess.run([ROOT / "scripts" / "qgis_process", *words], capture_output=True, text=True, timeout=200)
        assert left_with(mark) == []
        return done

    yield run


def left_with(mark):
    """Other processes with a mark in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
        except OSError:  # it has just ended, or is another user's
            continue
        if f"GEOPIX_MARK={mark}".encode() in environment and int(process.name) != os.getpid():
            found.append(process.name)
    return found


def test_segment_runs_without_a_gui(qgis_process, write_raster, tmp_path):
    target = tmp_path / "found.gpkg"
    done = qgis_process(
        "run", "geopix:segment", "--",
        f"RASTER={write_raster(width=400, height=300)}", "PROMPT=Describe this image", f"OUTPUT={target}",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "400 x 300 pixels of scene" in done.stdout
    assert re.search(r"nano \w+ on (cpu|cuda)", done.stdout)
    (count,) = re.findall(r"COUNT:\s+(\d+)", done.stdout)
    layer = QgsVectorLayer(str(target), "", "ogr")
    assert layer.isValid() and layer.featureCount() == int(count)


def test_what_fails_is_told_and_the_exit_code_says_so(qgis_process, write_raster, tmp_path, monkeypatch):
    monkeypatch.setenv("GEOPIX_BACKEND_PYTHON", str(tmp_path / "nowhere"))
    done = qgis_process(
        "run", "geopix:segment", "--", f"RASTER={write_raster()}", "PROMPT=x", f"OUTPUT={tmp_path / 'found.gpkg'}"
    )
    assert done.returncode != 0
    assert "does not exist" in done.stdout + done.stderr
    assert not (tmp_path / "found.gpkg").exists()
