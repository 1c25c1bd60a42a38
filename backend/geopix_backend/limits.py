"""Which of the regions that were found are meant: place, size, and nearness to other things, together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .components import Component
from .nearness import Nearness
from .qualifiers import Qualifiers

Bools = NDArray[np.bool_]


class Limits:
    """The limits that a prompt sets, and what they left out.

    Args:
        places: Words of place and size.
        near: Relations to other things.
        shape: (rows, columns) of the tile.
    """

    def __init__(self, places: Qualifiers, near: Nearness, shape: tuple[int, int]) -> None:
        self.places, self.near, self._shape = places, near, shape
        self._elsewhere: dict[str, int] = {}
        self._cut: set[str] = set()

    @property
    def late(self) -> bool:
        """Whether what is meant is known only when all of the tile was looked at."""
        return bool(self.places.sizes or self.near.rules)

    def room(self, key: str, countable: bool, inside: Bools, first_row: int = 0) -> Bools:
        """The part of a target's pixels ``inside`` (H, W) that is meant, before it falls into regions."""
        meant = self.near.room(key, countable, inside, first_row)
        if meant.sum() < inside.sum():
            self._cut.add(key)
        return meant

    def choose(
        self, key: str, names: Sequence[str], countable: bool, found: Sequence[Component], first_row: int = 0
    ) -> list[Component]:
        """The regions of a target that are meant, in their order.

        Args:
            key: Of the target.
            names: What it is called: class and phrase.
            countable: Whether a region is one object.
            found: All regions.
            first_row: Row of the tile from which those of the regions count.
        """
        placed = self.places.placed(found, self._shape, first_row)
        placed = self.near.choose(key, countable, placed, first_row)
        self._elsewhere[key] = self._elsewhere.get(key, 0) + len(found) - len(placed)
        return self.places.sized(placed, names)

    def left_out(self, key: str) -> int:
        """How many regions of a target were found that are not meant."""
        return self._elsewhere.get(key, 0) or int(key in self._cut)

    def words(self, key: str) -> str:
        """What is said after the name of a target: " in the upper left within 10 m of the roads"; else empty."""
        said = (self.places.place.words if self.places.place else "", self.near.words(key))
        return "".join(f" {words}" for words in said if words)
