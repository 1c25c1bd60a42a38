"""What a prompt says of place and size, which geometry decides after segmentation: "the two largest buildings", "the
trees in the upper left".  Pure.

Models of every size are unsure of such words; areas and centres of polygons are not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from .components import Component
from .wording import stems

_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_RANKS = {"second": 2, "third": 3, "fourth": 4, "fifth": 5, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5}
_MOST = {  # (rows, columns)
    "northernmost": (-1, 0), "southernmost": (1, 0), "easternmost": (0, 1), "westernmost": (0, -1),
    "leftmost": (0, -1), "rightmost": (0, 1), "topmost": (-1, 0), "uppermost": (-1, 0), "bottommost": (1, 0),
    "lowermost": (1, 0), "lowest": (1, 0),
}  # fmt: skip
_SIZE = re.compile(
    rf"\b(?:(?P<before>\d+|{'|'.join(_NUMBERS)})\s+|(?P<rank>{'|'.join(_RANKS)})[\s-]+)?"
    rf"(?P<size>largest|biggest|smallest|tiniest|(?P<most>{'|'.join(_MOST)})"
    r"|(?<=\bthe )(?:larger|bigger|smaller)(?=\s+(?!than\b)[a-z]))\b"
    rf"(?:\s+(?P<after>\d+|{'|'.join(_NUMBERS)})\b)?(?=(?:\s+(?P<noun>[a-z]+(?:\s+[a-z]+)?))?)",
    re.IGNORECASE,
)
_BUT = re.compile(
    r"\b(?:except|excluding|other than|but|apart from|besides|without)\s+(?:for\s+|not\s+)?(?:the\s+)?\Z", re.IGNORECASE
)
_VERTICAL = {"upper": 0, "top": 0, "lower": 1, "bottom": 1}
_HORIZONTAL = {"left": 0, "right": 1}
_PLACE = re.compile(
    r"\b(?:in|on|at|from|within)\s+(?:the\s+)?"
    r"(?:(?P<vertical>upper|top|lower|bottom)[\s-]*(?P<corner>left|right)?"
    r"|(?P<horizontal>left|right)"
    r"|(?P<compass>north|south|east|west|north[\s-]?east|north[\s-]?west|south[\s-]?east|south[\s-]?west"
    r"|[ns][ew])(?:ern)?"
    r"|(?P<middle>cent(?:er|re)|middle))"
    r"(?=\W*$|[,.?!]|\W+(?:hand|side|part|half|corner|quarter|area|edge|third|image|view|picture|and|or|please)\b"
    r"|\s+of\s+(?:the\s+|this\s+)?(?:image|view|picture|tile|map|scene|area|it)\b)",
    re.IGNORECASE,
)
_BORDER = re.compile(
    r"\b(?:in|on|at|from|within|along|near|by|touching|cut (?:off )?by)\s+(?:the\s+)?"
    r"(?:edges?|borders?|margins?|boundary|boundaries|rim)\s+of\s+(?:the\s+|this\s+)?"
    r"(?:image|view|picture|tile|scene|area|raster)\b",
    re.IGNORECASE,
)
_PART = re.compile(r"\s+(?:hand\s+side|side|part|half|corner|quarter|area|edge|third)\b", re.IGNORECASE)
_ANY = ("one", "of", "ones")  # "the largest one", "the two largest of them"
MIDDLE = (0.25, 0.75)  # of each side


@dataclass(frozen=True)
class Size:
    """The ``count`` largest (or smallest) regions of the thing that ``noun`` names, from the one at ``rank`` on.

    Attributes:
        most: How it was said where not their areas but the places of their centres count: "northernmost".
        towards: Then where they lie most, (rows, columns) of the tile.
        left_out: Whether all others are meant: "all houses but the largest".
    """

    count: int
    largest: bool
    noun: str
    rank: int = 1
    most: str = ""
    towards: tuple[int, int] = (0, 0)
    left_out: bool = False

    @property
    def words(self) -> str:
        """The size as it is said: "second largest"."""
        ranks = {rank: name for name, rank in _RANKS.items() if name.isalpha()}
        return f"{ranks[self.rank]} {self._extreme}" if self.rank > 1 else self._extreme

    def names(self, names: Sequence[str]) -> bool:
        """Whether the noun shares a word with one of the names, in the singular or the plural, or means any thing."""
        words = set(stems(self.noun))
        return bool(words.intersection(_ANY)) or any(words.intersection(stems(name)) for name in names)

    @property
    def _extreme(self) -> str:
        return self.most or ("largest" if self.largest else "smallest")

    def amount(self, component: Component) -> float:
        """What the regions are compared by: pixels, or how far their centre lies the way that is meant."""
        if not self.most:
            return component.area_px
        row, col = component.centre
        return row * self.towards[0] + col * self.towards[1]


@dataclass(frozen=True)
class Place:
    """A part of the tile.

    Attributes:
        rows, cols: Shares of its rows and columns, from the top left.
        border: Whether what touches the border of the tile is meant.
        words: How it was said.
        at: Where in the prompt, in characters.
    """

    rows: tuple[float, float] = (0.0, 1.0)
    cols: tuple[float, float] = (0.0, 1.0)
    border: bool = False
    words: str = field(default="", compare=False)
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Qualifiers:
    """What a prompt says of place and size; neither where it says nothing."""

    sizes: tuple[Size, ...] = ()
    places: tuple[Place, ...] = ()

    def place_of(self, said: int | None = None) -> Place | None:
        """The part of the tile in which a thing is meant that the prompt names at character ``said``.

        One place is that of all things.  Of several, a thing has the next one after it ("the lake on the left and the
        ships on the right"), or the last one before it where the prompt begins with a place.
        """
        if said is None or len(self.places) < 2:
            return self.places[0] if self.places else None
        before = [place for place in self.places if place.at < said]
        after = [place for place in self.places if place.at > said]
        begins = self.places[0].at == 0
        return before[-1] if before and (begins or not after) else after[0]

    def placed(
        self, found: Sequence[Component], shape: tuple[int, int], first_row: int = 0, said: int | None = None
    ) -> list[Component]:
        """The components that lie in the part of the tile that is meant, in their order.

        Args:
            found: All components of a target.
            shape: (rows, columns) of the tile.
            first_row: Row of the tile from which those of the components count.
            said: See ``place_of``.
        """
        place = self.place_of(said)
        if place is None:
            return list(found)
        return [component for component in found if _is_in(component, place, shape, first_row)]

    def sized(self, found: Sequence[Component], names: Sequence[str]) -> list[Component]:
        """The largest or smallest of the components, in their order, if a size was asked of one of ``names``."""
        for size in self.sizes_of(names)[:1]:
            order = sorted(found, key=size.amount, reverse=size.largest)
            order = order[size.rank - 1 : size.rank - 1 + size.count]
            found = [component for component in found if any(component is each for each in order) != size.left_out]
        return list(found)

    def size_of(self, names: Sequence[str]) -> Size | None:
        """The size that was asked of a thing with these names; not one of those that are left out."""
        return next((size for size in self.sizes_of(names)[:1] if not size.left_out), None)

    def but(self, names: Sequence[str]) -> str:
        """What is said of those that are left out for their size: "but the largest"."""
        size = next(iter(self.sizes_of(names)), None)
        if size is None or not size.left_out:
            return ""
        return f"but the {f'{size.count} ' if size.count > 1 else ''}{size.words}"

    def sizes_of(self, names: Sequence[str]) -> list[Size]:
        """All sizes that were asked of a thing with these names; the first counts."""
        return [size for size in self.sizes if size.names(names)]


def parse(prompt: str, *, north_up: bool = True, east_right: bool = True) -> Qualifiers:
    """What a prompt says of place and size.

    Args:
        prompt: What the analyst typed.
        north_up, east_right: How the tile lies, for the points of the compass.
    """
    sizes = tuple(
        Size(
            _count(m["before"] or m["after"]),
            not m["size"].lower().startswith(("small", "tin")),
            (m["noun"] or _ANY[0]).lower(),
            _RANKS[m["rank"].lower()] if m["rank"] else 1,
            (m["most"] or "").lower(),
            _MOST[m["most"].lower()] if m["most"] else (0, 0),
            bool(_BUT.search(prompt, 0, m.start())),
        )
        for m in _SIZE.finditer(prompt)
    )
    flip = (1 if north_up else -1, 1 if east_right else -1)
    sizes = tuple(_turned(size, flip) for size in sizes)
    places = [
        replace(_place(match, north_up, east_right), words=_said(match, prompt), at=match.start())
        for match in _PLACE.finditer(prompt)
    ]
    border = (Place(border=True, words="at the edge of the view", at=m.start()) for m in _BORDER.finditer(prompt))
    return Qualifiers(sizes, tuple(sorted([*places, *border], key=lambda place: place.at)))


def _turned(size: Size, flip: tuple[int, int]) -> Size:
    """A size as it lies on the tile: the points of the compass turn with it, left and right do not."""
    compass = size.most.startswith(("n", "s", "e", "w"))
    return replace(size, towards=(size.towards[0] * flip[0], size.towards[1] * flip[1])) if compass else size


def _said(match: re.Match[str], prompt: str) -> str:
    part = _PART.match(prompt, match.end())
    words = " ".join(f"{match[0]} {part[0] if part else ''}".lower().split())
    return f"{words} part" if words.endswith("ern") else words


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
    if compass.startswith(("n", "s")):
        row = int(compass.startswith("s") == north_up)
    if compass.endswith(("e", "w", "east", "west")):
        col = int(compass.endswith(("e", "east")) == east_right)
    return Place(_half(row), _half(col))


def _half(which: int | None) -> tuple[float, float]:
    return (0.0, 1.0) if which is None else (0.5 * which, 0.5 * which + 0.5)


def _is_in(component: Component, place: Place, shape: tuple[int, int], first_row: int) -> bool:
    """Whether the centre of a component lies in a part of the tile."""
    if place.border:
        left, top, right, below = component.pixels.bounds
        return bool(first_row + top == 0 or left == 0 or first_row + below == shape[0] or right == shape[1])
    row, col = component.centre
    centre = (first_row + row) / shape[0], col / shape[1]
    inside = zip(centre, (place.rows, place.cols), strict=True)
    return all(first <= value < last or value == last == 1 for value, (first, last) in inside)
