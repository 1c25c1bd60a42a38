"""Benchmark 2: soft logits to polygons, against enlarging them and ``rasterio.features.shapes``.

Ours is what the product does with the logits of a window: they are enlarged to the samples at which windows are
blended, and their iso-line is simplified.
"""

from __future__ import annotations

import numpy as np
import shapely
import torch
from affine import Affine

from benchmarks import peers, synthetic
from benchmarks.rows import Row, alternated, at_least
from geopix_backend.findings import DEVIATION_PX
from geopix_backend.sampling import sampling_of
from geopix_backend.tiling import Window
from geopix_backend.vectors import smooth_polygons
from geopix_model.predictor import ModelInfo

SIDE_PX = 1024  # of a window
LEAST_PX = 40  # specks below this count for nobody
GOAL_IOU, GOAL_VERTICES, GOAL_SPEED = 0.015, 3.0, 5.0


def rows(quick: bool) -> list[Row]:
    """IoU, vertices and speed on a window of 256 x 256 logits; medians of many, as one takes milliseconds."""
    logits, truth = synthetic.soft(SIDE_PX)
    found = {"ours": lambda: ours(logits), "rasterio": lambda: theirs(logits)}
    seconds = alternated(found, 9 if quick else 25, calls=5)
    measured = {}
    for name, run in found.items():
        polygons = run()
        polygons = polygons[shapely.area(polygons) >= LEAST_PX]
        measured[name] = {"milliseconds": round(1000 * seconds[name], 2), **_quality(polygons, truth)}
        print(f"    {name:9} {measured[name]}", flush=True)
    one, other = measured["ours"], measured["rasterio"]
    against = "against bilinear logits + rasterio.features.shapes"
    return [
        at_least(f"logits: IoU with the true shapes, gain {against}", one["iou"] - other["iou"], GOAL_IOU, **measured),
        at_least(
            f"logits: how many times fewer vertices {against}", other["vertices"] / one["vertices"], GOAL_VERTICES
        ),
        at_least(f"logits: speed {against}", seconds["rasterio"] / seconds["ours"], GOAL_SPEED),
    ]


def ours(logits: np.ndarray) -> peers.Geometries:
    """The iso-line of the logits, enlarged by bicubic interpolation, simplified."""
    sampling = sampling_of(ModelInfo("", "", SIDE_PX, 0, (0.0, 1e9), mask_stride_px=SIDE_PX // len(logits)))
    samples = sampling.logits(logits, Window(0, 0, SIDE_PX, SIDE_PX))
    return smooth_polygons(samples, Affine.scale(sampling.px), min_area_px=0, simplify_px=DEVIATION_PX / sampling.px)


def theirs(logits: np.ndarray) -> peers.Geometries:
    """The common way: enlarge by bilinear interpolation, cut at zero, trace pixel edges."""
    image = torch.from_numpy(logits)[None, None]
    whole = torch.nn.functional.interpolate(image, (SIDE_PX, SIDE_PX), mode="bilinear", align_corners=False)
    return peers.rasterio_polygons(whole[0, 0].numpy() > 0)


def _quality(polygons: peers.Geometries, truth: list[shapely.Polygon]) -> dict[str, float]:
    shapes = np.array(truth, dtype=object)
    one, other = shapely.STRtree(shapes).query(polygons, predicate="intersects")
    common = shapely.area(shapely.intersection(polygons[one], shapes[other])).sum()
    area, expected = shapely.area(polygons).sum(), shapely.area(shapes).sum()
    return {
        "iou": round(float(common / (area + expected - common)), 4),
        "area_bias_percent": round(float(100 * (area / expected - 1)), 2),
        "vertices": int(shapely.get_num_coordinates(polygons).sum()),
        "invalid": int((~shapely.is_valid(polygons)).sum()),
    }
