"""Accepting, rejecting, merging and shaping on real layers, edited by QGIS or not, and taking it back."""

from __future__ import annotations

import math

import pytest
from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProject,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from geopix_qgis import filters, reshaping, review
from geopix_qgis.errors import LayerError
from geopix_qgis.filters import Filter
from geopix_qgis.reshaping import Originals
from geopix_qgis.shaping import Shape
from geopix_qgis.undo import Undo

FIELDS = (
    "phrase:string(120) class:string(60) score:double area_m2:double perimeter_m:double turn:integer review:string(20)"
)
X, Y = 500_000.0, 5_400_000.0
SQUARE = Shape(right_angles=True)


def wobbly(x, side, turn=0.3):
    """A square that was traced badly, turned, as WKT."""
    points = []
    for corner in range(4):
        for step in range(8):
            along, out = -side / 2 + side * step / 8, -side / 2 + (0.03 * side if step % 2 else 0.0)
            angle = turn + corner * math.pi / 2
            points.append(
                (
                    X + x + along * math.cos(angle) - out * math.sin(angle),
                    Y + along * math.sin(angle) + out * math.cos(angle),
                )
            )
    ring = ",".join(f"{px} {py}" for px, py in [*points, points[0]])
    return f"MultiPolygon((({ring})))"


ROWS = [("house", 0.9, 0, 10), ("house", 0.5, 9, 20), ("pond", 0.7, 60, 10), ("house", NULL, 200, 10)]


@pytest.fixture(params=["memory", "gpkg", "edited"])
def layer(request, qgis_new_project, tmp_path):
    fields = "&".join(f"field={name}" for name in FIELDS.split())
    layer = QgsVectorLayer(f"MultiPolygon?crs=EPSG:32633&{fields}", "answers", "memory")
    for name, score, x, side in ROWS:
        feature = QgsFeature(layer.fields())
        feature.setGeometry(QgsGeometry.fromWkt(wobbly(x, side)))
        feature.setAttributes([f"the {name}", name, score, float(side * side), 4.0 * side, 1, ""])
        layer.dataProvider().addFeatures([feature])
    if request.param == "gpkg":
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.driverName, path = "GPKG", str(tmp_path / "answers.gpkg")
        QgsVectorFileWriter.writeAsVectorFormatV3(layer, path, QgsProject.instance().transformContext(), options)
        layer = QgsVectorLayer(path, "answers", "ogr")
    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:32633"))
    QgsProject.instance().addMapLayer(layer)
    if request.param == "edited":
        layer.startEditing()
    yield layer
    if QgsProject.instance().mapLayers() and layer.isEditable():
        layer.rollBack()


# QGIS neither filters a layer nor drops its columns while it is edited.
stored = pytest.mark.parametrize("layer", ["memory", "gpkg"], indirect=True)


@pytest.fixture
def undo():
    return Undo()


def ids(layer):
    return sorted(layer.allFeatureIds())


def state(layer):
    """Everything about the polygons but their ids."""
    names = [name for name in layer.fields().names() if name != "fid"]
    return sorted(
        (f.geometry().asWkt(6), *(None if f[n] == NULL else f[n] for n in names)) for f in layer.getFeatures()
    )


def reviews(layer):
    return [layer.getFeature(fid)["review"] for fid in ids(layer)]


def test_selected_polygons_are_accepted_and_it_is_undone(layer, undo):
    before = state(layer)
    layer.selectByIds(ids(layer)[:2])
    assert review.accept(review.selected([layer]), undo) == 2
    assert reviews(layer) == ["accepted", "accepted", "", ""]
    assert undo.next_name == "Accept 2 polygons"
    assert undo.undo().name == "Accept 2 polygons"
    assert state(layer) == before and undo.next_name == ""


@stored
def test_a_category_is_rejected_as_far_as_it_is_seen(layer, undo):
    filters.apply([layer], Filter(min_score=0.6))
    layer.selectAll()
    assert review.reject(review.seen([layer], "house"), undo) == 2
    assert layer.featureCount() == 1 and layer.selectedFeatureCount() == 1
    assert review.restore(review.rejected([layer], "house"), undo) == 2
    assert layer.featureCount() == 3
    undo.undo()
    undo.undo()
    assert layer.featureCount() == 3 and undo.next_name == ""


def test_rejecting_is_undone_although_the_polygons_are_hidden(layer, undo):
    filters.apply([layer], Filter())
    review.reject(review.seen([layer], turn=1), undo)
    undo.undo()
    assert reviews(layer) == [""] * 4


def test_only_polygons_of_the_turn_are_chosen(layer):
    assert review.seen([layer], turn=2) == []
    assert review.seen([layer], "pond", 1) == [(layer, [ids(layer)[2]])]


