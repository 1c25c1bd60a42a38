"""What a prompt says of one thing and another: "the buildings next to the road", "cars 20 m from the water".  Pure.

A sketch is the text of a prompt with ``<0>``, ``<1>`` ... in place of the things that the model knows, so that the
patterns see only what stands between them.  ``nearness`` decides on the polygons what is found here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from geopix_model.predictor import Named, Reading

Kind = Literal["near", "far", "nearest", "touch", "on", "side", "undecided"]


@dataclass(frozen=True)
class Distance:
    """A length as it was asked for, in metres, or in pixels of the tile."""

    value: float
    in_pixels: bool = False


@dataclass(frozen=True)
class Relation:
    """What must hold between each region of some things and the regions of others.

    Attributes:
        kind: ``near`` within a distance, ``far`` beyond it, ``nearest`` of all, ``touch``, ``on`` (or in), ``side``
            (left of, north of); ``undecided`` is any other.
        of: Class names of the things that it limits.
        to: The things that they are compared with; the nearest region of any of them counts.
        distance: As asked, None for the usual one of these words.
        close: Whether "next to" was said rather than "near", which means less.
        negated: Whether it must not hold.
        words: As they were said: "next to".
        side: Of the kind ``side``: north, south, east, west, left or right.
        stranger: What they are compared with where the model does not know it.
    """

    kind: Kind
    of: tuple[str, ...]
    to: tuple[Named, ...]
    distance: Distance | None = None
    close: bool = False
    negated: bool = False
    words: str = ""
    stranger: str = ""
    side: str = ""


_METRES = {"kilo": 1000.0, "km": 1000.0, "mi": 1609.344, "m": 1.0, "f": 0.3048, "y": 0.9144}  # by how a unit begins
_UNIT = r"kilomet(?:er|re)s?|km|met(?:er|re)s?|m|feet|foot|ft|yards?|yd|miles?|mi|pixels?|px"


def _length(name: str) -> str:
    return rf"(?P<{name}>\d+(?:\.\d+)?) ?-?(?P<{name}_unit>{_UNIT})\b"


_WITHIN = (
    rf"(?:with)?in (?:a )?(?:(?:distance|radius|range|buffer) of )?{_length('a')} ?"
    r"(?:buffer|radius|zone|strip|band|distance|range)? ?(?:away )?(?:of|from|to|around|along|off)"
    rf"|(?:at most|up to|(?:no|not) (?:more|farther|further) than|less than|closer than|under) {_length('b')}"
    rf" (?:away )?(?:from|of|to)|{_length('c')} (?:away )?(?:from|around|of)"
)
_BEYOND = (
    rf"(?:(?:more|farther|further|greater)(?: away)? than|at least|over|beyond) {_length('d')} ?(?:away )?(?:from|of)"
)
_STRICT: tuple[tuple[str, str], ...] = (
    ("far", _BEYOND),
    ("near", _WITHIN),
    ("far", r"far (?:away )?from|distant from|away from|remote from"),
    ("next", r"right (?:by|at|beside)|next to|besides?|along(?:side)?(?: of)?(?! with)|adjacent to|adjoining|lining"
     r"|flanking|(?:at|on|along) the (?:edges?|sides?|banks?|shores?|margins?) of"),
    ("near", r"near(?:by)?(?: to)?|close (?:to|by)|in the (?:vicinity|neighbou?rhood|proximity) of|around|surrounding"
     r"|not far from"),
    ("touch", r"touch(?:es|ing)?|border(?:s|ing)?(?: on)?|abut(?:s|ting)?(?: on)?|attached to|connected to|joined to"
     r"|in contact with|overlap(?:s|ping)?(?: with)?"),
    ("nearest", r"(?:nearest|closest) to"),
    ("off", r"outside(?: of)?"),
    ("side", r"(?:(?:to|on|at) the )?(?P<side>north|south|east|west|left|right)(?:ern)?(?:[ -]hand)?(?: side)? of"),
    ("undecided", r"(?:in )?between|behind|in front of|under(?:neath)?|below|beneath|above|opposite(?: to)?"
     r"|across(?: from)?|parallel to|through"
     r"|(?:(?:to|on) the )?(?:north|south|east|west|left|right)[ -]?(?:east|west)?(?:ern)?(?: side)? of"),
)  # fmt: skip
# Said of much else: they count only before a thing that the model knows, or before "the ..." that is no part of the
# picture.
_LOOSE: tuple[tuple[str, str], ...] = (
    ("on", r"on top of|onto|on|upon|over|inside(?: of)?|in|within"),
    ("next", r"by|at"),
    ("with", r"with(?: (?:an?|their own))?|(?:have|has|having)(?: (?:an?|any|their own))?"),
    ("without", r"without(?: (?:an?|any))?|with no"),
)
_LINK = (
    r"(?:(?:that|which|who) )?(?:(?:are|is|were|lie|lies|lying|stand|stands|standing|sit|sits|sitting|located|situated"
    r"|parked|moored|docked|anchored|placed|found|built|growing|grow|swimming|floating|driving|running|go|going|planted"
    r"|do|does|directly|right|just|very|immediately|only) )*"
)
_NOT = (
    r"(?:(?P<not>(?:other than|except|apart from|all but)(?: for)? (?:the )?(?:ones?|those)|not|never"
    r"|(?:are|is|do|does|were)n't|(?:but|and) not) (?:be )?)?"
)
_ARTICLES = (
    r"(?:(?:the|a|an|any|some|all|this|that|these|those|their|every|each|other|another|of|nearest|closest"
    r"|largest|biggest|smallest) )*"
)
_ANY_TWO = (
    r"(?:(?!and\b|or\b|segment\b|find\b|show\b|count\b|mark\b|how\b|what\b|which\b|is\b|are\b|than\b)[a-z'-]+ ){0,2}?"
)
_MORE = "|".join(pattern.replace("?P<side>", "?:") for _, pattern in _STRICT[2:] + _LOOSE)
_KNOWN = rf"{_ARTICLES}{_ANY_TWO}<\d+>(?: ?(?:,|,? (?:and|or|nor)) {_ARTICLES}<\d+>(?! ?(?:{_LINK})(?:{_MORE})\b))*"
_STRANGE = (
    rf"{_ARTICLES}(?P<strange>[a-z][a-z' -]*?)"
    r"(?= ?(?:[.,;?!]|$|\b(?:and|or|within|please|thanks|in|are|is|how|which|what)\b))"
)
_AFTER = (
    r"(?: ?,? (?:(?:with)?in|at most|up to|max(?:imum)?|less than) (?:a (?:distance|radius) of )?"
    rf"{_length('e')}(?! (?:of|from)\b))?"
)
# Parts of the picture, and what one says of an answer: "in the upper left", "on the map", "in a new layer".
_PICTURE = re.compile(
    r"\b(?:image|images|picture|photo|photograph|tile|view|scene|imagery|area|region|raster|shot|frame|extent|canvas|map"
    r"|north\w*|south\w*|east\w*|west\w*|upper|lower|top|bottom|left|right|cent(?:er|re)|middle|corner|half|quarter|part"
    r"|edge|background|foreground|layer|list|table|polygons?|shape|form|format|colou?r|red|blue|green|total|detail"
    r"|general|hectares?|acres?|km2|m2|square|percent|percentage|pixels?|numbers?|words?|one|time|way|same|here|there|it"
    r"|them|box|rectangle|screen|window|selection|whole|distance|moment|end|ground|site|place|result|results|file|other|others)\b"
)
_NEAREST = re.compile(rf"\b(?P<said>nearest|closest) (?:\w+ )?<(?P<of>\d+)> (?:to|from|of) (?P<who>{_ARTICLES}<\d+>)")


def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    patterns = []
    for kind, words in _STRICT + _LOOSE:
        who = rf"(?:{_KNOWN}|{_STRANGE})"
        if (kind, words) in _LOOSE:
            who = rf"(?:{_KNOWN}|(?=(?:the|a|an|my|our) ){_STRANGE})" if kind in ("on", "next") else _KNOWN
        patterns.append((kind, rf"\b{_LINK}{_NOT}{_LINK}(?P<said>{words}) (?P<who>{who}){_AFTER}"))
    return [(kind, re.compile(pattern)) for kind, pattern in patterns]


_PATTERNS = _patterns()


def parse(text: str, named: Sequence[Named]) -> tuple[str, list[Relation]]:
    """The sketch of a prompt without its relations, and these."""
    relations = list[Relation]()
    rest, position, limited = "", 0, tuple[int, ...]()
    text = _NEAREST.sub(lambda hit: f"<{hit['of']}> {hit['said']} to {hit['who']}", text)
    while (found := _next(text, position)) is not None:
        match, kind = found
        between = text[position : match.start()]
        limited = tuple(_numbers(between)) or limited or tuple(_numbers(text[match.end() :]))
        relation = _relation(match, kind, [named[n] for n in limited], named)
        relations += [relation] if relation else []
        rest += f"{between} "
        position = match.end()
    return " ".join((rest + text[position:]).split()), relations


def sketch(reading: Reading) -> str:
    """The text of a prompt with ``<0>``, ``<1>`` ... in place of the things that it names."""
    text = reading.text
    for number, thing in reversed(list(enumerate(reading.named))):
        text = f"{text[: thing.start]}<{number}>{text[thing.end :]}"
    return text


def _numbers(text: str) -> Iterator[int]:
    return (int(number) for number in re.findall(r"<(\d+)>", text))


def _next(text: str, position: int) -> tuple[re.Match[str], str] | None:
    """The first relation from ``position`` on, with its kind; of two at one place that which stands first above."""
    hits = []
    for rank, (kind, pattern) in enumerate(_PATTERNS):
        match = next((m for m in pattern.finditer(text, position) if not _is_something_else(m, kind, text)), None)
        if match is not None:
            hits.append((match.start("said"), rank, match, kind))
    return min(hits, key=lambda hit: hit[:2])[2:] if hits else None


def _is_something_else(match: re.Match[str], kind: str, text: str) -> bool:
    """Whether it is no relation: "in the upper left", "compare the <0> with the <1>", "covered by <0>"."""
    stranger = match.groupdict().get("strange")
    if stranger is not None and _PICTURE.search(stranger):
        return True
    if match["said"].startswith("ha") and "<" not in text[: match.start()]:
        return True  # "the image has <0>"
    if kind == "with":
        return "compar" in text or text[: match.start("said")].endswith(("together ", "along "))
    return match["said"] == "by" and bool(re.search(r"\b(?:cover|occup|taken|percent|share|fill)", text))


def _relation(match: re.Match[str], kind: str, limited: Sequence[Named], named: Sequence[Named]) -> Relation | None:
    to = tuple(named[number] for number in _numbers(match["who"]))
    of = tuple(dict.fromkeys(thing.class_name for thing in limited))
    stranger = match.groupdict().get("strange") or ""
    if kind in ("on", "with", "without", "off") and ({thing.class_name for thing in to} & set(of)):
        return None  # "houses with red roofs"
    kinds: dict[str, Kind] = {"next": "near", "with": "near", "without": "near", "off": "on"}
    negated = bool(match["not"]) != (kind in ("without", "off"))
    close = kind in ("next", "with", "without")
    kept: Kind = kinds.get(kind, kind)  # type: ignore[arg-type]
    if kept == "far" and negated:
        kept, negated = "near", False
    said = " ".join(match["said"].split())
    return Relation(
        kept,
        of,
        to,
        _distance(match),
        close,
        negated,
        said,
        " ".join(stranger.split()),
        match.groupdict().get("side") or "",
    )


def _distance(match: re.Match[str]) -> Distance | None:
    groups = match.groupdict()
    name = next((name for name in "abcde" if groups.get(name)), None)
    if name is None:
        return None
    value, unit = float(groups[name]), groups[f"{name}_unit"]
    if unit.startswith("p"):
        return Distance(value, in_pixels=True)
    return Distance(value * next(metres for begin, metres in _METRES.items() if unit.startswith(begin)))
