"""Areas on rasters: exact outlines, windows with context, and what is refused."""

from __future__ import annotations

import math
from itertools import product

import pytest
from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
)

from geopix_qgis.areas import VIEW, WHOLE_LAYER, Area, AreaKind, box, tile_address
from geopix_qgis.errors import TileError
from geopix_qgis.raster import open_dataset, select
from geopix_qgis.raster_grid import grid_of

COS, SIN = math.cos(math.radians(30)), math.sin(math.radians(30))
ORIGIN = (500_000.0, 5_400_000.0)
NORTH_UP = (500_000.0, 0.5, 0.0, 5_400_000.0, 0.0, -0.5)
ROTATED = (500_000.0, 0.5 * COS, 0.5 * SIN, 5_400_000.0, 0.5 * SIN, -0.5 * COS)
DEGREES = (15.2, 5e-6, 0.0, 48.7, 0.0, -5e-6)
UTM33 = "EPSG:32633"
WGS84 = "EPSG:4326"
AWAY = (0, 0, 1, 1)


def crs_of(code):
    return QgsCoordinateReferenceSystem(code)


def move(points, source, target):
    transform = QgsCoordinateTransform(crs_of(source), crs_of(target), QgsProject.instance())
    return [transform.transform(QgsPointXY(*point)) for point in points]


def polygon_area(points, code, kind=AreaKind.SELECTION):
    ring = [QgsPointXY(*point) for point in points]
    return Area(kind, QgsGeometry.fromPolygonXY([[*ring, ring[0]]]), crs_of(code), "test")


def pixels_of(selection, path):
    """The corners of the outline in pixels of the raster."""
    grid = grid_of(open_dataset(str(path)))
    return [grid.to_pixel(point) for rings in selection.outline for ring in rings for point in ring]


def gcps(transform):
    corners = product((0, 300, 600), (0, 200, 400))
    return [gdal.GCP(*gdal.ApplyGeoTransform(transform, col, row), 0, col, row) for col, row in corners]


@pytest.fixture(params=["north-up", "rotated", "gcp", "degrees"])
def raster(request, write_raster, add_raster):
    """A raster of 600 x 400 pixels: (layer, path, pixel to map, CRS)."""
    size = {"width": 600, "height": 400}
    transform, code, path = {
        "north-up": lambda: (NORTH_UP, UTM33, write_raster(**size, transform=NORTH_UP)),
        "rotated": lambda: (ROTATED, UTM33, write_raster(**size, transform=ROTATED)),
        "gcp": lambda: (ROTATED, UTM33, write_raster(**size, gcps=gcps(ROTATED))),
        "degrees": lambda: (DEGREES, WGS84, write_raster(**size, transform=DEGREES, crs=WGS84)),
    }[request.param]()
    return add_raster(path), path, lambda p: gdal.ApplyGeoTransform(transform, *p), code


TRIANGLE = [(100.25, 80.5), (320.75, 90.125), (200.0, 240.875)]


def test_the_corners_of_a_polygon_come_back_within_a_hundredth_of_a_pixel(raster, look_at):
    layer, path, to_map, code = raster
    selection = select(layer, polygon_area([to_map(p) for p in TRIANGLE], code), look_at(AWAY))
    found = pixels_of(selection, path)
    for corner in TRIANGLE:
        assert min(math.dist(corner, point) for point in found) < 0.01


def test_a_polygon_of_another_crs_keeps_its_corners_and_its_bent_edges(raster, look_at):
    layer, path, to_map, code = raster
    other = "EPSG:3035"
    corners = [(p.x(), p.y()) for p in move([to_map(p) for p in TRIANGLE], code, other)]
    selection = select(layer, polygon_area(corners, other), look_at(AWAY))
    found = QgsGeometry.fromPolygonXY([[QgsPointXY(*point) for point in pixels_of(selection, path)]])
    to_pixel = grid_of(open_dataset(str(path))).to_pixel
    for start, end in zip(corners, corners[1:] + corners[:1], strict=True):
        for part in (0, 0.25, 0.5, 0.75):
            on_edge = [(start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part)]
            (moved,) = move(on_edge, other, code)
            pixel = QgsGeometry.fromPointXY(QgsPointXY(*to_pixel((moved.x(), moved.y()))))
            assert QgsGeometry(found.constGet().boundary()).distance(pixel) < 0.01


