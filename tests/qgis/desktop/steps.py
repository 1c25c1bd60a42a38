"""Inside a full QGIS: steps that follow each other, wait for things, and can neither hang nor leave QGIS open.

A script is a generator.  It yields seconds to wait, or ``until(...)``; in between QGIS goes on as ever.
"""

from __future__ import annotations

import json
import os
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

import qgis.utils
from qgis.core import QgsApplication, QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtWidgets import QDockWidget
from qgis.utils import iface

PLUGIN = "geopix_qgis"
SETTLE_MS = 2500  # ``--code`` runs before the window has settled
POLL_MS = 50
WINDOW = (1280, 800)

job: dict[str, Any] = json.loads(Path(os.environ["GEOPIX_JOB"]).read_text())
report: dict[str, Any] = {"errors": []}


@dataclass(frozen=True)
class Wait:
    """Until something is so; an error says what did not happen."""

    what: str
    condition: Callable[[], Any]
    limit_s: float


Steps = Iterator[Union[float, Wait]]


def until(what: str, condition: Callable[[], Any], limit_s: float = 30) -> Wait:
    """Waits until a condition holds."""
    return Wait(what, condition, limit_s)


def play(steps: Steps) -> None:
    """Plays the steps once QGIS is ready, then closes it; an exception ends them and is reported."""
    QgsApplication.instance().setAttribute(Qt.ApplicationAttribute.AA_DontShowIconsInMenus, True)
    QTimer.singleShot(SETTLE_MS, lambda: _go_on(steps))


def dock() -> Any:
    """The dock of the plugin."""
    return qgis.utils.plugins[PLUGIN].dock


def set_the_table(dock_width: int, raster: str, window: tuple[int, int] = WINDOW) -> QgsRasterLayer:
    """A window with the map, the layers and the dock, and a raster in it."""
    for other in iface.mainWindow().findChildren(QDockWidget):
        if other.objectName() not in ("geopixDock", "Layers"):
            other.hide()
    iface.mainWindow().resize(*window)
    iface.mainWindow().resizeDocks([dock()], [dock_width], Qt.Orientation.Horizontal)
    layer = QgsRasterLayer(raster, Path(raster).stem)
    QgsProject.instance().addMapLayer(layer)
    return layer


def _go_on(steps: Steps) -> None:
    try:
        wanted = next(steps)
    except StopIteration:
        _leave()
    except Exception:
        report["errors"].append(traceback.format_exc())
        _leave()
    else:
        if isinstance(wanted, Wait):
            _poll(steps, wanted, time.monotonic() + wanted.limit_s)
        else:
            QTimer.singleShot(int(wanted * 1000), lambda: _go_on(steps))


def _poll(steps: Steps, wanted: Wait, end: float) -> None:
    try:
        if wanted.condition():
            QTimer.singleShot(0, lambda: _go_on(steps))
        elif time.monotonic() > end:
            raise TimeoutError(f"{wanted.what}: not within {wanted.limit_s:g} s")
        else:
            QTimer.singleShot(POLL_MS, lambda: _poll(steps, wanted, end))
    except Exception:
        report["errors"].append(traceback.format_exc())
        _leave()


def _leave() -> None:
    Path(job["report"]).write_text(json.dumps(report, indent=1))
    for layer in QgsProject.instance().mapLayers().values():
        if hasattr(layer, "rollBack"):
            layer.rollBack()  # QGIS would ask about unsaved edits
    QgsProject.instance().removeAllMapLayers()
    QgsProject.instance().setDirty(False)
    QTimer.singleShot(0, iface.actionExit().trigger)
