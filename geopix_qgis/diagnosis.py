"""Reports to paste into a question for help: versions, settings and last words; no name, no token, no password."""

from __future__ import annotations

import platform
from typing import Optional

from osgeo import gdal
from qgis.core import Qgis

from . import protocol
from . import settings as stored
from .backend_process import BackendProcess
from .endpoint import Endpoint
from .install_plan import Plan
from .process_home import LOG, installed, process_home
from .protocol import ModelFacts
from .qt import QtCore
from .redaction import without_home, without_secrets
from .shipped import plugin_version
from .vitals import Health

LOG_CHARS = 6000


def report(process: BackendProcess, facts: Optional[ModelFacts], health: Optional[Health]) -> str:
    """Markdown about the model process."""
    choices, state = stored.load(), process.state.value
    lines = [
        *_head(),
        f"- protocol {protocol.VERSION}, model {choices.model}, device {choices.device}",
        f"- model process: {_where(choices)}",
        f"- it is {state}{': ' + process.message if process.message else ''}",
    ]
    if facts is not None:
        lines.append(f"- {facts.title}: {facts.parameters / 1e6:.1f} M parameters, {facts.licence}")
    if health is not None:
        free, total = health.memory_free / 2**30, health.memory_total / 2**30
        lines.append(f"- {health.device} {health.device_name}, {free:.1f} of {total:.1f} GiB of memory free")
    lines += _quoted(process.stderr_tail.strip() or "(the model process has said nothing)")
    return _readable("\n".join(lines), process.endpoint)


def setup_report(plan: Optional[Plan], log: str) -> str:
    """Markdown about an installation."""
    lines = _head()
    if plan is not None:
        lines.append(
            f"- {plan.tool}, PyTorch for {plan.build}, {'offline bundle' if plan.bundle else 'from the network'}"
        )
        lines.append(f"- folder: {plan.home}")
    return _readable("\n".join(lines + _quoted(log.strip()[-LOG_CHARS:])))


def _head() -> list[str]:
    return [
        f"### GeoPix {plugin_version()} report",
        f"- QGIS {Qgis.QGIS_VERSION}, Qt {QtCore.qVersion()}, GDAL {gdal.__version__}, "
        f"Python {platform.python_version()}",
        f"- {platform.platform()}",
    ]


def _where(choices: stored.Settings) -> str:
    """Which model process is used."""
    if choices.server_url:
        return f"server {choices.server_url}"
    if choices.backend_python:
        return f"Python {choices.backend_python}"
    found = installed(process_home())
    if found is not None:
        return f"installed {found.version}, PyTorch for {found.build}, log in {process_home() / LOG}"
    return "Python beside the plugin"


def _quoted(text: str) -> list[str]:
    return ["", "```", text, "```"]


def _readable(text: str, endpoint: Optional[Endpoint] = None) -> str:
    return without_home(without_secrets(text, endpoint.token if endpoint is not None else ""))
