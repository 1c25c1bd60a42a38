"""The dock and what was found: links between words and map, review, export, and coming back to it."""

from __future__ import annotations

import pytest
from qgis.core import Qgis, QgsFeature, QgsGeometry, QgsProject, QgsRectangle, QgsVectorLayer
from qgis.gui import QgsMapToolIdentify
from qgis.PyQt.QtCore import QEvent, QPoint, QPointF, Qt, QUrl
from qgis.PyQt.QtGui import QMouseEvent
from qgis.PyQt.QtWidgets import QAction, QApplication, QMenu

from geopix_qgis import settings
from geopix_qgis.errors import LayerError
from geopix_qgis.field_answers import Value
from geopix_qgis.history import load


def phrase(number, target):
    return QUrl(f"geopix:phrase/{number}/{target}")


def act(dock, number, name):
    dock.panel.transcript.anchorClicked.emit(QUrl(f"geopix:do/{number}/{name}"))


def extent(result, turn, target):
    ((layer, ids),) = result.find(turn, target)
    return QgsGeometry.collectGeometry([f.geometry() for f in layer.getFeatures(ids)]).boundingBox()


def shown(dock):
    return sum(layer.featureCount() for layer in dock.conversation.last_result.layers)


def test_a_click_on_a_phrase_selects_its_polygons_and_moves_the_map_to_them(dock, ask, qgis_canvas):
    layer = ask()
    qgis_canvas.setDestinationCrs(layer.crs())
    qgis_canvas.setExtent(layer.extent())
    dock.panel.transcript.anchorClicked.emit(phrase(1, 1))
    result = dock.conversation.last_result
    pond, shown = extent(result, 1, 1), qgis_canvas.extent()
    assert shown.contains(pond)
    assert shown.center().x() == pytest.approx(pond.center().x(), abs=0.1)
    assert shown.center().y() == pytest.approx(pond.center().y(), abs=0.1)
    assert [feature["class"] for feature in result.layers[0].selectedFeatures()] == ["pond"]


def test_a_polygon_that_is_selected_on_the_map_highlights_its_sentence(dock, ask):
    ask()
    ((layer, ids),) = dock.conversation.last_result.find(1, 1)
    layer.selectByIds(ids)
    (mark,) = dock.panel.transcript.extraSelections()
    assert mark.cursor.selectedText() == "Für roofs: 1 ■\u00a0pond."
    layer.removeSelection()
    assert dock.panel.transcript.extraSelections() == []


