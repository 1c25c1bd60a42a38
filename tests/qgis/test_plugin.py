"""What the plugin adds to QGIS it takes away again."""

from __future__ import annotations

import os

import pytest
from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QEvent, QTimer
from qgis.PyQt.QtGui import QImage
from qgis.PyQt.QtWidgets import QAction, QApplication, QDockWidget

import geopix_qgis
from geopix_qgis import areas, settings
from geopix_qgis import plugin as module
from geopix_qgis.gui.options import OptionsFactory


def census(iface):
    """Everything that could be left behind."""
    for _ in range(3):
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
    return {
        "docks": len(iface.window.findChildren(QDockWidget)),
        "actions": len(iface.window.findChildren(QAction)),
        "menu": len(iface.menu.actions()),
        "bar": len(iface.bar.actions()),
        "help": len(iface.help.actions()),
        "pages": len(iface.pages),
        "filters": len(iface.filters),
        "keys": len(iface.keys),
        "algorithms": len(QgsApplication.processingRegistry().algorithms()),
        "timers": len(iface.window.findChildren(QTimer)),
        "canvas listeners": iface.canvas.receivers(iface.canvas.extentsChanged),
        "project listeners": QgsProject.instance().receivers(QgsProject.instance().layersAdded),
        "top windows": len(QApplication.topLevelWidgets()),
    }


def test_loading_adds_a_dock_a_menu_entry_and_a_button_and_unloading_leaves_nothing(iface):
    census(iface)
    before = census(iface)
    for _ in range(2):
        plugin = geopix_qgis.classFactory(iface)
        plugin.initGui()
        loaded = census(iface)
        added = {name: loaded[name] - before[name] for name in loaded}
        names = ("docks", "menu", "bar", "help", "pages", "filters", "keys", "algorithms")
        assert [added[name] for name in names] == [1, 2, 1, 1, 1, 1, 1, 3]
        assert loaded["canvas listeners"] == before["canvas listeners"] + 1
        plugin.unload()
        assert census(iface) == before


def test_unloading_in_mid_answer_ends_the_process(iface, write_raster, add_raster, look_at, fake_process, qtbot):
    fake_process("slow")
    plugin = geopix_qgis.classFactory(iface)
    plugin.initGui()
    talk = plugin.dock.conversation
    assert talk.ask("roofs", add_raster(write_raster()), areas.WHOLE_LAYER, look_at((0, 0, 1, 1)))
    qtbot.waitUntil(lambda: bool(talk.turns[0].regions), timeout=10_000)
    pid = talk.process._process.processId()
    plugin.unload()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    qtbot.wait(300)  # nothing that was still queued touches what is gone


def test_unloading_twice_or_before_loading_is_harmless(iface):
    plugin = geopix_qgis.classFactory(iface)
    plugin.unload()
    plugin.initGui()
    plugin.unload()
    plugin.unload()


def test_the_button_shows_and_hides_the_dock(iface):
    iface.window.show()
    plugin = geopix_qgis.classFactory(iface)
    plugin.initGui()
    (action,) = iface.bar.actions()
    action.trigger()
    hidden = plugin.dock.isHidden()
    action.trigger()
    assert plugin.dock.isHidden() is not hidden
    assert action.isChecked() is not plugin.dock.isHidden()
    plugin.unload()
    iface.window.hide()


def test_the_options_page_shows_what_is_stored_and_stores_what_is_chosen(iface):
    settings.save(settings.Settings(backend_python="/opt/python", device="cuda:1", min_score=0.25))
    page = OptionsFactory(module.icon()).createWidget(None)
    page.apply()
    assert settings.load() == settings.Settings(backend_python="/opt/python", device="cuda:1", min_score=0.25)
    page.min_score.setValue(0.7)
    page.device.setCurrentText("")
    page.apply()
    assert settings.load() == settings.Settings(backend_python="/opt/python", device="auto", min_score=0.7)


def test_the_icon_is_drawn(qgis_app):
    image = module.icon().pixmap(32, 32).toImage().convertToFormat(QImage.Format.Format_ARGB32)
    colours = {image.pixel(x, y) for x in range(32) for y in range(32)}
    assert len(colours) > 20


def test_the_options_page_stores_how_answers_are_kept(iface):
    page = OptionsFactory(module.icon()).createWidget(None)
    assert (page.storage.currentData(), page.layer_per.currentData(), page.labels.isChecked()) == (
        "memory",
        "conversation",
        False,
    )
    page.storage.setCurrentIndex(page.storage.findData("geopackage"))
    page.layer_per.setCurrentIndex(page.layer_per.findData("class"))
    page.labels.setChecked(True)
    page.apply()
    stored = settings.load()
    assert (stored.storage, stored.layer_per, stored.labels) == ("geopackage", "class", True)
    again = OptionsFactory(module.icon()).createWidget(None)
    assert again.storage.currentData() == "geopackage" and again.labels.isChecked()
