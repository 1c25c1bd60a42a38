"""Polygons of answers as QGIS layers, and as files."""

from __future__ import annotations

import pytest
from osgeo import ogr
from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsProject,
    QgsVectorFileWriter,
    QgsVectorLayerCache,
    QgsWkbTypes,
)

from geopix_qgis import links
from geopix_qgis.errors import LayerError
from geopix_qgis.layers import ResultLayer
from geopix_qgis.storage import Storage
from tests.qgis.answers import TIME, UTM33, region, result_with, rows, square

NAMES = ["phrase", "class", "score", "area_m2", "perimeter_m", "turn", "prompt", "model", "gsd_m"]
NAMES += ["target", "review", "source", "time"]
HOLE = [[500_002, 5_400_002], [500_002, 5_400_006], [500_006, 5_400_006], [500_006, 5_400_002], [500_002, 5_400_002]]
BOW_TIE = [[[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]]]
LINE = [[[0, 0], [10, 10], [0, 0], [0, 0]]]


@pytest.fixture
def result(qgis_new_project):
    return ResultLayer("scene", UTM33, source="/data/scene.tif")


@pytest.fixture(params=["memory", "geopackage"])
def storage(request, qgis_new_project, tmp_path):
    return Storage(tmp_path / "answers.gpkg" if request.param == "geopackage" else None)


def test_a_region_keeps_its_shape_its_hole_and_its_fields(storage):
    (layer,) = result_with(region([*square(), HOLE]), storage=storage).layers
    (feature,) = layer.getFeatures()
    assert [name for name in layer.fields().names() if name != "fid"] == NAMES
    known = ["the building", "building", 0.75, 84.0, 56.0, 1, "Häuser?", "nano 1", 0.5, 0, "", "/data/scene.tif", TIME]
    assert [feature[name] for name in NAMES] == known
    assert feature.geometry().area() == pytest.approx(84.0)
    assert feature.geometry().wkbType() == QgsWkbTypes.Type.MultiPolygon


def test_what_is_unknown_is_null(storage):
    result = result_with(region(area_m2=None, perimeter_m=None, gsd_m=None), storage=storage)
    (feature,) = result.layers[0].getFeatures()
    assert [name for name in NAMES if feature[name] == NULL] == ["area_m2", "perimeter_m", "gsd_m"]
    assert result.area_m2(1) is None


def test_text_that_is_longer_than_its_field_is_cut_and_a_path_keeps_its_end(storage):
    long = "ä" * 300
    result = ResultLayer("scene", UTM33, source=f"/{long}/scene.tif", storage=storage)
    assert result.add([region(phrase=long, class_name=long, prompt=long, model=long)], TIME) == 1
    (feature,) = result.layers[0].getFeatures()
    assert [len(feature[name]) for name in ("phrase", "class", "prompt", "model", "source")] == [120, 60, 254, 80, 254]
    assert feature["source"].endswith("/scene.tif")


def test_a_bow_tie_is_made_valid_and_a_shape_without_area_is_left_out(result):
    assert result.add([region(BOW_TIE), region(LINE), region()]) == 2
    repaired, whole = (feature.geometry() for feature in result.layers[0].getFeatures())
    assert repaired.isGeosValid() and repaired.area() == pytest.approx(50.0)
    assert whole.area() == pytest.approx(100.0)


def test_a_geometry_that_is_no_polygon_is_refused(result):
    with pytest.raises(LayerError, match="'Point', expected a Polygon"):
        result.add([region(geometry={"type": "Point", "coordinates": [0, 0]})])


def test_an_answer_without_a_time_gets_the_present_one_in_utc(result):
    result.add([region()])
    (feature,) = result.layers[0].getFeatures()
    assert feature["time"].startswith("20") and feature["time"].endswith("+00:00") and len(feature["time"]) == 25


def test_the_group_of_a_raster_is_on_top_open_and_found_again_under_another_name(result):
    root = QgsProject.instance().layerTreeRoot()
    group = root.children()[0]
    assert group.name() == "GeoPix - scene" and group.isExpanded()
    group.setName("mine")
    second = ResultLayer("scene", UTM33, source="/data/scene.tif")
    assert [node.layerId() for node in group.findLayers()] == [second.layers[0].id(), result.layers[0].id()]
    assert [child.name() for child in root.children()] == ["mine"]


