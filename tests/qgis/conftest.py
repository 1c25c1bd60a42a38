"""Real QGIS, real sockets, real files; only the model is missing."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ["LC_ALL"] = "C.UTF-8"  # tests read the English texts, whatever language this machine speaks

import numpy as np
import pytest
from osgeo import gdal, osr
from qgis.core import Qgis, QgsCoordinateReferenceSystem, QgsMapSettings, QgsProject, QgsRasterLayer, QgsRectangle
from qgis.gui import QgsMessageBarItem
from qgis.PyQt.QtCore import QObject, QSettings, QSize, Qt
from qgis.PyQt.QtWidgets import QMainWindow, QMenu, QToolBar

from geopix_qgis.areas import AreaKind
from geopix_qgis.gui.dock import GeoPixDock
from tests.qgis.model_process import fake, fake_process, serve

__all__ = ["fake", "fake_process", "serve"]  # fixtures that need no QGIS

UTM33 = "EPSG:32633"
NORTH_UP = (500_000.0, 0.5, 0.0, 5_400_000.0, 0.0, -0.5)


@pytest.fixture(scope="session", autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Settings of this session alone: other sessions, and the QGIS of who runs it, have theirs in one shared file."""
    folder = str(tmp_path_factory.mktemp("settings"))
    for kind in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(kind, QSettings.Scope.UserScope, folder)


