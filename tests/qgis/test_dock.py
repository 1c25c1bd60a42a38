"""The dock as an analyst uses it: keys, clicks, what is shown."""

from __future__ import annotations

import pytest
from osgeo import gdal
from qgis.core import Qgis, QgsCoordinateReferenceSystem, QgsRectangle
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QApplication, QWidget

from geopix_qgis import protocol, settings
from geopix_qgis.areas import AreaKind
from geopix_qgis.backend_process import Endpoint, State
from geopix_qgis.conversation import Phase
from geopix_qgis.estimate import Rates
from geopix_qgis.gui.colours import contrast


def test_enter_sends_and_shift_enter_breaks_the_line(dock, qtbot, ask):
    ask()
    assert dock.panel.prompt.toPlainText() == ""
    qtbot.keyClicks(dock.panel.prompt, "a")
    qtbot.keyClick(dock.panel.prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(dock.panel.prompt, "b")
    assert dock.panel.prompt.toPlainText() == "a\nb"
    assert len(dock.conversation.turns) == 1


def test_what_is_wanted_goes_with_the_question(dock, ask, serve, fake):
    server = serve(lambda request: (protocol.encode_event(event) for event in fake.events_for(request)))
    process = dock.conversation.process
    process.state, process.endpoint = State.READY, Endpoint(server.port, server.token)
    ask("first")
    choice = dock.panel.task
    assert [choice.itemText(i) for i in range(choice.count())] == [
        "Automatic", "Segment", "Boxes", "Describe", "Question",
    ]  # fmt: skip
    choice.setCurrentIndex(choice.findText("Boxes"))
    ask("second")
    assert [request.task for request in server.requests] == ["auto", "refer"]


def test_the_answer_is_shown_with_links_in_the_colours_of_the_layer(dock, ask):
    ask()
    text = dock.panel.transcript.toPlainText()
    assert "roofs" in text and "Für roofs: 1 ■ house. Für roofs: 1 ■ pond." in text
    html = dock.panel.transcript.toHtml()
    for target, name in ((0, "house"), (1, "pond")):
        assert f'href="geopix:phrase/1/{target}"' in html
        assert dock.conversation.last_result.colours[name] in html
    assert "0.5 s, fake 1 on cpu" in text


def test_a_follow_up_about_the_same_place_is_told_the_question_before_and_another_place_is_said(dock, ask, qtbot):
    ask("first")
    ask("second")
    assert [turn.new_context for turn in dock.conversation.turns] == ["", ""]
    assert len(dock.conversation.book.context) == 2
    dock.panel.area.set_drawn(
        QgsRectangle(500_000, 5_399_970, 500_030, 5_399_990), dock.panel.raster.currentLayer().crs()
    )
    dock.panel.prompt.setPlainText("third")
    dock.ask()
    qtbot.waitUntil(lambda: not dock.conversation.active, timeout=10_000)
    assert dock.conversation.turns[2].new_context and dock.conversation.turns[2].new_context in (
        dock.panel.transcript.toPlainText()
    )
    assert [turn.prompt for turn in dock.conversation.book.context] == ["third"]


def test_words_choose_the_selected_polygons_the_drawn_box_or_the_view(dock, ask, said, add_raster, write_raster, qtbot):
    layer = ask("first")
    area, chosen = dock.panel.area, dock._area
    area.set_drawn(QgsRectangle(500_000, 5_399_970, 500_030, 5_399_990), layer.crs())
    area.set_kind(AreaKind.LAYER)
    kinds = {}
    for text in ("roofs", "how many roofs in the drawn box?", "area of water in the view"):
        dock.panel.prompt.setPlainText(text)
        kinds[text] = chosen().kind
    assert list(kinds.values()) == [AreaKind.LAYER, AreaKind.DRAWN, AreaKind.VIEW]
    dock.panel.prompt.setPlainText("What is this selected polygon?")
    dock.ask()
    assert said[-1][0].startswith("No polygon is selected")
    ((answers, ids),) = dock.conversation.last_result.find(1, 1)
    answers.selectByIds(ids)
    assert chosen().kind is AreaKind.SELECTION
    dock.ask()
    qtbot.waitUntil(lambda: not dock.conversation.active, timeout=10_000)
    assert dock.conversation.turns[1].area == "1 polygon of GeoPix answers"


def test_an_area_over_a_limit_is_asked_about_first(dock, ask, qtbot):
    ask("first")
    Rates().note("nano", "cpu", 1, 500.0)
    dock.refresh_facts()
    assert "send it anyway" in dock.panel.facts.text()
    dock.panel.prompt.setPlainText("second")
    dock.panel.send.click()
    assert not dock.conversation.active and dock.panel.send.text() == "Send anyway"
    assert dock.panel.prompt.toPlainText() == "second"
    dock.panel.send.click()
    assert dock.conversation.active
    qtbot.waitUntil(lambda: not dock.conversation.active, timeout=10_000)
    assert dock.panel.send.text() == "Send"


def test_a_huge_file_is_asked_about_once_its_cost_was_said(dock, ask, qtbot, tmp_path, add_raster):
    ask("first")  # which tells the dock what the model is
    path = tmp_path / "huge.vrt"
    dataset = gdal.GetDriverByName("VRT").Create(str(path), 100_000, 100_000, 3)
    dataset.SetGeoTransform((500_000, 0.5, 0, 5_400_000, 0, -0.5))
    dataset.SetProjection(QgsCoordinateReferenceSystem("EPSG:32633").toWkt())
    dataset = None
    dock.panel.raster.setLayer(add_raster(path))
    dock.panel.prompt.setPlainText("second")
    dock.panel.send.click()
    assert not dock.conversation.active and dock.panel.send.text() == "Send anyway"
    assert "97,969 windows" in dock.panel.facts.text() and "stopped at any time" in dock.panel.facts.text()
    dock.panel.send.click()
    qtbot.waitUntil(lambda: not dock.conversation.active, timeout=10_000)
    assert dock.conversation.turns[-1].answer and not dock.conversation.turns[-1].problem


def test_the_time_left_is_shown_beside_the_windows(dock, ask, serve, fake):
    shown = []

    def answer(request):
        yield protocol.encode_event(protocol.ProgressEvent(1_500, 97_000, seconds_left=7_300.0))
        yield from (protocol.encode_event(event) for event in fake.events_for(request))

    server = serve(answer)
    process = dock.conversation.process
    process.state, process.endpoint = State.READY, Endpoint(server.port, server.token)
    dock.conversation.progress.connect(lambda *_: shown.append(dock.panel.progress.format()))
    ask()
    assert "1,500 of 97,000 windows, 2.0 h left" in shown and "1 of 2 windows" in shown


def test_send_is_stop_while_an_answer_is_on_its_way_and_escape_stops_too(dock, qtbot, ask):
    assert dock.panel.send.text() == "Send"
    ask(mode="slow", wait=False)
    qtbot.waitUntil(lambda: dock.conversation.turns[0].regions > 0, timeout=10_000)
    assert dock.panel.send.text() == "Stop" and dock.panel.send.accessibleName() == "Stop"
    assert dock.panel.progress.isVisible() and dock.panel.progress.maximum() == 2
    qtbot.keyClick(dock.panel.prompt, Qt.Key.Key_Return)
    assert dock.conversation.active
    qtbot.keyClick(dock.panel.prompt, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not dock.conversation.active, timeout=3000)
    assert dock.panel.send.text() == "Send" and not dock.panel.progress.isVisible()
    assert "Stopped." in dock.panel.transcript.toPlainText()


@pytest.mark.parametrize("prompt", ["", "x" * 100_000])
def test_a_refused_prompt_stays_typed_and_the_message_bar_says_why(dock, ask, said, prompt):
    ask(prompt)
    assert dock.panel.prompt.toPlainText() == prompt
    assert said[-1][0].startswith("The prompt ") and said[-1][1] == Qgis.MessageLevel.Warning


def test_a_failure_is_told_in_the_message_bar_and_beside_the_question(dock, ask, said):
    ask(mode="refuse")
    assert said == [("The raster is truncated; copy it again.", Qgis.MessageLevel.Warning)]
    assert "The raster is truncated; copy it again." in dock.panel.transcript.toPlainText()


def test_the_line_below_the_choices_says_what_will_be_looked_at_and_what_it_costs(dock, ask, write_raster, add_raster):
    dock.refresh_facts()
    assert dock.panel.facts.text() == "Add a raster layer to ask about it."
    dock.panel.raster.setLayer(add_raster(write_raster()))
    dock.panel.area.set_kind(AreaKind.LAYER)
    dock.refresh_facts()
    assert dock.panel.facts.text() == "120 x 80 px, 0.50 m"
    ask()
    dock.refresh_facts()
    assert dock.panel.facts.text().startswith("120 x 80 px, 0.50 m, 1 window, ~1 s")


def test_the_model_is_started_when_the_analyst_is_about_to_type(dock, fake_process, qtbot):
    fake_process()
    dock.panel.prompt.focused.emit()
    qtbot.waitUntil(lambda: bool(dock.conversation.models), timeout=10_000)
    assert "Fake knows house and pond" in dock.panel.transcript.toPlainText()
    assert dock.conversation.phase is Phase.IDLE


def test_the_window_about_the_model_tells_restarts_and_copies_a_report(dock, fake_process, qtbot):
    fake_process()
    dock.panel.prompt.focused.emit()
    qtbot.waitUntil(lambda: bool(dock.conversation.models), timeout=10_000)
    dock.show_model()
    window = dock._model_panel
    assert "Finds a house and a pond." in window.facts.text()
    assert window.models.box.itemText(1) == "large: Fake, large - not here yet, 22.7 GB"
    window.copy.click()
    text = QApplication.clipboard().text()
    assert "### GeoPix 0.1.0 report" in text and "QGIS 3" in text
    first = dock.conversation.process._process.processId()
    window.restart.click()
    qtbot.waitUntil(lambda: dock.conversation.process.state.value == "ready", timeout=10_000)
    assert dock.conversation.process._process.processId() != first


def test_a_model_that_is_not_installed_says_how_to_get_it(dock, fake_process, qtbot):
    settings.save(settings.Settings(model="large"))
    fake_process()
    dock.panel.prompt.focused.emit()
    qtbot.waitUntil(lambda: bool(dock.conversation.models), timeout=10_000)
    assert "Fake, large is not installed: 'geopix models download large'" in dock.panel.transcript.toPlainText()
    dock.show_model()
    text = dock._model_panel.facts.text()
    assert "Fits the GPU: 4-bit weights." in text and "Not installed: 'geopix models download large' fetches" in text
    assert dock._model_panel.models.box.itemText(0) == "nano: Fake"


def test_without_a_python_a_card_says_what_to_do_and_choosing_one_is_remembered(
    dock, ask, tmp_path, fake_process, qtbot
):
    settings.save(settings.Settings(backend_python=str(tmp_path / "gone")))
    ask()
    assert dock.panel.card.isVisible()
    fake_process()
    chosen = str(tmp_path / "python")
    dock.panel.card.python_chosen.emit(chosen)
    assert settings.load().backend_python == chosen


def test_every_control_has_a_name_and_fits_into_320_pixels(dock, ask, qtbot):
    ask()
    qtbot.waitUntil(dock.panel.results.isVisible, timeout=3000)
    panel = dock.panel
    named = (panel.raster, panel.area.kind, panel.prompt, panel.send, panel.export, panel.transcript, panel.status,
             panel.menu, panel.point, panel.ask_each, panel.task)  # fmt: skip
    for widget in named:
        assert widget.objectName().startswith("geopix") and widget.accessibleName()
    for widget in (*named, panel.results, panel.facts):
        assert widget.mapTo(panel, widget.rect().topLeft()).x() >= 0
        assert widget.mapTo(panel, widget.rect().topRight()).x() < 320
    assert panel.minimumSizeHint().width() <= 320


def test_a_hundred_words_at_once_are_one_change_of_the_document(dock, qtbot, ask):
    ask()
    talk, transcript = dock.conversation, dock.panel.transcript
    turn = talk.turns[0]
    transcript.start_turn(turn)
    changes = []
    transcript.document().contentsChange.connect(lambda *what: changes.append(what))
    for _ in range(100):
        turn.pieces.append(("word ", None))
        transcript.update_turn()
    qtbot.wait(150)
    assert len(changes) == 1


def test_black_on_white_has_the_contrast_of_the_standard():
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("white")) == pytest.approx(4.48, abs=0.01)  # the example of WebAIM


def test_the_dock_is_made_of_plain_widgets(dock):
    assert not [w for w in dock.findChildren(QWidget) if "Web" in type(w).__name__]