def test_two_rasters_of_one_name_have_two_groups(result):
    ResultLayer("scene", UTM33, source="/other/scene.tif")
    root = QgsProject.instance().layerTreeRoot()
    assert [child.name() for child in root.children()] == ["GeoPix - scene (2)", "GeoPix - scene"]


def test_a_crs_without_a_code_and_no_crs_are_kept(storage):
    odd = QgsCoordinateReferenceSystem.fromProj("+proj=tmerc +lat_0=1 +lon_0=15.5 +x_0=500001 +datum=WGS84")
    assert ResultLayer("odd", odd, storage=storage).layers[0].crs() == odd
    assert not ResultLayer("none", QgsCoordinateReferenceSystem(), storage=storage).layers[0].crs().isValid()


def test_one_layer_for_each_class_named_after_it(storage):
    result = result_with(
        region(), region(name="road"), region(square(1)), region(class_name="", phrase="blue roofs"),
        storage=storage, per_class=True,
    )  # fmt: skip
    assert [layer.name() for layer in result.layers] == ["building", "road", "blue roofs"]
    assert [layer.featureCount() for layer in result.layers] == [2, 1, 1]
    assert result.count(1) == 4 and len(result.find(1)) == 3
    group = QgsProject.instance().layerTreeRoot().findGroup("GeoPix - scene")
    assert len(group.findLayers()) == 3


def test_a_removed_layer_never_breaks_a_later_answer(storage):
    result = result_with(region(), storage=storage)
    QgsProject.instance().removeMapLayer(result.layers[0])
    assert not result.alive and result.layers == [] and result.count(1) == 0 and result.colour_of(1, 0) is None
    assert result.add([region(turn=2)]) == 1
    assert result.alive and rows(result.layers[0], "turn") == [(2,)]


def test_a_removed_group_never_breaks_a_later_answer(result, qtbot):
    root = QgsProject.instance().layerTreeRoot()
    root.removeChildNode(root.children()[0])
    qtbot.waitUntil(
        lambda: not QgsProject.instance().mapLayers(), timeout=3000
    )  # QGIS removes its layers a moment later
    assert result.add([region()]) == 1
    assert root.findGroup("GeoPix - scene").findLayers()


def test_a_layer_that_takes_nothing_is_told(result):
    result.layers[0].dataProvider().deleteAttributes([0])
    result.layers[0].updateFields()
    assert result.add([region()]) == 1  # a column that the analyst deleted is no reason to lose the rest
    broken = ResultLayer("other", UTM33)
    broken.layers[0].setDataSource("Point?crs=EPSG:32633", "x", "memory")
    with pytest.raises(LayerError, match="could not be added to the layer x"):
        broken.add([region()])


def test_a_streamed_answer_is_not_read_again_for_each_batch(storage, monkeypatch):
    read, collect = [], links._collect

    def counted(known, features):
        found = list(features)
        read.extend(found)
        return collect(known, found)

    monkeypatch.setattr(links, "_collect", counted)
    result = ResultLayer("scene", UTM33, storage=storage)
    for number in range(50):
        result.add([region(square(20 * number + item), target=item % 3) for item in range(20)])
        assert result.count(1) == 20 * (number + 1) and result.colour_of(1, 0)
    assert len(read) < 2 * 1000  # each polygon once; reading all of them for each batch would be 25,500


def test_an_open_attribute_table_hears_of_an_answer(result, qtbot):
    result.add([region(square())])
    cache, heard = QgsVectorLayerCache(result.layers[0], 100), []
    cache.setFullCache(True)  # QGIS 3.40 says nothing to a table that has no row yet
    cache.invalidated.connect(lambda: heard.append(1))
    for number in range(20):
        result.add([region(square(number))])
    qtbot.waitUntil(lambda: bool(heard), timeout=3000)
    qtbot.wait(100)
    assert len(heard) == 1


def test_the_save_features_as_of_qgis_writes_a_shapefile(result, tmp_path):
    result.add([region([*square(), HOLE])])
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "ESRI Shapefile"
    path = tmp_path / "native.shp"
    context = QgsProject.instance().transformContext()
    code, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(result.layers[0], str(path), context, options)
    assert code == QgsVectorFileWriter.WriterError.NoError
    dataset = ogr.Open(str(path))  # OGR crashes when the owner of a layer or a geometry is gone
    feature = dataset.GetLayer().GetNextFeature()
    assert feature.GetGeometryRef().GetArea() == pytest.approx(84.0)
    assert dataset.GetLayer().GetSpatialRef() is not None
