"""Rasters of every kind become tiles, or are refused with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import CRS
from rasterio.enums import ColorInterp
from rasterio.rpc import RPC

from geopix_backend.errors import ExtentError, RasterError
from geopix_backend.raster import Tile, read_tile

from .conftest import NORTH_UP, MakeRaster

RNG = np.random.default_rng(1)
NOISE = RNG.integers(1, 256, (3, 60, 80), dtype=np.uint8)
RGBA = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha)


def warned(tile: Tile, words: str) -> bool:
    return any(words in warning for warning in tile.warnings)


class TestPixels:
    """What the model sees."""

    def test_eight_bit_colours_are_untouched(self, make_raster: MakeRaster) -> None:
        tile = read_tile(make_raster(NOISE))
        assert np.array_equal(tile.pixels, NOISE)
        assert tile.valid.all()
        assert tile.transform == NORTH_UP
        assert tile.crs == CRS.from_epsg(32633)
        assert (tile.height, tile.width, tile.name, tile.warnings) == (60, 80, "scene.tif", ())

    def test_one_band_is_grey(self, make_raster: MakeRaster) -> None:
        tile = read_tile(make_raster(NOISE[0]))
        assert all(np.array_equal(channel, NOISE[0]) for channel in tile.pixels)

    def test_two_bands_are_grey_and_alpha(self, make_raster: MakeRaster) -> None:
        alpha = np.where(np.arange(80) < 40, 0, 255).astype(np.uint8) * np.ones((60, 1), np.uint8)
        path = make_raster(np.stack([NOISE[0], alpha]), interpretation=(ColorInterp.gray, ColorInterp.alpha))
        tile = read_tile(path)
        assert np.array_equal(tile.valid, alpha > 0)
        assert np.array_equal(tile.pixels[2][alpha > 0], NOISE[0][alpha > 0])

    def test_four_bands_with_colours_out_of_order_show_the_right_ones(self, make_raster: MakeRaster) -> None:
        order = (ColorInterp.blue, ColorInterp.green, ColorInterp.red, ColorInterp.undefined)
        path = make_raster(np.concatenate([NOISE, NOISE[:1]]), interpretation=order, photometric="MINISBLACK")
        tile = read_tile(path)
        assert np.array_equal(tile.pixels, NOISE[::-1])
        assert tile.warnings == ()

    def test_two_hundred_bands_show_the_first_three_and_say_so(self, make_raster: MakeRaster) -> None:
        many = RNG.integers(0, 256, (200, 6, 7), dtype=np.uint8)
        tile = read_tile(make_raster(many))
        assert np.array_equal(tile.pixels, many[:3])
        assert warned(tile, "1, 2, 3 of 200")

    def test_asked_bands_are_shown_in_that_order(self, make_raster: MakeRaster) -> None:
        many = RNG.integers(0, 256, (5, 6, 7), dtype=np.uint8)
        tile = read_tile(make_raster(many), bands=(5, 1, 3))
        assert np.array_equal(tile.pixels, many[[4, 0, 2]])
        assert tile.warnings == ()

    @pytest.mark.parametrize("bands", [(0, 1, 2), (1, 2, 4), (1, 2)])
    def test_bands_that_are_not_there_are_refused(self, make_raster: MakeRaster, bands: tuple[int, ...]) -> None:
        with pytest.raises(RasterError, match="numbers from 1 to 3"):
            read_tile(make_raster(NOISE), bands=bands)  # type: ignore[arg-type]

    def test_a_palette_becomes_its_colours(self, make_raster: MakeRaster) -> None:
        index = RNG.integers(0, 3, (60, 80), dtype=np.uint8)
        colours = {0: (10, 20, 30, 255), 1: (200, 100, 50, 255), 2: (1, 2, 3, 255)}
        tile = read_tile(make_raster(index, colours=colours))
        table = np.array([colours[n][:3] for n in range(3)], np.uint8)
        assert np.array_equal(tile.pixels, table[index].transpose(2, 0, 1))
        assert tile.valid.all()

    @pytest.mark.parametrize("dtype", ["uint16", "int16", "uint32", "float32", "float64", "int8"])
    def test_other_number_types_are_stretched_to_the_2nd_and_98th_percentile(
        self, make_raster: MakeRaster, dtype: str
    ) -> None:
        ramp = np.linspace(0, 100, 4800).reshape(60, 80).astype(dtype)
        tile = read_tile(make_raster(ramp))
        assert tile.pixels[0, 0, 0] == 0
        assert tile.pixels[0, -1, -1] == 255
        assert abs(int(tile.pixels[0, 30, 0]) - 128) <= 4
        assert np.mean(tile.pixels[0] == 0) == pytest.approx(0.02, abs=0.02)

    def test_a_given_stretch_wins(self, make_raster: MakeRaster) -> None:
        ramp = np.tile(np.arange(80, dtype=np.uint16) * 100, (60, 1))
        tile = read_tile(make_raster(ramp), bands=(1, 1, 1), stretch=((0, 7900), (0, 15800), (7900, 7901)))
        assert tile.pixels[:, 0, 79].tolist() == [255, 128, 0]

    @pytest.mark.parametrize("stretch", [((0, 1), (0, 1)), ((1, 0),) * 3, ((0, float("nan")),) * 3, (1, 2, 3), "abc"])
    def test_an_impossible_stretch_is_refused(self, make_raster: MakeRaster, stretch: object) -> None:
        with pytest.raises(RasterError, match="stretch"):
            read_tile(make_raster(NOISE), stretch=stretch)  # type: ignore[arg-type]

    def test_a_flat_float_raster_is_even_grey(self, make_raster: MakeRaster) -> None:
        tile = read_tile(make_raster(np.full((5, 5), 7.5, np.float32)))
        assert len(np.unique(tile.pixels)) == 1

    def test_complex_numbers_are_refused(self, make_raster: MakeRaster) -> None:
        with pytest.raises(RasterError, match="complex"):
            read_tile(make_raster(np.ones((5, 5), np.complex64)))

    def test_an_alpha_band_alone_is_refused(self, make_raster: MakeRaster) -> None:
        path = make_raster(NOISE[0], interpretation=(ColorInterp.alpha,))
        with pytest.raises(RasterError, match="only an alpha band"):
            read_tile(path)


class TestValid:
    """Where there is no data, nothing may be found."""

    def test_nodata_in_all_bands_is_not_valid(self, make_raster: MakeRaster) -> None:
        pixels = NOISE.copy()
        pixels[:, :20] = 0
        pixels[0, 30:] = 0  # dark red alone is a colour, not nodata
        tile = read_tile(make_raster(pixels, nodata=0))
        assert not tile.valid[:20].any()
        assert tile.valid[20:].all()

    def test_nan_is_not_valid_and_does_not_spoil_the_stretch(self, make_raster: MakeRaster) -> None:
        ramp = np.linspace(0, 1, 4800, dtype=np.float32).reshape(60, 80)
        ramp[:10] = np.nan
        ramp[10, 0] = np.inf
        tile = read_tile(make_raster(ramp))
        assert not tile.valid[:10].any()
        assert not tile.valid[10, 0]
        assert tile.valid[11:].all()
        assert tile.pixels[0, -1, -1] == 255

    def test_a_mask_inside_the_file_counts(self, make_raster: MakeRaster) -> None:
        mask = np.zeros((60, 80), bool)
        mask[10:50, 10:70] = True
        assert np.array_equal(read_tile(make_raster(NOISE, mask=mask)).valid, mask)

    def test_an_alpha_band_counts(self, make_raster: MakeRaster) -> None:
        alpha = np.zeros((1, 60, 80), np.uint8)
        alpha[0, :, 40:] = 7
        path = make_raster(np.concatenate([NOISE, alpha]), interpretation=RGBA, photometric="RGB")
        assert np.array_equal(read_tile(path).valid, alpha[0] > 0)

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_a_mask_that_bands_share_is_read_once(
        self, make_raster: MakeRaster, dtype: type, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mask, looks = np.zeros((60, 80), bool), []
        mask[10:50, 10:70] = True
        path, kind = make_raster(NOISE.astype(dtype), mask=mask), rasterio.io.DatasetReader
        read = kind.read_masks
        monkeypatch.setattr(kind, "read_masks", lambda *args, **how: looks.append(1) or read(*args, **how))
        tile = read_tile(path, stretch=[(0, 255)] * 3, window=(5, 5, 60, 50))
        assert np.array_equal(tile.valid, mask[5:55, 5:65]) and len(looks) == 1

    @pytest.mark.parametrize(
        ("pixels", "nodata"),
        [(np.zeros((3, 8, 8), np.uint8), 0), (np.full((8, 8), np.nan, np.float32), None)],
        ids=["nodata", "nan"],
    )
    def test_nodata_everywhere_is_a_warning(
        self, make_raster: MakeRaster, pixels: np.ndarray, nodata: float | None
    ) -> None:
        tile = read_tile(make_raster(pixels, nodata=nodata))
        assert not tile.valid.any()
        assert warned(tile, "no valid pixel")


class TestResolution:
    """Pixels are brought into the model's range of ground resolutions, and the transform follows them."""

    def test_pixels_in_the_range_are_native(self, make_raster: MakeRaster) -> None:
        tile = read_tile(make_raster(NOISE), gsd_range_m=(0.3, 0.6))
        assert np.array_equal(tile.pixels, NOISE)
        assert tile.gsd_m == pytest.approx(0.5, rel=1e-3)

    def test_finer_pixels_are_averaged_to_the_finest(self, make_raster: MakeRaster) -> None:
        checkers = (np.indices((60, 80)).sum(axis=0) % 2 * 200).astype(np.uint8)
        tile = read_tile(make_raster(checkers), gsd_range_m=(1.0, 2.0))
        assert tile.pixels.shape == (3, 30, 40)
        assert np.all(tile.pixels == 100)
        assert tile.gsd_m == pytest.approx(1.0, rel=1e-3)
        assert tile.transform == NORTH_UP * Affine.scale(2)

    def test_pixels_too_coarse_for_the_range_are_enlarged_twice_and_it_is_said(self, make_raster: MakeRaster) -> None:
        tile = read_tile(make_raster(NOISE), gsd_range_m=(0.05, 0.1))
        assert tile.pixels.shape == (3, 120, 160)
        assert tile.transform == NORTH_UP * Affine.scale(0.5)
        assert warned(tile, "too small to be found")

    @pytest.mark.parametrize("coarsest", [0.3, 0.13])
    def test_enlarging_into_the_range_says_nothing(self, make_raster: MakeRaster, coarsest: float) -> None:
        tile = read_tile(make_raster(NOISE), gsd_range_m=(0.1, coarsest))
        assert tile.gsd_m == pytest.approx(coarsest, rel=0.01)
        assert tile.warnings == ()

    def test_odd_sizes_keep_the_outline_of_the_raster(self, make_raster: MakeRaster) -> None:
        path = make_raster(RNG.integers(0, 255, (3, 61, 83), dtype=np.uint8))
        tile = read_tile(path, gsd_range_m=(0.7, 2.0))
        a, e = tile.transform.a, tile.transform.e
        assert a * tile.width == pytest.approx(0.5 * 83)
        assert e * tile.height == pytest.approx(-0.5 * 61)

    def test_pixels_that_are_not_square_are_resampled_each_way(self, make_raster: MakeRaster) -> None:
        path = make_raster(NOISE, transform=Affine(0.25, 0, 4e5, 0, -1.0, 5e6))
        tile = read_tile(path, gsd_range_m=(0.5, 2.0))
        assert (tile.width, tile.height) == (40, 60)

    @pytest.mark.parametrize(
        ("crs", "transform", "metres"),
        [
            ("EPSG:4326", Affine(1e-5, 0, 10.0, 0, -1e-5, 60.0), np.sqrt(0.5580 * 1.1141)),
            ("EPSG:2263", Affine(2, 0, 980_000, 0, -2, 200_000), 2 * 1200 / 3937),
            ("EPSG:3857", Affine(1, 0, 0, 0, -1, 8_399_738), 0.5009),
        ],
        ids=["degrees", "feet", "web mercator at 60 north"],
    )
    def test_ground_resolution_is_in_true_metres(
        self, make_raster: MakeRaster, crs: str, transform: Affine, metres: float
    ) -> None:
        """Degrees: lengths of 1e-5 degrees at 60 north on WGS 84 are 0.558 m and 1.114 m (standard tables)."""
        tile = read_tile(make_raster(NOISE, crs=crs, transform=transform))
        assert tile.gsd_m == pytest.approx(metres, rel=2e-3)

    def test_nodata_stays_out_after_resampling(self, make_raster: MakeRaster) -> None:
        pixels = NOISE.copy()
        pixels[:, :, :40] = 0
        tile = read_tile(make_raster(pixels, nodata=0), gsd_range_m=(1.0, 2.0))
        assert not tile.valid[:, :20].any()
        assert tile.valid[:, 20:].all()

    def test_palettes_do_not_blend(self, make_raster: MakeRaster) -> None:
        index = RNG.integers(0, 2, (60, 80), dtype=np.uint8) * 2
        colours = {0: (0, 0, 0, 255), 1: (255, 0, 0, 255), 2: (255, 255, 255, 255)}
        tile = read_tile(make_raster(index, colours=colours), gsd_range_m=(1.0, 2.0))
        assert set(np.unique(tile.pixels)) == {0, 255}
        assert np.array_equal(tile.pixels[0], tile.pixels[1])

    def test_a_tile_over_the_limit_says_how_to_choose_a_smaller_area(self, make_raster: MakeRaster) -> None:
        with pytest.raises(ExtentError, match=r"160 x 120 .*--bbox"):
            read_tile(make_raster(NOISE), gsd_range_m=(0.01, 0.1), max_px=100)


