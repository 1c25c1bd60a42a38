"""Connected areas of a target's logits: which pixels belong together, and how sure the model is of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from .outlines import Outlines, trace

MOST_CERTAIN = 1e-6  # a mean probability is no nearer to 0 or 1
Values = NDArray[np.float64] | float
LEAST = np.float32(1e-3)  # a logit that just counts as inside


@dataclass(frozen=True, eq=False)
class Component:
    """Pixels that are joined by their edges (a shared corner does not join), without their small holes.

    Attributes:
        pixels: Their outline along pixel edges, x = column, y = row of the array of logits; of a large one sometimes
            in parts that share edges (see ``seams.joined``).
        score: 0..1, from the mean probability over its pixels and the mean evidence.
    """

    pixels: Polygon | MultiPolygon
    score: float

    @property
    def row(self) -> int:
        """First row."""
        return int(self.pixels.bounds[1])

    @property
    def end_row(self) -> int:
        """First row below the component."""
        return int(self.pixels.bounds[3])

    @property
    def area_px(self) -> float:
        """Number of its pixels."""
        return float(self.pixels.area)

    @property
    def centre(self) -> tuple[float, float]:
        """(row, column) of its centre of gravity."""
        middle = self.pixels.centroid
        return middle.y, middle.x


def components(
    logits: NDArray[np.float32],
    valid: NDArray[np.bool_],
    min_area_px: float,
    evidence: NDArray[np.float32] | None = None,
) -> list[Component]:
    """Components of the pixels that are valid and have a positive logit, from the top.

    Args:
        logits: (H, W) float32.
        valid: (H, W) bool; nothing is found where it is false.
        min_area_px: Holes smaller than this are filled, then smaller components are left out.
        evidence: (H, W) log-odds whose mean is added to those of the mean probability.
    """
    return scored(trace((logits > 0) & valid, min_area_px), logits, evidence)


def scored(outlines: Outlines, logits: NDArray[np.float32], evidence: NDArray[np.float32] | None) -> list[Component]:
    """Components with these outlines of (H, W) logits; ``evidence`` as in ``components``."""
    if not len(outlines):
        return []
    pixels = outlines.geometries()
    areas = np.maximum(shapely.area(pixels), 1)
    first, end = outlines.points.min(axis=0).astype(int), outlines.points.max(axis=0).astype(int)
    place = slice(first[1], end[1]), slice(first[0], end[0])
    within = Outlines(outlines.points - first, outlines.rings, outlines.shells, outlines.values)
    means = sums(probability(logits[place]), within) / areas
    scores = means if evidence is None else score(means, sums(evidence[place], within) / areas)
    return [Component(*pair) for pair in zip(pixels, scores.tolist(), strict=True)]


def room_of(found: Sequence[Component], shape: tuple[int, ...], margin_px: int = 0) -> tuple[slice, slice]:
    """Rows and columns that hold all components: of a large block, often a small part; at least one is given."""
    left, top, right, below = shapely.total_bounds([component.pixels for component in found]).astype(int).tolist()
    rows = slice(max(top - margin_px, 0), min(below + margin_px, shape[0]))
    return rows, slice(max(left - margin_px, 0), min(right + margin_px, shape[1]))


def labelled(found: Sequence[Component], shape: tuple[int, ...]) -> NDArray[np.int32]:
    """(H, W) the number of the component that each pixel is of, from 1; 0 where it is of none.

    Along a row a number begins at an upright edge that has its component to the right, and ends at the next.
    """
    steps = np.zeros((shape[0], shape[1] + 1), np.int32)
    if found:
        pixels = shapely.orient_polygons(np.array([component.pixels for component in found], dtype=object))
        _, points, (rings, shells) = shapely.to_ragged_array(pixels)
        row, col, sign, which = _upright(points, rings, shells)
        np.add.at(steps, (row, col), (-sign * (which + 1)).astype(np.int32))
        rows, cols = room_of(found, shape)  # memory elsewhere is not even touched
        filled = steps[rows, cols.start : cols.stop + 1]
        np.cumsum(filled, axis=1, out=filled)
    return steps[:, :-1]


def drawn(found: Sequence[Component], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """(H, W) pixels of the components."""
    return np.asarray(labelled(found, shape) > 0)


def only(labels: NDArray[np.int32], logits: NDArray[np.float32], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(H, W) logits that are positive on ``labelled`` pixels and nowhere else; NaN where nothing is valid."""
    inside = labels > 0
    field = np.where(inside, np.maximum(logits, LEAST), np.minimum(logits, -LEAST))
    return np.where(valid | inside, field, np.float32(np.nan))


def sums(values: NDArray[np.float32], outlines: Outlines) -> NDArray[np.float64]:
    """(polygons,) sums of pixel values inside outlines along pixel edges.

    In each row a sum is that of all pixels left of a right edge, less that left of the left edge (Green's theorem).
    """
    height, width = values.shape
    before = np.zeros((height, width + 1))
    before[:, 1:] = values
    np.cumsum(before, axis=1, out=before)  # of one type: converting as it adds takes 1.7 times as long
    row, col, sign, which = _upright(outlines.points, outlines.rings, outlines.shells)
    # The area is to the right of the walk: going down it ends here, going up it begins.
    return np.bincount(which, sign * before[row, col], minlength=len(outlines)).astype(float)


def _upright(
    points: NDArray[np.float64], rings: NDArray[np.integer[Any]], shells: NDArray[np.integer[Any]]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Row, column, 1 going down or -1 going up, and polygon, of each upright pixel edge of outlines along these."""
    corners = points.astype(np.int64)
    down = np.diff(corners[:, 1], append=0)
    down[rings[1:] - 1] = 0  # from one ring to the next
    length = np.abs(down)
    edge = np.flatnonzero(length).repeat(length[length > 0])
    within = np.arange(len(edge)) - (np.cumsum(length) - length)[edge]
    row = corners[edge, 1] + np.where(down[edge] > 0, within, -1 - within)
    polygon = np.arange(len(shells) - 1).repeat(np.diff(rings[shells]))
    return row, corners[edge, 0], np.sign(down[edge]), polygon[edge]


def score(mean: Values, evidence: Values) -> NDArray[np.float64]:
    """Of regions, 0..1, from the mean probability and the mean evidence of each."""
    scores: NDArray[np.float64] = 1 / (1 + np.exp(-log_odds(mean) - evidence))
    return scores


def log_odds(mean: Values) -> NDArray[np.float64]:
    """Of mean probabilities, which are kept away from 0 and 1."""
    safe = np.clip(mean, MOST_CERTAIN, 1 - MOST_CERTAIN)
    odds: NDArray[np.float64] = np.log(safe / (1 - safe))
    return odds


def probability(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sigmoid of the logits, without overflow."""
    half = np.float32(0.5)
    likely: NDArray[np.float32] = half * (1 + np.tanh(half * logits))
    return likely
