"""From decoded tokens to words, phrases, masks and measures: the streaming half of the embedded model's vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tokenizers import Tokenizer
from torch import Tensor

from ..predictor import Measure, Text
from .lexicon import listing
from .prompts import SEG, noun_of

MEASURE_TOKENS = {"[COUNT]": "count", "[AREA]": "area", "[SHARE]": "share"}


@dataclass(frozen=True)
class SegRun:
    """A complete run of segmentation tokens: the phrase before it and the six states that predicted it."""

    phrase: str
    states: list[Tensor]
    target: int


@dataclass
class Speech:
    """Assembles the tokens of one answer; feed it each token with the state that predicted it."""

    tokenizer: Tokenizer
    prompt: str
    _run: list[int] = field(default_factory=list)
    _said: str = ""
    _states: list[Tensor] = field(default_factory=list)
    _in_phrase: bool = False
    _phrase: str = ""
    _targets: int = 0
    _started: bool = False

    def feed(self, token: int, state: Tensor) -> Iterator[Text | Measure | SegRun]:
        """What the token completes; at least an empty ``Text``."""
        name = self.tokenizer.id_to_token(token)
        if name in SEG:
            yield from self._seg(SEG.index(name), state)
            return
        self._states.clear()  # an interrupted run of segmentation tokens gives no mask
        if name in MEASURE_TOKENS:
            yield self._spaced("")
            yield Measure(MEASURE_TOKENS[name], max(self._targets - 1, 0))  # type: ignore[arg-type]
            self._end_run()
        elif name in ("[CLASSES]", "[NOUN]"):
            yield self._spaced(listing() if name == "[CLASSES]" else f'"{noun_of(self.prompt)}"')
            self._end_run()
        elif name in ("<p>", "</p>"):
            yield from self._phrase_mark(opens=name == "<p>")
        else:
            self._run.append(token)
            yield Text("") if self._in_phrase else self._new_text()

    def _seg(self, index: int, state: Tensor) -> Iterator[Text | SegRun]:
        if index != len(self._states):
            self._states.clear()
        if index == len(self._states):
            self._states.append(state)
        if len(self._states) < len(SEG):
            yield Text("")
            return
        yield SegRun(self._phrase or "target", list(self._states), self._targets)
        self._targets += 1
        self._states.clear()
        self._end_run()

    def _phrase_mark(self, opens: bool) -> Iterator[Text]:
        if opens:
            self._end_run()
            self._in_phrase = True
            yield self._spaced("")
            return
        self._phrase = self.tokenizer.decode(self._run).strip()
        self._in_phrase = False
        self._end_run()
        yield Text(self._phrase, phrase=True)

    def _new_text(self) -> Text:
        """The text that the last token added; a character of several bytes waits for its last one."""
        whole = self.tokenizer.decode(self._run)
        if whole.endswith("\ufffd"):
            return Text("")
        fresh, self._said = whole[len(self._said) :], whole
        if not self._started:
            fresh = fresh.lstrip()
        self._started = self._started or bool(fresh)
        return Text(fresh)

    def _spaced(self, text: str) -> Text:
        space = " " if self._started else ""
        self._started = True
        return Text(space + text)

    def _end_run(self) -> None:
        self._run, self._said = [], ""
