"""Masks with known true shapes, made by code with fixed seeds: buildings, cars, ragged edges, land cover, labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely import Polygon, box
from shapely.affinity import rotate, translate

RAGGED = 0.14  # how far the edge of a ragged mask wanders, as a share of a blurred edge
FINER = 4
BLUR_PX = 3  # half width of the boxes that make noise smooth


@dataclass(frozen=True, eq=False)
class Scene:
    """Pixels and the shapes that they show.

    Attributes:
        name: What they show.
        pixels: (H, W) bool, or numbers of objects.
        truth: Disjoint polygons in pixels, before they were drawn on the grid.
        fine: Where there are no such polygons, the top left quarter of both sides at ``FINER`` times the resolution.
    """

    name: str
    pixels: NDArray[Any]
    truth: list[Polygon]
    fine: NDArray[np.bool_] | None = None


def buildings(side: int, seed: int = 1) -> Scene:
    """Rectangles and L shapes of 25 to 60 px, each turned by its own angle; 2,000 on 4096 px square."""
    rng = np.random.default_rng(seed)
    truth = _spread(side, side * 2000 // 4096 * side // 4096, 91, rng, _building)
    return Scene("buildings", _drawn(truth, side), truth)


def ragged(side: int, seed: int = 1) -> Scene:
    """The buildings with edges that wander as those of a model's mask do."""
    clean = buildings(side, seed)
    noise = _smooth(np.random.default_rng(seed + 1).standard_normal((side, side), np.float32), 2)
    depth = _smooth(clean.pixels.astype(np.float32), BLUR_PX) - np.float32(0.5)
    return Scene("ragged edges", depth > noise * np.float32(RAGGED / noise.std()), clean.truth)


def cars(side: int, seed: int = 2) -> Scene:
    """Turned rectangles of 10 to 17 px; 20,000 on 4096 px square."""
    rng = np.random.default_rng(seed)
    truth = _spread(side, side * 20000 // 4096 * side // 4096, 28, rng, _car)
    return Scene("cars", _drawn(truth, side), truth)


def land_cover(side: int, seed: int = 3) -> Scene:
    """Noise of many scales, cut at its median: large areas with islands and holes."""
    rng = np.random.default_rng(seed)
    octaves = [
        (rng.standard_normal((side * 2**octave // 4096 + 3,) * 2).astype(np.float32), np.float32(0.6 ** (octave - 3)))
        for octave in range(3, 11)
    ]
    centres = np.arange(side) + 0.5
    corner = (np.arange(side // 4 * FINER) + 0.5) / FINER
    field, fine = (sum(_sampled(coarse, at / side) * weight for coarse, weight in octaves) for at in (centres, corner))
    level = np.median(field)
    return Scene("land cover", field > level, [], fine > level)


def labels(side: int, seed: int = 4) -> Scene:
    """Numbers of separate buildings, 0 between them; 32,000 on 16,384 px square."""
    part_side = min(side, 4096)
    part = buildings(part_side, seed).truth
    drawn = rasterize(((polygon, number) for number, polygon in enumerate(part, 1)), (part_side,) * 2, dtype="uint16")
    result, truth = np.zeros((side, side), np.uint16), list[Polygon]()
    for number, (row, col) in enumerate(np.ndindex((side // part_side,) * 2)):
        place = np.s_[row * part_side : (row + 1) * part_side, col * part_side : (col + 1) * part_side]
        result[place] = np.where(drawn, drawn + np.uint16(number * len(part)), 0)
        truth += [translate(polygon, col * part_side, row * part_side) for polygon in part]
    return Scene("label raster", result, truth)


def soft(side: int, seed: int = 5) -> tuple[NDArray[np.float32], list[Polygon]]:
    """(side / 4, side / 4) logits of things of 12 to 60 px, as a model's decoder sees a window of ``side`` px.

    They are the log-odds of how much of each 4 x 4 px the things cover, a little blurred and with noise.
    """
    rng = np.random.default_rng(seed)
    truth = _spread(side, (side // 72) ** 2 * 4 // 5, 72, rng, _thing)
    cover = _drawn(truth, side).reshape(side // 4, 4, side // 4, 4).mean(axis=(1, 3), dtype=np.float32)
    cover = _smooth(cover, 1) * np.float32(0.2) + cover * np.float32(0.8)
    noise = _smooth(rng.standard_normal(cover.shape, np.float32), 1)
    return np.log((cover + 0.03) / (1.03 - cover)) + noise * np.float32(0.3 / noise.std()), truth


def _spread(
    side: int, count: int, cell: int, rng: np.random.Generator, make: Callable[[np.random.Generator], Polygon]
) -> list[Polygon]:
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


def _thing(rng: np.random.Generator) -> Polygon:
    side = np.exp(rng.uniform(np.log(12), np.log(60)))
    return box(0, 0, side, side * rng.uniform(0.5, 1))


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


def _sampled(coarse: NDArray[np.float32], at: NDArray[np.float64]) -> NDArray[np.float32]:
    """Bilinear samples of a square at shares 0..1 of its side, in both directions."""
    at = at * (len(coarse) - 1)
    first = at.astype(int)
    part = (at - first).astype(np.float32)
    wide = coarse[:, first] * (1 - part) + coarse[:, first + 1] * part
    return wide[first] * (1 - part)[:, None] + wide[first + 1] * part[:, None]
