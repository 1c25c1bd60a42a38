"""Small real rasters of every kind, written with rasterio."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import settings
from rasterio.control import GroundControlPoint
from rasterio.errors import NotGeoreferencedWarning

# Wall time says nothing about these tests on a shared machine.
settings.register_profile("backend", deadline=None)
settings.load_profile("backend")

MakeRaster = Callable[..., Path]
NORTH_UP = Affine(0.5, 0.0, 400_000.0, 0.0, -0.5, 5_000_000.0)


@pytest.fixture(scope="session")
def make_raster(tmp_path_factory: pytest.TempPathFactory) -> MakeRaster:
    """A function that writes a raster alone in a new folder and gives its path.

    ``pixels`` is (bands, H, W) or (H, W); without it, a (3, 60, 80) picture of noise.  ``colours`` is a palette,
    ``interpretation`` the meaning of the bands, ``mask`` (H, W) bool an internal mask; the rest goes to
    ``rasterio.open``.
    """
    numbers = count()

    def make(
        pixels: np.ndarray | None = None,
        *,
        suffix: str = ".tif",
        colours: dict[int, tuple[int, ...]] | None = None,
        interpretation: tuple[Any, ...] | None = None,
        mask: np.ndarray | None = None,
        **profile: Any,
    ) -> Path:
        if pixels is None:
            pixels = np.random.default_rng(0).integers(0, 256, (3, 60, 80), dtype=np.uint8)
        bands = pixels[None] if pixels.ndim == 2 else pixels
        path = tmp_path_factory.mktemp(f"raster{next(numbers)}") / f"scene{suffix}"
        options: dict[str, Any] = {"driver": "GTiff", "crs": "EPSG:32633", "transform": NORTH_UP}
        if "gcps" in profile:
            options.pop("transform")
        options.update(count=len(bands), height=bands.shape[1], width=bands.shape[2], dtype=bands.dtype)
        options.update(profile)
        if bands.shape[0] == 3 and options["driver"] == "GTiff" and bands.dtype == np.uint8:
            options.setdefault("photometric", "RGB")
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), _quietly(path, options) as out:
            if interpretation is not None:  # must come before the pixels, or alpha is not written
                out.colorinterp = interpretation
            out.write(bands)
            if colours is not None:
                out.write_colormap(1, colours)
            if mask is not None:
                out.write_mask(mask)
        return path

    return make


def _quietly(path: Path, profile: dict[str, Any]) -> Any:
    """A dataset to write; that some have no georeference is on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        return rasterio.open(path, "w", **profile)


def gcps_of(transform: Affine, width: int, height: int) -> list[GroundControlPoint]:
    """Ground control points at the corners and the centre of a raster with ``transform``."""
    places = [(0, 0), (width, 0), (0, height), (width, height), (width / 2, height / 2)]
    return [
        GroundControlPoint(row=row, col=col, x=x, y=y)
        for col, row in places
        for x, y in [
            (
                transform.a * col + transform.b * row + transform.c,
                transform.d * col + transform.e * row + transform.f,
            )
        ]
    ]


@pytest.fixture(scope="session")
def gcp_raster(make_raster: MakeRaster) -> Callable[[Affine, float], Path]:
    """A function that writes a raster placed only by ground control points, the last one moved by ``off`` metres."""

    def make(transform: Affine, off: float = 0.0) -> Path:
        points = gcps_of(transform, 80, 60)
        points[-1].x += off
        return make_raster(gcps=points)

    return make
