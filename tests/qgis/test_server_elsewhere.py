"""A model process on another computer: its token comes from QGIS, and it is sent pixels in place of paths."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import QgsApplication

from geopix_qgis import areas, credentials, file_pixels, protocol, settings
from geopix_qgis.backend_process import State, target_if_known, target_of
from geopix_qgis.conversation import Conversation, Phase
from geopix_qgis.endpoint import Endpoint, server_url
from geopix_qgis.errors import BackendError, TileError
from geopix_qgis.health import HealthCheck
from geopix_qgis.raster import select

VIEW = (500_010, 5_399_970, 500_030, 5_399_985)
KEY = "a token of the office"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def unlocked(qgis_app):
    """QGIS's authentication manager, its master password given."""
    manager = QgsApplication.authManager()
    assert not manager.isDisabled() and manager.setMasterPassword("of the test", True)
    return manager


@pytest.fixture
def talk(qgis_app, qgis_new_project):
    talk = Conversation()
    talk.problems = []
    talk.failed.connect(talk.problems.append)
    talk.python_missing.connect(lambda why: talk.problems.append(f"card: {why}"))
    yield talk
    talk.close()


@pytest.fixture
def office(serve, fake, unlocked):
    """A server of the office, named in the settings."""
    server = serve(lambda request: (protocol.encode_event(event) for event in fake.events_for(request)))
    url = f"http://127.0.0.1:{server.port}"
    credentials.keep(url, server.token)
    settings.save(settings.Settings(server_url=url))
    return server


def ask(talk, qtbot, layer, look_at, area=areas.WHOLE_LAYER):
    assert talk.ask("roofs", layer, area, look_at(VIEW)), talk.problems
    qtbot.waitUntil(lambda: not talk.active, timeout=10_000)
    return talk.turns[-1]


def test_pixels_travel_in_place_of_a_path_and_polygons_lie_where_they_do_with_a_path(
    talk, office, qtbot, write_raster, add_raster, look_at, fake_process
):
    layer = add_raster(write_raster())
    turn = ask(talk, qtbot, layer, look_at)
    assert talk.problems == [] and turn.regions == 2
    (request,), (pixels,) = office.requests, office.pixels
    assert isinstance(request.tile, protocol.PixelTile) and request.tile.crs == "EPSG:32633"
    sent = np.frombuffer(pixels, np.uint8).reshape(80, 120, 4)
    there = gdal.Open(layer.source()).ReadAsArray().transpose(1, 2, 0)
    assert (sent[..., 3] == 255).all() and (sent[..., :3] == there).all()
    away = [feature.geometry().asWkt() for feature in turn.result.layers[0].getFeatures()]
    settings.save(settings.Settings())
    talk.process.stop()
    fake_process()
    talk.book.clear()
    near = ask(talk, qtbot, layer, look_at)
    mine = [feature for feature in near.result.layers[0].getFeatures() if feature["turn"] == near.number]
    assert [feature.geometry().asWkt() for feature in mine] == away


def test_a_follow_up_sends_the_pixels_that_were_read_already(
    talk, office, qtbot, write_raster, add_raster, look_at, monkeypatch
):
    layer = add_raster(write_raster())
    ask(talk, qtbot, layer, look_at)
    monkeypatch.setattr(file_pixels, "read", None)
    turn = ask(talk, qtbot, layer, look_at)
    assert turn.problem == "" and office.pixels[0] == office.pixels[1]


def test_a_file_that_cannot_be_read_is_told_and_the_next_question_is_answered(
    talk, office, qtbot, write_raster, add_raster, look_at
):
    path = write_raster("big.tif", width=600, height=600)
    layer = add_raster(path)
    data = path.read_bytes()
    path.write_bytes(data[:200_000])
    turn = ask(talk, qtbot, layer, look_at)
    assert "big.tif" in turn.problem and talk.phase is Phase.ERROR
    path.write_bytes(data)
    assert ask(talk, qtbot, layer, look_at).problem == ""


def test_a_server_that_breaks_off_is_asked_for_anew_and_no_turn_is_lost(
    talk, office, qtbot, write_raster, add_raster, look_at
):
    layer, whole = add_raster(write_raster()), office.answer
    office.answer = lambda request: iter([protocol.encode_event(protocol.TextEvent("half"))])
    turn = ask(talk, qtbot, layer, look_at)
    assert "broke off" in turn.problem and talk.process.state is State.ERROR
    office.answer = whole
    assert ask(talk, qtbot, layer, look_at).problem == ""
    assert talk.turns[0].answer == "half" and talk.process.state is State.READY


