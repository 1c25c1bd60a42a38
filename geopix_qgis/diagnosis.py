"""A report to paste into a question for help: versions, settings and the last words of the model process."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Optional

from osgeo import gdal
from qgis.core import Qgis

from . import protocol
from . import settings as stored
from .protocol import ModelFacts
from .qt import QtCore


def report(process_state: str, message: str, log: str, facts: Optional[ModelFacts]) -> str:
    """Markdown without the name of the user: the home folder is written as ``~``."""
    choices = stored.load()
    lines = [
        "### GeoPix report",
        f"- QGIS {Qgis.QGIS_VERSION}, Qt {QtCore.qVersion()}, GDAL {gdal.__version__}, "
        f"Python {platform.python_version()}",
        f"- {platform.platform()}",
        f"- protocol {protocol.VERSION}, model {choices.model}, device {choices.device}",
        f"- Python of the model: {choices.backend_python or '(beside the plugin)'}",
        f"- model process: {process_state}{': ' + message if message else ''}",
    ]
    if facts is not None:
        lines.append(f"- {facts.title}: {facts.parameters / 1e6:.1f} M parameters, {facts.licence}")
    lines += ["", "```", log.strip() or "(the model process has said nothing)", "```"]
    return "\n".join(lines).replace(str(Path.home()), "~")
