"""Answers in a GeoPackage: read back with OGR, reopened with the project, moved there later."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from osgeo import ogr
from qgis.core import NULL, QgsDataProvider, QgsProject, QgsRasterLayer, QgsVectorFileWriter, QgsVectorLayer

from geopix_qgis import palette, provenance
from geopix_qgis.errors import LayerError
from geopix_qgis.layers import ResultLayer
from geopix_qgis.regions import FIELDS
from geopix_qgis.storage import Storage, default_gpkg, is_writable, tables_of
from geopix_qgis.styling import colours_of
from tests.qgis.answers import TIME, UTM33, region, result_with, rows, square

ROOT = Path(__file__).resolve().parents[2]
RUN = provenance.Run(1, TIME, "Häuser\nund Straßen?", "nano 1", "cpu", "/data/scene.tif", 0.5, 1.25, "POLYGON((0 0))")
LINE = (
    f'Turn 1: {TIME}, "Häuser und Straßen?", model nano 1 on cpu, 1.2 s, raster /data/scene.tif, '
    "ground resolution 0.5 m, area POLYGON((0 0))"
)


@pytest.fixture
def path(qgis_new_project, tmp_path):
    return tmp_path / "answers.gpkg"


def reopen(folder: Path) -> QgsProject:
    """The project of the session, saved and read again by a fresh one; the session's own is emptied."""
    assert QgsProject.instance().write(str(folder / "project.qgz"))
    QgsProject.instance().clear()
    project = QgsProject()
    assert project.read(str(folder / "project.qgz"))
    return project


def test_ogr_reads_the_fields_the_polygons_and_the_crs(path):
    result_with(region(), region(square(1), "road"), storage=Storage(path))
    dataset = ogr.Open(str(path))
    table = dataset.GetLayerByName("geopix_answers")
    definition = table.GetLayerDefn()
    kinds = {"string": ogr.OFTString, "double": ogr.OFTReal, "integer": ogr.OFTInteger}
    for number, field in enumerate(FIELDS):
        name, kind = field.split(":")
        found = definition.GetFieldDefn(number)
        assert found.GetName() == name and found.GetType() == kinds[kind.split("(")[0]]
        if "(" in kind:
            assert found.GetWidth() == int(kind.split("(")[1][:-1])
    assert definition.GetFieldCount() == len(FIELDS)
    assert table.GetSpatialRef().GetAuthorityCode(None) == "32633"
    assert table.GetGeomType() == ogr.wkbMultiPolygon
    feature = table.GetNextFeature()
    assert feature.GetField("class") == "building" and feature.GetField("time") == TIME
    assert feature.GetGeometryRef().GetArea() == pytest.approx(100.0)


def test_another_qgis_opens_it_with_its_style(path):
    result = result_with(region(), region(square(1), "road"), storage=Storage(path), labels=True)
    with sqlite3.connect(path) as database:
        found = database.execute("select f_table_name, styleName, useAsDefault from layer_styles").fetchall()
    assert found == [("geopix_answers", "GeoPix answers", 1)]
    fresh = QgsVectorLayer(f"{path}|layername=geopix_answers", "opened elsewhere", "ogr")
    assert colours_of(fresh) == result.colours == {name: palette.colour_of(name) for name in ("building", "road")}
    assert fresh.labelsEnabled() and fresh.attributeAlias(fresh.fields().indexOf("area_m2")) == "area (m²)"


def test_provenance_is_inside_the_file_one_line_for_each_turn(path):
    result = result_with(region(), region(turn=2), storage=Storage(path))
    result.note_turn(RUN)
    result.note_turn(RUN)
    result.note_turn(provenance.Run(2, TIME, "Wasser?", "nano 1", "cpu", "scene", None, 2.0, "whole layer"))
    result.note_turn(provenance.Run(3, TIME, "found nothing", "nano 1", "cpu", "scene", None, 2.0, "whole layer"))
    with sqlite3.connect(path) as database:
        ((table, scope, xml),) = database.execute(
            "select table_name, reference_scope, metadata from gpkg_metadata m join gpkg_metadata_reference "
            "on m.id=md_file_id where md_standard_uri='http://mrcc.com/qgis.dtd'"  # OGR adds a copy of its own
        ).fetchall()
    assert (table, scope) == ("geopix_answers", "table")
    assert "GeoPix answers: scene" in xml and "Häuser und Straßen?" in xml
    told = QgsVectorLayer(f"{path}|layername=geopix_answers", "opened elsewhere", "ogr").metadata()
    assert told.history()[0] == LINE and len(told.history()) == 2
    assert "ground resolution unknown" in told.history()[1]
    assert told.title() == "GeoPix answers: scene" and "/data/scene.tif" in told.abstract()


