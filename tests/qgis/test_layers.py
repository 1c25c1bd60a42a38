"""Polygons as a QGIS layer, and as files."""

from __future__ import annotations

import json

import pytest
from osgeo import ogr
from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsProject,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)

from geopix_qgis import palette
from geopix_qgis.errors import LayerError
from geopix_qgis.export import save_as
from geopix_qgis.layers import ResultLayer
from geopix_qgis.protocol import RegionEvent

NAMES = ["phrase", "class", "score", "area_m2", "perimeter_m", "turn", "prompt", "model", "gsd_m"]
SQUARE = [
    [[500_000, 5_400_000], [500_010, 5_400_000], [500_010, 5_400_010], [500_000, 5_400_010], [500_000, 5_400_000]]
]
HOLE = [[500_002, 5_400_002], [500_002, 5_400_006], [500_006, 5_400_006], [500_006, 5_400_002], [500_002, 5_400_002]]
BOW_TIE = [[[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]]]
LINE = [[[0, 0], [10, 10], [0, 0], [0, 0]]]


def region(rings=SQUARE, name="house", **changes):
    values = {
        "geometry": {"type": "Polygon", "coordinates": rings},
        "phrase": f"the {name}",
        "class_name": name,
        "score": 0.75,
        "area_m2": 84.0,
        "perimeter_m": 56.0,
        "target": 0,
        "turn": 2,
        "prompt": "Häuser?",
        "model": "nano 1",
        "gsd_m": 0.5,
    }
    return RegionEvent(**{**values, **changes})


@pytest.fixture
def result(qgis_new_project):
    return ResultLayer("scene", QgsCoordinateReferenceSystem("EPSG:32633"))


def test_a_region_keeps_its_shape_its_hole_and_its_fields(result):
    (number,) = result.add([region([*SQUARE, HOLE])])
    feature = result.layer.getFeature(number)
    assert result.layer.fields().names() == NAMES
    assert feature.attributes() == ["the house", "house", 0.75, 84.0, 56.0, 2, "Häuser?", "nano 1", 0.5]
    assert feature.geometry().area() == pytest.approx(84.0)
    assert feature.geometry().wkbType() == QgsWkbTypes.Type.MultiPolygon


def test_what_is_unknown_is_null(result):
    (number,) = result.add([region(area_m2=None, perimeter_m=None, gsd_m=None)])
    feature = result.layer.getFeature(number)
    assert [name for name in NAMES if feature[name] == NULL] == ["area_m2", "perimeter_m", "gsd_m"]


def test_a_bow_tie_is_made_valid_and_a_shape_without_area_is_left_out(result):
    first, second, third = result.add([region(BOW_TIE), region(LINE), region()])
    assert second is None
    repaired = result.layer.getFeature(first).geometry()
    assert repaired.isGeosValid() and repaired.area() == pytest.approx(50.0)
    assert result.layer.getFeature(third).geometry().area() == pytest.approx(100.0)


def test_a_geometry_that_is_no_polygon_is_refused(result):
    with pytest.raises(LayerError, match="'Point', expected a Polygon"):
        result.add([region(geometry={"type": "Point", "coordinates": [0, 0]})])


def test_the_layer_lies_in_the_group_of_its_raster(result):
    group = QgsProject.instance().layerTreeRoot().findGroup("GeoPix - scene")
    assert [node.layerId() for node in group.findLayers()] == [result.layer_id]
    assert result.layer.crs().authid() == "EPSG:32633"


def test_a_crs_without_a_code_and_no_crs_are_kept(qgis_new_project):
    odd = QgsCoordinateReferenceSystem.fromProj("+proj=tmerc +lat_0=1 +lon_0=15.5 +x_0=500001 +datum=WGS84")
    assert ResultLayer("odd", odd).layer.crs() == odd
    assert not ResultLayer("none", QgsCoordinateReferenceSystem()).layer.crs().isValid()


def test_each_class_has_its_own_colour_and_a_phrase_stands_in_for_a_missing_class(result):
    result.add([region(name="house"), region(name="road"), region(class_name="", phrase="blue roofs")])
    categories = result.layer.renderer().categories()
    assert [category.value() for category in categories] == ["house", "road", "blue roofs"]
    assert len(set(result.colours.values())) == 3
    symbol = categories[0].symbol()
    assert symbol.color().alpha() == 51
    assert symbol.symbolLayer(0).strokeColor().name() == result.colours["house"]


