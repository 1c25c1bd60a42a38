"""What an analyst in a hurry does with the dock."""

from __future__ import annotations

from dataclasses import replace

import pytest
from qgis.core import Qgis, QgsCoordinateReferenceSystem, QgsPointXY, QgsProject, QgsRectangle
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QApplication

from geopix_qgis import settings
from geopix_qgis.areas import AreaKind
from geopix_qgis.gui.map_links import HIDDEN
from geopix_qgis.turns import LOST

LEFT = Qt.MouseButton.LeftButton


def test_a_double_click_on_send_does_not_stop_the_answer(dock, ask, qtbot):
    ask()
    dock.panel.prompt.setPlainText("again")
    qtbot.mouseClick(dock.panel.send, LEFT)
    qtbot.mouseClick(dock.panel.send, LEFT)
    qtbot.waitUntil(lambda: not dock.conversation.active, timeout=10_000)
    assert "Stopped" not in dock.conversation.turns[-1].footer and dock.conversation.turns[-1].regions == 2


def test_a_click_on_stop_after_that_stops(dock, ask, qtbot):
    ask(mode="slow", wait=False)
    qtbot.wait(QApplication.doubleClickInterval() + 100)
    qtbot.mouseClick(dock.panel.send, LEFT)
    qtbot.waitUntil(lambda: not dock.conversation.active, timeout=10_000)
    assert dock.conversation.turns[-1].footer.startswith("Stopped. ")


def test_stopping_before_anything_was_read_is_told_in_a_sentence(dock, ask):
    ask(mode="slow", wait=False)
    dock.conversation.stop()
    assert dock.conversation.turns[-1].footer == "Stopped. Nothing was found so far."


def test_a_click_on_a_phrase_whose_polygons_a_filter_hides_says_so_and_selects_nothing(dock, ask, said):
    ask()
    layer = dock.conversation.last_result.layers[0]
    layer.setSubsetString("\"class\" = 'pond'")
    dock._show_phrase(1, 0)
    assert said[-1] == (HIDDEN, Qgis.MessageLevel.Info) and layer.selectedFeatureCount() == 0
    dock._show_phrase(1, 1)
    assert [feature["class"] for feature in layer.selectedFeatures()] == ["pond"]


@pytest.mark.parametrize("storage", ["memory", "geopackage"])
def test_a_project_whose_answers_were_in_memory_says_on_opening_that_they_are_gone(dock, ask, said, storage, tmp_path):
    settings.save(replace(settings.load(), storage=storage))
    ask()
    path = str(tmp_path / "project.qgs")
    QgsProject.instance().write(path)
    dock._canvas.stopRendering()
    QgsProject.instance().clear()
    said.clear()
    QgsProject.instance().read(path)
    assert said == ([(LOST, Qgis.MessageLevel.Warning)] if storage == "memory" else [])
    said.clear()
    dock._act(1, "undo")
    QgsProject.instance().write(path)
    QgsProject.instance().read(path)
    assert said == []  # they were taken off the map before


def test_the_end_of_the_newest_answer_is_in_sight(dock, ask, qtbot):
    for number in range(6):
        ask(f"question {number}")
        qtbot.wait(300)  # the card of results takes its room
        bar = dock.panel.transcript.verticalScrollBar()
        assert bar.value() == bar.maximum(), number
    assert bar.maximum() > 0
    bar.setValue(0)
    dock.panel.show_fact("a line\nmore\nabove")
    qtbot.wait(100)
    assert bar.value() == 0  # where the analyst reads, nothing moves


def test_a_question_that_waits_for_the_model_says_so(dock, ask, qtbot):
    said = []
    dock.conversation.progress.connect(lambda *progress: said.append(progress))
    ask()
    assert (0, 0, "Waiting for the model...", None) in said


@pytest.mark.parametrize(("crs", "x"), [("EPSG:2056", 1e20), ("", 1e20)])
def test_a_click_far_from_everything_is_answered_in_words(dock, said, qgis_canvas, crs, x):
    qgis_canvas.setDestinationCrs(QgsCoordinateReferenceSystem(crs))
    dock._point_tool.clicked.emit(QgsPointXY(x, x))
    assert "no square of 20 m around this point" in said[-1][0] and dock.panel.area.drawn is None


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        ("How many roofs are in the box?", AreaKind.DRAWN),
        ("Segment the drawn area", AreaKind.DRAWN),
        ("Segment box girder bridges", AreaKind.VIEW),
    ],
)
def test_only_words_about_the_drawn_box_choose_it(dock, prompt, kind):
    rect = QgsRectangle(500_005, 5_399_970, 500_010, 5_399_980)
    dock.panel.area.set_drawn(rect, QgsCoordinateReferenceSystem("EPSG:32633"))
    dock.panel.area.set_kind(AreaKind.VIEW)
    dock.panel.prompt.setPlainText(prompt)
    assert dock._area().kind is kind


def test_a_retry_leaves_what_is_being_typed(dock, ask, qtbot):
    ask()
    dock.panel.prompt.setPlainText("half a thou")
    dock._act(1, "retry")
    qtbot.waitUntil(lambda: not dock.conversation.active, timeout=10_000)
    assert [turn.prompt for turn in dock.conversation.turns] == ["roofs", "roofs"]
    assert dock.panel.prompt.toPlainText() == "half a thou"


def test_a_hidden_dock_leaves_no_box_on_the_map_and_draws_none(dock, qgis_canvas):
    area = dock.panel.area
    area.set_drawn(QgsRectangle(500_005, 5_399_970, 500_010, 5_399_980), QgsCoordinateReferenceSystem("EPSG:32633"))
    assert not area._box.shown.isEmpty()
    area.draw.setChecked(True)
    dock.hide()
    assert area._box.shown.isEmpty() and not area._tool.waiting
    dock.panel.point.setChecked(True)
    dock.show()
    assert not area._box.shown.isEmpty() and area.kind.currentData() is AreaKind.DRAWN
