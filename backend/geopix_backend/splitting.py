"""Single objects of connected areas: touching ones come apart at their cores, and what has no core is no object."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from .components import Component, labelled, room_of, scored
from .outlines import Outlines, trace

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]

# The values are chosen on labelled images, see docs/log.md.
SUREST_CORE = 1.0  # logit that the core of an object reaches somewhere
PROMINENCE = 4.0  # by how much the top of a core is above the lowest logit on the way to a surer one
SADDLES = (-1.0, -2.0, -3.0)  # logits at which such ways are looked for; higher tops than 3 are always on their own
LEAST_SHARE = 0.1  # of the largest core of its area; a smaller one is no object
CORNERS = np.ones((3, 3), bool)  # in a core, samples hang together by their corners as well: it may be narrow


def single_objects(
    found: Sequence[Component],
    logits: Floats,
    cores: Floats,
    min_area_px: float,
    evidence: Floats | None = None,
    whole_px: float = math.inf,
) -> list[Component]:
    """The single objects of components: each core with the pixels that are nearest to it on a way inside the mask.

    Args:
        found: Components of the logits.
        logits: (H, W).
        cores: (H, W) logits of being well inside a single object.
        min_area_px, evidence: As in ``components``.
        whole_px: A component that is longer or wider may have its core outside the array, and needs none.
    """
    if not found:
        return []
    place = room_of(found, logits.shape)
    whole = labelled(found, logits.shape)[place]
    kept = _with_core(found, whole, cores[place], whole_px)
    found = [component for component, has_core in zip(found, kept, strict=True) if has_core]
    whole = np.append(0, np.where(kept, np.cumsum(kept), 0)).astype(np.int32)[whole]
    seeds, several = _seeds(cores[place], whole, len(found))
    if not several.any():
        return found
    joined = several[whole]
    apart = trace(_grown(np.where(joined, seeds, 0), joined), min_area_px)
    points = apart.points + np.array([place[1].start, place[0].start])
    parts = scored(Outlines(points, apart.rings, apart.shells, apart.values), logits, evidence)
    rest = [component for component, parted in zip(found, several[1:], strict=True) if not parted]
    return sorted([*rest, *parts], key=lambda component: component.pixels.bounds[1::-1])


def _with_core(found: Sequence[Component], whole: Ints, cores: Floats, whole_px: float) -> Bools:
    """(n,) which components have a core, or may have it elsewhere; ``whole`` numbers their pixels from 1."""
    surest = np.full(len(found) + 1, -np.inf, np.float32)
    np.maximum.at(surest, whole.reshape(-1), cores.reshape(-1))
    left, top, right, below = shapely.bounds([component.pixels for component in found]).T
    return np.asarray((surest[1:] >= SUREST_CORE) | (np.maximum(right - left, below - top) > whole_px))


def _seeds(cores: Floats, whole: Ints, count: int) -> tuple[Ints, Bools]:
    """(H, W) number of the core at each pixel, and (count + 1,) which of the components in ``whole`` have several."""
    seeds, home = _cores(cores, whole)
    number = len(home) - 1
    several = np.bincount(home[1:], minlength=count + 1) > 1
    if not several.any():
        return seeds, several
    joined = several[whole]
    seeds = _merged(np.where(joined, seeds, 0), cores, joined, home)
    sizes = np.bincount(seeds.reshape(-1), minlength=number + 1)
    sizes[0] = 0
    largest = np.zeros(count + 1)
    np.maximum.at(largest, home, sizes)
    kept = (sizes > 0) & (sizes >= LEAST_SHARE * largest[home])
    return np.where(kept[seeds], seeds, 0), np.bincount(home[kept], minlength=count + 1) > 1


def _cores(cores: Floats, whole: Ints) -> tuple[Ints, NDArray[np.int64]]:
    """(H, W) number of the core at each pixel, and (cores + 1,) the component of each; it lies in one."""
    seeds, number = ndimage.label((cores > 0) & (whole > 0), CORNERS)
    home = np.zeros(number + 1, np.int64)
    home[seeds] = whole
    while (strays := (seeds > 0) & (home[seeds] != whole)).any():  # corner to corner with another component
        more, number = ndimage.label(strays, CORNERS)
        seeds[strays] = len(home) - 1 + more[strays]
        home = np.append(home, np.zeros(number, np.int64))
        home[seeds[strays]] = whole[strays]
    return seeds, home


def _merged(seeds: Ints, cores: Floats, area: Bools, home: NDArray[np.int64]) -> Ints:
    """Gives each core that does not stand out from a surer one of its component the number of that one."""
    labels, first = np.unique(seeds, return_index=True)
    labels, first = labels[labels > 0], first[labels > 0]
    tops = np.full(seeds.max() + 1, -np.inf, np.float32)
    np.maximum.at(tops, seeds.reshape(-1), cores.reshape(-1))
    owner = np.arange(len(tops))
    for level in SADDLES:
        place = ndimage.label((cores > level) & area, CORNERS)[0].reshape(-1)[first].astype(np.int64)
        place = place * len(home) + home[labels]
        order = np.lexsort((-tops[labels], place))
        labels, first, place = labels[order], first[order], place[order]
        begins = np.diff(place, prepend=-1) != 0
        surer = labels[np.maximum.accumulate(np.where(begins, np.arange(len(labels)), 0))]
        weak = ~begins & (tops[labels] < level + PROMINENCE)
        owner[labels[weak]] = surer[weak]
        labels, first = labels[~weak], first[~weak]
    for _ in SADDLES:  # the surer one may have been given to a still surer one, further down
        owner = owner[owner]
    return owner.astype(np.int32)[seeds]


def _grown(seeds: Ints, mask: Bools) -> Ints:
    """Every pixel of a mask given to a seed of its area, one step at a time from all seeds at once."""
    owner, free = np.pad(seeds, 1), np.pad(mask & (seeds == 0), 1)
    steps = np.array([-owner.shape[1], -1, 1, owner.shape[1]])
    owners, is_free = owner.reshape(-1), free.reshape(-1)
    front = np.flatnonzero(owners)
    while len(front):
        near = (front[:, None] + steps).reshape(-1)
        reached = is_free[near]
        near = near[reached]
        np.maximum.at(owners, near, owners[front].repeat(4)[reached])
        is_free[near] = False
        front = np.unique(near)
    return owner[1:-1, 1:-1]
