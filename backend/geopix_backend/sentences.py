"""Cutting the pieces of an answer into sentences, each with the targets that it speaks of.  Pure.

A sentence ends with ``.``, ``!`` or ``?`` before white space, at a line break, or with the answer; never inside a
number such as 0.5 or after the number of a list item.  It is handed out once all its targets are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, Union

from geopix_model.predictor import Measure, Text

_END = re.compile(r"[.!?]+[\"')\]]*(?=\s)|(?=\n)")
_MARK = "\0"  # stands for a phrase or number where ends are looked for: neither holds one
_SAYS_SOMETHING = re.compile(r"[^\W\d]|\0")


@dataclass(frozen=True)
class Words:
    """Words of a sentence.  ``phrase`` marks those that stand for a target; ``key`` is that target once it is known."""

    text: str
    phrase: bool = False
    key: str | None = None


@dataclass(frozen=True)
class Number:
    """A number that is filled in from the regions of a target; ``key`` is None where the answer has no such target."""

    kind: Literal["count", "area", "share"]
    key: str | None


@dataclass(frozen=True)
class Grounding:
    """The place at which the mask of a target was said."""

    key: str


Part = Union[Words, Number, Grounding]


@dataclass(frozen=True)
class Sentence:
    """One sentence of an answer, without white space around it.

    Attributes:
        parts: What it is made of.
        gap: White space that separates it from the sentence before: a space, or its line breaks.
        whole: False where the answer was cut off before the sentence ended.
    """

    parts: tuple[Part, ...]
    gap: str = " "
    whole: bool = True

    @property
    def grounded(self) -> tuple[str, ...]:
        """Keys of the targets whose masks it says, each once, in order."""
        return tuple(dict.fromkeys(part.key for part in self.parts if isinstance(part, Grounding)))

    @property
    def counted(self) -> tuple[str | None, ...]:
        """Keys of the targets that it gives numbers of, each once, in order; None for a target without a mask."""
        return tuple(dict.fromkeys(part.key for part in self.parts if isinstance(part, Number)))

    @property
    def plain(self) -> str:
        """Its words alone."""
        return "".join(part.text for part in self.parts if isinstance(part, Words))


class Assembler:
    """Collects pieces and hands out sentences."""

    def __init__(self) -> None:
        self._parts: list[Part | Measure] = []
        self._keys: dict[int, str] = {}

    def say(self, piece: Text | Measure) -> list[Sentence]:
        """Takes in text or the place of a number; returns the sentences that are complete now."""
        if isinstance(piece, Measure):
            self._parts.append(piece)
        elif piece.phrase:
            self._parts.append(Words(piece.text, phrase=True))
        else:
            self._parts.append(Words(piece.text))
        return list(self._complete())

    def ground(self, target: int, key: str) -> list[Sentence]:
        """Takes in the mask of the answer's ``target``, which belongs to the last phrase; returns whole sentences."""
        self._keys[target] = key
        place = len(self._parts)
        for index, part in reversed(list(enumerate(self._parts))):
            if isinstance(part, Words) and part.phrase:
                if part.key is None:
                    self._parts[index], place = replace(part, key=key), index + 1
                break
        self._parts.insert(place, Grounding(key))
        return list(self._complete())

    def finish(self, *, whole: bool = True) -> list[Sentence]:
        """The sentences that are left.  Not ``whole``: the answer was cut off, so that the last may be in pieces."""
        rest = []
        while (end := self._end()) is not None:
            rest.append(self._sentence(self._split(end), whole=True))
        if "".join(map(_flat, self._parts)).strip() or any(isinstance(part, Grounding) for part in self._parts):
            rest.append(self._sentence(self._parts, whole=whole))
        self._parts = []
        return rest

    def _complete(self) -> Iterator[Sentence]:
        while (end := self._end()) is not None:
            parts = self._parts
            head = self._split(end)
            if not self._settled(head):
                self._parts = parts
                return
            yield self._sentence(head, whole=True)

    def _end(self) -> int | None:
        """Where the first sentence ends, in characters of the flattened parts."""
        flat = "".join(map(_flat, self._parts))
        begin = len(flat) - len(flat.lstrip())
        ends = (match.end() for match in _END.finditer(flat, begin))
        return next((end for end in ends if _SAYS_SOMETHING.search(flat, begin, end)), None)

    def _split(self, end: int) -> list[Part | Measure]:
        """Takes the parts up to ``end`` off the front; a mask said right at the end still belongs to them."""
        head, rest, position = list[Part | Measure](), list[Part | Measure](), 0
        for part in self._parts:
            size = len(_flat(part))
            if position + size <= end and not rest:
                head.append(part)
            elif position < end and isinstance(part, Words):
                head.append(replace(part, text=part.text[: end - position]))
                rest.append(replace(part, text=part.text[end - position :]))
            else:
                rest.append(part)
            position += size
        self._parts = rest
        return head

    def _settled(self, head: list[Part | Measure]) -> bool:
        """Whether no mask that ``head`` speaks of is still to come."""
        moved_on = any(isinstance(part, Grounding) or (isinstance(part, Words) and part.phrase) for part in self._parts)
        waits = any(isinstance(part, Words) and part.phrase and part.key is None for part in head)
        counts = all(part.target in self._keys for part in head if isinstance(part, Measure))
        return counts and (moved_on or not waits)

    def _sentence(self, parts: list[Part | Measure], *, whole: bool) -> Sentence:
        flat = "".join(map(_flat, parts))
        space = flat[: len(flat) - len(flat.lstrip())]
        named = [Number(p.kind, self._keys.get(p.target)) if isinstance(p, Measure) else p for p in parts]
        return Sentence(_strip(named), "\n" * space.count("\n") or " ", whole)


def _flat(part: Part | Measure) -> str:
    if isinstance(part, Words):
        return _MARK if part.phrase else part.text
    return "" if isinstance(part, Grounding) else _MARK


def _strip(parts: list[Part]) -> tuple[Part, ...]:
    """Without white space at both ends, and without empty words."""
    for order, side in ((1, str.lstrip), (-1, str.rstrip)):
        kept: list[Part] = []
        inside = False
        for part in parts[::order]:
            if isinstance(part, Words) and not inside:
                part = replace(part, text=side(part.text))
            inside = inside or isinstance(part, Number) or (isinstance(part, Words) and bool(part.text))
            if not isinstance(part, Words) or part.text:
                kept.append(part)
        parts = kept[::order]
    return tuple(parts)