def test_an_edge_of_many_kilometres_follows_its_curve(write_raster, add_raster, look_at):
    path = write_raster(width=2000, height=2000, transform=(300_000.0, 100.0, 0, 5_500_000.0, 0, -100.0))
    corners = [(12.6, 48.3), (14.6, 48.3), (14.6, 49.4), (12.6, 49.4)]
    selection = select(add_raster(path), polygon_area(corners, WGS84), look_at(AWAY))
    ring = QgsGeometry.fromPolygonXY([[QgsPointXY(*point) for point in pixels_of(selection, path)]])
    edge = QgsGeometry(ring.constGet().boundary())
    to_pixel = grid_of(open_dataset(str(path))).to_pixel
    bends = []
    for step in range(101):
        (there,) = move([(12.6 + 2.0 * step / 100, 48.3)], WGS84, UTM33)
        pixel = QgsGeometry.fromPointXY(QgsPointXY(*to_pixel((there.x(), there.y()))))
        bends.append(edge.distance(pixel))
    assert max(bends) < 0.01
    assert len(selection.outline[0][0]) < 1000


def test_around_an_outline_lies_context_and_the_outline_limits_the_result(raster, look_at):
    layer, _, to_map, code = raster
    selection = select(layer, polygon_area([to_map(p) for p in TRIANGLE], code), look_at(AWAY))
    col, row, width, height = selection.tile.window
    assert col <= 100 - 32 and row <= 80 - 32 and col + width >= 321 + 32 and row + height >= 241 + 32
    assert min(width, height) >= 256
    assert (width, height) == (pytest.approx(285, abs=2), pytest.approx(256, abs=2))
    assert selection.footprint.area() == pytest.approx(
        QgsGeometry.fromPolygonXY([[QgsPointXY(*to_map(p)) for p in (*TRIANGLE, TRIANGLE[0])]]).area(), rel=1e-3
    )


def test_context_ends_where_the_raster_ends(raster, look_at):
    layer, _, to_map, code = raster
    corners = [to_map(p) for p in [(590, 390), (598, 390), (598, 398), (590, 398)]]
    window = select(layer, polygon_area(corners, code), look_at(AWAY)).tile.window
    assert (window[0] + window[2], window[1] + window[3]) == (600, 400)
    assert window[2:] == (256, 256)


def test_a_raster_smaller_than_the_context_is_taken_whole(write_raster, add_raster, look_at):
    area = box(QgsRectangle(500_010, 5_399_970, 500_020, 5_399_980), crs_of(UTM33))
    assert select(add_raster(write_raster()), area, look_at(AWAY)).tile.window == (0, 0, 120, 80)


def test_a_polygon_partly_outside_is_cut_to_the_raster(raster, look_at):
    layer, path, to_map, code = raster
    corners = [to_map(p) for p in [(500, 300), (700, 300), (700, 500), (500, 500)]]
    selection = select(layer, polygon_area(corners, code), look_at(AWAY))
    found = pixels_of(selection, path)
    assert max(p[0] for p in found) == pytest.approx(600, abs=0.01)
    assert max(p[1] for p in found) == pytest.approx(400, abs=0.01)
    assert min(math.dist((500, 300), point) for point in found) < 0.01


@pytest.mark.parametrize(
    ("kind", "words"), [(AreaKind.SELECTION, "selected polygons do not touch"), (AreaKind.DRAWN, "box does not touch")]
)
def test_an_area_beside_the_raster_is_refused(raster, look_at, kind, words):
    layer, _, to_map, code = raster
    corners = [to_map(p) for p in [(700, 0), (800, 0), (800, 100)]]
    with pytest.raises(TileError, match=words):
        select(layer, polygon_area(corners, code, kind), look_at(AWAY))


