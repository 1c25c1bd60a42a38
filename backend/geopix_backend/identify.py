"""Answering "what is this?" with a model that knows a list of classes: each is asked for, the surest wins a pixel.

A small model names what it was asked about far better than it names what it sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from geopix_model.predictor import Mask, Measure, ModelInfo, Piece, Predictor, Text
from geopix_model.tasks import Choice

OFF = -20.0  # logit of a pixel that another class has
LEAST_SCORE = 0.5
_WHAT = re.compile(
    r"^\W*(?:(?:please|tell me|and|so),?\s+)*"
    r"(?:what(?:'s|s|\s+(?:kind|sort|type)\s+of\s+\w+)?|which\s+(?:class|thing|object)|identify|classify|name)\s*"
    r"(?:is|are|do\s+you\s+(?:see|find))?\s*(?:in|inside|within|at|under)?\s*"
    r"(?:this|that|these|those|here|it|there|the\s+(?:selected|drawn|marked|clicked))\b",
    re.IGNORECASE,
)

_EVERYTHING = re.compile(
    r"^\W*(?:(?:please|can you|could you|now),?\s+)*"
    r"(?:segment|map|find|label|classify|outline|mark|detect|show(?: me)?)\s+"
    r"(?:everything|all (?:things|objects|classes|you know)|every (?:thing|object|class))\b",
    re.IGNORECASE,
)
_CONTENTS = re.compile(
    r"^\W*what(?:"
    r"(?:'s|s|\s+is|\s+are|\s+do(?:es)?\s+one\s+see|\s+(?:can|do)\s+you\s+see)?\s+(?:there\s+)?(?:in|on|inside|within)\s+"
    r"(?:the|this|my)\s+(?:\w+\s+)?(?:view|image|scene|picture|photo|tile|map|area|box|raster)\b"
    r"|\s+(?:can|do)\s+you\s+(?:see|find|recogni[sz]e)\W*$)",
    re.IGNORECASE,
)


def asks_what(prompt: str) -> bool:
    """Whether a prompt asks what something is ("What is this selected polygon?") or for everything, naming no class."""
    return any(pattern.match(prompt) for pattern in (_WHAT, _EVERYTHING, _CONTENTS))


class Identifier:
    """A predictor that says which of its classes are in an image, and how much of it each covers.

    Args:
        predictor: One with classes (``ModelInfo.classes``).
    """

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    @property
    def info(self) -> ModelInfo:
        """That of the model."""
        return self._predictor.info

    def answer(
        self, image: NDArray[np.uint8], prompt: str, history: Sequence[tuple[str, str]] = (), task: Choice = "auto"
    ) -> Iterator[Piece]:
        """See ``Predictor.answer``; one sentence for each class that is there, the largest first."""
        found: list[Mask] = []
        for name in self.info.classes:
            for piece in self._predictor.answer(image, f"Segment the {name}."):
                if isinstance(piece, Mask) and piece.class_name == name and piece.score >= LEAST_SCORE:
                    found.append(piece)
                yield Text("")  # a step that says nothing by itself: here the question may be stopped
        if not found:
            yield Text(f"Nothing that I know is here. I know: {', '.join(self.info.classes)}.")
            return
        surest = np.argmax([mask.logits for mask in found], axis=0)
        inside = [np.where(surest == index, mask.logits, OFF) for index, mask in enumerate(found)]
        order = sorted(range(len(found)), key=lambda index: -int(np.count_nonzero(inside[index] > 0)))
        for target, index in enumerate(order):
            mask = found[index]
            name = mask.class_name
            yield Text(name[0].upper() + name[1:], phrase=True)
            yield Mask(name, name, inside[index].astype(np.float32), mask.score, target, mask.even_at)
            yield Text(" covers ")
            yield Measure("share", target)
            yield Text(". ")
