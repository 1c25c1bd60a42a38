"""The model process over a real socket: streams, refusals, and what happens when somebody goes away."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from geopix_backend.config import VARIABLE
from geopix_model.predictor import Piece, Text
from geopix_qgis import bodies
from geopix_qgis import protocol as wire
from tests.backend.fakes import FakePredictor, bright, raster_file
from tests.backend.running import LIMIT_S, Running

ROOT = Path(__file__).parents[2]


class Slow(FakePredictor):
    """Says a word whenever it is let to; one whose answer was closed knows it."""

    def __init__(self) -> None:
        super().__init__([], window_px=128)
        self.steps, self.ended = threading.Semaphore(0), threading.Event()

    def answer(self, image: np.ndarray, prompt: str, history: object = (), task: str = "auto") -> Iterator[Piece]:
        try:
            for word in range(1000):
                yield Text(f"Word {word}. ")
                self.steps.acquire(timeout=LIMIT_S)
        finally:
            self.ended.set()


@pytest.fixture(scope="module")
def slow() -> Slow:
    return Slow()


@pytest.fixture(scope="module")
def server(slow: Slow) -> Iterator[Running]:
    running = Running(lambda name: slow if name == "slow" else FakePredictor(bright))
    yield running
    running.close()


@pytest.fixture(scope="module")
def raster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    inside = np.zeros((60, 70), bool)
    inside[10:20, 30:50] = True
    return raster_file(tmp_path_factory.mktemp("rasters") / "a.tif", inside)


def names(events: list[wire.Event]) -> list[str]:
    return [event.name for event in events]


def test_a_path_is_read_by_the_process_and_answered_as_a_stream(server: Running, raster: Path) -> None:
    tile = wire.PathTile(str(raster), window=(20, 0, 40, 60))
    events = server.ask(wire.AskRequest("buildings", tile, turn=3))
    assert [n for n in names(events) if n != "progress"] == ["tile", "region", "text", "text", "text", "done"]
    region = next(event for event in events if isinstance(event, wire.RegionEvent))
    assert min(x for x, _ in region.geometry["coordinates"][0]) == 500_030
    assert (region.turn, region.prompt) == (3, "buildings")
    done = events[-1]
    assert isinstance(done, wire.DoneEvent) and done.answer == "There are 1 buildings, 200 m²."


def test_pixels_travel_with_the_request(server: Running) -> None:
    rgba = np.zeros((40, 50, 4), np.uint8)
    rgba[..., 3] = 255
    rgba[10:20, 5:15, :3] = 255
    tile = wire.PixelTile(50, 40, (2.0, 0, 1000.0, 0, -2.0, 2000.0), "EPSG:32633")
    events = server.ask(wire.AskRequest("buildings", tile), rgba.tobytes())
    (region,) = (event for event in events if isinstance(event, wire.RegionEvent))
    assert sorted(set(map(tuple, region.geometry["coordinates"][0]))) == [
        (1010, 1960), (1010, 1980), (1030, 1960), (1030, 1980)
    ]  # fmt: skip


def test_a_least_area_goes_with_the_request(server: Running, raster: Path, tmp_path: Path) -> None:
    few = server.ask(wire.AskRequest("x", wire.PathTile(str(raster)), min_area_m2=1e6))
    assert not any(isinstance(event, wire.RegionEvent) for event in few)
    plain = raster_file(tmp_path / "plain.tif", np.ones((20, 20), bool), crs=None)
    *_, last = server.ask(wire.AskRequest("x", wire.PathTile(str(plain)), min_area_m2=1.0))
    assert isinstance(last, wire.ErrorEvent) and "no CRS" in last.message


def test_health_names_version_protocol_model_and_device(server: Running, raster: Path) -> None:
    server.ask(wire.AskRequest("x", wire.PathTile(str(raster))))
    facts = server.http.get("/health").json()
    assert (facts["protocol"], facts["model"], facts["device"], facts["status"]) == (
        wire.VERSION,
        "fake",
        "cpu",
        "idle",
    )
    assert server.http.get("/v1/models").json() == [{"name": "nano"}, {"name": "slow"}]
    assert "/v1/ask" in server.http.get("/openapi.json").json()["paths"]


def test_models_are_not_listed_again_for_the_one_that_is_loaded(server: Running, slow: Slow, raster: Path) -> None:
    server.ask(wire.AskRequest("x", wire.PathTile(str(raster))))
    before = server.listings
    server.ask(wire.AskRequest("x", wire.PathTile(str(raster))))
    assert server.listings == before
    content_type, body = bodies.encode_request(wire.AskRequest("x", wire.PathTile(str(raster)), model="nobody"))
    reply = server.http.post("/v1/ask", content=body, headers={"content-type": content_type})
    assert (reply.status_code, server.listings) == (404, before + 1)


@pytest.mark.parametrize("token", ["", "Bearer wrong", "Bearer secrets", "secret", "Bearer sécret"])
@pytest.mark.parametrize("path", ["/health", "/v1/models", "/v1/ask"])
def test_without_the_token_nothing_is_answered(server: Running, token: str, path: str) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as stranger:
        method = "POST" if path.endswith("ask") else "GET"
        reply = stranger.request(method, path, headers={b"Authorization": token.encode()})
    assert reply.status_code == 401 and reply.json()["code"] == "token"


def test_a_path_that_does_not_exist_is_refused_in_json(server: Running) -> None:
    reply = server.http.get("/nothing")
    assert reply.status_code == 404 and reply.json()["code"] == "http"


def test_a_silent_stream_gets_signs_of_life(server: Running, slow: Slow, raster: Path) -> None:
    with Conversation(server, raster) as stream:
        assert b": ping\n\n" in stream.until(b": ping\n\n")
    let_go(server, slow)


def test_a_client_that_goes_away_stops_the_model_within_a_piece(server: Running, slow: Slow, raster: Path) -> None:
    slow.ended.clear()
    with Conversation(server, raster) as stream:
        slow.steps.release()
        stream.until(b"Word 0")
        assert not slow.ended.is_set()
    let_go(server, slow)
    assert slow.ended.is_set()


def test_a_full_queue_is_refused_and_a_waiting_question_says_so(server: Running, slow: Slow, raster: Path) -> None:
    request = wire.AskRequest("x", wire.PathTile(str(raster)), model="slow")
    content_type, body = bodies.encode_request(request)
    with Conversation(server, raster) as first:
        first.until(b"event: tile")
        with Conversation(server, raster) as second:
            assert b"Waiting, 1 before you" in second.until(b"before you")
            reply = server.http.post("/v1/ask", content=body, headers={"content-type": content_type})
            assert (reply.status_code, reply.json()["code"]) == (429, "busy")
        wait_until(lambda: server.scheduler.status.waiting == 0)
    let_go(server, slow)


class Conversation:
    """A raw connection that asks the slow model, so that a test sees bytes as they come and may hang up."""

    def __init__(self, server: Running, raster: Path) -> None:
        content_type, body = bodies.encode_request(wire.AskRequest("x", wire.PathTile(str(raster)), model="slow"))
        head = f"POST /v1/ask HTTP/1.1\r\nHost: x\r\n{wire.AUTH_HEADER}: Bearer secret\r\n"
        head += f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT_S)
        self._socket.sendall(head.encode() + body)

    def until(self, expected: bytes) -> bytes:
        """What came up to ``expected``."""
        seen, end = b"", time.monotonic() + LIMIT_S
        while expected not in seen:
            assert time.monotonic() < end, f"{expected!r} did not come in time: {seen!r}"
            chunk = self._socket.recv(4096)
            assert chunk, f"the stream ended without {expected!r}: {seen!r}"
            seen += chunk
        return seen

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def let_go(server: Running, slow: Slow) -> None:
    """Waits until the server has seen that its client is gone, and lets the slow model say one more piece."""
    wait_until(lambda: server.scheduler._current is None or server.scheduler._current.cancelled)
    slow.steps.release()
    wait_until(lambda: server.scheduler.status.state == "idle")


def wait_until(fact: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_S
    while not fact():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """The real ``geopix serve``, ready."""
    command = [sys.executable, "-m", "geopix_backend.cli", "serve", "--parent-stdin"]
    paths = os.pathsep.join(str(ROOT / part) for part in (".", "backend", "model"))
    environment = {**os.environ, "PYTHONPATH": paths, VARIABLE: "given"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment) as running:
        yield running
        running.kill()


def test_the_process_says_where_it_listens_in_one_line_and_ends_with_its_parent(
    process: subprocess.Popen[bytes],
) -> None:
    assert process.stdout and process.stdin
    ready = json.loads(process.stdout.readline())
    assert ready == {"event": "ready", "port": ready["port"], "token": "given", "protocol": wire.VERSION}
    headers = {wire.AUTH_HEADER: "Bearer given"}
    health = httpx.get(f"http://127.0.0.1:{ready['port']}/health", headers=headers, timeout=LIMIT_S)
    assert health.json()["status"] == "idle"
    process.stdin.close()
    assert process.wait(LIMIT_S) == 0
    assert process.stdout.read() == b""


def test_whatever_is_printed_while_serving_goes_to_standard_error() -> None:
    script = (
        "import os, sys; from geopix_backend.serve import _keep_stdout_clean\n"
        "out = _keep_stdout_clean(); print('stray'); os.write(1, b'native'); print('line', file=out, flush=True)"
    )
    paths = os.pathsep.join(str(ROOT / part) for part in (".", "backend", "model"))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, env={**os.environ, "PYTHONPATH": paths}, check=True
    )
    assert done.stdout == b"line\n"
    assert b"stray" in done.stderr and b"native" in done.stderr
