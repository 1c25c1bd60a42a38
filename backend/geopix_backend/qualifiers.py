"""What a prompt says of place and size, which geometry decides after segmentation: "the two largest buildings", "the
trees in the upper left".  Pure.

Models of every size are unsure of such words; areas and centres of polygons are not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .components import Component
from .wording import stems

_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_SIZE = re.compile(
    rf"\b(?:(?P<before>\d+|{'|'.join(_NUMBERS)})\s+)?(?P<size>largest|biggest|smallest)\s+"
    rf"(?:(?P<after>\d+|{'|'.join(_NUMBERS)})\s+)?(?P<noun>[a-z]+(?:\s+[a-z]+)?)",
    re.IGNORECASE,
)
_VERTICAL = {"upper": 0, "top": 0, "lower": 1, "bottom": 1}
_HORIZONTAL = {"left": 0, "right": 1}
_PLACE = re.compile(
    r"\b(?:in|on|at|from|within)\s+the\s+"
    r"(?:(?P<vertical>upper|top|lower|bottom)[\s-]*(?P<corner>left|right)?"
    r"|(?P<horizontal>left|right)"
    r"|(?P<compass>north|south|east|west|north[\s-]?east|north[\s-]?west|south[\s-]?east|south[\s-]?west)(?:ern)?"
    r"|(?P<middle>cent(?:er|re)|middle))"
    r"(?=\W*$|[,.?!]|\W+(?:hand|side|part|half|corner|quarter|area|edge|third|image|view|picture|and|or|please)\b"
    r"|\s+of\s+(?:the\s+|this\s+)?(?:image|view|picture|tile|map|scene|area|it)\b)",
    re.IGNORECASE,
)
MIDDLE = (0.25, 0.75)  # of each side


@dataclass(frozen=True)
class Size:
    """The ``count`` largest (or smallest) regions of the thing that ``noun`` names."""

    count: int
    largest: bool
    noun: str


@dataclass(frozen=True)
class Place:
    """A part of the tile, as shares of its rows and columns from the top left."""

    rows: tuple[float, float] = (0.0, 1.0)
    cols: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True)
class Qualifiers:
    """What a prompt says of place and size; neither where it says nothing."""

    sizes: tuple[Size, ...] = ()
    place: Place | None = None

    def choose(
        self, found: Sequence[Component], names: Sequence[str], shape: tuple[int, int], first_row: int = 0
    ) -> list[Component]:
        """The components of one target that are meant, in their order.

        Args:
            found: All components of the target.
            names: What the target is called: class and phrase.
            shape: (rows, columns) of the tile.
            first_row: Row of the tile from which those of the components count.
        """
        if self.place is not None:
            found = [component for component in found if _is_in(component, self.place, shape, first_row)]
        size = next((size for size in self.sizes if _names(size.noun, names)), None)
        if size is not None:
            order = sorted(found, key=lambda c: c.area_px, reverse=size.largest)[: size.count]
            found = [component for component in found if any(component is chosen for chosen in order)]
        return list(found)


def parse(prompt: str, *, north_up: bool = True, east_right: bool = True) -> Qualifiers:
    """What a prompt says of place and size.

    Args:
        prompt: What the analyst typed.
        north_up, east_right: How the tile lies, for the points of the compass.
    """
    sizes = tuple(
        Size(_count(m["before"] or m["after"]), m["size"].lower() != "smallest", m["noun"].lower())
        for m in _SIZE.finditer(prompt)
    )
    match = _PLACE.search(prompt)
    return Qualifiers(sizes, _place(match, north_up, east_right) if match else None)


def _count(text: str | None) -> int:
    if text is None:
        return 1
    return _NUMBERS[text.lower()] if text.lower() in _NUMBERS else max(1, int(text))


def _place(match: re.Match[str], north_up: bool, east_right: bool) -> Place:
    if match["middle"]:
        return Place(MIDDLE, MIDDLE)
    vertical, horizontal = match["vertical"], match["corner"] or match["horizontal"]
    row = _VERTICAL[vertical.lower()] if vertical else None
    col = _HORIZONTAL[horizontal.lower()] if horizontal else None
    compass = (match["compass"] or "").lower()
    if "north" in compass or "south" in compass:
        row = int(("south" in compass) == north_up)
    if "east" in compass or "west" in compass:
        col = int(("east" in compass) == east_right)
    return Place(_half(row), _half(col))


def _half(which: int | None) -> tuple[float, float]:
    return (0.0, 1.0) if which is None else (0.5 * which, 0.5 * which + 0.5)


def _is_in(component: Component, place: Place, shape: tuple[int, int], first_row: int) -> bool:
    """Whether the centre of a component lies in a part of the tile."""
    row, col = component.centre
    centre = (first_row + row) / shape[0], col / shape[1]
    inside = zip(centre, (place.rows, place.cols), strict=True)
    return all(first <= value < last or value == last == 1 for value, (first, last) in inside)


def _names(noun: str, names: Sequence[str]) -> bool:
    """Whether a noun of the prompt and one of a target's names share a word, in the singular or the plural."""
    words = set(stems(noun))
    return any(words.intersection(stems(name)) for name in names)
