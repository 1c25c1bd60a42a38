"""Which polygons are seen, as QGIS itself filters them."""

from __future__ import annotations

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

from geopix_qgis import filters
from geopix_qgis.filters import Filter
from geopix_qgis.summaries import histogram, summarise

FIELDS = (
    "phrase:string(120) class:string(60) score:double area_m2:double perimeter_m:double turn:integer target:integer"
)


def box(x, side):
    x = 500_000 + 100 * x
    return f"MultiPolygon((({x} 0,{x + side} 0,{x + side} {side},{x} {side},{x} 0)))"


ROWS = [  # class, phrase, score, side, review
    ("house", "houses", 0.9, 10, ""),
    ("house", "houses", 0.6, 4, ""),
    ("house", "houses", 0.4, 10, "accepted"),
    ("pond", "the pond", 0.7, 1, NULL),
    ("", "bob's \\ roofs", 0.8, 10, ""),
    (NULL, "drawn", NULL, 10, "rejected"),
]


@pytest.fixture(params=["memory", "gpkg"])
def make(request, qgis_new_project, tmp_path):
    """Makes a result layer of rows, in memory or in a file; ``crs=""`` for none."""

    def make(rows=ROWS, crs="EPSG:32633"):
        fields = "&".join(f"field={name}" for name in [*FIELDS.split(), "review:string(20)"])
        layer = QgsVectorLayer(f"MultiPolygon?{'crs=' + crs + '&' if crs else ''}{fields}", "answers", "memory")
        layer.setCrs(QgsCoordinateReferenceSystem(crs))
        features = []
        for place, (klass, phrase, score, side, review) in enumerate(rows):
            feature = QgsFeature(layer.fields())
            feature.setGeometry(QgsGeometry.fromWkt(box(place, side)))
            feature.setAttributes([phrase, klass, score, side * side if crs else NULL, 4 * side, 1, 0, review])
            features.append(feature)
        assert layer.dataProvider().addFeatures(features)[0]
        if request.param == "gpkg":
            options = QgsVectorFileWriter.SaveVectorOptions()
            options.driverName, path = "GPKG", str(tmp_path / "answers.gpkg")
            QgsVectorFileWriter.writeAsVectorFormatV3(layer, path, QgsProject.instance().transformContext(), options)
            layer = QgsVectorLayer(path, "answers", "ogr")
            layer.setCrs(QgsCoordinateReferenceSystem(crs))  # GeoPackage says "undefined geographic" for none
        QgsProject.instance().addMapLayer(layer)
        return layer

    return make


@pytest.fixture
def layer(make):
    return make()


def seen(layer):
    return sorted(round((f.geometry().boundingBox().xMinimum() - 500_000) / 100) for f in layer.getFeatures())


def test_rejected_polygons_are_hidden_until_they_are_wanted(layer):
    assert filters.apply([layer], Filter()) == filters.FilterResult(5, 1)
    assert seen(layer) == [0, 1, 2, 3, 4]
    assert filters.apply([layer], Filter(show_rejected=True)).shown == 6
    assert layer.subsetString() == ""


def test_a_layer_with_nothing_to_hide_gets_no_filter_and_may_be_edited(make):
    layer = make([row for row in ROWS if row[-1] != "rejected"])
    layer.startEditing()
    assert filters.apply([layer], Filter()).problems == ()
    layer.rollBack()
    filters.apply([layer], Filter())
    assert layer.subsetString() == ""
    first = min(layer.allFeatureIds())
    layer.dataProvider().changeAttributeValues({first: {layer.fields().indexOf("review"): "rejected"}})
    filters.apply([layer], Filter())
    assert seen(layer) == [1, 2, 3, 4]
    layer.startEditing()
    assert filters.apply([layer], Filter()).problems == ()
    layer.rollBack()
    filters.apply([layer], Filter(show_rejected=True))
    assert layer.subsetString() == "" and len(seen(layer)) == 5


def test_a_least_score_hides_lower_ones_but_none_that_was_accepted_or_has_no_score(layer):
    result = filters.apply([layer], Filter(min_score=0.65, show_rejected=True))
    assert seen(layer) == [0, 2, 3, 4, 5]
    assert (result.shown, result.hidden) == (5, 1)


def test_a_least_area_hides_smaller_ones(layer):
    filters.apply([layer], Filter(min_area=17))
    assert seen(layer) == [0, 2, 4]


def test_without_a_crs_the_least_area_is_in_units_of_the_coordinates(make):
    layer = make(crs="")
    assert not layer.crs().isValid()
    filters.apply([layer], Filter(min_area=17))
    assert seen(layer) == [0, 2, 4]
    filters.apply([layer], Filter(min_area=16))
    assert seen(layer) == [0, 1, 2, 4]


