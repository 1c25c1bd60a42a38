"""Benchmark 3: how long pixels take from the one that has them to the server, with the real one on this machine.

The clock runs until the server has said that it holds the pixels.  Ours is asked a question: it checks the request,
waits for the model's thread, finds place, resolution and valid pixels, and says so in its ``tile`` event.  The peers
send what others send, to the same kind of server (FastAPI, uvicorn), which makes an array of it and answers with a few
bytes.

Rendered pixels: shared memory against a PNG in a POST.  A file: its path against reading it and posting raw pixels, the
file open on both sides.  Twice: about the place that was asked about before, as in a conversation, where either side
has the decoded blocks; and about another place each time.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import httpx
import numpy as np
import rasterio
from fastapi import Request
from numpy.typing import NDArray
from PIL import Image
from rasterio.windows import Window

from benchmarks.rows import Row, alternated, at_least, missing
from geopix_qgis import protocol as wire
from geopix_qgis.handover import Handover

GOAL_PNG, GOAL_RAW = 8.0, 5.0
SIDES = (1024, 4096)
FILE_SIDE = 8192
TOKEN = "benchmark"
PLACE = (0.5, 0.0, 400_000.0, 0.0, -0.5, 5_000_000.0)


def rows(quick: bool) -> list[Row]:
    """Shared memory against PNG, path and window against reading and posting raw."""
    found = []
    try:
        with tempfile.TemporaryDirectory() as folder, _server() as http:
            path = _raster(Path(folder) / "scene.tif", FILE_SIDE)
            for side in SIDES:
                found += _compared(http, path, side, 15 if side < 4096 else (3 if quick else 5))
    except (ImportError, RuntimeError) as error:
        found.append(missing("transport", GOAL_PNG, error))
    return found


def _compared(http: httpx.Client, path: Path, side: int, repeats: int) -> list[Row]:
    with rasterio.open(path) as dataset:
        colours = dataset.read(window=Window(0, 0, side, side))
    rgba = np.concatenate([colours, np.full((1, side, side), 255, np.uint8)]).transpose(1, 2, 0).copy()
    number = count()

    def rendered() -> bytes:
        rgba[0, :4, 0] = np.frombuffer(next(number).to_bytes(4, "big"), np.uint8)  # never the picture before
        return rgba.tobytes()

    def place() -> tuple[int, int]:
        step = next(number) * 64 % (FILE_SIDE - side)
        return step, step

    def ask_at(at: tuple[int, int]) -> float:
        return _ask(http, wire.PathTile(str(path), (*at, side, side)))

    opened = rasterio.open(path)
    again = place()
    seconds = (
        alternated(
            {
                "ours, shared memory": _timed(lambda: rendered(), lambda pixels: _ask(http, _pixels(side), pixels)),
                "PNG": _timed(lambda: rendered(), lambda pixels: _post_png(http, pixels, side)),
                "raw pixels": _timed(lambda: rendered(), lambda pixels: _post_raw(http, pixels, side)),
            },
            repeats,
        )
        | alternated(
            {
                "ours, path and window, elsewhere": _timed(place, ask_at),
                "read, then raw, elsewhere": _timed(place, lambda at: _read_and_post(http, opened, at, side)),
            },
            repeats,
        )
        | alternated(
            {
                "ours, path and window": _timed(lambda: again, ask_at),
                "read, then raw": _timed(lambda: again, lambda at: _read_and_post(http, opened, at, side)),
            },
            repeats,
        )
    )
    opened.close()
    measured = {name: round(1000 * value, 2) for name, value in seconds.items()}
    print(f"    {side} px: {measured} ms", flush=True)
    return [
        at_least(
            f"transport of {side} px: shared memory against PNG over HTTP",
            seconds["PNG"] / seconds["ours, shared memory"], GOAL_PNG, milliseconds=measured,
        ),
        at_least(
            f"transport of {side} px: path and window against reading and posting raw",
            seconds["read, then raw"] / seconds["ours, path and window"], GOAL_RAW,
        ),
        at_least(
            f"transport of {side} px: path and window against reading and posting raw, another place each time",
            seconds["read, then raw, elsewhere"] / seconds["ours, path and window, elsewhere"], GOAL_RAW,
        ),
    ]  # fmt: skip


def _timed(prepare: Callable[[], object], send: Callable[..., float]) -> Callable[[], float]:
    """A contestant that gets its pixels before the clock starts, and says when the server held them."""

    def run() -> float:
        prepared = prepare()
        began = time.perf_counter()
        return send(prepared) - began

    return run


def _pixels(side: int) -> wire.PixelTile:
    return wire.PixelTile(side, side, PLACE, "EPSG:32633")


def _ask(http: httpx.Client, tile: wire.Tile, pixels: bytes | None = None) -> float:
    """Asks to the end of the answer; when the server said that it holds the pixels."""
    question = Handover(wire.AskRequest("x", tile, model="word"), pixels)
    if pixels is not None and not question.shared:
        raise RuntimeError("this system has no shared memory files")
    held, said = 0.0, b""
    headers = {"content-type": question.content_type}
    with http.stream("POST", "/v1/ask", content=question.body, headers=headers) as reply:
        for part in reply.iter_raw():
            said += part
            if not held and b"event: tile" in said:
                held = time.perf_counter()
    question.close()
    if not held or b"event: done" not in said:
        raise RuntimeError(f"the server said: {said[:200]!r}")
    return held


def _post_png(http: httpx.Client, pixels: bytes, side: int) -> float:
    encoded = io.BytesIO()
    Image.frombuffer("RGBA", (side, side), pixels).save(encoded, "PNG", compress_level=1)  # the fastest there is
    return _held(http.post("/png", content=encoded.getvalue()), side)


def _post_raw(http: httpx.Client, pixels: bytes, side: int) -> float:
    return _held(http.post(f"/raw/{side}/{side}/4", content=pixels), side)


def _read_and_post(http: httpx.Client, dataset: rasterio.DatasetReader, at: tuple[int, int], side: int) -> float:
    pixels = dataset.read(window=Window(*at, side, side))
    return _held(http.post(f"/raw/{side}/{side}/3", content=pixels.tobytes()), side)


def _held(reply: httpx.Response, side: int) -> float:
    """When a peer's server had said so."""
    now = time.perf_counter()
    if reply.text != f'"{side}"':
        raise RuntimeError(f"the peer said: {reply.text[:200]}")
    return now


