"""The analyst edits, splits, merges, filters, undoes: links and measures stay true."""

from __future__ import annotations

import pytest
from qgis.core import NULL, QgsCoordinateReferenceSystem, QgsGeometry, QgsPointXY, QgsProject, QgsVectorLayerUtils

from geopix_qgis import measuring
from geopix_qgis.errors import LayerError
from geopix_qgis.layers import ResultLayer
from geopix_qgis.storage import Storage
from tests.qgis.answers import TIME, UTM33, region, result_with, rows, square

SCALE = 0.9996  # of EPSG:32633 on its central meridian, where the squares lie
BIG = QgsGeometry.fromPolygonXY([[QgsPointXY(*point) for point in square(0, 20.0)[0]]])


@pytest.fixture(params=["memory", "geopackage"])
def storage(request, qgis_new_project, tmp_path):
    return Storage(tmp_path / "answers.gpkg" if request.param == "geopackage" else None)


@pytest.fixture
def result(storage):
    """Turn 1: two buildings and a road; turn 2: a building."""
    return result_with(
        region(square(0)), region(square(1)), region(square(2), "road", target=1), region(square(3), turn=2),
        storage=storage,
    )  # fmt: skip


def on_the_ground(side):
    return pytest.approx((side / SCALE) ** 2, rel=1e-4), pytest.approx(4 * side / SCALE, rel=1e-4)


def only(result):
    (layer,) = result.layers
    return layer


def split(layer, x):
    layer.beginEditCommand("split")
    layer.splitFeatures([QgsPointXY(x, 5_399_990), QgsPointXY(x, 5_400_030)])
    layer.endEditCommand()


def test_what_the_analyst_selected_stays_selected_while_answers_come_and_go(result, qtbot):
    layer = only(result)
    chosen = sorted(layer.allFeatureIds())[:2]
    layer.selectByIds(chosen)
    with qtbot.waitSignal(layer.dataChanged):  # attribute tables read the layer again
        result.add([region(square(4), turn=3)], TIME)
    qtbot.wait(50)
    assert sorted(layer.selectedFeatureIds()) == chosen
    measuring.remeasure(layer, chosen)
    result.remove_turn(3)
    result.restore_turn(3)
    qtbot.wait(600)
    assert sorted(layer.selectedFeatureIds()) == chosen


def test_what_the_analyst_selected_stays_selected_when_a_filtered_layer_is_read(result):
    layer = only(result)
    layer.setSubsetString("\"class\" = 'building'")
    chosen = sorted(layer.allFeatureIds())[:2]
    layer.selectByIds(chosen)
    layer.dataChanged.emit()  # what was read is forgotten
    assert result.count(1) == 3 and len(result.find(1, 1)) == 1 and result.area_m2(1) == pytest.approx(252.0)
    assert sorted(layer.selectedFeatureIds()) == chosen


def test_polygons_are_found_by_turn_and_target(result):
    layer = only(result)
    ((found, ids),) = result.find(1, 0)
    assert found is layer and [layer.getFeature(fid)["phrase"] for fid in ids] == ["the building"] * 2
    assert [result.count(1), result.count(1, 1), result.count(2), result.count(3)] == [3, 1, 1, 0]
    assert result.find(3) == [] and result.last_turn == 2
    assert result.area_m2(1, 0) == pytest.approx(168.0) and result.area_m2(9) is None
    assert result.targets_of(layer, [*ids, *result.find(2)[0][1]]) == {(1, 0), (2, 0)}
    assert result.colour_of(1, 1) == result.colours["road"] and result.colour_of(1, 7) is None


def test_rejected_and_filtered_polygons_still_belong_to_their_words(result):
    layer = only(result)
    layer.dataProvider().changeAttributeValues({1: {layer.fields().indexOf("review"): "rejected"}})
    layer.setSubsetString("\"review\" <> 'rejected'")
    assert layer.featureCount() == 3
    assert result.count(1, 0) == 2 and result.area_m2(1, 0) == pytest.approx(168.0)
    assert result.remove_turn(1) == 3 and result.restore_turn(1) == 3
    assert layer.subsetString() and layer.featureCount() == 3
    layer.setSubsetString("")
    assert layer.featureCount() == 4 and rows(layer, "review") == [("",), ("",), ("",), ("rejected",)]


