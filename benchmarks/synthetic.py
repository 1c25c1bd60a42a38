"""Masks with known true shapes, made by code with fixed seeds: buildings, cars, ragged edges, land cover, labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely import Polygon, box
from shapely.affinity import rotate, translate

RAGGED = 0.14  # how far the edge of a ragged mask wanders, as a share of a blurred edge
BLUR_PX = 3  # half width of the boxes that make noise smooth


@dataclass(frozen=True, eq=False)
class Scene:
    """A mask and the shapes that it shows.

    Attributes:
        name: What it shows.
        mask: (H, W) bool.
        truth: Disjoint polygons in pixels, before they were drawn on the grid; empty where only the mask is known.
    """

    name: str
    mask: NDArray[np.bool_]
    truth: list[Polygon]


def buildings(side: int, seed: int = 1) -> Scene:
    """Rectangles and L shapes of 25 to 60 px, each turned by its own angle; 2,000 on 4096 px square."""
    rng = np.random.default_rng(seed)
    truth = _spread(side, side * 2000 // 4096 * side // 4096, 91, rng, _building)
    return Scene("buildings", _drawn(truth, side), truth)


def ragged(side: int, seed: int = 1) -> Scene:
    """The buildings with edges that wander as those of a model's mask do."""
    clean = buildings(side, seed)
    noise = _smooth(np.random.default_rng(seed + 1).standard_normal((side, side), np.float32), 2)
    depth = _smooth(clean.mask.astype(np.float32), BLUR_PX) - np.float32(0.5)
    return Scene("ragged edges", depth > noise * np.float32(RAGGED / noise.std()), clean.truth)


def cars(side: int, seed: int = 2) -> Scene:
    """Turned rectangles of 10 to 17 px; 20,000 on 4096 px square."""
    rng = np.random.default_rng(seed)
    truth = _spread(side, side * 20000 // 4096 * side // 4096, 28, rng, _car)
    return Scene("cars", _drawn(truth, side), truth)


def land_cover(side: int, seed: int = 3) -> Scene:
    """Noise of many scales, cut at its median: large areas with islands and holes."""
    rng = np.random.default_rng(seed)
    field = np.zeros((side, side), np.float32)
    for octave in range(3, 11):
        coarse = rng.standard_normal((side * 2**octave // 4096 + 3,) * 2).astype(np.float32)
        field += _enlarged(coarse, side) * np.float32(0.6 ** (octave - 3))
    return Scene("land cover", field > np.median(field), [])


def labels(side: int, seed: int = 4) -> NDArray[np.uint16]:
    """(side, side) numbers of separate buildings, 0 between them; 32,000 on 16,384 px square."""
    tile_side = min(side, 4096)
    scene = buildings(tile_side, seed)
    drawn = rasterize(
        ((polygon, number) for number, polygon in enumerate(scene.truth, 1)), (tile_side, tile_side), dtype="uint16"
    )
    count = len(scene.truth)
    result = np.zeros((side, side), np.uint16)
    for number, (row, col) in enumerate(np.ndindex(side // tile_side, side // tile_side)):
        place = np.s_[row * tile_side : (row + 1) * tile_side, col * tile_side : (col + 1) * tile_side]
        result[place] = np.where(drawn, drawn + np.uint16(number * count), 0)
    return result


def _spread(side: int, count: int, cell: int, rng: np.random.Generator, make: object) -> list[Polygon]:
    """``count`` shapes in different cells of a grid, so that none meets another."""
    across = side // cell
    chosen = rng.permutation(across * across)[:count]
    found = []
    for number in chosen:
        row, col = divmod(int(number), across)
        polygon = rotate(make(rng), rng.uniform(0, 90), "centroid")
        middle = polygon.envelope.centroid
        x, y = (np.array([col, row]) + 0.5) * cell + rng.uniform(-1, 1, 2)
        found.append(translate(polygon, x - middle.x, y - middle.y))
    return found


def _building(rng: np.random.Generator) -> Polygon:
    width, height = rng.uniform(25, 60, 2)
    outline = box(0, 0, width, height)
    if rng.random() < 0.5:
        outline -= box(width * rng.uniform(0.4, 0.7), height * rng.uniform(0.4, 0.7), width + 1, height + 1)
    return outline


def _car(rng: np.random.Generator) -> Polygon:
    return box(0, 0, rng.uniform(10, 17), rng.uniform(5, 8))


def _drawn(truth: list[Polygon], side: int) -> NDArray[np.bool_]:
    return np.asarray(rasterize(truth, (side, side)).astype(bool))


def _smooth(field: NDArray[np.float32], half: int) -> NDArray[np.float32]:
    """Two passes of a moving mean of 2 half + 1 pixels along both axes."""
    for axis in (0, 1, 0, 1):
        padded = np.pad(np.moveaxis(field, axis, 0), [(half, half), (0, 0)], mode="edge")
        total = sum(padded[k : k + field.shape[axis]] for k in range(2 * half + 1))
        field = np.moveaxis(np.asarray(total, np.float32) / np.float32(2 * half + 1), 0, axis)
    return np.ascontiguousarray(field)


def _enlarged(coarse: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """(side, side) bilinear."""
    at = np.linspace(0, len(coarse) - 1.001, side)
    first = at.astype(int)
    part = (at - first).astype(np.float32)
    wide = coarse[:, first] * (1 - part) + coarse[:, first + 1] * part
    return wide[first] * (1 - part)[:, None] + wide[first + 1] * part[:, None]
