"""The dock as an analyst uses it: keys, clicks, what is shown."""

from __future__ import annotations

import pytest
from qgis.core import Qgis, QgsProject
from qgis.PyQt.QtCore import Qt, QUrl
from qgis.PyQt.QtGui import QColor, QPalette, QTextDocument
from qgis.PyQt.QtWidgets import QWidget

from geopix_qgis import settings
from geopix_qgis.gui.dock import GeoPixDock
from geopix_qgis.gui.transcript import TURN_SPACE_PX, contrast, muted_colour, readable, turn_html, warning_colour
from geopix_qgis.palette import COLOURS
from geopix_qgis.raster import Area
from geopix_qgis.turns import TurnRecord


class MessageBar:
    """Remembers what was said."""

    def __init__(self):
        self.messages = []

    def pushMessage(self, title, text, level, seconds):
        self.messages.append((text, level))


@pytest.fixture
def dock(qgis_app, qgis_canvas, qgis_new_project, qtbot):
    dock = GeoPixDock(qgis_canvas, MessageBar())
    qtbot.addWidget(dock)
    dock.resize(320, 700)
    dock.show()
    yield dock
    dock.close_down()


@pytest.fixture
def said(dock):
    return dock._message_bar.messages


@pytest.fixture
def ask(dock, qtbot, write_raster, add_raster, fake_process):
    """Types a prompt and presses Enter; waits for the end of the answer."""

    def ask(prompt="roofs", mode="answer", wait=True):
        fake_process(mode)
        layer = add_raster(write_raster())
        dock.panel.raster.setLayer(layer)
        dock.panel.area.setCurrentIndex(1)
        dock.panel.prompt.setPlainText(prompt)
        qtbot.keyClick(dock.panel.prompt, Qt.Key.Key_Return)
        if wait:
            qtbot.waitUntil(lambda: not dock.conversation.active, timeout=10_000)
        return layer

    return ask


