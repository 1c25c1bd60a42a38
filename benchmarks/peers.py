"""The libraries that we are compared with, each used as its documentation shows, and as fast as that allows."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.features import shapes
from shapely.geometry import shape

Geometries = NDArray[np.object_]
DISTRIBUTIONS = (
    *("numpy", "shapely", "rasterio", "pyogrio", "pyarrow", "pyproj", "torch"),
    *("segment-geospatial", "opencv-python-headless", "fiona", "geopandas"),
)
GDAL_PYTHON = "/usr/bin/python3"  # GDAL's own bindings come with the system's Python


class MissingPeerError(Exception):
    """A library is not installed, or does not run."""


def rasterio_polygons(pixels: NDArray[Any]) -> Geometries:
    """``rasterio.features.shapes`` and shapely, with pixel edges."""
    image = pixels.view(np.uint8) if pixels.dtype == bool else pixels
    return np.array([shape(found) for found, _ in shapes(image, mask=pixels != 0, connectivity=4)], dtype=object)


def valid(polygons: Geometries) -> Geometries:
    """The polygons, those that are broken made valid (checking all costs less than repairing all)."""
    broken = ~shapely.is_valid(polygons)
    if broken.any():
        polygons = polygons.copy()
        polygons[broken] = shapely.make_valid(polygons[broken])
    return polygons


def rasterio_simplified(pixels: NDArray[Any], deviation_px: float) -> Geometries:
    """The same, simplified by the faster of shapely's ways, and valid."""
    return valid(shapely.simplify(rasterio_polygons(pixels), deviation_px, preserve_topology=False))


def opencv_simplified(mask: NDArray[np.bool_], deviation_px: float) -> Geometries:
    """``cv2.findContours`` with holes, ``approxPolyDP``, and valid; a contour runs through pixel centres."""
    import cv2

    contours, tree = cv2.findContours(mask.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    rings = [cv2.approxPolyDP(contour, deviation_px, True)[:, 0] + 0.5 for contour in contours]
    holes: dict[int, list[Any]] = {}
    for ring, (_, _, _, parent) in zip(rings, tree[0], strict=True):
        if parent >= 0 and len(ring) > 2:
            holes.setdefault(parent, []).append(ring)
    shells = [number for number, ring in enumerate(rings) if tree[0][number][3] < 0 and len(ring) > 2]
    return valid(np.array([shapely.Polygon(rings[number], holes.get(number)) for number in shells], dtype=object))


def samgeo_raster_to_vector() -> Any:
    """``samgeo.common.raster_to_vector``, its own code; the package itself imports models that nothing here needs.

    Raises:
        MissingPeerError: If segment-geospatial is not installed.
    """
    package = importlib.util.find_spec("samgeo")
    if package is None or package.origin is None:
        raise MissingPeerError("segment-geospatial is not installed, see scripts/install-peers")
    spec = importlib.util.spec_from_file_location("samgeo_common", Path(package.origin).with_name("common.py"))
    if spec is None or spec.loader is None:
        raise MissingPeerError("segment-geospatial has no module common")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.raster_to_vector


class GdalPolygonize:
    """``gdal.Polygonize`` in a process of its own (the bindings belong to another Python); it times itself."""

    def __init__(self, pixels: NDArray[Any], deviation_px: float, folder: Path) -> None:
        self._found = folder / "gdal.wkb"
        np.save(folder / "gdal.npy", pixels.view(np.uint8) if pixels.dtype == bool else pixels)
        command = [GDAL_PYTHON, str(Path(__file__).with_name("gdal_worker.py")), str(folder / "gdal.npy")]
        try:
            self._process = subprocess.Popen(
                [*command, str(self._found), str(deviation_px)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        except OSError as error:
            raise MissingPeerError(f"{GDAL_PYTHON} cannot be started: {error}") from error
        self.version = self._answer()

    def run(self) -> float:
        """Seconds from the array to valid simplified polygons."""
        self._say("run")
        return float(self._answer())

    def polygons(self) -> Geometries:
        """What it found last."""
        self._say("keep")
        self._answer()
        return np.asarray(shapely.from_wkb([bytes.fromhex(line) for line in self._found.read_text().split()]))

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()

    def _say(self, word: str) -> None:
        assert self._process.stdin is not None
        print(word, file=self._process.stdin, flush=True)

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise MissingPeerError(f"{GDAL_PYTHON} has no GDAL (install python3-gdal)")
        return json.loads(line)


def versions() -> dict[str, str]:
    """Of Python and of all libraries that take part."""
    found = {"Python": sys.version.split()[0]}
    for name in DISTRIBUTIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "missing"
    found["GDAL in rasterio"] = rasterio.__gdal_version__
    return {**found, "GDAL in the system's Python": _gdal_version()}


def _gdal_version() -> str:
    command = [GDAL_PYTHON, "-c", "from osgeo import gdal; print(gdal.__version__)"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "missing"
    return asked.stdout.strip() or "missing"
