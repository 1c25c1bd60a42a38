"""``geopix evaluate``: asks about labelled images in words and compares the polygons that come back.

What is measured is the product, not the network alone: prompt, windows, blending, polygons, score threshold.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize

from geopix_model import registry
from geopix_model.data.imagery import Labelled, read
from geopix_model.data.label_sets import ID, NAMES, SETS
from geopix_model.evaluate.metrics import Tally, iou
from geopix_model.nano.lexicon import CLASSES
from geopix_qgis.protocol import RegionEvent

from .engine import Engine
from .question import Question
from .raster import Tile

PROMPTS = (
    "Segment the {}",
    "find all {}",
    "Where are the {}?",
    "Show me the {} in this image.",
    "outline every {} please",
    "{}",
)
BOXED = frozenset(s.folder for s in SETS if s.kind == "boxes")
MIN_OBJECT_PX = 30  # a class with fewer labelled pixels than this is neither there nor absent


def evaluate(engine: Engine, images: Sequence[Labelled], absent_each: int, show: Callable[[str], None]) -> Tally:
    """Asks for every class that is in an image, and for ``absent_each`` that are not.

    Args:
        engine: Around the model to be measured.
        images: With their labels.
        absent_each: Questions about absent classes, for each image.
        show: Gets a line of progress now and then.
    """
    tally = Tally()
    for number, image in enumerate(images):
        rng = random.Random(image.name)
        present, absent = questions(image)
        for class_id in present:
            found = ask(engine, image, class_id, rng)
            value = iou(found, image.mask(class_id), ~image.unknown)
            tally.present[NAMES[class_id], image.source.folder].append(value)
        for class_id in rng.sample(absent, min(absent_each, len(absent))):
            found = ask(engine, image, class_id, rng)
            tally.refused[NAMES[class_id], image.source.folder].append(not found.any())
        if number % 10 == 9:
            scores = f"class IoU {tally.mean_iou(BOXED):.3f}, refused {tally.refusal_rate():.3f}"
            show(f"{number + 1}/{len(images)} images, {scores}")
    return tally


def questions(image: Labelled) -> tuple[list[int], list[int]]:
    """Classes that are in the image, and classes that are known not to be."""
    sizes = {c: int(image.mask(c).sum()) for c in image.source.labelled}
    present = [c for c, size in sizes.items() if size >= MIN_OBJECT_PX]
    absent = [c for c, size in sizes.items() if size == 0 and image.unknown.mean() < 0.3]
    return present, absent + [ID[name] for name in image.source.excluded]


def ask(engine: Engine, image: Labelled, class_id: int, rng: random.Random) -> NDArray[np.bool_]:
    """(H, W) pixels of the polygons that answer a question about a class."""
    height, width = image.present.shape
    pixels = np.ascontiguousarray(image.pixels.transpose(2, 0, 1))
    tile = Tile(pixels, np.ones((height, width), bool), Affine.identity(), None, None, image.name, ())
    prompt = rng.choice(PROMPTS).format(CLASSES[class_id].plural)
    shapes = [e.geometry for e in engine.ask(tile, Question(prompt)) if isinstance(e, RegionEvent)]
    if not shapes:
        return np.zeros((height, width), bool)
    found: NDArray[np.bool_] = rasterize(shapes, (height, width)).astype(bool)
    return found


def report(tally: Tally) -> str:
    """The result as Markdown."""
    lines = ["| class | set | images | mean IoU |", "|---|---|---|---|"]
    for (name, source), values in sorted(tally.present.items()):
        note = " (boxes: core against outside)" if source in BOXED else ""
        lines.append(f"| {name} | {source}{note} | {len(values)} | {np.mean(values):.3f} |")
    lines += ["", "| class | mean IoU over its images |", "|---|---|"]
    lines += [f"| {name} | {value:.3f} |" for name, value in tally.class_iou(BOXED).items()]
    asked = sum(map(len, tally.refused.values()))
    lines += [f"| **mean of classes** | **{tally.mean_iou(BOXED):.3f}** |", ""]
    lines += [f"Absent classes: no mask in {tally.refusal_rate():.1%} of {asked} questions."]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; 0 on success."""
    parser = argparse.ArgumentParser(prog="geopix evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the labelled image sets")
    parser.add_argument("--split", default="val", choices=("train", "val"))
    parser.add_argument("--set", help="only this set")
    parser.add_argument("--each", type=int, default=40, help="images of one set at most")
    parser.add_argument("--absent", type=int, default=2, help="questions about absent classes, for each image")
    parser.add_argument("--model", default="nano")
    parser.add_argument("--folder", type=Path, help="weights other than the installed ones")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", type=Path, help="also write every value to this file")
    args = parser.parse_args(argv)
    by_set: dict[str, list[Labelled]] = {}
    for image in read(args.data, args.split, args.set):
        by_set.setdefault(image.source.folder, []).append(image)
    images = [i for group in by_set.values() for i in random.Random(0).sample(group, min(args.each, len(group)))]
    engine = Engine(registry.load(args.model, args.device, args.folder))
    tally = evaluate(engine, images, args.absent, lambda line: print(line, flush=True))
    print(report(tally))
    if args.json:
        present = {"/".join(key): values for key, values in tally.present.items()}
        plain = {"present": present, "refused": {"/".join(key): values for key, values in tally.refused.items()}}
        args.json.write_text(json.dumps(plain, indent=1))
    return 0