class TestWindow:
    """Parts of a raster."""

    def test_a_window_is_those_pixels_with_their_corner(self, make_raster: MakeRaster) -> None:
        tile = read_tile(make_raster(NOISE), window=(10, 20, 30, 15))
        assert np.array_equal(tile.pixels, NOISE[:, 20:35, 10:40])
        assert tile.transform == NORTH_UP * Affine.translation(10, 20)

    def test_a_window_is_cut_to_the_raster(self, make_raster: MakeRaster) -> None:
        tile = read_tile(make_raster(NOISE), window=(-5, 50, 20, 100))
        assert np.array_equal(tile.pixels, NOISE[:, 50:, :15])

    @pytest.mark.parametrize("window", [(80, 0, 5, 5), (0, -9, 5, 9), (0, 0, 0, 5), (0, 0, 5), (0.5, 0, 5, 5), "abcd"])
    def test_windows_without_pixels_are_refused(self, make_raster: MakeRaster, window: object) -> None:
        with pytest.raises(ExtentError, match="window"):
            read_tile(make_raster(NOISE), window=window)  # type: ignore[arg-type]

    def test_windows_of_one_raster_share_a_stretch(self, make_raster: MakeRaster) -> None:
        path = make_raster(np.tile(np.arange(80, dtype=np.uint16) * 10, (60, 1)))
        whole, part = read_tile(path), read_tile(path, window=(0, 0, 20, 60))
        assert np.array_equal(part.pixels, whole.pixels[:, :, :20])


