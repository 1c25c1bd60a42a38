"""The widgets that need Qt alone; these tests run on PyQt6 as well (scripts/test-matrix)."""

from __future__ import annotations

import pytest
from qgis.PyQt.QtCore import Qt, QUrl
from qgis.PyQt.QtGui import QDesktopServices

from geopix_qgis.backend_process import State
from geopix_qgis.gui import help_window, status_light
from geopix_qgis.gui.help_window import HelpWindow
from geopix_qgis.gui.server_dialog import PLAIN, ServerDialog
from geopix_qgis.gui.setup_card import SetupCard
from geopix_qgis.gui.status_light import StatusLight
from geopix_qgis.gui.task_choice import TaskChoice
from geopix_qgis.gui.threshold_slider import STEPS, ThresholdSlider
from geopix_qgis.protocol import TASKS
from geopix_qgis.summaries import Histogram


@pytest.fixture
def shown(qgis_app, qtbot):
    """Shows a widget, so that it paints itself."""

    def show(widget, width=320, height=200):
        qtbot.addWidget(widget)
        widget.resize(width, height)
        with qtbot.waitExposed(widget):
            widget.show()
        assert not widget.grab().isNull()
        return widget

    return show


def test_every_task_can_be_chosen_and_a_narrow_choice_is_still_painted(shown):
    choice = shown(TaskChoice(), width=40, height=24)
    chosen = []
    for number in range(choice.count()):
        choice.setCurrentIndex(number)
        choice.grab()
        chosen.append(choice.task)
    assert chosen == list(TASKS)


@pytest.mark.parametrize("power", [1, 3])
def test_slider_and_box_tell_the_same_limit(shown, qtbot, power):
    limit = shown(ThresholdSlider("geopixTest"))
    limit.set_scale(Histogram([1, 0, 5], top=8.0, power=power), decimals=2, suffix=" m")
    seen = []
    limit.changed.connect(seen.append)
    limit.slider.setValue(STEPS // 2)
    assert limit.value == pytest.approx(8.0 / 2**power) and seen == [limit.value]
    limit.box.setValue(8.0)
    assert limit.slider.value() == STEPS and seen[-1] == 8.0
    limit.grab()
    limit.set_scale(Histogram([], top=4.0), decimals=2)
    assert limit.value == 8.0 and not limit.isEnabled()


@pytest.mark.parametrize("state", list(State))
def test_the_light_has_the_colour_of_its_state(shown, state):
    light = shown(StatusLight())
    light.show_state(state, "a detail", "https://gpu-box:8443")
    middle = light.icon().pixmap(status_light.SIDE).toImage().pixelColor(status_light.SIDE // 2, status_light.SIDE // 2)
    assert middle.name() == status_light.COLOURS[state].lower()
    assert light.text() == status_light.NAMES[state] and light.text() in light.accessibleName()
    assert "a detail" in light.toolTip() and "https://gpu-box:8443" in light.toolTip()


def test_the_card_says_what_is_missing_and_its_buttons_say_what_is_wanted(shown, qtbot):
    card = shown(SetupCard())
    card.show_problem("There is no model process.")
    for button, signal in ((card.setup, card.setup_wanted), (card.server, card.server_wanted)):
        with qtbot.waitSignal(signal, timeout=1000):
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert card.isVisible()


def test_the_guide_has_its_pictures_and_links_go_to_their_heading_or_out(shown, qtbot, monkeypatch):
    window = shown(HelpWindow(), 600, 400)
    text, document = window.text, window.text.document()
    outside = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: outside.append(url.toString()))
    blocks = (document.findBlockByNumber(number) for number in range(document.blockCount()))
    headings = [block.text() for block in blocks if block.blockFormat().headingLevel()]
    assert len(headings) > 3
    text.follow(QUrl(f"#{help_window.slug(headings[-1])}"))
    assert text.verticalScrollBar().value() > 0 and outside == []
    text.follow(QUrl("https://example.org/x"))
    assert outside == ["https://example.org/x"]
    picture = text.loadResource(2, QUrl("images/dock.png"))
    assert 0 < picture.width() <= help_window.PICTURE_PX


def test_a_server_is_tried_before_it_is_used(shown, qtbot, serve):
    server = serve(lambda request: iter([]))
    dialog = shown(ServerDialog(), 480, 300)
    assert not dialog.use.isEnabled()
    url = f"http://127.0.0.1:{server.port}"
    dialog.url.setText(url)
    dialog.key.setText("wrong")
    assert dialog.warning.text() == PLAIN and dialog.use.isEnabled()
    qtbot.mouseClick(dialog.use, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.use.isEnabled(), timeout=5000)
    assert "token" in dialog.note.text()
    dialog.key.setText(server.token)
    with qtbot.waitSignal(dialog.chosen, timeout=5000) as caught:
        qtbot.mouseClick(dialog.use, Qt.MouseButton.LeftButton)
    assert caught.args == [url, server.token]
