"""Every format, read back with OGR: nothing is lost silently."""

from __future__ import annotations

import itertools
import json

import pytest
from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProject,
    QgsVectorLayer,
)

from geopix_qgis import export_columns, export_formats, field_names, styling
from geopix_qgis.errors import LayerError
from geopix_qgis.export import write
from geopix_qgis.layers import ResultLayer

UTM33, DEGREES = "EPSG:32633", "EPSG:4326"
X, Y = 500_000.0, 5_400_000.0
NAME = "Bäume, 屋根"


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".geojson", ".fgb", ".kml"])
def test_every_format_with_fields_holds_names_values_nulls_and_holes(two, tmp_path, suffix, plan, read, parts):
    written = write([two], plan(two, tmp_path / f"Bäume{suffix}"))
    assert (written.path, written.count) == (tmp_path / f"Bäume{suffix}", 2)
    names, rows, code = read(written.path)
    perimeter = "perim_m" if suffix == ".shp" else "perimeter_m"
    assert {"phrase", "class", "score", "area_m2", perimeter, "turn", "prompt", "number"} <= set(names)
    by_name = {str(values["class"]): (values, shape) for values, shape in rows}
    values, shape = by_name[NAME]
    assert values["phrase"] == f"the {NAME}"
    assert [values[name] for name in ("score", "area_m2", perimeter)] == [0.75, 12_345_678_901.125, 56.0]
    assert (int(values["turn"]), int(values["number"])) == (2, 2**40)
    polygon = parts(shape)[0]
    assert len(polygon) == 2 and len(polygon[1]) == 5
    empty = by_name["None"][0]
    assert [empty[name] for name in ("phrase", "score", "turn", "prompt", "number")] == [None] * 5
    assert code == ("4326" if suffix in (".geojson", ".kml") else "32633")
    x, y = polygon[0][0][:2]
    assert (x, y) == (pytest.approx((15.0, 48.75), abs=0.05) if code == "4326" else pytest.approx((X, Y), abs=10))
    assert not [item for item in tmp_path.iterdir() if not item.name.startswith("Bäume.")]


def test_a_shapefile_has_short_names_and_says_its_encoding_and_its_crs(two, tmp_path, plan, read):
    written = write([two], plan(two, tmp_path / "out.shp"))
    assert "Fields renamed: perimeter_m is perim_m." in written.warnings
    assert all(len(name) <= 10 for name in read(written.path)[0])
    assert (tmp_path / "out.cpg").read_text() == "UTF-8"
    assert "WGS_1984_UTM_Zone_33N" in (tmp_path / "out.prj").read_text()


def test_text_too_long_for_a_shapefile_is_cut_between_characters_and_said(make_layer, tmp_path, square, plan, read):
    layer = make_layer((square(X, Y), {"prompt": "a" + "屋" * 100}))
    written = write([layer], plan(layer, tmp_path / "out.shp"))
    assert read(written.path)[1][0][0]["prompt"] == "a" + "屋" * 84
    assert "1 text in prompt had more than 254 bytes and lost the end." in written.warnings
    whole = write([layer], plan(layer, tmp_path / "out.gpkg"))
    assert read(whole.path)[1][0][0]["prompt"] == "a" + "屋" * 100 and not whole.warnings


def test_rings_of_a_shapefile_turn_as_its_standard_wants_and_parts_stay_together(
    make_layer, tmp_path, square, plan, read
):
    hole = square(X, Y, hole=4.0)[len("MULTIPOLYGON(") : -1]
    second = square(X + 20, Y)[len("MULTIPOLYGON(") : -1]
    layer = make_layer((f"MULTIPOLYGON({hole},{second})", {}))
    write([layer], plan(layer, tmp_path / "out.shp"))
    data = (tmp_path / "out.shp").read_bytes()
    assert int.from_bytes(data[100 + 8 + 36 : 100 + 8 + 40], "little") == 3  # three rings in one record
    ((_, shape),) = read(tmp_path / "out.shp")[1]
    first, other = shape["coordinates"]
    assert signed_area(first[0]) < 0 < signed_area(first[1]) and len(other) == 1


def signed_area(ring):
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in itertools.pairwise(ring)) / 2


def test_rings_of_geojson_turn_as_its_standard_wants(two, tmp_path, plan, parts):
    write([two], plan(two, tmp_path / "out.geojson"))
    outer, hole = parts(json.loads((tmp_path / "out.geojson").read_text())["features"][0]["geometry"])[0]
    origin = outer[0]
    assert signed_area([(x - origin[0], y - origin[1]) for x, y in outer]) > 0
    assert signed_area([(x - origin[0], y - origin[1]) for x, y in hole]) < 0
    assert len(str(outer[1][0]).split(".")[1]) >= 7


