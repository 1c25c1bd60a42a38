"""How large regions should be: "buildings larger than 500 m2", "ponds of at most half a hectare".  Pure.

The area that counts is the one that is shown: on the ellipsoid, or in pixels where a tile has no place on earth.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from geopix_model.predictor import Named

from . import units

Sign = Literal["more", "less", "least", "most"]

_SAID: dict[Sign, str] = {
    "more": "larger than",
    "less": "smaller than",
    "least": "of at least",
    "most": "of at most",
}
_SIGNS: dict[Sign, str] = {
    "least": r"at least|no less than|not less than|not smaller than",
    "most": r"at most|no more than|not more than|not larger than|up to",
    "more": r"(?:larger|bigger|greater|more|wider) than|over|above|exceeding",
    "less": r"(?:smaller|less|fewer) than|under|below",
}
_UNITS = "|".join(rf"(?P<{name}>{pattern})" for name, (pattern, _, _) in units.AREAS.items())
_LIMIT = re.compile(
    r"\b(?:(?:that|which) )?(?:(?:are|is|have|has|having|with|of|cover|covers|covering|measure|measuring) )?"
    r"(?:(?:a|an|the) )?(?:(?:area|size|surface|footprint)s? )?(?:of )?"
    rf"(?:{'|'.join(rf'(?P<{sign}>{words})' for sign, words in _SIGNS.items())}) (?:about )?"
    rf"(?P<number>\d+(?:,? ?\d{{3}})*(?:\.\d+)?|half an?|one|an?) ?(?:{_UNITS})\b(?: (?:in (?:size|area)|large|big))?"
    r"(?! of (?:the |this |that )?<)"  # "more than 2 hectares of forest" is about all of it together
)
_IN_WORDS = {"half a": 0.5, "half an": 0.5, "one": 1.0, "a": 1.0, "an": 1.0}


@dataclass(frozen=True)
class AreaLimit:
    """A limit of the area of each region of some things.

    Attributes:
        of: Class names of the things; empty means all.
        sign: Whether it must be more, less, at least or at most ``value``.
        value: In ``unit``.
        unit: A key of ``units.AREAS``.
    """

    of: tuple[str, ...]
    sign: Sign
    value: float
    unit: str

    def fits(self, area_m2: float | None, area_px: float) -> bool:
        """Whether a region has such an area; every region has where it cannot be measured in the unit."""
        if not self.measures(area_m2):
            return True
        _, square_metres, _ = units.AREAS[self.unit]
        area = area_px if area_m2 is None or self.unit == "px" else area_m2 / square_metres
        return {
            "more": area > self.value,
            "less": area < self.value,
            "least": area >= self.value,
            "most": area <= self.value,
        }[self.sign]

    def measures(self, area_m2: float | None) -> bool:
        """Whether areas can be had in the unit, given that of one region."""
        return area_m2 is not None or self.unit == "px"

    @property
    def amount(self) -> str:
        """The area as it is written: "500 m²"."""
        return f"{self.value:,.6g} {units.AREAS[self.unit][2]}"

    @property
    def words(self) -> str:
        """What is said after the name of the things: "larger than 500 m²"."""
        return f"{_SAID[self.sign]} {self.amount}"


def parse(text: str, named: Sequence[Named]) -> tuple[str, tuple[AreaLimit, ...]]:
    """A sketch (``relations.sketch``) without its limits of area, and these.

    A limit is one of the things since the limit before it; where none stand there, of those that follow.
    """
    limits, rest, position = [], "", 0
    for match in _LIMIT.finditer(text):
        between = text[position : match.start()]
        of = _things(between, named) or _things(text[match.end() :], named)
        sign = next(sign for sign in _SIGNS if match[sign])
        unit = next(unit for unit in units.AREAS if match[unit])
        limits.append(AreaLimit(of, sign, _value(match["number"]), unit))
        rest += f"{between} "
        position = match.end()
    return " ".join((rest + text[position:]).split()), tuple(limits)


def _things(text: str, named: Sequence[Named]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(named[int(number)].class_name for number in re.findall(r"<(\d+)>", text)))


def _value(said: str) -> float:
    return _IN_WORDS[said] if said in _IN_WORDS else float(re.sub("[, ]", "", said))
