"""From a click on the card to the layers, and back to the numbers on the card."""

from __future__ import annotations

import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import Qt

from geopix_qgis.gui.result_card import ResultCard
from geopix_qgis.gui.reviewing import Reviewing

FIELDS = "phrase:string class:string score:double area_m2:double perimeter_m:double turn:integer review:string(10)"


@pytest.fixture
def layer(qgis_new_project):
    fields = "&".join(f"field={name}" for name in FIELDS.split())
    layer = QgsVectorLayer(f"MultiPolygon?crs=EPSG:32633&{fields}", "answers", "memory")
    for x, (name, score) in enumerate([("house", 0.9), ("house", 0.6), ("house", 0.3), ("pond", 0.8)]):
        left = 500_000 + 8 * x
        feature = QgsFeature(layer.fields())
        box = f"{left} 0, {left + 10} 0, {left + 10} 10, {left} 10, {left} 0"
        feature.setGeometry(QgsGeometry.fromWkt(f"MultiPolygon((({box})))"))
        feature.setAttributes([f"the {name}", name, score, 100.0, 40.0, 1, ""])
        layer.dataProvider().addFeatures([feature])
    QgsProject.instance().addMapLayer(layer)
    return layer


@pytest.fixture
def desk(layer, qgis_canvas, qtbot):
    card = ResultCard()
    qtbot.addWidget(card)
    layers = lambda: [layer] if QgsProject.instance().mapLayers() else []  # noqa: E731
    desk = Reviewing(card, qgis_canvas, layers, lambda: {"house": "#bd1f01", "pond": "#3f90da"}, card)
    qtbot.addWidget(desk.shaping)
    desk.heard = []
    desk.said.connect(desk.heard.append)
    desk.failed.connect(lambda text: desk.heard.append(f"! {text}"))
    desk.counted = lambda: qtbot.waitUntil(lambda: not desk._count.isActive(), timeout=3000)
    desk.refresh()
    desk.counted()
    yield desk
    desk.close()


def numbers(desk):
    return {line.row.category: (line.row.count, line.row.rejected) for line in desk.card.rows}


def click(desk, qtbot, name):
    qtbot.mouseClick(desk.card.buttons[name], Qt.MouseButton.LeftButton)
    desk.counted()


def test_the_card_shows_what_the_layers_hold(desk):
    assert numbers(desk) == {"house": (3, 0), "pond": (1, 0)}
    assert desk.card.title() == "Results: 4 shown" and desk.card.min_score.isEnabled()


def test_the_slider_hides_polygons_and_the_numbers_follow(desk, layer, qtbot):
    desk.card.min_score.box.setValue(0.5)
    qtbot.waitUntil(lambda: layer.featureCount() == 3, timeout=2000)
    qtbot.waitUntil(lambda: numbers(desk)["house"] == (2, 0), timeout=2000)


def test_a_selection_is_rejected_restored_and_undone(desk, layer, qtbot):
    layer.selectByIds([1, 4])
    click(desk, qtbot, "reject")
    assert numbers(desk) == {"house": (2, 1), "pond": (0, 1)} and layer.featureCount() == 2
    assert not desk.card.buttons["accept"].isEnabled()
    desk.card.rows[0].actions["restore"].trigger()
    desk.counted()
    assert numbers(desk) == {"house": (3, 0), "pond": (0, 1)}
    click(desk, qtbot, "undo")
    click(desk, qtbot, "undo")
    assert numbers(desk) == {"house": (3, 0), "pond": (1, 0)} and layer.subsetString() == ""
    assert desk.heard[0] == "Reject 2 polygons: done." and desk.heard[-1] == "Reject 2 polygons: undone."
    assert not desk.card.buttons["undo"].isEnabled()


def test_merging_is_refused_in_words_or_done(desk, layer, qtbot):
    layer.selectByIds([1, 4])
    click(desk, qtbot, "merge")
    assert desk.heard[-1].startswith("! These polygons are of several classes (house, pond)")
    layer.selectByIds([1, 2, 3])
    click(desk, qtbot, "merge")
    assert numbers(desk) == {"house": (1, 0), "pond": (1, 0)}
    click(desk, qtbot, "undo")
    assert layer.featureCount() == 4


def test_all_of_a_category_are_accepted_and_no_limit_hides_them(desk, layer, qtbot):
    desk.card.rows[0].actions["accept"].trigger()
    desk.counted()
    desk.card.min_score.box.setValue(0.95)
    qtbot.waitUntil(lambda: layer.featureCount() == 3, timeout=2000)


def test_a_category_is_deleted_and_comes_back(desk, layer, qtbot):
    desk.card.rows[0].actions["delete"].trigger()
    desk.counted()
    assert numbers(desk) == {"pond": (1, 0)}
    click(desk, qtbot, "undo")
    assert numbers(desk)["house"] == (3, 0)


def test_a_layer_that_is_edited_is_filtered_once_its_edits_are_saved(desk, layer, qtbot):
    layer.startEditing()
    desk.card.min_score.box.setValue(0.5)
    qtbot.waitUntil(lambda: bool(desk.heard), timeout=2000)
    assert "is being edited" in desk.heard[0] and layer.featureCount() == 4
    layer.commitChanges()
    qtbot.waitUntil(lambda: layer.featureCount() == 3, timeout=2000)


def test_shape_opens_the_preview_and_removing_the_layers_closes_all(desk, layer, qtbot):
    qtbot.mouseClick(desk.card.buttons["shape"], Qt.MouseButton.LeftButton)
    assert not desk.shaping.isHidden()
    QgsProject.instance().removeAllMapLayers()
    desk.refresh()
    desk.counted()
    assert desk.shaping.isHidden() and desk.card.isHidden()