def test_a_bent_polygon_around_the_raster_does_not_touch_it(write_raster, add_raster, look_at):
    ring = "((499900 5399900, 500200 5399900, 500200 5400100, 499900 5400100, 499900 5399900),"
    hole = "(499990 5399950, 500100 5399950, 500100 5400010, 499990 5400010, 499990 5399950))"
    area = Area(AreaKind.SELECTION, QgsGeometry.fromWkt(f"POLYGON{ring}{hole}"), crs_of(UTM33))
    with pytest.raises(TileError, match="do not touch"):
        select(add_raster(write_raster()), area, look_at(AWAY))


def test_holes_travel_with_the_outline(write_raster, add_raster, look_at):
    layer = add_raster(write_raster(width=600, height=400))
    ring = "((500050 5399850, 500250 5399850, 500250 5399950, 500050 5399950, 500050 5399850),"
    hole = "(500100 5399880, 500200 5399880, 500200 5399920, 500100 5399920, 500100 5399880))"
    shape = QgsGeometry.fromWkt(f"POLYGON{ring}{hole}")
    selection = select(layer, Area(AreaKind.SELECTION, shape, crs_of(UTM33)), look_at(AWAY))
    assert [len(rings) for rings in selection.outline] == [2]
    assert all(ring[0] == ring[-1] for rings in selection.outline for ring in rings)
    assert selection.footprint.area() == pytest.approx(200 * 100 - 100 * 40)


def test_an_invalid_outline_is_made_valid(write_raster, add_raster, look_at):
    layer = add_raster(write_raster(width=600, height=400))
    tie = [(500_050, 5_399_850), (500_150, 5_399_950), (500_150, 5_399_850), (500_050, 5_399_950)]
    selection = select(layer, polygon_area(tie, UTM33), look_at(AWAY))
    assert len(selection.outline) == 2 and selection.footprint.isGeosValid()


def test_a_web_map_tile_is_found_on_the_raster(write_raster, add_raster, look_at):
    path = write_raster(width=2000, height=2000)
    (point,) = move([(500_500, 5_399_500)], UTM33, "EPSG:3857")
    half = math.pi * 6378137
    side = 2 * half / 2**18
    address = f"18/{int((point.x() + half) / side)}/{int((half - point.y()) / side)}"
    selection = select(add_raster(path), tile_address(address), look_at(AWAY))
    corner = tile_address(address).outline.asPolygon()[0][0]
    (there,) = move([(corner.x(), corner.y())], "EPSG:3857", UTM33)
    expected = ((there.x() - 500_000) * 2, (5_400_000 - there.y()) * 2)
    assert min(math.dist(expected, point) for point in pixels_of(selection, path)) < 0.01


def test_the_tile_of_the_whole_world_is_the_whole_raster(raster, look_at):
    selection = select(raster[0], tile_address("0/0/0"), look_at(AWAY))
    assert selection.tile.window == (0, 0, 600, 400) and selection.outline == ()


def test_a_tile_is_not_looked_for_where_there_is_no_crs(write_raster, add_raster, look_at):
    with pytest.raises(TileError, match="has no CRS, so no place on earth"):
        select(add_raster(write_raster(transform=None, crs="")), tile_address("0/0/0"), look_at(AWAY))


def test_a_box_drawn_over_a_layer_without_a_crs_means_its_numbers_on_the_map(write_raster, add_raster, look_at):
    layer = add_raster(write_raster(transform=None, crs="", width=600, height=400))
    selection = select(layer, box(QgsRectangle(20, -60, 60, -30), crs_of(WGS84)), look_at(AWAY, crs=WGS84))
    assert set(selection.outline[0][0]) == {(20, -60), (60, -60), (60, -30), (20, -30)}


def test_a_straight_view_has_no_outline_and_neither_has_the_whole_layer(write_raster, add_raster, look_at):
    layer = add_raster(write_raster())
    view = look_at((500_010, 5_399_970, 500_030, 5_399_985))
    assert select(layer, VIEW, view).outline == ()
    assert select(layer, WHOLE_LAYER, view).outline == ()
    assert select(layer, WHOLE_LAYER, view).footprint.area() == pytest.approx(60 * 40)


