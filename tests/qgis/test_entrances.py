"""Ways into the plugin beside the dock: locator bar, keys, help; and every widget says what it is."""

from __future__ import annotations

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsLocator, QgsLocatorContext, QgsLocatorResult
from qgis.PyQt.QtCore import Qt, QUrl
from qgis.PyQt.QtGui import QDesktopServices, QTextDocument
from qgis.PyQt.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QDialogButtonBox,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTextEdit,
    QWidget,
)

import geopix_qgis
from geopix_qgis import settings
from geopix_qgis.areas import AreaKind
from geopix_qgis.gui.export_dialog import ExportDialog
from geopix_qgis.gui.help_window import HelpWindow, slug
from geopix_qgis.gui.locator import PromptFilter
from geopix_qgis.gui.options import OptionsPage
from geopix_qgis.gui.server_dialog import ServerDialog
from geopix_qgis.gui.setup_dialog import SetupDialog
from geopix_qgis.layers import ResultLayer
from geopix_qgis.shipped import shipped

CONTROLS = (QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QAbstractSlider,
            QAbstractItemView)  # fmt: skip


@pytest.fixture
def search(qgis_app, qtbot):
    """Types into a locator bar; gives the results of the plugin's filter."""
    asked, locators = [], []

    def search(text):
        locator = QgsLocator()
        locators.append(locator)
        locator.registerFilter(PromptFilter(asked.append))
        found = []
        locator.foundResult.connect(lambda result: found.append(QgsLocatorResult(result)))  # QGIS drops its own
        with qtbot.waitSignal(locator.finished, timeout=5000):
            locator.fetchResults(text, QgsLocatorContext())
        return [result for result in found if result.filter and result.filter.name() == "geopix"]

    search.asked = asked
    yield search


@pytest.mark.parametrize("text", ["gp airplanes", "GP  airplanes ", "geopix airplanes"])
def test_gp_offers_to_ask(search, text):
    (result,) = search(text)
    assert result.displayString == "Ask: airplanes"
    result.filter.triggerResult(result)
    assert search.asked == ["airplanes"]


@pytest.mark.parametrize("text", ["gp", "gp ", "airplanes", "gps track", "the gp airplanes"])
def test_other_words_are_left_to_qgis(search, text):
    assert search(text) == []


def test_the_locator_asks_in_the_dock_and_keeps_what_is_typed(
    iface, write_raster, add_raster, fake_process, qtbot, qgis_new_project
):
    fake_process()
    add_raster(write_raster())
    plugin = geopix_qgis.classFactory(iface)
    plugin.initGui()
    plugin.dock.panel.area.set_kind(AreaKind.LAYER)
    plugin.dock.panel.prompt.setPlainText("a draft")
    (locator_filter,) = iface.filters
    locator_filter._ask("airplanes")
    qtbot.waitUntil(lambda: not plugin.dock.conversation.active, timeout=10_000)
    assert [turn.prompt for turn in plugin.dock.conversation.turns] == ["airplanes"]
    assert plugin.dock.panel.prompt.toPlainText() == "a draft"
    plugin.unload()


def test_what_the_locator_could_not_ask_stays_to_be_seen(dock, said, qgis_new_project):
    assert not dock.ask_beside_draft("airplanes")
    assert dock.panel.prompt.toPlainText() == "airplanes" and "raster" in said[-1][0]


def test_the_key_goes_to_the_prompt(iface, qtbot):
    plugin = geopix_qgis.classFactory(iface)
    plugin.initGui()
    iface.window.show()
    plugin.dock.hide()
    ((action, key),) = iface.keys.items()
    assert key == "Ctrl+Alt+I" and action.objectName() == "geopixFocus"
    action.trigger()
    assert plugin.dock.isVisible() and iface.window.focusWidget() is plugin.dock.panel.prompt
    plugin.unload()
    iface.window.hide()


def test_help_shows_the_guide_with_its_pictures(iface):
    plugin = geopix_qgis.classFactory(iface)
    plugin.initGui()
    (action,) = iface.help.actions()
    action.trigger()
    window = plugin._help_window
    assert window.isVisible() and "GeoPix" in window.windowTitle()
    assert "Keyboard" in window.text.toPlainText()
    picture = window.text.loadResource(QTextDocument.ResourceType.ImageResource, QUrl("images/dock.png"))
    assert 0 < picture.width() <= 760
    plugin.unload()