def test_a_server_that_is_gone_is_told_and_the_one_that_comes_back_is_used(
    talk, office, qtbot, write_raster, add_raster, look_at
):
    layer, right = add_raster(write_raster()), settings.load()
    with socket.socket() as idle:
        idle.bind(("127.0.0.1", 0))
        wrong = f"http://127.0.0.1:{idle.getsockname()[1]}"
    credentials.keep(wrong, KEY)
    settings.save(settings.Settings(server_url=wrong))
    turn = ask(talk, qtbot, layer, look_at)
    assert "was not reached: nothing listens there" in turn.problem and talk.process.state is State.ERROR
    settings.save(right)
    assert ask(talk, qtbot, layer, look_at).problem == "" and len(talk.turns) == 2


def test_the_token_is_kept_encrypted_and_for_its_own_server_only(unlocked, tmp_path):
    credentials.keep("https://box:1", KEY)
    assert credentials.recall("https://box:1") == KEY
    with pytest.raises(BackendError, match="https://box:2 cannot be read"):
        credentials.recall("https://box:2")
    database = Path(unlocked.authenticationDatabasePath() if hasattr(unlocked, "authenticationDatabasePath") else "")
    assert not database.is_file() or KEY.encode() not in database.read_bytes()
    credentials.forget("https://box:1")
    with pytest.raises(BackendError):
        credentials.recall("https://box:1")


def test_nothing_is_asked_for_while_the_analyst_only_types(unlocked, monkeypatch):
    credentials.keep("https://box:1", KEY)
    choices = settings.Settings(server_url="https://box:1")
    assert target_if_known(choices) == target_of(choices) == Endpoint(0, KEY, "https://box:1")
    monkeypatch.setattr(credentials, "unlocked", lambda: False)
    assert target_if_known(choices) is None


@pytest.mark.parametrize(
    ("typed", "url"),
    [("box:8000", "http://box:8000"), (" https://box/ ", "https://box"), ("10.0.0.3:1", "http://10.0.0.3:1")],
)
def test_addresses_are_tidied_up(typed, url):
    assert server_url(typed) == url


@pytest.mark.parametrize(
    "typed", ["", "ftp://box", "http://", "box:port", "http://user:pw@box", "http://box/?x=1", "box:0"]
)
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(BackendError, match="no address of a server"):
        server_url(typed)


def health_of(endpoint, qtbot):
    check, told = HealthCheck(), []
    check.well.connect(told.append)
    check.failed.connect(told.append)
    check.start(endpoint)
    qtbot.waitUntil(lambda: bool(told), timeout=10_000)
    return told[0]


def test_a_healthy_server_tells_its_device_and_what_is_newer_is_ignored(serve, qtbot):
    server = serve(None)
    health = health_of(Endpoint(0, server.token, f"http://127.0.0.1:{server.port}"), qtbot)
    assert (health.device_name, health.memory_free) == ("Fake 9000", 6 * 2**30)


def test_what_is_wrong_with_a_server_is_said_with_the_next_step(serve, fake, qtbot, monkeypatch):
    server = serve(None)
    url = f"http://127.0.0.1:{server.port}"
    assert "does not accept the token" in health_of(Endpoint(0, "wrong", url), qtbot)
    monkeypatch.setitem(fake.HEALTH, "protocol", 99)
    assert "speaks version 99" in health_of(Endpoint(0, server.token, url), qtbot)
    monkeypatch.delitem(fake.HEALTH, "protocol")
    assert "is no GeoPix" in health_of(Endpoint(0, server.token, url), qtbot)
    assert "https" in health_of(Endpoint(0, server.token, url.replace("http:", "https:")), qtbot)
    with socket.socket() as idle:
        idle.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{idle.getsockname()[1]}"
    assert "nothing listens there" in health_of(Endpoint(0, "x", gone), qtbot)


def read(layer, area, look_at, finest_m=None):
    selection = select(layer, area, look_at(VIEW))
    return file_pixels.read(file_pixels.reading_of(selection, selection.tile, finest_m))


