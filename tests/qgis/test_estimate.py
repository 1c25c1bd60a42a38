"""What a question will cost, in words and numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from osgeo import gdal
from qgis.core import QgsCoordinateReferenceSystem, QgsRasterLayer, QgsSettings

from geopix_qgis.areas import WHOLE_LAYER
from geopix_qgis.errors import TileError
from geopix_qgis.estimate import STORE, Rates, describe, estimate
from geopix_qgis.protocol import ModelFacts, PixelTile
from geopix_qgis.raster import select

NANO = ModelFacts("nano", "Nano", 10**7, 700 * 2**20, "MIT", "", True, 384, 64, (0.2, 1.2))
PLACE = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
AWAY = (0, 0, 1, 1)
UTM33 = "EPSG:32633"


@pytest.fixture
def whole(tmp_path, add_raster, look_at):
    """The selection of a whole, empty raster of some size and pixel side."""

    def make(width, height, side=0.5, crs=UTM33):
        path = tmp_path / "scene.vrt"
        dataset = gdal.GetDriverByName("VRT").Create(str(path), width, height, 3)
        dataset.SetGeoTransform((500_000, side, 0, 5_400_000, 0, -side))
        if crs:
            dataset.SetProjection(QgsCoordinateReferenceSystem(crs).toWkt())
        dataset.FlushCache()
        dataset = None
        return select(add_raster(path), WHOLE_LAYER, look_at(AWAY))

    return make


def test_windows_overlap(whole):
    assert estimate(whole(384, 384), NANO, Rates()).windows == 1
    assert estimate(whole(385, 384), NANO, Rates()).windows == 2
    assert estimate(whole(1024, 1024), NANO, Rates()).windows == 9


def test_pixels_finer_than_the_model_knows_become_fewer_windows(whole):
    assert estimate(whole(3840, 3840, side=0.02), NANO, Rates()).windows == 1
    assert estimate(whole(384, 384, side=10.0), NANO, Rates()).windows == 9  # enlarged twice


def test_without_a_crs_no_pixel_is_resampled(whole):
    assert estimate(whole(384, 384, side=10.0, crs=""), NANO, Rates()).windows == 1


def test_a_crs_that_only_the_layer_has_does_not_resample_what_the_model_process_reads(whole, look_at, qgis_new_project):
    selection = whole(384, 384, side=10.0, crs="")
    path = selection.tile.path
    layer = QgsRasterLayer(path, "mended")
    layer.setCrs(QgsCoordinateReferenceSystem(UTM33))
    mended = select(layer, WHOLE_LAYER, look_at(AWAY))
    assert mended.gsd_m == pytest.approx(10, rel=1e-3)
    assert estimate(mended, NANO, Rates()).windows == 1


def test_time_is_known_once_it_was_measured(whole):
    rates, selection = Rates(), whole(1024, 1024)
    assert estimate(selection, NANO, rates).seconds is None
    rates.note("nano", "cpu", 10, 5.0)
    assert estimate(selection, NANO, rates).seconds == pytest.approx(9 * 0.5)
    assert estimate(selection, NANO, rates, "cpu").seconds == pytest.approx(9 * 0.5)
    assert estimate(selection, NANO, rates, "cuda").seconds is None


def test_one_slow_answer_does_not_spoil_the_rate_and_new_ones_win_in_the_end():
    rates = Rates()
    for seconds in (1.0, 1.1, 60.0, 0.9):
        rates.note("nano", "cpu", 1, seconds)
    assert Rates().seconds_per_window("nano", "cpu") == pytest.approx(1.05)
    for _ in range(7):
        rates.note("nano", "cpu", 1, 3.0)
    assert rates.seconds_per_window("nano", "cpu") == 3.0


def test_each_device_and_model_has_its_rate_and_auto_is_the_last_device():
    rates = Rates()
    rates.note("nano", "cuda", 100, 1.0)
    rates.note("nano", "cpu", 10, 10.0)
    rates.note("nano large", "cpu", 1, 50.0)
    assert rates.seconds_per_window("nano", "cuda") == pytest.approx(0.01)
    assert rates.seconds_per_window("nano", "auto") == pytest.approx(1.0)
    rates.note("nano", "cuda", 100, 1.0)
    assert rates.seconds_per_window("nano", "auto") == pytest.approx(0.01)
    assert rates.seconds_per_window("other", "auto") is None


@pytest.mark.parametrize("stored", ["", "no json", "[1]", '{"nano on cpu": []}', '{"nano on cpu": ["x"]}'])
def test_a_damaged_store_is_no_rate(stored):
    QgsSettings().setValue(STORE, stored)
    assert Rates().seconds_per_window("nano", "cpu") is None
    Rates().note("nano", "cpu", 1, 2.0)
    assert Rates().seconds_per_window("nano", "cpu") == 2.0


@pytest.mark.parametrize(("windows", "seconds"), [(0, 1.0), (3, 0.0), (3, float("nan"))])
def test_an_answer_that_looked_at_nothing_is_not_noted(windows, seconds):
    Rates().note("nano", "cpu", windows, seconds)
    assert Rates().seconds_per_window("nano", "cpu") is None


def test_more_than_two_minutes_are_asked_about_first(whole):
    selection, rates = whole(1024, 1024), Rates()
    rates.note("nano", "cpu", 1, 13.0)
    assert estimate(selection, NANO, rates).over == ""
    for _ in range(7):
        rates.note("nano", "cpu", 1, 14.0)
    assert estimate(selection, NANO, rates).over == (
        "This takes about 2 min. Choose a smaller area, or send it anyway."
    )


def test_many_windows_are_asked_about_only_where_no_time_is_known(whole):
    selection, rates = whole(7000, 7000), Rates()
    assert "484 windows, which may take long" in estimate(selection, NANO, rates).over
    rates.note("nano", "cuda", 1000, 1.0)
    assert estimate(selection, NANO, rates).over == ""


def test_an_area_that_fills_the_memory_is_asked_about(whole):
    rates = Rates()
    rates.note("nano", "cuda", 10_000, 1.0)
    drawn = replace(whole(12_000, 12_000), tile=PixelTile(12_000, 12_000, PLACE))
    cost = estimate(drawn, NANO, rates)
    assert "GiB of memory" in cost.over and cost.memory_bytes > NANO.memory_bytes + 2 * 2**30


def test_a_file_of_any_size_may_be_asked_about_at_flat_memory(whole):
    costs = [estimate(whole(side, side), NANO, Rates()) for side in (12_000, 100_000)]
    assert costs[0].memory_bytes == costs[1].memory_bytes < NANO.memory_bytes + 2**30
    assert costs[1].windows == 313**2
    assert "97,969 windows, which may take long" in costs[1].over and costs[1].over.endswith("goes on where it was.")
    rates = Rates()
    rates.note("nano", "cpu", 1, 0.11)
    assert "about 3.0 h" in estimate(whole(100_000, 100_000), NANO, rates).over


def test_what_qgis_cannot_draw_in_one_go_is_refused_before(whole):
    drawn = replace(whole(20_000, 100), tile=PixelTile(20_000, 100, PLACE))
    with pytest.raises(TileError, match="20,000 x 100 pixels, at most 16,384"):
        estimate(drawn, NANO, Rates())


def test_the_line_says_size_resolution_windows_time_and_memory(whole):
    selection, rates = whole(4096, 2310, side=0.3), Rates()
    assert describe(selection) == "4,096 x 2,310 px, 0.30 m"
    assert describe(selection, estimate(selection, NANO, rates)).startswith("4,096 x 2,310 px, 0.30 m, 104 windows, 1")
    rates.note("nano", "cpu", 10, 1.73)
    line = describe(selection, estimate(selection, NANO, rates))
    assert line == "4,096 x 2,310 px, 0.30 m, 104 windows, ~18 s, 1.0 GiB"


def test_the_line_says_what_is_not_known(whole, write_raster, look_at):
    one = whole(100, 100, crs="")
    assert describe(one, estimate(one, NANO, Rates())).startswith("100 x 100 px, no CRS, 1 window, ")
    gdal.GetDriverByName("GTiff").CreateCopy("/vsimem/drawn.tif", gdal.Open(str(write_raster())))
    layer = QgsRasterLayer("/vsimem/drawn.tif", "memory")
    assert describe(select(layer, WHOLE_LAYER, look_at(AWAY))) == "120 x 80 px, 0.50 m, as drawn by QGIS"
    gdal.Unlink("/vsimem/drawn.tif")
