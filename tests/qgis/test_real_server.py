"""The plugin with a real server for other computers and the embedded model."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from qgis.core import QgsApplication

from geopix_qgis import areas, credentials, settings
from geopix_qgis.conversation import Conversation

PYTHON = Path(__file__).resolve().parents[2] / ".venv" / "bin" / "python"
KEY = "a token of the office"
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
    assert QgsApplication.authManager().setMasterPassword("of the test", True)
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
