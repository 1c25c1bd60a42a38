"""Choosing an area in the dock and on the map."""

from __future__ import annotations

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas, QgsMapToolPan, QgsRubberBand
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QWidget

from geopix_qgis.areas import VIEW, WHOLE_LAYER, AreaKind
from geopix_qgis.errors import TileError
from geopix_qgis.gui.area_picker import AreaPicker
from geopix_qgis.gui.map_tools import BoxTool, PointTool
from geopix_qgis.outlines import transform_between

UTM33 = QgsCoordinateReferenceSystem("EPSG:32633")
DEGREES = QgsCoordinateReferenceSystem("EPSG:4326")
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def canvas(qgis_new_project, qtbot):
    canvas = QgsMapCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    canvas.setDestinationCrs(UTM33)
    canvas.setExtent(QgsRectangle(500_000, 5_399_700, 500_400, 5_400_000))
    canvas.show()
    return canvas


@pytest.fixture
def picker(canvas, qtbot):
    picker = AreaPicker(canvas)
    qtbot.addWidget(picker)
    picker.show()
    yield picker
    picker.close_down()


@pytest.fixture
def changes(picker):
    seen = []
    picker.changed.connect(lambda: seen.append(1))
    return seen


def parcels(selected=True, name="parcels"):
    layer = QgsVectorLayer("Polygon?crs=EPSG:32633", name, "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(500_010, 5_399_900, 500_030, 5_399_920)))
    layer.dataProvider().addFeatures([feature])
    if selected:
        layer.selectAll()
    return layer


def choose(picker, kind):
    """As the analyst does it."""
    picker.set_kind(kind)
    picker.kind.activated.emit(picker.kind.currentIndex())


def drag(canvas, start, end):
    view = canvas.viewport()
    QTest.mousePress(view, LEFT, pos=QPoint(*start))
    QTest.mouseMove(view, QPoint(*end))
    QTest.mouseRelease(view, LEFT, pos=QPoint(*end))


def bands(canvas):
    return [e for e in canvas.scene().items() if isinstance(e, QgsRubberBand) and e.numberOfVertices()]


def test_the_view_is_chosen_at_first(picker):
    assert picker.area() == VIEW
    assert [w.objectName() for w in (picker.draw, picker.zoom, picker.address, picker.note) if w.isVisible()] == []


def test_every_control_has_a_name_and_says_what_it_does(picker):
    assert picker.findChild(QWidget, "geopixArea") is picker.kind
    for widget in (picker.kind, picker.draw, picker.zoom, picker.address, picker.resolution):
        assert widget.accessibleName() and widget.toolTip() and widget.objectName().startswith("geopix")


def test_the_whole_layer_can_be_chosen(picker, changes):
    picker.set_kind(AreaKind.LAYER)
    assert picker.area() == WHOLE_LAYER and len(changes) == 1


def test_choosing_to_draw_takes_the_map_at_once_and_gives_it_back(canvas, picker, changes):
    pan = QgsMapToolPan(canvas)
    canvas.setMapTool(pan)
    choose(picker, AreaKind.DRAWN)
    assert isinstance(canvas.mapTool(), BoxTool) and picker.draw.isChecked()
    drag(canvas, (100, 50), (200, 150))
    assert canvas.mapTool() is pan and not picker.draw.isChecked()
    rect = picker.area().outline.boundingBox()
    to_map = canvas.getCoordinateTransform().toMapCoordinates
    assert rect.xMinimum() == pytest.approx(to_map(100, 50).x()) and rect.yMaximum() == pytest.approx(
        to_map(100, 50).y()
    )
    assert rect.xMaximum() == pytest.approx(to_map(200, 150).x()) and rect.yMinimum() == pytest.approx(
        to_map(200, 150).y()
    )
    assert picker.area().crs == UTM33 and changes
    assert len(bands(canvas)) == 1


def test_before_a_box_is_drawn_it_is_said_what_to_do(picker):
    picker.set_kind(AreaKind.DRAWN)
    with pytest.raises(TileError, match="No box is drawn"):
        picker.area()
    assert "No box is drawn" in picker.note.text()


def test_escape_gives_the_map_back_and_keeps_the_earlier_box(canvas, picker):
    pan = QgsMapToolPan(canvas)
    canvas.setMapTool(pan)
    picker.set_drawn(QgsRectangle(500_100, 5_399_800, 500_200, 5_399_900), UTM33)
    picker.draw.setChecked(True)
    QTest.mousePress(canvas.viewport(), LEFT, pos=QPoint(10, 10))
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.mapTool() is pan and not picker.draw.isChecked()
    assert picker.area().outline.boundingBox() == QgsRectangle(500_100, 5_399_800, 500_200, 5_399_900)
    assert len(bands(canvas)) == 1


def test_another_map_tool_ends_the_drawing(canvas, picker):
    picker.set_kind(AreaKind.DRAWN)
    picker.draw.setChecked(True)
    pan = QgsMapToolPan(canvas)
    canvas.setMapTool(pan)
    assert not picker.draw.isChecked() and canvas.mapTool() is pan


def test_choosing_something_else_ends_the_drawing_and_hides_the_box(canvas, picker):
    picker.set_drawn(QgsRectangle(500_100, 5_399_800, 500_200, 5_399_900), UTM33)
    picker.draw.setChecked(True)
    picker.set_kind(AreaKind.VIEW)
    assert not isinstance(canvas.mapTool(), BoxTool) and bands(canvas) == []
    picker.set_kind(AreaKind.DRAWN)
    assert len(bands(canvas)) == 1


def test_a_click_without_a_drag_is_no_box(canvas, picker):
    choose(picker, AreaKind.DRAWN)
    drag(canvas, (100, 50), (101, 50))
    assert picker.draw.isChecked() and isinstance(canvas.mapTool(), BoxTool)


def test_a_drawn_box_stays_where_it_is_when_the_project_changes_its_crs(canvas, picker):
    picker.set_drawn(QgsRectangle(500_100, 5_399_800, 500_200, 5_399_900), UTM33)
    canvas.setDestinationCrs(DEGREES)
    (band,) = bands(canvas)
    assert band.asGeometry().boundingBox().center().x() == pytest.approx(15.002, abs=0.001)
    assert picker.area().crs == UTM33


def test_selected_polygons_are_followed(picker, changes):
    picker.set_kind(AreaKind.SELECTION)
    assert "No polygon is selected" in picker.note.text()
    layer = QgsProject.instance().addMapLayer(parcels(selected=False))
    before = len(changes)
    layer.selectAll()
    assert len(changes) > before and picker.note.text() == "1 polygon of parcels"
    assert picker.area().outline.area() == pytest.approx(400)
    layer.removeSelection()
    assert "No polygon is selected" in picker.note.text()


def test_a_removed_layer_takes_its_selection_with_it(picker, changes):
    picker.set_kind(AreaKind.SELECTION)
    layer = QgsProject.instance().addMapLayer(parcels())
    assert picker.note.text() == "1 polygon of parcels"
    before = len(changes)
    QgsProject.instance().removeMapLayer(layer)
    assert len(changes) > before and "No polygon is selected" in picker.note.text()


def test_the_active_layer_decides_between_two_selections(canvas, picker):
    picker.set_kind(AreaKind.SELECTION)
    both = parcels(), parcels(name="roofs")
    QgsProject.instance().addMapLayers(both)
    assert "Make one of these the active layer" in picker.note.text()
    canvas.setCurrentLayer(both[1])
    assert picker.note.text() == "1 polygon of roofs"


def test_a_selection_is_no_change_while_something_else_is_chosen(picker, changes):
    QgsProject.instance().addMapLayer(parcels())
    assert changes == []


def test_a_tile_is_proposed_and_checked_while_it_is_typed(canvas, picker, changes):
    choose(picker, AreaKind.TILE)
    assert picker.area().label == f"tile {picker.address.text()}"
    picker.address.setText("3/9/0")
    assert "no tile 3/9/0" in picker.note.text() and not picker.zoom.isVisible()
    picker.address.setText("3/4/2")
    assert picker.area().kind is AreaKind.TILE and picker.note.text() == "" and len(changes) >= 3


def test_zoom_shows_the_area_on_the_map(canvas, picker):
    picker.set_kind(AreaKind.TILE)
    picker.address.setText("17/70997/45149")
    picker.zoom.click()
    middle = picker.area().outline.boundingBox().center()
    there = transform_between(picker.area().crs, UTM33).transform(middle)
    assert canvas.extent().contains(there) and canvas.extent().width() < 1000


def test_the_resolution_belongs_to_rendered_layers_only(picker, changes):
    assert not picker.resolution.isVisible()
    picker.set_rendered(True)
    assert picker.resolution.isVisible() and picker.resolution_m() is None
    assert picker.resolution.text() == "as the view"
    picker.resolution.setValue(0.5)
    assert picker.resolution_m() == 0.5 and len(changes) == 1
    picker.set_rendered(False)
    assert picker.resolution_m() is None and len(changes) == 2


def test_closing_down_leaves_nothing_behind(canvas, picker, changes):
    pan = QgsMapToolPan(canvas)
    canvas.setMapTool(pan)
    before = len([e for e in canvas.scene().items() if isinstance(e, QgsRubberBand)])
    picker.set_drawn(QgsRectangle(500_100, 5_399_800, 500_200, 5_399_900), UTM33)
    picker.set_kind(AreaKind.SELECTION)
    picker.set_kind(AreaKind.DRAWN)
    picker.draw.setChecked(True)
    changes.clear()
    AreaPicker.close_down(picker)
    picker.close_down = lambda: None
    assert canvas.mapTool() is pan
    assert before == 2 and [e for e in canvas.scene().items() if isinstance(e, QgsRubberBand)] == []
    QgsProject.instance().addMapLayer(parcels())
    canvas.setDestinationCrs(DEGREES)
    assert changes == []


def test_the_dock_may_be_narrow(picker):
    picker.set_drawn(QgsRectangle(500_100, 5_399_800, 500_200, 5_399_900), UTM33)
    picker.set_rendered(True)
    assert picker.minimumSizeHint().width() <= 300


def test_a_clicked_point_comes_in_map_coordinates_and_the_map_is_given_back(canvas):
    pan = QgsMapToolPan(canvas)
    canvas.setMapTool(pan)
    tool, clicked = PointTool(canvas), []
    tool.clicked.connect(clicked.append)
    tool.start()
    QTest.mouseClick(canvas.viewport(), LEFT, pos=QPoint(120, 80))
    expected = canvas.getCoordinateTransform().toMapCoordinates(120, 80)
    assert (clicked[0].x(), clicked[0].y()) == pytest.approx((expected.x(), expected.y()))
    assert canvas.mapTool() is pan


def test_escape_cancels_a_point(canvas):
    tool, cancelled = PointTool(canvas), []
    tool.cancelled.connect(lambda: cancelled.append(1))
    tool.start()
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert cancelled == [1] and canvas.mapTool() is not tool


def test_a_point_asked_for_while_a_box_is_drawn_gives_back_the_tool_from_before_both(canvas, picker):
    pan = QgsMapToolPan(canvas)
    canvas.setMapTool(pan)
    choose(picker, AreaKind.DRAWN)
    tool = PointTool(canvas)
    tool.start()
    assert not picker.draw.isChecked()
    QTest.mouseClick(canvas.viewport(), LEFT, pos=QPoint(120, 80))
    assert canvas.mapTool() is pan


def test_an_earlier_tool_that_is_gone_is_not_missed(canvas):
    pan = QgsMapToolPan(canvas)
    canvas.setMapTool(pan)
    tool = PointTool(canvas)
    tool.start()
    sip.delete(pan)
    tool.cancel()
    assert canvas.mapTool() is None
