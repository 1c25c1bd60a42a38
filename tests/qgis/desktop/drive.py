"""Runs inside a full QGIS (``qgis --code``): asks in the dock as an analyst would, takes a picture, writes a report.

The job: ``raster``, ``prompts`` (asked one after the other), ``picture`` (a path), ``area`` (as the dock calls it),
``width`` of the dock, and ``leave_early`` to close QGIS in mid-answer.
"""

import importlib
import time
from pathlib import Path

import qgis.utils
from qgis.PyQt.QtCore import QEvent, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDockWidget, QMenu
from qgis.utils import iface
from steps import PLUGIN, dock, job, play, report, set_the_table, until

ANSWER_LIMIT_S = 240
report.update(accepted=[], turns=[])


def everything():
    set_the_table(job["width"], job["raster"])
    yield 1.0
    for prompt in job["prompts"]:
        ask(prompt)
        if job["leave_early"]:
            yield until("the first polygon", has_polygons, ANSWER_LIMIT_S)
            talk = dock().conversation
            report.update(pid=talk.process._process.processId(), active=talk.active)
            return
        yield until("the answer", lambda: not dock().conversation.active, ANSWER_LIMIT_S)
        yield 0.5
    yield 2.0  # the map is drawn again
    look()
    yield 0.5
    iface.mainWindow().grab().save(job["picture"])
    report["loaded"] = census()
    qgis.utils.unloadPlugin(PLUGIN)
    report["unloaded"] = census()


def ask(prompt):
    iface.mapCanvas().zoomToFullExtent()
    panel = dock().panel
    panel.area.kind.setCurrentIndex(panel.area.kind.findText(job["area"]))
    panel.prompt.setFocus()
    QTest.keyClicks(panel.prompt, prompt)
    talk, began = dock().conversation, time.monotonic()
    times = {}
    talk.text.connect(lambda *_: times.setdefault("first_text_s", time.monotonic() - began))
    talk.regions_added.connect(lambda _: times.setdefault("first_region_s", time.monotonic() - began))
    talk.finished.connect(lambda _: times.setdefault("answered_s", time.monotonic() - began))
    QTest.keyClick(panel.prompt, Qt.Key.Key_Return)
    report["accepted"].append(talk.active)
    report["turns"].append(times)


def has_polygons():
    turns = dock().conversation.turns
    return turns and turns[-1].regions


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


play(everything())