def test_provenance_survives_a_filter_of_the_analyst(path):
    result = result_with(region(), storage=Storage(path))
    result.layers[0].setSubsetString('"score" > 0.9')
    result.note_turn(RUN)
    assert QgsVectorLayer(f"{path}|layername=geopix_answers", "x", "ogr").metadata().history() == [LINE]


def test_provenance_of_a_memory_layer_is_in_the_project(qgis_new_project, tmp_path):
    result_with(region()).note_turn(RUN)
    project = reopen(tmp_path)
    (layer,) = project.mapLayers().values()
    assert layer.metadata().history() == [LINE]


def test_an_existing_geopackage_gets_a_table_more_and_keeps_all_others(path):
    first = result_with(region(), storage=Storage(path))
    second = result_with(region(), region(square(1)), storage=Storage(path))
    assert sorted(tables_of(path)) == ["geopix_answers", "geopix_answers_2", "layer_styles"]
    assert first.layers[0].featureCount() == 1 and second.layers[0].featureCount() == 2
    assert second.layers[0].source().endswith("|layername=geopix_answers_2")


@pytest.mark.parametrize("content", [b"", b"not a database", None])
def test_a_damaged_geopackage_is_refused_and_left_as_it_is(path, content):
    if content is None:
        result_with(region(), storage=Storage(path))
        QgsProject.instance().clear()
        content = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(content)
    with pytest.raises(LayerError, match="damaged, no GeoPackage"):
        ResultLayer("scene", UTM33, storage=Storage(path))
    assert path.read_bytes() == content
    assert QgsProject.instance().mapLayers() == {}


@pytest.mark.parametrize(
    ("name", "words"), [("missing/x.gpkg", "does not exist"), ("x.shp", "ends with .gpkg"), ("folder.gpkg", "damaged")]
)
def test_a_place_that_cannot_be_is_told(qgis_new_project, tmp_path, name, words):
    (tmp_path / "folder.gpkg").mkdir()
    with pytest.raises(LayerError, match=words):
        ResultLayer("scene", UTM33, storage=Storage(tmp_path / name))
    assert [item.name for item in tmp_path.iterdir()] == ["folder.gpkg"]


@pytest.mark.parametrize(("said", "told"), [("disk full", "disk full"), ("database is locked", "another program is")])
def test_a_batch_is_written_whole_or_not_at_all(path, said, told):
    result = result_with(region(), storage=Storage(path))
    with sqlite3.connect(path) as database:
        database.execute(
            "create trigger full before insert on geopix_answers when new.class='road' "
            f"begin select raise(abort, '{said}'); end"
        )
    with pytest.raises(LayerError, match=rf"2 polygons could not be added .* {told}"):
        result.add([region(square(1)), region(square(2), "road")])
    assert rows(result.layers[0], "class") == [("building",)] and result.count(1) == 1


def test_a_geopackage_that_was_deleted_takes_no_answer_and_says_so(path):
    result = result_with(region(), storage=Storage(path))
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    with pytest.raises(LayerError, match=r"is gone: .* Remove the layer, then ask again"):
        result.add([region(square(1))], TIME)
    with pytest.raises(LayerError, match="provenance could not be stored"):
        provenance.save(result.layers[0], result.layers[0].metadata())
    QgsProject.instance().removeMapLayer(result.layers[0])
    assert result.add([region(square(1))], TIME) == 1 and path.exists()


def test_the_default_place_is_beside_the_raster(write_raster, add_raster, tmp_path):
    raster = add_raster(write_raster("my scene.tif"))
    assert default_gpkg(raster) == tmp_path / "my_scene_geopix.gpkg"


def test_a_log_that_a_crash_left_behind_never_damages_a_new_file(write_raster, add_raster, tmp_path):
    raster = add_raster(write_raster())
    log = tmp_path / "scene_geopix.gpkg-wal"
    log.write_bytes(b"the last answers of a file that was moved")
    assert default_gpkg(raster) == tmp_path / "scene_geopix_2.gpkg"
    with pytest.raises(LayerError, match="gpkg-wal is left of another GeoPackage"):
        ResultLayer("scene", UTM33, storage=Storage(tmp_path / "scene_geopix.gpkg"))
    assert log.exists() and not (tmp_path / "scene_geopix.gpkg").exists()


