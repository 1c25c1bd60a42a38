"""The areas that an analyst can choose."""

from __future__ import annotations

import math

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsDistanceArea,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)

from geopix_qgis.areas import AreaKind, address_in, around, box, selected_polygons, tile_address
from geopix_qgis.errors import TileError

UTM33 = QgsCoordinateReferenceSystem("EPSG:32633")
DEGREES = QgsCoordinateReferenceSystem("EPSG:4326")
WEB = QgsCoordinateReferenceSystem("EPSG:3857")


@pytest.fixture
def add_polygons(qgis_new_project):
    """Adds a memory layer with the polygons of some WKT, of which some are selected."""

    def add(*shapes, selected=None, name="parcels", crs="EPSG:32633", kind="MultiPolygon"):
        layer = QgsVectorLayer(f"{kind}?crs={crs}", name, "memory")
        features = []
        for shape in shapes:
            feature = QgsFeature()
            feature.setGeometry(QgsGeometry.fromWkt(shape))
            features.append(feature)
        _, features = layer.dataProvider().addFeatures(features)
        layer.selectByIds([features[i].id() for i in (range(len(shapes)) if selected is None else selected)])
        QgsProject.instance().addMapLayer(layer)
        return layer

    return add


def square(x, y, side=10):
    return f"POLYGON(({x} {y}, {x + side} {y}, {x + side} {y + side}, {x} {y + side}, {x} {y}))"


def test_a_tile_address_is_its_web_mercator_square():
    half = math.pi * 6378137
    area = tile_address(" 2/3 /1")
    assert area.kind is AreaKind.TILE and area.crs.authid() == "EPSG:3857" and area.label == "tile 2/3/1"
    rect = area.outline.boundingBox()
    assert (rect.xMinimum(), rect.xMaximum()) == pytest.approx((half / 2, half))
    assert (rect.yMinimum(), rect.yMaximum()) == pytest.approx((0, half / 2), abs=1e-6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "z/x/y, three whole numbers"),
        ("17/68650", "z/x/y, three whole numbers"),
        ("a/b/c", "z/x/y, three whole numbers"),
        ("-1/0/0", "z/x/y, three whole numbers"),
        ("31/0/0", "zoom 31. Choose 0 to 30"),
        ("2/4/0", "no tile 2/4/0: at zoom 2 x and y run from 0 to 3"),
    ],
)
def test_a_malformed_tile_address_is_refused_with_words(text, words):
    with pytest.raises(TileError, match=words):
        tile_address(text)


def test_the_proposed_tile_lies_in_the_middle_of_the_view_and_is_no_wider():
    centre = QgsPointXY(954_000, 6_002_000)
    view = QgsRectangle(centre.x() - 500, centre.y() - 300, centre.x() + 500, centre.y() + 300)
    tile = tile_address(address_in(view, WEB)).outline.boundingBox()
    assert tile.contains(centre)
    assert 500 < tile.width() <= 1000


def test_no_tile_is_proposed_where_there_is_no_earth():
    assert address_in(QgsRectangle(0, 0, 1, 1), QgsCoordinateReferenceSystem()) == ""


@pytest.mark.parametrize("crs", [UTM33, DEGREES, WEB])
def test_a_square_around_a_point_measures_what_was_asked_on_the_ground(crs):
    point = QgsPointXY(15.2, 48.7)
    if crs != DEGREES:
        from geopix_qgis.outlines import transform_between

        point = transform_between(DEGREES, crs).transform(point)
    rect = around(point, crs, 50).outline.boundingBox()
    measure = QgsDistanceArea()
    measure.setSourceCrs(crs, QgsProject.instance().transformContext())
    measure.setEllipsoid("EPSG:7030")
    middle = rect.center()
    across = measure.measureLine(QgsPointXY(rect.xMinimum(), middle.y()), QgsPointXY(rect.xMaximum(), middle.y()))
    along = measure.measureLine(QgsPointXY(middle.x(), rect.yMinimum()), QgsPointXY(middle.x(), rect.yMaximum()))
    assert (across, along) == pytest.approx((50, 50), rel=1e-4)


def test_a_square_without_a_crs_is_measured_in_units_and_a_senseless_one_is_refused():
    rect = around(QgsPointXY(5, 5), QgsCoordinateReferenceSystem(), 4).outline.boundingBox()
    assert rect == QgsRectangle(3, 3, 7, 7)
    with pytest.raises(TileError, match="no square of -1 m"):
        around(QgsPointXY(5, 5), UTM33, -1)


def test_a_box_without_an_inside_is_refused():
    with pytest.raises(TileError, match="has no area"):
        box(QgsRectangle(3, 3, 3, 9), UTM33)


def test_selected_polygons_are_counted_and_named(add_polygons):
    layer = add_polygons(square(0, 0), square(20, 0), square(40, 0), selected=(0, 2))
    area = selected_polygons()
    assert area.kind is AreaKind.SELECTION and area.label == "2 polygons of parcels"
    assert area.outline.area() == pytest.approx(200)
    assert area.crs == layer.crs()


def test_one_selected_polygon_is_one(add_polygons):
    add_polygons(square(0, 0))
    assert selected_polygons().label == "1 polygon of parcels"


def test_nothing_selected_is_refused_with_what_to_do(add_polygons):
    add_polygons(square(0, 0), selected=())
    with pytest.raises(TileError, match=r"No polygon is selected\. Select polygons"):
        selected_polygons()


def test_selections_in_two_layers_ask_for_the_active_one(add_polygons):
    parcels, roofs = add_polygons(square(0, 0)), add_polygons(square(9, 9), square(30, 30), name="roofs")
    with pytest.raises(TileError, match=r"selected in parcels and roofs\. Make one of these the active layer"):
        selected_polygons()
    assert selected_polygons(roofs).label == "2 polygons of roofs"
    assert selected_polygons(parcels).label == "1 polygon of parcels"


def test_an_active_layer_without_a_selection_does_not_hide_another(add_polygons):
    idle, _ = add_polygons(square(0, 0), selected=(), name="idle"), add_polygons(square(9, 9))
    assert selected_polygons(idle).label == "1 polygon of parcels"


def test_holes_are_kept_and_bow_ties_are_mended(add_polygons):
    holed = "POLYGON((0 0, 30 0, 30 30, 0 30, 0 0), (10 10, 20 10, 20 20, 10 20, 10 10))"
    add_polygons(holed, "POLYGON((50 0, 60 10, 60 0, 50 10, 50 0))")
    outline = selected_polygons().outline
    assert outline.isGeosValid()
    assert outline.area() == pytest.approx(800 + 50)


def test_arcs_and_heights_are_flattened(add_polygons):
    add_polygons("CURVEPOLYGON(CIRCULARSTRING(0 0, 10 10, 20 0, 10 -10, 0 0))", kind="CurvePolygon", name="ponds")
    assert selected_polygons().outline.area() == pytest.approx(math.pi * 100, rel=1e-3)
