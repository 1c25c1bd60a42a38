"""The plugin with the real model process and the embedded model."""

from __future__ import annotations

from pathlib import Path

import pytest
from osgeo import gdal
from qgis.core import QgsProject, QgsRasterLayer

from geopix_qgis import areas, settings
from geopix_qgis.backend_process import State
from geopix_qgis.conversation import Conversation, Phase

PYTHON = Path(__file__).resolve().parents[2] / ".venv" / "bin" / "python"
VIEW = (500_010, 5_399_970, 500_030, 5_399_985)
LIMIT_MS = 120_000

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="needs the environment of the model: run scripts/install")


@pytest.fixture(scope="module")
def talk(qgis_app):
    """One conversation, so that the model is loaded once."""
    talk = Conversation()
    yield talk
    talk.close()


@pytest.fixture
def ask(talk, qtbot, look_at):
    """Asks, waits, and gives (turn, problems)."""

    def ask(layer, prompt="Segment the buildings", area=areas.WHOLE_LAYER):
        settings.save(settings.Settings(backend_python=str(PYTHON), model=ask.model))
        problems = []
        talk.failed.connect(problems.append)
        assert talk.ask(prompt, layer, area, look_at(VIEW)), problems
        qtbot.waitUntil(lambda: not talk.active, timeout=LIMIT_MS)
        qtbot.wait(30)
        talk.failed.disconnect(problems.append)
        return talk.turns[-1], problems

    ask.model = "nano"
    return ask


def test_the_embedded_model_answers_and_names_itself(talk, ask, write_raster, add_raster):
    turn, problems = ask(add_raster(write_raster()))
    assert problems == [] and talk.phase is Phase.IDLE
    assert turn.answer.strip()
    assert "nano" in turn.footer
    assert talk.process.state is State.READY


def test_a_view_is_answered_as_well(ask, write_raster, add_raster):
    turn, problems = ask(add_raster(write_raster()), area=areas.VIEW)
    assert problems == [] and turn.answer.strip()


def test_sixteen_bits_one_band_and_pixels_from_memory_are_answered(ask, write_raster, add_raster):
    for path in (
        write_raster("sixteen.tif", bands=4, dtype=gdal.GDT_UInt16),
        write_raster("one.tif", bands=1),
    ):
        turn, problems = ask(add_raster(path))
        assert problems == [] and turn.answer.strip()
    gdal.GetDriverByName("GTiff").CreateCopy("/vsimem/scene.tif", gdal.Open(str(write_raster())))
    turn, problems = ask(QgsRasterLayer("/vsimem/scene.tif", "memory"))
    gdal.Unlink("/vsimem/scene.tif")
    assert problems == [] and turn.answer.strip()


def test_a_raster_without_crs_is_answered_with_a_warning(ask, write_raster, add_raster):
    turn, problems = ask(add_raster(write_raster(transform=None, crs="")))
    assert problems == [] and turn.answer.strip()
    assert "pixel coordinates" in turn.warning


def test_a_raster_that_was_truncated_under_way_is_told_and_the_process_lives(
    talk, ask, tmp_path, write_raster, add_raster
):
    path = write_raster("big.tif", width=600, height=600)
    layer = add_raster(path)
    path.write_bytes(path.read_bytes()[:200_000])
    turn, problems = ask(layer)
    assert len(problems) == 1 and "big.tif" in problems[0]
    assert talk.process.state is State.READY and turn.problem == problems[0]


def test_an_unknown_model_is_told_with_the_models_that_there_are(talk, ask, write_raster, add_raster):
    ask.model = "colossus"
    _, problems = ask(add_raster(write_raster()))
    assert len(problems) == 1 and "colossus" in problems[0] and "nano" in problems[0]


def test_stop_leaves_the_process_ready_for_the_next_question(talk, ask, write_raster, add_raster, look_at, qtbot):
    layer = add_raster(write_raster("large.tif", width=3000, height=3000))
    settings.save(settings.Settings(backend_python=str(PYTHON)))
    assert talk.ask("Segment the buildings", layer, areas.WHOLE_LAYER, look_at(VIEW))
    qtbot.waitUntil(lambda: talk.phase is Phase.ASKING, timeout=LIMIT_MS)
    qtbot.wait(500)
    talk.stop()
    qtbot.waitUntil(lambda: not talk.active, timeout=2000)
    assert talk.phase is Phase.STOPPED
    turn, problems = ask(add_raster(write_raster()))
    assert problems == [] and turn.answer.strip()


def test_polygons_lie_on_the_raster(talk, ask, write_raster, add_raster):
    layer = add_raster(write_raster())
    turn, _ = ask(layer, "Describe this image")
    for result in {turn.result} - {None}:
        assert layer.extent().buffered(0.001).contains(result.layers[0].extent())
    assert QgsProject.instance().mapLayer(layer.id()) is layer
