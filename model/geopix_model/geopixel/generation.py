"""Reading a prompt and saying an answer, one token at a time, with the state that each [SEG] was read with.

The released code reads everything again for each token and keeps every hidden state.  Here a cache holds keys and
values, logits exist for the last position only, and of all states those at [SEG] alone are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol, Union

import torch
from torch import Tensor

from .key_values import KeyValues
from .model import GeoPixel
from .plora import run_of
from .prompt import IMAGE

CHUNK = 1024  # positions read at once: bounds the memory of a long prompt, and an answer can be stopped in between

ImageTokens = Callable[[], Tensor]


class Reader(Protocol):
    """A decoder that remembers what it has read."""

    def read(self, ids: Sequence[int], image_tokens: ImageTokens) -> Iterator[Tensor]:
        """Reads a prompt; what it begins with and was read before is not read again.

        Args:
            ids: Of the whole prompt, ``IMAGE`` at image positions.
            image_tokens: Gives the (T, H) tokens of these positions; called only if one of them has to be read.

        Yields:
            (n, H) states of the positions that were read, in order, at least the last one.
        """
        ...

    def step(self, token: int) -> Tensor:
        """Reads one more token; its (H,) state."""
        ...


class CachedReader:
    """Keeps keys and values of all positions.

    Attributes:
        ids: What it has read.
    """

    def __init__(self, model: GeoPixel, chunk: int = CHUNK) -> None:
        self.ids: list[int] = []
        self._model, self._chunk, self._cache = model, chunk, KeyValues()

    def read(self, ids: Sequence[int], image_tokens: ImageTokens) -> Iterator[Tensor]:
        """See ``Reader.read``."""
        # The last position is always read: its state predicts the answer.
        same = takewhile(lambda pair: pair[0] == pair[1], zip(self.ids, ids[:-1], strict=False))
        self._keep(sum(1 for _ in same))
        tokens = image_tokens() if IMAGE in ids[len(self.ids) :] else None
        while len(self.ids) < len(ids):
            first, last = len(self.ids), min(len(self.ids) + self._chunk, len(ids))
            part = ids[first:last]
            seen = sum(number == IMAGE for number in ids[:first])
            embeddings = embedded(self._model, part, tokens[seen:] if tokens is not None else None)
            yield self._advance(part, embeddings)

    def step(self, token: int) -> Tensor:
        """See ``Reader.step``."""
        return self._advance([token], embedded(self._model, [token]))[-1]

    @property
    def tensors(self) -> Iterator[Tensor]:
        """Keys and values, for their size."""
        return self._cache.tensors

    def _advance(self, ids: Sequence[int], embeddings: Tensor) -> Tensor:
        where = run_of([number == IMAGE for number in ids])
        states = self._model.states(embeddings[None], where, self._cache)[0]
        self.ids += ids
        return states

    def _keep(self, count: int) -> None:
        self._cache.crop(count - len(self.ids))  # a negative number: how many to remove
        del self.ids[count:]


class UncachedReader:
    """Reads everything again for each token: the slow reference that tests compare with."""

    def __init__(self, model: GeoPixel) -> None:
        self._model = model
        self._ids: list[int] = []
        self._tokens: Tensor | None = None

    def read(self, ids: Sequence[int], image_tokens: ImageTokens) -> Iterator[Tensor]:
        """See ``Reader.read``."""
        self._ids, self._tokens = list(ids), image_tokens() if IMAGE in ids else None
        yield self._all()

    def step(self, token: int) -> Tensor:
        """See ``Reader.step``."""
        self._ids.append(token)
        return self._all()[-1]

    def _all(self) -> Tensor:
        where = run_of([number == IMAGE for number in self._ids])
        return self._model.states(embedded(self._model, self._ids, self._tokens)[None], where)[0]


def embedded(model: GeoPixel, ids: Sequence[int], image_tokens: Tensor | None = None) -> Tensor:
    """(n, H) embeddings of ids, with the first of the (T, H) ``image_tokens`` at the image positions."""
    numbers = torch.tensor(ids, device=model.device)
    embeddings = model.embed(numbers.clamp(min=0))
    if image_tokens is not None:
        images = numbers == IMAGE
        embeddings = embeddings.index_put((images,), image_tokens[: int(images.sum())].to(embeddings))
    return embeddings


@dataclass(frozen=True)
class Read:
    """A part of the prompt was read."""


@dataclass(frozen=True)
class Said:
    """A token of the answer."""

    token: int


@dataclass(frozen=True, eq=False)
class Grounded:
    """The (H,) state of the last [SEG]: that of its own position, not of the one that predicted it."""

    state: Tensor


Event = Union[Read, Said, Grounded]


def generate(
    reader: Reader,
    ids: Sequence[int],
    image_tokens: ImageTokens,
    choose: Callable[[Tensor], int],
    *,
    stops: Collection[int],
    seg: int,
    max_new_tokens: int,
    last_seg: bool,
) -> Generator[Event]:
    """An answer, event by event.

    Args:
        reader: Reads the prompt and the answer.
        ids: The prompt, see ``Reader.read``.
        image_tokens: See ``Reader.read``.
        choose: (H,) state -> id of the token that follows.
        stops: Ids that end the answer; they are said as well.
        seg: Id of [SEG].
        max_new_tokens: Length of the answer at most.
        last_seg: Whether a [SEG] that is the last of so many tokens is read as well; the released code drops its mask.
    """
    for states in reader.read(ids, image_tokens):
        yield Read()
        state = states[-1].clone()  # a view would keep all of them
    del states
    for left in reversed(range(max_new_tokens)):
        token = choose(state)
        yield Said(token)
        if token in stops or (left == 0 and not (token == seg and last_seg)):
            return
        state = reader.step(token)
        if token == seg:
            yield Grounded(state)