def test_a_view_far_out_is_the_whole_raster_in_any_crs(raster, look_at):
    world = look_at((-20e6, -20e6, 20e6, 20e6), crs="EPSG:3857")
    selection = select(raster[0], VIEW, world)
    assert selection.tile.window == (0, 0, 600, 400) and selection.outline == ()


@pytest.fixture
def world(write_raster, add_raster):
    """A raster of the whole earth in degrees."""
    return add_raster(write_raster(width=720, height=360, transform=(-180, 0.5, 0, 90, 0, -0.5), crs=WGS84))


def test_a_view_beyond_the_edges_of_the_world_does_not_come_back_on_the_other_side(world, look_at):
    selection = select(world, VIEW, look_at((-40e6, -30e6, 40e6, 30e6), crs="EPSG:3857"))
    col, _, width, _ = selection.tile.window
    assert (col, width) == (0, 720) and selection.outline == ()


def test_a_tile_of_half_the_world_is_that_half(world, look_at):
    selection = select(world, tile_address("1/1/0"), look_at(AWAY))
    box_ = selection.footprint.boundingBox()
    assert (box_.xMinimum(), box_.xMaximum(), box_.yMinimum()) == pytest.approx((0, 180, 0), abs=1e-4)
    assert box_.yMaximum() == pytest.approx(85.0511, abs=1e-3)


def test_an_area_around_a_pole_is_refused_where_the_raster_is_torn_there(world, look_at):
    with pytest.raises(TileError, match="pole or the 180th meridian"):
        select(world, VIEW, look_at((-3e6, -3e6, 3e6, 3e6), crs="EPSG:3575"))


def test_a_turned_view_limits_the_result_to_what_it_shows(write_raster, add_raster, look_at):
    path = write_raster(width=4000, height=4000)
    view = look_at((500_900, 5_398_900, 501_100, 5_399_050), rotation=30)
    selection = select(add_raster(path), VIEW, view)
    corners = [((p.x() - 500_000) * 2, (5_400_000 - p.y()) * 2) for p in list(view.visiblePolygon())[:4]]
    found = pixels_of(selection, path)
    assert len(set(found)) == 4
    for corner in corners:
        assert min(math.dist(corner, point) for point in found) < 0.01
    left, _top, width, height = selection.tile.window
    assert left <= min(p[0] for p in corners) and left + width >= max(p[0] for p in corners)
    assert width * height > 1.5 * selection.footprint.area() * 4


def test_a_turned_view_in_another_crs_limits_the_result_to_what_it_shows(raster, look_at):
    layer, path, to_map, code = raster
    (middle,) = move([to_map((300, 200))], code, "EPSG:3857")
    x, y = middle.x(), middle.y()
    view = look_at((x - 30, y - 22, x + 30, y + 22), crs="EPSG:3857", rotation=-40)
    found = pixels_of(select(layer, VIEW, view), path)
    to_pixel = grid_of(open_dataset(str(path))).to_pixel
    for shown in list(view.visiblePolygon())[:4]:
        (corner,) = move([(shown.x(), shown.y())], "EPSG:3857", code)
        assert min(math.dist(to_pixel((corner.x(), corner.y())), point) for point in found) < 0.01


def test_a_straight_view_of_a_rotated_raster_limits_the_result(write_raster, add_raster, look_at):
    path = write_raster(width=600, height=400, transform=ROTATED)
    x, y = gdal.ApplyGeoTransform(ROTATED, 300, 200)
    view = look_at((x - 20, y - 15, x + 20, y + 15))
    selection = select(add_raster(path), VIEW, view)
    shown = view.visibleExtent()
    assert selection.footprint.area() == pytest.approx(shown.width() * shown.height())
    for point in selection.outline[0][0]:
        assert min(abs(point[0] - shown.xMinimum()), abs(point[0] - shown.xMaximum())) < 0.005
        assert min(abs(point[1] - shown.yMinimum()), abs(point[1] - shown.yMaximum())) < 0.005


