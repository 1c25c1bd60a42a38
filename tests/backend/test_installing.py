"""Published models are listed, fetched, imported, verified, removed: on the command line, and by the model process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from geopix_backend.cli import main
from geopix_backend.cli_models import duration, line_of
from geopix_backend.installing import EVERY_S, events
from geopix_backend.machine import fit, in_words
from geopix_backend.models import how_to_get
from geopix_model import registry
from geopix_model.errors import CheckpointError
from geopix_model.fitting import GIB, Machine
from geopix_model.hub import install
from geopix_model.hub.errors import NotInstalledError
from geopix_model.hub.progress import Progress
from geopix_model.hub.sources import GEOPIXEL
from geopix_qgis import protocol as wire
from tests.backend.fakes import FakePredictor, bright
from tests.backend.running import HEADERS, LIMIT_S, Running
from tests.model.fake_hub import FakeHub
from tests.model.hub_files import PARTS, geopixel_files

COMMAND = [sys.executable, "-m", "geopix_backend.cli", "models"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GEOPIX_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def hub(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    hub = FakeHub()
    hub.publish(GEOPIXEL.repository, geopixel_files())
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    yield hub
    hub.close()


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    capsys.readouterr()
    assert main(["models", "--json", "--device", "cpu"]) == 0
    return {model["name"]: model for model in map(json.loads, capsys.readouterr().out.splitlines())}


def test_a_model_that_is_not_here_says_how_it_would_come_and_run(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = listed(capsys)["geopixel-7b"]
    assert not model["installed"] and "geopix models download geopixel-7b" in model["how_to_get"]
    assert abs(model["download_bytes"] - 22.7e9) < 1e8
    assert "the CPU" in model["on_this_machine"] or "Does not fit" in model["on_this_machine"]
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    assert model["how_to_get"] in out and "download 22.7 GB, not installed" in out


def test_the_list_is_what_the_plugin_reads(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = wire.models_from_json(json.dumps(list(listed(capsys).values())).encode())
    assert [facts.name for facts in models] == [entry.name for entry in registry.entries()]
    assert models[0].installed and (models[0].how_to_get, models[0].download_bytes) == ("", 0)


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (
            Machine("cuda", 8 * GIB, 16 * GIB, 0),
            "Fits the GPU: 4-bit weights, image encoders only for their stage; needs",
        ),
        (Machine("cuda", 16 * GIB, 16 * GIB, 0), "Fits the GPU: 8-bit weights; needs"),
        (Machine("cuda", 24 * GIB, 16 * GIB, 0), "Fits the GPU: bfloat16; needs"),
        (Machine("cuda", int(7.6 * GIB), 8 * GIB, 0), "pictures in less detail (2,061 of 4,081 tokens)"),
        (Machine("cpu", 0, 64 * GIB, 0), "Fits the CPU: bfloat16; needs"),
        (Machine("cuda", 4 * GIB, 8 * GIB, 0), "Does not fit this machine (4 GB of GPU and 9 GB of main memory)"),
        (Machine("cpu", 0, 8 * GIB, 0), "Does not fit this machine (9 GB of main memory)"),
    ],
)
def test_what_fits_is_a_sentence(machine: Machine, said: str) -> None:
    published = registry.entry("geopixel-7b").published
    assert published is not None
    assert said in in_words(fit(published, machine), published, machine)


def test_a_disk_that_is_too_small_is_said_before_a_download() -> None:
    assert "GEOPIX_MODELS" in how_to_get("x", 22 * 10**9, 10 * 10**9)
    assert "geopix models download x" in how_to_get("x", 22 * 10**9, 30 * 10**9)


def test_the_life_of_a_model(hub: FakeHub, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotInstalledError, match="geopix models download geopixel-7b"):
        registry.load("geopixel-7b", "cpu")
    assert main(["models", "download", "geopixel-7b"]) == 0
    out, err = capsys.readouterr()
    commit = hub.branches[GEOPIXEL.repository]["main"]
    assert f"revision {commit[:12]} of MBZUAI/GeoPixel-7B, all hashes as published" in out
    assert "written for revision 6029080" in out, "the commit of the tests is another one"
    assert err == "", "progress is for terminals"
    model = listed(capsys)["geopixel-7b"]
    assert model["installed"] and model["how_to_get"] == ""
    assert main(["models", "verify", "geopixel-7b"]) == 0
    (home / "geopixel-7b" / PARTS[0]).write_bytes(b"")
    assert main(["models", "verify", "geopixel-7b"]) == 2
    assert PARTS[0] in capsys.readouterr().err
    assert main(["models", "remove", "geopixel-7b"]) == 0
    assert not listed(capsys)["geopixel-7b"]["installed"]


def test_a_folder_is_imported_by_name(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, content in geopixel_files().items():
        (tmp_path / name).write_bytes(content)
    assert main(["models", "import", "geopixel-7b", str(tmp_path)]) == 0
    assert "does not say which revision" in capsys.readouterr().out
    assert listed(capsys)["geopixel-7b"]["installed"]
    with pytest.raises(CheckpointError):
        registry.load("geopixel-7b", "cpu")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["download", "nano"], "no model 'nano' to install"),
        (["remove", "nano"], "no model 'nano' to install"),
        (["verify", "unknown"], "no model 'unknown'"),
        (["remove", "geopix"], "not installed"),
        (["import", "geopix", "nowhere"], "not a folder"),
        (["download", "geopix", "--endpoint", "x"], "the endpoint is 'x'"),
        (["download", "geopixel-7b-res"], "GeoPixel-7B-RES"),
        (["nonsense"], "--help"),
        (["download"], "NAME"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    hub: FakeHub, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", *words]) == 2
    out, err = capsys.readouterr()
    assert said in err and len(err.splitlines()) == 1 and out == ""


def test_progress_is_a_json_line_for_programs(hub: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json", "download", "geopixel-7b"]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [said[0]["stage"], said[-1]["stage"]] == ["asking", "installed"]
    assert said[-1]["done_bytes"] == said[-1]["total_bytes"] > 180_000


def test_a_terminal_sees_how_far_it_is(hub: FakeHub) -> None:
    ours, theirs = os.openpty()
    done = subprocess.run([*COMMAND, "download", "geopixel-7b"], stderr=theirs, stdout=subprocess.PIPE, check=True)
    os.close(theirs)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert "Asking the hub" in shown and "% " in shown and "of 0.00 GB" in shown
    assert done.stdout.startswith(b"geopixel-7b in ")


def _hears_ctrl_c() -> None:
    """What a shell runs in the background ignores Ctrl+C, and so would all that it starts, these tests among it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("number", "code", "said"), [(signal.SIGINT, 130, "What has come is kept"), (signal.SIGKILL, -9, "")]
)
def test_what_has_come_is_kept_whatever_ends_the_command(
    hub: FakeHub, home: Path, number: signal.Signals, code: int, said: str
) -> None:
    hub.pause = threading.Event()
    running = subprocess.Popen(
        [*COMMAND, "download", "geopixel-7b"], stderr=subprocess.PIPE, text=True, preexec_fn=_hears_ctrl_c
    )
    try:
        while not any(path.stat().st_size for path in home.rglob(f"{PARTS[0]}.incomplete")):
            assert running.poll() is None
            time.sleep(0.05)
        running.send_signal(number)
        _, err = running.communicate(timeout=LIMIT_S)
    finally:
        hub.pause.set()
        running.kill()
    assert running.returncode == code and said in err
    assert not (home / "geopixel-7b").exists()
    hub.requests.clear()
    assert main(["models", "download", "geopixel-7b"]) == 0
    assert "" not in hub.sent(PARTS[0]), "the first part was fetched from its start"


