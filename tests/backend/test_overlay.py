"""Pictures of an answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from PIL import Image, ImageColor

from geopix_backend.errors import ExportError
from geopix_backend.overlay import FILL_ALPHA, NODATA_GREY, overlay, write_overlay
from geopix_backend.raster import Tile
from geopix_qgis.palette import colour_of
from geopix_qgis.protocol import RegionEvent

ROOFS = colour_of("roofs")  # the phrase that regions have here where a test does not say another
NORTH_UP = Affine(0.5, 0, 400_000, 0, -0.5, 5_000_000)


def black_tile(height: int = 100, width: int = 100, transform: Affine = NORTH_UP) -> Tile:
    return Tile(
        pixels=np.zeros((3, height, width), np.uint8),
        valid=np.ones((height, width), bool),
        transform=transform,
        crs=None,
        gsd_m=None,
        name="black",
        warnings=(),
    )


def region(
    *rings_px: list[tuple[float, float]],
    transform: Affine = NORTH_UP,
    phrase: str = "roofs",
    class_name: str = "",
    area_m2: float | None = None,
) -> RegionEvent:
    """A region whose rings are given as (col, row) of the tile."""
    rings = [[list(transform * point) for point in (*ring, ring[0])] for ring in rings_px]
    return RegionEvent(
        geometry={"type": "Polygon", "coordinates": rings},
        phrase=phrase,
        class_name=class_name,
        score=0.9,
        area_m2=area_m2,
        perimeter_m=None,
        target=0,
        turn=1,
        prompt="Segment the roofs",
        model="fake",
        gsd_m=None,
    )


def square(left: float, top: float, size: float) -> list[tuple[float, float]]:
    return [(left, top), (left + size, top), (left + size, top + size), (left, top + size)]


def at(image: Image.Image, col: float, row: float, tile: Tile) -> tuple[int, ...]:
    """Colour of the picture at a place of the tile."""
    scale = image.width / tile.valid.shape[1]
    colour = image.getpixel((int(col * scale), int(row * scale)))
    assert isinstance(colour, tuple)
    return colour


def is_tinted(colour: tuple[int, ...], hex_colour: str) -> bool:
    """Whether a black pixel was mixed with ``hex_colour``, not fully covered by it."""
    full = np.array(ImageColor.getrgb(hex_colour))
    return bool(np.allclose(colour, full * FILL_ALPHA, atol=4))


def test_a_region_is_tinted_and_its_hole_is_not() -> None:
    tile = black_tile()
    image = overlay(tile, [region(square(10, 10, 50), square(25, 25, 20))])
    assert is_tinted(at(image, 15, 15, tile), ROOFS)
    assert at(image, 35, 35, tile) == (0, 0, 0)
    assert at(image, 80, 20, tile) == (0, 0, 0)
    assert at(image, 10, 40, tile) == ImageColor.getrgb(ROOFS), "the outline is opaque"


def test_a_region_inside_the_hole_of_another_stays_visible() -> None:
    tile = black_tile()
    ring, island = region(square(10, 10, 60), square(20, 20, 40)), region(square(30, 30, 20))
    for regions in ([ring, island], [island, ring]):
        image = overlay(tile, regions)
        assert is_tinted(at(image, 40, 40, tile), ROOFS)
        assert at(image, 25, 25, tile) == (0, 0, 0)


@pytest.mark.parametrize(
    "transform",
    [
        NORTH_UP,
        Affine(0.5, 0, 400_000, 0, 0.5, 5_000_000),
        Affine.translation(400_000, 5_000_000) * Affine.rotation(33) * Affine.scale(0.5, -0.8),
        Affine(1e-6, 0, 12.5, 0, -1e-6, 48.1),
    ],
    ids=["north up", "south up", "rotated", "degrees"],
)
def test_a_region_is_drawn_on_its_pixels_whatever_the_transform(transform: Affine) -> None:
    tile = black_tile(transform=transform)
    image = overlay(tile, [region(square(40, 10, 20), transform=transform)])
    assert is_tinted(at(image, 50, 20, tile), ROOFS)
    assert at(image, 20, 50, tile) == (0, 0, 0)


def test_each_class_has_its_colour_and_a_line_with_count_and_area_in_the_legend() -> None:
    tile = black_tile()
    roofs = [region(square(5, 5, 20), class_name="building", area_m2=100.0) for _ in range(2)]
    image = overlay(tile, [*roofs, region(square(60, 5, 20), phrase="the road", area_m2=40.0)])
    building = colour_of("building")
    assert is_tinted(at(image, 15, 15, tile), building)
    assert is_tinted(at(image, 70, 15, tile), colour_of("the road"))
    one_line = overlay(tile, roofs)
    assert legend_height(image) > legend_height(one_line) > 0


def test_the_legend_is_written_in_letters_that_its_font_has() -> None:
    tile = black_tile()
    accented, plain = (
        overlay(tile, [region(square(10, 10, 50), class_name=name, area_m2=10.0)]) for name in ("forêt", "foret")
    )
    box = (0, accented.height - 60, accented.width, accented.height)
    text = [np.asarray(image.crop(box).convert("L")) < 60 for image in (accented, plain)]
    assert np.array_equal(*text)


def legend_height(image: Image.Image) -> int:
    """Rows of the left edge's neighbourhood that the light box covers."""
    column = np.asarray(image)[:, image.width // 45 // 2 + 6]
    return int((column.min(axis=-1) > 150).sum())


def test_overlapping_regions_of_a_class_are_not_tinted_twice() -> None:
    tile = black_tile()
    image = overlay(tile, [region(square(10, 10, 40)), region(square(20, 20, 40))])
    assert is_tinted(at(image, 35, 35, tile), ROOFS)


def test_a_small_tile_is_enlarged_and_a_large_one_reduced() -> None:
    assert overlay(black_tile(30, 40), []).size == (800, 600)
    assert overlay(black_tile(10, 5000), []).size == (4096, 8)
    assert overlay(black_tile(1000, 1), []).size == (4, 4096)


def test_pixels_without_data_are_grey() -> None:
    tile = black_tile()
    tile.valid[:, 50:] = False
    image = overlay(tile, [])
    assert at(image, 75, 10, tile) == (NODATA_GREY,) * 3
    assert at(image, 25, 10, tile) == (0, 0, 0)


def test_a_region_beyond_the_edge_of_the_tile_is_cut_off() -> None:
    tile = black_tile()
    image = overlay(tile, [region(square(-20, -20, 40)), region(square(500, 500, 10))])
    assert is_tinted(at(image, 10, 10, tile), ROOFS)


def test_the_file_replaces_an_earlier_one_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "overlay.png"
    path.write_text("old")
    write_overlay(path, black_tile(), [region(square(10, 10, 50))])
    assert Image.open(path).size == (800, 800)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["overlay.tif", "overlay", "nowhere/overlay.png"])
def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ExportError, match="overlay"):
        write_overlay(tmp_path / name, black_tile(), [])
    assert list(tmp_path.iterdir()) == []
