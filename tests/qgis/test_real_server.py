"""The plugin with a real server for other computers and the embedded model: dock, Processing, ``qgis_process``."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
    QgsVectorLayer,
)

from geopix_qgis import areas, credentials, settings
from geopix_qgis.conversation import Conversation
from geopix_qgis.processing.provider import GeoPixProvider

PYTHON = Path(__file__).resolve().parents[2] / ".venv" / "bin" / "python"
ROOT = PYTHON.parents[2]
PROGRAM = shutil.which("qgis_process.bin") or shutil.which("qgis_process")
KEY = "a token of the office"
MASTER = "of the test"
# What the analyst has done once in the dock, in a QGIS of this profile: Use a server..., with its token.
USE_SERVER = """
import sys
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication
url, key, master = sys.argv[1:]
QCoreApplication.setOrganizationName("QGIS")
QCoreApplication.setApplicationName("QGIS3")
application = QgsApplication([], False)
application.initQgis()
from geopix_qgis import credentials, settings
assert QgsApplication.authManager().setMasterPassword(master, False)
credentials.keep(url, key)
settings.save(settings.Settings(server_url=url))
application.exitQgis()
"""
LIMIT_MS = 120_000

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="needs the environment of the model: run scripts/install")


@pytest.fixture
def url(qgis_app):
    """Address of ``geopix serve`` for all addresses of this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PROJ", "GEOPIX"))}
    command = [PYTHON, "-m", "geopix_backend.cli", "serve", "--host", "0.0.0.0", "--parent-stdin"]
    pipe = subprocess.PIPE
    server = subprocess.Popen(command, stdin=pipe, stdout=pipe, env={**kept, "GEOPIX_TOKEN": KEY}, text=True)
    yield f"http://127.0.0.1:{json.loads(server.stdout.readline())['port']}"
    server.stdin.close()
    server.wait(30)


def test_a_file_of_this_machine_is_asked_about_on_a_server_that_cannot_see_it(
    url, qtbot, qgis_new_project, write_raster, add_raster, look_at
):
    assert QgsApplication.authManager().setMasterPassword(MASTER, True)
    credentials.keep(url, KEY)
    settings.save(settings.Settings(server_url=url))
    talk, problems = Conversation(), []
    talk.failed.connect(problems.append)
    layer = add_raster(write_raster(width=400, height=300))
    for prompt in ("Segment the buildings", "Where is water?"):
        assert talk.ask(prompt, layer, areas.WHOLE_LAYER, look_at((0, 0, 1, 1))), problems
        qtbot.waitUntil(lambda: not talk.active, timeout=LIMIT_MS)
        turn = talk.turns[-1]
        assert problems == [] and turn.answer.strip() and "nano" in turn.footer
        for result in {turn.result} - {None}:
            assert layer.extent().buffered(0.001).contains(result.layers[0].extent())
    assert talk.facts is not None and talk.process.server == url
    talk.close()


class Log(QgsProcessingFeedback):
    """Remembers what an algorithm says."""

    def __init__(self):
        super().__init__(False)
        self.said = []

    def pushInfo(self, info):
        self.said.append(info)

    def reportError(self, error, fatalError=False):
        self.said.append(error)


@pytest.fixture
def segment(qgis_app, qgis_new_project, qtbot):
    """Runs geopix:segment in a thread of QGIS, as the toolbox does; gives (worked, outputs, context, log)."""
    provider = GeoPixProvider(lambda: None)
    registry = QgsApplication.processingRegistry()
    registry.addProvider(provider)

    def run(**wanted):
        context, log, done = QgsProcessingContext(), Log(), []
        context.setProject(QgsProject.instance())
        algorithm = registry.algorithmById("geopix:segment").create()
        task = QgsProcessingAlgRunnerTask(algorithm, {"OUTPUT": "TEMPORARY_OUTPUT", **wanted}, context, log)
        task.executed.connect(lambda ok, outputs: done.append((ok, outputs)))
        QgsApplication.taskManager().addTask(task)
        qtbot.waitUntil(lambda: bool(done), timeout=LIMIT_MS)
        return (*done[0], context, log)

    yield run
    registry.removeProvider(provider)


def test_the_toolbox_asks_the_server_and_starts_no_process_here(url, segment, write_raster, monkeypatch, tmp_path):
    monkeypatch.setenv("GEOPIX_BACKEND_PYTHON", str(tmp_path / "nowhere"))  # here there is none
    assert QgsApplication.authManager().setMasterPassword(MASTER, True)
    credentials.keep(url, KEY)
    settings.save(settings.Settings(server_url=url))
    raster = write_raster(width=400, height=300)
    worked, outputs, context, log = segment(RASTER=str(raster), PROMPT="Describe this image")
    assert worked, log.said
    assert any(re.search(r"nano \w+ on (cpu|cuda)", line) for line in log.said)
    assert f"Questions and their pixels go to {url}." in log.said
    layer = context.takeResultLayer(outputs["OUTPUT"])
    assert layer.featureCount() == outputs["COUNT"] and layer.crs().authid() == "EPSG:32633"

    credentials.keep(url, "another token, as long")
    worked, _, _, log = segment(RASTER=str(raster), PROMPT="Describe this image")
    assert not worked and any("does not accept the token" in line for line in log.said), log.said
    credentials.forget(url)
    worked, _, _, log = segment(RASTER=str(raster), PROMPT="Describe this image")
    assert not worked and any("Open Use a server" in line for line in log.said), log.said


@pytest.fixture
def profile(url, tmp_path):
    """A QGIS profile with this plugin, in which the server is chosen; gives the environment that qgis_process needs."""
    home = tmp_path / "profile" / "profiles" / "default"
    (home / "python" / "plugins").mkdir(parents=True)
    (home / "python" / "plugins" / "geopix_qgis").symlink_to(ROOT / "geopix_qgis")
    password = tmp_path / "password"
    password.write_text(MASTER)
    variables = {
        "QGIS_CUSTOM_CONFIG_PATH": str(tmp_path / "profile"),
        "QT_QPA_PLATFORM": "offscreen",
        "GEOPIX_BACKEND_PYTHON": str(tmp_path / "nowhere"),  # here there is none
    }
    environment = {**os.environ, **variables}
    made = [sys.executable, "-c", USE_SERVER, url, KEY, MASTER]
    there = {**environment, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(made, env=there, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    subprocess.run([PROGRAM, "plugins", "enable", "geopix_qgis"], env=environment, capture_output=True, check=True)
    return {**environment, "QGIS_AUTH_PASSWORD_FILE": str(password)}


@pytest.mark.skipif(PROGRAM is None, reason="needs qgis_process: install the package qgis")
def test_qgis_process_asks_the_server_with_the_token_of_the_profile(profile, write_raster, tmp_path):
    target = tmp_path / "found.gpkg"
    command = [PROGRAM, "run", "geopix:segment", "--", f"RASTER={write_raster(width=400, height=300)}"]
    command += ["PROMPT=Describe this image", f"OUTPUT={target}"]
    done = subprocess.run(command, env=profile, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"nano \w+ on (cpu|cuda)", done.stdout)
    (count,) = re.findall(r"COUNT:\s+(\d+)", done.stdout)
    assert QgsVectorLayer(str(target), "", "ogr").featureCount() == int(count)

    locked = {name: value for name, value in profile.items() if name != "QGIS_AUTH_PASSWORD_FILE"}
    done = subprocess.run(command, env=locked, capture_output=True, text=True, timeout=200)
    assert done.returncode != 0 and "QGIS_AUTH_PASSWORD_FILE" in done.stdout + done.stderr
