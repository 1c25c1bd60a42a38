"""Boxes, web map tiles and points name pixels of a raster, or are refused with a sentence."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from geopix_backend.errors import ExtentError, RasterError
from geopix_backend.extent import window_for_bbox, window_for_point, window_for_tile
from geopix_backend.raster import read_tile

from .conftest import MakeRaster

PIXELS = np.zeros((3, 60, 80), np.uint8)
UTM = Affine(0.5, 0.0, 400_000.0, 0.0, -0.5, 5_000_000.0)
DEGREES = Affine(0.01, 0, 10.0, 0, -0.01, 50.0)  # 10..10.8 east, 49.4..50 north
TO_LONLAT = Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True)


def mercator_address(lon: float, lat: float, zoom: int) -> str:
    """The XYZ address of the tile that holds a place, by the formulas of the OpenStreetMap wiki ("Slippy map")."""
    n = 2**zoom
    x = int((lon + 180.0) / 360.0 * n)
    y = int((1.0 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2.0 * n)
    return f"{zoom}/{x}/{y}"


@pytest.fixture(scope="session")
def utm(make_raster: MakeRaster) -> Path:
    """A north-up raster of half metres, 80 x 60 pixels, made once since hypothesis asks often."""
    return make_raster(PIXELS, transform=UTM)


class TestBox:
    """--bbox."""

    @given(st.integers(0, 79), st.integers(0, 59), st.data())
    def test_a_box_on_pixel_edges_is_exactly_those_pixels(
        self, utm: Path, col: int, row: int, data: st.DataObject
    ) -> None:
        width, height = data.draw(st.integers(1, 80 - col)), data.draw(st.integers(1, 60 - row))
        x0, y1 = 400_000 + 0.5 * col, 5_000_000 - 0.5 * row
        box = (x0, y1 - 0.5 * height, x0 + 0.5 * width, y1)
        assert window_for_bbox(utm, box, None) == (col, row, width, height)

    def test_pixels_that_are_touched_are_taken(self, utm: Path) -> None:
        assert window_for_bbox(utm, (400_000.6, 4_999_998.9, 400_001.1, 4_999_999.4), None) == (1, 1, 2, 2)

    def test_a_box_is_cut_to_the_raster(self, utm: Path) -> None:
        assert window_for_bbox(utm, (0, 0, 400_010, 1e7), None) == (0, 0, 20, 60)

    def test_a_box_in_another_crs_holds_all_its_corners(self, utm: Path) -> None:
        lon, lat = TO_LONLAT.transform([400_010, 400_020], [4_999_980, 4_999_990])
        col, row, width, height = window_for_bbox(utm, (lon[0], lat[0], lon[1], lat[1]), "EPSG:4326")
        assert (col, row) == (pytest.approx(20, abs=1), pytest.approx(20, abs=1))
        assert (width, height) == (pytest.approx(20, abs=2), pytest.approx(20, abs=2))

    def test_edges_bend_with_the_projection(self, make_raster: MakeRaster) -> None:
        """In Lambert conformal conic, 40 north lies further south in the middle than at both ends of a wide box."""
        to_lambert = Transformer.from_crs("EPSG:4326", "EPSG:5070", always_xy=True)
        middle, end = to_lambert.transform(-96, 40)[1], to_lambert.transform(-120, 40)[1]
        assert end - middle > 100_000
        path = make_raster(PIXELS, crs="EPSG:5070", transform=Affine(60_000, 0, -2.4e6, 0, -60_000, 3.5e6))
        _, row, _, height = window_for_bbox(path, (-120, 40, -72, 42), "EPSG:4326")
        assert row + height == math.ceil((3.5e6 - middle) / 60_000)

    def test_a_rotated_raster_is_cut_in_its_own_pixels(self, make_raster: MakeRaster) -> None:
        turned = Affine.translation(4e5, 5e6) * Affine.rotation(30) * Affine.scale(1, -1)
        path = make_raster(PIXELS, transform=turned)
        x, y = turned.c + 40 * math.cos(math.pi / 6), turned.f + 40 * math.sin(math.pi / 6)
        assert window_for_bbox(path, (x - 0.01, y - 0.01, x + 0.01, y + 0.01), None) == (39, 0, 2, 1)

    def test_without_crs_a_box_is_in_pixel_coordinates(self, make_raster: MakeRaster) -> None:
        path = make_raster(PIXELS, crs=None, transform=Affine.identity())
        assert window_for_bbox(path, (10, -30, 20, -5), None) == (10, 5, 10, 25)

    @pytest.mark.parametrize("origin", [-190.0, 170.0])
    @pytest.mark.parametrize(("west", "east"), [(-179.0, -178.0), (171.0, 172.0)])
    def test_longitudes_match_a_full_turn_away(
        self, make_raster: MakeRaster, origin: float, west: float, east: float
    ) -> None:
        path = make_raster(PIXELS, crs="EPSG:4326", transform=Affine(0.5, 0, origin, 0, -0.5, 15))
        col, _, width, _ = window_for_bbox(path, (west, 0, east, 1), "EPSG:4326")
        assert (origin + 0.5 * col - west) % 360 == 0
        assert width == 2

    def test_swapped_corners_are_named(self, utm: Path) -> None:
        with pytest.raises(ExtentError, match="swapped corners: its x min 5 is above its x max 4"):
            window_for_bbox(utm, (5, 1, 4, 2), None)
        with pytest.raises(ExtentError, match="swapped corners: its y min 9 is above its y max 2"):
            window_for_bbox(utm, (3, 9, 4, 2), None)

    @pytest.mark.parametrize(
        "box", [(1, 1, 1, 2), (1, 2, 3, 2), (math.nan, 0, 1, 1), (0, 0, math.inf, 1), (0, 0, 1)], ids=str
    )
    def test_boxes_without_inside_are_refused(self, utm: Path, box: tuple[float, ...]) -> None:
        with pytest.raises(ExtentError, match=r"no area|four finite numbers"):
            window_for_bbox(utm, box, None)  # type: ignore[arg-type]

    def test_a_box_outside_says_where_the_raster_is(self, utm: Path) -> None:
        with pytest.raises(ExtentError, match=r"400000,4999970,400040,5000000 in its own coordinates"):
            window_for_bbox(utm, (0, 0, 1, 1), None)
        with pytest.raises(ExtentError, match=r"outside the raster, which covers 13\.7.*,45\.1.* in EPSG:4326"):
            window_for_bbox(utm, (0, 0, 1, 1), "EPSG:4326")

    def test_a_box_that_only_touches_the_raster_is_outside(self, utm: Path) -> None:
        with pytest.raises(ExtentError, match="outside"):
            window_for_bbox(utm, (399_000, 4_999_970, 400_000, 5_000_000), None)

    def test_an_unknown_crs_is_refused(self, utm: Path) -> None:
        with pytest.raises(ExtentError, match="CRS 'EPSG:0' is not known"):
            window_for_bbox(utm, (0, 0, 1, 1), "EPSG:0")

    def test_a_box_off_the_map_is_refused(self, utm: Path) -> None:
        with pytest.raises(ExtentError, match=r"no coordinates|outside"):
            window_for_bbox(utm, (0, 95, 10, 99), "EPSG:4326")

    def test_a_missing_raster_is_refused(self) -> None:
        with pytest.raises(RasterError, match="no raster"):
            window_for_bbox("gone.tif", (0, 0, 1, 1), None)


class TestWebTile:
    """--tile."""

    def test_a_tile_is_the_pixels_of_its_square(self, make_raster: MakeRaster) -> None:
        path = make_raster(PIXELS, crs="EPSG:4326", transform=DEGREES)
        col, row, width, height = window_for_tile(path, mercator_address(10.4, 49.7, 11))
        side = 360 / 2**11
        assert width * 0.01 == pytest.approx(side, abs=0.02)
        assert height * 0.01 == pytest.approx(side * math.cos(math.radians(49.7)), abs=0.02)
        assert 10 + 0.01 * col <= 10.4 <= 10 + 0.01 * (col + width)
        assert 50 - 0.01 * (row + height) <= 49.7 <= 50 - 0.01 * row

    def test_a_web_mercator_raster_gives_back_its_own_tile(self, make_raster: MakeRaster) -> None:
        """Tile 17/70000/45000 cut from a raster of 2 x 2 such tiles of 256 pixels."""
        half, zoom, x, y = math.pi * 6378137, 17, 70_000, 45_000
        side = 2 * half / 2**zoom
        corner = Affine(side / 256, 0, x * side - half, 0, -side / 256, half - y * side)
        path = make_raster(np.zeros((3, 512, 512), np.uint8), crs="EPSG:3857", transform=corner)
        assert window_for_tile(path, f"{zoom}/{x}/{y}") == (0, 0, 256, 256)
        assert window_for_tile(path, f"{zoom}/{x + 1}/{y + 1}") == (256, 256, 256, 256)
        assert window_for_tile(path, f"{zoom - 1}/{x // 2}/{y // 2}") == (0, 0, 512, 512)

    def test_the_whole_world_holds_a_raster_in_degrees(self, make_raster: MakeRaster) -> None:
        path = make_raster(PIXELS, crs="EPSG:4326", transform=DEGREES)
        assert window_for_tile(path, "0/0/0") == (0, 0, 80, 60)

    @pytest.mark.parametrize(
        "address", ["", "1/2", "1/2/3/4", "a/b/c", "-1/0/0", "1.5/0/0", "1/ 0/0", "1/0/0\n", "²/0/0"]
    )
    def test_malformed_addresses_are_refused(self, utm: Path, address: str) -> None:
        with pytest.raises(ExtentError, match="is not z/x/y"):
            window_for_tile(utm, address)

    def test_addresses_off_the_grid_are_refused(self, utm: Path) -> None:
        with pytest.raises(ExtentError, match="zoom 31; expected 0 to 30"):
            window_for_tile(utm, "31/0/0")
        with pytest.raises(ExtentError, match="from 0 to 3"):
            window_for_tile(utm, "2/4/0")

    def test_a_tile_elsewhere_is_named(self, utm: Path) -> None:
        with pytest.raises(ExtentError, match="The tile 10/0/0 lies outside the raster"):
            window_for_tile(utm, "10/0/0")


class TestPoint:
    """--point with --size-m."""

    def test_a_point_is_the_middle_of_a_square_in_metres(self, utm: Path) -> None:
        lon, lat = TO_LONLAT.transform(400_020, 4_999_985)
        col, row, width, height = window_for_point(utm, lon, lat, 10.0)
        assert col + width / 2 == pytest.approx(40, abs=1)
        assert row + height / 2 == pytest.approx(30, abs=1)
        assert (width, height) == (pytest.approx(21, abs=1), pytest.approx(21, abs=1))

    def test_the_square_is_cut_to_the_raster(self, utm: Path) -> None:
        lon, lat = TO_LONLAT.transform(400_020, 4_999_985)
        assert window_for_point(utm, lon, lat, 1000.0) == (0, 0, 80, 60)

    def test_a_square_far_north_is_as_wide_as_high(self, make_raster: MakeRaster) -> None:
        path = make_raster(
            np.zeros((3, 400, 400), np.uint8), crs="EPSG:4326", transform=Affine(1e-4, 0, 20, 0, -1e-4, 70)
        )
        _, _, width, height = window_for_point(path, 20.02, 69.98, 500.0)
        assert width / height == pytest.approx(1 / math.cos(math.radians(69.98)), rel=0.05)

    @pytest.mark.parametrize(
        ("lon", "lat", "size"), [(0, 91, 5), (math.nan, 0, 5), (0, 0, 0), (0, 0, -1), (0, 0, math.inf)]
    )
    def test_impossible_points_are_refused(self, utm: Path, lon: float, lat: float, size: float) -> None:
        with pytest.raises(ExtentError, match=r"not on earth|The size is"):
            window_for_point(utm, lon, lat, size)

    def test_swapped_longitude_and_latitude_show_in_the_message(self, utm: Path) -> None:
        with pytest.raises(ExtentError, match=r"longitude 45\.1, latitude 13\.7 lies outside"):
            window_for_point(utm, 45.1, 13.7, 100.0)


def test_a_raster_without_crs_has_no_place_on_earth(make_raster: MakeRaster) -> None:
    path = make_raster(PIXELS, crs=None, transform=Affine.identity())
    with pytest.raises(ExtentError, match="no CRS"):
        window_for_bbox(path, (0, 0, 1, 1), "EPSG:4326")
    with pytest.raises(ExtentError, match="no CRS"):
        window_for_tile(path, "1/0/0")
    with pytest.raises(ExtentError, match="no CRS"):
        window_for_point(path, 10.0, 50.0, 100.0)


def test_a_window_can_be_read(utm: Path) -> None:
    tile = read_tile(utm, window=window_for_bbox(utm, (400_010, 4_999_980, 400_020, 4_999_990), None))
    assert (tile.width, tile.height) == (20, 20)
    assert (tile.transform.c, tile.transform.f) == (400_010, 4_999_990)