def test_a_category_is_switched_off_by_class_or_by_phrase_where_there_is_no_class(layer):
    filters.apply([layer], Filter(hidden=frozenset(["house", "bob's \\ roofs"])))
    assert seen(layer) == [3]
    filters.apply([layer], Filter(hidden=frozenset(["drawn", "the pond"]), show_rejected=True))
    assert seen(layer) == [0, 1, 2, 3, 4]


def test_the_filter_of_the_analyst_is_kept_and_comes_back(layer):
    layer.setSubsetString('"class" = \'house\' OR "score" = 0.7')
    assert filters.apply([layer], Filter(min_score=0.65)) == filters.FilterResult(3, 1)
    assert seen(layer) == [0, 2, 3]
    filters.apply([layer], Filter(min_score=0.95))
    assert seen(layer) == [2]
    filters.apply([layer], Filter(show_rejected=True))
    assert layer.subsetString() == '"class" = \'house\' OR "score" = 0.7'
    assert seen(layer) == [0, 1, 2, 3]


def test_a_filter_that_the_analyst_changes_meanwhile_is_taken_as_theirs(layer):
    filters.apply([layer], Filter(min_score=0.65))
    layer.setSubsetString(f"(\"class\" = 'house') AND {layer.subsetString()}")
    assert filters.filter_of_analyst(layer) == "(\"class\" = 'house')"
    layer.setSubsetString("\"class\" = 'pond'")
    filters.apply([layer], Filter(min_score=0.1))
    assert seen(layer) == [3]
    filters.apply([layer], Filter(show_rejected=True))
    assert layer.subsetString() == "\"class\" = 'pond'"


def test_a_layer_that_is_edited_keeps_its_filter_and_is_named(layer):
    filters.apply([layer], Filter(min_score=0.65))
    layer.startEditing()
    result = filters.apply([layer], Filter(min_score=0.1))
    assert result.problems == ("answers is being edited and cannot be filtered. Save or cancel its edits first.",)
    assert len(filters.apply([layer], Filter(show_rejected=True)).problems) == 1
    layer.rollBack()
    assert seen(layer) == [0, 2, 3, 4]
    assert filters.apply([layer], Filter(min_score=0.1)).problems == ()


@pytest.mark.parametrize("gone", ["score", "area_m2", "review", "class"])
def test_a_column_that_the_analyst_deleted_limits_nothing(layer, gone):
    wanted = Filter(min_score=0.65, min_area=17, hidden=frozenset(["bob's \\ roofs"]))
    layer.dataProvider().deleteAttributes([layer.fields().indexOf(gone)])
    layer.updateFields()
    assert filters.apply([layer], wanted).problems == ()
    assert {"score": [0, 2], "area_m2": [0, 2, 3], "review": [0, 5], "class": [0, 2, 4]}[gone] == seen(layer)
    assert summarise([layer], wanted) and histogram([layer], "area")


def test_what_is_selected_and_still_seen_stays_selected(layer):
    layer.selectAll()
    filters.apply([layer], Filter(min_score=0.65))
    summarise([layer], Filter())
    assert sorted(layer.selectedFeatureIds()) == sorted(feature.id() for feature in layer.getFeatures())
    assert layer.selectedFeatureCount() == 4


def test_counting_does_not_redraw_the_map_nor_change_the_filter(layer):
    filters.apply([layer], Filter(min_score=0.65))
    changes = []
    layer.dataChanged.connect(lambda: changes.append("data"))
    layer.subsetStringChanged.connect(lambda: changes.append("subset"))
    before = layer.subsetString()
    summarise([layer], Filter(min_score=0.65))
    histogram([layer], "score")
    assert (changes, layer.subsetString()) == ([], before)


def test_a_summary_counts_what_passes_the_limits_and_what_was_reviewed(layer):
    wanted = Filter(min_score=0.65, hidden=frozenset(["house"]))
    filters.apply([layer], wanted)
    by_name = {entry.category: entry for entry in summarise([layer], wanted)}
    assert list(by_name) == ["house", "pond", "bob's \\ roofs", "drawn"]
    house = by_name["house"]
    assert (house.count, house.total, house.accepted, house.area) == (2, 3, 1, 200.0)
    assert (by_name["drawn"].count, by_name["drawn"].rejected) == (0, 1)


def test_a_histogram_counts_hidden_polygons_too(layer):
    filters.apply([layer], Filter(min_score=0.65))
    scores = histogram([layer], "score", 10)
    assert (sum(scores.counts), scores.top) == (5, 1.0)
    assert scores.counts[9] == 1 and scores.counts[4] == 1
    areas = histogram([layer], "area", 10)
    assert (areas.top, sum(areas.counts), areas.counts[9]) == (100.0, 6, 4)
    assert histogram([], "score").counts == ()