@pytest.mark.parametrize(("limit", "file"), [("shp", 900), ("dbf", 300)])
def test_a_shapefile_beyond_its_limit_is_refused_before_it_is_written(
    make_layer, tmp_path, monkeypatch, limit, file, square, plan
):
    ring = ",".join(f"{X + n} {Y + n % 2}" for n in range(60))
    wkt = f"MULTIPOLYGON((({ring},{X} {Y + 50},{X} {Y})))" if limit == "shp" else square(X, Y)
    layer = make_layer((wkt, {} if limit == "shp" else {"prompt": "x" * 250}))
    monkeypatch.setattr(export_columns, "LIMIT_BYTES", file)
    with pytest.raises(LayerError, match=r"2 GB in a file .* Choose GeoPackage"):
        write([layer], plan(layer, tmp_path / "out.shp"))
    assert not list(tmp_path.iterdir())


def test_the_size_of_a_shapefile_is_foretold_to_the_byte(two, tmp_path, monkeypatch, plan):
    write([two], plan(two, tmp_path / "out.shp"))
    largest = max((tmp_path / name).stat().st_size for name in ("out.shp", "out.dbf"))
    monkeypatch.setattr(export_columns, "LIMIT_BYTES", largest)
    write([two], plan(two, tmp_path / "same.shp"))
    monkeypatch.setattr(export_columns, "LIMIT_BYTES", largest - 1)
    with pytest.raises(LayerError, match="2 GB"):
        write([two], plan(two, tmp_path / "more.shp"))


def test_a_geopackage_brings_its_style(qgis_new_project, make_layer, tmp_path, square, plan):
    (layer,) = ResultLayer("scene", QgsCoordinateReferenceSystem(UTM33)).layers
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromWkt(square(X, Y)))
    feature["class"] = NAME
    layer.dataProvider().addFeatures([feature])
    styling.show_classes(layer, [NAME])
    written = write([layer], plan(layer, tmp_path / "out.gpkg"))
    assert not written.warnings
    opened = QgsVectorLayer(str(written.path), "opened", "ogr")
    assert styling.colours_of(opened) == styling.colours_of(layer)
    assert NAME in [category.value() for category in opened.renderer().categories()]
    assert opened.dataProvider().subLayers()[0].split("!!::!!")[1] == "out"


def test_a_style_that_reads_a_field_left_out_is_not_saved_and_that_is_said(qgis_new_project, tmp_path, square, plan):
    (layer,) = ResultLayer("scene", QgsCoordinateReferenceSystem(UTM33)).layers
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromWkt(square(X, Y)))
    layer.dataProvider().addFeatures([feature])
    written = write([layer], plan(layer, tmp_path / "out.gpkg", fields=(("class", "kind"),)))
    assert any("need the field class and phrase" in warning for warning in written.warnings)


def test_fields_named_like_the_own_columns_of_a_geopackage_are_kept(make_layer, tmp_path, square, plan, read):
    layer = make_layer((square(X, Y), {"fid": "a", "geom": "b"}), fields="field=fid:string&field=geom:string")
    write([layer], plan(layer, tmp_path / "out.gpkg"))
    assert read(tmp_path / "out.gpkg")[1][0][0] == {"fid": "a", "geom": "b"}


def test_dxf_puts_each_class_on_its_layer_and_says_what_is_lost(two, tmp_path, plan, read):
    written = write([two], plan(two, tmp_path / "out.dxf"))
    assert any("fields and CRS are lost" in warning for warning in written.warnings)
    _, rows, _ = read(written.path)
    assert [values["Layer"] for values, _ in rows] == ["Bäume_ \\U+5C4B\\U+6839", "0"]
    assert len(rows[0][1]["coordinates"]) == 2
    assert rows[0][1]["coordinates"][0][0][:2] == pytest.approx([X, Y])
    degrees = write([two], plan(two, tmp_path / "deg.dxf", crs=QgsCoordinateReferenceSystem(DEGREES)))
    assert any("in degrees" in warning for warning in degrees.warnings)


def test_kml_names_each_place_and_keeps_the_fields(two, tmp_path, plan):
    write([two], plan(two, tmp_path / "out.kml"))
    text = (tmp_path / "out.kml").read_text()
    assert f"<name>{NAME}</name>" in text and f'<SimpleData name="class">{NAME}</SimpleData>' in text


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".fgb", ".dxf"])
def test_pixel_coordinates_stay_as_they_are(make_layer, tmp_path, suffix, square, plan, read, parts):
    layer = make_layer((square(3, -20), {"class": "roof"}), crs="")
    written = write([layer], plan(layer, tmp_path / f"out{suffix}"))
    _, ((_, shape),), code = read(written.path)
    assert code is None
    polygon = parts(shape)[0]
    assert {tuple(point[:2]) for point in polygon[0]} == {(3, -20), (13, -20), (13, -10), (3, -10)}
    if suffix == ".gpkg":
        assert "Cartesian" in QgsVectorLayer(str(written.path), "x", "ogr").crs().description()


@pytest.mark.parametrize("suffix", [".geojson", ".kml"])
def test_pixel_coordinates_cannot_become_degrees(make_layer, tmp_path, suffix, square, plan):
    layer = make_layer((square(3, -20), {}), crs="")
    with pytest.raises(LayerError, match="in pixels and have no CRS"):
        write([layer], plan(layer, tmp_path / f"out{suffix}"))