def test_a_raster_without_a_folder_of_its_own_is_kept_with_the_project(qgis_new_project, tmp_path):
    raster = QgsRasterLayer("type=xyz&url=http://127.0.0.1:9/{z}/{x}/{y}.png", "tiles: Zürich", "wms")
    assert default_gpkg(raster).parent != tmp_path
    QgsProject.instance().write(str(tmp_path / "project.qgz"))
    assert default_gpkg(raster) == tmp_path / "tiles_Zürich_geopix.gpkg"


def test_a_folder_that_takes_no_file_is_not_writable(tmp_path):
    assert is_writable(tmp_path)
    assert not is_writable(Path("/proc")) and not is_writable(tmp_path / "missing")


@pytest.mark.parametrize("per_class", [False, True])
def test_the_links_work_after_the_project_was_saved_and_opened_again(path, tmp_path, per_class):
    raster_id = "scene_abc"
    first = result_with(
        region(), region(square(1), "road", target=1), region(square(2), turn=2),
        storage=Storage(path), per_class=per_class, raster_id=raster_id,
    )  # fmt: skip
    colours, group = first.colours, "GeoPix - scene"
    project = reopen(tmp_path)
    for key in (raster_id, "/data/scene.tif", first.conversation):
        again = ResultLayer.reattach(key, project)
        assert again.conversation == first.conversation and again.crs == UTM33
        assert [again.count(1, 0), again.count(1, 1), again.count(2), again.last_turn] == [1, 1, 1, 2]
        assert again.colours == colours and again.colour_of(1, 1) == colours["road"]
        again.close()
    again = ResultLayer.reattach(raster_id, project)
    assert again.add([region(square(5), "water", turn=3)], TIME) == 1
    assert again.remove_turn(1) == 2 and again.restore_turn(1) == 2
    names = [layer.name() for layer in again.layers]
    assert sorted(names) == (["building", "road", "water"] if per_class else ["GeoPix answers"])
    assert len(project.layerTreeRoot().findGroup(group).findLayers()) == len(names)
    ((layer, (fid,)),) = again.find(2)
    layer.startEditing()
    layer.changeGeometry(fid, layer.getFeature(fid).geometry().buffer(5, 1))
    assert layer.commitChanges() and again.area_m2(2) > 200


def test_nothing_is_reattached_to_another_raster_and_the_newest_answers_win(path, tmp_path):
    assert ResultLayer.reattach("/data/scene.tif", QgsProject.instance()) is None
    result_with(region(), storage=Storage(path))
    newer = result_with(region(), storage=Storage(path))
    project = reopen(tmp_path)
    assert ResultLayer.reattach("/data/scene.tif", project).conversation == newer.conversation
    assert ResultLayer.reattach("/other.tif", project) is None and ResultLayer.reattach("", project) is None


def test_memory_layers_come_back_empty_and_take_new_answers(qgis_new_project, tmp_path):
    result_with(region(), raster_id="scene_abc")
    project = reopen(tmp_path)
    again = ResultLayer.reattach("scene_abc", project)
    assert again.alive and again.count(1) == 0 and again.last_turn == 0
    assert again.add([region()]) == 1 and again.count(1) == 1


@pytest.mark.parametrize("per_class", [False, True])
def test_memory_layers_become_permanent_with_all_that_belongs_to_them(path, tmp_path, per_class):
    result = result_with(region(), region(square(1), "road", target=1), per_class=per_class, labels=True)
    result.note_turn(RUN)
    result.remove_turn(1)
    ids, colours = [layer.id() for layer in result.layers], result.colours
    result.add([region(turn=2), region(square(1), "road", turn=2, target=1)], TIME)
    result.make_permanent(path)
    assert [layer.id() for layer in result.layers] == ids and result.colours == colours
    assert all(layer.providerType() == "ogr" and layer.labelsEnabled() for layer in result.layers)
    assert result.restore_turn(1) == 2 and result.count(1) == 2 and result.count(2) == 2
    result.add([region(name="water", turn=3)])
    assert all(layer.providerType() == "ogr" for layer in result.layers)
    result.make_permanent(path)  # nothing is left to do
    project = reopen(tmp_path)
    again = ResultLayer.reattach(result.conversation, project)
    assert [again.count(turn) for turn in (1, 2, 3)] == [2, 2, 1]
    for layer in again.layers:
        fresh = QgsVectorLayer(layer.source(), "opened elsewhere", "ogr")
        assert colours_of(fresh) == colours_of(layer) and fresh.labelsEnabled()
        assert fresh.metadata().title() == f"{layer.name()}: scene"
        assert (LINE in fresh.metadata().history()) == (layer.name() != "water")
    with sqlite3.connect(path) as database:
        assert database.execute("select count(*) from layer_styles").fetchall() == [(len(again.layers),)]


