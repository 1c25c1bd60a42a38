"""Regions become files that other programs read, whole or not at all."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pyogrio
import pytest
import shapely
from pyarrow import parquet
from pyproj import CRS, Transformer
from shapely import Polygon, box
from shapely.geometry import mapping

from geopix_backend import shapefile
from geopix_backend.batches import batches
from geopix_backend.errors import ExportError, ExportStoppedError
from geopix_backend.export import check_target, write, write_batches
from geopix_backend.export_formats import FIELDS, FORMATS
from geopix_model.errors import PromptError
from geopix_qgis.protocol import RegionEvent

UTM = CRS.from_epsg(32633)
SUFFIXES = sorted(FORMATS)
SMALLER = (".parquet", 150_000)  # two thousand regions compressed have room there
HOLED = box(400_000, 5_000_000, 400_040, 5_000_030).difference(box(400_010, 5_000_010, 400_020, 5_000_020))
SMALL = box(400_100, 5_000_000, 400_101, 5_000_002)


def region(polygon: Polygon = SMALL, **changes: Any) -> RegionEvent:
    event = RegionEvent(
        geometry=dict(mapping(polygon)),
        phrase="blue roofs",
        class_name="building",
        score=0.75,
        area_m2=2.5,
        perimeter_m=6.25,
        target=0,
        turn=3,
        prompt="Wo sind die Häuser? 家",
        model="nano r1",
        gsd_m=0.5,
    )
    return replace(event, **changes)


REGIONS = [region(HOLED), region(SMALL, phrase="trees", area_m2=None, perimeter_m=None, gsd_m=None)]


def read(path: Path) -> tuple[list[Polygon], dict[str, list[Any]], dict[str, Any]]:
    """Polygons largest first, columns in the same order, and the layer's facts, by GDAL."""
    if path.suffix == ".parquet":
        table = parquet.read_table(path)
        column = json.loads(parquet.read_metadata(path).metadata[b"geo"])["columns"]["geometry"]
        meta = {"crs": column["crs"] and CRS.from_json_dict(column["crs"]), "bbox": column.get("bbox")}
        meta["fields"] = table.column_names[:-1]
        *columns, geometry = (np.array(column.to_pylist(), object) for column in table.columns)
        columns = [np.where(column == None, np.nan, column) for column in columns]  # noqa: E711, element by element
    else:
        meta, _, geometry, columns = pyogrio.raw.read(path, layer=path.stem)
    polygons = shapely.from_wkb(geometry)
    order = np.argsort([-p.area for p in polygons]) if len(polygons) else np.array([], int)
    values = {name: [column[i] for i in order] for name, column in zip(meta["fields"], columns, strict=True)}
    return [polygons[i] for i in order], values, meta


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_gives_back_polygons_and_fields(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    write(path, REGIONS, UTM)
    polygons, values, meta = read(path)
    geographic = suffix in (".geojson", ".json")
    assert CRS.from_user_input(meta["crs"]).to_epsg() == (4326 if geographic else 32633)
    back = Transformer.from_crs(4326 if geographic else 32633, 32633, always_xy=True)
    for found, expected in zip(polygons, (HOLED, SMALL), strict=True):
        moved = shapely.transform(found, lambda xy: np.column_stack(back.transform(*xy.T)))
        assert moved.is_valid
        assert shapely.hausdorff_distance(moved, expected) < 1e-4
        assert len(found.interiors) == len(expected.interiors)
    short = [field.short if suffix == ".shp" else field.name for field in FIELDS]
    assert list(values) == short
    assert values["phrase"] == ["blue roofs", "trees"]
    assert values["class"] == ["building", "building"]
    assert values["prompt"] == ["Wo sind die Häuser? 家"] * 2
    assert values["model"] == ["nano r1"] * 2
    assert values["score"] == [0.75, 0.75]
    assert values["turn"] == [3, 3]
    assert values["area_m2"][0] == 2.5
    assert values[short[4]][0] == 6.25
    assert all(np.isnan(values[name][1]) for name in ("area_m2", short[4], "gsd_m"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_regions_make_an_empty_layer_with_the_fields(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    write(path, [], UTM)
    polygons, values, meta = read(path)
    assert len(polygons) == 0
    if suffix not in (".geojson", ".json"):  # GeoJSON has no place for the fields of no features
        assert list(values) == [field.short if suffix == ".shp" else field.name for field in FIELDS]
        assert CRS.from_user_input(meta["crs"]) == UTM


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_only_the_layer_is_left_in_the_folder(tmp_path: Path, suffix: str) -> None:
    write(tmp_path / f"out{suffix}", REGIONS, UTM)
    parts = [".cpg", ".dbf", ".prj", ".shp", ".shx"] if suffix == ".shp" else [suffix]
    assert names_in(tmp_path) == [f"out{part}" for part in parts]


def test_geojson_follows_rfc_7946(tmp_path: Path) -> None:
    write(tmp_path / "out.geojson", REGIONS, UTM)
    collection = json.loads((tmp_path / "out.geojson").read_text("utf-8"))
    assert "crs" not in collection
    exterior, hole = collection["features"][0]["geometry"]["coordinates"]
    assert 13 < exterior[0][0] < 14 and 45 < exterior[0][1] < 46, "longitude comes first"
    assert shapely.is_ccw(shapely.linearrings(exterior)), "right-hand rule, section 3.1.6"
    assert not shapely.is_ccw(shapely.linearrings(hole))


def test_long_edges_bend_on_the_way_to_longitude_and_latitude(tmp_path: Path) -> None:
    """A straight edge of 400 km in EPSG:3035 leaves the straight line between its ends' longitudes and latitudes."""
    wide = box(3_000_000, 4_000_000, 3_400_000, 4_100_000)
    write(tmp_path / "out.geojson", [region(wide)], CRS.from_epsg(3035))
    ((found,), _, _) = read(tmp_path / "out.geojson")
    to_lonlat = Transformer.from_crs(3035, 4326, always_xy=True)
    middle = shapely.Point(*to_lonlat.transform(3_200_000, 4_000_000))
    assert found.exterior.distance(middle) < 1e-6


def test_a_shapefile_cuts_long_text_between_characters_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        write(tmp_path / "out.shp", [region(prompt="x" + "é" * 200)], UTM)
    assert read(tmp_path / "out.shp")[1]["prompt"] == ["x" + "é" * 126]
    assert "254 bytes" in caplog.text
    assert (tmp_path / "out.cpg").read_text() == "UTF-8"


def test_a_shapefile_that_would_grow_too_large_goes_on_in_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [region(box(i, 0, i + 0.5, 1), turn=i) for i in range(500)]
    for limit in (40_000, 200_000):  # of the table, then of the polygons as well
        monkeypatch.setattr(shapefile, "MAX_BYTES", limit)
        made = write(tmp_path / "out.shp", many, UTM, overwrite=True)
        assert len(made) > 1 and made[1].name == "out_2.shp"
        assert all(part.stat().st_size <= limit for path in made for part in (path, path.with_suffix(".dbf")))
        turns = sorted(turn for path in made for turn in read(path)[1]["turn"])
        assert turns == list(range(500))
        for path in made:
            for part in tmp_path.glob(f"{path.stem}.*"):
                part.unlink()


def test_a_polygon_that_no_shapefile_holds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapefile, "MAX_BYTES", 500)
    with pytest.raises(ExportError, match="larger than the 2 GB"):
        write(tmp_path / "out.shp", REGIONS, UTM)
    assert names_in(tmp_path) == []


def test_parts_of_a_large_shapefile_never_replace_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out_2.shp").write_bytes(b"of somebody else")
    monkeypatch.setattr(shapefile, "MAX_BYTES", 1000)
    with pytest.raises(ExportError, match=r"out_2\.shp exists already"):
        write(tmp_path / "out.shp", REGIONS, UTM)
    assert names_in(tmp_path) == ["out_2.shp"]


def test_a_geopackage_carries_the_style_of_its_classes(tmp_path: Path) -> None:
    write(tmp_path / "out.gpkg", [region(), region(class_name="", phrase="blue <roofs>")], UTM)
    with sqlite3.connect(tmp_path / "out.gpkg") as database:
        ((table, column, text, default),) = database.execute(
            "SELECT f_table_name, f_geometry_column, styleQML, useAsDefault FROM layer_styles"
        )
    database.close()
    assert (table, column, default) == ("out", "geom", 1)
    categories = ElementTree.fromstring(text).findall("./renderer-v2/categories/category")
    assert [category.get("value") for category in categories] == ["building", "blue <roofs>", ""]
    assert pyogrio.list_layers(tmp_path / "out.gpkg")[:, 0].tolist()[0] == "out"


def test_a_geopackage_tells_where_its_polygons_come_from(tmp_path: Path) -> None:
    write(tmp_path / "out.gpkg", [region(), region(), region(turn=4, prompt="and\n cars?")], UTM)
    with sqlite3.connect(tmp_path / "out.gpkg") as database:
        ((text,),) = database.execute(
            "SELECT metadata FROM gpkg_metadata, gpkg_metadata_reference WHERE md_file_id = id AND table_name = 'out'"
        )
        ((described,),) = database.execute("SELECT description FROM gpkg_contents WHERE table_name = 'out'")
    database.close()
    assert "asked in words" in described
    assert [line.text for line in ElementTree.fromstring(text).findall("history")] == [
        'Turn 3: "Wo sind die Häuser? 家", model nano r1',
        'Turn 4: "and cars?", model nano r1',
    ]


def test_geoparquet_says_what_it_holds(tmp_path: Path) -> None:
    write(tmp_path / "out.parquet", REGIONS, UTM)
    _, _, meta = read(tmp_path / "out.parquet")
    assert meta["bbox"] == [400_000, 5_000_000, 400_101, 5_000_030] and meta["crs"] == UTM
    write(tmp_path / "none.parquet", REGIONS, None)
    assert read(tmp_path / "none.parquet")[2]["crs"] is None


class TestStream:
    """Regions that come while they are written."""

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_progress_tells_how_many_went_out(self, tmp_path: Path, suffix: str) -> None:
        told: list[int] = []
        source = list(batches([region(turn=i) for i in range(25)], size=10))
        write_batches(tmp_path / f"out{suffix}", iter(source), UTM, progress=told.append)
        assert told == [10, 20, 25]
        assert sorted(read(tmp_path / f"out{suffix}")[1]["turn"]) == list(range(25))

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_cancelling_leaves_nothing(self, tmp_path: Path, suffix: str) -> None:
        told: list[int] = []
        source = batches((region(turn=i) for i in range(25)), size=10)
        with pytest.raises(ExportStoppedError, match="stopped"):
            write_batches(tmp_path / f"out{suffix}", source, UTM, progress=told.append, cancelled=lambda: bool(told))
        assert told == [10] and names_in(tmp_path) == []

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_an_error_of_the_source_is_told_as_it_is(self, tmp_path: Path, suffix: str) -> None:
        def failing() -> Iterator[pa.RecordBatch]:
            yield from batches(REGIONS)
            raise PromptError("The model broke.")

        with pytest.raises(PromptError, match=r"The model broke\."):
            write_batches(tmp_path / f"out{suffix}", failing(), UTM)
        assert names_in(tmp_path) == []

    def test_settings_of_gdal_are_put_back(self, tmp_path: Path) -> None:
        write(tmp_path / "out.gpkg", REGIONS, UTM)
        assert pyogrio.get_gdal_config_option("OGR_SQLITE_SYNCHRONOUS") is None


def test_pixel_coordinates_are_written_without_crs(tmp_path: Path) -> None:
    write(tmp_path / "out.gpkg", [region(box(0, -10, 5, 0))], None)
    polygons, _, meta = read(tmp_path / "out.gpkg")
    assert polygons[0].bounds == (0, -10, 5, 0)
    assert meta["crs"] is None or "Undefined" in meta["crs"]


def test_geojson_without_crs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"no CRS; write \.gpkg"):
        write(tmp_path / "out.geojson", REGIONS, None)
    assert names_in(tmp_path) == []


def test_polygons_off_the_map_are_not_written_as_geojson(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no longitude and latitude"):
        write(tmp_path / "out.geojson", [region(box(1e9, 1e9, 1.1e9, 1.1e9))], UTM)
    assert names_in(tmp_path) == []


class TestTarget:
    """``check_target``, before the model runs."""

    @pytest.mark.parametrize("name", ["out.xyz", "out", ".gpkg"])
    def test_an_unknown_suffix_lists_the_known(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ExportError, match=r"expected one of \.fgb, \.geojson, \.gpkg, \.json, \.parquet, \.shp"):
            check_target(tmp_path / name, False)

    def test_suffixes_may_be_upper_case(self, tmp_path: Path) -> None:
        check_target(tmp_path / "out.GPKG", False)
        write(tmp_path / "out.GPKG", REGIONS, UTM)
        assert pyogrio.read_info(tmp_path / "out.GPKG", layer="out")["driver"] == "GPKG"

    def test_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ExportError, match=r"folder .*gone does not exist"):
            check_target(tmp_path / "gone" / "out.gpkg", False)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_a_folder_that_may_not_be_written_is_refused(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o500)
        with pytest.raises(ExportError, match="not writable"):
            check_target(tmp_path / "out.gpkg", False)

    @pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody may write")
    def test_a_file_system_that_may_not_be_written_is_refused(self) -> None:
        with pytest.raises(ExportError, match=r"not writable|cannot be written"):
            write("/proc/self/out.gpkg", REGIONS, UTM)

    def test_an_existing_file_needs_overwrite(self, tmp_path: Path) -> None:
        write(tmp_path / "out.gpkg", REGIONS, UTM)
        with pytest.raises(ExportError, match="exists already"):
            check_target(tmp_path / "out.gpkg", False)
        check_target(tmp_path / "out.gpkg", True)

    def test_a_folder_of_that_name_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "out.gpkg").mkdir()
        with pytest.raises(ExportError, match="is a folder"):
            check_target(tmp_path / "out.gpkg", True)

    def test_a_geopackage_that_is_open_elsewhere_is_not_replaced(self, tmp_path: Path) -> None:
        path = tmp_path / "out.gpkg"
        write(path, REGIONS, UTM)
        with sqlite3.connect(path) as other:
            other.execute("PRAGMA journal_mode=WAL")
            other.execute("CREATE TABLE busy (x)")
            with pytest.raises(ExportError, match="open in another program"):
                check_target(path, True)
        other.close()
        check_target(path, True)


class TestOverwrite:
    """Old files go only once the new ones are whole."""

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_a_new_layer_replaces_the_old(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"out{suffix}"
        write(path, REGIONS, UTM)
        write(path, REGIONS[:1], UTM, overwrite=True)
        assert len(read(path)[0]) == 1

    def test_parts_of_an_old_shapefile_do_not_outlive_it(self, tmp_path: Path) -> None:
        write(tmp_path / "out.shp", REGIONS, UTM)
        for stale in ("out.qix", "out.sbn"):
            (tmp_path / stale).write_bytes(b"index of the old layer")
        write(tmp_path / "out.shp", REGIONS[:1], None, overwrite=True)
        assert names_in(tmp_path) == ["out.cpg", "out.dbf", "out.shp", "out.shx"]

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_a_full_disk_leaves_the_old_file_and_nothing_else(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"out{suffix}"
        write(path, REGIONS, UTM)
        before = {name: (tmp_path / name).read_bytes() for name in names_in(tmp_path)}
        code = _write_with_file_limit(path, 20_000)
        assert code.startswith("ExportError"), code
        assert "cannot be written" in code
        assert {name: (tmp_path / name).read_bytes() for name in names_in(tmp_path)} == before

    @pytest.mark.parametrize(
        ("suffix", "limit_bytes"), [(s, n) for s in SUFFIXES for n in (0, 20_000, 150_000) if (s, n) != SMALLER]
    )
    def test_a_full_disk_leaves_no_partial_file(self, tmp_path: Path, suffix: str, limit_bytes: int) -> None:
        code = _write_with_file_limit(tmp_path / f"out{suffix}", limit_bytes)
        assert code.startswith("ExportError"), code
        assert names_in(tmp_path) == []

    def test_a_disk_that_fills_with_the_last_bytes_is_noticed(self, tmp_path: Path) -> None:
        """GDAL's GeoJSON driver loses its last buffer without an error."""
        assert _write_with_file_limit(tmp_path / "out.geojson", 2**30) == "written"
        size = (tmp_path / "out.geojson").stat().st_size
        (tmp_path / "out.geojson").unlink()
        assert "cannot be written" in _write_with_file_limit(tmp_path / "out.geojson", size - 50)
        assert names_in(tmp_path) == []


def _write_with_file_limit(path: Path, limit_bytes: int) -> str:
    """Says what writing 2,000 regions raised in a process whose files may not grow over a limit, as on a full disk."""
    script = f"""
import resource, signal
from pathlib import Path
from shapely import box
from shapely.geometry import mapping
from pyproj import CRS
from geopix_backend.export import write
from geopix_model.errors import PromptError
from geopix_qgis.protocol import RegionEvent
shapes = [dict(mapping(box(i, 0, i + .5, 1))) for i in range(2000)]
regions = [RegionEvent(shape, "p", "c", .5, 1., 1., 0, 1, "p", "m", .5) for shape in shapes]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit_bytes}, {limit_bytes}))
try:
    write(Path({str(path)!r}), regions, CRS.from_epsg(32633), overwrite=True)
    print("written")
except Exception as error:
    print(type(error).__name__, error)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, env=environment, check=False
    )
    return done.stdout.strip() or done.stderr
