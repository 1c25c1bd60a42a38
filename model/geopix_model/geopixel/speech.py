"""From decoded tokens to words and phrases, while they come: ``<p> phrase </p> [SEG]`` becomes a phrase of the answer.

Tags are never shown.  What may still become a phrase is held back until it is one, or is plain text after all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..predictor import Text
from .tokenizer import Tokenizer

_NO_SPACE_BEFORE = re.compile(r"[.,;:!?%)\]}’”'\"]")
_BRACKETS = ("(", "[", "{")
_HALF = "\ufffd"  # a character of several bytes waits for its last one


class Speech:
    """Assembles the tokens of one answer.

    Attributes:
        names: Of the masks so far: their phrases, "region k" for one without.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.names: list[str] = []
        self._run: list[int] = []  # ordinary ids since the last tag
        self._said = ""  # of the run
        self._phrase: str | None = None  # between <p> and </p>: "", after </p>: its text
        self._closed = False
        self._space = ""  # white space before what comes next
        self._begun = False
        self._opened = False  # what was said last ends with an opening bracket

    def feed(self, token: int) -> list[Text]:
        """What a token completes; at least an empty ``Text``."""
        known = self._tokenizer
        if token == known.seg:
            return list(self._ground())
        if token == known.phrase:
            said = self._plain()
            self._phrase = ""
            return [Text(said)]
        if token == known.phrase_end:
            return [Text(self._close())]
        if token in (known.unk, known.bos, known.eos, known.turn_end):
            return [Text("")]
        self._run.append(token)
        if self._closed and known.decode_run(self._run).strip():
            return [Text(self._unphrased())]
        return [Text("" if self._phrase is not None else self._fresh())]

    def finish(self) -> str:
        """What was held back."""
        return self._plain()

    def _ground(self) -> Iterator[Text]:
        if self._closed and self._phrase:
            name, words = self._phrase, ""
            self._run, self._phrase, self._closed = [], None, False
        else:
            name, words = f"region {len(self.names) + 1}", self._plain()
        self.names.append(name)
        yield Text(words + self._gap(name))
        yield Text(name, phrase=True)
        self._space = " "

    def _close(self) -> str:
        """At ``</p>``: the phrase is complete and waits for its [SEG]."""
        if self._phrase is None or self._closed:
            return self._plain()
        self._phrase, self._closed = self._tokenizer.decode_run(self._run).strip(), True
        self._run = []
        return ""

    def _unphrased(self) -> str:
        """A complete phrase, and what followed it instead of a [SEG], as plain text."""
        phrase, self._phrase, self._closed = self._phrase or "", None, False
        words = self._gap(phrase) + phrase if phrase else ""
        self._space = " " if phrase else self._space
        return words + self._fresh()

    def _plain(self) -> str:
        """The end of a run: all that is left of it, as plain text."""
        words = self._unphrased() if self._closed else ""
        self._phrase = None
        words += self._fresh()
        whole = self._tokenizer.decode_run(self._run)
        self._space = whole[len(whole.rstrip()) :] or (" " if self._begun else "")
        self._run, self._said = [], ""
        return words

    def _fresh(self) -> str:
        """What the run says that was not said yet, without white space at its end."""
        whole = self._tokenizer.decode_run(self._run).rstrip(_HALF).rstrip()
        fresh, first = whole[len(self._said) :], not self._said
        if not fresh:
            return ""
        self._said = whole
        if not first:
            self._opened = fresh.endswith(_BRACKETS)
            return fresh
        words = fresh.lstrip()
        self._space += fresh[: len(fresh) - len(words)]
        return self._gap(words) + words

    def _gap(self, words: str) -> str:
        """White space before ``words``: line breaks are kept, spaces become one, none before punctuation."""
        space, self._space = self._space, ""
        begun, self._begun = self._begun, True
        joined = self._opened or _NO_SPACE_BEFORE.match(words)
        self._opened = words.endswith(_BRACKETS)
        lines = space.count("\n") * begun
        return "\n" * lines if lines else " " if begun and space and not joined else ""