def test_a_polygon_that_is_identified_on_the_map_highlights_its_sentence(dock, ask, qgis_canvas, qtbot):
    layer = ask()
    qgis_canvas.resize(400, 300)
    qgis_canvas.setDestinationCrs(layer.crs())
    qgis_canvas.setExtent(layer.extent())
    tool = QgsMapToolIdentify(qgis_canvas)
    qgis_canvas.setMapTool(tool)
    house = extent(dock.conversation.last_result, 1, 0).center()
    place = qgis_canvas.getCoordinateTransform().transform(house).toQPointF().toPoint()
    left = Qt.MouseButton.LeftButton
    event = QMouseEvent(
        QEvent.Type.MouseButtonRelease, QPointF(QPoint(place)), left, left, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(qgis_canvas.viewport(), event)
    assert [m.cursor.selectedText() for m in dock.panel.transcript.extraSelections()] == ["Für roofs: 1 ■\u00a0house."]


def test_pointing_at_a_phrase_lets_its_polygons_glow(dock, ask, qgis_canvas):
    ask()
    before = len(qgis_canvas.scene().items())
    dock.panel.transcript.phrase_hovered.emit((1, 0))
    assert len(qgis_canvas.scene().items()) == before + 1
    dock.panel.transcript.phrase_hovered.emit(None)
    assert len(qgis_canvas.scene().items()) == before
    assert dock.panel.transcript.describe(1, 0) == (
        "1 polygon, 12 m² (geodesic, computed from the polygons). Click to see it."
    )


def test_a_click_on_a_phrase_whose_polygons_were_removed_says_so(dock, ask, said):
    ask()
    dock._canvas.stopRendering()
    QgsProject.instance().removeMapLayer(dock.conversation.last_result.layers[0])
    dock.panel.transcript.anchorClicked.emit(phrase(1, 1))
    assert said[-1] == ("These polygons are no longer on the map. Ask again with Retry.", Qgis.MessageLevel.Info)
    assert dock.panel.transcript.describe(1, 1) == "Its polygons are not on the map."


def test_a_turn_is_copied_edited_undone_and_restored(dock, ask):
    ask()
    act(dock, 1, "copy")
    assert QApplication.clipboard().text() == "Für roofs: 1 house. Für roofs: 1 pond."
    act(dock, 1, "edit")
    assert dock.panel.prompt.toPlainText() == "roofs"
    assert len(dock.conversation.book.context) == 1
    act(dock, 1, "undo")
    assert dock.conversation.book.context == []  # the model is not told what was taken back
    assert shown(dock) == 0 and "restore" in dock.panel.transcript.toPlainText()
    act(dock, 1, "restore")
    assert shown(dock) == 2 and "undo" in dock.panel.transcript.toPlainText()


def test_retry_asks_again_and_replaces_the_polygons_of_before(dock, ask, qtbot):
    ask()
    act(dock, 1, "retry")
    qtbot.waitUntil(lambda: not dock.conversation.active, timeout=10_000)
    assert [turn.prompt for turn in dock.conversation.turns] == ["roofs", "roofs"]
    assert [turn.undone for turn in dock.conversation.turns] == [True, False]
    assert shown(dock) == 2 and dock.panel.prompt.toPlainText() == ""


def test_undo_while_the_layer_has_unsaved_edits_is_refused_in_words(dock, ask, said):
    ask()
    (layer,) = dock.conversation.last_result.layers
    layer.startEditing()
    layer.deleteFeature(next(layer.getFeatures()).id())
    act(dock, 1, "undo")
    assert "unsaved edits" in said[-1][0] and not dock.conversation.turns[0].undone
    layer.rollBack()


def test_a_conversation_is_back_when_its_project_is_opened_again(dock, ask, tmp_path, qtbot):
    settings.save(settings.Settings(storage="geopackage"))
    ask("first")
    path = str(tmp_path / "project.qgz")
    assert QgsProject.instance().write(path)
    dock._canvas.stopRendering()
    QgsProject.instance().clear()
    assert dock.conversation.turns == [] and "first" not in dock.panel.transcript.toPlainText()
    assert QgsProject.instance().read(path)
    assert "Für first: 1 ■ house." in dock.panel.transcript.toPlainText()
    assert dock.conversation.turns[0].result.count(1) == 2
    dock.panel.transcript.anchorClicked.emit(phrase(1, 0))
    (layer,) = dock.conversation.last_result.layers
    assert layer.selectedFeatureCount() == 1 and layer.providerType() == "ogr"
    act(dock, 1, "undo")
    assert layer.featureCount() == 0
    ask("second")
    assert [turn.number for turn in dock.conversation.turns] == [1, 2]


def test_a_new_conversation_gets_layers_of_its_own_and_leaves_the_others(dock, ask):
    ask("first")
    before = dock.conversation.last_result.layers[0].id()
    dock.panel.menu.menu().actions()[0].trigger()
    assert dock.conversation.turns == [] and "first" not in dock.panel.transcript.toPlainText()
    assert QgsProject.instance().readEntry("geopix", "conversation", "")[0] == ""
    ask("second")
    assert dock.conversation.last_result.layers[0].id() != before
    assert QgsProject.instance().mapLayer(before).featureCount() == 2
    kept = load(QgsProject.instance().readEntry("geopix", "conversation", "")[0])
    assert [turn.prompt for turn in kept] == ["second"]


def test_the_conversation_is_written_as_markdown(dock, ask, said, tmp_path):
    ask("first")
    dock.chat_menu.save(tmp_path / "talk")
    assert "> first" in (tmp_path / "talk.md").read_text(encoding="utf-8")
    assert said[-1][1] == Qgis.MessageLevel.Success
    dock.chat_menu.save(tmp_path / "missing" / "talk.md")
    assert "cannot be written" in said[-1][0]


def test_the_card_counts_what_was_found_and_its_filter_acts_on_the_map(dock, ask, qtbot):
    ask()
    card = dock.panel.results
    qtbot.waitUntil(card.isVisible, timeout=3000)
    assert [line.row.category for line in card.rows] == ["house", "pond"]
    card.min_score.box.setValue(0.95)
    qtbot.waitUntil(lambda: shown(dock) == 0, timeout=3000)
    card.min_score.box.setValue(0)
    qtbot.waitUntil(lambda: shown(dock) == 2, timeout=3000)
    card.rows[0].eye.click()
    qtbot.waitUntil(lambda: shown(dock) == 1, timeout=3000)
    assert [f["class"] for f in dock.conversation.last_result.layers[0].getFeatures()] == ["pond"]
    card.rows[0].eye.click()
    qtbot.waitUntil(lambda: shown(dock) == 2, timeout=3000)


def test_rejected_polygons_leave_the_map_and_come_back_with_undo(dock, ask, said):
    ask()
    card = dock.panel.results
    card.reject_all.emit("house")
    assert shown(dock) == 1 and said[-1][0] == "Reject 1 polygon: done."
    assert card.buttons["undo"].isEnabled()
    card.undo_requested.emit()
    assert shown(dock) == 2 and not card.buttons["undo"].isEnabled()


def test_two_selected_polygons_of_different_classes_are_not_merged(dock, ask, said):
    ask()
    dock.conversation.last_result.layers[0].selectAll()
    assert dock.panel.results.buttons["merge"].isEnabled()
    dock.panel.results.merge_requested.emit()
    assert "several classes" in said[-1][0] and shown(dock) == 2


@pytest.fixture
def ask_each(dock, ask, said, qtbot):
    """Asks about each of some selected squares, whose left sides are given; gives their layer."""

    def ask_each(*lefts, value=Value.MAIN_CLASS, mode="answer", wait=True):
        ask("first")
        said.clear()
        dock.conversation.process.stop()
        ask.process(mode)
        parcels = QgsVectorLayer("Polygon?crs=EPSG:32633&field=kind:string(20)&field=houses:integer", "p", "memory")
        for left in lefts:
            feature = QgsFeature(parcels.fields())
            if left is not None:
                feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(left, 5_399_970, left + 10, 5_399_980)))
            parcels.dataProvider().addFeatures([feature])
        QgsProject.instance().addMapLayer(parcels)
        parcels.selectAll()
        dock.panel.ask_each.click()
        panel = dock.panel.field_panel
        panel.value.setCurrentIndex(panel.value.findData(value))
        dock.panel.prompt.setPlainText("What is this?")
        panel.begin.click()
        if wait:
            qtbot.waitUntil(lambda: not dock.asking_each.answers.active, timeout=20_000)
        return parcels

    return ask_each


