"""Connected areas of a target's logits: which pixels belong together, and how sure the model is of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rasterio.features import rasterize, shapes, sieve
from scipy import ndimage


@dataclass(frozen=True, eq=False)
class Component:
    """Pixels that are joined by their edges (a shared corner does not join).

    Attributes:
        row, col: Where ``mask`` starts.
        mask: (h, w) bool, the component in its bounding box.
        score: 0..1, from the mean probability over its pixels.
    """

    row: int
    col: int
    mask: NDArray[np.bool_]
    score: float

    @property
    def end_row(self) -> int:
        """First row below the component."""
        return self.row + len(self.mask)


def components(
    logits: NDArray[np.float32], valid: NDArray[np.bool_], min_area_px: int, even_at: float = 0.5
) -> list[Component]:
    """Components of the pixels that are valid and have a positive logit, from the top.

    Args:
        logits: (H, W) float32.
        valid: (H, W) bool; nothing is found where it is false.
        min_area_px: Smaller components are left out.
        even_at: Mean probability that is reported as a score of 0.5; others are shifted by as much, as log-odds.
    """
    mask = (logits > 0) & valid
    if min_area_px > 1 and mask.any():
        # A noisy mask has a component for each speck; dropping them here keeps the loops below short.
        mask &= sieve(mask.view(np.uint8), min_area_px, connectivity=4).astype(bool)
    outlines = [shape for shape, _ in shapes(mask.view(np.uint8), mask=mask, connectivity=4)]
    if not outlines:
        return []
    labels = rasterize(((shape, i + 1) for i, shape in enumerate(outlines)), out_shape=mask.shape, dtype="int32")
    inside = labels[mask]
    areas = np.bincount(inside, minlength=len(outlines) + 1)
    sums = np.bincount(inside, weights=probability(logits[mask]), minlength=len(outlines) + 1)
    found = []
    for label, shape in enumerate(outlines, start=1):
        if areas[label] >= max(min_area_px, 1):
            ring = np.asarray(shape["coordinates"][0], dtype=np.intp)
            (left, top), (right, bottom) = ring.min(axis=0), ring.max(axis=0)
            own = labels[top:bottom, left:right] == label
            score = shifted(float(sums[label] / areas[label]), even_at)
            found.append(Component(int(top), int(left), own, score))
    return sorted(found, key=lambda c: (c.row, c.col))


def split(whole: Component, planes: NDArray[np.float32], even_at: float = 0.5) -> list[Component]:
    """The single objects of a component: each core with the pixels that are nearest to it on a way inside the mask.

    Args:
        whole: A component of the first plane.
        planes: (2, H, W) logits of mask and cores.
        even_at: As in ``components``.
    """
    place = (slice(whole.row, whole.end_row), slice(whole.col, whole.col + whole.mask.shape[1]))
    logits, inner = planes[0][place], planes[1][place]
    cores, count = ndimage.label((inner > 0) & whole.mask)
    if count < 2:
        return [whole]
    owner = _grown(cores, whole.mask)
    parts = []
    for number, box in enumerate(ndimage.find_objects(owner), start=1):
        own = owner[box] == number
        score = shifted(float(probability(logits[box][own]).mean()), even_at)
        parts.append(Component(whole.row + box[0].start, whole.col + box[1].start, own, score))
    return parts


def _grown(seeds: NDArray[np.int32], mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Every pixel of a connected mask given to a seed, one step at a time from all seeds at once."""
    owner = np.pad(seeds, 1)
    free = np.pad(mask, 1) & (owner == 0)
    while free.any():
        near = np.max([np.roll(owner, step, axis) for axis in (0, 1) for step in (-1, 1)], axis=0)
        reached = free & (near > 0)
        owner[reached] = near[reached]
        free &= ~reached
    return owner[1:-1, 1:-1]


def shifted(mean: float, even_at: float) -> float:
    """A mean probability as a score: less its log-odds at which it is as likely right as wrong."""
    odds = mean * (1 - even_at)
    against = (1 - mean) * even_at
    return odds / (odds + against) if odds + against else mean


def probability(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sigmoid of the logits, without overflow."""
    half = np.float32(0.5)
    likely: NDArray[np.float32] = half * (1 + np.tanh(half * logits))
    return likely
