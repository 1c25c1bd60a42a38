"""What was said: one record per question, written by the conversation, read by the transcript, kept in the project."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional

from .layers import ResultLayer
from .translation import tr

LOST = tr(
    "Polygons of earlier answers were in memory only and were not saved with this project. "
    "Retry asks again; to keep them, choose GeoPackage under Settings > Options > GeoPix."
)


@dataclass
class Phrase:
    """What became of one grounded phrase.

    Attributes:
        category: Class or phrase that its colour belongs to.
        colour: Of its polygons, ``#rrggbb``.
        arrived: How many polygons came with the answer.
    """

    category: str
    colour: str
    arrived: int = 0


@dataclass
class TurnRecord:
    """One question and what has arrived of its answer.

    Attributes:
        number: From 1, unique in the project.
        prompt, raster, area: What was asked, about which layer, and where in it.
        source: Path or name of the raster, as the polygons carry it.
        time: Of the question, ISO 8601 in UTC.
        pieces: (text, target number or None), in the order in which they were said.
        phrases: By target number; only those that have polygons.
        new_context: Why earlier answers are not part of this question, empty where they are.
        footer: How it went: time, model, or that it was stopped.
        warning: What the analyst must know of how it went, such as a GPU that was not used.
        problem: The error that ended it, else empty.
        undone: Whether its polygons were taken off the map.
        result: The layers of its polygons, None until the first one.
    """

    number: int
    prompt: str
    raster: str
    area: str = ""
    source: str = ""
    time: str = ""
    pieces: list[tuple[str, Optional[int]]] = field(default_factory=list)
    phrases: dict[int, Phrase] = field(default_factory=dict)
    new_context: str = ""
    footer: str = ""
    warning: str = ""
    problem: str = ""
    undone: bool = False
    result: Optional[ResultLayer] = None

    @property
    def answer(self) -> str:
        """The answer as plain text."""
        return "".join(text for text, _ in self.pieces)

    @property
    def regions(self) -> int:
        """How many polygons arrived."""
        return sum(phrase.arrived for phrase in self.phrases.values())

    @property
    def lost(self) -> bool:
        """Whether its polygons were in memory and did not come back with their project."""
        if self.result is None or self.undone or self.result.count(self.number):
            return False
        layers = self.result.layers
        return bool(layers) and all(layer.providerType() == "memory" and not layer.featureCount() for layer in layers)

    @property
    def finished(self) -> bool:
        """Whether nothing more will arrive."""
        return bool(self.footer or self.problem)