def test_answers_about_each_selected_polygon_go_into_a_field(dock, ask_each, said):
    parcels = ask_each(500_002, 500_020)
    assert dock.panel.field_panel.field.currentField() == "kind"
    assert said[-1][0] == "Wrote 2 answers into p; save its edits to keep them."
    assert parcels.isEditable() and [f["kind"] for f in parcels.getFeatures()] == ["house", "house"]
    assert [turn.area for turn in dock.conversation.turns[1:]] == ["p 1", "p 2"]
    with pytest.raises(LayerError, match="holds numbers"):
        dock.asking_each.answers.start(parcels, "houses", Value.ANSWER, lambda area: True, lambda area: None)
    parcels.rollBack()


def test_polygons_that_cannot_be_asked_about_are_left_out_and_the_others_are_asked(ask_each, said):
    parcels = ask_each(500_002, 590_000, None, 500_020)
    assert [f["kind"] or "" for f in parcels.getFeatures()] == ["house", "", "", "house"]
    ((text, _),) = said
    assert text.startswith("2 polygons left out. The selected polygons do not touch the raster.")
    assert text.endswith("Wrote 2 answers into p; save its edits to keep them.")
    parcels.rollBack()


def test_edits_that_were_discarded_meanwhile_end_the_questions_about_each_polygon(dock, ask_each, said, qtbot):
    parcels = ask_each(500_002, 500_020, 500_030, wait=False)
    qtbot.waitUntil(lambda: "house" in {f["kind"] for f in parcels.getFeatures()}, timeout=10_000)
    parcels.rollBack()
    qtbot.waitUntil(lambda: not dock.asking_each.answers.active, timeout=10_000)
    assert len(dock.conversation.turns) < 4
    assert said[-1][0] == "The edits of p were saved or discarded meanwhile. Wrote 1 answer before that."