def test_merging_unites_polygons_of_a_class_into_the_largest(layer, undo):
    before, (first, second, _, far) = state(layer), ids(layer)
    areas = {fid: layer.getFeature(fid).geometry().area() for fid in (first, second)}
    assert review.merge(layer, [first, second, far], undo) == second
    merged = layer.getFeature(second)
    assert ids(layer) == [second, ids(layer)[1]]
    assert merged["score"] == pytest.approx((0.9 * areas[first] + 0.5 * areas[second]) / sum(areas.values()))
    assert merged["area_m2"] == pytest.approx(merged.geometry().area(), rel=2e-3)
    assert merged.geometry().area() < sum(areas.values()) + 105
    assert layer.selectedFeatureIds() == [second]
    renamed = undo.undo().renamed
    assert state(layer) == before
    if not layer.isEditable():
        assert set(renamed) == {(layer.id(), first), (layer.id(), far)}
        assert {layer.getFeature(renamed[(layer.id(), first)])["score"]} == {0.9}


def test_an_older_step_is_undone_after_features_came_back_under_new_ids(layer, undo):
    before, (first, second, *_) = state(layer), ids(layer)
    review.accept([(layer, [first, second])], undo)
    review.merge(layer, [first, second], undo)
    assert layer.getFeature(second)["review"] == "accepted"
    undo.undo()
    undo.undo()
    assert state(layer) == before


def test_what_reads_the_layer_hears_of_a_change(layer, undo):
    heard = []
    for signal in (layer.dataChanged, layer.attributeValueChanged, layer.featureDeleted):
        signal.connect(lambda *_: heard.append("change"))
    review.accept(review.seen([layer], "pond"), undo)
    count = len(heard)
    review.delete(review.seen([layer], "pond"), undo)
    assert 0 < count < len(heard)


@stored
def test_a_layer_without_the_columns_of_size_is_shaped(layer, undo):
    layer.dataProvider().deleteAttributes([layer.fields().indexOf("area_m2")])
    layer.updateFields()
    originals = Originals()
    assert reshaping.apply(reshaping.preview([layer], SQUARE, originals), originals, undo) == 4
    first, second, *_ = ids(layer)
    assert review.merge(layer, [first, second], undo) == second


def test_deleted_polygons_come_back(layer, undo):
    before = state(layer)
    assert review.delete(review.seen([layer], "house"), undo) == 3
    assert layer.featureCount() == 1
    undo.undo()
    assert state(layer) == before


def test_what_cannot_be_done_is_said_and_changes_nothing(layer, undo):
    before, (first, _, pond, _) = state(layer), ids(layer)
    with pytest.raises(LayerError, match="two polygons or more, 1 selected"):
        review.merge(layer, [first], undo)
    with pytest.raises(LayerError, match=r"several classes \(house, pond\)"):
        review.merge(layer, [first, pond], undo)
    with pytest.raises(LayerError, match="No polygons are chosen"):
        review.accept([], undo)
    with pytest.raises(LayerError, match="nothing to undo"):
        undo.undo()
    if not layer.isEditable():
        with pytest.raises(LayerError, match="1 polygons of answers are no longer there"):
            review.accept([(layer, [first, 9999])], undo)
    assert state(layer) == before


def test_a_layer_that_refuses_leaves_the_others_as_they_were(layer, undo):
    other = QgsVectorLayer("MultiPolygon?field=phrase:string", "foreign", "memory")
    other.dataProvider().addFeatures([QgsFeature(other.fields())])
    QgsProject.instance().addMapLayer(other)
    before = state(layer)
    with pytest.raises(LayerError, match='foreign has no field "review"'):
        review.accept([(layer, ids(layer)), (other, ids(other))], undo)
    with pytest.raises(LayerError, match="no longer there"):
        review.delete([(layer, ids(layer)), (other, [77])], undo)
    assert state(layer) == before and undo.next_name == ""


def test_a_step_that_became_part_of_other_edits_is_left_to_qgis(layer, undo):
    first = ids(layer)[0]
    review.accept([(layer, [first])], undo)
    if layer.isEditable():
        layer.changeAttributeValue(first, layer.fields().indexOf("score"), 0.1)
    else:
        layer.startEditing()
    with pytest.raises(LayerError, match=r"part of older edits|cannot be undone while"):
        undo.undo()
    assert layer.getFeature(first)["review"] == "accepted"


@pytest.mark.parametrize("layer", ["edited"], indirect=True)
def test_an_edit_is_one_step_of_the_undo_of_qgis(layer, undo):
    before = state(layer)
    review.merge(layer, ids(layer)[:2], undo)
    assert layer.undoStack().count() == 1 and layer.undoStack().undoText() == "Merge 2 polygons"
    layer.undoStack().undo()
    assert state(layer) == before


