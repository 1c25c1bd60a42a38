"""Boxes in an answer: ``{<x1><y1><x2><y2>}``, in percent of width and height."""

from __future__ import annotations

import re
from dataclasses import dataclass

PATTERN = re.compile(r"\{<(-?\d+)><(-?\d+)><(-?\d+)><(-?\d+)>\}")
# What may still become a box: the beginning of one, up to the end of the text.
BEGUN = re.compile(r"\{(?:<-?\d+>){0,4}(?:<-?\d*)?\Z")


@dataclass(frozen=True)
class PercentBox:
    """x1, y1, x2, y2 in percent of the picture that the model sees, as it wrote them."""

    x1: int
    y1: int
    x2: int
    y2: int

    @property
    def released(self) -> tuple[int, int, int, int]:
        """As the released code reads it: negative numbers are 0."""
        x1, y1, x2, y2 = (max(value, 0) for value in (self.x1, self.y1, self.x2, self.y2))
        return x1, y1, x2, y2

    @property
    def clamped(self) -> tuple[int, int, int, int]:
        """Within 0..100, the corners in order."""
        (x1, x2), (y1, y2) = (
            sorted(min(max(value, 0), 100) for value in pair) for pair in ((self.x1, self.x2), (self.y1, self.y2))
        )
        return x1, y1, x2, y2

    def released_pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Pixels as the released code computes them, cut to whole numbers."""
        x1, y1, x2, y2 = self.released
        return int(x1 / 100 * width), int(y1 / 100 * height), int(x2 / 100 * width), int(y2 / 100 * height)


def parse(text: str) -> list[PercentBox]:
    """All boxes of a text, in order."""
    return [PercentBox(*map(int, match.groups())) for match in PATTERN.finditer(text)]