@pytest.fixture
def write_raster(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small GeoTIFF: ``write_raster(transform=..., crs=..., gcps=..., bands=3, dtype=gdal.GDT_Byte)``."""

    def write(
        name: str = "scene.tif",
        width: int = 120,
        height: int = 80,
        bands: int = 3,
        dtype: int = gdal.GDT_Byte,
        transform: tuple[float, ...] | None = NORTH_UP,
        crs: str = UTM33,
        gcps: list[gdal.GCP] | None = None,
    ) -> Path:
        path = tmp_path / name
        dataset = gdal.GetDriverByName("GTiff").Create(str(path), width, height, bands, dtype)
        if gcps:
            dataset.SetGCPs(gcps, _wkt(crs))
        elif transform:
            dataset.SetGeoTransform(transform)
        if crs and not gcps:
            dataset.SetProjection(_wkt(crs))
        ramp = np.add.outer(np.arange(height), np.arange(width)) % 251
        for band in range(1, bands + 1):
            dataset.GetRasterBand(band).WriteArray(ramp * (1 if dtype == gdal.GDT_Byte else 40) + band)
        dataset.FlushCache()
        return path

    return write


def _wkt(crs: str) -> str:
    reference = osr.SpatialReference()
    reference.SetFromUserInput(crs)
    return reference.ExportToWkt()


@pytest.fixture
def add_raster(qgis_new_project: None) -> Callable[[Path], QgsRasterLayer]:
    """Adds a raster file to the project."""

    def add(path: Path) -> QgsRasterLayer:
        layer = QgsRasterLayer(str(path), path.stem)
        assert layer.isValid()
        QgsProject.instance().addMapLayer(layer)
        return layer

    return add


@pytest.fixture
def look_at() -> Callable[..., QgsMapSettings]:
    """The map settings of a canvas of 400 x 300 pixels that shows a box in a CRS."""

    def look(box: tuple[float, float, float, float], crs: str = UTM33, rotation: float = 0.0) -> QgsMapSettings:
        view = QgsMapSettings()
        view.setOutputSize(QSize(400, 300))
        view.setDestinationCrs(QgsCoordinateReferenceSystem(crs))
        view.setRotation(rotation)
        view.setExtent(QgsRectangle(*box))
        return view

    return look


@pytest.fixture(scope="session", autouse=True)
def nothing_outlives_qgis(qgis_app: Any) -> Iterator[None]:
    """Frees what tests have left in circles, tracebacks of expected errors above all, while QGIS is still there."""
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def no_stored_choices(qgis_app: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Each test starts with the default settings, and without what the user of this machine has installed."""
    from qgis.core import QgsSettings

    monkeypatch.setenv("GEOPIX_HOME", str(tmp_path / "process"))
    QgsSettings().remove("geopix")
    yield
    QgsSettings().remove("geopix")


class Iface(QObject):
    """The part of QgisInterface that the plugin uses, on a real main window."""

    def __init__(self, canvas):
        super().__init__()
        self.window, self.canvas = QMainWindow(), canvas
        self.menu = QMenu("Raster", self.window)
        self.help = QMenu("Plugins", self.window)
        self.bar = QToolBar(self.window)
        self.pages, self.filters, self.keys = [], [], {}

    def mainWindow(self):
        return self.window

    def mapCanvas(self):
        return self.canvas

    def messageBar(self):
        return self

    def pushMessage(self, *_):
        pass

    def showLayerProperties(self, layer):
        pass

    def addDockWidget(self, area, dock):
        self.window.addDockWidget(area, dock)

    def removeDockWidget(self, dock):
        self.window.removeDockWidget(dock)

    def addPluginToRasterMenu(self, name, action):
        self.menu.addAction(action)

    def removePluginRasterMenu(self, name, action):
        self.menu.removeAction(action)

    def pluginHelpMenu(self):
        return self.help

    def registerMainWindowAction(self, action, key):
        action.setShortcut(key)
        self.window.addAction(action)
        self.keys[action] = key

    def unregisterMainWindowAction(self, action):
        self.window.removeAction(action)
        del self.keys[action]

    def registerLocatorFilter(self, locator_filter):
        self.filters.append(locator_filter)

    def deregisterLocatorFilter(self, locator_filter):
        self.filters.remove(locator_filter)

    def registerOptionsWidgetFactory(self, factory):
        self.pages.append(factory)

    def unregisterOptionsWidgetFactory(self, factory):
        self.pages.remove(factory)

    def addToolBarIcon(self, action):
        self.bar.addAction(action)

    def removeToolBarIcon(self, action):
        self.bar.removeAction(action)


@pytest.fixture
def iface(qgis_app, qgis_canvas):
    return Iface(qgis_canvas)


class MessageBar:
    """Remembers what was said."""

    def __init__(self):
        self.messages = []

    def pushMessage(self, title, text, level, seconds):
        self.messages.append((text, level))

    def createMessage(self, title, text):
        self.messages.append((text, Qgis.MessageLevel.Success))
        return QgsMessageBarItem(title, text)

    def pushWidget(self, item, level, seconds):
        item.deleteLater()


@pytest.fixture
def dock(qgis_app, qgis_canvas, qgis_new_project, qtbot):
    dock = GeoPixDock(qgis_canvas, MessageBar())
    qtbot.addWidget(dock)
    dock.resize(320, 700)
    dock.show()
    yield dock
    qgis_canvas.stopRendering()
    dock.close_down()


@pytest.fixture
def said(dock):
    return dock._message_bar.messages


@pytest.fixture
def ask(dock, qtbot, write_raster, add_raster, fake_process):
    """Types a prompt and presses Enter; waits for the end of the answer."""

    layers = []

    def ask(prompt="roofs", mode="answer", wait=True):
        fake_process(mode)
        if not layers or layers[0] not in QgsProject.instance().mapLayers():
            layers[:] = [add_raster(write_raster()).id()]
        layer = QgsProject.instance().mapLayer(layers[0])
        dock.panel.raster.setLayer(layer)
        dock.panel.area.set_kind(AreaKind.LAYER)
        dock.panel.prompt.setPlainText(prompt)
        qtbot.keyClick(dock.panel.prompt, Qt.Key.Key_Return)
        if wait:
            qtbot.waitUntil(lambda: not dock.conversation.active, timeout=10_000)
        return layer

    ask.process = fake_process
    return ask
