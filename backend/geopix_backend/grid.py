"""Where the pixels of a raster lie on the earth: its transform and its CRS."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import rasterio
from affine import Affine
from pyproj import CRS
from rasterio.control import GroundControlPoint

from .errors import RasterError
from .geodesy import parse_crs
from .raster_source import once

# QGIS draws an image without georeference with its top left corner at (0, 0), one unit per pixel, y upwards.
PIXEL_COORDINATES = Affine(1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
GCP_MISFIT_PX = 0.5


@dataclass(frozen=True)
class Grid:
    """The pixel grid of a whole raster.

    Attributes:
        transform: From (col, row) of a pixel corner to CRS units.
        crs: None where the raster has none that leads to longitude and latitude.
        warnings: Sentences for the user.
    """

    transform: Affine
    crs: CRS | None
    warnings: tuple[str, ...] = ()


@once
def grid_of(dataset: rasterio.DatasetReader) -> Grid:
    """The grid of an open raster: its transform, else an affine fit through its ground control points.

    A raster with neither (also one with only rational polynomial coefficients) gets ``PIXEL_COORDINATES`` and no CRS.

    Raises:
        RasterError: If the transform is not finite or gives pixels no area.
    """
    transform, (gcps, gcp_crs) = dataset.transform, dataset.gcps
    if transform.is_identity and gcps and gcp_crs:
        return _fit(gcps, parse_crs(gcp_crs.to_wkt(version="WKT2_2019")))
    if transform.is_identity:
        found = "only rational polynomial coefficients" if dataset.rpcs else "no georeference"
        return Grid(PIXEL_COORDINATES, None, (f"The raster has {found}; polygons come back in pixel coordinates.",))
    check_transform(transform)
    crs = parse_crs(dataset.crs.to_wkt(version="WKT2_2019")) if dataset.crs else None
    if crs is None:
        return Grid(transform, None, ("The raster has no CRS; polygons keep its coordinates, without areas.",))
    return Grid(transform, crs)


def check_transform(transform: Affine) -> None:
    """Refuses a transform that cannot be inverted.

    Raises:
        RasterError: If a coefficient is not finite or pixels have no area.
    """
    if not all(map(math.isfinite, transform)) or transform.determinant == 0.0:
        raise RasterError(
            f"The geotransform {tuple(transform)[:6]} gives pixels no area; repair the raster's georeference first."
        )


def _fit(gcps: Sequence[GroundControlPoint], crs: CRS | None) -> Grid:
    """Least-squares affine through ground control points.

    Both sides are centred, so that coordinates in the millions of metres lose no digits.
    """
    pixels = np.array([(p.col, p.row) for p in gcps], dtype=float)
    world = np.array([(p.x, p.y) for p in gcps], dtype=float)
    pixel_mean, world_mean = pixels.mean(axis=0), world.mean(axis=0)
    slope, _, rank, _ = np.linalg.lstsq(pixels - pixel_mean, world - world_mean, rcond=None)
    if rank < 2:
        raise RasterError(f"The raster's {len(gcps)} ground control points lie on one line; georeference it first.")
    (a, d), (b, e) = slope
    transform = Affine.translation(*world_mean) * Affine(a, b, 0.0, d, e, 0.0) * Affine.translation(*-pixel_mean)
    check_transform(transform)
    misfit = ((pixels - pixel_mean) @ slope - (world - world_mean)) @ np.linalg.inv(slope)
    worst = float(np.hypot(misfit[:, 0], misfit[:, 1]).max())
    warnings = ["Positions come from an affine fit through the raster's ground control points."]
    if worst > GCP_MISFIT_PX:
        warnings.append(f"That fit is off by up to {worst:.1f} pixels; warp the raster first where this matters.")
    return Grid(transform, crs, tuple(warnings))
