"""What the embedded model costs: its size, how long an analyst waits for the first polygon, pixels a second, memory.

Run: ``python -m benchmarks.nano [RASTER] [--prompt "Segment the trees"] [--threads 2] [--repeat 5] [--json out.json]``

Without a raster the tile is a mosaic of the demo scene.  The model is loaded and warm; medians of ``--repeat`` fresh
engines (nothing is cached from one run to the next).  Absolute times depend on the machine and on what else it does:
"cpu" beside them is the CPU time of all threads.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import torch
from affine import Affine
from pyproj import CRS

from benchmarks.rows import Row, at_least, at_most
from geopix_backend.engine import Engine
from geopix_backend.question import Question
from geopix_backend.raster import Tile, read_tile
from geopix_model import registry
from geopix_qgis.protocol import RegionEvent

SCENE = Path(".cache/scenes/OSBS_029.tif")
SMALL, LARGE = 512, 2048
MIB = 2**20


@dataclass(frozen=True)
class Run:
    """One question: seconds to the first polygon and to the end, CPU seconds, and the number of polygons."""

    first: float
    whole: float
    cpu: float
    polygons: int


def tile_of(path: Path, size: int) -> Tile:
    """A north-up tile of ``size`` pixels at 0.3 m, from mirrored copies of a raster with a little noise.

    The noise makes each window another one: a model that keeps what it has seen would else look at some of them once.
    """
    pixels = read_tile(path).pixels
    ups = -(-size // min(pixels.shape[1:]))
    mosaic = np.pad(pixels, ((0, 0), (0, ups * pixels.shape[1]), (0, ups * pixels.shape[2])), mode="symmetric")
    noise = np.random.default_rng(0).integers(-2, 3, (len(pixels), size, size))
    cut = np.clip(mosaic[:, :size, :size] + noise, 0, 255).astype(np.uint8)
    transform = Affine(0.3, 0, 400_000, 0, -0.3, 3_300_000)
    return Tile(cut, np.ones((size, size), bool), transform, CRS.from_epsg(32617), 0.3, "benchmark", ())


def run(tile: Tile, prompt: str) -> Run:
    """One question to a model that has seen nothing of the tile."""
    engine = Engine(registry.load("nano", "cpu"))
    began, cpu, first, count = time.perf_counter(), time.process_time(), None, 0
    for event in engine.ask(tile, Question(prompt)):
        if isinstance(event, RegionEvent):
            first, count = first or time.perf_counter() - began, count + 1
    whole = time.perf_counter() - began
    return Run(first or whole, whole, time.process_time() - cpu, count)


def rows(raster: Path, prompt: str, repeat: int) -> list[Row]:
    """The goals of the embedded model."""
    found = {}
    for size in (SMALL, LARGE):
        tile = tile_of(raster, size)
        run(tile, prompt)
        found[size] = [run(tile, prompt) for _ in range(repeat)]
    first = statistics.median(each.first for each in found[SMALL])
    whole = statistics.median(each.whole for each in found[LARGE])
    cpu = statistics.median(each.cpu for each in found[LARGE])
    folder = registry.WEIGHTS / "nano"
    weights = sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) / MIB
    megapixels = LARGE**2 / 1e6
    return [
        at_most("model on disk, MiB", weights, 25),
        at_most(f"first polygon of {SMALL} px, s", first, 1.0, polygons=found[SMALL][0].polygons),
        at_least(f"megapixels a second, {LARGE} px", megapixels / whole, 1.5, per_cpu_second=megapixels / cpu),
        at_most("resident, MiB", psutil.Process().memory_info().rss / MIB, 1.2 * 1024),
    ]


def main() -> None:
    """Prints one line for each goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("raster", nargs="?", type=Path, default=SCENE)
    parser.add_argument("--prompt", default="Segment the trees")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(f"{args.threads} threads, torch {torch.__version__}")
    done = rows(args.raster, args.prompt, args.repeat)
    for row in done:
        more = "".join(f"  {name} {value:.3g}" for name, value in row.measured.items())
        print(f"{row.name:36} {row.ratio:8.3f}  goal {row.goal:g}  {'ok' if row.ok else 'missed'}{more}")
    if args.json:
        args.json.write_text(json.dumps([dataclasses.asdict(row) for row in done], indent=1) + "\n")


if __name__ == "__main__":
    main()