def test_a_split_polygon_keeps_its_link_and_both_parts_are_measured(result):
    layer = only(result)
    layer.startEditing()
    split(layer, 500_005)
    assert result.count(1, 0) == 3
    assert result.area_m2(1, 0) == pytest.approx(84 + (10 / SCALE) ** 2, rel=1e-4)  # before it is saved
    assert layer.commitChanges()
    assert result.count(1, 0) == 3
    parts = [layer.getFeature(fid) for fid in result.find(1, 0)[0][1]]
    halves = [part for part in parts if part.geometry().area() < 60]
    assert [part["area_m2"] for part in halves] == [pytest.approx(50 / SCALE**2, rel=1e-4)] * 2
    assert [part["perimeter_m"] for part in halves] == [pytest.approx(30 / SCALE, rel=1e-4)] * 2


def test_merged_polygons_keep_the_link_and_are_measured(result):
    layer = only(result)
    (_, (one, other)) = result.find(1, 0)[0]
    layer.startEditing()
    layer.beginEditCommand("merge")  # as the tool of QGIS does it
    layer.changeGeometry(one, layer.getFeature(one).geometry().combine(layer.getFeature(other).geometry()))
    layer.deleteFeature(other)
    layer.endEditCommand()
    assert layer.commitChanges()
    assert result.count(1, 0) == 1
    assert result.area_m2(1, 0) == pytest.approx(200 / SCALE**2, rel=1e-4)


def test_one_undo_takes_back_a_shape_with_its_measures_and_redo_brings_both(result):
    layer = only(result)
    layer.startEditing()
    layer.beginEditCommand("reshape")
    layer.changeGeometry(1, BIG)
    layer.endEditCommand()
    feature = layer.getFeature(1)
    assert (feature["area_m2"], feature["perimeter_m"]) == on_the_ground(20)
    for _ in range(3):
        layer.undoStack().undo()
        assert not layer.undoStack().canUndo()
        assert (layer.getFeature(1)["area_m2"], layer.getFeature(1).geometry().area()) == (84.0, 100.0)
        layer.undoStack().redo()
        assert layer.getFeature(1)["area_m2"] == on_the_ground(20)[0]


def test_splits_can_be_undone_and_redone_in_any_number(result):
    layer = only(result)
    layer.startEditing()
    split(layer, 500_003)
    split(layer, 500_006)
    for _ in range(2):
        layer.undoStack().undo()
        layer.undoStack().undo()
        assert layer.featureCount() == 4
        layer.undoStack().redo()
        layer.undoStack().redo()
        assert layer.featureCount() == 6
    assert layer.commitChanges() and result.count(1, 0) == 4


def test_a_shape_changed_by_a_script_is_measured_when_it_is_saved(result):
    layer = only(result)
    layer.startEditing()
    layer.changeGeometry(1, BIG)
    assert result.area_m2(1, 0) == pytest.approx(84 + (20 / SCALE) ** 2, rel=1e-4)
    assert layer.commitChanges()
    assert (layer.getFeature(1)["area_m2"], layer.getFeature(1)["perimeter_m"]) == on_the_ground(20)
    assert layer.getFeature(2)["area_m2"] == 84.0


def test_remeasure_writes_at_once_where_nothing_is_being_edited(result):
    layer = only(result)
    assert measuring.remeasure(layer, [1, 2]) == 2
    assert (layer.getFeature(2)["area_m2"], layer.getFeature(2)["perimeter_m"]) == on_the_ground(10)
    assert layer.getFeature(3)["area_m2"] == 84.0


def test_in_degrees_the_measures_are_metres_and_without_a_crs_they_are_null(qgis_new_project):
    degrees = ResultLayer("degrees", QgsCoordinateReferenceSystem("EPSG:4326"))
    ring = [[[15.0, 0.0], [15.001, 0.0], [15.001, 0.001], [15.0, 0.001], [15.0, 0.0]]]
    degrees.add([region(ring)])
    measuring.remeasure(degrees.layers[0], [1])
    (feature,) = degrees.layers[0].getFeatures()
    assert feature["area_m2"] == pytest.approx(111.3195 * 110.5743, rel=1e-4)  # metres of 0.001 degrees at the equator
    nowhere = ResultLayer("nowhere", QgsCoordinateReferenceSystem())
    nowhere.add([region()])
    measuring.remeasure(nowhere.layers[0], [1])
    (feature,) = nowhere.layers[0].getFeatures()
    assert feature["area_m2"] == NULL and feature["perimeter_m"] == NULL


