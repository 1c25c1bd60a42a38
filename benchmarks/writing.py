"""Benchmark 5: writing polygons, and their size on the ellipsoid."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from pyproj import CRS

from benchmarks.peers import Geometries
from benchmarks.rows import Row, alternated, at_least, at_most, missing, peak_mib
from geopix_backend.batches import BATCH, batch
from geopix_backend.export import write_batches
from geopix_backend.export_formats import FIELDS, FORMATS
from geopix_backend.vectors import sizes

COUNT, MILLION = 100_000, 1_000_000
PLACE = CRS.from_epsg(32633)
CLASSES = np.array(["building", "road", "water"])
GOAL_FIONA, GOAL_GEOPANDAS, GOAL_AREAS, GOAL_GIB = 5.0, 1.5, 1.8, 2.0
FORMAT_ROWS = (".gpkg", ".shp", ".fgb")  # the first is the default of the product


def rows(quick: bool) -> list[Row]:
    """Writing against fiona and geopandas, memory of a million polygons, geodesic areas."""
    found = []
    for suffix in FORMAT_ROWS[: 1 if quick else None]:
        found += _writing(suffix, 3 if quick else 5, quick)
    return [*found, _memory(), _areas(5)]


def rectangles(count: int, seed: int = 0) -> Geometries:
    """Turned rectangles of 5 to 20 m in a square of 100 km."""
    rng = np.random.default_rng(seed)
    middle = rng.uniform(0, 1e5, (count, 1, 2)) + np.array([4e5, 5e6])
    turn = np.exp(1j * rng.uniform(0, np.pi, (count, 1)))
    half = rng.uniform(2.5, 10, (count, 2, 1))
    corners = turn * (half[:, 0] * [-1, 1, 1, -1, -1] + 1j * half[:, 1] * [-1, -1, 1, 1, -1])
    return shapely.polygons(np.stack([corners.real, corners.imag], axis=2) + middle)


def fields(count: int) -> dict[str, np.ndarray]:
    """The fields of a region, by name."""
    rng = np.random.default_rng(1)
    made = {pa.string(): CLASSES[rng.integers(0, 3, count)], pa.int32(): rng.integers(0, 9, count).astype(np.int32)}
    return {field.name: made.get(field.kind, rng.random(count)) for field in FIELDS}


def batches(polygons: Geometries, values: dict[str, np.ndarray]) -> Iterator[pa.RecordBatch]:
    """Record batches, made as they are asked for."""
    for first in range(0, len(polygons), BATCH):
        some = slice(first, first + BATCH)
        yield batch([pa.array(values[field.name][some], type=field.kind) for field in FIELDS], polygons[some])


def _writing(suffix: str, repeats: int, quick: bool) -> list[Row]:
    """Against each peer by itself: those that are compared write one after the other, on a machine in one state."""
    polygons, values = rectangles(COUNT), fields(COUNT)
    driver, what = FORMATS[suffix].driver, f"writing {COUNT:,} polygons as {suffix[1:]}"
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def ours() -> None:
            write_batches(folder / f"ours{suffix}", batches(polygons, values), PLACE, overwrite=True)

        rounds = {"fiona": 1 if quick else repeats, "geopandas": 2 * repeats + 1}  # as a round of fiona takes seconds
        for peer, make, goal in (("fiona", _by_fiona, GOAL_FIONA), ("geopandas", _by_geopandas, GOAL_GEOPANDAS)):
            row = f"{what}: against {peer}"
            try:
                theirs = make(polygons, values, driver, folder / peer / f"out{suffix}")
            except ImportError as error:
                found.append(missing(row, goal, error))
                continue
            seconds = alternated({"ours": ours, peer: theirs}, rounds[peer])
            measured = {name: round(value, 3) for name, value in seconds.items()}
            print(f"    {row}: {measured} s", flush=True)
            found.append(at_least(row, seconds[peer] / seconds["ours"], goal, seconds=measured))
    return found


def _by_fiona(polygons: Geometries, values: dict[str, np.ndarray], driver: str, path: Path) -> Callable[[], None]:
    import fiona

    names = [field.short if driver == "ESRI Shapefile" else field.name for field in FIELDS]
    kinds = {pa.string(): "str", pa.float64(): "float", pa.int32(): "int32"}
    schema = {"geometry": "Polygon", "properties": {n: kinds[f.kind] for n, f in zip(names, FIELDS, strict=True)}}

    def write() -> None:
        shutil.rmtree(path.parent, ignore_errors=True)
        path.parent.mkdir()
        columns = [values[field.name].tolist() for field in FIELDS]
        with fiona.open(path, "w", driver=driver, schema=schema, crs_wkt=PLACE.to_wkt()) as layer:
            layer.writerecords(
                {"geometry": shapely.geometry.mapping(polygon), "properties": dict(zip(names, row, strict=True))}
                for polygon, *row in zip(polygons, *columns, strict=True)
            )

    return write


def _by_geopandas(polygons: Geometries, values: dict[str, np.ndarray], driver: str, path: Path) -> Callable[[], None]:
    import geopandas

    names = {field.name: field.short if driver == "ESRI Shapefile" else field.name for field in FIELDS}
    frame = geopandas.GeoDataFrame({names[k]: v for k, v in values.items()}, geometry=polygons, crs=PLACE)

    def write() -> None:
        shutil.rmtree(path.parent, ignore_errors=True)
        path.parent.mkdir()
        frame.to_file(path, driver=driver)

    return write


def _memory() -> Row:
    """Peak memory of a fresh process that writes a million polygons which come batch by batch."""
    name = f"writing {MILLION:,} polygons as gpkg: peak memory, GiB"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.writing", str(Path(folder) / "million.gpkg")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return missing(name, GOAL_GIB, done.stderr)
    return at_most(name, float(done.stdout), GOAL_GIB)


def _areas(repeats: int) -> Row:
    """Geodesic areas against a loop over geometries, the same to the last bit."""
    name = f"geodesic areas of {COUNT:,} polygons: against Geod.geometry_area_perimeter for each"
    lonlat = CRS.from_epsg(4326)
    geod = lonlat.get_geod()
    rng = np.random.default_rng(0)
    west, south = rng.uniform(7, 9, COUNT), rng.uniform(46, 48, COUNT)
    polygons = shapely.box(west, south, west + 3e-4, south + 2e-4)

    def loop() -> list[tuple[float, float]]:
        return [geod.geometry_area_perimeter(polygon) for polygon in polygons]

    expected = np.array(loop())
    if not np.array_equal(np.abs(expected), np.column_stack(sizes(polygons, lonlat))):
        return missing(name, GOAL_AREAS, "the areas differ from those of the loop")
    seconds = alternated({"ours": lambda: sizes(polygons, lonlat), "loop": loop}, repeats)
    measured = {peer: round(value, 3) for peer, value in seconds.items()}
    print(f"    geodesic areas: {measured} s", flush=True)
    return at_least(name, seconds["loop"] / seconds["ours"], GOAL_AREAS, seconds=measured)


def _write_million(path: str) -> None:
    """Writes, and prints the peak memory of this process in GiB."""

    def source() -> Iterator[pa.RecordBatch]:
        for seed in range(MILLION // BATCH):
            yield from batches(rectangles(BATCH, seed), fields(BATCH))

    write_batches(path, source(), PLACE)
    print(peak_mib() / 1024)


if __name__ == "__main__":
    _write_million(sys.argv[1])
