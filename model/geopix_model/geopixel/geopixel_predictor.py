"""GeoPixel behind the seam: a picture and a question become text and masks while they are decoded."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import PromptError
from ..place import Place
from ..predictor import Mask, ModelInfo, Piece, Text
from ..tasks import Choice
from . import divider
from .divider import Division
from .generation import CachedReader, Event, Grounded, Said, generate
from .memory import PictureMemory, Remembered
from .model import GeoPixel
from .prompt import conversation, in_full, prompt_ids
from .speech import Speech
from .tokenizer import Tokenizer

TEXT_ROOM = 1024  # positions that a picture leaves for the question, at least
ANSWERS_KEPT = 4096  # own words of earlier answers, about a kilobyte each


@dataclass(frozen=True)
class Options:
    """How a checkpoint is used.

    Attributes:
        compat: ``published``: as the released code does, also where that loses something (a very large picture its
            question, a [SEG] at the very end its mask).  ``sane``: nothing is lost, and what was changed is said.
        hd_num: Crops that small pictures are enlarged to.
        max_crops: Most crops of a picture, to bound memory; larger ones are reduced, and the answer says so.
        max_new_tokens: Length of an answer at most, and never more than a quarter of what the model reads.
        memory_bytes: What may be kept of pictures for a second question about them.
    """

    compat: Literal["sane", "published"] = "sane"
    hd_num: int = divider.HD_NUM
    max_crops: int | None = None
    max_new_tokens: int = 1024
    memory_bytes: int = 2 << 30


def options_of(place: Place, tokens_side: int) -> Options:
    """The options that keep a model within the memory of its place.

    Args:
        place: Where it runs.
        tokens_side: See ``GeoPixelConfig``.
    """
    options = Options()
    if place.picture_tokens is not None:
        options = replace(options, max_crops=divider.crops_within(place.picture_tokens, tokens_side))
    if place.memory_bytes is not None:
        options = replace(options, memory_bytes=min(options.memory_bytes, place.memory_bytes))
    return options


@dataclass(frozen=True)
class _Asked:
    """A question as the model reads it, and what the answer has to say about it."""

    ids: list[int]
    division: Division
    notes: tuple[str, ...] = ()


class GeoPixelPredictor:
    """See ``geopix_model.predictor.Predictor``."""

    def __init__(self, model: GeoPixel, tokenizer: Tokenizer, info: ModelInfo, options: Options | None = None) -> None:
        self.model, self.tokenizer, self._info = model, tokenizer, info
        self._options = options or Options()
        self.memory = PictureMemory(self._options.memory_bytes, lambda: Remembered(CachedReader(model)))
        self._own_words: OrderedDict[tuple[bytes, ...], str] = OrderedDict()
        self._limit = min(model.config.max_length, model.config.language.max_position_embeddings)
        self._longest = min(self._options.max_new_tokens, self._limit // 4)

    @property
    def info(self) -> ModelInfo:
        """Name, window size and resolution of the model."""
        return self._info

    def answer(
        self, image: NDArray[np.uint8], prompt: str, history: Sequence[tuple[str, str]] = (), task: Choice = "auto"
    ) -> Iterator[Piece]:
        """See ``Predictor.answer``; also an empty ``Text`` for each part of the prompt that was read."""
        key = hashlib.blake2b(image.tobytes(), digest_size=16).digest() + bytes(str(image.shape), "ascii")
        asked = self._ask(key, image, prompt, history, task)
        speech, said = Speech(self.tokenizer), list[int]()
        with self.memory.of(key) as remembered, closing(self._generate(image, asked, remembered)) as events:
            while True:
                # Entered anew for each step: a generator must not leave it on while it waits.
                with torch.inference_mode():
                    event = next(events, None)
                    pieces = self._pieces(event, speech, image, remembered)
                if event is None:
                    break
                if isinstance(event, Said):
                    said.append(event.token)
                yield from pieces
        self._remember_words((key, *(_digest(question) for question, _ in history), _digest(prompt)), said)
        yield Text(speech.finish() + "".join(f" {note}" for note in asked.notes))

    def _generate(self, image: NDArray[np.uint8], asked: _Asked, remembered: Remembered) -> Generator[Event]:
        published = self._options.compat == "published"
        stops = {self.tokenizer.eos} if published else {self.tokenizer.eos, self.tokenizer.turn_end}
        return generate(
            remembered.reader,
            asked.ids,
            lambda: self._look(image, asked.division),
            lambda state: int(self.model.lm_head(state).argmax()),
            stops=stops,
            seg=self.tokenizer.seg,
            max_new_tokens=self._longest,
            last_seg=not published,
        )

    def _pieces(
        self, event: Event | None, speech: Speech, image: NDArray[np.uint8], remembered: Remembered
    ) -> list[Piece]:
        if isinstance(event, Said):
            return list(speech.feed(event.token))
        if isinstance(event, Grounded):
            return [self._mask(event.state, speech, image, remembered)]
        return [Text("")]

    def _mask(self, state: Tensor, speech: Speech, image: NDArray[np.uint8], remembered: Remembered) -> Mask:
        """The mask of the last [SEG]."""
        segmenter = self.model.segmenter
        if remembered.features is None:
            remembered.features = segmenter.look(segmenter.prepare(image))
        masks = segmenter(remembered.features, self.model.text_hidden_fcs(state[None]))
        logits, target = masks.logits[0].float().cpu().numpy(), len(speech.names) - 1
        return Mask(speech.names[target], "", logits, float(masks.iou[0].clamp(0, 1)), target)

    def _look(self, image: NDArray[np.uint8], division: Division) -> Tensor:
        """(T, H) image tokens of a picture."""
        crops = divider.crops(divider.padded(image, division), division)
        return self.model.vision(crops, division.rows, division.cols)

    def _ask(
        self,
        key: bytes,
        image: NDArray[np.uint8],
        question: str,
        history: Sequence[tuple[str, str]],
        task: Choice = "auto",
    ) -> _Asked:
        """What the model reads.

        Raises:
            PromptError: If the question is empty, or too long beside the picture.
        """
        if not question.strip():
            raise PromptError("the prompt is empty; say what to look for, such as 'segment all buildings'")
        if self._options.compat == "published":
            return self._ask_as_published(image, question, history)
        division, notes = self._fitting(image)
        tokens = division.tokens(self.model.config.tokens_side)
        turns = self._turns(key, history)
        while True:
            text = conversation(self.tokenizer.plain(in_full(question.strip(), task)), turns)
            ids = prompt_ids(self.tokenizer, text, [tokens])
            excess = len(ids) + self._longest - self._limit
            if excess <= 0:
                break
            if not turns:
                raise PromptError(f"the prompt is {excess} tokens too long for the model; shorten it")
            turns = turns[1:]
        if len(turns) < len(history):
            notes += ("(The conversation is too long for the model: its beginning was left out.)",)
        return _Asked(ids, division, notes)

    def _ask_as_published(self, image: NDArray[np.uint8], question: str, history: Sequence[tuple[str, str]]) -> _Asked:
        height, width, _ = image.shape
        config = self.model.config
        division = divider.divide(height, width, config.crop_side, self._options.hd_num)
        tokens = division.tokens(config.tokens_side)
        text = conversation(question, history)
        ids = prompt_ids(self.tokenizer, text, [tokens], config.max_length)
        if len(ids) + self._longest > config.language.max_position_embeddings:
            # Beyond it the rotary base would change with the length, and cached keys would no longer match.
            raise PromptError(f"the prompt of {len(ids)} tokens leaves no room for an answer; shorten it")
        return _Asked(ids, division)

    def _fitting(self, image: NDArray[np.uint8]) -> tuple[Division, tuple[str, ...]]:
        """The division of a picture that leaves room for a question and its answer, and a note if it was reduced.

        Raises:
            PromptError: If the model has no room for any picture.
        """
        height, width, _ = image.shape
        config, hd_num = self.model.config, self._options.hd_num
        room = self._limit - self._longest - min(TEXT_ROOM, self._limit // 4)
        full = divider.divide(height, width, config.crop_side, hd_num)
        division = divider.divide(height, width, config.crop_side, hd_num, max_crops=self._options.max_crops)
        while division.tokens(config.tokens_side) > room:
            fewer = divider.divide(height, width, config.crop_side, hd_num, max_crops=division.crops - 2)
            if fewer == division:
                raise PromptError(f"the model reads {self._limit} tokens, too few for an answer about any picture")
            division = fewer
        if division == full or division.scaled[0] >= max(height, width):
            return division, ()
        scaled = division.scaled[::-1] if division.transposed else division.scaled
        sizes = f"from {width} x {height} to {scaled[0]} x {scaled[1]} pixels"
        return division, (f"(The picture was reduced {sizes} to fit the model; ask about a part of it to see more.)",)

    def _turns(self, key: bytes, history: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Earlier turns as the model reads them.

        Its own answers about the same picture keep their tags, without which it would no longer ground what it says;
        all other text is plain.
        """
        turns = list[tuple[str, str]]()
        asked: tuple[bytes, ...] = (key,)
        for question, answer in history:
            asked = (*asked, _digest(question))
            own = self._own_words.get(asked) or self.tokenizer.plain(answer)
            turns.append((self.tokenizer.plain(in_full(question.strip())), own))
        return turns

    def _remember_words(self, asked: tuple[bytes, ...], said: list[int]) -> None:
        self._own_words[asked] = self.tokenizer.decode(said)
        self._own_words.move_to_end(asked)
        while len(self._own_words) > ANSWERS_KEPT:
            self._own_words.popitem(last=False)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
