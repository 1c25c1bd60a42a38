"""Rasters behind HTTP, their overviews, and damaged ones: what is read, and what is said where it cannot be."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.shutil import copy

from geopix_backend.errors import RasterError
from geopix_backend.raster import read_tile
from geopix_backend.raster_scene import open_scene
from geopix_backend.tiling import Window
from tests.backend.conftest import MakeRaster

ROOT = Path(__file__).resolve().parents[2]
SIDE = 2048


class Files(ThreadingHTTPServer):
    """Serves the files of a folder; ``ranges`` and ``cut`` say how well."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder, self.ranges, self.cut, self.sent = folder, True, False, 0

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Files

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.server.folder / self.path.strip("/")
        if not path.is_file():
            self.send_error(404)
            return
        data, asked = path.read_bytes(), self.headers.get("Range", "")
        first, last = 0, len(data) - 1
        if asked and self.server.ranges:
            begin, _, end = asked.removeprefix("bytes=").partition("-")
            first, last = int(begin), min(int(end or last), last)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        else:
            self.send_response(200)
        if self.server.ranges:
            self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(last + 1 - first))
        self.end_headers()
        if self.command == "GET":
            body = data[first : last + 1]
            far = self.server.cut and first > 0
            self.wfile.write(body[: len(body) // 2] if far else body)
            self.server.sent += len(body)
            self.close_connection = far

    def log_message(self, *args: object) -> None:
        """Quietly."""


@pytest.fixture(scope="module")
def cog(make_raster: MakeRaster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pixels = np.random.default_rng(0).integers(1, 255, (3, SIDE, SIDE), dtype=np.uint8)
    path = tmp_path_factory.mktemp("cog") / "scene.tif"
    copy(make_raster(pixels), path, driver="COG", COMPRESS="DEFLATE", BLOCKSIZE=256, OVERVIEWS="AUTO")
    return path


@pytest.fixture
def files(cog: Path) -> Iterator[Files]:
    server = Files(cog.parent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("prefix", ["", "/vsicurl/"])
def test_a_window_of_a_cog_behind_http_costs_a_window(files: Files, cog: Path, prefix: str) -> None:
    scene = open_scene(prefix + files.url("scene.tif"))
    with scene.reading() as read:
        pixels, valid = read(Window(300, 500, 256, 256))
    assert np.array_equal(pixels, read_tile(cog, window=(500, 300, 256, 256)).pixels) and valid.all()
    assert 0 < files.sent < cog.stat().st_size / 4


def test_overviews_are_read_where_the_working_resolution_is_coarser(tmp_path: Path, make_raster: MakeRaster) -> None:
    path = make_raster(np.full((3, 1024, 1024), 50, np.uint8), tiled=True, blockxsize=256, blockysize=256)
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4])
    with rasterio.open(path, "r+", OVERVIEW_LEVEL=0) as overview:  # marked, so that reading it can be told
        overview.write(np.full((3, 512, 512), 200, np.uint8))
    scene = open_scene(path, gsd_range_m=(1.0, 2.0))  # pixels of 0.5 m
    assert (scene.width, scene.height) == (512, 512)
    with scene.reading() as read:
        assert (read(Window(64, 128, 128, 128))[0] == 200).all()
    assert (read_tile(path, gsd_range_m=(1.0, 2.0)).pixels == 200).all()
    assert (read_tile(path).pixels == 50).all()


def test_parts_of_a_resampled_scene_are_those_of_the_whole(make_raster: MakeRaster) -> None:
    y, x = np.mgrid[:900, :1100]
    path = make_raster(np.repeat((127 + 90 * np.sin(x / 30) * np.cos(y / 40)).astype(np.uint8)[None], 3, axis=0))
    scene = open_scene(path, gsd_range_m=(0.8, 2.0))
    with scene.reading() as read:
        whole = read(Window(0, 0, scene.height, scene.width))[0].astype(int)
        part = read(Window(101, 203, 300, 310))[0].astype(int)
    assert np.abs(part - whole[:, 101:401, 203:513]).max() <= 2


def test_a_file_that_the_server_does_not_have_is_a_clear_error(files: Files) -> None:
    with pytest.raises(RasterError, match=r"missing\.tif cannot be reached or read over the network \(.*404"):
        open_scene(files.url("missing.tif"))


def test_a_server_that_is_not_there_is_a_clear_error() -> None:
    with pytest.raises(RasterError, match="cannot be reached"):
        open_scene("http://127.0.0.1:9/scene.tif")


def test_a_server_without_ranges_is_a_clear_error(files: Files) -> None:
    files.ranges = False
    with pytest.raises(RasterError, match="range requests"):
        scene = open_scene(files.url("scene.tif"))
        with scene.reading() as read:
            read(Window(300, 500, 256, 256))


def test_a_connection_that_breaks_off_is_a_clear_error(files: Files) -> None:
    scene = open_scene(files.url("scene.tif"))
    files.cut = True
    with pytest.raises(RasterError, match="the connection broke off"), scene.reading() as read:
        read(Window(1500, 1500, 256, 256))


FUZZ = """
import sys
from pathlib import Path
from geopix_backend.raster_scene import open_raster_at, open_scene
from geopix_backend.raster_source import KeptOpen
from geopix_backend.tiling import Window
from geopix_model.errors import GeoPixError

refused = read = 0
opener = KeptOpen()  # one for all, as in the model process
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        open_raster_at(path, opener=opener)
        scene = open_scene(path)
        with scene.reading() as part:
            part(Window(0, 0, min(scene.height, 64), min(scene.width, 64)))
        read += 1
    except GeoPixError:
        refused += 1
print(refused, read)
"""


def test_damaged_rasters_are_refused_or_read_and_never_end_the_process(tmp_path: Path, make_raster: MakeRaster) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (3, 90, 120), dtype=np.uint8)
    tif = make_raster(pixels, compress="deflate")
    originals = {
        "a.tif": tif.read_bytes(), "b.tif": make_raster(pixels, tiled=True, blockxsize=32, blockysize=32).read_bytes(),
    }  # fmt: skip
    copy(tif, tmp_path / "scene.vrt", driver="VRT")
    originals["c.vrt"] = (tmp_path / "scene.vrt").read_bytes()
    with rasterio.Env() as env:
        if "JP2OpenJPEG" in env.drivers():
            copy(tif, tmp_path / "scene.jp2", driver="JP2OpenJPEG")
            originals["d.jp2"] = (tmp_path / "scene.jp2").read_bytes()
    assert len(originals) >= 3
    folder, rng = tmp_path / "damaged", np.random.default_rng(2)
    folder.mkdir()
    for name, data in originals.items():
        for number in range(40):
            broken = bytearray(data[: rng.integers(1, len(data))] if number % 2 else data)
            for place in rng.integers(0, len(broken), 1 + number // 4):
                broken[place] = rng.integers(0, 256)
            (folder / f"{number}-{name}").write_bytes(broken)
    done = subprocess.run(
        [sys.executable, "-c", FUZZ, str(folder)], capture_output=True, text=True, cwd=ROOT, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    refused, read = map(int, done.stdout.split())
    assert refused + read == 40 * len(originals) and refused > 20
