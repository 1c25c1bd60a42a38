"""In the place of ``tests/qgis/conftest.py`` for tests that need Qt and no map: pytest loads it with ``-p``."""

from __future__ import annotations

import os
from pathlib import Path

os.environ["LC_ALL"] = "C.UTF-8"  # as in tests/qgis

import pytest
from qgis.core import QgsApplication, QgsSettings
from qgis.PyQt.QtCore import QSettings

from tests.qgis.model_process import fake, fake_process, serve

__all__ = ["fake", "fake_process", "serve"]


@pytest.fixture(scope="session")
def qapp_cls() -> type:
    """The application that pytest-qt makes."""
    return QgsApplication


@pytest.fixture
def qgis_app(qapp: QgsApplication) -> QgsApplication:
    """The application, under the name that it has in a real QGIS."""
    return qapp


@pytest.fixture(autouse=True)
def no_stored_choices(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each test starts with the default settings, and without what the user of this machine has installed."""
    for kind in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(kind, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    monkeypatch.setenv("GEOPIX_HOME", str(tmp_path / "process"))
    QgsSettings().remove("geopix")