def test_polygons_are_moved_to_the_chosen_crs(two, tmp_path, plan, read):
    write([two], plan(two, tmp_path / "out.gpkg", crs=QgsCoordinateReferenceSystem("EPSG:2193")))  # northing first
    _, _, code = read(tmp_path / "out.gpkg")
    assert code == "2193"
    moved = QgsVectorLayer(str(tmp_path / "out.gpkg"), "x", "ogr")
    shape = next(moved.getFeatures()).geometry()
    from qgis.core import QgsCoordinateTransform

    shape.transform(QgsCoordinateTransform(moved.crs(), two.crs(), QgsProject.instance()))
    assert (shape.boundingBox().xMinimum(), shape.boundingBox().yMinimum()) == pytest.approx((X, Y), abs=0.01)


@pytest.mark.parametrize("suffix", [".geojson", ".kml", ".gpkg"])
def test_a_polygon_across_longitude_180_is_cut_there(make_layer, tmp_path, suffix, square, plan, read, parts):
    layer = make_layer((square(691_000, 6_000_000, 10_000.0, hole=4_000.0), {}), crs="EPSG:32660")
    crs = QgsCoordinateReferenceSystem(DEGREES)
    centre = QgsGeometry.fromWkt("POINT(696000 6005000)")
    from qgis.core import QgsCoordinateTransform

    centre.transform(QgsCoordinateTransform(layer.crs(), crs, QgsProject.instance()))
    assert abs(centre.asPoint().x()) > 179.95
    written = write([layer], plan(layer, tmp_path / f"out{suffix}", crs=crs))
    assert "1 polygon across longitude 180 was cut in two there." in written.warnings
    ((_, shape),) = read(written.path)[1]
    boxes = [sorted(point[0] for point in part[0]) for part in parts(shape)]
    assert len(boxes) >= 2
    assert all(box[-1] - box[0] < 1 and box[0] >= -180 and box[-1] <= 180 for box in boxes)
    assert {box[0] > 0 for box in boxes} == {True, False}


def test_longitudes_beyond_180_come_back_into_the_world(make_layer, tmp_path, square, plan, read, parts):
    layer = make_layer((square(179, 0, 2.0), {}), (square(190, 0, 2.0), {}), crs=DEGREES)
    write([layer], plan(layer, tmp_path / "out.geojson"))
    rows = read(tmp_path / "out.geojson")[1]
    bounds = [sorted({x for part in parts(shape) for x, _ in part[0]}) for _, shape in rows]
    assert bounds == [[-180, -179, 179, 180], [-170, -168]]


def test_a_polygon_around_a_pole_is_refused_in_words(make_layer, tmp_path, square, plan):
    layer = make_layer((square(-1e6, -1e6, 2e6), {}), crs="EPSG:3413")
    with pytest.raises(LayerError, match="holds a pole"):
        write([layer], plan(layer, tmp_path / "out.geojson"))
    assert not list(tmp_path.iterdir())


def test_characters_that_no_xml_may_hold_do_not_spoil_a_kml(make_layer, tmp_path, square, plan, read):
    layer = make_layer((square(X, Y), {"class": "a\x0bb\x01<&>", "phrase": "c\x00d"}))
    held = next(layer.getFeatures())["phrase"]  # newer versions of QGIS cut a text at such a character themselves
    write([layer], plan(layer, tmp_path / "out.kml"))
    row = read(tmp_path / "out.kml")[1][0][0]
    assert row["class"] == "ab<&>" and row["phrase"] == held.replace("\x00", "")


def test_unknown_field_names_become_unique_short_ascii():
    shp = export_formats.FORMATS["shp"]
    names = ["perimeter_m", "Größe der Fläche", "classification_a", "classification_b", "屋根", "2nd", "Class", "class"]
    finals = [final for _, final in field_names.propose(names, shp)]
    assert finals == ["perim_m", "Groe_der_F", "classifica", "classifi_1", "field", "f_2nd", "Class", "class_1"]
    assert field_names.problems(finals, shp) == {}
    assert set(field_names.problems(["", "é", "1a", "a" * 11, "b", "B"], shp)) == {0, 1, 2, 3, 5}


@pytest.mark.parametrize("suffix", [".kml", ".dxf"])
def test_the_colours_of_the_map_travel_along(qgis_new_project, tmp_path, suffix, plan, square):
    (layer,) = ResultLayer("scene", QgsCoordinateReferenceSystem(UTM33)).layers
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromWkt(square(X, Y)))
    feature["class"] = "roof"
    layer.dataProvider().addFeatures([feature])
    styling.show_classes(layer, ["roof"])
    colour = styling.colours_of(layer)["roof"].upper()
    write([layer], plan(layer, tmp_path / f"out{suffix}"))
    dataset = gdal.OpenEx(str(tmp_path / f"out{suffix}"), gdal.OF_VECTOR)
    style = dataset.GetLayer(0).GetNextFeature().GetStyleString()
    assert (f"PEN(c:{colour}FF" if suffix == ".kml" else "BRUSH(fc:#") in style  # CAD has 255 colours
