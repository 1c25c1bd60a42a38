"""Closed walks in an array of successors, all at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def walk(successor: Ints, steps: Ints | None = None) -> tuple[Ints, Ints]:
    """The lowest member of each member's ring, and the number of steps from each member on to it (0 for itself).

    Only members that are lower than both neighbours can be the lowest.  Each other one jumps to the next of these by
    pointer doubling; what is left is the same problem with fewer members, at most half as many.

    Args:
        successor: (n,) a permutation of 0 .. n - 1.
        steps: (n,) length of the step to the successor, 1 where None.
    """
    count = len(successor)
    member = np.arange(count)
    steps = np.ones(count, np.int64) if steps is None else steps
    rises = member < successor
    low = rises | (successor == member)
    low[successor[rises]] = False
    chosen = np.flatnonzero(low)
    if len(chosen) == count:
        return member, np.zeros(count, np.int64)
    reached, left = np.where(low, member, successor), np.where(low, 0, steps)
    while True:
        further = reached.take(reached)
        if np.array_equal(further, reached):
            break
        left += left.take(reached)
        reached = further
    number = np.empty(count, np.int64)
    number[chosen] = np.arange(len(chosen))
    after = successor[chosen]
    alone = after == chosen
    head, way = walk(
        np.where(alone, number[chosen], number[reached[after]]), steps[chosen] + np.where(alone, 0, left[after])
    )
    own = number[reached]
    return chosen[head][own], left + way[own]
