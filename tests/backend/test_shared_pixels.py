"""Rendered pixels in shared memory: the right ones arrive, and nothing is left behind, whoever is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geopix_backend.errors import SharedError
from geopix_backend.shared_pixels import open_shared
from geopix_qgis import bodies
from geopix_qgis import protocol as wire
from geopix_qgis.handover import LEAST_SHARED_BYTES, Handover
from tests.backend.fakes import FakePredictor, bright
from tests.backend.running import CONFIG, LIMIT_S, Running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory files are Linux's")
ROOT = Path(__file__).resolve().parents[2]
SIDE = 320
TILE = wire.PixelTile(SIDE, SIDE, (1.0, 0.0, 500_000.0, 0.0, -1.0, 5_000_000.0), "EPSG:32633")
REQUEST = wire.AskRequest("buildings", TILE)


def rgba() -> bytes:
    pixels = np.full((SIDE, SIDE, 4), 255, np.uint8)
    pixels[..., :3] = 0
    pixels[100:140, 200:230, :3] = 255
    return pixels.tobytes()


def where(question: Handover) -> bodies.SharedPixels:
    _, pixels = bodies.decode_request(question.content_type, question.body)
    assert isinstance(pixels, bodies.SharedPixels)
    return pixels


def holders(label: str) -> set[int]:
    """Processes that have a memory file open or mapped: the kernel frees it when there is none."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            opened = [os.readlink(entry) for entry in (process / "fd").iterdir()]
            mapped = (process / "maps").read_text()
        except OSError:
            continue
        if label in mapped or any(label in name for name in opened):
            found.add(int(process.name))
    return found


@pytest.fixture
def server() -> Iterator[Running]:
    running = Running(lambda name: FakePredictor(bright, window_px=SIDE), replace(CONFIG, max_body_bytes=2**20))
    yield running
    running.close()


def post(server: Running, question: Handover) -> tuple[int, bytes]:
    reply = server.http.post("/v1/ask", content=question.body, headers={"content-type": question.content_type})
    return reply.status_code, reply.content


def test_shared_pixels_give_the_answer_that_sent_ones_give_and_are_released(server: Running) -> None:
    shared, sent = Handover(REQUEST, rgba()), Handover(REQUEST, rgba())
    sent.unshare()
    assert shared.shared and len(shared.body) < 1000 and len(sent.body) > len(rgba())
    label = where(shared).label
    answers = []
    for question in (shared, sent):
        status, content = post(server, question)
        assert status == 200
        answers.append([e for e in wire.Decoder().feed(content) if isinstance(e, wire.RegionEvent)])
    assert answers[0] == answers[1] and len(answers[0]) == 1
    shared.close()
    other = Handover(REQUEST, bytes(len(rgba())))  # the last tile is kept for a follow-up; another one takes its place
    post(server, other)
    deadline = time.monotonic() + LIMIT_S
    while holders(label) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert holders(label) == set()


def test_few_pixels_and_those_of_files_are_not_shared() -> None:
    small = wire.PixelTile(10, 10, TILE.transform)
    assert not Handover(wire.AskRequest("x", small), bytes(400)).shared
    assert Handover(wire.AskRequest("x", wire.PathTile("/a.tif"))).content_type == wire.JSON_TYPE
    assert len(rgba()) >= LEAST_SHARED_BYTES


def test_memory_that_is_not_what_was_said_is_refused_with_a_code_to_try_again(server: Running) -> None:
    question = Handover(REQUEST, rgba())
    right, size = where(question), len(rgba())
    with open_shared(right, size) as pixels:
        assert bytes(pixels) == rgba()
    with open("/etc/hostname", "rb") as file:
        wrong = [
            replace(right, label="0" * 32), replace(right, fd=10_000), replace(right, pid=2**22 + 1),
            replace(right, fd=file.fileno()), replace(right, fd="../../../etc/passwd"),  # type: ignore[arg-type]
        ]  # fmt: skip
        for shared in wrong:
            with pytest.raises(SharedError, match="can be sent in the request instead"):
                open_shared(shared, size)
    with pytest.raises(SharedError, match=f"expected {size + 4}"):
        open_shared(right, size + 4)
    question.body = bodies.encode_shared(REQUEST, wrong[0])[1]
    status, content = post(server, question)
    assert status == 400 and bodies.SHARED_CODE.encode() in content
    question.unshare()
    assert post(server, question)[0] == 200


def test_memory_that_could_shrink_while_it_is_read_is_refused() -> None:
    label = "1" * 32
    memory = os.memfd_create(f"geopix-{label}", os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(memory, 4096)
        with pytest.raises(SharedError, match="not sealed"):
            open_shared(bodies.SharedPixels(os.getpid(), memory, label), 4096)
    finally:
        os.close(memory)
    sealed = where(Handover(REQUEST, rgba()))
    assert sealed.label not in os.listdir("/dev/shm")  # no name that could stay behind


CLIENT = """
import sys, time
sys.path.insert(0, {root!r})
from tests.backend.test_shared_pixels import REQUEST, rgba, where
from geopix_qgis.handover import Handover
question = Handover(REQUEST, rgba())
print(where(question).pid, where(question).fd, where(question).label, flush=True)
time.sleep(60)
"""
READER = """
import sys, time
from geopix_backend.shared_pixels import open_shared
from geopix_qgis.bodies import SharedPixels
pixels = open_shared(SharedPixels(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]), int(sys.argv[4]))
print(sum(pixels[::4099]), flush=True)
sys.stdin.readline()
print(sum(pixels[::4099]), flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("first", ["client", "reader"])
def test_nothing_is_left_when_either_side_is_killed(first: str) -> None:
    client = subprocess.Popen(
        [sys.executable, "-c", CLIENT.format(root=str(ROOT))], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert client.stdout is not None
    pid, fd, label = client.stdout.readline().split()
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, pid, fd, label, str(len(rgba()))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert reader.stdin is not None and reader.stdout is not None
    expected = str(sum(rgba()[::4099]))
    assert reader.stdout.readline().strip() == expected
    assert holders(label) == {client.pid, reader.pid}
    one, other = (client, reader) if first == "client" else (reader, client)
    one.kill()
    one.wait()
    if first == "client":  # the reader still has its pixels
        reader.stdin.write("\n")
        reader.stdin.flush()
        assert reader.stdout.readline().strip() == expected
    assert holders(label) == {other.pid}
    other.kill()
    other.wait()
    assert holders(label) == set()


def test_a_client_that_is_killed_while_its_question_waits_is_no_trouble(server: Running) -> None:
    client = subprocess.Popen(
        [sys.executable, "-c", CLIENT.format(root=str(ROOT))], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert client.stdout is not None
    pid, fd, label = client.stdout.readline().split()
    client.kill()
    client.wait()
    question = Handover(REQUEST, rgba())
    question.body = bodies.encode_shared(REQUEST, bodies.SharedPixels(int(pid), int(fd), label))[1]
    assert post(server, question)[0] == 400
    assert server.http.get("/health").status_code == 200
