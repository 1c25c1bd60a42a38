"""Bad input gives exit code 2 (or an HTTP 4xx), one sentence, and no partial file; odd but good input an answer."""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rasterio.enums import ColorInterp

from geopix_backend import models
from geopix_backend.cli import main
from geopix_model import registry
from geopix_qgis import bodies
from geopix_qgis import protocol as wire
from tests.backend.fakes import FakePredictor, bright
from tests.backend.running import Running

from .conftest import MakeRaster

ROOT = Path(__file__).parents[2]
REAL_LOAD = models.load
Refused = Callable[..., str]
BLOCK = np.zeros((40, 50), np.uint8)
BLOCK[10:20, 10:30] = 255


def damaged(path: Path, kind: str) -> Path:
    """A raster that is missing, no raster, empty, or cut off."""
    if kind == "missing":
        path.unlink()
    else:
        data = path.read_bytes()
        path.write_bytes({"corrupt": b"\x49\x49" + bytes(200), "empty": b"", "truncated": data[: len(data) // 2]}[kind])
    return path


@pytest.fixture(autouse=True)
def fake_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geopix_backend.models.load", lambda name, device, precision: FakePredictor(bright))


@pytest.fixture
def real_model(fake_model: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geopix_backend.models.load", REAL_LOAD)


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Refused:
    """A function that runs the command and gives the one sentence with which it must refuse."""

    def run(*arguments: object) -> str:
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        assert main([str(argument) for argument in arguments]) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.startswith("geopix: ") and len(err.splitlines()) == 1 and len(err) > 30, (out, err)
        assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
        return err

    return run


@pytest.fixture
def answered(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[str, str]]:
    """A function that runs the command, which must succeed, and gives what it printed and its warnings."""

    def run(*arguments: object) -> tuple[str, str]:
        assert main([str(argument) for argument in arguments]) == 0
        return capsys.readouterr()

    return run


# -- rasters


@pytest.mark.parametrize(
    ("kind", "said"),
    [("missing", "no raster at"), ("corrupt", "scene.tif"), ("empty", "empty (0 bytes)"), ("truncated", "truncated")],
)
def test_a_damaged_raster_is_refused(
    kind: str, said: str, make_raster: MakeRaster, refused: Refused, tmp_path: Path
) -> None:
    assert said in refused("ask", damaged(make_raster(), kind), "x", "-o", tmp_path / "a.gpkg")


def test_complex_numbers_are_refused(make_raster: MakeRaster, refused: Refused) -> None:
    assert "complex" in refused("ask", make_raster(BLOCK.astype(np.complex64)), "x")


@pytest.mark.parametrize("bands", [1, 2, 4, 200])
def test_any_number_of_bands_is_shown(bands: int, make_raster: MakeRaster, answered: Callable[..., Any]) -> None:
    colours = (ColorInterp.gray, ColorInterp.alpha) if bands == 2 else None
    raster = make_raster(np.stack([BLOCK, np.full_like(BLOCK, 255)] if bands == 2 else [BLOCK] * bands),
                         interpretation=colours)  # fmt: skip
    assert answered("ask", raster, "x")[0].startswith("There are 1 buildings, 50 m².")


@pytest.mark.parametrize("dtype", ["uint16", "float32", "int16"])
def test_values_beyond_eight_bits_are_stretched(
    dtype: str, make_raster: MakeRaster, answered: Callable[..., Any]
) -> None:
    out, _ = answered("ask", make_raster(BLOCK.astype(dtype) * 10), "x")
    assert out.startswith("There are 1 buildings, 50 m².")


def test_a_palette_is_shown_in_its_colours(make_raster: MakeRaster, answered: Callable[..., Any]) -> None:
    raster = make_raster(BLOCK // 255, colours={0: (0, 0, 0, 255), 1: (255, 255, 255, 255)})
    assert answered("ask", raster, "x")[0].startswith("There are 1 buildings, 50 m².")


@pytest.mark.parametrize("hole", ["nan", "nodata"])
def test_where_nothing_is_valid_nothing_is_found_and_a_warning_says_why(
    hole: str, make_raster: MakeRaster, answered: Callable[..., Any]
) -> None:
    pixels = np.full((40, 50), np.nan if hole == "nan" else 7, np.float32)
    out, err = answered("ask", make_raster(pixels, nodata=7), "x")
    assert out == "Nothing was found.\n" and "no valid pixel" in err


def test_nan_is_in_no_region(make_raster: MakeRaster, answered: Callable[..., Any]) -> None:
    pixels = BLOCK.astype(np.float32)
    pixels[:, :20] = np.nan
    assert answered("ask", make_raster(pixels), "x")[0].startswith("There are 1 buildings, 25 m².")


def test_without_crs_pixels_are_the_coordinates_and_a_box_elsewhere_is_refused(
    make_raster: MakeRaster, answered: Callable[..., Any], refused: Refused, tmp_path: Path
) -> None:
    raster = make_raster(BLOCK, crs=None)
    out, err = answered("ask", raster, "x")
    assert out.startswith("There are 1 buildings, 200 px.") and "warning: " in err
    assert "CRS" in refused("ask", raster, "x", "--bbox", "1,2,3,4", "--bbox-crs", "EPSG:4326")
    assert "GeoJSON" in refused("ask", raster, "x", "-o", tmp_path / "a.geojson")


# -- extents, prompts, models


@pytest.mark.parametrize(
    "part",
    [["--bbox", "0,0,1,1"], ["--bbox", "400025,4999980,400000,5000000"], ["--bbox", "-1,2,3"], ["--bbox", "a,b,c,d"],
     ["--bbox", "nan,0,1,1"], ["--bbox", "1,2,3,4", "--bbox-crs", "EPSG:99999"], ["--bbox-crs", "EPSG:4326"],
     ["--tile", "1/2"], ["--tile", "1/7/0"], ["--tile", "x/y/z"], ["--tile", "10/0/0"], ["--tile", ""],
     ["--point", "0,0"], ["--point", "200,95"], ["--point", "1"], ["--size-m", "0"], ["--size-m", "-3"],
     ["--bands", "1,2"], ["--bands", "1,2,9"], ["--bands", "r,g,b"], ["--min-score", "1.5"], ["--min-score", "high"],
     ["--tile", "0/0/0", "--bbox", "1,2,3,4"]],
    ids=" ".join,
)  # fmt: skip
def test_a_place_or_option_that_makes_no_sense_is_refused(
    part: list[str], make_raster: MakeRaster, refused: Refused
) -> None:
    refused("ask", make_raster(), "x", *part)


@pytest.mark.parametrize(("prompt", "said"), [("", "empty"), (" \t", "empty"), ("x" * 100_000, "100000 characters")])
def test_a_prompt_that_is_empty_or_endless_is_refused(
    prompt: str, said: str, make_raster: MakeRaster, refused: Refused
) -> None:
    assert said in refused("ask", make_raster(), prompt)


@pytest.mark.usefixtures("real_model")
def test_an_unknown_model_or_device_is_refused(make_raster: MakeRaster, refused: Refused) -> None:
    assert "nano" in refused("ask", make_raster(), "x", "--model", "giant")
    assert "tpu" in refused("ask", make_raster(), "x", "--device", "tpu")


@pytest.mark.usefixtures("real_model")
@pytest.mark.parametrize("kind", ["missing", "truncated", "other"])
def test_a_damaged_model_is_refused(
    kind: str, make_raster: MakeRaster, refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    for source in registry.NANO.folder.iterdir():
        data = source.read_bytes()
        if source.suffix == ".safetensors":
            # Eight bytes of length and the JSON header of a file that holds no tensor.
            data = {"missing": b"", "truncated": data[: len(data) // 2], "other": b"\x02" + bytes(7) + b"{}"}[kind]
        if data:
            (folder / source.name).write_bytes(data)
    monkeypatch.setattr(registry, "NANO", dataclasses.replace(registry.NANO, folder=folder))
    refused("ask", make_raster(), "x", "-o", tmp_path / "a.gpkg")


# -- outputs


@pytest.mark.parametrize("name", ["none/a.gpkg", "a.xyz", "a", "there.gpkg", "folder.shp"])
@pytest.mark.parametrize("option", ["-o", "--overlay"])
def test_an_output_that_cannot_be_written_is_refused(
    name: str, option: str, make_raster: MakeRaster, refused: Refused, tmp_path: Path
) -> None:
    (tmp_path / "there.gpkg").write_bytes(b"precious")
    (tmp_path / "there.png").write_bytes(b"precious")
    (tmp_path / "folder.shp").mkdir()
    (tmp_path / "folder.png").mkdir()
    target = tmp_path / (name if option == "-o" else name.replace(".gpkg", ".png").replace(".shp", ".png"))
    refused("ask", make_raster(), "x", option, target)
    assert (tmp_path / "there.gpkg").read_bytes() == b"precious"


def test_a_folder_that_is_not_writable_is_refused(make_raster: MakeRaster, refused: Refused) -> None:
    for option, target in (("-o", "/proc/a.gpkg"), ("--overlay", "/proc/a.png")):  # not even root writes there
        arguments = ["ask", make_raster(), "x", option, target]
        assert main([str(argument) for argument in arguments]) == 2


@pytest.mark.parametrize("name", ["a.gpkg", "a.shp", "a.geojson", "a.fgb", "a.png"])
def test_a_full_disk_leaves_the_old_file_and_no_other(name: str, make_raster: MakeRaster, tmp_path: Path) -> None:
    old = tmp_path / name
    old.write_bytes(b"old")
    option = "--overlay" if name.endswith(".png") else "-o"
    script = (
        "import resource, signal, sys\n"
        "import geopix_backend.models as m; from tests.backend.fakes import *\n"
        "m.load = lambda name, device, precision: FakePredictor(bright)\n"
        "from geopix_backend.cli import main\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"  # as a disk with room for 100 bytes
        "sys.exit(main(sys.argv[1:]))"
    )
    arguments = ["ask", make_raster(BLOCK), "x", option, old, "--overwrite"]
    paths = os.pathsep.join(str(ROOT / part) for part in (".", "backend", "model"))
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("geopix: ") and len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == [name] and old.read_bytes() == b"old"


def test_a_taken_port_is_refused(refused: Refused) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"Port {port}" in refused("serve", "--port", port)


# -- the same over HTTP


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    running = Running(lambda name: FakePredictor(bright))
    yield running
    running.close()


def post(server: Running, body: object, content_type: str = wire.JSON_TYPE) -> tuple[int, str, str]:
    """(status, code, message) of a refusal."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    reply = server.http.post("/v1/ask", content=content, headers={"content-type": content_type})
    said = reply.json()
    assert set(said) == {"code", "message"} and "\n" not in said["message"] and len(said["message"]) > 20
    return reply.status_code, said["code"], said["message"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"prompt": ""}, 400, "prompt"),
        ({"prompt": "x" * 100_000}, 400, "prompt"),
        ({"prompt": 5}, 400, "prompt"),
        ({"model": "giant"}, 404, "unknown_model"),
        ({"model": ["nano"]}, 404, "unknown_model"),
        ({"min_score": 7}, 400, "request"),
        ({"turn": "one"}, 400, "request"),
        ({"history": 5}, 400, "request"),
        ({"history": [{"prompt": 1, "answer": 2}]}, 400, "request"),
        ({"history": "text"}, 400, "request"),
        ({"surprise": 1}, 400, "request"),
        ({"tile": None}, 400, "request"),
        ({"tile": {"kind": "path", "path": 5}}, 400, "request"),
        ({"tile": {"kind": "path", "path": "/nowhere/a.tif"}}, 400, "raster"),
        ({"tile": {"kind": "path", "path": ""}}, 400, "raster"),
        ({"tile": {"kind": "cloud"}}, 400, "request"),
        ({"window": [1000, 0, 10, 10]}, 400, "extent"),
        ({"window": [0, 0, 0, 10]}, 400, "extent"),
        ({"window": [0, 0, 10]}, 400, "request"),
        ({"window": "all"}, 400, "request"),
        ({"bands": [1, 2]}, 400, "request"),
    ],
    ids=str,
)
def test_http_refuses_before_the_stream_begins(
    server: Running, make_raster: MakeRaster, change: dict[str, Any], status: int, code: str
) -> None:
    request = wire.request_to_dict(wire.AskRequest("x", wire.PathTile(str(make_raster()))))
    tile = {name: change[name] for name in ("window", "bands") if name in change}
    request["tile"].update(tile)
    request.update({name: value for name, value in change.items() if name not in tile})
    assert post(server, request)[:2] == (status, code)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"", wire.JSON_TYPE), (b"not json", wire.JSON_TYPE), (b"[]", wire.JSON_TYPE), (b"[" * 50_000, wire.JSON_TYPE),
     (b"\xff\xfe", wire.JSON_TYPE), (b"", bodies.FRAME_TYPE), (b"\0\0\0\2{}", bodies.FRAME_TYPE),
     (b"\xff\xff\xff\xff{}", bodies.FRAME_TYPE)],
    ids=repr,
)  # fmt: skip
def test_http_refuses_what_is_no_request(server: Running, body: bytes, content_type: str) -> None:
    assert post(server, body, content_type)[:2] == (400, "request")


@pytest.mark.parametrize(
    ("tile", "code"),
    [
        (wire.PixelTile(0, 4, (1, 0, 0, 0, -1, 0)), "raster"),
        (wire.PixelTile(4, 4, (0, 0, 0, 0, 0, 0)), "raster"),
        (wire.PixelTile(4, 4, (1, 0, 0, 0, -1, 0), "EPSG:99999"), "raster"),
        (wire.PixelTile(4, 4, (1, 0, 0)), "request"),  # type: ignore[arg-type]
        (wire.PixelTile(-4, -4, (1, 0, 0, 0, -1, 0)), "raster"),
    ],
)
def test_http_refuses_pixels_without_a_place(server: Running, tile: wire.PixelTile, code: str) -> None:
    content_type, body = bodies.encode_request(wire.AskRequest("x", tile), bytes(tile.width * tile.height * 4))
    assert post(server, body, content_type)[:2] == (400, code)


def test_http_refuses_pixels_that_did_not_come(server: Running) -> None:
    request = wire.request_to_dict(wire.AskRequest("x", wire.PixelTile(4, 4, (1, 0, 0, 0, -1, 0))))
    assert post(server, request)[:2] == (400, "request")


def test_http_refuses_a_body_that_is_too_long_announced_or_not(server: Running) -> None:
    assert post(server, bytes(300_000))[:2] == (413, "too_large")
    pieces = server.http.post("/v1/ask", content=(bytes(50_000) for _ in range(6)))
    assert pieces.status_code == 413


def test_a_raster_that_breaks_off_ends_the_stream_with_an_error(server: Running, make_raster: MakeRaster) -> None:
    raster = damaged(make_raster(), "truncated")
    *_, last = server.ask(wire.AskRequest("x", wire.PathTile(str(raster))))
    assert isinstance(last, wire.ErrorEvent) and last.code == "raster" and "truncated" in last.message
