"""Runs inside a full QGIS (``scripts/trial``): installs the plugin, sets it up, asks, exports, all by its buttons.

The job: ``zip``, ``raster``, ``pictures`` (a folder), ``uv`` (whether the setup finds it), ``index`` (for PyTorch, or
""), ``began`` (when QGIS was started), and two files: ``wanted`` is made when the setup asks for python3-venv, and
``brought`` by the trial when that is installed.
"""

import time
from contextlib import contextmanager
from pathlib import Path

import qgis.utils
from qgis.core import QgsProject
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QMessageBox, QWidget
from qgis.utils import iface
from steps import PLUGIN, SETTLE_MS, dock, job, play, report, set_the_table, until

SETUP_LIMIT_S, ANSWER_LIMIT_S = 1800, 240
report.update(times=[], boxes=[])


def everything():
    report["times"].append(("start QGIS", time.time() - job["began"] - SETTLE_MS / 1000))
    yield from install_from_zip()
    yield from look_for_tools()
    yield from install_the_model()
    yield from ask("Segment the trees")
    yield from export_a_shapefile()


def install_from_zip():
    with timed("install the zip in the plugin manager"):
        QTimer.singleShot(0, iface.actionManagePlugins().trigger)  # it is modal
        yield until("the plugin manager", lambda: shown("QgsPluginManagerBase"), 60)
        manager = shown("QgsPluginManagerBase")
        places = manager.findChild(QWidget, "mOptionsListWidget")
        row = next(n for n in range(places.count()) if "ZIP" in places.item(n).text())
        places.setCurrentRow(row)
        manager.findChild(QWidget, "mZipFileWidget").setFilePath(job["zip"])
        press(manager.findChild(QWidget, "buttonInstallFromZip"))
        yield until("the plugin", lambda: answer_boxes() or PLUGIN in qgis.utils.plugins, 60)
    yield 1.0
    picture("1_plugin_manager")
    manager.reject()


def look_for_tools():
    with timed("open the setup; what is there to install with?"):
        yield until("the dock, which opens by itself", lambda: dock().isVisible() and named("geopixSetup").isVisible())
        set_the_table(420, job["raster"])
        yield 0.5
        picture("2_dock")
        press(named("geopixSetup"))
        yield until("the setup", lambda: named("geopixSetupDialog") and named("geopixSetupSearch").isEnabled())
    yield 0.5
    picture("3_setup")
    report["said"] = [named("geopixSetupNote").text()]
    if job["uv"]:
        return
    if "python3.11-venv" not in named("geopixSetupNote").text():
        raise RuntimeError(f"a Python without venv is not told: {named('geopixSetupNote').text()!r}")
    Path(job["wanted"]).touch()
    yield until("python3-venv", Path(job["brought"]).exists, 120)
    press(named("geopixSetupSearch"))
    yield until("a Python", lambda: named("geopixSetupTool").currentData() is not None)
    report["said"].append(named("geopixSetupNote").text())


def install_the_model():
    if job["index"]:
        source = named("geopixSetupSource")
        source.setCurrentIndex(source.count() - 1)
        QTest.keyClicks(named("geopixSetupIndex"), job["index"])
    named("geopixSetupDialog").choices.folded.setCollapsed(False)
    yield 0.5
    picture("4_setup_ready")
    report["commands"] = named("geopixSetupCommands").toPlainText()
    window, starts = named("geopixSetupDialog"), {0: time.monotonic()}
    press(named("geopixSetupGo"))
    yield until("the installation", lambda: window.active)
    window.installer.step_began.connect(lambda number: starts.setdefault(number, time.monotonic()))
    yield until("the second step", lambda: 1 in starts or not window.active, SETUP_LIMIT_S)
    yield 1.0
    picture("5_setup_runs")
    yield until("the end of the setup", lambda: not window.active, SETUP_LIMIT_S)
    steps, times = window.installer.steps, [*starts.values(), time.monotonic()]
    yield 0.5
    picture("6_setup_done")
    for step, start, end in zip(steps, times, times[1:], strict=False):
        report["times"].append((f"setup with {window.installer.plan.tool.kind}: {step.title}", end - start))
    report["said"].append(f"{window.progress.what.text()} {window.progress.advice.text()}")
    if window.go.isVisible():
        raise RuntimeError(f"the setup failed: {report['said'][-1]}\n{window.progress.log.toPlainText()}")
    press(named("geopixSetupClose"))


def ask(prompt):
    with timed(f"ask: {prompt}"):
        panel, talk = dock().panel, dock().conversation
        iface.mapCanvas().zoomToFullExtent()
        panel.prompt.setFocus()
        QTest.keyClicks(panel.prompt, prompt)
        QTest.keyClick(panel.prompt, Qt.Key.Key_Return)
        yield until("the answer", lambda: talk.turns and not talk.active, ANSWER_LIMIT_S)
    yield 1.5  # the map is drawn again
    picture("7_answer")
    turn = talk.turns[-1]
    report.update(answer=turn.answer, regions=turn.regions)
    if turn.problem or not turn.regions:
        raise RuntimeError(f"no polygon: {turn.problem or turn.answer}")


def export_a_shapefile():
    with timed("export a shapefile"):
        target = Path(job["raster"]).with_name("trees.shp")
        press(named("geopixExport"))
        yield until("the export dialog", lambda: shown("geopixExportDialog"))
        formats = named("geopixExportFormat")
        formats.setCurrentIndex(formats.findData("shp"))
        named("geopixExportFile").setFilePath(str(target))
        yield 0.5
        picture("8_export")
        press(named("geopixExportOk"))
        yield until("the shapefile", lambda: target.exists() and not shown("geopixExportDialog"))
    yield 1.0
    picture("9_exported")
    QgsProject.instance().setDirty(False)


@contextmanager
def timed(what):
    began = time.monotonic()
    yield
    report["times"].append((what, time.monotonic() - began))


def shown(name):
    """The visible window of a name, None without one."""
    return next((w for w in QApplication.topLevelWidgets() if w.objectName() == name and w.isVisible()), None)


def named(name):
    """The newest widget of a name, in any window; None without one."""
    windows = QApplication.topLevelWidgets()
    found = [w for w in windows if w.objectName() == name]
    found += [widget for window in windows for widget in window.findChildren(QWidget, name)]
    return next((widget for widget in found if widget.isVisible()), found[-1] if found else None)


def answer_boxes():
    """Says yes to what QGIS asks in between; False."""
    for box in QApplication.topLevelWidgets():
        if isinstance(box, QMessageBox) and box.isVisible():
            report["boxes"].append(box.text())
            button = box.button(QMessageBox.StandardButton.Yes) or box.defaultButton() or box.buttons()[0]
            QTimer.singleShot(0, button.click)
    return False


def press(button):
    """Clicks with the mouse; what the click opens may be modal."""
    if button is None or not button.isEnabled():
        raise RuntimeError(f"{button and button.objectName()} cannot be pressed")
    QTimer.singleShot(0, lambda: QTest.mouseClick(button, Qt.MouseButton.LeftButton))


def picture(name):
    """What the screen shows."""
    iface.mainWindow().screen().grabWindow(0).save(str(Path(job["pictures"]) / f"{name}.png"))


play(everything())
