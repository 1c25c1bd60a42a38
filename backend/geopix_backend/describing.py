"""A description of a view in two to four sentences: what is surely there, the largest first, each phrase with its
polygons.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from geopix_model.predictor import Named

from .notes import known
from .replies import Said, sentence
from .sentences import Sentence
from .wording import Fact, share

# A class is spoken of where its mask is sure enough for its size.  Chosen on `val` crops, see the log.
SURE, SURE_OF_LITTLE = 0.65, 0.85
MUCH_SHARE, LEAST_SHARE = 0.02, 0.001  # of the view; less than the last is not spoken of

NOTHING_ELSE = "Nothing else that I know is clear enough to name."


def is_sure(score: float, area_px: float, tile_px: int) -> bool:
    """Whether a class is surely there.

    Args:
        score: Of its surest region.
        area_px: Of its regions.
        tile_px: Number of valid pixels of the tile.
    """
    share = area_px / max(tile_px, 1)
    return share >= LEAST_SHARE and score >= (SURE if share >= MUCH_SHARE else SURE_OF_LITTLE)


def description(facts: Mapping[str, Fact], things: Sequence[Named], limit: str = "") -> Iterator[Sentence]:
    """The sentences.

    Args:
        facts: What is known of the classes that were found, by name.
        things: All classes that were looked for.
        limit: Where: " in the upper left"; empty is the whole view.
    """
    there = [thing for thing in things if (fact := facts.get(thing.class_name)) and fact.regions]
    there.sort(key=lambda thing: -facts[thing.class_name].share)
    if not there:
        yield sentence(f"I see nothing{limit or ' here'} that I am sure of; ask for a thing by its name.")
        yield sentence(known([thing.plural for thing in things]))
        return
    areas = [thing for thing in there if not thing.countable]
    objects = [thing for thing in there if thing.countable]
    if limit:
        parts = [_part(thing, facts[thing.class_name]) for thing in areas]
        yield sentence(
            "I see ", *_listed(parts + [_counted(thing, facts[thing.class_name]) for thing in objects]), f"{limit}."
        )
        yield sentence(NOTHING_ELSE)
        return
    first, *others = there
    yield sentence(*_first(first, facts[first.class_name]))
    areas = [thing for thing in others if not thing.countable]
    objects = [thing for thing in others if thing.countable]
    if areas:
        yield sentence("I also see ", *_listed([_part(thing, facts[thing.class_name]) for thing in areas]), ".")
    if objects:
        yield sentence(
            "I count " if areas else "I also see ",
            *_listed([_counted(thing, facts[thing.class_name]) for thing in objects]),
            ".",
        )
    if not others:
        yield sentence(NOTHING_ELSE)


def _first(thing: Named, fact: Fact) -> Iterator[Said]:
    part = share(fact.share)
    if thing.countable:
        yield from ("I see ", *_counted(thing, fact), f", {part} of the view.")
    elif fact.share >= 50:
        yield from ("Most of the view is ", (thing, thing.plural), f": {part}.")
    else:
        verb = "covers" if thing.mass else "cover"
        yield from (
            (thing, thing.plural.capitalize()),
            f" {verb} {part} of the view, more than anything else that I am sure of.",
        )


def _part(thing: Named, fact: Fact) -> list[Said]:
    return [(thing, thing.plural), f" ({share(fact.share)})"]


def _counted(thing: Named, fact: Fact) -> list[Said]:
    one = fact.regions == 1
    return ["1 " if one else f"{fact.regions:,} ", (thing, thing.singular if one else thing.plural)]


def _listed(items: Sequence[list[Said]]) -> Iterator[Said]:
    for number, item in enumerate(items):
        if number:
            yield " and " if number == len(items) - 1 else ", "
        yield from item
