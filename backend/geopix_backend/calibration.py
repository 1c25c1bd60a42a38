"""``geopix calibrate``: how far each witness of the embedded model is to be believed, fitted to labelled images.

Every class whose presence is known is asked for in words, as in ``geopix evaluate``.  For each class the masks are cut
off where they agree best with the labels.  Each region of an answer is right or wrong by the labels; a logistic
regression on what the witnesses said of it gives the weights and, for each class, a bias.  Only these numbers are
written, into the model's ``config.json``; the network stays as it is.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
from geopix_model.nano.evidence import lifted
from geopix_model.nano.lexicon import CLASSES
from geopix_model.nano.nano_predictor import NanoPredictor

from . import tiling
from .components import components, labelled, log_odds, probability
from .errors import UsageError
from .evaluation import PART_HELP, PROMPTS, drawn, part_of, questions
from .evaluation_report import tile_of
from .question import Question
from .sampling import PIXELS
from .splitting import single_objects

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
MIN_AREA_PX = Question.min_area_px
RIGHT_FROM = 0.5  # share of a region's labelled pixels that are of its class
MOST_REGIONS = 20  # an answer with more, as of specks of trees, weighs no more than one with as many
BIAS_SPREAD = 1.5  # how far the bias of a class is expected to be from that of the others, in log-odds
WEIGHT_SPREAD = 2.0
LIFTS = (-1.0, 0.0, 1.0, 2.0)  # tried for each class
LIFT_COST = 0.004  # IoU that a lift of 1 must bring, so that a class with few images keeps its masks


@dataclass(frozen=True, eq=False)
class Found:
    """A region of an answer.

    Attributes:
        image: Where.
        class_id: What was asked for.
        mean: Log-odds of the mean probability of its pixels.
        witnesses: (4,) means over its pixels, in the order of ``EvidenceConfig.weights``.
        right: Whether it is what was asked for.
        lift: Added to the logits of its mask.
    """

    image: str
    class_id: int
    mean: float
    witnesses: NDArray[np.float32]
    right: bool
    lift: float = 0.0


class Agreement:
    """How well masks agree with the labels where these have something, by class and lift."""

    def __init__(self) -> None:
        self._sums: dict[int, dict[str, NDArray[np.int64]]] = {}  # by class and image: (lifts, [common, either])

    def add(self, image: str, class_id: int, logits: NDArray[np.float32], truth: Bools, valid: Bools) -> None:
        """Takes in the unlifted mask logits of a window, (H, W) as its labels and where these are known."""
        sums = self._sums.setdefault(class_id, {}).setdefault(image, np.zeros((len(LIFTS), 2), np.int64))
        right = truth & valid
        for row, lift in zip(sums, LIFTS, strict=True):
            found = (logits > -lift) & valid
            row += int((found & right).sum()), int((found | right).sum())

    def lifts(self, classes: int) -> tuple[float, ...]:
        """For each class the lift with the best mean IoU of images, less what it costs; 0 for one never seen."""
        return tuple(self._best(self._sums.get(class_id, {})) for class_id in range(classes))

    @staticmethod
    def _best(images: Mapping[str, NDArray[np.int64]]) -> float:
        if not images:
            return 0.0
        means = np.mean([sums[:, 0] / np.maximum(sums[:, 1], 1) for sums in images.values()], axis=0)
        return LIFTS[int(np.argmax(means - LIFT_COST * np.abs(LIFTS)))]


def gather(predictor: NanoPredictor, image: Labelled, strangers: int, agreement: Agreement) -> Iterator[Found]:
    """All regions of the answers to the questions about an image whose answers are known, window by window and lift."""
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
                    plain = PIXELS.logits(mask.logits, window) - lifted(predictor.model.config.evidence, class_id)
                    cores = None if mask.cores is None else PIXELS.logits(mask.cores, window)
                    witnesses = PIXELS.logits(witnesses, window)
                    if image.mask(class_id).any() and image.source.kind != "boxes":
                        agreement.add(image.name, class_id, plain, truth, valid)
                    for lift in LIFTS:
                        for told in _regions(plain + np.float32(lift), cores, witnesses, truth, valid):
                            yield Found(image.name, class_id, *told, lift)


def _regions(
    logits: Floats, cores: Floats | None, witnesses: Floats, truth: Bools, valid: Bools
) -> Iterator[tuple[float, Floats, bool]]:
    """Mean log-odds, (4,) mean witnesses and rightness of each region; all arrays are (.., H, W)."""
    found = components(logits, np.ones_like(valid), MIN_AREA_PX)
    if cores is not None:
        found = single_objects(found, logits, cores, MIN_AREA_PX)
    if not found:
        return
    numbers = labelled(found, logits.shape).ravel()
    size = len(found) + 1
    pixels = np.maximum(np.bincount(numbers, minlength=size), 1)
    planes = (probability(logits), *witnesses)
    means = [np.bincount(numbers, plane.ravel(), size) / pixels for plane in planes]
    known = np.bincount(numbers, valid.ravel(), size)
    hits = np.bincount(numbers, (truth & valid).ravel(), size)
    for number in range(1, size):
        if known[number] >= MIN_AREA_PX:
            means_here = np.array([mean[number] for mean in means[1:]], np.float32)
            yield float(log_odds(means[0])[number]), means_here, bool(hits[number] > RIGHT_FROM * known[number])


def fit(found: Sequence[Found], lift: Sequence[float]) -> EvidenceConfig:
    """The believed weights: maximum of the posterior of a logistic regression whose offset is the mask itself.

    An overall factor on the log-odds is fitted too and then divided out: it moves no score across one half.

    Args:
        found: Regions, right and wrong ones; those of other lifts are left out.
        lift: Of each class; each of them gets a bias of its own.

    Raises:
        UsageError: If all regions are right, or all wrong.
    """
    found, classes = [region for region in found if region.lift == lift[region.class_id]], len(lift)
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
        lift=tuple(lift),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; 0 on success."""
    parser = argparse.ArgumentParser(prog="geopix calibrate", description=__doc__)
    parser.add_argument("folder", type=Path, help="model folder whose config.json gets the weights")
    parser.add_argument("--data", type=Path, required=True, help="folder with the labelled image sets")
    parser.add_argument("--split", default="val", help="folder of each set; a set without it is read whole")
    parser.add_argument("--each", type=int, default=40, help="images of one set at most, drawn at random")
    parser.add_argument("--part", type=part_of, default=(1, 1), help=PART_HELP)
    parser.add_argument("--strangers", type=int, default=2, help="classes that a set cannot contain, for each image")
    parser.add_argument("--device", default="auto")
    args = parser.parse_args(argv)
    predictor = registry.load("nano", args.device, args.folder)
    if not isinstance(predictor, NanoPredictor):
        raise UsageError(f"{args.folder} holds no embedded model; only its evidence is weighed.")
    found: list[Found] = []
    agreement = Agreement()
    for number, image in enumerate(images := drawn(args.data, args.split, args.each, part=args.part)):
        found += gather(predictor, image, args.strangers, agreement)
        if number % 10 == 9 or number + 1 == len(images):
            print(f"{number + 1}/{len(images)} images, {len(found)} regions", flush=True)
    config = predictor.model.config
    weighed = dataclasses.replace(config, evidence=fit(found, agreement.lifts(len(config.class_names))))
    weighed.save(args.folder / CONFIG)
    print(f"confidence, doubt, own map, rival map: {weighed.evidence.weights}; no class: {weighed.evidence.generic}")
    for name, bias, lift in zip(config.class_names, weighed.evidence.bias, weighed.evidence.lift, strict=True):
        print(f"{bias:7.2f} {lift:5.1f}  {name}")
    return 0