def test_a_removed_layer_cannot_be_undone(layer, undo):
    review.accept(review.seen([layer], "pond"), undo)
    if not layer.isEditable():
        QgsProject.instance().removeMapLayer(layer.id())
        with pytest.raises(LayerError, match="was removed from the project"):
            undo.undo()


def test_a_preview_changes_nothing_and_applying_it_measures_again(layer, undo):
    before, originals = state(layer), Originals()
    found = reshaping.preview([layer], SQUARE, originals)
    assert state(layer) == before
    assert (len(found.changed), len(found.refused)) == (4, 0)
    assert reshaping.apply(found, originals, undo) == 4
    for feature in layer.getFeatures():
        assert feature.geometry().constGet().nCoordinates() == 5
        assert feature["area_m2"] == pytest.approx(feature.geometry().area(), rel=2e-3)
        assert feature["perimeter_m"] == pytest.approx(feature.geometry().length(), rel=2e-3)
    assert undo.next_name == "Shape 4 polygons"
    undo.undo()
    assert state(layer) == before


def test_shaping_again_starts_from_the_original_outline(layer, undo):
    originals, fid = Originals(), ids(layer)[0]
    original = layer.getFeature(fid).geometry()
    reshaping.apply(reshaping.preview([layer], Shape(simplify_m=2.0), originals), originals, undo)
    once = layer.getFeature(fid).geometry()
    reshaping.apply(reshaping.preview([layer], SQUARE, originals), originals, undo)
    proposal = reshaping.preview([layer], Shape(simplify_m=2.0), originals).proposals[0]
    assert proposal.original.equals(original)
    assert proposal.shaped.geometry.equals(once)
    assert reshaping.reset([layer], originals, undo) == 4
    assert layer.getFeature(fid).geometry().equals(original)
    assert not reshaping.preview([layer], Shape(), originals).changed


def test_an_outline_edited_by_hand_after_shaping_is_an_original(layer, undo):
    originals, fid = Originals(), ids(layer)[0]
    reshaping.apply(reshaping.preview([layer], SQUARE, originals), originals, undo)
    mine = QgsGeometry.fromWkt(wobbly(0, 12, 1.0))
    if layer.isEditable():
        layer.changeGeometry(fid, mine)
    else:
        layer.dataProvider().changeGeometryValues({fid: mine})
    assert originals.of(layer, layer.getFeature(fid)).equals(mine)


def test_only_the_selected_polygons_are_shaped(layer, undo):
    layer.selectByIds(ids(layer)[:1])
    found = reshaping.preview([layer], SQUARE, Originals())
    assert [proposal.fid for proposal in found.proposals] == ids(layer)[:1]


@pytest.mark.parametrize(("other", "refused"), [("house", 1), ("pond", 0)])
def test_a_polygon_does_not_grow_into_one_of_its_own_class(layer, other, refused):
    fid, neighbour = ids(layer)[0], ids(layer)[1]
    mine = QgsGeometry.fromWkt(wobbly(0, 10))
    full = QgsGeometry.fromPolygonXY([[mine.asMultiPolygon()[0][0][n] for n in (0, 8, 16, 24, 0)]])
    layer.selectByIds([fid])
    gap = full.buffer(0.5, 1).difference(mine)
    gap.convertToMultiType()
    name = layer.fields().indexOf("class")
    if layer.isEditable():
        layer.changeGeometry(neighbour, gap)
        layer.changeAttributeValue(neighbour, name, other)
    else:
        layer.dataProvider().changeGeometryValues({neighbour: gap})
        layer.dataProvider().changeAttributeValues({neighbour: {name: other}})
    found = reshaping.preview([layer], SQUARE, Originals())
    assert len(found.refused) == refused
    if refused:
        assert found.refused[0].shaped.refused == "it would overlap its neighbour"


def test_a_refused_outline_stays_and_is_shown(layer, undo):
    hollow = QgsGeometry.fromWkt(wobbly(0, 30)).difference(QgsGeometry.fromWkt(wobbly(0, 15)))
    hollow.convertToMultiType()
    fid = ids(layer)[0]
    if layer.isEditable():
        layer.changeGeometry(fid, hollow)
    else:
        layer.dataProvider().changeGeometryValues({fid: hollow})
    layer.selectByIds([fid])
    found = reshaping.preview([layer], Shape(holes_below_m2=1000), Originals())
    (refused,) = found.refused
    assert found.changed == []
    assert refused.shaped.refused.startswith("agreement with the mask 0.7")
    assert refused.shaped.proposal.area() > refused.shaped.geometry.area()
    assert reshaping.apply(found, Originals(), undo) == 0 and undo.next_name == ""
