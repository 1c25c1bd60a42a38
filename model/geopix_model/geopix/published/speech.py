"""From decoded tokens to words, boxes and targets, in the order in which the model says them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Union

from torch import Tensor

from .boxes import BEGUN, PATTERN, PercentBox
from .prompts import Vocabulary

_END = re.compile(r"[.!?]\s|\n")


@dataclass(frozen=True)
class Words:
    """A piece of the answer's text."""

    text: str


@dataclass(frozen=True)
class Target:
    """A complete run of segmentation tokens; ``states`` are those that PREDICTED its tokens, each (H,)."""

    states: tuple[Tensor, ...]


Said = Union[Words, Target, PercentBox]


class Speech:
    """Assembles the tokens of one answer.  What follows a target or box waits for the end of its sentence.

    So all masks of a sentence are decoded in one batch, while text before them is handed out at once.

    Attributes:
        broken: Whether a run of segmentation tokens was not complete or not in order; it gives no mask.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._ids: list[int] = []
        self._length = 0
        self._text = ""  # decoded so far
        self._pending = ""  # words that may yet become a box, or belong to a character of several bytes
        self._run: list[Tensor] = []
        self._held: list[Said] = []
        self.broken = False

    @property
    def length(self) -> int:
        """Number of tokens so far."""
        return self._length

    def feed(self, token: int, state: Tensor) -> list[Said]:
        """What the token completes; ``state`` (H,) is the one that predicted it."""
        self._ids.append(token)
        self._length += 1
        if token in self._vocabulary.segmentation:
            self._segmentation(self._vocabulary.segmentation.index(token), state)
            self._text = self._vocabulary.decode(self._ids)
            return []
        self._break_off()
        if self._vocabulary.tokenizer.id_to_token(token) in self._vocabulary.special:
            self._ids[-1:] = []  # a token such as <pad>, which means nothing in an answer
            return []
        whole = self._vocabulary.decode(self._ids)
        if whole.endswith("\ufffd"):  # a character of several bytes waits for its last one
            return []
        self._pending, self._text = self._pending + whole[len(self._text) :], whole
        self._cut(final=False)
        return self._ready()

    def finish(self) -> list[Said]:
        """The rest of the answer."""
        self._break_off()
        self._cut(final=True)
        rest, self._held = self._held, []
        return rest

    def _segmentation(self, index: int, state: Tensor) -> None:
        if index != len(self._run):
            self._break_off()
        if index == len(self._run):
            self._run.append(state)
        else:
            self.broken = True
        if len(self._run) == len(self._vocabulary.segmentation):
            self._cut(final=True)
            self._held.append(Target(tuple(self._run)))
            self._run = []

    def _break_off(self) -> None:
        self.broken = self.broken or bool(self._run)
        self._run = []

    def _cut(self, *, final: bool) -> None:
        """Moves words and boxes from the pending text to what is held; a box that has only begun stays pending."""
        while match := PATTERN.search(self._pending):
            self._words(self._pending[: match.start()])
            self._held.append(PercentBox(*map(int, match.groups())))
            self._pending = self._pending[match.end() :]
        begun = None if final else BEGUN.search(self._pending)
        end = begun.start() if begun else len(self._pending)
        self._words(self._pending[:end])
        self._pending = self._pending[end:]

    def _words(self, text: str) -> None:
        if text:
            self._held.append(Words(text))

    def _ready(self) -> list[Said]:
        """All that is held, unless a target or box waits for others of its sentence."""
        last = next((i for i, said in reversed(list(enumerate(self._held))) if not isinstance(said, Words)), None)
        if last is not None:
            after = "".join(said.text for said in self._held[last + 1 :] if isinstance(said, Words))
            if not _END.search(after):
                return []
        ready, self._held = self._held, []
        return ready
