"""What will be looked at, drawn on the map."""

from __future__ import annotations

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsRectangle
from qgis.gui import QgsMapCanvas, QgsRubberBand
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtTest import QTest

from geopix_qgis.areas import WHOLE_LAYER
from geopix_qgis.gui.footprint import Footprint
from geopix_qgis.gui.map_tools import PointTool
from geopix_qgis.outlines import transform_between
from geopix_qgis.raster import select

UTM33 = QgsCoordinateReferenceSystem("EPSG:32633")
DEGREES = QgsCoordinateReferenceSystem("EPSG:4326")


@pytest.fixture
def canvas(qgis_new_project, qtbot):
    canvas = QgsMapCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    canvas.setDestinationCrs(UTM33)
    canvas.setExtent(QgsRectangle(500_000, 5_399_960, 500_060, 5_400_000))
    return canvas


@pytest.fixture
def footprint(canvas):
    footprint = Footprint(canvas)
    yield footprint
    footprint.close()


def bands(canvas):
    return [item for item in canvas.scene().items() if isinstance(item, QgsRubberBand)]


def test_the_footprint_is_what_will_be_looked_at(canvas, footprint, write_raster, add_raster):
    footprint.show(select(add_raster(write_raster()), WHOLE_LAYER, canvas.mapSettings()))
    assert footprint.shown.area() == pytest.approx(60 * 40)
    footprint.clear()
    assert footprint.shown.isEmpty()


def test_the_footprint_follows_the_crs_of_the_project(canvas, footprint, write_raster, add_raster):
    footprint.show(select(add_raster(write_raster()), WHOLE_LAYER, canvas.mapSettings()))
    canvas.setDestinationCrs(DEGREES)
    corner = transform_between(UTM33, DEGREES).transform(500_000, 5_400_000)
    found = footprint.shown.boundingBox()
    assert found.xMinimum() == pytest.approx(corner.x(), abs=1e-6)
    assert found.width() < 0.01


def test_a_footprint_without_a_crs_is_drawn_by_its_numbers(canvas, footprint, write_raster, add_raster):
    layer = add_raster(write_raster(transform=None, crs=""))
    footprint.show(select(layer, WHOLE_LAYER, canvas.mapSettings()))
    assert footprint.shown.boundingBox() == QgsRectangle(0, -80, 120, 0)


def test_clicks_go_through_the_footprint_to_the_map_tool(canvas, footprint, write_raster, add_raster, qtbot):
    footprint.show(select(add_raster(write_raster()), WHOLE_LAYER, canvas.mapSettings()))
    tool, clicked = PointTool(canvas), []
    tool.clicked.connect(clicked.append)
    tool.start()
    canvas.show()
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(200, 150))
    assert len(clicked) == 1 and footprint.shown.boundingBox().contains(clicked[0])


def test_closing_takes_it_from_the_canvas(canvas, write_raster, add_raster):
    footprint = Footprint(canvas)
    footprint.show(select(add_raster(write_raster()), WHOLE_LAYER, canvas.mapSettings()))
    assert len(bands(canvas)) == 1
    footprint.close()
    assert bands(canvas) == []
    canvas.setDestinationCrs(DEGREES)
