"""Where published models are kept on this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import platformdirs

VARIABLE = "GEOPIX_MODELS"
PARTIAL = ".partial"


def models_home(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder with one folder for each installed model: ``GEOPIX_MODELS``, else the platform's folder for data."""
    chosen = environ.get(VARIABLE, "").strip()
    return Path(chosen).expanduser() if chosen else platformdirs.user_data_path("geopix", appauthor=False) / "models"


def partial_home(home: Path) -> Path:
    """Where downloads grow; on the same disk as ``home``, so that a finished one only changes its name."""
    return home / PARTIAL