def test_enter_sends_and_shift_enter_breaks_the_line(dock, qtbot, ask):
    ask()
    assert dock.panel.prompt.toPlainText() == ""
    qtbot.keyClicks(dock.panel.prompt, "a")
    qtbot.keyClick(dock.panel.prompt, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(dock.panel.prompt, "b")
    assert dock.panel.prompt.toPlainText() == "a\nb"
    assert len(dock.conversation.turns) == 1


def test_the_answer_is_shown_with_links_in_the_colours_of_the_layer(dock, ask):
    ask()
    text = dock.panel.transcript.toPlainText()
    assert "roofs" in text and "Für roofs: 1 ■ house. Für roofs: 1 ■ pond." in text
    html = dock.panel.transcript.toHtml()
    for target, name in ((0, "house"), (1, "pond")):
        assert f'href="geopix:1/{target}"' in html
        assert dock.conversation.last_result.colours[name] in html
    assert dock.panel.facts.text() == "120 x 80 px, 0.50 m per pixel"
    assert "0.5 s, fake 1 on cpu" in text


def test_the_transcript_keeps_earlier_turns_and_adds_below(dock, ask):
    ask("first question")
    ask("second question")
    text = dock.panel.transcript.toPlainText()
    assert text.index("first question") < text.index("1 ■ pond") < text.index("second question")
    assert text.count("second question") == 3 and text.count("You") == 2
    second = dock.panel.transcript.document().find("You", text.rindex("You")).block()
    assert second.blockFormat().topMargin() == TURN_SPACE_PX


def test_what_a_model_says_is_never_markup(dock):
    turn = TurnRecord(1, "<b>bold</b> & <script>", "<i>raster</i>", [('<a href="http://evil">x</a><img src=y>', None)])
    document = QTextDocument()
    document.setHtml(turn_html(turn, dock.palette()))
    assert '<a href="http://evil">x</a><img src=y>' in document.toPlainText()
    assert "<b>bold</b> & <script>" in document.toPlainText() and "<i>raster</i>" in document.toPlainText()
    assert "<img" not in document.toHtml() and "<a " not in document.toHtml()


def test_a_click_on_a_phrase_moves_the_map_to_its_polygons(dock, ask, qgis_canvas):
    layer = ask()
    qgis_canvas.setDestinationCrs(layer.crs())
    qgis_canvas.setExtent(layer.extent())
    dock.panel.transcript.anchorClicked.emit(QUrl("geopix:1/1"))
    pond = dock.conversation.last_result.extent_of(dock.conversation.turns[0].targets[1].ids)
    shown = qgis_canvas.extent()
    assert shown.contains(pond)
    assert shown.center().x() == pytest.approx(pond.center().x(), abs=0.1)
    assert shown.center().y() == pytest.approx(pond.center().y(), abs=0.1)


def test_a_click_on_a_phrase_whose_polygons_were_removed_says_so(dock, ask, said):
    ask()
    QgsProject.instance().removeMapLayer(dock.conversation.last_result.layer_id)
    dock.panel.transcript.anchorClicked.emit(QUrl("geopix:1/1"))
    assert said[-1] == ("These polygons were removed from the map.", Qgis.MessageLevel.Info)


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


def test_the_line_below_the_choices_says_what_will_be_looked_at(dock, write_raster, add_raster):
    assert dock.panel.facts.text() == "Add a raster layer to ask about it."
    dock.panel.raster.setLayer(add_raster(write_raster()))
    dock.panel.area.setCurrentIndex(dock.panel.area.findData(Area.LAYER))
    dock.refresh_facts()
    assert dock.panel.facts.text() == "120 x 80 px, 0.50 m per pixel"


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


def test_every_control_has_a_name_and_fits_into_320_pixels(dock):
    panel = dock.panel
    for widget in (panel.raster, panel.area, panel.prompt, panel.send, panel.export, panel.transcript, panel.status):
        assert widget.objectName().startswith("geopix") and widget.accessibleName()
        assert widget.mapTo(panel, widget.rect().topLeft()).x() >= 0
        assert widget.mapTo(panel, widget.rect().topRight()).x() < 320
    assert panel.minimumSizeHint().width() <= 320


def test_the_export_button_waits_for_polygons_and_writes_them(dock, ask, said, tmp_path):
    assert not dock.panel.export.isEnabled()
    ask()
    assert dock.panel.export.isEnabled()
    dock.export_to(tmp_path / "roofs", "ESRI Shapefile (*.shp)")
    assert (tmp_path / "roofs.shp").is_file()
    assert said[-1] == (f"Wrote 2 polygons to {tmp_path / 'roofs.shp'}.", Qgis.MessageLevel.Success)
    dock.export_to(tmp_path / "missing" / "roofs.shp")
    assert "does not exist" in said[-1][0] and said[-1][1] == Qgis.MessageLevel.Warning


def test_following_the_stream_never_pulls_a_reader_away_from_what_he_reads(dock, qtbot):
    transcript = dock.panel.transcript
    turn = TurnRecord(1, "long", "scene", [("word " * 3000, None)])
    transcript.start_turn(turn)
    transcript.repaint_turn()
    bar = transcript.verticalScrollBar()
    assert bar.value() == bar.maximum() > 0
    bar.setValue(bar.maximum() // 2)
    place = bar.value()
    turn.pieces.append(("more " * 500, None))
    transcript.repaint_turn()
    assert bar.value() == place


def test_a_hundred_words_at_once_are_one_repaint(dock, qtbot, monkeypatch):
    from geopix_qgis.gui import transcript as module

    transcript, painted = dock.panel.transcript, []
    original = module.turn_html
    monkeypatch.setattr(module, "turn_html", lambda *given: painted.append(1) or original(*given))
    turn = TurnRecord(1, "many", "scene")
    transcript.start_turn(turn)
    painted.clear()
    for _ in range(100):
        turn.pieces.append(("word ", None))
        transcript.update_turn()
    qtbot.wait(150)
    assert len(painted) == 1
    assert transcript.toPlainText().count("word") == 100


@pytest.mark.parametrize("background", ["#ffffff", "#2b2b2b"])
def test_every_colour_can_be_read_as_text_in_a_light_and_a_dark_theme(background):
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Base, QColor(background))
    for colour in COLOURS:
        assert contrast(QColor(readable(colour, palette)), QColor(background)) >= 4.5
    for colour in (warning_colour(palette), muted_colour(palette)):
        assert contrast(QColor(colour), QColor(background)) >= 4.5


def test_black_on_white_has_the_contrast_of_the_standard():
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("white")) == pytest.approx(4.48, abs=0.01)  # the example of WebAIM


def test_the_dock_is_made_of_plain_widgets(dock):
    assert not [w for w in dock.findChildren(QWidget) if "Web" in type(w).__name__]
