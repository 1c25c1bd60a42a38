"""Benchmark 1: masks and label rasters to valid simplified polygons, in memory and from file to file."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.features import rasterize

from benchmarks import peers, synthetic
from benchmarks.rows import Contestant, Row, alternated, at_least, at_most, missing
from benchmarks.synthetic import Scene
from geopix_backend.batches import BATCH, batch
from geopix_backend.export import write_batches
from geopix_backend.export_formats import FIELDS
from geopix_backend.outlines import trace
from geopix_backend.simplify import simplify
from geopix_backend.vectors import placed

DEVIATION_PX = 1.0  # of all contestants
GRID = Affine(0.3, 0, 400_000, 0, -0.3, 5_000_000)
PLACE = CRS.from_epsg(32633)
SCENES: tuple[Callable[[int], Scene], ...] = (
    synthetic.buildings,
    synthetic.cars,
    synthetic.ragged,
    synthetic.land_cover,
)
NO_GOAL = "no goal: its polygons are too small"
GOAL_RASTERIO, GOAL_SAMGEO, GOAL_SAMGEO_LAND = 5.0, 4.0, 1.5


def rows(quick: bool) -> list[Row]:
    """Rows for each mask kind and for a label raster."""
    repeats, found = (3 if quick else 5), []
    for make in SCENES:
        found += _scene(make(2048 if quick else 4096), repeats)
    return found + _scene(synthetic.labels(4096 if quick else 16384), repeats)


def ours(pixels: NDArray[Any]) -> peers.Geometries:
    """Valid simplified polygons, by the backend."""
    return simplify(trace(pixels), DEVIATION_PX).geometries()


def ours_to_file(source: Path, output: Path) -> None:
    """From a GeoTIFF to a GeoPackage, by the backend."""
    with rasterio.open(source) as raster:
        pixels, grid = raster.read(1), raster.transform
    outlines = simplify(trace(pixels.astype(bool) if pixels.dtype == np.uint8 else pixels), DEVIATION_PX)
    write_batches(output, _batches(placed(outlines, grid), outlines.values), PLACE, overwrite=True)


def _batches(polygons: peers.Geometries, values: NDArray[np.integer[Any]]) -> Iterator[pa.RecordBatch]:
    """The polygons with their value as the number of the turn, and the other fields of a region."""
    for first in range(0, len(polygons), BATCH):
        some = slice(first, first + BATCH)
        count = len(values[some])
        fixed = {pa.string(): pa.array(["building"] * count), pa.float64(): pa.array(np.full(count, 0.5))}
        columns = [fixed.get(field.kind, pa.array(values[some].astype(np.int32))) for field in FIELDS]
        yield batch(columns, polygons[some])


def _scene(scene: Scene, repeats: int) -> list[Row]:
    """All rows of one mask or label raster."""
    print(f"  {scene.name}, {scene.pixels.shape[0]} px square", flush=True)
    _check_same_outlines(scene.pixels)
    contestants: dict[str, Contestant] = {
        "ours": lambda: ours(scene.pixels),
        "rasterio": lambda: peers.rasterio_simplified(scene.pixels, DEVIATION_PX),
    }
    lost: dict[str, object] = {}
    if scene.pixels.dtype == bool:
        try:
            peers.opencv_simplified(scene.pixels[:64, :64], DEVIATION_PX)
            contestants["opencv"] = lambda: peers.opencv_simplified(scene.pixels, DEVIATION_PX)
        except ImportError as error:
            lost["opencv"] = error
    with tempfile.TemporaryDirectory() as folder:
        gdal = None
        try:
            gdal = peers.GdalPolygonize(scene.pixels, DEVIATION_PX, Path(folder))
            contestants["gdal"] = gdal.run
        except peers.MissingPeerError as error:
            lost["gdal"] = error
        seconds = alternated(contestants, repeats)
        results = {name: run() for name, run in contestants.items() if name != "gdal"}
        if gdal is not None:
            results["gdal"] = gdal.polygons()
            gdal.close()
        quality = {name: _quality(polygons, scene) for name, polygons in results.items()}
        files = _files(scene, Path(folder), repeats)
    measured = {"milliseconds": {name: round(1000 * value, 1) for name, value in seconds.items()}, "quality": quality}
    for name, value in quality.items():
        print(f"    {name:9} {1000 * seconds[name]:8.1f} ms  {value}", flush=True)
    name, own = scene.name, seconds["ours"]
    title = f"{name}: against rasterio.features.shapes + shapely"
    found = [at_least(title, seconds["rasterio"] / own, GOAL_RASTERIO, **measured)]
    for peer, title, goal in (("gdal", "GDAL Polygonize", 1.0), ("opencv", f"OpenCV contours ({NO_GOAL})", 0.0)):
        if peer in seconds:
            found.append(at_least(f"{name}: against {title}", seconds[peer] / own, goal))
        elif peer in lost:
            found.append(missing(f"{name}: against {title}", goal, lost[peer]))
    found += files
    best, other = quality["ours"], quality["rasterio"]
    found.append(at_least(f"{name}: IoU with the true shapes, ours / rasterio's", best["iou"] / other["iou"], 1.0))
    found.append(at_most(f"{name}: invalid polygons", best["invalid"], 0))
    return found


def _check_same_outlines(pixels: NDArray[Any]) -> None:
    """Refuses to time what differs: before simplification, all polygons are those of rasterio."""
    mine, theirs = trace(pixels).geometries(), peers.rasterio_polygons(pixels)
    one, other = (sorted(map(tuple, np.column_stack([shapely.bounds(p), shapely.area(p), shapely.length(p)]).tolist()))
                  for p in (mine, theirs))  # fmt: skip
    if one != other or not shapely.is_valid(mine).all():
        raise AssertionError("the outlines differ from those of rasterio.features.shapes, or are not valid")


def _quality(polygons: peers.Geometries, scene: Scene) -> dict[str, float]:
    """Agreement with the true shapes, area bias against them in percent, and counts."""
    counts = {
        "polygons": len(polygons) - int(shapely.is_empty(polygons).sum()),
        "vertices": int(shapely.get_num_coordinates(polygons).sum()),
        "invalid": int((~shapely.is_valid(polygons)).sum()),
    }
    if scene.fine is not None:
        place = Affine.scale(1 / synthetic.FINER)
        there = polygons[~shapely.is_empty(polygons)].tolist()
        drawn = rasterize(there, scene.fine.shape, transform=place).astype(bool)
        common, area, expected = (np.count_nonzero(part) for part in (drawn & scene.fine, drawn, scene.fine))
    else:
        truth = np.array(scene.truth, dtype=object)
        one, other = shapely.STRtree(truth).query(polygons, predicate="intersects")
        common = shapely.area(shapely.intersection(polygons[one], truth[other])).sum()
        area, expected = shapely.area(polygons).sum(), shapely.area(truth).sum()
    iou, bias = common / (area + expected - common), 100 * (area / expected - 1)
    return {"iou": round(float(iou), 4), "area_bias_percent": round(float(bias), 2), **counts}


def _files(scene: Scene, folder: Path, repeats: int) -> list[Row]:
    """From file to file against segment-geospatial."""
    goal = GOAL_SAMGEO_LAND if scene.fine is not None else GOAL_SAMGEO
    name = f"{scene.name}: tif to GeoPackage against segment-geospatial"
    source = folder / "mask.tif"
    _write_raster(source, scene.pixels)
    try:
        raster_to_vector = peers.samgeo_raster_to_vector()
    except (ImportError, peers.MissingPeerError) as error:
        return [missing(name, goal, error)]

    def theirs() -> None:
        with _quiet():
            raster_to_vector(str(source), str(folder / "samgeo.gpkg"), simplify_tolerance=DEVIATION_PX * GRID.a)
        (folder / "samgeo.gpkg").unlink()

    seconds = alternated({"ours": lambda: ours_to_file(source, folder / "ours.gpkg"), "samgeo": theirs}, repeats)
    milliseconds = {name: round(1000 * value, 1) for name, value in seconds.items()}
    print(f"    file to file: {milliseconds}", flush=True)
    return [at_least(name, seconds["samgeo"] / seconds["ours"], goal, milliseconds=milliseconds)]


def _write_raster(path: Path, pixels: NDArray[Any]) -> None:
    image = pixels.view(np.uint8) if pixels.dtype == bool else pixels
    profile = {"driver": "GTiff", "height": image.shape[0], "width": image.shape[1], "count": 1, "dtype": image.dtype}
    with rasterio.open(path, "w", **profile, crs="EPSG:32633", transform=GRID, tiled=True, compress="zstd") as file:
        file.write(image, 1)


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