@pytest.mark.parametrize("name", ["mine.shp", "mine.gpkg"])
def test_a_layer_that_the_analyst_saved_with_qgis_itself_goes_on_taking_answers(qgis_new_project, tmp_path, name):
    result = result_with(region(square(0), "road"))
    (layer,) = result.layers
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = {".shp": "ESRI Shapefile", ".gpkg": "GPKG"}[Path(name).suffix]
    context = QgsProject.instance().transformContext()
    QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(tmp_path / name), context, options)
    layer.setDataSource(str(tmp_path / name), "mine", "ogr", QgsDataProvider.ProviderOptions(), False)
    assert result.add([region(square(1), turn=2)], TIME) == 1
    result.note_turn(RUN)
    assert [result.count(1), result.count(2), result.area_m2(2)] == [1, 1, pytest.approx(84.0)]
    assert layer.metadata().history() == [LINE]


def test_a_copy_of_a_layer_is_not_counted_twice(path, tmp_path):
    first = result_with(region(), storage=Storage(path))
    QgsProject.instance().addMapLayer(first.layers[0].clone())
    project = reopen(tmp_path)
    assert ResultLayer.reattach(first.conversation, project).count(1) == 1


KILLED = """
import os, signal, sys
from pathlib import Path
from qgis.testing import start_app
start_app()
from geopix_qgis.storage import Storage
from tests.qgis.answers import region, result_with, square
result = result_with(storage=Storage(Path(sys.argv[1])))
number = 0
while True:
    result.add([region(square(20 * number + item), turn=number) for item in range(20)])
    number += 1
    print("batch", flush=True)
"""


def test_a_crash_while_answers_stream_in_leaves_whole_batches(tmp_path):
    path = tmp_path / "answers.gpkg"
    command = [sys.executable, "-c", KILLED, str(path)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        written = 0
        for line in process.stdout:
            written += line.startswith("batch")
            if written == 30:
                process.kill()
                break
    dataset = ogr.Open(str(path))
    count = dataset.GetLayerByName("geopix_answers").GetFeatureCount(True)
    assert count >= 30 * 20 and count % 20 == 0
    (check,) = dataset.ExecuteSQL("PRAGMA integrity_check")
    assert check.GetField(0) == "ok"


def test_what_cannot_become_permanent_stays_as_it_is(path):
    result = result_with(region(), region(square(1), "road"), per_class=True)
    road = result.layers[1]
    road.startEditing()
    with pytest.raises(LayerError, match="being edited"):
        result.make_permanent(path)
    road.rollBack()
    with pytest.raises(LayerError, match="does not exist"):
        result.make_permanent(path.parent / "missing" / "x.gpkg")
    path.write_bytes(b"mine")
    with pytest.raises(LayerError, match="damaged"):
        result.make_permanent(path)
    assert path.read_bytes() == b"mine" and result.count(1) == 2
    assert {layer.providerType() for layer in result.layers} == {"memory"}
    result.add([region(name="water")])
    assert result.layers[-1].providerType() == "memory"


def test_if_the_second_table_fails_the_first_is_taken_back(path, monkeypatch):
    result_with(region(), storage=Storage(path))
    before = tables_of(path)
    result = result_with(region(), region(square(1), "road"), per_class=True)
    from geopix_qgis import storage

    write = storage.QgsVectorFileWriter.writeAsVectorFormatV3

    def full(layer, *given):
        return (9, "disk full") if layer.name() == "road" else write(layer, *given)

    monkeypatch.setattr(storage.QgsVectorFileWriter, "writeAsVectorFormatV3", full)
    with pytest.raises(LayerError, match="disk full"):
        result.make_permanent(path)
    assert tables_of(path) == before and result.count(1) == 2
    with pytest.raises(LayerError, match="disk full"):
        result.make_permanent(path.parent / "new.gpkg")
    assert [item.name for item in path.parent.glob("*.gpkg")] == [path.name]
    assert not list(path.parent.glob(".geopix-*"))
    assert NULL not in [value for row in rows(result.layers[0], "class", "turn") for value in row]
