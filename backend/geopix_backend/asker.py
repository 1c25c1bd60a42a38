"""Asking a model that knows a list of things for one of them at a time, always in the same words.

A small model decides best about what it was asked for alone (two things in one prompt: the second was often missed),
and a thing that is always asked for in the same words has the same polygons in every answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geopix_model.predictor import Mask, Measure, ModelInfo, Named, Piece, Predictor, Text
from geopix_model.tasks import Choice

from .qualifiers import Size


@dataclass(frozen=True)
class Reference(Mask):
    """The mask of a thing that others are compared with; it is no result itself."""


@dataclass(frozen=True)
class Wish:
    """A thing that is looked for.

    Attributes:
        thing: What.
        limit: What is said after its name: " within 10 m of the roads".
        size: Of which it should be the largest, say.
        one: Whether a single one is meant: that which is nearest to another thing.
    """

    thing: Named
    limit: str = ""
    size: Size | None = None
    one: bool = False


class Asker:
    """A predictor that asks another one for each thing by itself.

    Args:
        predictor: The one that is asked.
        wishes: The things that are looked for.
        references: The things that they are compared with.
        speaks: Whether a sentence is said of each thing; otherwise only masks come.
    """

    def __init__(
        self,
        predictor: Predictor,
        wishes: Sequence[Wish],
        references: Sequence[Named] = (),
        *,
        speaks: bool = True,
    ) -> None:
        self._predictor, self._wishes, self._references = predictor, tuple(wishes), tuple(references)
        self._speaks = speaks

    @property
    def info(self) -> ModelInfo:
        """That of the model."""
        return self._predictor.info

    @property
    def asks(self) -> str:
        """All that its answers depend on beside the model and the image."""
        return repr((self._wishes, self._references, self._speaks))

    def answer(
        self, image: NDArray[np.uint8], prompt: str, history: Sequence[tuple[str, str]] = (), task: Choice = "auto"
    ) -> Iterator[Piece]:
        """See ``Predictor.answer``; neither the prompt itself nor the task is read."""
        yield from compared(self._predictor, image, self._references)
        target = 0
        for wish in self._wishes:
            found = False
            for piece in asked(self._predictor, image, wish.thing):
                if isinstance(piece, Mask) and not found:
                    found = True
                    mask = replace(piece, phrase=wish.thing.plural, target=target)
                    yield from self._sentence(wish, mask) if self._speaks else (mask,)
                    target += 1
                else:
                    yield Text("")

    def _sentence(self, wish: Wish, mask: Mask) -> Iterator[Piece]:
        thing, limit, number = wish.thing, wish.limit, mask.target
        alone = len(self._wishes) == 1
        verb = "covers" if thing.mass else "cover"
        if wish.size is not None:
            yield from self._sized(wish, wish.size, mask)
            return
        if wish.one:
            yield from (Text("The "), Text(thing.singular, phrase=True), mask, Text(f"{limit} covers "))
            yield from (Measure("area", number), Text(". "))
            return
        if thing.countable:
            yield from (Text("Here are the "), Text(thing.plural, phrase=True), mask, Text(f"{limit}: "))
            yield from (Measure("count", number), Text(" in all"))
            yield from (Text(", covering "), Measure("area", number)) if alone else ()
        else:
            yield from (Text("The "), Text(thing.plural, phrase=True), mask, Text(f"{limit} {verb} "))
            yield from (Measure("area", number), Text(", ")) if alone else ()
            yield from (Measure("share", number), Text(" of the view"))
        yield Text(". ")

    def _sized(self, wish: Wish, size: Size, mask: Mask) -> Iterator[Piece]:
        if size.count == 1:
            yield from (Text(f"The {size.words} "), Text(wish.thing.singular, phrase=True), mask)
            yield from (Text(f"{wish.limit} covers "), Measure("area", mask.target), Text(". "))
            return
        yield from (Text(f"The {size.words} "), Text(wish.thing.plural, phrase=True), mask, Text(f"{wish.limit}: "))
        yield from (
            Measure("count", mask.target),
            Text(", covering "),
            Measure("area", mask.target),
            Text(" together. "),
        )


def asked(predictor: Predictor, image: NDArray[np.uint8], thing: Named) -> Iterator[Mask | Text]:
    """The mask of a thing, and an empty text for each step that says nothing of it: there one may stop."""
    for piece in predictor.answer(image, f"Segment the {thing.class_plural}."):
        is_it = isinstance(piece, Mask) and piece.class_name == thing.class_name
        yield piece if is_it else Text("")  # type: ignore[misc]


def compared(predictor: Predictor, image: NDArray[np.uint8], things: Sequence[Named]) -> Iterator[Reference | Text]:
    """The masks of things that others are compared with."""
    for thing in things:
        for piece in asked(predictor, image, thing):
            yield Reference(**vars(piece)) if isinstance(piece, Mask) else piece
