"""Which of the regions that were found are meant: place, size, and nearness to other things, together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geopix_model.predictor import Named

from .area_limits import AreaLimit
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
        areas: How large regions should be.
        things: What the prompt looks for.
    """

    def __init__(
        self,
        places: Qualifiers,
        near: Nearness,
        shape: tuple[int, int],
        areas: Sequence[AreaLimit] = (),
        things: Sequence[Named] = (),
    ) -> None:
        self.places, self.near, self.areas, self._shape = places, near, tuple(areas), shape
        self._things = {thing.class_name: thing for thing in reversed(things)}
        self._elsewhere: dict[str, int] = {}
        self._other_size: dict[str, int] = {}
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
        """The regions of a target that are meant, in their order; their areas are not looked at.

        Args:
            key: Of the target.
            names: What it is called: class and phrase.
            countable: Whether a region is one object.
            found: All regions.
            first_row: Row of the tile from which those of the regions count.
        """
        placed = self.places.placed(found, self._shape, first_row, self._said(key))
        placed = self.near.choose(key, countable, placed, first_row)
        self._elsewhere[key] = self._elsewhere.get(key, 0) + len(found) - len(placed)
        return self.places.sized(placed, names)

    def fits(self, key: str, area_m2: float | None, area_px: float) -> bool:
        """Whether a region of a target, with its area on the ground and in pixels, is as large as it should be."""
        fits = all(limit.fits(area_m2, area_px) for limit in self._areas_of(key))
        self._other_size[key] = self._other_size.get(key, 0) + (not fits)
        return fits

    def left_out(self, key: str) -> int:
        """How many regions of a target were found that are not meant."""
        outside = self._elsewhere.get(key, 0) or int(key in self._cut)
        return outside + self._other_size.get(key, 0)

    def where(self, key: str) -> str:
        """Where the regions of a target are that are not meant, after "is" or "are": "elsewhere"."""
        if self.near.is_nearest(key):
            return "farther away"
        outside = bool(self._elsewhere.get(key, 0) or key in self._cut)
        sized = bool(self._other_size.get(key, 0))
        return "elsewhere or of another size" if outside and sized else "of another size" if sized else "elsewhere"

    def words(self, key: str) -> str:
        """What is said after the name of a target: " in the upper left within 10 m of the roads"; else empty."""
        thing = self._things.get(key)
        place = self.places.place_of(self._said(key))
        but = self.places.but((key, thing.plural if thing else key))
        areas = " and ".join(limit.words for limit in self._areas_of(key))
        said = (but, areas, place.words if place else "", self.near.words(key))
        return "".join(f" {words}" for words in said if words)

    def _said(self, key: str) -> int | None:
        """Where the prompt names a target, in characters."""
        return self._things[key].start if key in self._things else None

    def _areas_of(self, key: str) -> list[AreaLimit]:
        return [limit for limit in self.areas if not limit.of or key in limit.of]
