"""``geopix calibrate``: how far each witness of the embedded model is to be believed, fitted to labelled images.

Every class whose presence is known is asked for in words, as in ``geopix evaluate``.  Each region of an answer is right
or wrong by the labels; a logistic regression on what the witnesses said of it gives the weights and, for each class, a
bias.  Only the weights are written, into the model's ``config.json``; the network stays as it is.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from geopix_model import registry
from geopix_model.checkpoint import CONFIG
from geopix_model.data.imagery import Labelled
from geopix_model.geopix.config import EvidenceConfig
from geopix_model.nano.lexicon import CLASSES
from geopix_model.nano.nano_predictor import NanoPredictor
from geopix_model.predictor import Mask

from . import tiling
from .components import components, labelled, log_odds, probability
from .errors import UsageError
from .evaluation import PROMPTS, drawn, questions
from .evaluation_report import tile_of
from .question import Question
from .splitting import single_objects

MIN_AREA_PX = Question.min_area_px
RIGHT_FROM = 0.5  # share of a region's labelled pixels that are of its class
MOST_REGIONS = 20  # an answer with more, as of specks of trees, weighs no more than one with as many
BIAS_SPREAD = 1.5  # how far the bias of a class is expected to be from that of the others, in log-odds
WEIGHT_SPREAD = 2.0


@dataclass(frozen=True, eq=False)
class Found:
    """A region of an answer.

    Attributes:
        image: Where.
        class_id: What was asked for.
        mean: Log-odds of the mean probability of its pixels.
        witnesses: (4,) means over its pixels, in the order of ``EvidenceConfig.weights``.
        right: Whether it is what was asked for.
    """

    image: str
    class_id: int
    mean: float
    witnesses: NDArray[np.float32]
    right: bool


def gather(predictor: NanoPredictor, image: Labelled, strangers: int) -> Iterator[Found]:
    """All regions of the answers to the questions about an image whose answers are known, window by window."""
    rng = random.Random(image.name)
    known, excluded = questions(image)
    tile, info = tile_of(image), predictor.info
    pixels = tile.pixels.transpose(1, 2, 0)
    for class_id in known + rng.sample(excluded, min(strangers, len(excluded))):
        prompt = rng.choice(PROMPTS).format(CLASSES[class_id].plural)
        for window in tiling.windows(tile.height, tile.width, info.window_px, info.overlap_px):
            place = window.slices
            for mask, said_of, witnesses in predictor.testify(np.ascontiguousarray(pixels[place]), prompt):
                if said_of == class_id:
                    truth, valid = image.mask(class_id)[place], ~image.unknown[place]
                    for mean, means, right in _regions(mask, witnesses, truth, valid):
                        yield Found(image.name, class_id, mean, means, right)


def _regions(
    mask: Mask, witnesses: NDArray[np.float32], truth: NDArray[np.bool_], valid: NDArray[np.bool_]
) -> Iterator[tuple[float, NDArray[np.float32], bool]]:
    """Mean log-odds, (4,) mean witnesses and rightness of each region; all arrays are on the pixels of the mask."""
    found = components(mask.logits, np.ones_like(valid), MIN_AREA_PX)
    if mask.cores is not None:
        found = single_objects(found, mask.logits, mask.cores, MIN_AREA_PX)
    if not found:
        return
    numbers = labelled(found, mask.logits.shape).ravel()
    size = len(found) + 1
    pixels = np.maximum(np.bincount(numbers, minlength=size), 1)
    planes = (probability(mask.logits), *witnesses)
    means = [np.bincount(numbers, plane.ravel(), size) / pixels for plane in planes]
    known = np.bincount(numbers, valid.ravel(), size)
    hits = np.bincount(numbers, (truth & valid).ravel(), size)
    for number in range(1, size):
        if known[number] >= MIN_AREA_PX:
            means_here = np.array([mean[number] for mean in means[1:]], np.float32)
            yield float(log_odds(means[0])[number]), means_here, bool(hits[number] > RIGHT_FROM * known[number])


def fit(found: Sequence[Found], classes: int) -> EvidenceConfig:
    """The believed weights: maximum of the posterior of a logistic regression whose offset is the mask itself.

    An overall factor on the log-odds is fitted too and then divided out: it moves no score across one half.

    Args:
        found: Regions, right and wrong ones.
        classes: Number of classes that get a bias of their own.

    Raises:
        UsageError: If all regions are right, or all wrong.
    """
    right = torch.tensor([float(region.right) for region in found], dtype=torch.float64)
    if not 0 < float(right.mean() if len(found) else 0.0) < 1:
        raise UsageError(f"{len(found)} regions, of which all are right or all wrong, tell nothing; give more images")
    mean = torch.tensor([region.mean for region in found], dtype=torch.float64)
    seen = torch.tensor(np.stack([region.witnesses for region in found]), dtype=torch.float64)
    owner = torch.tensor([region.class_id for region in found])
    count = Counter((region.image, region.class_id) for region in found)
    weight = torch.tensor([min(1.0, MOST_REGIONS / count[region.image, region.class_id]) for region in found])
    # [factor on the mask, weights, common bias, biases]
    values = torch.zeros(1 + 4 + 1 + classes, dtype=torch.float64, requires_grad=True)
    spread = torch.tensor([WEIGHT_SPREAD] * 6 + [BIAS_SPREAD] * classes, dtype=torch.float64)
    search = torch.optim.LBFGS([values], max_iter=500, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        search.zero_grad()
        logits = values[0] * mean + seen @ values[1:5] + values[5] + values[6:][owner]
        value = (
            F.binary_cross_entropy_with_logits(logits, right, weight.double(), reduction="sum")
            + ((values / spread) ** 2).sum() / 2
        )
        value.backward()
        return value

    search.step(loss)
    factor = max(float(values[0].detach()), 0.2)
    scaled = (values.detach() / factor).tolist()
    return EvidenceConfig(
        weights=tuple(round(v, 3) for v in scaled[1:5]),
        bias=tuple(round(scaled[5] + v, 3) for v in scaled[6:]),
        generic=round(scaled[5], 3),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; 0 on success."""
    parser = argparse.ArgumentParser(prog="geopix calibrate", description=__doc__)
    parser.add_argument("folder", type=Path, help="model folder whose config.json gets the weights")
    parser.add_argument("--data", type=Path, required=True, help="folder with the labelled image sets")
    parser.add_argument("--split", default="val", help="folder of each set; a set without it is read whole")
    parser.add_argument("--each", type=int, default=40, help="images of one set at most, drawn at random")
    parser.add_argument("--strangers", type=int, default=2, help="classes that a set cannot contain, for each image")
    parser.add_argument("--device", default="auto")
    args = parser.parse_args(argv)
    predictor = registry.load("nano", args.device, args.folder)
    if not isinstance(predictor, NanoPredictor):
        raise UsageError(f"{args.folder} holds no embedded model; only its evidence is weighed.")
    found: list[Found] = []
    for number, image in enumerate(images := drawn(args.data, args.split, args.each)):
        found += gather(predictor, image, args.strangers)
        if number % 10 == 9 or number + 1 == len(images):
            print(f"{number + 1}/{len(images)} images, {len(found)} regions", flush=True)
    config = predictor.model.config
    weighed = dataclasses.replace(config, evidence=fit(found, len(config.class_names)))
    weighed.save(args.folder / CONFIG)
    print(f"confidence, doubt, own map, rival map: {weighed.evidence.weights}; no class: {weighed.evidence.generic}")
    for name, bias in zip(config.class_names, weighed.evidence.bias, strict=True):
        print(f"{bias:7.2f}  {name}")
    return 0
