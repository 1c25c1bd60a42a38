"""The published GeoPix behind the seam: outlines, boxes, descriptions and answers about one picture."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Iterator, Sequence
from typing import Union

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...generate import LibraryReader, decode
from ...predictor import Box, Mask, ModelInfo, Notice, Piece, Text
from ...tasks import Choice, chosen
from .boxes import PercentBox
from .model import Picture, PublishedGeoPix
from .pixels import Frame, Framing, PixelReader
from .prefixes import KEPT_BYTES, Prefixes
from .prompts import Vocabulary, fitting, question
from .speech import Said, Speech, Target, Words
from .targets import Named, asked, class_of

MAX_NEW_TOKENS = 256
PICTURES_KEPT = 16  # about 10 MB each at published size
NO_CONFIDENCE = 1.0  # what a box is given: the model says nothing of how sure it is
BROKEN = "A run of segmentation tokens was incomplete, so one mask that the model began is missing."
CUT_OFF = f"The answer was cut off after {MAX_NEW_TOKENS} tokens."
OUTSIDE = "A box that the model gave does not lie in the picture and was left out."
_ENDS_WITH_ARTICLE = re.compile(r"\b(?:the|a|an)\s*$", re.IGNORECASE)


class GeoPixPredictor:
    """See ``geopix_model.predictor.Predictor``.

    Args:
        framing: How images that are not square are shown to the model (``pixels``).
        class_names: Names of the memory's classes, without effect in ``released`` mode.
        kept_bytes: See ``Prefixes``.
    """

    def __init__(
        self,
        model: PublishedGeoPix,
        vocabulary: Vocabulary,
        reader: PixelReader,
        info: ModelInfo,
        framing: Framing = "whole",
        class_names: Sequence[str] = (),
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        self.model, self.vocabulary, self._reader, self._info = model, vocabulary, reader, info
        self._framing, self._class_names = framing, tuple(class_names)
        self._pictures: dict[bytes, tuple[Picture, Frame]] = {}
        self._prefixes = Prefixes(kept_bytes)

    @property
    def info(self) -> ModelInfo:
        """Name, window size and resolution of the model."""
        return self._info

    def answer(
        self,
        image: NDArray[np.uint8],
        prompt: str,
        history: Sequence[tuple[str, str]] = (),
        task: Choice = "auto",
    ) -> Iterator[Piece]:
        """See ``Predictor.answer``; what a sentence says after its first target comes when the sentence is complete."""
        wanted, words = chosen(prompt, task)
        now, room = question(words, wanted, self.vocabulary), self.model.sizes.text.max_position_embeddings
        ids = fitting(now, history, self.vocabulary, self.model.sizes.grid**2, room - MAX_NEW_TOKENS)
        key = hashlib.blake2b(image.tobytes(), digest_size=16).digest() + bytes(str(image.shape), "ascii")
        picture, frame = self._look(key, image)
        speech, writer = Speech(self.vocabulary), _Writer(self, picture, frame, asked(words))
        steps, ended = self._steps(key, ids, picture), False
        try:
            while not ended:
                with torch.inference_mode():  # entered anew for each step: a generator must not leave it on
                    step = next(steps, None)
                    ended = step is None
                    said = speech.finish() if step is None else speech.feed(*step)
                    pieces = writer.write(said, last=ended)
                yield from pieces or [Text("")]
        finally:
            steps.close()
        if speech.broken:
            yield Notice(BROKEN)
        if speech.length >= MAX_NEW_TOKENS:
            yield Notice(CUT_OFF)

    def _steps(self, key: bytes, ids: list[int], picture: Picture) -> Generator[tuple[int, Tensor], None, None]:
        """(id, state that predicted it) of each token of the answer; reads only what no earlier question has read."""
        image_end = len(ids) - ids[::-1].index(self.vocabulary.image)
        cache, known = self._prefixes.take(key, ids, image_end)
        embeddings = self.model.embed(
            torch.tensor([ids[known:]], device=self.model.device), picture.tokens, self.vocabulary.image
        )
        said: list[int] = []
        try:
            for token, state in decode(
                LibraryReader(self.model.language, cache), embeddings, self._choose, -1, MAX_NEW_TOKENS
            ):
                said.append(token)
                yield token, state
        finally:
            self._prefixes.give(key, [*ids, *said], cache)

    def _choose(self, state: Tensor) -> int:
        """The likeliest token after (H,) ``state``; -1 for any that ends the answer."""
        token = int(self.model.logits(state).argmax())
        return -1 if token in self.vocabulary.stops else token

    def _look(self, key: bytes, image: NDArray[np.uint8]) -> tuple[Picture, Frame]:
        """What is seen of an image, computed once."""
        if key not in self._pictures:
            with torch.inference_mode():
                pixels, frame = self._reader.read(image, self._framing)
                self._pictures[key] = self.model.look(pixels), frame
            if len(self._pictures) > PICTURES_KEPT:
                del self._pictures[next(iter(self._pictures))]
        return self._pictures[key]

    def route(self, phrases: Sequence[str]) -> tuple[list[str], Tensor]:
        """Class name ("" for none) and memory class of each phrase; what has no name gets the generic, last slot."""
        names = [class_of(phrase, self._class_names) for phrase in phrases]
        generic = self.model.clm.classes - 1
        ids = [self._class_names.index(name) if name else generic for name in names]
        return names, torch.tensor(ids, device=self.model.device)


class _Writer:
    """Makes pieces of what one answer says; counts its targets."""

    def __init__(self, predictor: GeoPixPredictor, picture: Picture, frame: Frame, named: Named) -> None:
        self._predictor, self._picture, self._frame, self._named = predictor, picture, frame, named
        self._targets, self._before = 0, ""

    def write(self, said: Sequence[Said], *, last: bool) -> list[Piece]:
        """The pieces of what was said; all its masks are decoded in one batch.

        Args:
            last: Whether the answer ends here; before, more targets may follow, which decides what they are called.
        """
        found = [item for item in said if not isinstance(item, Words)]
        count = self._targets + len(found)
        names = [self._named.of(self._targets + i, count if last else max(count, 2)) for i in range(len(found))]
        masks = iter(self._masks([(n, x) for n, x in zip(names, found, strict=True) if isinstance(x, Target)]))
        phrases, pieces = iter(names), list[Piece]()
        for item in said:
            if isinstance(item, Words):
                pieces.append(self._text(item.text))
                continue
            phrase = next(phrases)
            piece = self._box(phrase, item) if isinstance(item, PercentBox) else next(masks)
            if not isinstance(piece, Notice):
                pieces += self._spoken(phrase)
            pieces.append(piece)
        return pieces

    def _text(self, text: str) -> Text:
        self._before += text
        return Text(text)

    def _spoken(self, phrase: str) -> list[Text]:
        """The words that stand where the model has said a mask or a box."""
        begins = not self._before.strip()
        article = [] if _ENDS_WITH_ARTICLE.search(self._before) else [self._text("The " if begins else "the ")]
        self._before += phrase
        return [*article, Text(phrase, phrase=True)]

    def _box(self, phrase: str, box: PercentBox) -> Union[Box, Notice]:
        corners = self._frame.box(box)
        if corners is None:
            return Notice(OUTSIDE)
        self._targets += 1
        names, _ = self._predictor.route([phrase])
        return Box(phrase, names[0], corners, NO_CONFIDENCE, self._targets - 1)

    def _masks(self, found: Sequence[tuple[str, Target]]) -> Iterator[Mask]:
        if not found:
            return
        names, classes = self._predictor.route([phrase for phrase, _ in found])
        states = torch.stack([torch.stack(target.states) for _, target in found])
        masks = self._predictor.model.masks(self._picture, states, classes)
        placed = self._frame.place(masks.logits).cpu().numpy()
        for (phrase, _), name, logits, confidence in zip(found, names, placed, masks.confidence, strict=True):
            self._targets += 1
            iou = min(max(float(confidence), 0.0), 1.0)
            yield Mask(phrase, name, logits, _certainty(logits), self._targets - 1, predicted_iou=iou)


def _certainty(logits: NDArray[np.float32]) -> float:
    """Mean probability inside a mask, 0 for an empty one.

    The released code ignores the confidence head, so nobody knows whether it was trained: what it says is passed on
    (``predicted_iou``), but it drops no mask.
    """
    inside = logits[logits > 0]
    return float((1 / (1 + np.exp(-inside))).mean()) if inside.size else 0.0
