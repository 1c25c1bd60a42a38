"""What a prompt wants of the things that it names: outlines, numbers, a comparison, a description.  Pure.

Only for models that know a list of things (``predictor.Lister``).  They are asked for one thing at a time, always in
the same words, and this module says what is done with what they find: so a thing has the same polygons however it was
asked for, and every number comes from these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from geopix_model.predictor import Named, Reading
from geopix_model.tasks import Choice

from . import area_limits, units
from . import prompt_patterns as ask
from .area_limits import AreaLimit
from .qualifiers import Qualifiers
from .qualifiers import parse as parse_places
from .relations import Relation, parse, sketch

Form = Literal[
    "talk",
    "segment",
    "count",
    "presence",
    "measure",
    "compare",
    "describe",
    "everything",
    "what",
    "refuse",
    "unknown",
    "help",
]


@dataclass(frozen=True)
class Comparison:
    """Two things or more against each other.

    Attributes:
        operands: As they were said; two may be of one class.
        by_count: Whether numbers are compared rather than areas.
        less: Whether fewer or less is asked for.
        which: Whether it asks which of them it is.
    """

    operands: tuple[Named, ...]
    by_count: bool
    less: bool = False
    which: bool = False


@dataclass(frozen=True)
class Intent:
    """What is wanted.

    Attributes:
        form: ``talk`` leaves the prompt to the model as it is; ``unknown`` and ``help`` say what it knows.
        things: What is looked for, each class once, under the word of the prompt; left out of ``everything``.
        relations: What must hold between them and other things.
        areas: How large their regions should be.
        unknown: What was asked for beside them that the model does not know.
        unit: Of areas, a key of ``units.AREAS``; empty where none was wished for.
        each: Whether the mean area of the regions is wanted as well.
        share: Whether the part of the view is wanted rather than the area.
        comparison: Of the form ``compare``.
        limit: ("more", 20) for "are there more than 20 ...".
        refused: Of the form ``refuse``: what cannot be told.
        adjectives: Words such as "red" that decide nothing here, each with its thing.
        text: Where words of place and size are read.
    """

    form: Form
    things: tuple[Named, ...] = ()
    relations: tuple[Relation, ...] = ()
    areas: tuple[AreaLimit, ...] = ()
    unknown: str = ""
    unit: str = ""
    share: bool = False
    each: bool = False
    comparison: Comparison | None = None
    limit: tuple[str, int] | None = None
    refused: str = ""
    adjectives: tuple[tuple[str, Named], ...] = ()
    text: str = ""


TALK = Intent("talk")


def understand(reading: Reading, earlier: Sequence[Reading], read: Callable[[str], Reading]) -> Intent:
    """What a prompt wants; where it names nothing itself, it is about what the turns before were about.

    Args:
        reading: The prompt.
        earlier: The prompts before it, oldest first.
        read: How the model reads a text (``Lister.read``).
    """
    if ask.HOW_FAR.search(reading.text):
        return Intent("refuse", distinct(reading.named), refused="length", text=reading.text)
    text, areas = area_limits.parse(sketch(reading), reading.named)
    text, relations = parse(text, reading.named)
    unknown = reading.unknown
    if relations or areas:  # "find unicorns near the road": what is left of the prompt says what is unknown
        rest = re.sub(r"<(\d+)>", lambda hit: reading.named[int(hit[1])].plural, text)
        unknown = read(rest).unknown if any(c.isalnum() for c in rest) else ""
    if ask.NO_THING.search(unknown):
        unknown = ""
    intent = replace(_alone(text, reading, tuple(relations), unknown), areas=areas)
    before = understand(earlier[-1], earlier[:-1], read) if earlier else None
    if intent.things:
        if before and intent.form == "segment" and before.form in _SAME_AGAIN and ask.ELLIPSIS.search(text):
            return replace(intent, form=before.form, unit=before.unit, share=before.share)
        return intent
    if intent.form in ("describe", "everything", "what", "refuse", "help"):
        return intent
    if before and before.things and not intent.unknown and ask.FOLLOWS.search(text):
        return _inherited(intent, before)
    if ask.SMALL_TALK.search(text):
        return replace(intent, form="talk")
    if intent.unknown:
        return replace(intent, form="unknown")
    return replace(intent, form="everything" if relations or areas else "help")


def of_task(intent: Intent, task: Choice) -> Intent:
    """What is wanted where a task was chosen beside the words; ``auto`` and ``vqa`` leave it to them."""
    if task == "caption" and intent.form != "describe":
        return Intent("describe")
    if task in ("segment", "refer"):
        if intent.form in ("count", "measure", "presence", "compare"):
            return replace(intent, form="segment")
        if intent.form in ("describe", "what"):
            return replace(intent, form="everything")
    return intent


_SAME_AGAIN = ("count", "measure", "presence")


def _alone(text: str, reading: Reading, relations: tuple[Relation, ...], unknown: str) -> Intent:
    """What a prompt wants by itself; ``text`` is its sketch without its relations."""
    left_out = {int(match["thing"]) for match in ask.LEFT_OUT.finditer(text)}
    numbers = [int(number) for number in re.findall(r"<(\d+)>", text)]
    said = [reading.named[number] for number in numbers if number not in left_out]
    intent = Intent(
        "segment",
        distinct(said),
        relations,
        unknown=unknown,
        unit=units.asked(text),
        share=bool(ask.SHARE.search(text)),
        each=bool(ask.MEAN.search(text)),
        adjectives=(*_adjectives(text, reading.named), *_of_one_class(said, [reading.named[n] for n in left_out])),
        text=reading.text,
    )
    if ask.EVERYTHING.search(text) and ask.EXCEPT.search(text):
        return replace(intent, form="everything", things=distinct(reading.named[number] for number in numbers))
    refused = next((name for name, pattern in ask.REFUSED if pattern.search(text)), "")
    if not said:
        return _of_the_view(intent, text, refused)
    if refused or _is_state(text):
        return replace(intent, form="refuse", refused=refused or "state", relations=())
    if len(said) > 1 and _compares(text):
        return replace(intent, form="compare", comparison=_comparison(text, said))
    if unknown and ask.MORE.search(text) and ask.AGAINST.search(text):  # "more cows than ships": no yes or no
        return replace(intent, form="count" if said[0].countable else "measure")
    limit = ask.LIMIT.search(text)
    if limit:
        sign = next(name for name in ("more", "less", "least", "most") if limit[name])
        return replace(intent, form="count", limit=(sign, ask.number(limit["number"])))
    return replace(intent, form=_of_numbers(intent, text) or ("presence" if ask.PRESENCE.search(text) else "segment"))


def _of_the_view(intent: Intent, text: str, refused: str) -> Intent:
    """What is wanted by a prompt that names nothing, or nothing but what things are compared with."""
    if refused and not intent.relations:
        return replace(intent, form="refuse", refused=refused)
    for form, pattern in (
        ("help", ask.HELP),
        ("everything", ask.EVERYTHING),
        ("describe", ask.DESCRIBE),
        ("what", ask.WHAT),
    ):
        if pattern.search(text):
            return replace(intent, form=form)  # type: ignore[arg-type]
    if _compares(text):
        return replace(intent, form="compare", comparison=_comparison(text, ()))
    return replace(intent, form=_of_numbers(intent, text) or "talk")


def _inherited(intent: Intent, before: Intent) -> Intent:
    """A prompt such as "how many of them are near the road?", about the things of the turn before."""
    names = tuple(thing.class_name for thing in before.things)
    relations = tuple(replace(relation, of=relation.of or names) for relation in intent.relations) or before.relations
    comparison = intent.comparison and replace(
        intent.comparison,
        operands=before.things,
        by_count=intent.comparison.by_count and all(thing.countable for thing in before.things),
    )
    form = "segment" if intent.form == "talk" or (comparison and len(before.things) < 2) else intent.form
    placed = parse_places(intent.text) != Qualifiers()
    return replace(
        intent,
        form=form,
        things=before.things,
        relations=relations,
        areas=intent.areas or before.areas,
        comparison=comparison,
        text=intent.text if placed else before.text,
        unit=intent.unit or before.unit,
    )


def _of_numbers(intent: Intent, text: str) -> Form | None:
    if intent.unit or intent.share or intent.each or ask.MEASURE.search(text):
        return "measure"
    return "count" if ask.COUNT.search(text) else None


def _is_state(text: str) -> bool:
    """Whether it asks what a thing is like: "are the roofs red?"."""
    match = ask.STATE.search(text)
    return bool(match and not ask.PLACED.search(match["what"]))


def _compares(text: str) -> bool:
    return bool(ask.COMPARE.search(text) or (ask.MORE.search(text) and ask.AGAINST.search(text)))


def _comparison(text: str, said: Sequence[Named]) -> Comparison:
    more = ask.MORE.search(text)
    return Comparison(
        tuple(said),
        by_count=all(thing.countable for thing in said)
        and bool(ask.BY_NUMBER.search(text) or not ask.BY_AREA.search(text)),
        less=bool(more and more["less"]),
        which=not ask.YES_NO.search(text),
    )


def _adjectives(text: str, named: Sequence[Named]) -> tuple[tuple[str, Named], ...]:
    """Words for looks and states, but not those of land cover, where "green trees" are trees."""
    found = ((match, named[int(match["thing"])]) for match in ask.ADJECTIVE.finditer(text))
    return tuple((match["word"], thing) for match, thing in found if thing.countable or match["size"])


def _of_one_class(said: Sequence[Named], left_out: Sequence[Named]) -> Iterator[tuple[str, Named]]:
    """Of "cars but not trucks", which are one class: ("trucks", cars)."""
    for other in left_out:
        yield from ((other.plural, thing) for thing in said if thing.class_name == other.class_name)


def distinct(said: Iterable[Named]) -> tuple[Named, ...]:
    """Each class once, in order; one that was said in two words, as in "cars and trucks", under its own name."""
    things: dict[str, Named] = {}
    for thing in said:
        first = things.setdefault(thing.class_name, thing)
        if first.plural != thing.plural:
            things[thing.class_name] = replace(first, singular=first.class_name, plural=first.class_plural)
    return tuple(things.values())