def test_installing_does_not_wait_for_torch() -> None:
    script = "import sys, geopix_backend.cli_models, geopix_model.hub.importing; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


def test_speed_and_remaining_time_are_those_of_the_last_seconds() -> None:
    clock = iter(range(100))
    steps = (Progress("fetching", "f", done, 4000) for done in (0, 100, 300, *range(400, 3400, 100)))
    said = list(events(steps, lambda: float(next(clock))))
    assert [event.bytes_per_s for event in said[:3]] == [0, 100, 150]
    assert said[-1].bytes_per_s == 100 and said[-1].seconds_left == (4000 - said[-1].done_bytes) / 100
    line = line_of(said[-1])
    assert " 82% " in line and line.endswith("7 s left")


def test_events_are_as_many_as_can_be_seen() -> None:
    clock = iter(number * EVERY_S / 10 for number in range(1000))
    steps = (Progress("fetching" if number < 500 else "checking", "f", number, 1000) for number in range(1000))
    said = list(events(steps, lambda: next(clock)))
    assert 90 <= len(said) <= 101 and {event.stage for event in said} == {"fetching", "checking"}


@pytest.mark.parametrize(("seconds", "said"), [(7, "7 s"), (100, "2 min"), (60 * 60, "60 min"), (7500, "2 h 05 min")])
def test_durations_are_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.fixture
def server(hub: FakeHub) -> Iterator[Running]:
    running = Running(lambda name: FakePredictor(bright))
    yield running
    running.close()


