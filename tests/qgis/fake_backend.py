"""A model process without a model, for tests of the plugin: it speaks the real protocol over real sockets.

As a program it stands in for the backend (see the fixture ``fake_process``).
``GEOPIX_FAKE`` chooses what it does: ``answer`` (the default), ``slow``, ``die`` in mid-answer, ``refuse``, ``old``
(another protocol version), ``fail`` at start, or ``error`` as an event.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from geopix_qgis import bodies, protocol

FACTS = protocol.ModelFacts(
    "nano",
    "Fake",
    1,
    2**20,
    "none",
    "Finds a house and a pond.",
    True,
    384,
    64,
    (0.2, 1.2),
    ("house", "pond"),
    "Nothing.",
)
LARGE = dataclasses.replace(
    FACTS,
    name="large",
    title="Fake, large",
    installed=False,
    download_bytes=22_700_000_000,
    on_this_machine="Fits the GPU: 4-bit weights.",
    how_to_get="'geopix models download large' fetches 22.7 GB.",
)
HEALTH = {
    "version": "0.1.0",
    "protocol": protocol.VERSION,
    "model": "nano",
    "device": "cpu",
    "loaded": True,
    "status": "idle",
    "waiting": 0,
    "device_name": "Fake 9000",
    "memory_total": 8 * 2**30,
    "memory_free": 6 * 2**30,
    "of_a_later_version": 1,
}
Pieces = Iterator[bytes]
Answer = Callable[[protocol.AskRequest], Pieces]


class FakeServer(ThreadingHTTPServer):
    """Serves ``/v1/ask``; ``answer`` gives the bytes of the stream, or raises ``RefusalError``."""

    daemon_threads = True

    def __init__(self, answer: Answer, token: str = "token of the test") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer, self.token = answer, token
        self.requests: list[protocol.AskRequest] = []
        self.pixels: list[bytes | None] = []
        self.client_gone = threading.Event()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that closes the connection is no error here."""


class RefusalError(Exception):
    """An answer with an HTTP status instead of a stream: ``RefusalError(status, body)``."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeServer

    def do_GET(self) -> None:
        if self.headers[protocol.AUTH_HEADER] != f"Bearer {self.server.token}":
            self._refuse(401, {"code": "token", "message": "The token is wrong."})
            return
        found: dict[str, object] = {
            "/v1/models": [dataclasses.asdict(facts) for facts in (FACTS, LARGE)],
            "/health": HEALTH,
        }
        data = json.dumps(found.get(self.path, [])).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/download"):
            self._stream(b"", map(protocol.encode_event, install_events()))
            return
        try:
            if self.headers[protocol.AUTH_HEADER] != f"Bearer {self.server.token}":
                raise RefusalError(401, {"code": "token", "message": "The token is wrong."})
            request, pixels = bodies.decode_request(self.headers["Content-Type"], body)
            if isinstance(pixels, bodies.SharedPixels):
                pixels = Path(f"/proc/{pixels.pid}/fd/{pixels.fd}").read_bytes()
            self.server.requests.append(request)
            self.server.pixels.append(pixels)
            pieces = self.server.answer(request)
            first = next(pieces, b"")
        except RefusalError as refusal:
            self._refuse(*refusal.args)
            return
        self._stream(first, pieces)

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def _refuse(self, status: int, body: object) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, first: bytes, rest: Pieces) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            self._chunk(first)
            for piece in rest:
                self._chunk(piece)
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.server.client_gone.set()

    def _chunk(self, piece: bytes) -> None:
        if piece:
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.flush()


def install_events() -> Iterator[protocol.Event]:
    """A download of 2 GB that fails, or stays at its half, where ``GEOPIX_FAKE`` says so."""
    mode = os.environ.get("GEOPIX_FAKE", "answer")
    yield protocol.InstallEvent("asking")
    yield protocol.InstallEvent("fetching", "a.bin", 10**9, 2 * 10**9, 5e6, 200.0)
    while mode == "slow":
        yield protocol.InstallEvent("fetching", "a.bin", 10**9, 2 * 10**9)
        time.sleep(0.05)
    if mode == "error":
        yield protocol.ErrorEvent("disk", "The disk is full; make room.")
    else:
        yield protocol.InstallEvent("installed", "", 2 * 10**9, 2 * 10**9)


def events_for(request: protocol.AskRequest) -> Iterator[protocol.Event]:
    """Two sentences and two polygons: the left half of the tile is a "house", a quarter of it a "pond"."""
    window, corner = _geometry(request)
    _, _, width, height = window
    model = "fake 1"
    yield protocol.TileEvent("", width, height, 0.5, 2, model)
    yield protocol.ProgressEvent(1, 2)
    halves = (("house", 0, (0, 0, width // 2, height)), ("pond", 1, (width // 2, 0, width - 1, height // 2)))
    for name, target, (left, top, right, bottom) in halves:
        ring = [corner(*p) for p in ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))]
        yield protocol.TextEvent(f"Für {request.prompt}: 1 ")
        yield protocol.TextEvent(name, target)
        yield protocol.TextEvent(". ")
        geometry = {"type": "Polygon", "coordinates": [ring]}
        yield protocol.RegionEvent(
            geometry, name, name, 0.9, 12.5, 15.0, target, request.turn, request.prompt, model, 0.5
        )
    yield protocol.DoneEvent("", 2, 2, 2, 0.5, model, "cpu")


def _geometry(request: protocol.AskRequest):
    tile = request.tile
    if isinstance(tile, protocol.PixelTile):
        a, b, c, d, e, f = tile.transform
        return (0, 0, tile.width, tile.height), lambda col, row: (a * col + b * row + c, d * col + e * row + f)
    from osgeo import gdal

    dataset = gdal.Open(tile.path)
    window = tile.window or (0, 0, dataset.RasterXSize, dataset.RasterYSize)
    forward = dataset.GetGeoTransform(can_return_null=True) or (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
    return window, lambda col, row: tuple(gdal.ApplyGeoTransform(forward, col + window[0], row + window[1]))


def awkward(data: bytes, size: int = 7) -> Pieces:
    """A byte string in pieces that cut events and characters."""
    return (data[start : start + size] for start in range(0, len(data), size))


def answer(request: protocol.AskRequest) -> Pieces:
    """What ``GEOPIX_FAKE`` asks for."""
    mode = os.environ.get("GEOPIX_FAKE", "answer")
    if mode == "refuse":
        raise RefusalError(422, {"code": "raster", "message": "The raster is truncated; copy it again."})
    if mode == "error":
        yield protocol.encode_event(protocol.ErrorEvent("model", "The model has run out of memory."))
        return
    for number, event in enumerate(events_for(request)):
        if mode == "die" and number == 4:
            print("MemoryError: needed 9.8 GB", file=sys.stderr, flush=True)
            os._exit(3)
        yield from awkward(protocol.encode_event(event))
        while mode == "slow" and number == 6:
            yield protocol.HEARTBEAT
            time.sleep(0.05)


def main() -> None:
    """Prints the ready line in two pieces, serves, and ends when its standard input does."""
    mode = os.environ.get("GEOPIX_FAKE", "answer")
    if mode == "fail":
        sys.exit("No module named 'torch'")
    server = FakeServer(answer, os.environ["GEOPIX_TOKEN"])
    version = 0 if mode == "old" else protocol.VERSION
    ready = {"event": "ready", "port": server.port, "token": server.token, "protocol": version}
    line = "a library says hello\n" + json.dumps(ready) + "\n"
    for piece in (line[:40], line[40:]):
        print(piece, end="", flush=True)
        time.sleep(0.05)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
