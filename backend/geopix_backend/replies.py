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
        if self.intent.unit:
            return units.written(fact.area_m2, fact.area_px, self.intent.unit)
        return area(fact.area_m2, fact.area_px)

    def _share(self, thing: Named) -> str:
        return f"{share(self.facts[thing.class_name].share)} of the view"

    def _absent(self, thing: Named) -> Sentence:
        if thing.class_name in self.facts:  # a mask without regions: its words become a denial
            return sentence((thing, thing.plural))
        return sentence(denial(thing.plural, None))

    def _counted(self, thing: Named, *, first: bool) -> Iterator[Said]:
        count, limit = self._count(thing), self.intent.limit
        if not thing.countable:
            verb, they = ("covers", "it") if thing.mass else ("cover", "they")
            yield from (
                "The ",
                (thing, thing.plural),
                f"{self._named(thing)} cannot be counted one by one: {they} {verb} ",
            )
            pieces = f"{count:,} separate {'area' if count == 1 else 'areas'}"
            yield f"{self._area(thing)}, {self._share(thing)}, in {pieces}."
            return
        signs = {"more": count > (limit or ("", 0))[1], "less": count < (limit or ("", 0))[1]}
        signs |= {"least": count >= (limit or ("", 0))[1], "most": count <= (limit or ("", 0))[1]}
        yield ("Yes, there " if limit and signs[limit[0]] else "There ") + (
            "is 1 " if count == 1 else f"are {count:,} "
        )
        yield from ((thing, thing.singular if count == 1 else thing.plural), self._named(thing))
        missed = {"more": "not more than", "less": "not fewer than", "least": "fewer than", "most": "more than"}
        yield "." if not limit or signs[limit[0]] else f", {missed[limit[0]]} {limit[1]:,}."

    def _measured(self, thing: Named, *, first: bool) -> Iterator[Said]:
        count = self._count(thing)
        verb = "covers" if thing.mass or (thing.countable and count == 1) else "cover"
        number = "" if not thing.countable else "one " if count == 1 else f"{count:,} "
        word = thing.singular if thing.countable and count == 1 else thing.plural
        yield from (f"The {number}", (thing, word), f"{self._named(thing)} {verb} ")
        if self.intent.share and not self.intent.unit:
            yield f"{self._share(thing)}, {self._area(thing)}."
        else:
            yield f"{self._area(thing)}, {self._share(thing)}."

    def _present(self, thing: Named, *, first: bool) -> Iterator[Said]:
        count = self._count(thing)
        begin = "Yes, there" if first else "There"
        also = "" if first else " also"
        if thing.countable:
            yield f"{begin} {'is' if count == 1 else 'are'}{also} {'1' if count == 1 else f'{count:,}'} "
            yield from ((thing, thing.singular if count == 1 else thing.plural), f"{self._named(thing)}.")
        else:
            yield f"{begin} {'is' if thing.mass else 'are'}{also} "
            yield from ((thing, thing.plural), f"{self._named(thing)}: {self._area(thing)}, {self._share(thing)}.")

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
        count = self._count(thing)
        if comparison.by_count:
            yield "is 1 " if count == 1 else f"are {count:,} "
            yield from ((thing, thing.singular if count == 1 else thing.plural), f"{self._named(thing)}.")
        else:
            yield "is " if thing.mass else "are "
            yield from ((thing, thing.plural), f"{self._named(thing)}: {self._area(thing)}, {self._share(thing)}.")

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
            verb = "covers" if first.mass else "cover"
            yield from (
                "Yes, the " if yes else "The ",
                (first, first.plural),
                f"{self._named(first)} {verb} {word} than",
            )
            yield from (" the ", (second, second.plural), f"{self._named(second)}: ")
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
