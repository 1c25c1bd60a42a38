"""A picture of an answer: the tile with its regions drawn on it and a legend."""

from __future__ import annotations

import math
import os
import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from affine import Affine
from PIL import Image, ImageChops, ImageDraw, ImageFont
from shapely import Polygon
from shapely.affinity import affine_transform
from shapely.geometry import shape

from geopix_qgis.palette import colour_of
from geopix_qgis.protocol import RegionEvent

from .errors import ExportError
from .raster import Tile
from .wording import area

MIN_WIDTH_PX = 800
MAX_SIDE_PX = 4096
FILL_ALPHA = 0.3
OUTLINE_PX = 2
CASING_PX = 5  # white under each outline: a colour that the image has as well stays readable
SMOOTH = 2  # shapes are drawn this much larger and averaged down, which smooths their edges
NODATA_GREY = 225


@dataclass
class _Entry:
    """One line of the legend with the shapes that it stands for, in pixels of the tile."""

    name: str
    colour: str
    polygons: list[Polygon] = field(default_factory=list)
    areas_m2: list[float | None] = field(default_factory=list)

    @property
    def label(self) -> str:
        """Such as ``tree: 12 regions, 340 m2``; the area is in pixels of the tile where one is not known in metres."""
        count = len(self.polygons)
        known = [area_m2 for area_m2 in self.areas_m2 if area_m2 is not None]
        size = area(sum(known) if len(known) == count else None, sum(polygon.area for polygon in self.polygons))
        return _ascii(f"{self.name}: {count:,} {'region' if count == 1 else 'regions'}, {size}")


def overlay(tile: Tile, regions: Sequence[RegionEvent]) -> Image.Image:
    """The tile with half-transparent regions, a colour for each class (else phrase) as the plugin chooses it.

    Args:
        tile: What was looked at; pixels without data become light grey.
        regions: Polygons in the tile's CRS (its own coordinates where it has none).

    Returns:
        RGB. Small tiles are enlarged to ``MIN_WIDTH_PX`` of width, large ones reduced to ``MAX_SIDE_PX`` a side.
    """
    height, width = tile.valid.shape
    scale = min(max(1.0, MIN_WIDTH_PX / width), MAX_SIDE_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    pixels = np.where(tile.valid[None], tile.pixels, np.uint8(NODATA_GREY))
    image = Image.fromarray(np.ascontiguousarray(np.moveaxis(pixels, 0, -1)))
    image = image.resize(size, Image.Resampling.BICUBIC)
    entries = _entries(regions, ~tile.transform)
    for entry in entries:
        fill, casing, outline = _masks(entry.polygons, scale, size)
        image.paste(entry.colour, mask=fill.point(lambda value: round(value * FILL_ALPHA)))
        image.paste("white", mask=casing)
        image.paste(entry.colour, mask=outline)
    _draw_legend(image, entries)
    return image


def write_overlay(path: Path, tile: Tile, regions: Sequence[RegionEvent]) -> None:
    """Writes ``overlay`` as PNG; the file appears only when it is whole and replaces an earlier one.

    Raises:
        ExportError: If the name is not that of a PNG or the folder cannot be written to.
    """
    if path.suffix.lower() != ".png":
        raise ExportError(f"The overlay {path.name!r} is written as PNG; give it a name that ends in .png.")
    image = overlay(tile, regions)
    part = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.stem}-", suffix=".png", delete=False) as file:
            part = Path(file.name)
            image.save(file, format="PNG")
        os.chmod(part, 0o644)  # a temporary file is private, a result is not
        os.replace(part, path)
    except OSError as error:
        raise ExportError(
            f"The overlay {path} cannot be written: {error.strerror or error}; choose another folder."
        ) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def _entries(regions: Sequence[RegionEvent], to_pixels: Affine) -> list[_Entry]:
    found: dict[str, _Entry] = {}
    coefficients = (to_pixels.a, to_pixels.b, to_pixels.d, to_pixels.e, to_pixels.c, to_pixels.f)
    for region in regions:
        name = region.class_name or region.phrase
        if name not in found:
            found[name] = _Entry(name, colour_of(name))
        entry = found[name]
        entry.polygons.append(affine_transform(shape(region.geometry), coefficients))
        entry.areas_m2.append(region.area_m2)
    return list(found.values())


def _masks(polygons: Sequence[Polygon], scale: float, size: tuple[int, int]) -> list[Image.Image]:
    """Fill, casing and outline of all polygons as 8-bit masks of ``size`` (width, height); holes are not filled."""
    fill, casing, outline = masks = [Image.new("L", (size[0] * SMOOTH, size[1] * SMOOTH)) for _ in range(3)]
    pens = ((ImageDraw.Draw(casing), CASING_PX), (ImageDraw.Draw(outline), OUTLINE_PX))
    for polygon in polygons:
        rings = [np.asarray(ring.coords)[:, :2] * scale * SMOOTH for ring in (polygon.exterior, *polygon.interiors)]
        _fill(fill, rings)
        for ring in rings:
            for pen, width in pens:
                pen.line([tuple(point) for point in ring.tolist()], fill=255, width=width * SMOOTH, joint="curve")
    return [mask.reduce(SMOOTH) for mask in masks]


def _fill(mask: Image.Image, rings: Sequence[np.ndarray]) -> None:
    """Adds one polygon; drawn apart in its bounding box, so that its holes do not cut into the others."""
    left, top = np.floor(rings[0].min(axis=0)).astype(int).tolist()
    right, bottom = np.ceil(rings[0].max(axis=0)).astype(int).tolist()
    left, top = max(left, 0), max(top, 0)
    right, bottom = min(right + 1, mask.width), min(bottom + 1, mask.height)
    if right <= left or bottom <= top:
        return
    own = Image.new("L", (right - left, bottom - top))
    pen = ImageDraw.Draw(own)
    for number, ring in enumerate(rings):
        pen.polygon([(x - left, y - top) for x, y in ring.tolist()], fill=0 if number else 255)
    mask.paste(ImageChops.lighter(mask.crop((left, top, right, bottom)), own), (left, top))


def _draw_legend(image: Image.Image, entries: Sequence[_Entry]) -> None:
    """A light box in the lower left corner, one line for each class."""
    size = min(max(image.width // 45, 14), 40)
    font = ImageFont.load_default(size)
    labels = [entry.label for entry in entries] or ["nothing found"]
    margin, line = size // 2, math.ceil(size * 1.4)
    swatch = size if entries else 0
    text_left = 2 * margin + swatch + (margin if entries else 0)
    width = text_left + math.ceil(max(font.getlength(label) for label in labels)) + margin
    top = image.height - margin - line * len(labels) - margin
    box = (margin, top, margin + width, image.height - margin)
    shade = Image.new("L", image.size)
    ImageDraw.Draw(shade).rounded_rectangle(box, radius=margin // 2, fill=215)
    image.paste("white", mask=shade)
    pen = ImageDraw.Draw(image)
    for number, label in enumerate(labels):
        y = top + margin // 2 + number * line
        if entries:
            square = (2 * margin, y + line // 2 - swatch // 2, 2 * margin + swatch, y + line // 2 + swatch // 2)
            pen.rectangle(square, fill=entries[number].colour, outline="black")
        pen.text((text_left, y + line // 2), label, fill="black", font=font, anchor="lm")


def _ascii(text: str) -> str:
    """The text in the letters that Pillow's own font has: accents dropped, others as ``?``."""
    letters = (letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return "".join(letters).encode("ascii", "replace").decode()
