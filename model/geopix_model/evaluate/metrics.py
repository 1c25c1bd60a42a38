"""How good masks and refusals are, class by class."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]


def iou(found: Bools, truth: Bools, valid: Bools) -> float:
    """Intersection over union of two (H, W) masks where ``valid``; 1.0 if both are empty there."""
    found, truth = found & valid, truth & valid
    union = int((found | truth).sum())
    return int((found & truth).sum()) / union if union else 1.0


@dataclass
class Tally:
    """Results of one evaluation.

    ``present``: IoU of each image that contains the class.  ``refused``: for each image that does not, whether no mask
    was given.  Keys are (class name, set name).
    """

    present: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[tuple[str, str], list[bool]] = field(default_factory=lambda: defaultdict(list))

    def class_iou(self, leave_out: frozenset[str] = frozenset()) -> dict[str, float]:
        """Mean IoU of each class over its images, from all sets but ``leave_out``."""
        images: dict[str, list[float]] = defaultdict(list)
        for (name, source), values in self.present.items():
            if source not in leave_out:
                images[name] += values
        return {name: float(np.mean(values)) for name, values in sorted(images.items())}

    def mean_iou(self, leave_out: frozenset[str] = frozenset()) -> float:
        """Mean over classes of ``class_iou``."""
        values = list(self.class_iou(leave_out).values())
        return float(np.mean(values)) if values else float("nan")

    def refusal_rate(self) -> float:
        """Share of the questions about an absent class that were answered without a mask."""
        answers = [a for values in self.refused.values() for a in values]
        return float(np.mean(answers)) if answers else float("nan")
