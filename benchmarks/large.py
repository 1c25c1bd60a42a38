"""Benchmark 4: rasters of any size.

Memory: a fresh process asks about a sparse raster with islands of data, at 10,000 and at 100,000 pixels a side.  The
windows have the size and overlap of the embedded model's, the model itself is a stand-in that finds what is bright: the
real one would take a day, and its memory does not depend on the raster.
Throughput and seams: the real embedded model.  Throughput is the time on the clock that the model alone needs for the
windows, told of the next ones as in the product, as a share of that of the whole run with reading, blending, polygons
and the journal, in one process that does both in turns.
Seams: four windows that overlap as in the product are blended, or put together from their middles (centre-cropping),
and compared with what the model says in one window in the middle of them, which has no seam there.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.windows import Window as RasterWindow

from benchmarks.rows import Row, at_least, at_most, missing, peak_mib
from geopix_backend.blocks import Blend
from geopix_backend.canvas import OFF
from geopix_backend.demo import SCENES, fetch
from geopix_backend.engine import Engine
from geopix_backend.journal import Journal
from geopix_backend.models import load
from geopix_backend.plan import looking_ahead
from geopix_backend.question import Question
from geopix_backend.raster_scene import open_scene
from geopix_backend.sampling import PIXELS
from geopix_backend.tiling import Layout, Window
from geopix_backend.work import Job
from geopix_model.predictor import Foresighted, Mask, ModelInfo, Piece, Predictor, Text

GOAL_MEMORY, GOAL_THROUGHPUT, GOAL_SEAMS = 1.1, 0.85, 1.0
SMALL, LARGE, QUICK_LARGE = 10_000, 100_000, 20_000
ISLAND = 1024  # side of a square with data; five by five of them lie on each raster
ASK = Question("Segment the vegetation.")


class Bright:
    """A stand-in with the windows of the embedded model: finds what is bright, at a quarter of the resolution."""

    def __init__(self) -> None:
        self.info = ModelInfo("bright", "1", 384, 48, (0.0, 1e9), mask_stride_px=4)

    def answer(self, image: NDArray[np.uint8], *rest: object) -> Iterator[Piece]:
        logits = (image[::4, ::4, 0].astype(np.float32) - 128) / 16
        yield Text("Here are ")
        yield Text("the buildings", phrase=True)
        yield Mask("the buildings", "building", logits, 0.9, 0, cores=logits - 2)
        yield Text(".")


def rows(quick: bool) -> list[Row]:
    """Peak memory, throughput and seams."""
    with tempfile.TemporaryDirectory() as folder:
        return [_memory(Path(folder), quick), *_with_model(Path(folder), quick)]


def _memory(folder: Path, quick: bool) -> Row:
    large = QUICK_LARGE if quick else LARGE
    name = f"large raster: peak memory of {large:,} px a side against {SMALL:,} px"
    peaks = {}
    for side in (SMALL, large):
        command = [sys.executable, "-m", "benchmarks.large", str(_sparse(folder / f"{side}.tif", side)), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return missing(name, GOAL_MEMORY, done.stderr[-200:])
        mib, seconds, regions = done.stdout.split()
        peaks[side] = float(mib)
        print(f"    {side:,} px: peak {float(mib):.0f} MiB, {float(seconds):.0f} s, {regions} regions", flush=True)
    return at_most(name, peaks[large] / peaks[SMALL], GOAL_MEMORY, mebibytes=peaks)


def _sparse(path: Path, side: int) -> Path:
    """A sparse raster of nodata with islands of bright spots."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:ISLAND, :ISLAND]
    grey = 118 + 60 * np.sin(x / 21) * np.sin(y / 23) + rng.normal(0, 4, x.shape)
    island = np.repeat(np.clip(grey, 1, 255).astype(np.uint8)[None], 3, axis=0)
    profile = {"driver": "GTiff", "width": side, "height": side, "count": 3, "dtype": "uint8", "nodata": 0}
    layout = {"tiled": True, "blockxsize": 512, "blockysize": 512, "sparse_ok": True, "bigtiff": "yes"}
    place = rasterio.Affine(0.5, 0, 4e5, 0, -0.5, 5e6)
    with rasterio.open(path, "w", **profile, **layout, compress="lzw", crs="EPSG:32633", transform=place) as file:
        apart = max(side // 5, ISLAND)
        for row in range(0, side - ISLAND + 1, apart):
            for col in range(0, side - ISLAND + 1, apart):
                file.write(island, window=RasterWindow(col, row, ISLAND, ISLAND))
    return path


def _with_model(folder: Path, quick: bool) -> list[Row]:
    try:
        predictor = load("nano", "cpu")
    except Exception as error:  # without its weights nothing can be measured
        return [missing("large raster: throughput", GOAL_THROUGHPUT, error)]
    return [_throughput(folder, predictor, quick), _seams(predictor, quick)]


def _picture(side: int, seed: int = 0) -> NDArray[np.uint8]:
    """(3, side, side) from the scene of the demonstration at 0.2 m, a road through forest; mirrored where it ends."""
    folder = Path(__file__).resolve().parents[1] / ".cache" / "scenes"
    fetch(SCENES, folder)
    with Image.open(SCENES[1].file_in(folder)) as file:
        whole = np.asarray(file.convert("RGB").reduce(2))
    row, col = np.random.default_rng(seed).integers(0, (whole.shape[0], whole.shape[1]))
    more = max(side + row - whole.shape[0], 0), max(side + col - whole.shape[1], 0)
    rows = _mirrored(whole.shape[0], whole.shape[0] + int(more[0]))[row : row + side]
    cols = _mirrored(whole.shape[1], whole.shape[1] + int(more[1]))[col : col + side]
    return np.ascontiguousarray(whole[rows][:, cols].transpose(2, 0, 1))


def _mirrored(length: int, wanted: int) -> NDArray[np.int64]:
    """Indices that run to and fro."""
    there = np.arange(wanted) % (2 * length)
    return np.where(there < length, there, 2 * length - 1 - there)


def _throughput(folder: Path, predictor: Predictor, quick: bool) -> Row:
    side, repeats = (2048 if quick else 4096), (3 if quick else 5)
    path = folder / "town.tif"
    profile = {"driver": "GTiff", "width": side, "height": side, "count": 3, "dtype": "uint8", "tiled": True}
    place = rasterio.Affine(0.5, 0, 4e5, 0, -0.5, 5e6)
    with rasterio.open(path, "w", **profile, compress="deflate", crs="EPSG:32633", transform=place) as file:
        file.write(_picture(side))
    scene = open_scene(path, gsd_range_m=predictor.info.gsd_range_m)
    layout = Layout(scene.height, scene.width, predictor.info.window_px, predictor.info.overlap_px)
    with scene.reading() as read:
        images = [
            np.ascontiguousarray(read(layout.window(row, col))[0].transpose(1, 2, 0))
            for row in range(layout.rows)
            for col in range(layout.cols)
        ]
    shares = []
    for attempt in range(repeats + 1):
        predictor = load("nano", "cpu")  # each time one that has not seen these windows: it remembers what it saw
        alone, predictor = _alone(predictor, images), load("nano", "cpu")
        began, journal = time.perf_counter(), Journal(folder / f"job{attempt}", Job.of(scene, ASK, predictor))
        regions = sum(event.name == "region" for event in Engine(predictor).ask(scene, ASK, journal=journal))
        whole = time.perf_counter() - began
        if attempt:
            shares.append(alone / whole)
    share = statistics.median(shares)
    print(f"    throughput: {len(images)} windows, {regions} regions, model alone {share:.3f} of the time", flush=True)
    return at_least(
        f"large raster: throughput with the embedded model, share of the model alone ({len(images)} windows)",
        share, GOAL_THROUGHPUT, shares=[round(value, 4) for value in shares],
    )  # fmt: skip


def _alone(predictor: Predictor, images: Sequence[NDArray[np.uint8]]) -> float:
    """Seconds for all windows, of which the model is told ahead as ``survey`` does."""
    began = time.perf_counter()
    if not isinstance(predictor, Foresighted):
        raise TypeError(f"{predictor.info.name} cannot look ahead, as the product lets it")
    for image in looking_ahead(images, predictor.foresee):
        list(predictor.answer(image, ASK.prompt))
    return time.perf_counter() - began


def _seams(predictor: Predictor, quick: bool) -> Row:
    """Error of blended windows against that of centre-cropped ones, near the seams, on logits of the model."""
    window_px, overlap_px = predictor.info.window_px, predictor.info.overlap_px
    layout = Layout(2 * window_px - overlap_px, 2 * window_px - overlap_px, window_px, overlap_px)
    start = (layout.height - window_px) // 2
    seamless = Window(start, start, window_px, window_px)
    near = _near_seams(layout)
    near[: start + overlap_px] = near[start + window_px - overlap_px :] = (
        False  # where that window is near its own edge
    )
    near[:, : start + overlap_px] = near[:, start + window_px - overlap_px :] = False
    blended, cropped = [], []
    for seed in range(8 if quick else 16):
        image = np.ascontiguousarray(_picture(layout.height, seed).transpose(1, 2, 0))
        blend, middle = Blend(*near.shape, overlap_px, Window(0, 0, *near.shape)), np.zeros(near.shape, np.float32)
        for row in range(layout.rows):
            for col in range(layout.cols):
                window = layout.window(row, col)
                logits = _logits(predictor, image, window)
                blend.add(window, np.ones(logits.shape, bool), {"a": logits[None]})
                own = _middle(window, layout)
                middle[own] = logits[own[0].start - window.row : own[0].stop - window.row,
                                     own[1].start - window.col : own[1].stop - window.col]  # fmt: skip
        truth = np.zeros(near.shape, np.float32)
        truth[seamless.slices] = _logits(predictor, image, seamless)
        blended.append(_error(blend.take("a")[0], truth, near))
        cropped.append(_error(middle, truth, near))
    name = "large raster: seam error of centre-cropping against blending, embedded model"
    ratio = float(np.mean(cropped) / np.mean(blended))
    print(
        f"    seams: {len(blended)} scenes, error {np.mean(blended):.4f} blended, {np.mean(cropped):.4f} cropped",
        flush=True,
    )
    return at_least(name, ratio, GOAL_SEAMS, blended=float(np.mean(blended)), cropped=float(np.mean(cropped)))


def _logits(predictor: Predictor, image: NDArray[np.uint8], window: Window) -> NDArray[np.float32]:
    """(h, w) of the first mask in a window; what a window without one counts as, where there is none."""
    for piece in predictor.answer(np.ascontiguousarray(image[window.slices]), ASK.prompt):
        if isinstance(piece, Mask):
            return PIXELS.logits(piece.logits, window)
    return np.full((window.height, window.width), OFF, np.float32)


def _middle(window: Window, layout: Layout) -> tuple[slice, slice]:
    """The part of a window up to the middle of what it shares with its neighbours."""
    half = layout.overlap_px // 2
    top = window.row + (half if window.row else 0)
    left = window.col + (half if window.col else 0)
    below = window.row + window.height - (half if window.row + window.height < layout.height else 0)
    right = window.col + window.width - (half if window.col + window.width < layout.width else 0)
    return slice(top, below), slice(left, right)


def _near_seams(layout: Layout) -> NDArray[np.bool_]:
    """Pixels that several windows see."""
    seen = np.zeros((layout.height, layout.width), int)
    for row in range(layout.rows):
        for col in range(layout.cols):
            seen[layout.window(row, col).slices] += 1
    return seen > 1


def _error(found: NDArray[np.float32], truth: NDArray[np.float32], where: NDArray[np.bool_]) -> float:
    """Mean difference of probabilities."""
    one, two = (1 / (1 + np.exp(-np.clip(logits[where], -30, 30))) for logits in (found, truth))
    return float(np.abs(one - two).mean())


def _ask(path: str, folder: str) -> None:
    """Asks about a raster and prints the peak memory of this process in MiB, seconds and regions."""
    began, predictor = time.monotonic(), Bright()
    scene = open_scene(path)
    journal = Journal(Path(folder) / f"job-{os.getpid()}", Job.of(scene, ASK, predictor))
    regions = sum(event.name == "region" for event in Engine(predictor).ask(scene, ASK, journal=journal))
    journal.remove()
    print(f"{peak_mib():.1f} {time.monotonic() - began:.1f} {regions}")


if __name__ == "__main__":
    _ask(*sys.argv[1:])
