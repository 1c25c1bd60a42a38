"""``geopix evaluate segmentation``: asks about labelled images in words and compares the polygons that come back.

What is measured is the product, not the network alone: prompt, windows, blending, polygons, score threshold.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely import Polygon
from shapely.geometry import shape

from geopix_model import registry
from geopix_model.data.imagery import Labelled, read
from geopix_model.data.label_sets import ID, NAMES, SETS
from geopix_model.evaluate.metrics import Matches, Score, Tally, iou, match
from geopix_model.nano.lexicon import CLASSES
from geopix_qgis.protocol import RegionEvent

from .engine import Engine
from .errors import UsageError
from .evaluation_report import as_json, table, tile_of, write_pictures
from .question import Question
from .vectors import polygons

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
OBJECT_IOU, BOX_IOU = 0.5, 0.3
LAND_COVER = frozenset({"road", "vegetation", "water", "bare land"})  # areas, not objects
KNOWN_SHARE = 0.7  # of an image that must be labelled before a class without pixels counts as absent


def evaluate(engine: Engine, images: Sequence[Labelled], strangers: int, show: Callable[[str], None]) -> Tally:
    """Asks for every class whose presence is known in an image.

    Args:
        engine: Around the model to be measured.
        images: With their labels.
        strangers: Questions, for each image, about classes that its set cannot contain.
        show: Gets a line of progress now and then.
    """
    tally = Tally(boxed=BOXED)
    for number, image in enumerate(images):
        rng = random.Random(image.name)
        known, excluded = questions(image)
        for class_id in known + rng.sample(excluded, min(strangers, len(excluded))):
            tally.scores.append(score(engine, image, class_id, rng))
        if number % 10 == 9 or number + 1 == len(images):
            present, absent = tally.presence()
            values = list(tally.iou_present().values())
            show(
                f"{number + 1}/{len(images)} images, class IoU {sum(values) / max(len(values), 1):.3f}, "
                f"found {present:.3f}, refused {absent:.3f}"
            )
    return tally


def drawn(data: Path, split: str, each: int, only: str | None = None, part: tuple[int, int] = (1, 1)) -> list[Labelled]:
    """Some images of each set, at random but always the same.

    Args:
        data: Folder with the sets.
        split: Folder of each set.
        each: Images of one set at most.
        only: This set alone.
        part: Which part of how many; no image is in two of them.

    Raises:
        UsageError: If there is none.
    """
    by_set: dict[str, list[Labelled]] = {}
    for image in read(data, split, only):
        by_set.setdefault(image.source.folder, []).append(image)
    number, parts = part
    mixed = (random.Random(0).sample(group, len(group)) for group in by_set.values())
    images = [image for group in mixed for image in group[number - 1 :: parts][:each]]
    if not images:
        what = f"the set {only!r}" if only else "a set such as nwpu"
        raise UsageError(f"{data} has no images of {what}, expected {data}/{only or 'nwpu'}/{split}/images or the like")
    return images


def part_of(text: str) -> tuple[int, int]:
    """Which part of how many a text such as "2/3" names.

    Raises:
        argparse.ArgumentTypeError: If it names none.
    """
    numbers = text.split("/")
    if len(numbers) == 2 and all(number.isdecimal() for number in numbers) and 0 < int(numbers[0]) <= int(numbers[1]):
        return int(numbers[0]), int(numbers[1])
    raise argparse.ArgumentTypeError(f"{text!r} is no part; give which one of how many, such as 1/2")


PART_HELP = "which part of the images, such as 1/2: one to calibrate with, another to measure"


def questions(image: Labelled) -> tuple[list[int], list[int]]:
    """Classes whose presence or absence the labels tell, and classes that such a place does not have."""
    sizes = {c: int(image.mask(c).sum()) for c in image.source.labelled}
    labelled = 1 - image.unknown.mean() >= KNOWN_SHARE
    known = [c for c, size in sizes.items() if size >= MIN_OBJECT_PX or (size == 0 and labelled)]
    return known, [ID[name] for name in image.source.excluded]


def score(engine: Engine, image: Labelled, class_id: int, rng: random.Random) -> Score:
    """One question, asked and compared."""
    found = ask(engine, image, rng.choice(PROMPTS).format(CLASSES[class_id].plural))
    mask, name = burn(found, image.present.shape), NAMES[class_id]
    truth = image.mask(class_id)
    value = iou(mask, truth, ~image.unknown)
    return Score(
        image.name,
        name,
        image.source.folder,
        bool(truth.any()),
        bool(mask.any()),
        value,
        None if name in LAND_COVER else objects(found, image, class_id),
    )


def ask(engine: Engine, image: Labelled, prompt: str) -> list[Polygon]:
    """The polygons that answer a question, in pixels of the image."""
    return [shape(e.geometry) for e in engine.ask(tile_of(image), Question(prompt)) if isinstance(e, RegionEvent)]


def burn(found: Sequence[Polygon], size: tuple[int, ...]) -> NDArray[np.bool_]:
    """(H, W) pixels of polygons."""
    if not found:
        return np.zeros(size, bool)
    return np.asarray(rasterize(found, size).astype(bool))


def objects(found: Sequence[Polygon], image: Labelled, class_id: int) -> Matches:
    """Objects one by one: outlines at IoU 0.5; boxes at IoU 0.3 with the boxes around what was found."""
    if image.source.kind == "masks":
        truth = polygons(image.mask(class_id), Affine.identity(), min_area_px=MIN_OBJECT_PX)
    else:
        rings = [ring for c, ring in image.objects if c == class_id]
        truth = [shapely.make_valid(Polygon(ring)) for ring in rings]
    if image.source.folder in BOXED:
        return match(overlaps([shapely.box(*polygon.bounds) for polygon in found], truth), BOX_IOU)
    return match(overlaps(found, truth), OBJECT_IOU)


def overlaps(found: Sequence[Polygon], truth: Sequence[Polygon]) -> NDArray[np.float64]:
    """(found, truth) intersection over union of each pair."""
    result = np.zeros((len(found), len(truth)))
    if result.size:
        near = shapely.STRtree(list(truth)).query(list(found), predicate="intersects")
        for i, j in near.T:
            common = shapely.intersection(found[i], truth[j]).area
            result[i, j] = common / (found[i].area + truth[j].area - common)
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; 0 on success."""
    parser = argparse.ArgumentParser(prog="geopix evaluate", description=__doc__)
    parser.add_argument("task", choices=("segmentation",), help="what to measure")
    parser.add_argument("--data", type=Path, required=True, help="folder with the labelled image sets")
    parser.add_argument("--split", default="val", help="folder of each set; a set without it is read whole")
    parser.add_argument("--set", help="only this set")
    parser.add_argument("--each", type=int, default=100, help="images of one set at most, drawn at random")
    parser.add_argument("--part", type=part_of, default=(1, 1), help=PART_HELP)
    parser.add_argument("--strangers", type=int, default=2, help="classes that a set cannot contain, for each image")
    parser.add_argument("--model", default="nano")
    parser.add_argument("--folder", type=Path, help="weights other than the installed ones")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    parser.add_argument("--pictures", type=Path, help="also draw the best, a typical and the worst image of each class")
    args = parser.parse_args(argv)
    images = drawn(args.data, args.split, args.each, args.set, args.part)
    engine = Engine(registry.load(args.model, args.device, args.folder))
    tally = evaluate(engine, images, args.strangers, lambda line: print(line, flush=True))
    print(table(tally))
    if args.json:
        args.json.write_text(as_json(tally), encoding="utf-8")
    if args.pictures:
        write_pictures(args.pictures, tally, {image.name: image for image in images}, engine)
    return 0
