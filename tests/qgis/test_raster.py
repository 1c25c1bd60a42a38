"""Which pixels a question is about: exact windows on real GeoTIFFs."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import (
    QgsContrastEnhancement,
    QgsCoordinateReferenceSystem,
    QgsRasterLayer,
    QgsSingleBandPseudoColorRenderer,
)

from geopix_qgis.areas import VIEW, WHOLE_LAYER
from geopix_qgis.errors import TileError
from geopix_qgis.protocol import PathTile, PixelTile
from geopix_qgis.raster import select
from geopix_qgis.raster_grid import grid_of, pixel_window
from geopix_qgis.rendering import Rendering

COS, SIN = math.cos(math.radians(30)), math.sin(math.radians(30))
TRANSFORMS = {
    "north-up": (500_000.0, 0.5, 0.0, 5_400_000.0, 0.0, -0.5),
    "south-up": (500_000.0, 0.5, 0.0, 5_400_000.0, 0.0, 0.5),
    "rotated": (500_000.0, 0.5 * COS, 0.5 * SIN, 5_400_000.0, 0.5 * SIN, -0.5 * COS),
    "not square": (500_000.0, 0.25, 0.0, 5_400_000.0, 0.0, -1.5),
}


def place(transform, col, row):
    return tuple(gdal.ApplyGeoTransform(transform, col, row))


def four_corners(box):
    left, top, right, bottom = box
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


@pytest.mark.parametrize("kind", TRANSFORMS)
def test_the_window_of_a_box_drawn_on_pixel_corners_is_exactly_that_box(write_raster, kind):
    transform = TRANSFORMS[kind]
    grid = grid_of(gdal.Open(str(write_raster(transform=transform))))
    polygon = [place(transform, *corner) for corner in four_corners((13, 7, 64, 41))]
    assert pixel_window(grid, polygon) == (13, 7, 51, 34)


@pytest.mark.parametrize("kind", TRANSFORMS)
def test_a_box_that_cuts_pixels_takes_them_whole(write_raster, kind):
    transform = TRANSFORMS[kind]
    grid = grid_of(gdal.Open(str(write_raster(transform=transform))))
    polygon = [place(transform, *corner) for corner in four_corners((13.4, 7.6, 63.2, 40.1))]
    assert pixel_window(grid, polygon) == (13, 7, 51, 34)


@pytest.mark.parametrize("kind", TRANSFORMS)
def test_a_view_larger_than_the_raster_is_clipped_to_it(write_raster, kind):
    transform = TRANSFORMS[kind]
    grid = grid_of(gdal.Open(str(write_raster(transform=transform))))
    polygon = [place(transform, *corner) for corner in four_corners((-500, -500, 900, 900))]
    assert pixel_window(grid, polygon) == (0, 0, 120, 80)


def test_ground_control_points_lead_to_the_pixels_that_they_name(write_raster):
    transform = TRANSFORMS["rotated"]
    corners = list(product((0, 60, 120), (0, 40, 80)))
    gcps = [gdal.GCP(*place(transform, col, row), 0, col, row) for col, row in corners]
    grid = grid_of(gdal.Open(str(write_raster(gcps=gcps))))
    polygon = [place(transform, *corner) for corner in four_corners((13, 7, 64, 41))]
    # GDAL's polynomial through the points is good to some 1e-6 px here, so nothing is asked of the exact edge.
    inside = [place(transform, *corner) for corner in four_corners((13.01, 7.01, 63.99, 40.99))]
    assert pixel_window(grid, inside) == (13, 7, 51, 34)
    for corner, expected in zip(polygon, four_corners((13, 7, 64, 41)), strict=True):
        assert grid.to_pixel(corner) == pytest.approx(expected, abs=0.01)
        assert grid.to_map(expected) == pytest.approx(corner, abs=0.005)


def test_an_image_without_georeference_is_read_where_qgis_draws_it(write_raster, add_raster, look_at):
    layer = add_raster(write_raster(transform=None, crs=""))
    assert layer.extent().yMinimum() == -80
    selection = select(layer, VIEW, look_at((20, -60, 60, -30), crs=""))
    _, row, _, height = selection.tile.window
    assert (row, height) == (30, 30)
    assert selection.gsd_m is None and not selection.crs.isValid()


def test_the_view_of_the_canvas_becomes_a_window(write_raster, add_raster, look_at):
    layer = add_raster(write_raster())
    view = look_at((500_010, 5_399_970, 500_030, 5_399_985))
    selection = select(layer, VIEW, view)
    shown = view.visibleExtent()
    col, row, width, height = selection.tile.window
    assert isinstance(selection.tile, PathTile) and selection.rendering is None
    assert (col, row) == (math.floor((shown.xMinimum() - 500_000) * 2), math.floor((5_400_000 - shown.yMaximum()) * 2))
    assert col + width == math.ceil((shown.xMaximum() - 500_000) * 2)
    assert row + height == math.ceil((5_400_000 - shown.yMinimum()) * 2)
    assert selection.gsd_m == pytest.approx(0.5, rel=1e-3)


def test_a_view_in_another_crs_covers_the_same_pixels(write_raster, add_raster, look_at):
    layer = add_raster(write_raster())
    near = select(layer, VIEW, look_at((500_010, 5_399_970, 500_030, 5_399_985)))
    shown = look_at((500_010, 5_399_970, 500_030, 5_399_985)).visibleExtent()
    from qgis.core import QgsCoordinateTransform, QgsProject

    degrees = QgsCoordinateReferenceSystem("EPSG:4326")
    there = QgsCoordinateTransform(layer.crs(), degrees, QgsProject.instance()).transformBoundingBox(shown)
    box = (there.xMinimum(), there.yMinimum(), there.xMaximum(), there.yMaximum())
    far = select(layer, VIEW, look_at(box, crs="EPSG:4326"))
    # Degrees are longer in y than in x here, so the canvas of fixed shape shows more to the sides; nothing is lost.
    assert far.tile.window[0] <= near.tile.window[0] + 1 and far.tile.window[1] <= near.tile.window[1] + 1
    assert far.tile.window[0] + far.tile.window[2] >= near.tile.window[0] + near.tile.window[2] - 1
    assert far.tile.window[1] + far.tile.window[3] >= near.tile.window[1] + near.tile.window[3] - 1


def test_a_turned_canvas_asks_about_what_it_shows_and_not_about_its_bounding_box(write_raster, add_raster, look_at):
    layer = add_raster(write_raster(width=4000, height=4000))
    straight = select(layer, VIEW, look_at((500_900, 5_398_900, 501_100, 5_399_050)))
    turned = select(layer, VIEW, look_at((500_900, 5_398_900, 501_100, 5_399_050), rotation=90))
    assert turned.tile.window[2] == pytest.approx(straight.tile.window[3], abs=2)
    assert turned.tile.window[3] == pytest.approx(straight.tile.window[2], abs=2)


def test_the_whole_layer_is_the_whole_file(write_raster, add_raster, look_at):
    selection = select(add_raster(write_raster()), WHOLE_LAYER, look_at((0, 0, 1, 1)))
    assert selection.tile.window == (0, 0, 120, 80)
    assert selection.size == (120, 80)


def test_a_view_beside_the_raster_is_refused_with_a_way_out(write_raster, add_raster, look_at):
    with pytest.raises(TileError, match="Zoom to the layer, or choose Whole layer"):
        select(add_raster(write_raster()), VIEW, look_at((0, 0, 1, 1)))


def test_no_layer_and_a_broken_layer_are_refused(look_at, tmp_path):
    view = look_at((0, 0, 1, 1))
    with pytest.raises(TileError, match="Add a raster layer"):
        select(None, VIEW, view)
    with pytest.raises(TileError, match="gone is broken"):
        select(QgsRasterLayer(str(tmp_path / "gone.tif"), "gone"), VIEW, view)


def test_a_file_of_any_size_is_named_as_a_whole(tmp_path, add_raster, look_at):
    path = tmp_path / "huge.vrt"
    gdal.GetDriverByName("VRT").Create(str(path), 300_000, 200_000, 3).FlushCache()
    selection = select(add_raster(path), WHOLE_LAYER, look_at((0, 0, 1, 1)))
    assert selection.tile.path == str(path) and selection.tile.window == (0, 0, 300_000, 200_000)


def test_bands_and_stretch_are_those_that_the_analyst_sees(write_raster, add_raster, look_at):
    layer = add_raster(write_raster(bands=4, dtype=gdal.GDT_UInt16))
    renderer = layer.renderer()
    renderer.setRedBand(4)
    renderer.setGreenBand(3)
    renderer.setBlueBand(2)
    for number, setter in enumerate(("setRed", "setGreen", "setBlue")):
        contrast = QgsContrastEnhancement(layer.dataProvider().dataType(1))
        contrast.setMinimumValue(100 + number)
        contrast.setMaximumValue(7000 + number)
        algorithm = QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchToMinimumMaximum
        contrast.setContrastEnhancementAlgorithm(algorithm)
        getattr(renderer, f"{setter}ContrastEnhancement")(contrast)
    tile = select(layer, WHOLE_LAYER, look_at((0, 0, 1, 1))).tile
    assert tile.bands == (4, 3, 2)
    assert tile.stretch == ((100, 7000), (101, 7001), (102, 7002))


def test_eight_bits_shown_as_they_are_are_not_stretched(write_raster, add_raster, look_at):
    tile = select(add_raster(write_raster()), WHOLE_LAYER, look_at((0, 0, 1, 1))).tile
    assert tile.bands == (1, 2, 3) and tile.stretch is None


def test_one_grey_band_is_all_three_colours(write_raster, add_raster, look_at):
    tile = select(add_raster(write_raster(bands=1)), WHOLE_LAYER, look_at((0, 0, 1, 1))).tile
    assert tile.bands == (1, 1, 1)


def test_colour_ramps_leave_the_bands_to_the_model_process(write_raster, add_raster, look_at):
    layer = add_raster(write_raster(bands=1))
    layer.setRenderer(QgsSingleBandPseudoColorRenderer(layer.dataProvider(), 1))
    tile = select(layer, WHOLE_LAYER, look_at((0, 0, 1, 1))).tile
    assert tile.bands is None and tile.stretch is None


def test_reading_leaves_no_file_beside_the_raster(write_raster, add_raster, look_at):
    path = write_raster()
    select(add_raster(path), WHOLE_LAYER, look_at((0, 0, 1, 1)))
    assert [p.name for p in path.parent.iterdir()] == ["scene.tif"]


@pytest.fixture
def memory_layer(write_raster, qgis_new_project):
    """A raster that only this process can read."""
    gdal.GetDriverByName("GTiff").CreateCopy("/vsimem/scene.tif", gdal.Open(str(write_raster())))
    yield QgsRasterLayer("/vsimem/scene.tif", "memory")
    gdal.Unlink("/vsimem/scene.tif")


@pytest.mark.parametrize("in_gpkg", [False, True])
def test_a_raster_whose_file_has_gone_is_refused(write_raster, add_raster, look_at, tmp_path, in_gpkg):
    path = write_raster()
    if in_gpkg:
        path = tmp_path / "rasters.gpkg"
        gdal.Translate(str(path), str(tmp_path / "scene.tif"), format="GPKG", creationOptions=["RASTER_TABLE=ortho"])
    layer = QgsRasterLayer(f"GPKG:{path}:ortho" if in_gpkg else str(path), "scene")
    assert layer.isValid() and select(layer, WHOLE_LAYER, look_at((500_000, 5_399_970, 500_050, 5_400_000)))
    path.unlink()
    with pytest.raises(TileError, match=r"The file of the layer scene is gone: .*Put it back"):
        select(layer, WHOLE_LAYER, look_at((500_000, 5_399_970, 500_050, 5_400_000)))


def test_a_raster_of_this_process_is_rendered_pixel_for_pixel(memory_layer, look_at, qtbot):
    selection = select(memory_layer, WHOLE_LAYER, look_at((0, 0, 1, 1)))
    assert isinstance(selection.tile, PixelTile)
    assert (selection.tile.width, selection.tile.height, selection.tile.crs) == (120, 80, "EPSG:32633")
    assert selection.tile.transform == pytest.approx((0.5, 0, 500_000, 0, -0.5, 5_400_000))
    rendering = Rendering(selection.rendering)
    with qtbot.waitSignal(rendering.done, timeout=5000) as done:
        rendering.start()
    pixels = np.frombuffer(done.args[0], np.uint8).reshape(80, 120, 4)
    truth = gdal.Open("/vsimem/scene.tif").ReadAsArray().transpose(1, 2, 0)
    assert np.array_equal(pixels[..., :3], truth)
    assert (pixels[..., 3] == 255).all()


def test_what_lies_beside_a_rendered_raster_is_no_data(memory_layer, look_at, qtbot):
    selection = select(memory_layer, VIEW, look_at((500_030, 5_399_950, 500_050, 5_399_965)))
    assert 0 < selection.tile.width < 120
    rendering = Rendering(selection.rendering)
    with qtbot.waitSignal(rendering.done, timeout=5000) as done:
        rendering.start()
    assert len(done.args[0]) == selection.tile.width * selection.tile.height * 4


def test_a_web_map_is_rendered_at_the_resolution_of_the_view_and_never_as_a_whole(look_at, qgis_new_project):
    layer = QgsRasterLayer("type=xyz&url=http://127.0.0.1:9/%7Bz%7D/%7Bx%7D/%7By%7D.png&zmax=19&zmin=0", "web", "wms")
    assert layer.isValid()
    selection = select(layer, VIEW, look_at((0, 0, 400, 300), crs="EPSG:3857"))
    assert isinstance(selection.tile, PixelTile)
    assert (selection.tile.width, selection.tile.height) == pytest.approx((400, 300), abs=2)
    assert selection.gsd_m == pytest.approx(1.0, rel=0.02)
    with pytest.raises(TileError, match="has no pixels of its own"):
        select(layer, WHOLE_LAYER, look_at((0, 0, 400, 300), crs="EPSG:3857"))
