"""Keeps an answer to the things that were asked for: each once, in the order of the question, in the user's words.

A language model of this size copies one name well and two less so (measured on `val` images that show both: 7 of 17
answers to "segment the A and the B" named both).  What it decides itself is the form of each sentence and whether the
thing is there.
"""

from __future__ import annotations

from collections import deque

import torch
from tokenizers import Tokenizer
from torch import Tensor

from .lexicon import match, named
from .prompts import SEG, normalise, noun_of, token_id


class Guide:
    """Restricts the tokens of one answer; a prompt that names no class leaves it free."""

    def __init__(self, tokenizer: Tokenizer, prompt: str) -> None:
        self._stop, self._open = token_id(tokenizer, "</s>"), token_id(tokenizer, "<p>")
        self._no = tokenizer.encode("No").ids[0]
        self._full_stop = tokenizer.encode(".").ids[-1]
        # How the second and later sentences begin in training, and what is said of a thing that is none of the classes.
        self._begin = [tokenizer.encode(word).ids[0] for word in ("The", "Here", "No")]
        self._unknown = [] if match(noun_of(prompt)) else tokenizer.encode("I do not know [NOUN].").ids
        self._do = tokenizer.encode("do").ids[0]
        self._mask = [token_id(tokenizer, name) for name in ("</p>", *SEG)]
        self._left = deque(tokenizer.encode(word).ids for _, word in named(normalise(prompt)))
        self._active = bool(self._left)
        self._forced: deque[int] = deque()
        self._last = -1

    @property
    def begins_sentence(self) -> bool:
        """Whether the next token is the first of a sentence."""
        return self._last in (-1, self._full_stop)

    @property
    def certain(self) -> tuple[int, ...]:
        """The tokens that must follow, in order."""
        return tuple(self._forced)

    def restrict(self, logits: Tensor) -> None:
        """Rules out, in place, the tokens (V,) that cannot follow."""
        if self._forced:
            _only([self._forced[0]], logits)
            return
        if self._active:
            logits[self._do] = -torch.inf  # "I do not know" the trees, which were asked for by a word that it knows
        if self._active and self._last == self._full_stop:
            _only(self._begin if self._left else [self._stop], logits)
        elif self._left:
            logits[self._stop] = -torch.inf
        elif self._active:
            logits[[self._open, self._no]] = -torch.inf

    def said(self, token: int) -> None:
        """Takes note of the token that was chosen."""
        self._last = token
        if self._forced:
            self._forced.popleft()
        elif self._left and token in (self._open, self._no):
            self._forced.extend(self._left.popleft() + (self._mask if token == self._open else []))
        elif token == self._full_stop and self._active and not self._left:
            self._forced.extend(self._unknown)
            self._unknown = []


def _only(allowed: list[int], logits: Tensor) -> None:
    kept = logits[allowed].clone()
    logits.fill_(-torch.inf)
    logits[allowed] = kept