def test_links_in_the_guide_lead_somewhere(qgis_app, qtbot, monkeypatch):
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    window = HelpWindow()
    qtbot.addWidget(window)
    window.show()
    headings = {
        slug(line.lstrip("# ")) for line in shipped("guide.md", "docs").read_text().splitlines() if line[:1] == "#"
    }
    text = shipped("guide.md", "docs").read_text()
    inside = [part.partition(")")[0] for part in text.split("](#")[1:]]
    assert len(inside) > 5 and set(inside) <= headings
    window.text.follow(QUrl("#export"))
    assert window.text.verticalScrollBar().value() > 0 and opened == []
    window.text.follow(QUrl("../model/geopix_model/weights/nano/MODEL_CARD.md"))
    window.text.follow(QUrl("https://example.org/x"))
    assert opened == [
        "https://github.com/geopix-qgis/geopix-qgis/blob/main/model/geopix_model/weights/nano/MODEL_CARD.md",
        "https://example.org/x",
    ]


def nameless(window: QWidget) -> list[str]:
    """Controls of a window, hidden ones too, that a screen reader could not name or the keyboard not reach."""
    wrong = []
    for widget in window.findChildren(QWidget):
        if not isinstance(widget, CONTROLS) or isinstance(widget, QScrollBar) or is_part(widget):
            continue
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        label = f"{type(widget).__name__} {widget.objectName()!r} in {widget.parent().objectName()!r}"
        if not (widget.accessibleName() or text):
            wrong.append(f"{label} has no accessible name")
        if widget.focusPolicy() == Qt.FocusPolicy.NoFocus:
            wrong.append(f"{label} cannot be reached with the keyboard")
    return wrong


def is_part(widget: QWidget) -> bool:
    """Whether it belongs to a control of Qt that speaks for it, such as the line of a spin box."""
    parent = widget.parentWidget()
    own = type(widget).__module__.startswith("geopix_qgis")
    while parent is not None and not own:
        if isinstance(parent, (QComboBox, QLineEdit, QAbstractSpinBox, QAbstractItemView, QDialogButtonBox)):
            return True
        parent = parent.parentWidget()
    return widget.objectName().startswith("qt_") or type(widget).__name__.startswith("QDockWidget")


def test_every_control_of_the_dock_has_a_name_and_takes_the_focus(dock, ask):
    ask("roofs")
    assert len(dock.findChildren(QAbstractButton)) > 10
    assert nameless(dock) == []


def test_every_control_of_the_options_page_has_a_name_and_takes_the_focus(qgis_app, qtbot):
    page = OptionsPage()
    qtbot.addWidget(page)
    assert nameless(page) == []


def test_the_least_area_of_the_options_page_is_kept(qgis_app, qtbot):
    page = OptionsPage()
    qtbot.addWidget(page)
    assert page.min_area_m2.value() == 0 and page.min_area_m2.text() == "any"
    page.min_area_m2.setValue(25.5)
    page.apply()
    again = OptionsPage()
    qtbot.addWidget(again)
    assert again.min_area_m2.value() == settings.load().min_area_m2 == 25.5


def test_every_control_of_the_export_dialog_has_a_name_and_takes_the_focus(qtbot, tmp_path, qgis_new_project):
    layer = ResultLayer("scene", QgsCoordinateReferenceSystem("EPSG:32633")).layers[0]
    dialog = ExportDialog([layer], tmp_path / "found.gpkg")
    qtbot.addWidget(dialog)
    assert nameless(dialog) == []


def test_every_control_of_the_help_window_has_a_name_and_takes_the_focus(qgis_app, qtbot):
    window = HelpWindow()
    qtbot.addWidget(window)
    assert nameless(window) == []


def test_every_control_of_setup_and_server_has_a_name_and_takes_the_focus(qtbot, tmp_path):
    for window in (SetupDialog(tmp_path, []), ServerDialog()):
        qtbot.addWidget(window)
        assert nameless(window) == []


def test_a_control_without_a_name_is_found(qgis_app, qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    QLineEdit(window)
    button = QComboBox(window)
    button.setAccessibleName("x")
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    assert len(nameless(window)) == 2
