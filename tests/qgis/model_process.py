"""Fixtures that stand in for the model process; they need no QGIS, so that ``tests/qt6`` has them as well."""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def fake() -> ModuleType:
    """The module ``fake_backend``."""
    spec = importlib.util.spec_from_file_location("fake_backend", HERE / "fake_backend.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def serve(fake: ModuleType) -> Iterator[Callable[..., Any]]:
    """Starts a fake server with an answer function; gives the server."""
    servers = []

    def start(answer: Callable[..., Any]) -> Any:
        server = fake.FakeServer(answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def fake_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Makes the fake the model process, in a mode of ``fake_backend``."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{HERE / "fake_backend.py"}"\n')
    python.chmod(0o755)

    def choose(mode: str = "answer") -> None:
        monkeypatch.setenv("GEOPIX_BACKEND_PYTHON", str(python))
        monkeypatch.setenv("GEOPIX_FAKE", mode)

    return choose
