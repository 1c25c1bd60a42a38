"""The export dialog as an analyst uses it."""

from __future__ import annotations

import threading

import pytest
from osgeo import gdal
from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProject,
    QgsSettings,
    QgsVectorLayer,
)
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QPushButton

from geopix_qgis.errors import LayerError
from geopix_qgis.export import Export, Written
from geopix_qgis.gui.export_dialog import ExportDialog
from geopix_qgis.gui.export_fields import FINAL, SOURCE
from geopix_qgis.gui.exported import say_written
from geopix_qgis.layers import ResultLayer


def box(n):
    x, y = 500_000 + 20 * (n % 200), 5_400_000 + 20 * (n // 200)
    return QgsGeometry.fromWkt(f"MULTIPOLYGON((({x} {y},{x + 9} {y},{x + 9} {y + 9},{x} {y + 9},{x} {y})))")


@pytest.fixture
def fill(qgis_new_project):
    """A layer of answers with so many polygons: ``fill(count, crs=)``."""

    def fill(count=19, crs="EPSG:32633"):
        layer = ResultLayer("scene", QgsCoordinateReferenceSystem(crs)).layers[0]
        features = []
        for number in range(count):
            feature = QgsFeature(layer.fields())
            feature.setGeometry(box(number))
            feature["class"], feature["score"] = "truck", number / count
            features.append(feature)
        layer.dataProvider().addFeatures(features)
        return layer

    return fill


@pytest.fixture
def show(qtbot, tmp_path):
    """Opens the dialog on layers, proposing trucks.gpkg."""

    def show(*layers):
        dialog = ExportDialog(layers, tmp_path / "trucks.gpkg")
        qtbot.addWidget(dialog)
        dialog.open()
        return dialog

    return show


@pytest.fixture
def run(qtbot):
    """Clicks Export and waits; gives what was written."""

    def run(dialog):
        with qtbot.waitSignal(dialog.exported, timeout=30_000) as caught:
            dialog.form.ok.click()
        return caught.args[0]

    return run


def choose(dialog, key):
    dialog.form.choose(key)
    return dialog.form


def test_the_dialog_says_what_will_be_written_and_writes_it(fill, show, run, tmp_path):
    dialog = show(fill())
    assert dialog.form.summary.text() == "19 polygons to trucks.gpkg."
    assert dialog.form.ok.isEnabled() and not dialog.form.problem.isVisible()
    assert run(dialog) == Written(tmp_path / "trucks.gpkg", 19)
    assert not dialog.isVisible()
    assert QgsVectorLayer(str(tmp_path / "trucks.gpkg"), "read", "ogr").featureCount() == 19


def test_the_format_changes_the_suffix_and_a_typed_suffix_the_format(fill, show, tmp_path):
    dialog = show(fill())
    form = choose(dialog, "shp")
    assert form.file.filePath() == str(tmp_path / "trucks.shp")
    form.file.setFilePath(str(tmp_path / "trucks.kml"))
    assert form.chosen().key == "kml"
    form.file.setFilePath(str(tmp_path / "trucks v1.2"))
    assert dialog.plan().path == tmp_path / "trucks v1.2.kml"


@pytest.mark.parametrize("key", ["geojson", "kml"])
def test_a_format_in_degrees_says_so_and_why(fill, show, key):
    dialog = show(fill())
    form = choose(dialog, key)
    assert not form.crs.isVisible() and form.fixed_crs.isVisible()
    assert "EPSG:4326" in form.note.text() and "standard" in form.note.text()
    assert dialog.plan().crs.authid() == "EPSG:4326"
    form = choose(dialog, "gpkg")
    assert form.crs.isVisible() and not form.note.isVisible() and dialog.plan().crs.authid() == "EPSG:32633"


def test_the_names_of_a_shapefile_are_shown_and_can_be_edited(fill, show, run):
    dialog = show(fill())
    form = choose(dialog, "shp")
    names = dict(form.fields.fields())
    assert names["perimeter_m"] == "perim_m" and all(len(name) <= 10 for name in names.values())
    assert "perimeter_m is perim_m" in form.caution.text()
    row = list(names).index("class")
    form.fields.item(row, FINAL).setText("a name too long")
    assert not form.ok.isEnabled() and "letters, digits" in form.problem.text()
    form.fields.item(row, FINAL).setText("score")
    assert not form.ok.isEnabled() and "Two fields are called 'score'" in form.problem.text()
    form.fields.item(row, FINAL).setText("kind")
    form.fields.item(list(names).index("prompt"), SOURCE).setCheckState(Qt.CheckState.Unchecked)
    assert form.ok.isEnabled()
    written = QgsVectorLayer(str(run(dialog).path), "read", "ogr").fields().names()
    assert "kind" in written and "class" not in written and "prompt" not in written


def test_dxf_says_that_fields_are_lost(fill, show):
    dialog = show(fill())
    form = choose(dialog, "dxf")
    assert not form.fields.isEnabled() and "fields and CRS are lost" in form.caution.text()


def test_the_selection_can_be_chosen_only_where_there_is_one(fill, show, run):
    layer = fill()
    assert not show(layer).form.selected.isEnabled()
    layer.selectByIds(layer.allFeatureIds()[:3])
    dialog = show(layer)
    assert dialog.form.selected.isEnabled() and "(3)" in dialog.form.selected.text()
    dialog.form.selected.setChecked(True)
    assert dialog.form.summary.text() == "3 polygons to trucks.gpkg."
    assert run(dialog).count == 3


def test_what_the_filter_hides_is_said_before_and_after(fill, show, run):
    layer = fill()
    layer.setSubsetString('"score" >= 0.5')
    dialog = show(layer)
    assert dialog.form.summary.text() == "9 polygons to trucks.gpkg; 10 hidden by the filter are left out."
    assert run(dialog).warnings == ("10 polygons hidden by the filter were left out.",)


def test_an_existing_file_is_replaced_only_when_ticked_for_this_file(fill, show, run, tmp_path):
    layer = fill()
    run(show(layer))
    dialog = show(layer)
    form = dialog.form
    assert form.file.filePath() == str(tmp_path / "trucks_2.gpkg") and not form.replace.isVisible()
    form.file.setFilePath(str(tmp_path / "trucks.gpkg"))
    assert form.replace.isVisible() and not form.ok.isEnabled() and "exists already" in form.problem.text()
    assert "holds 2 layers" not in form.caution.text()
    form.replace.setChecked(True)
    assert form.ok.isEnabled()
    form.file.setFilePath(str(tmp_path / "other.gpkg"))
    form.file.setFilePath(str(tmp_path / "trucks.gpkg"))
    assert not form.replace.isChecked()
    form.replace.setChecked(True)
    assert run(dialog).path == tmp_path / "trucks.gpkg"


def test_a_geopackage_with_more_layers_is_not_replaced_by_surprise(fill, show, run, tmp_path):
    layer = fill()
    path = run(show(layer)).path
    other = gdal.OpenEx(str(path), gdal.OF_UPDATE)
    other.CreateLayer("parcels")
    del other
    dialog = show(layer)
    dialog.form.file.setFilePath(str(path))
    assert "trucks.gpkg holds 2 layers: replacing it removes all of them." in dialog.form.caution.text()


def test_row_numbers_of_a_geopackage_are_no_field_to_export(fill, show, run):
    stored = QgsVectorLayer(str(run(show(fill())).path), "stored", "ogr")
    assert "fid" in stored.fields().names()
    dialog = show(stored)
    names = [name for name, _ in dialog.form.fields.fields()]
    assert "class" in names and "fid" not in names


def test_polygons_in_pixels_have_no_crs_to_choose_and_no_degrees(fill, show, run):
    dialog = show(fill(crs=""))
    assert not dialog.form.crs.isVisible() and "no CRS" in dialog.form.note.text() and dialog.form.ok.isEnabled()
    form = choose(dialog, "kml")
    assert not form.ok.isEnabled() and "in pixels without a CRS" in form.problem.text()
    choose(dialog, "fgb")
    assert run(dialog).count == 19


def test_the_reason_stands_where_it_cannot_work(fill, show, tmp_path):
    dialog = show(fill())
    form = dialog.form
    form.file.setFilePath("")
    assert not form.ok.isEnabled() and form.problem.text() == "Choose a file." == form.ok.toolTip()
    form.file.setFilePath(str(tmp_path / "missing" / "a.gpkg"))
    assert not form.ok.isEnabled() and "does not exist" in form.problem.text()
    empty = show(fill(0))
    assert not empty.form.ok.isEnabled() and "no polygons" in empty.form.problem.text()


def test_a_layer_removed_while_the_dialog_is_open_is_said(fill, show, qtbot):
    layer = fill()
    dialog = show(layer)
    QgsProject.instance().removeMapLayer(layer.id())
    with qtbot.waitSignal(dialog.failed) as caught:
        dialog.form.ok.click()
    assert "was removed" in caught.args[0] and "was removed" in dialog.form.problem.text()
    with pytest.raises(LayerError, match="was removed"):
        ExportDialog([layer], dialog.plan().path)


def test_the_last_format_and_a_folder_that_was_chosen_are_remembered(fill, show, run, tmp_path):
    layer = fill()
    run(show(layer))
    dialog = show(layer)
    assert dialog.form.file.filePath().startswith(str(tmp_path))
    (tmp_path / "out").mkdir()
    dialog.form.file.setFilePath(str(tmp_path / "out" / "a.geojson"))
    run(dialog)
    again = show(layer)
    assert again.form.chosen().key == "geojson"
    assert again.form.file.filePath() == str(tmp_path / "out" / "trucks.geojson")
    assert QgsSettings().value("geopix/export/format") == "geojson"


@pytest.mark.parametrize("key", ["gpkg", "shp", "geojson", "kml", "fgb", "dxf"])
def test_the_file_is_added_to_the_map_on_demand(fill, show, run, key):
    dialog = show(fill())
    choose(dialog, key).add.setChecked(True)
    written = run(dialog)
    (added,) = QgsProject.instance().mapLayersByName("trucks")
    assert added.isValid() and added.featureCount() == 19 and written.path.name in added.source()


def test_polygons_are_written_in_another_thread_so_that_the_window_goes_on(fill, show, run, monkeypatch):
    threads, write = [], Export.run
    monkeypatch.setattr(Export, "run", lambda self, *more: threads.append(threading.get_ident()) or write(self, *more))
    dialog = show(fill(200))
    choose(dialog, "shp")
    assert run(dialog).count == 200
    assert len(threads) == 1 and threads[0] != threading.get_ident()


def test_a_running_export_can_be_stopped_and_leaves_nothing(fill, show, qtbot, tmp_path):
    dialog = show(fill(20_000))
    form = choose(dialog, "shp")
    failed = []
    dialog.failed.connect(failed.append)
    form.ok.click()
    assert form.progress.isVisible() and form.cancel.text() == "Stop" and not form.inputs.isEnabled()
    qtbot.waitUntil(lambda: form.progress.value() > 5, timeout=20_000)
    form.cancel.click()
    qtbot.waitUntil(lambda: form.cancel.text() == "Cancel", timeout=20_000)
    assert form.problem.text() == "The export was stopped; nothing was written."
    assert dialog.isVisible() and form.ok.isEnabled() and failed == [] and not list(tmp_path.iterdir())


def test_every_control_has_a_name_and_fits(fill, show):
    dialog = show(fill())
    dialog.resize(320, 560)
    form = dialog.form
    for widget in (form.format, form.file, form.crs, form.fields, form.selected, form.add, form.ok, form.cancel):
        assert widget.objectName().startswith("geopixExport") and widget.accessibleName() and widget.toolTip()
        assert widget.mapTo(dialog, widget.rect().topRight()).x() < dialog.width()
    assert dialog.minimumSizeHint().width() <= 320
    assert dialog.height() >= dialog.heightForWidth(dialog.width())


def test_the_message_after_an_export_has_two_buttons(fill, tmp_path, qtbot, show, run):
    written = run(show(fill()))
    bar = QgsMessageBar()
    qtbot.addWidget(bar)
    say_written(bar, written)
    item = bar.currentItem()
    assert item.text() == "Wrote 19 polygons to trucks.gpkg." and item.level() == Qgis.MessageLevel.Success
    buttons = {button.objectName(): button for button in item.findChildren(QPushButton)}
    assert set(buttons) == {"geopixOpenFolder", "geopixAddToMap"}
    buttons["geopixAddToMap"].click()
    assert not buttons["geopixAddToMap"].isEnabled()
    (added,) = QgsProject.instance().mapLayersByName("trucks")
    assert isinstance(added, QgsVectorLayer) and added.featureCount() == 19
    say_written(bar, Written(written.path, 2, ("1 polygon was left out.",)))
    again = bar.currentItem()
    assert again.text() == "Wrote 2 polygons to trucks.gpkg. 1 polygon was left out."
    assert [button.objectName() for button in again.findChildren(QPushButton)] == ["geopixOpenFolder"]