def test_another_project_ends_the_questions_about_each_polygon(dock, ask_each, said, qtbot):
    ask_each(500_002, 500_020, mode="slow", wait=False)
    qtbot.waitUntil(lambda: dock.conversation.active and bool(dock.conversation.turns[-1].regions), timeout=10_000)
    QgsProject.instance().clear()
    qtbot.wait(200)
    assert not dock.asking_each.answers.active and dock.panel.field_panel.begin.isEnabled()
    assert said[-1][0] == "The layer of the polygons was removed. Wrote 0 answers before that."


def test_the_export_button_waits_for_polygons_and_writes_them(dock, ask, said, tmp_path, qtbot):
    assert not dock.panel.export.isEnabled()
    ask()
    assert dock.panel.export.isEnabled()
    dock.panel.export.click()
    dialog = dock.exporting.dialog
    assert dialog.isVisible() and dialog.plan().path == tmp_path / "scene_geopix.gpkg"
    assert "2 polygons to scene_geopix.gpkg" in dialog.form.summary.text()
    with qtbot.waitSignal(dialog.exported, timeout=10_000):
        dialog.start()
    assert (tmp_path / "scene_geopix.gpkg").is_file()
    assert said[-1][0].startswith("Wrote 2 polygons to scene_geopix.gpkg")


def test_the_menu_says_where_answers_are_kept_and_a_new_conversation_obeys(dock, ask, said):
    ask("first")
    menu = dock.panel.menu.menu()
    to_file, per_class = (menu.findChild(QMenu, f"geopixMenu_{name}").actions()[1] for name in ("storage", "layer_per"))
    to_file.trigger()
    per_class.trigger()
    assert (settings.load().storage, settings.load().layer_per) == ("geopackage", "class")
    assert said[-1][0].startswith("From the next conversation on")
    to_file.trigger()
    assert to_file.isChecked()  # choosing it again does not take it away
    menu.findChild(QAction, "geopixNew").trigger()
    ask("second")
    layers = dock.conversation.last_result.layers
    assert [layer.name() for layer in layers] == ["house", "pond"]
    assert {layer.providerType() for layer in layers} == {"ogr"}


def test_polygons_in_memory_are_kept_in_a_geopackage_on_demand(dock, ask, said, tmp_path):
    dock.results_menu.keep(tmp_path / "kept.gpkg")
    assert said[-1][0].startswith("There are no polygons to keep")
    ask("first")
    dock.results_menu.keep(tmp_path / "kept")
    (layer,) = dock.conversation.last_result.layers
    assert layer.providerType() == "ogr" and layer.featureCount() == 2
    assert said[-1][0] == "The polygons are kept in kept.gpkg now, with their style and history."
    dock.panel.transcript.anchorClicked.emit(phrase(1, 0))
    assert layer.selectedFeatureCount() == 1
    dock.results_menu.keep(tmp_path / "missing" / "kept.gpkg")
    assert "does not exist" in said[-1][0]
