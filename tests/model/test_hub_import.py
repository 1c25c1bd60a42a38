"""Models from folders: of another installation, of the hub's own tools, or of nobody knows where."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from geopix_model.hub import importing, install, manifest
from geopix_model.hub.errors import DamagedError, DiskSpaceError, IncompleteError
from geopix_model.hub.importing import import_folder
from geopix_model.hub.progress import Progress
from geopix_model.hub.sources import GEOPIX, GEOPIXEL, GEOPIXEL_RES, Source
from tests.model.fake_hub import FakeHub
from tests.model.hub_files import PARTS, fetch_all, files_in, geopixel_files, safetensors


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "models"


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def bring(folder: Path, home: Path, source: Source = GEOPIXEL) -> list[Progress]:
    return list(import_folder(source, folder, home))


def nothing_is_installed(home: Path, source: Source = GEOPIXEL) -> bool:
    left = {name for name in files_in(home) if not name.endswith(".lock")}
    return install.installed(source, home) is None and not left


def pickle_of(value: object) -> bytes:
    out = io.BytesIO()
    torch.save(value, out)
    return out.getvalue()


def geopix_files() -> dict[str, bytes]:
    configs = ("config.json", "preprocessor_config.json", "tokenizer.json", "vlm/config.json", "seg/config.json")
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    states = ("image_neck_rough", "image_neck_detail", "text_hidden_fcs", "multiseg_scalar", "multiscale_scalar")
    return {
        **dict.fromkeys((*configs, "pec/config.json", "clm/config.json", "vlm/text/config.json"), b"{}"),
        **{f"{name}.pth": pickle_of([torch.zeros(())]) for name in states},
        "vlm/model-00001-of-00002.safetensors": safetensors(5000),
        "vlm/model-00002-of-00002.safetensors": safetensors(4000),
        "vlm/model.safetensors.index.json": json.dumps(index).encode(),
        **{f"{part}/model.safetensors": safetensors(3000) for part in ("seg", "pec", "clm")},
        "vlm/optimizer.pt": b"x",
        "notes.txt": b"x",
    }


def test_a_folder_is_imported_without_a_hub_and_stays_as_it_is(tmp_path: Path, home: Path) -> None:
    folder = write(tmp_path / "from", geopix_files())
    before = files_in(folder)
    said = bring(folder, home, GEOPIX)
    found = install.installed(GEOPIX, home)
    assert found is not None and said[-1].stage == "installed" and said[-1].total_bytes == found.total_bytes
    assert {file.path for file in found.files} == set(geopix_files()) - {"vlm/optimizer.pt", "notes.txt"}
    assert (found.commit, found.published) == ("", False), "nobody said which commit this is"
    assert files_in(folder) == before
    assert list(install.verify(GEOPIX, home))[-1].done_bytes == found.total_bytes


def test_files_of_the_same_disk_are_linked_and_take_no_space(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "from", geopix_files())
    monkeypatch.setattr(install, "free_bytes", lambda folder: install.SPARE_BYTES)
    assert "copying" not in {step.stage for step in bring(folder, home, GEOPIX)}
    assert os.path.samefile(folder / "seg/model.safetensors", home / "geopix/seg/model.safetensors")
    install.remove(GEOPIX, home)
    assert files_in(folder) == geopix_files()


def test_files_that_cannot_be_linked_are_copied(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "from", geopix_files())
    monkeypatch.setattr(importing, "_link", lambda source, path: False)
    said = bring(folder, home, GEOPIX)
    assert "copying" in {step.stage for step in said}
    assert not os.path.samefile(folder / "seg/model.safetensors", home / "geopix/seg/model.safetensors")
    assert (home / "geopix/seg/model.safetensors").read_bytes() == safetensors(3000)


def test_a_copy_that_does_not_fit_is_refused_before(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "from", geopix_files())
    monkeypatch.setattr(importing, "_on_disk", lambda path, disk: False)
    monkeypatch.setattr(install, "free_bytes", lambda folder: install.SPARE_BYTES)
    with pytest.raises(DiskSpaceError, match="GEOPIX_MODELS"):
        bring(folder, home, GEOPIX)
    assert nothing_is_installed(home, GEOPIX)


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("tokenizer.json", "tokenizer.json"),
        ("text_hidden_fcs.pth", "text_hidden_fcs.pth"),
        ("vlm/model-00002-of-00002.safetensors", "model-00002-of-00002"),
        ("seg/model.safetensors", "seg/model"),
    ],
)
def test_an_incomplete_folder_is_refused_by_name(tmp_path: Path, home: Path, missing: str, said: str) -> None:
    files = geopix_files()
    del files[missing]
    with pytest.raises(IncompleteError, match=said):
        bring(write(tmp_path / "from", files), home, GEOPIX)
    assert nothing_is_installed(home, GEOPIX)


def test_an_empty_folder_and_no_folder_are_refused(tmp_path: Path, home: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "nothing"):
        with pytest.raises(IncompleteError, match=GEOPIXEL.repository):
            bring(folder, home)


@pytest.mark.parametrize("name", ["vlm/model-00001-of-00002.safetensors", "text_hidden_fcs.pth"])
@pytest.mark.parametrize("kept", [0.5, 0.999])
def test_weights_that_were_cut_off_are_refused_by_name(tmp_path: Path, home: Path, name: str, kept: float) -> None:
    files = geopix_files()
    files[name] = files[name][: int(len(files[name]) * kept)]
    with pytest.raises(DamagedError, match=name.split("/")[-1]):
        bring(write(tmp_path / "from", files), home, GEOPIX)
    assert nothing_is_installed(home, GEOPIX)


@pytest.mark.parametrize("head", [b"", b"abc", b"\xff" * 20, b"\2\0\0\0\0\0\0\0[]", b"\7\0\0\0\0\0\0\0" + b'{"a":1}'])
def test_a_header_that_is_none_is_refused(tmp_path: Path, home: Path, head: bytes) -> None:
    with pytest.raises(DamagedError, match="header"):
        bring(write(tmp_path / "from", {**geopix_files(), "pec/model.safetensors": head}), home, GEOPIX)


@pytest.mark.parametrize("index", [b"", b"[]", b'{"weight_map": {"a": "../outside"}}', b'{"weight_map": {"a": 3}}'])
def test_an_index_that_is_none_is_refused(tmp_path: Path, home: Path, index: bytes) -> None:
    files = {**geopix_files(), "vlm/model.safetensors.index.json": index}
    with pytest.raises(IncompleteError, match="index"):
        bring(write(tmp_path / "from", files), home, GEOPIX)


def test_safetensors_are_taken_rather_than_pickles(tmp_path: Path, home: Path) -> None:
    files = {**geopixel_files(), "model.safetensors": safetensors(2000)}
    bring(write(tmp_path / "from", files), home)
    names = {path.name for path in (home / GEOPIXEL.name).iterdir()}
    assert "model.safetensors" in names and not names & {*PARTS, "pytorch_model.bin.index.json"}


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    hub = FakeHub()
    hub.publish(GEOPIXEL.repository, geopixel_files())
    yield hub
    hub.close()


def test_a_copy_of_an_installation_is_compared_with_its_manifest(hub: FakeHub, tmp_path: Path, home: Path) -> None:
    fetch_all(hub, tmp_path / "office")
    stick = tmp_path / "office" / GEOPIXEL.name
    with pytest.raises(DamagedError, match="GeoPixel-7B-RES"):
        bring(stick, home, GEOPIXEL_RES)
    bring(stick, home)
    assert install.installed(GEOPIXEL, home) == install.installed(GEOPIXEL, tmp_path / "office")
    install.remove(GEOPIXEL, home)
    content = bytearray((stick / PARTS[0]).read_bytes())
    content[7] ^= 1
    (stick / PARTS[0]).unlink()
    (stick / PARTS[0]).write_bytes(content)
    with pytest.raises(DamagedError, match=PARTS[0]):
        bring(stick, home)
    assert nothing_is_installed(home)


@pytest.mark.parametrize("kind", ["local_dir", "cache_dir"])
def test_what_the_hubs_own_tools_fetched_is_compared_with_the_published_hashes(
    hub: FakeHub, kind: str, tmp_path: Path, home: Path
) -> None:
    script = (
        "from huggingface_hub import snapshot_download\n"
        f"print(snapshot_download({GEOPIXEL.repository!r}, {kind}={str(tmp_path / 'got')!r}))"
    )
    environment = {**os.environ, "HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path / "hf"), "HF_TOKEN": ""}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    folder = Path(done.stdout.strip())
    bring(folder, home)
    found = install.installed(GEOPIXEL, home)
    assert found is not None and found.published and found.commit == hub.branches[GEOPIXEL.repository]["main"]
    assert manifest.sha256(home / GEOPIXEL.name / PARTS[0]) == hashlib.sha256(geopixel_files()[PARTS[0]]).hexdigest()
    install.remove(GEOPIXEL, home)
    part = (folder / PARTS[1]).resolve()
    part.write_bytes(bytes(part.stat().st_size))
    with pytest.raises(DamagedError, match=PARTS[1]):
        bring(folder, home)
    assert nothing_is_installed(home)


def test_an_import_replaces_what_is_installed_only_when_it_is_whole(hub: FakeHub, tmp_path: Path, home: Path) -> None:
    fetch_all(hub, home)
    before = files_in(home / GEOPIXEL.name)
    files = {**geopixel_files(), "config.json": b'{"other": 1}'}
    del files["tokenizer.model"]
    folder = write(tmp_path / "from", files)
    with pytest.raises(IncompleteError, match=r"tokenizer\.model"):
        bring(folder, home)
    assert files_in(home / GEOPIXEL.name) == before
    write(folder, {"tokenizer.model": b"t" * 2000})
    bring(folder, home)
    assert (home / GEOPIXEL.name / "config.json").read_bytes() == b'{"other": 1}'


def test_an_import_that_is_stopped_leaves_nothing(tmp_path: Path, home: Path) -> None:
    steps = import_folder(GEOPIXEL, write(tmp_path / "from", geopixel_files()), home)
    next(steps)
    steps.close()
    assert nothing_is_installed(home)
