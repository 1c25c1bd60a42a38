"""How good masks, objects and refusals are, class by class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Matches:
    """Objects of one image: found and right, found and wrong, missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: Matches) -> Matches:
        return Matches(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; NaN where there is no object, found or not."""
        total = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / total if total else float("nan")


@dataclass(frozen=True)
class Score:
    """One question about one class in one image.

    Attributes:
        image, class_name, source: What was asked about; ``source`` is the data set.
        present, found: Whether the class is there, and whether a mask was given.
        iou: Of the masks; None where both are empty.
        objects: Compared one by one; None for a class or a set that has no objects.
    """

    image: str
    class_name: str
    source: str
    present: bool
    found: bool
    iou: float | None
    objects: Matches | None = None


def iou(found: Bools, truth: Bools, valid: Bools) -> float | None:
    """Intersection over union of two (H, W) masks where ``valid``; None if both are empty there."""
    found, truth = found & valid, truth & valid
    union = int((found | truth).sum())
    return int((found & truth).sum()) / union if union else None


def match(overlaps: NDArray[np.float64], threshold: float) -> Matches:
    """Greedy one-to-one matching by highest overlap.

    Args:
        overlaps: (found, truth) intersection over union of each pair.
        threshold: Pairs with less are no match.
    """
    found, truth = overlaps.shape
    right, left = 0, overlaps.copy()
    while left.size and left.max() >= threshold:
        row, column = np.unravel_index(int(left.argmax()), left.shape)
        left = np.delete(np.delete(left, row, 0), column, 1)
        right += 1
    return Matches(right, found - right, truth - right)


@dataclass
class Tally:
    """The scores of one evaluation.

    ``boxed`` names sets whose labels are boxes: their IoU compares the core of each box with everything outside, which
    is no IoU of outlines, so that it is kept out of the means.
    """

    scores: list[Score] = field(default_factory=list)
    boxed: frozenset[str] = frozenset()

    def iou_present(self) -> dict[str, float]:
        """By class: mean IoU of the images that contain it."""
        return self._iou(score for score in self.scores if score.present)

    def iou_all(self) -> dict[str, float]:
        """By class: mean IoU of all images in which it is or was found, so that false positives count as zeros."""
        return self._iou(self.scores)

    def f1(self) -> dict[str, float]:
        """By class: F1 of its objects over all images; from outlines where a class has any, else from boxes."""
        outlined: dict[str, Matches] = defaultdict(Matches)
        boxed: dict[str, Matches] = defaultdict(Matches)
        for score in self.scores:
            if score.objects is not None:
                group = boxed if score.source in self.boxed else outlined
                group[score.class_name] += score.objects
        found = {name: matches.f1 for name, matches in {**boxed, **outlined}.items()}
        return {name: value for name, value in sorted(found.items()) if value == value}

    def presence(self) -> tuple[float, float]:
        """(share of present classes that got a mask, share of absent classes that got none)."""
        present = [score.found for score in self.scores if score.present]
        absent = [not score.found for score in self.scores if not score.present]
        return mean(present), mean(absent)

    def _iou(self, scores: Iterable[Score]) -> dict[str, float]:
        images: dict[str, list[float]] = defaultdict(list)
        for score in scores:
            if score.iou is not None and score.source not in self.boxed:
                images[score.class_name].append(score.iou)
        return {name: mean(values) for name, values in sorted(images.items())}


def mean(values: Sequence[float] | Iterable[float]) -> float:
    """The mean; NaN of nothing."""
    known = list(values)
    return float(np.mean(known)) if known else float("nan")