def _raster(path: Path, side: int) -> Path:
    """A tiled picture with the noise of a photograph."""
    profile = {"driver": "GTiff", "width": side, "height": side, "count": 3, "dtype": "uint8", "tiled": True}
    rng = np.random.default_rng(0)
    with rasterio.open(
        path, "w", **profile, blockxsize=512, blockysize=512, crs="EPSG:32633", transform=rasterio.Affine(*PLACE)
    ) as file:
        y, x = np.mgrid[:512, :side]
        for row in range(0, side, 512):
            base = 128 + 60 * np.sin(x / 41) * np.sin((y + row) / 37)
            strip = [np.clip(base + rng.normal(0, 6, base.shape), 0, 255).astype(np.uint8) for _ in range(3)]
            file.write(np.stack(strip), window=Window(0, row, side, 512))
    return path


@contextmanager
def _server() -> Iterator[httpx.Client]:
    """The server in a process of its own, as in the product."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.transport"], stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.strip().isdigit():
            raise RuntimeError("the server did not start")
        headers = {wire.AUTH_HEADER: f"Bearer {TOKEN}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{line.strip()}", headers=headers, timeout=120) as http:
            yield http
    finally:
        process.kill()
        process.wait()


def _serve() -> None:
    """Serves the product's application and, beside it, what the peers post to; prints its port."""
    import uvicorn

    from geopix_backend.config import ServeConfig
    from geopix_backend.scheduler import Scheduler
    from geopix_backend.serve import bind
    from geopix_backend.server import create_app
    from geopix_model.predictor import ModelInfo, Text

    class Word:
        """Says one word about a picture of any size."""

        info = ModelInfo("word", "", 8192, 0, (0.0, 1e9))

        def answer(self, image: NDArray[np.uint8], *rest: object) -> Iterator[Text]:
            yield Text(f"{image.shape[0]}.")

    config = replace(ServeConfig(), token=TOKEN)
    app = create_app(Scheduler(lambda name: Word()), config, lambda: [{"name": "word"}])  # type: ignore[arg-type]

    @app.post("/png")
    async def png(request: Request) -> str:
        return str(np.asarray(Image.open(io.BytesIO(await request.body()))).shape[0])

    @app.post("/raw/{height}/{width}/{bands}")
    async def raw(request: Request, height: int, width: int, bands: int) -> str:
        return str(np.frombuffer(await request.body(), np.uint8).reshape(-1, height, width).shape[1])

    listener = bind(0)
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")).run(sockets=[listener])


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    _serve()
