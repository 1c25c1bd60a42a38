"""Keeps an answer to the things that were asked for: each once, in the order of the question, in the user's words.

A language model of this size copies one name well and two less so (measured on `val` images that show both: 7 of 17
answers to "segment the A and the B" named both).  What it decides itself is the form of each sentence and whether the
thing is there.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache

import torch
from tokenizers import Tokenizer
from torch import Tensor

from ..data.conversation_templates import ABSENT, COVER, OBJECTS
from .lexicon import CLASSES, is_mass, match, named
from .prompts import SEG, SEG_RUN, normalise, noun_of, token_id


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
        asked = named(normalise(prompt))
        self._left = deque(tokenizer.encode(word).ids for _, word in asked)
        self._learnt = deque(_learnt(tokenizer, class_id, word) for class_id, word in asked)
        self._active = bool(self._left)
        self._forced: deque[int] = deque()
        self._sentence: list[int] = []  # what was said of it
        self._last = -1

    @property
    def begins_sentence(self) -> bool:
        """Whether the next token is the first of a sentence."""
        return self._last in (-1, self._full_stop)

    @property
    def likely(self) -> list[int]:
        """The tokens that probably follow: the rest of the first learnt sentence that begins like this one."""
        said = len(self._sentence)
        for sentence in self._learnt[0] if self._learnt and said else ():
            if sentence[:said] == self._sentence:
                return sentence[said:]
        return list(self._forced)

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
        self._sentence.append(token)
        if token == self._full_stop:
            self._sentence.clear()
            if self._learnt:
                self._learnt.popleft()
        if self._forced:
            self._forced.popleft()
        elif self._left and token in (self._open, self._no):
            self._forced.extend(self._left.popleft() + (self._mask if token == self._open else []))
        elif token == self._full_stop and self._active and not self._left:
            self._forced.extend(self._unknown)
            self._unknown = []


@lru_cache(maxsize=256)
def _learnt(tokenizer: Tokenizer, class_id: int, word: str) -> list[list[int]]:
    """The tokens of all sentences that the model learnt to say of a class that is called ``word`` (a plural)."""
    mass = any(is_mass(form) for form in CLASSES[class_id].forms if form[1] == word)
    found = OBJECTS if CLASSES[class_id].countable else COVER
    forms = {
        "t": f"<p>{word}</p>{SEG_RUN}",
        "n": word,
        "v": "covers" if mass else "cover",
        "is_": "is" if mass else "are",
    }
    return [encoding.ids for encoding in tokenizer.encode_batch([each.format(**forms) for each in (*found, *ABSENT)])]


def _only(allowed: list[int], logits: Tensor) -> None:
    kept = logits[allowed].clone()
    logits.fill_(-torch.inf)
    logits[allowed] = kept
