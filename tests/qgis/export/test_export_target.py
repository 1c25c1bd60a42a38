"""What is left out of an export, what stands in its way, and that it is all or nothing."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from osgeo import gdal, ogr
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeedback,
    QgsProject,
    QgsVectorLayer,
)

from geopix_qgis.errors import LayerError
from geopix_qgis.export import Plan, write

UTM33, DEGREES = "EPSG:32633", "EPSG:4326"
X, Y = 500_000.0, 5_400_000.0
NAME = "Bäume, 屋根"


def test_what_the_filter_hides_and_the_review_rejects_stays_out_and_is_said(make_layer, tmp_path, square, plan, read):
    items = [(square(X + 20 * n, Y), {"score": n / 10, "review": "rejected" if n == 9 else None}) for n in range(10)]
    layer = make_layer(*items)
    layer.setSubsetString('"score" >= 0.55')
    written = write([layer], plan(layer, tmp_path / "out.gpkg"))
    assert sorted(values["score"] for values, _ in read(written.path)[1]) == [0.6, 0.7, 0.8]
    assert written.count == 3
    assert written.warnings == (
        "6 polygons hidden by the filter were left out.",
        "1 polygon rejected in the review was left out.",
    )
    assert layer.subsetString() == '"score" >= 0.55' and layer.featureCount() == 4


def test_the_selection_alone_is_written_on_demand(make_layer, tmp_path, square, plan, read):
    layer = make_layer(*((square(X + 20 * n, Y), {"turn": n}) for n in range(5)))
    ids = [feature.id() for feature in layer.getFeatures() if feature["turn"] in (1, 3)]
    layer.selectByIds(ids)
    written = write([layer], plan(layer, tmp_path / "out.fgb", selected_only=True))
    assert sorted(values["turn"] for values, _ in read(written.path)[1]) == [1, 3] and written.warnings == ()
    layer.removeSelection()
    with pytest.raises(LayerError, match="No polygon is selected"):
        write([layer], plan(layer, tmp_path / "none.fgb", selected_only=True))


def test_polygons_being_edited_are_written_as_the_map_shows_them(two, tmp_path, plan):
    two.startEditing()
    two.deleteFeature(two.allFeatureIds()[0])
    assert write([two], plan(two, tmp_path / "out.gpkg")).count == 1
    two.rollBack()


def test_several_layers_go_into_one_file_in_one_crs(make_layer, tmp_path, square, plan, read):
    utm = make_layer((square(X, Y), {"class": "roof", "score": 0.5}), name="roofs")
    degrees = make_layer(
        (square(15.0, 48.7, 0.001), {"class": "tree", "extra": "x"}),
        crs=DEGREES,
        fields="field=class:string&field=extra:string",
        name="trees",
    )
    both = plan(utm, tmp_path / "out.gpkg", fields=(("class", "class"), ("score", "score"), ("extra", "extra")))
    assert write([utm, degrees], both).count == 2
    _, rows, code = read(tmp_path / "out.gpkg")
    assert [values for values, _ in rows] == [
        {"class": "roof", "score": 0.5, "extra": None},
        {"class": "tree", "score": None, "extra": "x"},
    ]
    assert code == "32633" and rows[1][1]["coordinates"][0][0][0] == pytest.approx([X, 5_393_900], abs=1000)


def test_an_existing_file_is_replaced_only_with_permission_and_with_all_its_parts(two, tmp_path, plan, read):
    write([two], plan(two, tmp_path / "out.shp"))
    (tmp_path / "out.qix").write_text("the index of the old file")
    (tmp_path / "out.txt").write_text("not ours")
    before = (tmp_path / "out.dbf").read_bytes()
    with pytest.raises(LayerError, match="exists already"):
        write([two], plan(two, tmp_path / "out.shp"))
    assert (tmp_path / "out.dbf").read_bytes() == before
    two.selectByIds(two.allFeatureIds()[:1])
    write([two], plan(two, tmp_path / "out.shp", overwrite=True, selected_only=True))
    assert len(read(tmp_path / "out.shp")[1]) == 1
    names = sorted(item.name for item in tmp_path.iterdir())
    assert names == ["out.cpg", "out.dbf", "out.prj", "out.shp", "out.shx", "out.txt"]


def test_a_lone_table_is_not_replaced_unasked(two, tmp_path, plan):
    (tmp_path / "out.dbf").write_text("a table of somebody")
    with pytest.raises(LayerError, match=r"out\.dbf exists already"):
        write([two], plan(two, tmp_path / "out.shp"))


def test_a_file_that_this_project_has_open_is_not_replaced(two, tmp_path, plan):
    write([two], plan(two, tmp_path / "out.gpkg"))
    QgsProject.instance().addMapLayer(QgsVectorLayer(f"{tmp_path / 'out.gpkg'}|layername=out", "my copy", "ogr"))
    with pytest.raises(LayerError, match="open in this project as my copy"):
        write([two], plan(two, tmp_path / "out.gpkg", overwrite=True))


def test_when_one_file_cannot_be_moved_all_old_ones_come_back(two, tmp_path, monkeypatch, plan):
    write([two], plan(two, tmp_path / "out.shp"))
    before = {item.name: item.read_bytes() for item in tmp_path.iterdir()}
    two.selectByIds(two.allFeatureIds()[:1])
    from geopix_qgis import export_target

    real = export_target.os.replace

    def locked(source, target):
        if Path(target) == tmp_path / "out.shp" and Path(source).parent.name != "old":
            raise PermissionError(13, "used by another process")
        real(source, target)

    monkeypatch.setattr(export_target.os, "replace", locked)
    with pytest.raises(LayerError, match="used by another process"):
        write([two], plan(two, tmp_path / "out.shp", overwrite=True, selected_only=True))
    assert {item.name: item.read_bytes() for item in tmp_path.iterdir()} == before


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".geojson", ".fgb", ".kml", ".dxf"])
def test_a_disk_that_is_full_leaves_nothing_behind_and_is_said(make_layer, tmp_path, suffix, square, plan):
    layer = make_layer(*((square(X + 20 * n, Y), {"prompt": "x" * 200}) for n in range(2_000)))
    planned = plan(layer, tmp_path / f"out{suffix}")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # Python ignores the signal: writing fails with EFBIG
    try:
        with pytest.raises(LayerError, match=r"out.* cannot be written"):
            write([layer], planned)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_is_refused_in_words(two, make_layer, tmp_path, plan):
    good = plan(two, tmp_path / "out.gpkg")
    from dataclasses import replace

    cases = {
        "wants .gpkg": replace(good, path=tmp_path / "out.shp"),
        "is unknown; GeoPackage": replace(good, path=tmp_path / "out.xyz"),
        "format 'xls' is unknown": replace(good, format="xls"),
        "does not exist": replace(good, path=tmp_path / "missing" / "out.gpkg"),
        "needs a CRS": replace(good, crs=QgsCoordinateReferenceSystem()),
        "no field 'height'": replace(good, fields=(("height", "height"),)),
        "Two fields are called": replace(good, fields=(("class", "a"), ("phrase", "A"))),
        "11 characters": Plan(tmp_path / "a.shp", "shp", two.crs(), (("class", "perimeter_m"),)),
    }
    for words, wrong in cases.items():
        with pytest.raises(LayerError, match=words.replace(".", r"\.")):
            write([two], wrong)
    with pytest.raises(LayerError, match="no polygons to export"):
        write([make_layer()], good)
    (tmp_path / "folder.gpkg").mkdir()
    with pytest.raises(LayerError, match="it is a folder"):
        write([two], replace(good, path=tmp_path / "folder.gpkg"))
    QgsProject.instance().removeMapLayer(two.id())
    with pytest.raises(LayerError, match="was removed"):
        write([two], good)
    assert [item.name for item in tmp_path.iterdir()] == ["folder.gpkg"]


def test_a_cancelled_export_leaves_nothing(two, tmp_path, plan):
    feedback = QgsFeedback()
    feedback.cancel()
    with pytest.raises(LayerError, match=r"stopped; nothing was written\."):
        write([two], plan(two, tmp_path / "out.gpkg"), feedback)
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # GDAL raises in a destructor
@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".geojson", ".fgb", ".kml", ".dxf"])
def test_another_plugin_that_makes_gdal_raise_changes_nothing(two, tmp_path, suffix, plan):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    gdal.UseExceptions()
    ogr.UseExceptions()
    try:
        assert write([two], plan(two, tmp_path / f"out{suffix}")).count == 2
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
        with pytest.raises(LayerError, match=r"full.* cannot be written"):
            write([two], plan(two, tmp_path / f"full{suffix}"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        ogr.DontUseExceptions()
        gdal.DontUseExceptions()
    assert not [item.name for item in tmp_path.iterdir() if not item.name.startswith("out.")]


def test_the_error_texts_of_gdal_go_where_they_went_before(two, tmp_path, plan):
    heard = []
    gdal.PushErrorHandler(lambda *said: heard.append(said))
    try:
        write([two], plan(two, tmp_path / "out.gpkg"))
        gdal.Error(gdal.CE_Warning, 1, "after")
    finally:
        gdal.PopErrorHandler()
    assert [said[2] for said in heard] == ["after"]