class TestPlace:
    """Rasters without an ordinary georeference."""

    def test_without_georeference_pixels_show_upright_as_in_qgis(self, make_raster: MakeRaster) -> None:
        path = make_raster(NOISE, crs=None, transform=Affine.identity())
        tile = read_tile(path, window=(10, 20, 5, 5), gsd_range_m=(1.0, 2.0))
        assert tile.crs is None
        assert tile.gsd_m is None
        assert tile.transform == Affine(1, 0, 10, 0, -1, -20)
        assert np.array_equal(tile.pixels, NOISE[:, 20:25, 10:15])
        assert warned(tile, "no georeference")
        assert warned(tile, "resolution is unknown")

    def test_a_transform_without_crs_is_kept(self, make_raster: MakeRaster) -> None:
        tile = read_tile(make_raster(NOISE, crs=None))
        assert tile.transform == NORTH_UP
        assert tile.crs is None
        assert warned(tile, "no CRS")

    def test_a_local_crs_counts_as_none(self, make_raster: MakeRaster) -> None:
        path = make_raster(NOISE, crs='LOCAL_CS["site grid",UNIT["metre",1]]')
        tile = read_tile(path)
        assert tile.crs is None
        assert tile.transform == NORTH_UP

    def test_the_height_part_of_a_crs_is_left_out(self, make_raster: MakeRaster) -> None:
        tile = read_tile(make_raster(NOISE, crs="EPSG:32633+5773"))
        assert tile.crs is not None
        assert tile.crs.to_epsg() == 32633

    def test_rational_polynomials_alone_are_no_georeference(self, make_raster: MakeRaster) -> None:
        ones = [1.0] + [0.0] * 19
        rpcs = RPC(100.0, 50.0, 50.0, 1.0, ones, ones, 100.0, 30.0, 10.0, 1.0, ones, ones, 40.0, 30.0, None, None)
        path = make_raster(NOISE, crs=None, transform=Affine.identity(), rpcs=rpcs)
        tile = read_tile(path)
        assert tile.crs is None
        assert warned(tile, "rational polynomial")

    def test_ground_control_points_that_do_not_fit_are_warned_of(
        self, gcp_raster: Callable[[Affine, float], Path]
    ) -> None:
        exact, bent = read_tile(gcp_raster(NORTH_UP, 0.0)), read_tile(gcp_raster(NORTH_UP, 2.0))
        assert len(exact.warnings) == 1
        assert warned(bent, "off by up to 3.2 pixels")

    def test_ground_control_points_on_a_line_are_refused(self, make_raster: MakeRaster) -> None:
        points = [rasterio.control.GroundControlPoint(row=i, col=i, x=4e5 + i, y=5e6 - i) for i in range(4)]
        with pytest.raises(RasterError, match="on one line"):
            read_tile(make_raster(NOISE, gcps=points))

    def test_a_transform_without_area_is_refused(self, make_raster: MakeRaster) -> None:
        with pytest.raises(RasterError, match="no area"):
            read_tile(make_raster(NOISE, transform=Affine(1, 1, 0, 1, 1, 0)))

    def test_a_crs_beside_the_file_is_read(self, make_raster: MakeRaster) -> None:
        """QGIS and GDAL keep the CRS of a PNG in scene.png.aux.xml."""
        path = make_raster(NOISE, driver="PNG", suffix=".png")
        assert path.with_name("scene.png.aux.xml").exists()
        assert read_tile(path).transform == NORTH_UP