def fetch(server: Running, name: str = "geopixel-7b") -> list[wire.Event]:
    reply = server.http.post(f"/v1/models/{name}/download")
    assert reply.status_code == 200 and reply.headers["content-type"].startswith("text/event-stream")
    return wire.Decoder().feed(reply.content)


def test_the_model_process_fetches_a_model_and_tells_how_far_it_is(server: Running, home: Path) -> None:
    said = fetch(server)
    assert all(isinstance(event, wire.InstallEvent) for event in said)
    last = said[-1]
    assert isinstance(last, wire.InstallEvent) and last.stage == "installed" and last.done_bytes == last.total_bytes
    assert install.installed(GEOPIXEL, home) is not None


def test_what_goes_wrong_is_the_last_event(server: Running, hub: FakeHub, home: Path) -> None:
    content = geopixel_files()[PARTS[1]]
    hub.bytes_of = {PARTS[1]: content[::-1]}
    last = fetch(server)[-1]
    assert isinstance(last, wire.ErrorEvent) and last.code == "damaged" and PARTS[1] in last.message
    assert install.installed(GEOPIXEL, home) is None


@pytest.mark.parametrize(
    ("name", "status", "code"), [("unknown", 404, "unknown_model"), ("nano", 404, "unknown_model")]
)
def test_what_cannot_be_fetched_is_refused_at_once(server: Running, name: str, status: int, code: str) -> None:
    reply = server.http.post(f"/v1/models/{name}/download")
    assert (reply.status_code, reply.json()["code"]) == (status, code)


def test_without_the_token_nothing_is_fetched(server: Running, hub: FakeHub) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as stranger:
        assert stranger.post("/v1/models/geopixel-7b/download").status_code == 401
    assert hub.requests == []


def test_closing_the_connection_stops_a_download_and_the_next_one_goes_on(
    server: Running, hub: FakeHub, home: Path
) -> None:
    hub.pause = threading.Event()
    with httpx.stream(
        "POST", f"http://127.0.0.1:{server.port}/v1/models/geopixel-7b/download", headers=HEADERS, timeout=LIMIT_S
    ) as reply:
        decoder, stages = wire.Decoder(), []
        for data in reply.iter_raw():
            stages += [event.stage for event in decoder.feed(data) if isinstance(event, wire.InstallEvent)]
            if "fetching" in stages:
                break
    hub.pause.set()
    hub.pause = None
    end = time.monotonic() + LIMIT_S
    while any(thread.name == "download" for thread in threading.enumerate()):
        assert time.monotonic() < end, "the download goes on without a reader"
        time.sleep(0.02)
    assert install.installed(GEOPIXEL, home) is None
    hub.requests.clear()
    assert fetch(server)[-1].name == "install" and install.installed(GEOPIXEL, home) is not None
    assert not any("/api/" in path for _, path, _, _ in hub.requests), "it began anew"


def test_a_complete_copy_put_there_by_hand_is_used_and_an_incomplete_one_is_not(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = home / "geopixel-7b"
    for path, content in geopixel_files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    assert listed(capsys)["geopixel-7b"]["installed"]
    (folder / PARTS[-1]).unlink()
    assert not listed(capsys)["geopixel-7b"]["installed"]
