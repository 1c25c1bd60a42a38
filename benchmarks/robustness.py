"""How much of its IoU the embedded model keeps in another light, behind haze, after compression, at another scale.

Run: ``python -m benchmarks.robustness --data DATA [--set nwpu] [--each 12] [--folder MODEL] [--json out.json]``

Every class that is in an image is asked for in words, first in the image as it is, then in each changed one; a row is
the ratio of the mean IoU (mean over classes of the mean over images).  At another scale labels and image are resampled
alike and no georeference is given, so that nothing tells the model what happened.

With ``--ground`` the middles of scenes whose resolution is known are written as GeoTIFFs of 0.1 to 2 m and asked about
as an analyst would; polygons are compared with the labels on the ground, and IoU with that at the scene's own
resolution.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import random
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from PIL import Image
from shapely.geometry import shape

from benchmarks.rows import Row, at_least
from geopix_backend.engine import Engine
from geopix_backend.evaluation import BOXED, burn, drawn, score
from geopix_backend.plan import gsd_range_of
from geopix_backend.question import Question
from geopix_backend.raster import read_tile
from geopix_backend.vectors import moved
from geopix_model import registry
from geopix_model.data.imagery import Labelled
from geopix_model.evaluate.metrics import iou, mean
from geopix_model.nano.lexicon import CLASSES
from geopix_model.predictor import Predictor
from geopix_qgis.protocol import RegionEvent

GOAL = 0.85
GROUND_M = {"bld_jkpg": 0.2, "dubai": 0.5, "roads_mass": 1.0}  # size of a pixel, where the set tells
RESOLUTIONS_M = (0.1, 0.2, 0.5, 1.0, 2.0)
MIDDLE_PX = 640  # at 0.1 m a scene of 1 m has a hundred times its pixels
CORNER = (500_000.0, 6_400_000.0)
Pixels = NDArray[np.uint8]
Change = Callable[[Labelled], Labelled]


def light(change: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> Change:
    """A change of the pixels, given and returned as (H, W, 3) from 0 to 1."""

    def changed(image: Labelled) -> Labelled:
        pixels = change(image.pixels.astype(np.float32) / 255)
        return dataclasses.replace(image, pixels=np.clip(np.rint(pixels * 255), 0, 255).astype(np.uint8))

    return changed


def jpeg(image: Labelled) -> Labelled:
    """As a JPEG file of quality 40 gives it back."""
    file = io.BytesIO()
    Image.fromarray(image.pixels).save(file, "JPEG", quality=40)
    return dataclasses.replace(image, pixels=np.asarray(Image.open(file)))


def scaled(factor: float) -> Change:
    """Resampled with its labels; ``factor`` 2 is half the ground sampling distance."""

    def changed(image: Labelled) -> Labelled:
        size = round(image.pixels.shape[1] * factor), round(image.pixels.shape[0] * factor)
        how = Image.Resampling.BICUBIC if factor > 1 else Image.Resampling.BOX
        nearest = Image.Resampling.NEAREST
        present = np.asarray(Image.fromarray(image.present.view(np.int32)).resize(size, nearest)).view(np.uint32)
        return dataclasses.replace(
            image,
            pixels=np.asarray(Image.fromarray(image.pixels).resize(size, how)),
            present=present,
            unknown=np.asarray(Image.fromarray(image.unknown).resize(size, nearest)),
            objects=[(class_id, outline * factor) for class_id, outline in image.objects],
        )

    return changed


CHANGES: dict[str, Change] = {
    "darker by a third": light(lambda x: x * 0.67),
    "brighter by a quarter": light(lambda x: x * 1.25),
    "haze (0.3 of white)": light(lambda x: x * 0.7 + 0.3 * 0.85),
    "warm cast (red + 15 %, blue - 15 %)": light(lambda x: x * np.array([1.15, 1.0, 0.85], np.float32)),
    "JPEG at quality 40": jpeg,
    "half the resolution": scaled(0.5),
    "twice the resolution": scaled(2.0),
}


def _there(image: Labelled) -> list[int]:
    """The classes that are in an image."""
    return sorted({c for c in image.source.labelled if image.mask(c).any()})


def measured(engine: Engine, images: Sequence[Labelled], change: Change | None = None) -> float:
    """Mean over classes of the mean IoU over the images that have the class."""
    values = defaultdict(list)
    for image in images:
        shown = image if change is None else change(image)
        for class_id in _there(image):
            found = score(engine, shown, class_id, random.Random(image.name))
            values[found.class_name].append(found.iou or 0.0)
    return mean(mean(each) for each in values.values())


def changed_rows(engine: Engine, images: Sequence[Labelled]) -> list[Row]:
    """One row for each of ``CHANGES``."""
    whole = measured(engine, images)
    print(f"{len(images)} images as they are: IoU {whole:.3f}", flush=True)
    rows = []
    for name, change in CHANGES.items():
        rows.append(at_least(f"IoU kept: {name}", measured(engine, images, change) / whole, GOAL))
        print(f"{rows[-1].ratio:5.2f}  {name}", flush=True)
    return rows


def on_ground(predictor: Predictor, images: Sequence[Labelled], folder: Path, resolution_m: float | None) -> float:
    """As ``measured``, of scenes in files of a resolution; None is their own."""
    engine, values = Engine(predictor), defaultdict(list)
    for image in images:
        own = GROUND_M[image.source.folder]
        shown = image if resolution_m is None else scaled(own / resolution_m)(image)
        size_m = own if resolution_m is None else own * image.pixels.shape[0] / shown.pixels.shape[0]
        path = _written(folder / "scene.tif", shown.pixels, size_m)
        for class_id in _there(image):
            question = Question(f"Segment the {CLASSES[class_id].plural}")
            events = engine.ask(read_tile(path, gsd_range_m=gsd_range_of(predictor, question)), question)
            polygons = [shape(event.geometry) for event in events if isinstance(event, RegionEvent)]
            found = burn(list(moved(polygons, ~_transform(own))), image.present.shape)
            values[class_id].append(iou(found, image.mask(class_id), ~image.unknown) or 0.0)
    return mean(mean(each) for each in values.values())


def _middle(image: Labelled) -> Labelled:
    top, left = (max(side - MIDDLE_PX, 0) // 2 for side in image.present.shape)
    place = slice(top, top + MIDDLE_PX), slice(left, left + MIDDLE_PX)
    return dataclasses.replace(
        image, pixels=image.pixels[place], present=image.present[place], unknown=image.unknown[place], objects=[]
    )


def _transform(size_m: float) -> Affine:
    return Affine(size_m, 0, CORNER[0], 0, -size_m, CORNER[1])


def _written(path: Path, pixels: Pixels, size_m: float) -> Path:
    """(H, W, 3) as a GeoTIFF with pixels of ``size_m`` metres."""
    profile = {"driver": "GTiff", "width": pixels.shape[1], "height": pixels.shape[0], "count": 3, "dtype": "uint8"}
    with rasterio.open(path, "w", **profile, crs="EPSG:32633", transform=_transform(size_m)) as file:
        file.write(pixels.transpose(2, 0, 1))
    return path


def ground_rows(predictor: Predictor, images: Sequence[Labelled]) -> list[Row]:
    """One row for each resolution."""
    known = [_middle(image) for image in images if image.source.folder in GROUND_M]
    with tempfile.TemporaryDirectory() as folder:
        own = on_ground(predictor, known, Path(folder), None)
        print(f"{len(known)} scenes at their own resolution: IoU {own:.3f}", flush=True)
        rows = []
        for resolution in RESOLUTIONS_M:
            kept = on_ground(predictor, known, Path(folder), resolution) / own
            rows.append(at_least(f"IoU kept: {resolution} m", kept, GOAL))
            print(f"{kept:5.2f}  {resolution} m", flush=True)
    return rows


def main(argv: Sequence[str] | None = None) -> int:
    """Prints each ratio beside its goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the labelled image sets")
    parser.add_argument("--set", help="only this set")
    parser.add_argument("--each", type=int, default=12, help="images of one set at most")
    parser.add_argument("--folder", type=Path, help="weights other than the installed ones")
    parser.add_argument("--ground", action="store_true", help="ask about GeoTIFFs of 0.1 to 2 m instead")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args(argv)
    images = [i for i in drawn(args.data, "val", args.each, args.set) if i.source.folder not in BOXED]
    predictor = registry.load("nano", "cpu", args.folder)
    rows = ground_rows(predictor, images) if args.ground else changed_rows(Engine(predictor), images)
    if args.json:
        args.json.write_text(json.dumps([dataclasses.asdict(row) for row in rows], indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