def test_every_region_is_drawn_by_a_category(result, qgis_canvas):
    from qgis.core import QgsExpressionContext, QgsRenderContext

    result.add([region(name="house"), region(class_name="", phrase="blue roofs")])
    renderer, context = result.layer.renderer().clone(), QgsRenderContext()
    context.setExpressionContext(QgsExpressionContext())
    renderer.startRender(context, result.layer.fields())
    for feature in result.layer.getFeatures():
        context.expressionContext().setFeature(feature)
        assert renderer.symbolForFeature(feature, context) is not None
    renderer.stopRender(context)


def test_a_class_keeps_its_colour_and_neighbours_differ():
    assert palette.choose("house", {}) == palette.choose("House", {})
    taken = {}
    for number in range(10):
        taken[str(number)] = palette.choose(str(number), taken)
    assert sorted(taken.values()) == sorted(palette.COLOURS)


def test_a_removed_layer_is_noticed(result):
    QgsProject.instance().removeMapLayer(result.layer_id)
    assert not result.alive
    with pytest.raises(LayerError, match="was removed"):
        result.add([region()])


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".geojson"])
def test_an_exported_file_holds_the_polygons_and_only_complete_files_appear(result, tmp_path, suffix):
    result.add([region([*SQUARE, HOLE]), region(name="pond")])
    path = save_as(result.layer, tmp_path / f"out{suffix}")
    read = QgsVectorLayer(str(path), "read", "ogr")
    assert read.featureCount() == 2
    first = next(read.getFeatures())
    assert first["phrase"] == "the house" and first["prompt"] == "Häuser?" and first["turn"] == 2
    if suffix == ".geojson":
        assert read.crs().authid() == "EPSG:4326"
        lon, lat = json.loads(path.read_text())["features"][0]["geometry"]["coordinates"][0][0][0][:2]
        assert (lon, lat) == pytest.approx((15.0, 48.75), abs=0.05)
    else:
        assert read.crs().authid() == "EPSG:32633"
        assert first.geometry().area() == pytest.approx(84.0)
    assert all(item.name.startswith("out.") for item in tmp_path.iterdir())


def test_an_export_replaces_an_older_one(result, tmp_path):
    result.add([region()])
    save_as(result.layer, tmp_path / "out.gpkg")
    result.add([region()])
    save_as(result.layer, tmp_path / "out.gpkg")
    assert QgsVectorLayer(str(tmp_path / "out.gpkg"), "read", "ogr").featureCount() == 2


def test_an_export_that_cannot_be_says_why_and_leaves_nothing(result, tmp_path, qgis_new_project):
    with pytest.raises(LayerError, match=r"\.xyz is unknown"):
        save_as(result.layer, tmp_path / "out.xyz")
    with pytest.raises(LayerError, match="does not exist"):
        save_as(result.layer, tmp_path / "missing" / "out.gpkg")
    with pytest.raises(LayerError, match="have no CRS"):
        save_as(ResultLayer("none", QgsCoordinateReferenceSystem()).layer, tmp_path / "out.geojson")
    (tmp_path / "out.gpkg").mkdir()
    with pytest.raises(LayerError, match="cannot be written"):
        save_as(result.layer, tmp_path / "out.gpkg")
    assert [item.name for item in tmp_path.iterdir()] == ["out.gpkg"]


def test_the_save_features_as_of_qgis_writes_a_shapefile(result, tmp_path):
    result.add([region([*SQUARE, HOLE])])
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "ESRI Shapefile"
    path = tmp_path / "native.shp"
    context = QgsProject.instance().transformContext()
    code, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(result.layer, str(path), context, options)
    assert code == QgsVectorFileWriter.WriterError.NoError
    dataset = ogr.Open(str(path))  # OGR crashes when the owner of a layer or a geometry is gone
    feature = dataset.GetLayer().GetNextFeature()
    assert feature.GetGeometryRef().GetArea() == pytest.approx(84.0)
    assert dataset.GetLayer().GetSpatialRef() is not None
