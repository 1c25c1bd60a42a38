"""Rings with right angles: edges turned to the main direction, neighbours intersected again.

Numbers only, without a map: the plugin squares polygons of layers with it (``right_angles``), and the model process
those of an answer.  Rings are (n, 2) float arrays in a flat frame in metres, without the closing point.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Optional, TypeVar

import numpy as np

# Right angles are for what was built with them; roads and trees have none.
BUILT = frozenset({"building", "solar panel", "swimming pool", "tennis court", "basketball court"})
MAX_CORNERS = 300  # of a ring after thinning; more is a forest edge and no building
# How far an edge may leave the outline, as shares of the square root of the area: a small and a coarse reading of it.
READINGS = (0.025, 0.05, 0.09)
MIN_SLANT = 0.2  # a slanted side shorter than this share of the square root of the area is noise
MIN_SQUARE = 0.6  # of the outline along or across the main direction; chance alone, as in a circle, makes 0.44
SAME_SLANT = math.radians(20)
CORNER_COST = 0.003  # agreement that one more corner has to earn

Angles = TypeVar("Angles", float, np.ndarray)


@dataclass
class Edge:
    """A straight side.

    Attributes:
        axis: 0 along the main direction, 1 across it, None for a side that keeps its own direction.
        along: (2,) unit vector in which it is walked.
        middle: (2,) a point on it: the middle of the outline that it stands for.
        start: (2,) where the outline begins it.
        weight: How many metres of outline speak for it.
    """

    axis: Optional[int]
    along: np.ndarray
    middle: np.ndarray
    start: np.ndarray
    weight: float

    @property
    def normal(self) -> np.ndarray:
        """Unit vector to the left of ``along`` turned so that parallel edges share it."""
        x, y = self.along
        left = np.array([-y, x])
        return left if (left[0], left[1]) > (0.0, 0.0) else -left

    @property
    def offset(self) -> float:
        """Distance of its line from the origin along ``normal``."""
        return float(self.normal @ self.middle)


def candidates(rings: list[np.ndarray], area: float, box_angle: float, max_turn: float) -> Iterator[list[np.ndarray]]:
    """Readings of a polygon: coarse or fine, along its edges or along its smallest box; some may cross themselves.

    Args:
        rings: The outer ring, then holes; a hole that cannot be squared stays as it is.
        area: Of the polygon.
        box_angle: Direction of its smallest box, radians.
        max_turn: A side that would have to turn further keeps its own direction, radians.
    """
    size = math.sqrt(area)
    for tolerance in (share * size for share in READINGS):
        for angle in _directions(rings[0], box_angle, tolerance):
            shell, *holes = [square_ring(ring, angle, tolerance, max_turn) for ring in rings]
            if shell is not None:
                yield [shell, *(old if new is None else new for new, old in zip(holes, rings[1:]))]


def _directions(ring: np.ndarray, box_angle: float, tolerance: float) -> Iterator[float]:
    """Main directions to try, radians in [0, pi/2)."""
    corners = ring[corners_of(ring, tolerance)]
    main = main_direction(np.roll(corners, -1, axis=0) - corners)
    yield main
    if abs(_turn(box_angle, main)) > math.radians(3):
        yield box_angle % (math.pi / 2)


def main_direction(sides: np.ndarray) -> float:
    """Direction (radians in [0, pi/2)) that most metres of the sides (n, 2) follow or cross at a right angle."""
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    angles = np.arctan2(sides[:, 1], sides[:, 0]) % (math.pi / 2)
    apart = _turn(angles[:, None], angles[None, :])
    near: np.ndarray = np.maximum(0.0, 1.0 - np.abs(apart) / math.radians(15))
    chosen = int(np.argmax(near @ lengths))
    weights = near[chosen] * lengths
    return float((angles[chosen] - (apart[chosen] * weights).sum() / weights.sum()) % (math.pi / 2))


def _turn(one: Angles, other: Angles) -> Angles:
    """Signed angle between directions that are equal modulo 90 degrees."""
    quarter = math.pi / 2
    return (one - other + quarter / 2) % quarter - quarter / 2


def square_ring(ring: np.ndarray, angle: float, tolerance: float, max_turn: float) -> Optional[np.ndarray]:
    """A ring whose sides follow or cross ``angle``; None where fewer than four sides are left.

    Args:
        ring: (n, 2) without the closing point.
        angle: Main direction, radians.
        tolerance: Detail below this many metres is dropped.
        max_turn: A side that would have to turn further keeps its own direction, radians.
    """
    corners = corners_of(ring, tolerance)
    if not 3 <= len(corners) <= MAX_CORNERS:
        return None
    edges = _edges(ring, corners, angle, max_turn, MIN_SLANT * _size(ring))
    edges = _joined(edges, ring[corners], tolerance)
    while len(edges) >= 4:
        points = _intersections(edges)
        spans = np.roll(points, -1, axis=0) - points
        lengths = [float(span @ edge.along) for span, edge in zip(spans, edges)]
        shortest = int(np.argmin(lengths))
        if lengths[shortest] >= tolerance:
            square = sum(length for length, edge in zip(lengths, edges) if edge.axis is not None)
            return points if square >= MIN_SQUARE * sum(lengths) else None
        _drop(edges, shortest)
    return None


def _size(ring: np.ndarray) -> float:
    """Side of a square of the same area, metres."""
    x, y = ring.T
    return math.sqrt(abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2)


def corners_of(ring: np.ndarray, tolerance: float) -> list[int]:
    """Indices of the points that Douglas and Peucker keep of a closed ring."""
    centre = ring.mean(axis=0)
    start = int(np.argmax(((ring - centre) ** 2).sum(axis=1)))
    opposite = int(np.argmax(((ring - ring[start]) ** 2).sum(axis=1)))
    count = len(ring)
    far = (opposite - start) % count
    turned = np.roll(ring, -start, axis=0)
    closed = np.vstack([turned, turned[:1]])
    kept = {0, far}
    todo = [(0, far), (far, count)]
    while todo:
        first, last = todo.pop()
        if last - first < 2:
            continue
        apart = _distances(closed[first + 1 : last], closed[first], closed[last])
        worst = int(np.argmax(apart))
        if apart[worst] > tolerance:
            middle = first + 1 + worst
            kept.add(middle)
            todo += [(first, middle), (middle, last)]
    return sorted((index + start) % count for index in kept)


def _distances(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    along = end - start
    length = math.hypot(*along)
    if length == 0:
        return np.hypot(*(points - start).T)
    moved = points - start
    return np.abs(moved[:, 0] * along[1] - moved[:, 1] * along[0]) / length


def _edges(ring: np.ndarray, corners: list[int], angle: float, max_turn: float, min_slant: float) -> list[Edge]:
    """One edge for each pair of corners, laid through the middle of all the points between them."""
    edges = []
    axes = [np.array([math.cos(angle), math.sin(angle)]), np.array([-math.sin(angle), math.cos(angle)])]
    for number, first in enumerate(corners):
        last = corners[(number + 1) % len(corners)]
        chain = ring[first : last + 1] if last > first else np.vstack([ring[first:], ring[: last + 1]])
        chord = chain[-1] - chain[0]
        length = math.hypot(*chord)
        nearest = int(abs(chord @ axes[1]) > abs(chord @ axes[0]))
        along = axes[nearest] if chord @ axes[nearest] >= 0 else -axes[nearest]
        slanted = length > min_slant and chord @ along < length * math.cos(max_turn)
        pieces = np.diff(chain, axis=0)
        weights = np.hypot(pieces[:, 0], pieces[:, 1])
        middle = weights @ (chain[:-1] + pieces / 2) / weights.sum()
        axis, along = (None, chord / length) if slanted else (nearest, along)
        edges.append(Edge(axis, along, middle, chain[0], length))
    return edges


def _joined(edges: list[Edge], corners: np.ndarray, tolerance: float) -> list[Edge]:
    """Parallel neighbours become one edge where they are close, else get a step between them."""
    out: list[Edge] = []
    for number, edge in enumerate(edges):
        before = out[-1] if out else edges[-1]
        if out and _one_slant(before, edge):
            _merge(before, edge)
            continue
        if edge.axis is not None and edge.axis == before.axis:
            gap = edge.offset - before.offset
            if abs(gap) <= tolerance and out:
                _merge(before, edge)
                continue
            if abs(gap) > tolerance:
                along = edge.normal * math.copysign(1.0, gap)
                out.append(Edge(1 - edge.axis, along, corners[number], corners[number], abs(gap)))
        out.append(edge)
    if len(out) > 1 and (_one_slant(out[-1], out[0]) or (out[0].axis is not None and out[0].axis == out[-1].axis)):
        _merge(out[0], out.pop())
    return out


def _merge(into: Edge, edge: Edge) -> None:
    total = into.weight + edge.weight
    into.middle = (into.middle * into.weight + edge.middle * edge.weight) / total
    if into.axis is None:
        slant = into.along * into.weight + edge.along * edge.weight
        into.along = slant / math.hypot(*slant)
    elif edge.weight > into.weight:
        into.along = edge.along
    into.weight = total


def _one_slant(before: Edge, edge: Edge) -> bool:
    """Whether two sides with directions of their own are one, bent by noise."""
    return before.axis is None and edge.axis is None and bool(before.along @ edge.along > math.cos(SAME_SLANT))


def _drop(edges: list[Edge], index: int) -> None:
    """Takes an edge out; its neighbours, where parallel, become one."""
    before, after = edges[index - 1], edges[(index + 1) % len(edges)]
    del edges[index]
    if before.axis is not None and before.axis == after.axis and before is not after:
        _merge(before, after)
        edges[:] = [edge for edge in edges if edge is not after]


def _intersections(edges: list[Edge]) -> np.ndarray:
    """(n, 2): the point where each edge begins."""
    points = []
    for before, edge in zip([edges[-1], *edges[:-1]], edges):
        matrix = np.array([before.normal, edge.normal])
        if abs(np.linalg.det(matrix)) < 0.1:  # two free sides that hardly turn
            feet = [edge.start - e.normal * (e.normal @ edge.start - e.offset) for e in (before, edge)]
            points.append((feet[0] + feet[1]) / 2)
        else:
            points.append(np.linalg.solve(matrix, [before.offset, edge.offset]))
    return np.array(points)
