"""Answers that are put together once all polygons are known: counts, areas, yes or no, comparisons.  Pure.

Every sentence is true of the polygons, and none begins with "No" while it shows some.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Union

from geopix_model.predictor import Named

from . import units
from .intent import Comparison, Intent
from .limits import Limits
from .sentences import Grounding, Part, Sentence, Words
from .wording import Fact, area, denial, share

Said = Union[str, tuple[Named, str]]
"""Plain words, or a thing with the words that stand for its polygons."""


@dataclass(frozen=True)
class Replies:
    """What is said of the things of one question.

    Args:
        intent: What is wanted.
        limits: Which regions are meant.
        facts: What is known of each thing that a mask was given for, by class name.
    """

    intent: Intent
    limits: Limits
    facts: Mapping[str, Fact]

    def sentences(self) -> Iterator[Sentence]:
        """The answer; of outlines only what was not told as the model went along."""
        intent = self.intent
        if intent.form == "segment":
            asked = (thing for thing in intent.things if thing.class_name not in self.facts)
            yield from (self._absent(thing) for thing in asked)
        elif intent.form == "compare" and intent.comparison is not None:
            yield from self._compared(intent.comparison)
        else:
            tell = {"count": self._counted, "measure": self._measured, "presence": self._present}[intent.form]
            there = [thing for thing in intent.things if self._count(thing)]
            for number, thing in enumerate(there):
                yield sentence(*tell(thing, first=number == 0))
            yield from (self._absent(thing) for thing in intent.things if thing not in there)
        if intent.unknown:
            yield sentence(f'I do not know "{intent.unknown}".')
        if intent.unit not in ("", "px") and any(fact.regions and fact.area_m2 is None for fact in self.facts.values()):
            yield sentence(f"The raster has no place on earth, so I give pixels instead of {units.LONG[intent.unit]}.")

    def _count(self, thing: Named) -> int:
        fact = self.facts.get(thing.class_name)
        return fact.regions if fact else 0

    def _named(self, thing: Named) -> str:
        """What is said after the name of a thing."""
        return self.limits.words(thing.class_name)

    def _area(self, thing: Named) -> str:
        fact = self.facts[thing.class_name]
        return self._written(fact.area_m2, fact.area_px)

    def _written(self, area_m2: float | None, area_px: float) -> str:
        unit = self.intent.unit
        return units.written(area_m2, area_px, unit) if unit else area(area_m2, area_px)

    def _share(self, thing: Named) -> str:
        return f"{share(self.facts[thing.class_name].share)} of the view"

    def _absent(self, thing: Named) -> Sentence:
        if thing.class_name in self.facts:  # a mask without regions: its words become a denial
            return sentence((thing, thing.plural))
        return sentence(denial(thing.plural, None))

    def _is_one(self, thing: Named) -> bool:
        """Whether it is spoken of in the singular: one object, or an area that was asked for as one."""
        return self._count(thing) == 1 and (thing.countable or thing.one)

    def _word(self, thing: Named) -> Said:
        return (thing, thing.singular if self._is_one(thing) else thing.plural)

    def _covers(self, thing: Named) -> str:
        return "covers" if thing.mass or self._is_one(thing) else "cover"

    def _subject(self, thing: Named) -> Iterator[Said]:
        """The things with their number and size: "The 2 largest buildings in the upper left"."""
        count, size = self._count(thing), self.limits.places.size_of((thing.class_name, thing.plural))
        number = f"{count:,} " if thing.countable and count > 1 else ""
        yield from (f"The {number}{f'{size.words} ' if size else ''}", self._word(thing), self._named(thing))

    def _counted(self, thing: Named, *, first: bool) -> Iterator[Said]:
        count, limit = self._count(thing), self.intent.limit
        if not thing.countable and any(each.countable for each in self.intent.things):
            yield from self._measured(thing, first=first)
            return
        if not thing.countable:
            yield from self._subject(thing)
            it = "it" if thing.mass or self._is_one(thing) else "they"
            pieces = f"{count:,} separate {'area' if count == 1 else 'areas'}"
            yield f" cannot be counted one by one: {it} {self._covers(thing)} {self._area(thing)},"
            yield f" {self._share(thing)}, in {pieces}."
            return
        signs = {"more": count > (limit or ("", 0))[1], "less": count < (limit or ("", 0))[1]}
        signs |= {"least": count >= (limit or ("", 0))[1], "most": count <= (limit or ("", 0))[1]}
        yield ("Yes, there " if limit and signs[limit[0]] else "There ") + (
            "is 1 " if count == 1 else f"are {count:,} "
        )
        yield from (self._word(thing), self._named(thing))
        missed = {"more": "not more than", "less": "not fewer than", "least": "fewer than", "most": "more than"}
        yield "." if not limit or signs[limit[0]] else f", {missed[limit[0]]} {limit[1]:,}."

    def _measured(self, thing: Named, *, first: bool) -> Iterator[Said]:
        yield from (*self._subject(thing), f" {self._covers(thing)} ")
        told = [self._area(thing), self._share(thing)]
        yield ", ".join(reversed(told) if self.intent.share and not self.intent.unit else told)
        count, fact = self._count(thing), self.facts[thing.class_name]
        if self.intent.each and thing.countable and count > 1:
            mean_m2 = fact.area_m2 / count if fact.area_m2 is not None else None
            yield f": {self._written(mean_m2, fact.area_px / count)} each on average"
        yield "."

    def _present(self, thing: Named, *, first: bool) -> Iterator[Said]:
        count, one = self._count(thing), self._is_one(thing)
        begin, also = ("Yes, there", "") if first else ("There", " also")
        number = f"{count:,} " if thing.countable or one else ""
        yield from (f"{begin} {'is' if one or thing.mass else 'are'}{also} {number}", self._word(thing))
        yield self._named(thing)
        yield "." if thing.countable else f": {self._area(thing)}, {self._share(thing)}."

    def _compared(self, comparison: Comparison) -> Iterator[Sentence]:
        """The things in order of their number or area; of things that were not found it is said that they were not."""
        operands = comparison.operands
        things = list(self.intent.things)
        if len(things) == 1:
            yield self._alike(operands, things[0])
            return
        there = [thing for thing in things if self._count(thing)]
        missing = [thing for thing in things if thing not in there]
        if len(there) < 2:
            for thing in there:
                yield sentence("There ", *self._only(thing, comparison))
            yield from (self._absent(thing) for thing in missing)
            return
        yield sentence(*self._ranked(comparison, there))
        yield from (self._absent(thing) for thing in missing)

    def _alike(self, operands: Sequence[Named], thing: Named) -> Sentence:
        """Cars and trucks are one class: which is more cannot be told."""
        if not self._count(thing):
            return self._absent(thing)
        words = " and ".join(dict.fromkeys(each.plural for each in operands))
        amount = f"{self._count(thing):,} in all" if thing.countable else f"{self._area(thing)}, {self._share(thing)}"
        word = (thing, thing.class_plural)
        return sentence(f"I cannot tell {words} apart: here are ", word, f"{self._named(thing)}, {amount}.")

    def _only(self, thing: Named, comparison: Comparison) -> Iterator[Said]:
        count, one = self._count(thing), self._is_one(thing)
        yield "is " if one or thing.mass else "are "
        yield f"{count:,} " if comparison.by_count or one else ""
        yield from (self._word(thing), self._named(thing))
        yield "." if comparison.by_count else f": {self._area(thing)}, {self._share(thing)}."

    def _ranked(self, comparison: Comparison, there: Sequence[Named]) -> Iterator[Said]:
        by_count = comparison.by_count

        def amount(thing: Named) -> float:
            return self._count(thing) if by_count else self.facts[thing.class_name].area_px

        def told(thing: Named) -> str:
            return f"{self._count(thing):,}" if by_count else f"{self._area(thing)}, {self._share(thing)}"

        order = sorted(there, key=amount, reverse=not (comparison.less and comparison.which))
        first, second = (order[0], order[1]) if comparison.which else (there[0], there[1])
        ahead, level = amount(first) > amount(second), amount(first) == amount(second)
        yes = not comparison.which and not level and (ahead != comparison.less)
        word = ("more" if ahead else "fewer") if by_count else ("more" if ahead else "less")
        if level:
            yield from ("There are as many " if by_count else "There is as much ", (first, first.plural))
            yield from (self._named(first), " as ", (second, second.plural), f"{self._named(second)}: ")
            yield f"{told(first)} each" if by_count else told(first)
        elif by_count:
            yield from ("Yes, there are " if yes else "There are ", f"{word} ", (first, first.plural))
            yield from (self._named(first), " than ", (second, second.plural), f"{self._named(second)}: ")
            yield f"{told(first)} against {told(second)}"
        else:
            yield from ("Yes, the " if yes else "The ", self._word(first))
            yield from (f"{self._named(first)} {self._covers(first)} {word} than the ", self._word(second))
            yield f"{self._named(second)}: "
            yield f"{told(first)}, against {told(second)}"
        for thing in (each for each in order if each not in (first, second)):
            yield from ("; ", (thing, thing.plural), f"{self._named(thing)}: {told(thing)}")
        yield "."


def sentence(*said: Said) -> Sentence:
    """A sentence from plain words and things."""
    parts: list[Part] = []
    for piece in said:
        if isinstance(piece, str):
            parts.append(Words(piece))
        else:
            thing, words = piece
            parts += [Words(words, phrase=True, key=thing.class_name), Grounding(thing.class_name)]
    return Sentence(tuple(parts))
