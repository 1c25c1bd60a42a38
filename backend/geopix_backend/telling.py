"""Turning sentences into one answer that does not contradict its polygons: what is said, in which order, and once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from geopix_qgis.protocol import TextEvent

from .sentences import Grounding, Number, Sentence, Words
from .wording import NOTHING, Fact, denies, gist, say, speaks_of

WHOLE = re.compile(r"\bof the (?:view|image|scene|picture|photo|tile|frame)\b")


class Teller:
    """Writes the answer.  ``answer`` is all text handed out so far.

    Args:
        place: What shares are shares of, where that is not all that the model sees; empty leaves its words.
    """

    def __init__(self, place: str = "") -> None:
        self.answer = ""
        self._place = place
        self._said: set[str] = set()
        self._held: list[Sentence] = []
        self._head = ""
        self.opened: Sentence | None = None

    def open(self, sentences: Sequence[Sentence], facts: Mapping[str, Fact]) -> list[TextEvent]:
        """The beginning of an answer whose numbers are not known yet.

        As soon as one target has a region, its first sentence is true up to its first number; that sentence becomes
        ``opened``, and ``merge`` must put it first.
        """
        if self.answer or self._held:
            return []
        for sentence in sentences:
            if sentence.whole and len(sentence.grounded) == 1 and facts[sentence.grounded[0]].regions:
                parts = tuple(takewhile(lambda part: not isinstance(part, Number), sentence.parts))
                events = self._say(Sentence(parts), facts) if any(isinstance(part, Grounding) for part in parts) else []
                if events:
                    self.opened, self._head = sentence, "".join(event.text for event in events)
                    self.answer = self._head
                return events
        return []

    def tell(self, sentence: Sentence, facts: Mapping[str, Fact]) -> list[TextEvent]:
        """The text of the next sentence.

        A sentence that says "no ..." is held back to the end, with all that follow it: what it denies may yet be found.
        """
        if self._held or denies(sentence):
            self._held.append(sentence)
            return []
        return self._write(sentence, facts)

    def finish(self, facts: Mapping[str, Fact], *, empty: str = NOTHING) -> list[TextEvent]:
        """The text of what was held back, less the sentences that deny a grounded target; ``empty`` if silent."""
        events = []
        for sentence in self._held:
            if not (denies(sentence) and any(speaks_of(sentence, fact) for fact in facts.values())):
                events += self._write(sentence, facts)
        self._held = []
        if not self.answer:
            self.answer = empty
            events = [TextEvent(empty)]
        return events

    def _write(self, sentence: Sentence, facts: Mapping[str, Fact]) -> list[TextEvent]:
        """The text of a sentence after what was said before, or nothing if it was said before."""
        events = self._say(sentence, facts)
        if sentence is self.opened:
            return self._complete("".join(event.text for event in events))
        text = "".join(event.text for event in events)
        same = gist(sentence, text)
        if not text or same in self._said:
            return []
        self._said.add(same)
        gap = sentence.gap if self.answer else ""
        self.answer += gap + text
        if not gap:
            return events
        first, *rest = events
        return [TextEvent(gap + first.text), *rest] if first.target is None else [TextEvent(gap), *events]

    def _say(self, sentence: Sentence, facts: Mapping[str, Fact]) -> list[TextEvent]:
        events = say(sentence, facts)
        if not self._place:
            return events
        return [TextEvent(WHOLE.sub(f"of {self._place}", event.text), event.target) for event in events]

    def _complete(self, text: str) -> list[TextEvent]:
        """The rest of the sentence that the answer was opened with."""
        self._said.add(text)
        rest = text[len(self._head) :]
        self.answer += rest
        return [TextEvent(rest)] if rest else []


def merge(
    sentences: Sequence[Sentence], facts: Mapping[str, Fact], opened: Sentence | None = None
) -> Iterator[Sentence]:
    """The sentences of several windows as those of one answer, in the order of first appearance.

    Every target is said once.  Of the sentences that ground a target, the one that says most targets stands for it,
    at the place of the first.  ``opened`` is the sentence that the answer has begun with.
    """
    said: set[str] = set()
    if opened is not None:
        said.update(opened.grounded)
        yield opened
    for sentence in sentences:
        if not sentence.grounded:
            yield sentence
        for key in sentence.grounded:
            if key not in said:
                chosen = _best(key, sentences, facts, said)
                said.update(chosen.grounded)
                yield chosen


def _best(key: str, sentences: Sequence[Sentence], facts: Mapping[str, Fact], said: set[str]) -> Sentence:
    """The sentence to ground ``key`` with: says nothing again, then most survivors, then fewest others, then first."""

    def rank(sentence: Sentence) -> tuple[int, int]:
        alive = sum(facts[other].regions > 0 for other in sentence.grounded)
        return -alive, len(sentence.grounded) - alive

    fitting = [s for s in sentences if key in s.grounded and not said.intersection(s.grounded)]
    if fitting:
        return min(fitting, key=rank)
    phrase = Words(facts[key].phrase or facts[key].class_name, phrase=True, key=key)
    return Sentence((Words("Also found: "), phrase, Grounding(key), Words(".")))
