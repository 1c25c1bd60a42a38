"""Downloads from a hub over real sockets: whole, pinned, verified, resumed, refused."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from geopix_model.hub import install, manifest
from geopix_model.hub.access import Hub
from geopix_model.hub.errors import (
    DamagedError,
    DiskSpaceError,
    IncompleteError,
    InstallError,
    NotInstalledError,
    NotOnHubError,
    RefusedError,
    UnreachableError,
)
from geopix_model.hub.sources import GEOPIXEL
from tests.model.fake_hub import FakeHub
from tests.model.hub_files import PARTS, QUICK, UNWANTED, fetch_all, files_in, geopixel_files, steps

REPOSITORY = GEOPIXEL.repository
WANTED = {path: content for path, content in geopixel_files().items() if path not in UNWANTED}


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    hub = FakeHub()
    hub.publish(REPOSITORY, geopixel_files())
    yield hub
    hub.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "models"


def is_installed(home: Path, files: dict[str, bytes] = WANTED) -> bool:
    """Whether exactly these files are the installed model, and nothing else is left."""
    found = files_in(home / GEOPIXEL.name) if (home / GEOPIXEL.name).exists() else {}
    found.pop(manifest.FILE, None)
    left = {name for name in files_in(home / ".partial") if not name.endswith(".lock")}
    return found == files and not left and install.installed(GEOPIXEL, home) is not None


def nothing_is_installed(home: Path) -> bool:
    return not (home / GEOPIXEL.name).exists() and install.installed(GEOPIXEL, home) is None


def test_the_needed_files_come_and_are_written_down(hub: FakeHub, home: Path) -> None:
    said = fetch_all(hub, home)
    assert is_installed(home)
    found = install.installed(GEOPIXEL, home)
    assert found is not None and found.published
    assert (found.commit, found.repository) == (hub.branches[REPOSITORY]["main"], REPOSITORY)
    assert {file.path: file.sha256 for file in found.files} == {
        path: manifest.sha256(home / GEOPIXEL.name / path) for path in WANTED
    }
    total = sum(map(len, WANTED.values()))
    assert (said[0].stage, said[-1].stage, said[-1].done_bytes, said[-1].total_bytes) == (
        "asking",
        "installed",
        total,
        total,
    )
    done = [step.done_bytes for step in said if step.stage == "fetching"]
    assert done == sorted(done) and done[-1] <= total and len(done) >= len(WANTED)


def test_all_files_are_of_the_commit_that_was_asked_first(hub: FakeHub, home: Path) -> None:
    first = hub.branches[REPOSITORY]["main"]
    download = steps(hub, home)
    for step in download:
        if step.stage == "fetching":
            hub.publish(REPOSITORY, {path: b"newer" + content for path, content in geopixel_files().items()})
            break
    assert [step.commit for step in download][-1] == first
    assert is_installed(home)


def test_a_revision_may_be_named(hub: FakeHub, home: Path) -> None:
    first = hub.branches[REPOSITORY]["main"]
    second = hub.publish(REPOSITORY, {**geopixel_files(), "config.json": b"{}"})
    hub.branches[REPOSITORY]["v1"] = first
    assert fetch_all(hub, home, revision="v1")[-1].commit == first
    assert fetch_all(hub, home, revision=second)[-1].commit == second
    assert is_installed(home, {**WANTED, "config.json": b"{}"})


def test_what_is_installed_is_not_fetched_again(hub: FakeHub, home: Path) -> None:
    fetch_all(hub, home)
    hub.requests.clear()
    hub.publish(REPOSITORY, {})  # the branch has moved on: what is installed stays
    assert [step.stage for step in fetch_all(hub, home)] == ["installed"]
    assert hub.requests == [] and is_installed(home)


def test_a_broken_connection_goes_on_where_it_broke(hub: FakeHub, home: Path) -> None:
    hub.cuts = {PARTS[0]: [20_000, 10_000, 1], "config.json": [5]}
    fetch_all(hub, home)
    assert is_installed(home)
    assert hub.sent(PARTS[0])[-1].startswith("bytes=3000")
    assert {"", "bytes=20000-", "bytes=30000-"} <= set(hub.sent(PARTS[0]))


def test_a_connection_that_never_brings_anything_is_given_up(hub: FakeHub, home: Path) -> None:
    hub.cuts = {PARTS[1]: [0] * 50}
    with pytest.raises(UnreachableError, match=hub.endpoint):
        fetch_all(hub, home)
    assert nothing_is_installed(home) and len(hub.cuts[PARTS[1]]) == 50 - QUICK.tries
    hub.cuts.clear()
    hub.requests.clear()
    fetch_all(hub, home)
    assert is_installed(home) and hub.sent(PARTS[0]) == []  # what had come was kept


def test_a_hub_that_ignores_ranges_is_asked_for_everything(hub: FakeHub, home: Path) -> None:
    hub.cuts, hub.ignores_ranges = {PARTS[0]: [20_000]}, True
    fetch_all(hub, home)
    assert is_installed(home)


@pytest.mark.parametrize("path", [PARTS[2], "config.json"])
def test_other_bytes_are_refused_by_name(hub: FakeHub, home: Path, path: str) -> None:
    content = geopixel_files()[path]
    hub.bytes_of = {path: content[:-1] + bytes([content[-1] ^ 1])}
    with pytest.raises(DamagedError, match=path):
        fetch_all(hub, home)
    assert nothing_is_installed(home)
    assert path not in {name.split("/", 1)[1] for name in files_in(home / ".partial") if "/" in name}
    hub.bytes_of = {}
    fetch_all(hub, home)
    assert is_installed(home)


def test_more_bytes_than_published_are_refused(hub: FakeHub, home: Path) -> None:
    hub.bytes_of = {PARTS[0]: geopixel_files()[PARTS[0]] + b"more"}
    with pytest.raises(DamagedError, match=PARTS[0]):
        fetch_all(hub, home)
    assert nothing_is_installed(home)


def test_what_was_left_damaged_by_an_earlier_time_is_fetched_anew(hub: FakeHub, home: Path) -> None:
    stop_within(hub, home, PARTS[1])
    (growing,) = (home / ".partial").rglob(f"{PARTS[1]}.incomplete")
    growing.write_bytes(bytes(growing.stat().st_size or 100))  # as after a power cut
    fetch_all(hub, home)
    assert is_installed(home)


def stop_within(hub: FakeHub, home: Path, path: str) -> None:
    """Closes a download while that file comes, after its first bytes have been written."""
    hub.cuts = {path: [30_000]}
    download = steps(hub, home)
    before = 0
    for step in download:
        if step.file == path and step.stage == "fetching" and step.done_bytes > before:
            download.close()
            break
        before = step.done_bytes
    hub.cuts = {}


def test_a_stopped_download_goes_on_later(hub: FakeHub, home: Path) -> None:
    first = hub.branches[REPOSITORY]["main"]
    stop_within(hub, home, PARTS[1])
    assert nothing_is_installed(home)
    hub.publish(REPOSITORY, {**geopixel_files(), "config.json": b"newer"})
    hub.requests.clear()
    assert fetch_all(hub, home)[-1].commit == first
    assert is_installed(home)
    assert hub.sent(PARTS[0]) == [] and all(wanted.startswith("bytes=") for wanted in hub.sent(PARTS[1]))
    assert not any("/api/" in path for _, path, _, _ in hub.requests), "the commit was asked again"


def test_what_was_begun_of_another_revision_goes_with_the_installation(hub: FakeHub, home: Path) -> None:
    stop_within(hub, home, PARTS[1])
    newer = hub.publish(REPOSITORY, {**geopixel_files(), "config.json": b"{}"})
    assert fetch_all(hub, home, revision="main")[-1].commit == newer
    assert is_installed(home, {**WANTED, "config.json": b"{}"})


@pytest.mark.parametrize(
    ("status", "error"), [(401, RefusedError), (403, RefusedError), (404, NotOnHubError), (503, UnreachableError)]
)
def test_a_refusal_is_named(hub: FakeHub, home: Path, status: int, error: type[InstallError]) -> None:
    hub.status = status
    with pytest.raises(error, match=str(status)):
        fetch_all(hub, home)
    assert nothing_is_installed(home)


def test_an_unknown_repository_and_an_unknown_revision_are_named(hub: FakeHub, home: Path) -> None:
    with pytest.raises(NotOnHubError, match="nothing"):
        fetch_all(hub, home, revision="nothing")
    hub.branches.clear()
    with pytest.raises(RefusedError, match=REPOSITORY):  # the real one does not tell missing from private either
        fetch_all(hub, home)


def test_a_repository_of_another_model_is_refused(hub: FakeHub, home: Path) -> None:
    hub.publish(REPOSITORY, {"config.json": b"{}", "model.bin": b"x" * 2000})
    with pytest.raises(IncompleteError, match="tokenizer"):
        fetch_all(hub, home)
    assert nothing_is_installed(home)


def test_a_part_that_the_index_names_and_the_hub_lacks_is_named(hub: FakeHub, home: Path) -> None:
    files = geopixel_files()
    del files[PARTS[1]]
    hub.publish(REPOSITORY, files)
    with pytest.raises(IncompleteError, match=PARTS[1]):
        fetch_all(hub, home)
    assert nothing_is_installed(home)


def test_nobody_answers(home: Path) -> None:
    gone = FakeHub()
    gone.close()
    with pytest.raises(UnreachableError, match="import a folder"):
        fetch_all(gone, home)


@pytest.mark.parametrize("endpoint", ["huggingface.co", "ftp://x"])
def test_an_endpoint_is_a_web_address(endpoint: str) -> None:
    with pytest.raises(NotOnHubError, match=endpoint):
        Hub.from_environment(endpoint, {})


def test_the_token_goes_to_the_hub_and_to_nobody_else(hub: FakeHub, home: Path) -> None:
    hub.token = "hf_secret"
    with pytest.raises(RefusedError, match="HF_TOKEN"):
        fetch_all(hub, home)
    fetch_all(hub, home, token="hf_secret")
    assert is_installed(home)
    seen = {(path.split(":")[0], auth) for _, path, _, auth in hub.requests if auth}
    assert seen == {("hub", "Bearer hf_secret")}, "the server of large files got the token"
    assert "hf_secret" not in repr(Hub(hub.endpoint, "hf_secret"))


def test_environment_variables_of_the_hub_are_read() -> None:
    assert Hub.from_environment("", {"HF_ENDPOINT": "https://mirror.example/", "HF_TOKEN": " t "}) == Hub(
        "https://mirror.example", "t"
    )
    assert Hub.from_environment("http://other.example", {"HF_ENDPOINT": "https://mirror.example"}).endpoint.endswith(
        "other.example"
    )


def script(home: Path) -> str:
    """A program of its own that downloads the model."""
    return (
        "from pathlib import Path; from geopix_model.hub.access import Hub, Patience\n"
        "from geopix_model.hub.install import download; from geopix_model.hub.sources import GEOPIXEL\n"
        f"list(download(GEOPIXEL, Path({str(home)!r}), Hub.from_environment(), '', Patience()))"
    )


def test_the_cache_and_the_stored_token_of_the_user_are_not_touched(hub: FakeHub, home: Path, tmp_path: Path) -> None:
    hf = tmp_path / "hf"
    hf.mkdir()
    (hf / "token").write_text("hf_stored")
    environment = {**os.environ, "HF_ENDPOINT": hub.endpoint, "HF_HOME": str(hf), "HOME": str(tmp_path / "user")}
    subprocess.run([sys.executable, "-c", script(home)], env=environment, check=True)
    assert is_installed(home)
    assert files_in(hf) == {"token": b"hf_stored"} and not (tmp_path / "user").exists()
    assert {auth for *_, auth in hub.requests} == {""}


def test_offline_mode_of_the_hub_is_respected(home: Path) -> None:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", script(home)], env=environment, capture_output=True, text=True)
    assert "InstallError: HF_HUB_OFFLINE is set" in done.stderr


def test_a_disk_that_is_too_small_is_known_before(hub: FakeHub, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    total = sum(map(len, WANTED.values()))
    monkeypatch.setattr(install, "free_bytes", lambda folder: total + install.SPARE_BYTES - 1)
    with pytest.raises(DiskSpaceError, match="GEOPIX_MODELS"):
        fetch_all(hub, home)
    assert not any("resolve" in path for _, path, _, _ in hub.requests), "files were fetched"
    stop_later = total + install.SPARE_BYTES
    monkeypatch.setattr(install, "free_bytes", lambda folder: stop_later)
    fetch_all(hub, home)
    assert is_installed(home)


def test_what_has_come_already_needs_no_space_again(hub: FakeHub, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_within(hub, home, PARTS[2])
    rest = sum(map(len, WANTED.values())) - len(WANTED[PARTS[0]]) - len(WANTED[PARTS[1]])
    monkeypatch.setattr(install, "free_bytes", lambda folder: rest + install.SPARE_BYTES)
    fetch_all(hub, home)
    assert is_installed(home)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
def test_a_disk_that_becomes_full_is_named_and_what_has_come_stays(hub: FakeHub, home: Path) -> None:
    stop_within(hub, home, PARTS[1])
    (growing,) = (home / ".partial").rglob(f"{PARTS[1]}.incomplete")
    kept = growing.with_name("kept")
    growing.rename(kept)
    growing.symlink_to("/dev/full")
    with pytest.raises(DiskSpaceError, match="is full"):
        fetch_all(hub, home)
    assert nothing_is_installed(home) and (kept.parent / PARTS[0]).is_file()
    growing.unlink()
    kept.rename(growing)
    fetch_all(hub, home)
    assert is_installed(home)


def test_two_processes_fetch_a_model_once(hub: FakeHub, home: Path) -> None:
    hub.pause = threading.Event()
    environment = {**os.environ, "HF_ENDPOINT": hub.endpoint}
    others = [subprocess.Popen([sys.executable, "-c", script(home)], env=environment) for _ in range(2)]
    try:
        while not hub.sent(PARTS[0]):
            assert [process.poll() for process in others] == [None, None]
            time.sleep(0.05)
        download = steps(hub, home)
        assert next(download).stage == "waiting"
        hub.pause.set()
        assert [step.stage for step in download][-1] == "installed"
    finally:
        hub.pause.set()
        exits = [process.wait(60) for process in others]
    assert exits == [0, 0] and is_installed(home)
    assert [hub.sent(part) for part in PARTS] == [["", ""]] * 3  # once at the hub, once where it sends one to


def test_a_model_can_be_verified_at_any_time(hub: FakeHub, home: Path) -> None:
    with pytest.raises(NotInstalledError, match="geopix models download"):
        list(install.verify(GEOPIXEL, home))
    fetch_all(hub, home)
    said = list(install.verify(GEOPIXEL, home))
    assert said[-1].done_bytes == said[-1].total_bytes == sum(map(len, WANTED.values()))
    part = home / GEOPIXEL.name / PARTS[1]
    content = bytearray(part.read_bytes())
    content[1000] ^= 1
    part.write_bytes(content)
    with pytest.raises(DamagedError, match=PARTS[1]):
        list(install.verify(GEOPIXEL, home))
    part.unlink()
    with pytest.raises(IncompleteError, match=PARTS[1]):
        list(install.verify(GEOPIXEL, home))
    assert install.installed(GEOPIXEL, home) is None


def test_a_model_that_lost_a_file_is_fetched_again(hub: FakeHub, home: Path) -> None:
    fetch_all(hub, home)
    (home / GEOPIXEL.name / PARTS[1]).unlink()
    fetch_all(hub, home)
    assert is_installed(home)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 1}', '{"version": 9, "files": []}'])
def test_a_manifest_that_cannot_be_read_is_no_installation(hub: FakeHub, home: Path, content: str) -> None:
    fetch_all(hub, home)
    (home / GEOPIXEL.name / manifest.FILE).write_text(content)
    assert install.installed(GEOPIXEL, home) is None
    with pytest.raises(DamagedError, match=manifest.FILE):
        list(install.verify(GEOPIXEL, home))
    fetch_all(hub, home)
    assert is_installed(home)


def test_a_model_is_removed_with_what_was_begun(hub: FakeHub, home: Path) -> None:
    with pytest.raises(NotInstalledError):
        install.remove(GEOPIXEL, home)
    fetch_all(hub, home)
    size = sum(path.stat().st_size for path in (home / GEOPIXEL.name).iterdir())
    assert install.remove(GEOPIXEL, home) == size
    assert nothing_is_installed(home)
    stop_within(hub, home, PARTS[1])
    assert install.remove(GEOPIXEL, home) > 60_000
    assert {name for name in files_in(home / ".partial") if not name.endswith(".lock")} == set()


def test_a_model_that_is_being_installed_is_not_removed(hub: FakeHub, home: Path) -> None:
    download = steps(hub, home)
    next(download)
    with pytest.raises(InstallError, match="another process"):
        install.remove(GEOPIXEL, home)
    assert [step.stage for step in download][-1] == "installed"
    shutil.rmtree(home)
