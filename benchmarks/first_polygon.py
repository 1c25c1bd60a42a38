"""Seconds from a prompt to the first text and to the first polygon, as an analyst waits for them.

Run: ``python benchmarks/first_polygon.py [RASTER] [--prompt "Segment the buildings"] [--sizes 512 2048] [--repeat 3]``

Without a raster the tile is a mosaic of the demo scene.  The model is loaded and warm; medians of ``--repeat`` fresh
engines (nothing is cached from one run to the next).  Absolute times depend on the machine and on what else it does.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from affine import Affine
from pyproj import CRS

from geopix_backend.engine import Engine
from geopix_backend.question import Question
from geopix_backend.raster import Tile, read_tile
from geopix_model import registry
from geopix_qgis.protocol import RegionEvent, TextEvent

SCENE = Path(".cache/scenes/OSBS_029.tif")


def tile_of(path: Path, size: int) -> Tile:
    """A north-up tile of ``size`` pixels at 0.3 m, from mirrored copies of a raster."""
    pixels = read_tile(path).pixels
    ups = -(-size // min(pixels.shape[1:]))
    mosaic = np.pad(pixels, ((0, 0), (0, ups * pixels.shape[1]), (0, ups * pixels.shape[2])), mode="symmetric")
    cut = np.ascontiguousarray(mosaic[:, :size, :size])
    transform = Affine(0.3, 0, 400_000, 0, -0.3, 3_300_000)
    return Tile(cut, np.ones((size, size), bool), transform, CRS.from_epsg(32617), 0.3, "benchmark", ())


def run(engine: Engine, tile: Tile, prompt: str) -> tuple[float | None, float | None, float, int]:
    """Seconds to first text, first polygon and end, and the number of polygons."""
    began, text, polygon, count = time.perf_counter(), None, None, 0
    for event in engine.ask(tile, Question(prompt)):
        now = time.perf_counter() - began
        if isinstance(event, TextEvent):
            text = text or now
        elif isinstance(event, RegionEvent):
            polygon, count = polygon or now, count + 1
    return text, polygon, time.perf_counter() - began, count


def main() -> None:
    """Prints one line for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("raster", nargs="?", type=Path, default=SCENE)
    parser.add_argument("--prompt", default="Segment the trees")
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 2048])
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}")
    for size in args.sizes:
        tile = tile_of(args.raster, size)
        results = []
        for attempt in range(args.repeat + 1):
            result = run(Engine(registry.load("nano")), tile, args.prompt)
            if attempt:  # the first one warms up
                results.append(result)
        text, polygon, end, count = (
            statistics.median(v for v in column if v is not None) for column in zip(*results, strict=True)
        )
        print(
            f"{size} px: first text {text:.2f} s, first polygon {polygon:.2f} s, end {end:.2f} s, {count:.0f} polygons"
        )


if __name__ == "__main__":
    main()