def test_the_footprint_of_a_rotated_raster_is_the_rotated_rectangle(write_raster, add_raster, look_at):
    selection = select(add_raster(write_raster(transform=ROTATED)), WHOLE_LAYER, look_at(AWAY))
    found = [(v.x(), v.y()) for v in selection.footprint.vertices()]
    for corner in ((0, 0), (120, 0), (120, 80), (0, 80)):
        expected = gdal.ApplyGeoTransform(ROTATED, *corner)
        assert min(math.dist(expected, point) for point in found) < 0.005


def test_the_key_tells_whether_a_follow_up_is_about_the_same_pixels(write_raster, add_raster, look_at):
    layer = add_raster(write_raster(width=600, height=400))
    one = box(QgsRectangle(500_050, 5_399_900, 500_100, 5_399_950), crs_of(UTM33))
    other = box(QgsRectangle(500_050, 5_399_900, 500_100, 5_399_951), crs_of(UTM33))
    first, again, second = (select(layer, area, look_at(AWAY)).key for area in (one, one, other))
    assert first == again and hash(first) == hash(again)
    assert first != second
    assert select(layer, VIEW, look_at((500_000, 5_399_900, 500_100, 5_400_000))).key != first


@pytest.fixture
def memory_layer(write_raster, qgis_new_project):
    """A raster that only this process can read."""
    source = gdal.Open(str(write_raster(width=600, height=400)))
    gdal.GetDriverByName("GTiff").CreateCopy("/vsimem/area.tif", source)
    yield QgsRasterLayer("/vsimem/area.tif", "memory")
    gdal.Unlink("/vsimem/area.tif")


def test_a_box_on_a_rendered_layer_is_rendered_with_context_on_the_layers_pixels(memory_layer, look_at):
    area = box(QgsRectangle(500_100.3, 5_399_880.3, 500_110.3, 5_399_890.3), crs_of(UTM33))
    view = look_at((500_100, 5_399_880, 500_140, 5_399_910))
    selection = select(memory_layer, area, view)
    assert (selection.tile.width, selection.tile.height) == (256, 256)
    a, b, c, d, e, _f = selection.tile.transform
    assert (a, b, d, e) == pytest.approx((0.5, 0, 0, -0.5))
    assert ((c - 500_000) / 0.5) % 1 == pytest.approx(0, abs=1e-6)
    assert {round(x, 6) for x, _ in selection.outline[0][0]} == {500_100.3, 500_110.3}


def test_the_resolution_of_a_rendered_layer_can_be_chosen(memory_layer, look_at):
    selection = select(memory_layer, WHOLE_LAYER, look_at(AWAY), resolution_m=2.0)
    assert selection.gsd_m == pytest.approx(2.0, rel=1e-3)
    assert selection.size == (pytest.approx(150, abs=1), pytest.approx(100, abs=1))


def test_a_rendered_layer_is_never_enlarged(memory_layer, look_at):
    selection = select(memory_layer, WHOLE_LAYER, look_at(AWAY), resolution_m=0.1)
    assert selection.size == (600, 400)


def test_a_web_map_seen_from_another_crs_is_rendered_at_the_resolution_of_the_view(look_at, qgis_new_project):
    layer = QgsRasterLayer("type=xyz&url=http://127.0.0.1:9/%7Bz%7D/%7Bx%7D/%7By%7D.png&zmax=19&zmin=0", "web", "wms")
    view = look_at((500_000, 5_399_700, 500_400, 5_400_000))
    assert select(layer, VIEW, view).gsd_m == pytest.approx(view.mapUnitsPerPixel(), rel=0.01)
    assert select(layer, VIEW, view, 0.5).gsd_m == pytest.approx(0.5, rel=0.01)


def test_too_fine_a_resolution_is_refused_with_a_way_out(look_at, qgis_new_project):
    layer = QgsRasterLayer("type=xyz&url=http://127.0.0.1:9/%7Bz%7D/%7Bx%7D/%7By%7D.png&zmax=19&zmin=0", "web", "wms")
    with pytest.raises(TileError, match=r"at most 4,096 on a side.*coarser resolution"):
        select(layer, VIEW, look_at((0, 0, 4000, 3000), crs="EPSG:3857"), 0.1)