def test_a_polygon_that_the_analyst_draws_has_no_words_and_is_measured(result):
    layer = only(result)
    layer.startEditing()
    layer.addFeature(QgsVectorLayerUtils.createFeature(layer, BIG))
    assert layer.commitChanges()
    (drawn,) = [feature for feature in layer.getFeatures() if feature["turn"] == NULL]
    assert drawn["area_m2"] == on_the_ground(20)[0]
    assert result.targets_of(layer, [drawn.id()]) == set() and result.count(1) == 3


def test_a_class_that_the_analyst_corrects_changes_the_colour_of_its_words(result):
    layer = only(result)
    layer.startEditing()
    layer.changeAttributeValue(result.find(1, 1)[0][1][0], layer.fields().indexOf("class"), "building")
    assert result.colour_of(1, 1) == result.colours["building"]


@pytest.mark.parametrize("save", [True, False])
def test_an_answer_that_arrives_while_the_analyst_edits_harms_neither(result, save):
    layer = only(result)
    layer.startEditing()
    layer.beginEditCommand("reshape")
    layer.changeGeometry(1, BIG)
    layer.endEditCommand()
    assert result.add([region(square(7), turn=3)], TIME) == 1
    assert layer.featureCount() == 5 and result.count(3) == 1
    assert layer.commitChanges() if save else layer.rollBack()
    assert layer.featureCount() == 5 and result.count(3) == 1
    assert layer.getFeature(1).geometry().area() == (400 if save else 100)


def test_a_turn_is_undone_and_restored_in_one_step_with_the_edits_made_before(result):
    layer = only(result)
    layer.startEditing()
    layer.changeAttributeValue(1, layer.fields().indexOf("class"), "barn")
    layer.changeGeometry(1, BIG)
    assert layer.commitChanges()
    columns = [name for name in layer.fields().names() if name != "fid"]
    before = rows(layer, *columns)
    layer.selectAll()
    assert result.remove_turn(1) == 3 and result.remove_turn(1) == 0
    assert rows(layer, "turn") == [(2,)] and result.count(1) == 0 and layer.selectedFeatureCount() == 1
    assert result.restore_turn(1) == 3 and result.restore_turn(1) == 0
    assert rows(layer, *columns) == before
    assert sorted(feature.geometry().area() for feature in layer.getFeatures()) == [100, 100, 100, 400]
    assert result.count(1, 0) == 2


def test_a_turn_is_restored_into_new_layers_where_the_old_ones_were_removed(storage):
    result = result_with(region(), region(name="road"), storage=storage, per_class=True)
    assert result.remove_turn(1) == 2
    QgsProject.instance().removeMapLayer(result.layers[0])
    assert result.restore_turn(1) == 2
    assert sorted(layer.name() for layer in result.layers) == ["building", "road"]
    assert result.count(1) == 2


def test_a_turn_is_not_undone_over_unsaved_edits(result):
    layer = only(result)
    layer.startEditing()
    layer.changeGeometry(4, BIG)
    with pytest.raises(LayerError, match="unsaved edits"):
        result.remove_turn(1)
    assert result.count(1) == 3 and layer.getFeature(4).geometry().area() == 400
    layer.rollBack(False)
    assert layer.isEditable() and result.remove_turn(1) == 3


def test_columns_that_the_analyst_deleted_break_nothing(result):
    layer = only(result)
    layer.startEditing()
    layer.deleteAttributes([layer.fields().indexOf(name) for name in ("phrase", "class", "area_m2", "target")])
    assert layer.commitChanges()
    assert result.count(1) == 0 and result.area_m2(1) is None and result.targets_of(layer, [1]) == set()
    assert result.add([region(turn=3)]) == 1 and layer.featureCount() == 5


def test_after_close_the_layers_stay_and_nothing_listens(result):
    layer = only(result)
    result.close()
    assert result.layers == [] and QgsProject.instance().mapLayer(layer.id()) is layer
    layer.startEditing()
    layer.changeGeometry(1, BIG)
    assert layer.commitChanges() and layer.getFeature(1)["area_m2"] == 84.0


def test_the_crs_of_the_squares_is_the_one_that_the_numbers_assume():
    assert UTM33.ellipsoidAcronym() == "EPSG:7030"
