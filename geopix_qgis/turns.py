"""What was said: one record per question, written by the conversation, read by the transcript."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional

from .layers import ResultLayer


@dataclass
class Target:
    """What became of one grounded phrase.

    Attributes:
        category: Class or phrase that its colour belongs to.
        ids: Feature ids of its polygons in the layer of the turn.
    """

    category: str
    ids: list[int] = field(default_factory=list)


@dataclass
class TurnRecord:
    """One question and what has arrived of its answer.

    Attributes:
        number: From 1, unique in the dock.
        prompt, raster: What was asked, about which layer.
        pieces: (text, target number or None), in the order in which they were said.
        targets: By target number.
        footer: How it went: time, model, or that it was stopped.
        problem: The error that ended it, else empty.
        result: The layer of its polygons, None until the first one.
    """

    number: int
    prompt: str
    raster: str
    pieces: list[tuple[str, Optional[int]]] = field(default_factory=list)
    targets: dict[int, Target] = field(default_factory=dict)
    footer: str = ""
    problem: str = ""
    result: Optional[ResultLayer] = None

    @property
    def answer(self) -> str:
        """The answer as plain text."""
        return "".join(text for text, _ in self.pieces)

    @property
    def regions(self) -> int:
        """How many polygons arrived."""
        return sum(len(target.ids) for target in self.targets.values())

    def colour_of(self, target: int) -> Optional[str]:
        """Colour of a target's polygons, None while it has none."""
        known = self.targets.get(target)
        return self.result.colours.get(known.category) if known and self.result else None
