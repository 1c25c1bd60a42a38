"""Which regions are next to others, on them, or far away: the relations of a prompt, decided on outlines.

Distances are between edges.  Where the tile has a place on earth they are in metres, by the size of a pixel in its
middle; else in pixels of the tile.  Things that come in areas, not in pieces, are cut: "the trees within 20 m of the
road" are the parts of the woods that lie there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from .components import Component
from .geodesy import pixel_size_m
from .relations import Relation
from .sampling import Samples

Bools = NDArray[np.bool_]
Outline: TypeAlias = BaseGeometry

# What the words mean where no distance was said: (metres, pixels of a tile without a place on earth).
CLOSE, NEAR, FAR = (10.0, 20.0), (30.0, 60.0), (50.0, 100.0)
TOUCH_PX = 2.0  # masks are decoded at every fourth pixel: edges are no surer than that
MOSTLY = 0.5


def outline(component: Component, first_row: int = 0) -> Outline:
    """The outline of a component in tile pixels, x = column; its rows count from ``first_row``."""
    moved: Outline = translate(component.pixels, yoff=first_row)
    return moved


@dataclass
class Rule:
    """A relation with its distance on this tile.

    Attributes:
        scale: (x, y) length of a pixel in the unit of ``distance``.
        distance: In metres or pixels.
        words: Said after the name of the things: "within 10 m of the roads".
        unmeasured: The metres that were asked for but cannot be measured here, None if there are none.
        towards: (x, y) in tile pixels, where the things are seen from the others; only of the kind ``side``.
    """

    relation: Relation
    scale: tuple[float, float]
    distance: float
    words: str
    unmeasured: float | None = None
    towards: tuple[int, int] = (0, 0)

    @property
    def to(self) -> set[str]:
        """Class names of the things that are compared with."""
        return {thing.class_name for thing in self.relation.to}

    def holds(self, found: Sequence[Outline], others: Sequence[Outline]) -> Bools:
        """For each outline, in tile pixels, whether the relation to some of the others holds; never to itself."""
        kind = self.relation.kind
        mine, theirs = self._scaled(found), self._scaled(others)
        if not len(theirs):
            holds = np.full(len(mine), kind == "far")
        elif kind == "nearest":
            holds = _nearest(mine, theirs)
        elif kind == "side":
            holds = _towards(mine, theirs, self.towards)
        elif kind == "on":
            tree = shapely.STRtree(theirs)
            holds = np.array([_is_on(each, tree, theirs, self.distance) for each in mine], bool)
        else:
            holds = _within(mine, theirs, self.distance)
            holds = ~holds if kind == "far" else holds
        return np.asarray(holds != self.relation.negated)

    def zone(self, others: Sequence[Outline], shape: tuple[int, int], first_row: int = 0) -> Bools:
        """(H, W) pixels from ``first_row`` on that lie where the relation lets things be."""
        outer = [_filled(each) for each in others] if self.relation.kind == "on" else list(others)
        margin = 0.0 if self.relation.kind == "on" else self.distance
        grown = [shapely.buffer(each, margin, quad_segs=8) for each in self._scaled(outer)]
        back = _transformed(grown, 1 / self.scale[0], 1 / self.scale[1])
        inside = np.zeros(shape, bool)
        if len(back):
            inside |= rasterize(back, shape, transform=Affine.translation(0, first_row), dtype="uint8") > 0
        outside = (self.relation.kind == "far") != self.relation.negated
        return ~inside if outside else inside

    def _scaled(self, outlines: Iterable[Outline]) -> NDArray[np.object_]:
        return _transformed(outlines, *self.scale)


@dataclass
class Nearness:
    """All relations of one question on one tile.

    ``rules`` are those that can be decided.
    """

    rules: tuple[Rule, ...] = ()
    _seen: dict[str, list[Outline]] = field(default_factory=dict)

    def see(self, class_name: str, found: Sequence[Component], first_row: int = 0) -> None:
        """Takes in regions of a thing that others are compared with."""
        self._seen.setdefault(class_name, []).extend(outline(component, first_row) for component in found)

    def found(self, class_name: str) -> bool:
        """Whether regions of a thing that others are compared with were seen."""
        return bool(self._seen.get(class_name))

    def room(self, class_name: str, countable: bool, valid: Bools, first_row: int = 0) -> Bools:
        """The part of ``valid`` (H, W) where a thing may be; all of it for a thing that comes in pieces."""
        for rule in self._rules_of(class_name):
            if not countable and rule.relation.kind in ("near", "far", "on"):
                valid = valid & rule.zone(self._others(rule), valid.shape, first_row)
        return valid

    def choose(
        self, class_name: str, countable: bool, found: Sequence[Component], first_row: int = 0
    ) -> list[Component]:
        """The components of a thing that are meant, in their order."""
        kept = np.ones(len(found), bool)
        outlines = [outline(component, first_row) for component in found] if self._rules_of(class_name) else []
        for rule in self._rules_of(class_name):
            if countable or rule.relation.kind in ("touch", "nearest", "side"):
                others = self._others(rule) + (outlines if class_name in rule.to else [])
                kept &= rule.holds(outlines, others)
        return [component for component, keep in zip(found, kept, strict=True) if keep]

    def is_nearest(self, class_name: str) -> bool:
        """Whether that region of a thing is meant that is nearest to others."""
        return any(rule.relation.kind == "nearest" for rule in self._rules_of(class_name))

    def words(self, class_name: str) -> str:
        """What is said after the name of a thing: "within 10 m of the roads"; empty where nothing limits it."""
        return " and ".join(rule.words for rule in self._rules_of(class_name))

    def _rules_of(self, class_name: str) -> list[Rule]:
        return [
            rule
            for rule in self.rules
            if class_name in rule.relation.of or (not rule.relation.of and class_name not in rule.to)
        ]

    def _others(self, rule: Rule) -> list[Outline]:
        return [each for name in rule.to for each in self._seen.get(name, [])]


def on_tile(relations: Sequence[Relation], tile: Samples) -> Nearness:
    """The relations with known things, with their distances on the samples of a tile."""
    decided = [each for each in relations if each.to and each.kind != "undecided"]
    if not decided:
        return Nearness()
    size = pixel_size_m(tile.transform, tile.crs, tile.width / 2, tile.height / 2)
    east, south = (1 if tile.transform.a > 0 else -1), (1 if tile.transform.e < 0 else -1)
    sides = {"left": (-1, 0), "right": (1, 0), "east": (east, 0), "west": (-east, 0)}
    sides |= {"south": (0, south), "north": (0, -south), "": (0, 0)}
    return Nearness(tuple(_rule(each, size, (float(tile.px), float(tile.px)), sides[each.side]) for each in decided))


def _rule(
    relation: Relation, size: tuple[float, float] | None, pixels: tuple[float, float], towards: tuple[int, int]
) -> Rule:
    asked, kind = relation.distance, relation.kind
    names = _listed(
        [f"{'other' if thing.class_name in relation.of else 'the'} {thing.plural}" for thing in relation.to]
    )
    usual = FAR if kind == "far" else CLOSE if relation.close else NEAR
    if kind == "side":
        words = f"{'not ' if relation.negated else ''}{relation.side} of {names}"
        return Rule(relation, size or pixels, 0.0, words, towards=towards)
    if kind in ("touch", "on", "nearest"):
        words = {"touch": "touching", "on": "on", "nearest": "nearest to"}[kind]
        words = "outside" if relation.words.startswith("outside") else f"{'not ' if relation.negated else ''}{words}"
        return Rule(relation, pixels, TOUCH_PX, f"{words} {names}")
    metres = size is not None and not (asked and asked.in_pixels)
    unmeasured = asked.value if asked and not asked.in_pixels and size is None else None
    value = asked.value if asked and unmeasured is None else usual[0 if metres else 1]
    beyond = (kind == "far") != relation.negated
    words = f"{'more than' if beyond else 'within'} {value:,.4g} {'m' if metres else 'px'} {'from' if beyond else 'of'}"
    return Rule(relation, size if size and metres else pixels, value, f"{words} {names}", unmeasured)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _transformed(outlines: Iterable[Outline], x: float, y: float) -> NDArray[np.object_]:
    array = np.array(list(outlines), dtype=object)
    return np.asarray(shapely.transform(array, lambda points: points * (x, y))) if len(array) else array


def _within(mine: NDArray[np.object_], theirs: NDArray[np.object_], distance: float) -> Bools:
    pairs = shapely.STRtree(theirs).query(mine, predicate="dwithin", distance=distance)
    others = ~shapely.equals(mine[pairs[0]], theirs[pairs[1]])
    return np.asarray(np.isin(np.arange(len(mine)), pairs[0][others]))


def _towards(mine: NDArray[np.object_], theirs: NDArray[np.object_], way: tuple[int, int]) -> Bools:
    """Whether the centre of each, seen from the nearest point of the others, lies within 45 degrees of a direction."""
    lines = shapely.shortest_line(shapely.union_all(theirs), shapely.centroid(mine))
    ends = shapely.get_coordinates(lines).reshape(-1, 2, 2)
    along, across = ((ends[:, 1] - ends[:, 0]) @ np.array(((way[0], -way[1]), (way[1], way[0])))).T
    return np.asarray((along > 0) & (along >= np.abs(across)))


def _nearest(mine: NDArray[np.object_], theirs: NDArray[np.object_]) -> Bools:
    (own, _), distances = shapely.STRtree(theirs).query_nearest(mine, return_distance=True, exclusive=False)
    closest = own[distances == distances.min()] if len(own) else []
    return np.isin(np.arange(len(mine)), closest)


def _is_on(each: Outline, tree: shapely.STRtree, theirs: NDArray[np.object_], margin: float) -> bool:
    """Whether half of an outline, or of its edge, lies on the others: a car may be a hole in the mask of its road."""
    near = tree.query(each, predicate="dwithin", distance=margin)
    if not len(near):
        return False
    ground = shapely.union_all(theirs[near])
    edge = shapely.boundary(each)
    return bool(
        shapely.area(shapely.intersection(each, ground)) >= MOSTLY * shapely.area(each)
        or shapely.length(shapely.intersection(edge, shapely.buffer(ground, margin))) >= MOSTLY * shapely.length(edge)
    )


def _filled(each: Outline) -> Outline:
    """The outline without its holes: an island lies in its lake."""
    whole: Outline = shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(each)])
    return whole
