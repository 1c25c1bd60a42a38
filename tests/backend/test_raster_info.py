"""What ``geopix info`` says of a raster."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine

from geopix_backend.raster import describe

from .conftest import MakeRaster

RNG = np.random.default_rng(1)
NOISE = RNG.integers(1, 256, (3, 60, 80), dtype=np.uint8)


def test_facts_of_an_ordinary_raster(make_raster: MakeRaster) -> None:
    info = describe(make_raster(NOISE, nodata=0))
    assert (info.width, info.height, info.bands, info.dtype, info.driver) == (80, 60, 3, "uint8", "GTiff")
    assert info.bounds == (400_000.0, 4_999_970.0, 400_040.0, 5_000_000.0)
    assert info.nodata == 0
    assert info.gsd_m == pytest.approx(0.5, rel=1e-3)
    assert info.bounds_lonlat == pytest.approx((13.72797, 45.14611, 13.72848, 45.14639), abs=1e-4)


def test_bounds_cross_the_antimeridian_from_west_to_east(make_raster: MakeRaster) -> None:
    info = describe(make_raster(NOISE, crs="EPSG:3832", transform=Affine(1000, 0, 3_300_000, 0, -1000, 0)))
    assert info.bounds_lonlat is not None
    west, _, east, _ = info.bounds_lonlat
    assert west == pytest.approx(179.64, abs=0.01)
    assert east == pytest.approx(-179.64, abs=0.01)


def test_a_raster_without_crs_has_no_longitude(make_raster: MakeRaster) -> None:
    info = describe(make_raster(NOISE, crs=None, transform=Affine.identity()))
    assert (info.crs, info.gsd_m, info.bounds_lonlat) == (None, None, None)
    assert info.bounds == (0.0, -60.0, 80.0, 0.0)
