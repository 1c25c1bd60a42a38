"""What ``geopix info`` tells of a raster, without reading its pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pyproj import CRS, Transformer

from .geodesy import apply, pixel_size_m
from .grid import grid_of
from .raster_source import choose_bands, open_raster

Bounds = tuple[float, float, float, float]
EDGE_POINTS = 21


@dataclass(frozen=True)
class RasterInfo:
    """Facts about a raster.

    Attributes:
        width, height: Pixels.
        bands: Number of bands; ``shown`` are those that make the picture unless others are asked for.
        dtype: Of the first band.
        crs: None where unknown.
        gsd_m: Ground length of a pixel side at the centre in metres, None where unknown.
        bounds: (x min, y min, x max, y max) in the raster's CRS; ``bounds_lonlat`` the same in EPSG:4326, where west
            may be greater than east across the antimeridian.
        nodata: Value that means "no data", None where there is none.
        driver: GDAL's name of the format.
        warnings: Sentences for the user.
    """

    width: int
    height: int
    bands: int
    shown: tuple[int, ...]
    dtype: str
    crs: CRS | None
    gsd_m: float | None
    bounds: Bounds
    bounds_lonlat: Bounds | None
    nodata: float | None
    driver: str
    warnings: tuple[str, ...]


def describe(path: str | Path) -> RasterInfo:
    """Size, type, place and resolution of a raster.

    Raises:
        RasterError: If it cannot be opened or shown to a model.
    """
    with open_raster(path) as dataset:
        grid = grid_of(dataset)
        shown, notes = choose_bands(dataset, None)
        sides = pixel_size_m(grid.transform, grid.crs, dataset.width / 2, dataset.height / 2)
        x, y = apply(grid.transform, *outline(0, 0, dataset.width, dataset.height))
        return RasterInfo(
            width=dataset.width,
            height=dataset.height,
            bands=dataset.count,
            shown=shown,
            dtype=dataset.dtypes[0],
            crs=grid.crs,
            gsd_m=math.sqrt(sides[0] * sides[1]) if sides else None,
            bounds=(float(x.min()), float(y.min()), float(x.max()), float(y.max())),
            bounds_lonlat=_lonlat_bounds(grid.crs, x, y),
            nodata=dataset.nodata,
            driver=dataset.driver,
            warnings=grid.warnings + notes,
        )


def outline(x0: float, y0: float, x1: float, y1: float) -> tuple[np.ndarray, np.ndarray]:
    """Points along the edges of a box, in order and closed, dense enough to bend with a reprojection."""
    t = np.linspace(0.0, 1.0, EDGE_POINTS)
    fixed = np.ones_like(t)
    x = np.concatenate([x0 + (x1 - x0) * t, x1 * fixed, x1 + (x0 - x1) * t, x0 * fixed])
    y = np.concatenate([y0 * fixed, y0 + (y1 - y0) * t, y1 * fixed, y1 + (y0 - y1) * t])
    return x, y


def _lonlat_bounds(crs: CRS | None, x: np.ndarray, y: np.ndarray) -> Bounds | None:
    """Bounds in EPSG:4326 of an outline in ``crs``; None without a CRS or where it leaves the CRS's area."""
    if crs is None:
        return None
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    if not np.isfinite([lon, lat]).all():
        return None
    lon = np.unwrap(lon, period=360.0)
    west, east = float(lon.min()), float(lon.max())
    if east - west < 360.0:
        west, east = (west + 180.0) % 360.0 - 180.0, (east + 180.0) % 360.0 - 180.0
    return west, float(lat.min()), east, float(lat.max())
