"""The hub of the tests speaks as the real one: the real one's own client understands it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.model.fake_hub import FakeHub

FILES = {"config.json": b"{}", "vlm/model.safetensors": bytes(range(256)) * 40}


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    hub = FakeHub()
    yield hub
    hub.close()


@pytest.mark.parametrize("token", ["", "hf_given"])
def test_the_hubs_own_client_downloads_from_it(hub: FakeHub, token: str, tmp_path: Path) -> None:
    commit = hub.publish("owner/name", FILES)
    hub.token = token
    script = (
        "from huggingface_hub import snapshot_download\n"
        f"print(snapshot_download('owner/name', revision='main', local_dir={str(tmp_path / 'got')!r}))"
    )
    environment = {**os.environ, "HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path / "hf"), "HF_TOKEN": token}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {path: (tmp_path / "got" / path).read_bytes() for path in FILES} == FILES
    note = tmp_path / "got/.cache/huggingface/download/vlm/model.safetensors.metadata"
    assert note.read_text("utf-8").split()[0] == commit


@pytest.mark.parametrize(
    ("repository", "revision", "error"),
    [("owner/other", "main", "RepositoryNotFoundError"), ("owner/name", "nothing", "RevisionNotFoundError")],
)
def test_the_hubs_own_client_understands_its_refusals(
    hub: FakeHub, repository: str, revision: str, error: str, tmp_path: Path
) -> None:
    hub.publish("owner/name", FILES)
    script = f"from huggingface_hub import HfApi\nHfApi().model_info({repository!r}, revision={revision!r})"
    environment = {**os.environ, "HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path), "HF_TOKEN": ""}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert error in done.stderr