PYTHON = ROOT / ".venv" / "bin" / "python"
BACKEND = """
import json, sys, numpy as np
from geopix_backend.raster import read_tile
kind = json.loads(sys.argv[1])
tile = read_tile(kind["path"], window=tuple(kind["window"]), bands=kind["bands"], stretch=kind["stretch"])
np.savez(sys.argv[2], pixels=tile.pixels, valid=tile.valid, transform=list(tile.transform)[:6])
"""


@pytest.mark.skipif(not PYTHON.exists(), reason="needs the environment of the model: run scripts/install")
@pytest.mark.parametrize(
    "raster",
    [
        {},
        {"bands": 4, "dtype": gdal.GDT_UInt16},
        {"bands": 1, "dtype": gdal.GDT_Float32},
        {"transform": (500_000.0, 0.4, 0.3, 5_400_000.0, 0.3, -0.4)},
    ],
)
def test_the_pixels_that_are_sent_are_those_that_a_process_here_reads(
    raster, write_raster, add_raster, look_at, tmp_path
):
    layer = add_raster(write_raster(**raster))
    selection = select(layer, areas.VIEW, look_at(VIEW))
    tile, pixels = file_pixels.read(file_pixels.reading_of(selection, selection.tile, None))
    path = selection.tile
    kind = {"path": path.path, "window": path.window, "bands": path.bands, "stretch": path.stretch}
    subprocess.run(
        [
            PYTHON,
            "-c",
            BACKEND,
            json.dumps(kind),
            tmp_path / "there.npz",
        ],
        check=True,
        env={name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PROJ"))},
    )
    there = np.load(tmp_path / "there.npz")
    sent = np.frombuffer(pixels, np.uint8).reshape(tile.height, tile.width, 4)
    assert (sent[..., :3].transpose(2, 0, 1) == there["pixels"]).all()
    assert ((sent[..., 3] > 0) == there["valid"]).all()
    assert np.allclose(tile.transform, there["transform"], rtol=0, atol=1e-6)


def test_pixels_that_are_finer_than_the_model_sees_are_averaged(write_raster, add_raster, look_at):
    layer = add_raster(write_raster())  # 0.5 m
    tile, pixels = read(layer, areas.WHOLE_LAYER, look_at, finest_m=1.0)
    assert (tile.width, tile.height) == (60, 40)
    assert np.allclose(tile.transform, (1.0, 0, 500_000, 0, -1.0, 5_400_000), atol=1e-3)
    full = gdal.Open(layer.source()).ReadAsArray()[0].astype(float)
    mean = full.reshape(40, 2, 60, 2).mean(axis=(1, 3))
    sent = np.frombuffer(pixels, np.uint8).reshape(40, 60, 4)[..., 0]
    assert np.abs(sent - mean).max() <= 1


def test_nodata_is_transparent_and_a_palette_is_sent_in_its_colours(write_raster, add_raster, look_at):
    path = write_raster(bands=1)
    dataset = gdal.Open(str(path), gdal.GA_Update)
    band = dataset.GetRasterBand(1)
    band.SetNoDataValue(7)
    dataset = band = None
    layer = add_raster(path)
    _, pixels = read(layer, areas.WHOLE_LAYER, look_at)
    values = gdal.Open(str(path)).ReadAsArray()
    sent = np.frombuffer(pixels, np.uint8).reshape(80, 120, 4)
    assert ((sent[..., 3] == 0) == (values == 7)).all()
    painted = path.with_name("painted.tif")
    table = gdal.ColorTable()
    for number in range(256):
        table.SetColorEntry(number, (number, 255 - number, 3, 255))
    made = gdal.GetDriverByName("GTiff").Create(str(painted), 120, 80, 1)
    made.SetGeoTransform((500_000.0, 0.5, 0.0, 5_400_000.0, 0.0, -0.5))
    made.GetRasterBand(1).SetColorTable(table)
    made.GetRasterBand(1).WriteArray(values)
    made = None
    _, pixels = read(add_raster(painted), areas.WHOLE_LAYER, look_at)
    sent = np.frombuffer(pixels, np.uint8).reshape(80, 120, 4)
    assert (sent[..., 0] == values).all() and (sent[..., 1] == 255 - values).all() and (sent[..., 2] == 3).all()


def test_an_area_that_is_too_large_to_send_is_refused_in_words(write_raster, add_raster, look_at, monkeypatch):
    monkeypatch.setattr(file_pixels, "MAX_SENT_PX", 100)
    with pytest.raises(TileError, match=r"are sent to a server\. Zoom in"):
        read(add_raster(write_raster()), areas.WHOLE_LAYER, look_at)
