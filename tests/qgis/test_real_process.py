"""The plugin with the real model process and the embedded model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer

from geopix_qgis import areas, settings
from geopix_qgis.backend_process import State
from geopix_qgis.conversation import Conversation, Phase

PYTHON = Path(__file__).resolve().parents[2] / ".venv" / "bin" / "python"
VIEW = (500_010, 5_399_970, 500_030, 5_399_985)
LIMIT_MS = 120_000

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="needs the environment of the model: run scripts/install")


@pytest.fixture(scope="module")
def journals(tmp_path_factory):
    """Where the model process keeps what it found in large rasters."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("journals")
        patch.setenv("GEOPIX_JOURNALS", str(folder))
        yield folder


@pytest.fixture(scope="module")
def talk(qgis_app, journals):
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


def test_a_file_beyond_any_tile_is_stopped_and_goes_on_where_it_was(
    talk, ask, tmp_path, add_raster, look_at, qtbot, journals
):
    path, side = tmp_path / "huge.tif", 17_000
    options = ["TILED=YES", "SPARSE_OK=YES", "COMPRESS=DEFLATE"]
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), side, side, 3, gdal.GDT_Byte, options)
    dataset.SetGeoTransform((500_000, 0.5, 0, 5_400_000, 0, -0.5))
    dataset.SetProjection(QgsCoordinateReferenceSystem("EPSG:32633").toWkt())
    grain = np.random.default_rng(0).integers(1, 255, (1500, 3000), dtype=np.uint8)
    for band in (1, 2, 3):
        dataset.GetRasterBand(band).SetNoDataValue(0)
        dataset.GetRasterBand(band).WriteArray(grain, 2_000, 100)
    dataset = None
    layer = add_raster(path)
    settings.save(settings.Settings(backend_python=str(PYTHON)))
    progress = []
    talk.progress.connect(lambda *values: progress.append(values))
    assert talk.ask("Segment the buildings", layer, areas.WHOLE_LAYER, look_at(VIEW))
    qtbot.waitUntil(lambda: any(done > 20 for done, *_ in progress), timeout=LIMIT_MS)
    talk.stop()
    qtbot.waitUntil(lambda: not talk.active, timeout=5000)
    assert progress[-1][1] == 51**2 and progress[-1][3] is not None  # windows in all, seconds left
    assert list(journals.glob("*/job.json"))
    turn, problems = ask(layer)
    assert problems == [] and turn.answer.strip() and "this goes on from there" in turn.warning
    assert not list(journals.glob("*/job.json"))  # the answer is whole


def test_polygons_lie_on_the_raster(talk, ask, write_raster, add_raster):
    layer = add_raster(write_raster())
    turn, _ = ask(layer, "Describe this image")
    for result in {turn.result} - {None}:
        assert layer.extent().buffered(0.001).contains(result.layers[0].extent())
    assert QgsProject.instance().mapLayer(layer.id()) is layer
