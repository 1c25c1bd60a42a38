"""Runs inside a full QGIS: the ways into the plugin beside its dock, and that they are gone when it is unloaded.

The job: ``raster`` and ``picture`` (a path).
"""

import os

import processing
import qgis.utils
from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAction, QApplication, QGroupBox, QLineEdit, QTreeView
from qgis.utils import iface
from steps import PLUGIN, dock, job, play, report, set_the_table, until

from geopix_qgis.areas import AreaKind


def everything():
    layer = set_the_table(420, job["raster"])
    yield 1.0
    panel, talk = dock().panel, dock().conversation
    panel.area.set_kind(AreaKind.LAYER)
    panel.prompt.setPlainText("a draft")
    yield from search("gp airplanes")
    yield until("the question", lambda: talk.turns)
    yield until("the answer", lambda: not talk.active, 60)
    yield 0.5
    report["prompts"] = [turn.prompt for turn in talk.turns]
    report["regions"] = talk.turns[0].regions
    report["draft"], report["send"] = panel.prompt.toPlainText(), panel.send.text()
    report["titles"] = [box.title() for box in dock().findChildren(QGroupBox)]
    help_action().trigger()
    yield 0.5
    report["helped"] = "Keyboard" in qgis.utils.plugins[PLUGIN]._help_window.text.toPlainText()
    qgis.utils.plugins[PLUGIN]._help_window.close()
    run(layer)
    yield 1.0
    iface.mainWindow().grab().save(job["picture"])
    qgis.utils.unloadPlugin(PLUGIN)
    yield 0.5
    report["left"] = {
        "help": int(help_action() is not None),
        "toolbox": len(algorithms()),
        "actions": len([a for a in iface.mainWindow().findChildren(QAction) if a.objectName().startswith("geopix")]),
    }
    QTest.keyClicks(locator_line(), "gp bridges")
    yield 1.5
    report["left"]["offers"] = len([row for row in rows() if str(row.data()).endswith("bridges")])


def search(text):
    """Types into the locator bar and takes the plugin's offer."""
    line = locator_line()
    QTest.keyClicks(line, text)
    yield until("the offer", offers, 20)
    report["offered"] = [str(index.data()) for index in offers()]
    results().setCurrentIndex(offers()[0])
    QTest.keyClick(line, Qt.Key.Key_Return)


def locator_line():
    """Where one types into the locator bar."""
    return found(QLineEdit, "QgsLocatorLineEdit")


def results():
    """The list below the locator bar."""
    return found(QTreeView, "QgsLocatorResultsView")


def found(kind, name):
    """The widget of a class that Python does not know."""
    widgets = [widget for window in QApplication.topLevelWidgets() for widget in window.findChildren(kind)]
    return next(widget for widget in widgets if widget.metaObject().className() == name)


def rows():
    model = results().model()
    return [model.index(row, 0) for row in range(model.rowCount())]


def offers():
    return [row for row in rows() if str(row.data()).endswith("airplanes")]


def help_action():
    return next((a for a in iface.pluginHelpMenu().actions() if a.objectName() == "geopixHelpAction"), None)


def algorithms():
    return sorted(a.id() for a in QgsApplication.processingRegistry().algorithms() if a.id().startswith("geopix:"))


def run(layer):
    """An algorithm, beside the dock whose process runs."""
    before = children()
    report["toolbox"] = algorithms()
    outputs = processing.runAndLoadResults(
        "geopix:segment", {"RASTER": layer.id(), "PROMPT": "roofs", "OUTPUT": "TEMPORARY_OUTPUT"}
    )
    report["shares_process"] = children() == before
    result = QgsProject.instance().mapLayer(outputs["OUTPUT"])
    report["found"] = result.featureCount()
    report["colours"] = [category.label() for category in result.renderer().categories()]


def children():
    with open(f"/proc/{os.getpid()}/task/{os.getpid()}/children") as file:
        return file.read().split()


play(everything())
