"""The preview of shaped outlines: on the map, in words, and applied."""

from __future__ import annotations

import math

import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsPointXY, QgsProject, QgsRectangle, QgsVectorLayer
from qgis.gui import QgsRubberBand
from qgis.PyQt.QtCore import Qt

from geopix_qgis.gui import shape_preview as module
from geopix_qgis.gui.colours import BAD, GOOD
from geopix_qgis.gui.shape_preview import ShapePreview
from geopix_qgis.reshaping import Originals
from geopix_qgis.undo import Undo

FIELDS = "phrase:string class:string score:double area_m2:double perimeter_m:double turn:integer review:string"


def house(x, turn=0.3):
    points = []
    for corner in range(4):
        for step in range(8):
            along, out = -10 + 20 * step / 8, -10 + (0.6 if step % 2 else 0.0)
            angle = turn + corner * math.pi / 2
            across = along * math.sin(angle) + out * math.cos(angle)
            points.append(QgsPointXY(500_000 + x + along * math.cos(angle) - out * math.sin(angle), 5_400_000 + across))
    return QgsGeometry.fromPolygonXY([[*points, points[0]]])


@pytest.fixture
def layer(qgis_new_project):
    fields = "&".join(f"field={name}" for name in FIELDS.split())
    layer = QgsVectorLayer(f"MultiPolygon?crs=EPSG:32633&{fields}", "answers", "memory")
    ring = house(80).difference(house(80).buffer(-4, 4))
    for geometry in (house(0), house(40, 1.0), ring):
        geometry.convertToMultiType()
        feature = QgsFeature(layer.fields())
        feature.setGeometry(geometry)
        feature.setAttributes(["houses", "building", 0.9, geometry.area(), 80.0, 1, ""])
        layer.dataProvider().addFeatures([feature])
    QgsProject.instance().addMapLayer(layer)
    return layer


@pytest.fixture
def panel(qgis_canvas, layer, qtbot):
    qgis_canvas.setExtent(QgsRectangle(499_980, 5_399_970, 500_110, 5_400_030))
    panel = ShapePreview(qgis_canvas, Originals(), Undo())
    qtbot.addWidget(panel)
    panel.resize(304, 160)
    panel.open([layer])
    panel.ready = lambda: qtbot.waitUntil(lambda: not panel.busy, timeout=5000)
    panel.ready()
    yield panel
    panel.close_down()


def bands(canvas):
    return [item for item in canvas.scene().items() if isinstance(item, QgsRubberBand) and item.numberOfVertices()]


def test_the_preview_is_on_the_map_and_in_words_and_changes_nothing(panel, layer, qgis_canvas):
    panel.holes.setValue(1000)
    panel.ready()
    assert panel.line.text() == "2 of 3 change, 1 kept as they are (agreement below 0.90)."
    found = sorted((band.strokeColor().name(), band.numberOfVertices() > 1) for band in bands(qgis_canvas))
    assert found == sorted([(GOOD, True), (GOOD, True), (BAD, True)])
    assert next(layer.getFeatures()).geometry().constGet().nCoordinates() == 33


def test_apply_shapes_and_undo_is_named_and_reset_brings_the_outlines_back(panel, layer, qtbot):
    with qtbot.waitSignal(panel.applied) as said:
        qtbot.mouseClick(panel.apply, Qt.MouseButton.LeftButton)
    assert said.args == ["3 polygons shaped."]
    assert panel._undo.next_name == "Shape 3 polygons"
    assert [f.geometry().constGet().nCoordinates() for f in layer.getFeatures()] == [5, 5, 10]
    panel.ready()
    assert not panel.apply.isEnabled() and panel.line.text() == "0 of 3 change."
    with qtbot.waitSignal(panel.applied):
        qtbot.mouseClick(panel.reset, Qt.MouseButton.LeftButton)
    assert next(layer.getFeatures()).geometry().constGet().nCoordinates() == 33


def test_the_preview_follows_the_selection(panel, layer, qgis_canvas):
    layer.selectByIds(sorted(layer.allFeatureIds())[:1])
    panel.ready()
    assert panel.line.text() == "1 of 1 change." and len(bands(qgis_canvas)) == 1


def test_closing_or_removing_the_layer_cleans_the_map(panel, layer, qgis_canvas, qtbot):
    assert len(bands(qgis_canvas)) == 3
    qtbot.mouseClick(panel.close_button, Qt.MouseButton.LeftButton)
    assert bands(qgis_canvas) == [] and panel.isHidden()
    panel.open([layer])
    panel.ready()
    QgsProject.instance().removeMapLayer(layer.id())
    assert bands(qgis_canvas) == [] and panel.isHidden() and not panel.busy


def test_a_refusal_of_the_layer_is_a_sentence(panel, layer, qtbot):
    layer.dataProvider().deleteFeatures(sorted(layer.allFeatureIds())[:1])
    with qtbot.waitSignal(panel.failed) as said:
        qtbot.mouseClick(panel.apply, Qt.MouseButton.LeftButton)
    assert "no longer there" in said.args[0]


def test_nothing_to_do_is_said(panel, layer):
    panel.square.setChecked(False)
    panel.ready()
    assert panel.line.text() == "3 polygons: choose what to do." and not panel.apply.isEnabled()
    assert panel.minimumSizeHint().width() <= 304


def test_right_angles_are_proposed_only_where_all_there_is_was_built(panel, layer):
    assert panel.square.isChecked()
    road = QgsFeature(layer.fields())
    road.setGeometry(house(200))
    road.setAttributes(["the road", "road", 0.9, 100.0, 80.0, 1, ""])
    layer.dataProvider().addFeatures([road])
    panel.open([layer])
    assert not panel.square.isChecked()


def test_a_change_while_the_preview_is_being_made_is_not_forgotten(panel, monkeypatch):
    monkeypatch.setattr(module, "SLICE_S", 0.0)  # one polygon at a time
    panel.square.setChecked(False)
    panel.ready()
    panel._begin()
    panel._go_on()
    assert panel._work is not None
    panel.simplify.setValue(0.7)
    panel.ready()
    assert panel.preview.changed and panel.wanted.simplify_m == 0.7
    assert max(p.shaped.geometry.constGet().nCoordinates() for p in panel.preview.changed) < 20
