"""Runs inside a full QGIS (``qgis --code``): asks in the dock as an analyst would, takes a picture, writes a report.

``GEOPIX_DRIVE`` names a JSON file: ``raster``, ``prompts`` (asked one after the other), ``report`` and ``picture``
(paths), ``area`` (as the dock calls it), ``width`` of the dock, and ``leave_early`` to close QGIS in mid-answer.
"""

import importlib
import json
import os
import time
import traceback
from pathlib import Path

import qgis.utils
from qgis.core import QgsApplication, QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QEvent, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDockWidget, QMenu
from qgis.utils import iface

PLUGIN = "geopix_qgis"
ANSWER_LIMIT_S = 240
job = json.loads(Path(os.environ["GEOPIX_DRIVE"]).read_text())
report = {"errors": [], "accepted": [], "turns": []}


def guarded(step):
    """A step whose failure is reported and ends QGIS, instead of leaving it open for ever."""

    def run():
        try:
            step()
        except Exception:
            report["errors"].append(traceback.format_exc())
            leave()

    return run


def dock():
    return qgis.utils.plugins[PLUGIN].dock


@guarded
def set_the_table():
    for other in iface.mainWindow().findChildren(QDockWidget):
        if other.objectName() not in ("geopixDock", "Layers"):
            other.hide()
    iface.mainWindow().resize(1280, 800)
    iface.mainWindow().resizeDocks([dock()], [job["width"]], Qt.Orientation.Horizontal)
    QgsProject.instance().addMapLayer(QgsRasterLayer(job["raster"], Path(job["raster"]).stem))
    QTimer.singleShot(1000, ask)


@guarded
def ask():
    iface.mapCanvas().zoomToFullExtent()
    panel = dock().panel
    panel.area.kind.setCurrentIndex(panel.area.kind.findText(job["area"]))
    panel.prompt.setFocus()
    QTest.keyClicks(panel.prompt, job["prompts"][len(report["turns"])])
    talk, began = dock().conversation, time.monotonic()
    times = {}
    talk.text.connect(lambda *_: times.setdefault("first_text_s", time.monotonic() - began))
    talk.regions_added.connect(lambda _: times.setdefault("first_region_s", time.monotonic() - began))
    talk.finished.connect(lambda _: times.setdefault("answered_s", time.monotonic() - began))
    QTest.keyClick(panel.prompt, Qt.Key.Key_Return)
    report["accepted"].append(talk.active)
    report["turns"].append(times)
    report["began"] = began
    wait_for_answer()


@guarded
def wait_for_answer():
    if job["leave_early"] and dock().conversation.turns and dock().conversation.turns[-1].regions:
        report.update(pid=dock().conversation.process._process.processId(), active=dock().conversation.active)
        leave()
    elif not dock().conversation.active:
        more = len(report["turns"]) < len(job["prompts"])
        QTimer.singleShot(500 if more else 2500, ask if more else look)  # the map is drawn again
    elif time.monotonic() - report["began"] > ANSWER_LIMIT_S:
        raise TimeoutError(f"no answer within {ANSWER_LIMIT_S} s")
    else:
        QTimer.singleShot(100, wait_for_answer)


@guarded
def look():
    talk, panel = dock().conversation, dock().panel
    result = talk.last_result
    for times, turn in zip(report["turns"], talk.turns, strict=True):
        phrases = [text for text, target in turn.pieces if target is not None]
        times.update(prompt=turn.prompt, answer=turn.answer, problem=turn.problem, footer=turn.footer)
        times.update(regions=turn.regions, phrases=phrases)
    report.update(
        phase=talk.phase.value,
        process=talk.process.state.value,
        transcript=panel.transcript.toPlainText(),
        facts=panel.facts.text(),
        messages=[item.text() for item in iface.messageBar().items()],
        dock_width=dock().width(),
        pid=talk.process._process.processId() if talk.process._process else 0,
    )
    if result is not None:
        layer = result.layers[0]
        report["layer"] = {
            "name": layer.name(),
            "crs": layer.crs().authid(),
            "fields": layer.fields().names(),
            "count": layer.featureCount(),
            "valid": all(feature.geometry().isGeosValid() for feature in layer.getFeatures()),
            "classes": sorted({feature["class"] for feature in layer.getFeatures()}),
            "categories": [category.value() for category in layer.renderer().categories()],
            "extent": [getattr(layer.extent(), side)() for side in ("xMinimum", "yMinimum", "xMaximum", "yMaximum")],
        }
        export = importlib.import_module(f"{PLUGIN}.export")
        names = importlib.import_module(f"{PLUGIN}.field_names")
        shapefile = importlib.import_module(f"{PLUGIN}.export_formats").FORMATS["shp"]
        fields = names.propose(layer.fields().names(), shapefile)
        target = Path(job["report"]).with_name("exported.shp")
        export.write([layer], export.Plan(target, "shp", layer.crs(), fields))
        iface.messageBar().clearWidgets()
    iface.mainWindow().statusBar().clearMessage()
    QTimer.singleShot(500, picture)


@guarded
def picture():
    iface.mainWindow().grab().save(job["picture"])
    unload()


@guarded
def unload():
    def census():
        for _ in range(3):
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            QApplication.processEvents()
        return {
            "docks": len([d for d in iface.mainWindow().findChildren(QDockWidget) if d.objectName() == "geopixDock"]),
            "menus": len([m for m in iface.mainWindow().findChildren(QMenu) if m.title() == "GeoPix"]),
            "raster menu": len([a for a in iface.rasterMenu().actions() if "GeoPix" in a.text()]),
            "buttons": len([a for a in iface.pluginToolBar().actions() if a.objectName() == "geopixToggle"]),
        }

    report["loaded"] = census()
    qgis.utils.unloadPlugin(PLUGIN)
    report["unloaded"] = census()
    leave()


def leave():
    Path(job["report"]).write_text(json.dumps(report, indent=1))
    QgsProject.instance().removeAllMapLayers()
    QgsProject.instance().setDirty(False)
    QTimer.singleShot(0, iface.actionExit().trigger)


QgsApplication.instance().setAttribute(Qt.ApplicationAttribute.AA_DontShowIconsInMenus, True)
QTimer.singleShot(2500, set_the_table)  # `--code` runs before the window has settled
