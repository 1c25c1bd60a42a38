"""Looking for every class that a model knows: "what is this?", "segment everything", "describe the image".

A small model names what it was asked about far better than it names what it sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geopix_model.predictor import Lister, Mask, Measure, ModelInfo, Named, Piece, Text
from geopix_model.tasks import Choice

from .asker import asked, compared

OFF = -20.0  # logit of a pixel that another class has
LEAST_SCORE = 0.5
LOOK_FROM = 0.5  # how likely a class must be at a glance before it is asked for
# What lies on another thing takes no pixel from it; of all others the surest has a pixel.
LIES_ON = {"solar panel": "building"}


class Identifier:
    """A predictor that finds all classes that are in an image.

    Args:
        predictor: The one that is asked for each class by itself.
        things: The classes.
        references: Things that they are compared with.
        speaks: Whether it says how much of the image each class covers, the largest first.
    """

    def __init__(
        self, predictor: Lister, things: Sequence[Named], references: Sequence[Named] = (), *, speaks: bool = True
    ) -> None:
        self._predictor, self._things, self._references = predictor, tuple(things), tuple(references)
        self._speaks = speaks

    @property
    def info(self) -> ModelInfo:
        """That of the model."""
        return self._predictor.info

    @property
    def asks(self) -> str:
        """All that its answers depend on beside the model and the image."""
        return repr((self._things, self._references, self._speaks))

    def answer(
        self, image: NDArray[np.uint8], prompt: str, history: Sequence[tuple[str, str]] = (), task: Choice = "auto"
    ) -> Iterator[Piece]:
        """See ``Predictor.answer``; neither the prompt itself nor the task is read."""
        yield from compared(self._predictor, image, self._references)
        found: list[tuple[Named, Mask]] = []
        likely = self._predictor.likely(image)
        for thing in self._things:
            if likely.get(thing.class_name, 1.0) >= LOOK_FROM:
                for piece in asked(self._predictor, image, thing):
                    if isinstance(piece, Mask) and piece.score >= LEAST_SCORE:
                        found.append((thing, piece))
                    yield Text("")  # a step that says nothing by itself: here the question may be stopped
        if not found and self._speaks:
            yield Text(f"Nothing that I know is here. I know: {', '.join(self.info.classes)}.")
        masks = [mask for _, mask in found]
        inside = [_won(index, masks) for index in range(len(masks))]
        order = sorted(range(len(masks)), key=lambda index: -int(np.count_nonzero(inside[index] > 0)))
        for target, index in enumerate(order):
            thing, mask = found[index]
            mask = replace(mask, phrase=thing.plural, logits=inside[index], target=target)
            if not self._speaks:
                yield mask
                continue
            yield Text(thing.plural[0].upper() + thing.plural[1:], phrase=True)
            yield from (mask, Text(" covers " if thing.mass else " cover "), Measure("share", target), Text(". "))


def _won(index: int, masks: Sequence[Mask]) -> NDArray[np.float32]:
    """The logits of a mask, ``OFF`` where another class is surer."""
    own = masks[index]
    pair = LIES_ON.items()
    rivals = [
        mask.logits
        for other, mask in enumerate(masks)
        if other != index
        and (own.class_name, mask.class_name) not in pair
        and (mask.class_name, own.class_name) not in pair
    ]
    if not rivals:
        return own.logits
    return np.where(own.logits >= np.max(rivals, axis=0), own.logits, OFF).astype(np.float32)
