"""What an analyst should know of an answer beside its numbers: what was left out, what was not decided, what is meant
by a word.  And what is said where polygons cannot tell.  Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from geopix_model.predictor import Named

from .intent import Intent
from .limits import Limits
from .wording import Fact

REFUSALS = {
    "length": "I cannot measure lengths, heights or depths, only areas.",
    "colour": "I cannot tell colours.",
    "kind": "I cannot tell kinds of a thing apart.",
    "time": "I cannot tell when something was there, or how old it is.",
    "worth": "I cannot tell prices, weights, speeds or temperatures.",
    "name": "I cannot tell names, people or reasons.",
    "material": "I cannot tell materials or their condition.",
    "state": "I cannot tell what things are like, only where they are.",
}

SIZES = ("big", "large", "small", "huge", "tiny", "little")  # relative to what, they do not say


def refusal(intent: Intent) -> str:
    """What is said where polygons cannot tell, with what can be asked instead."""
    what = _listed([f"the {thing.plural}" for thing in intent.things]) if intent.things else "things in this view"
    return f"{REFUSALS[intent.refused]} I can find, count and measure {what}, and compare them with other things."


def known(names: Sequence[str]) -> str:
    """What the model knows, by the plurals of its classes."""
    return f"I can find {_listed(list(names))}."


def notes(intent: Intent, limits: Limits, facts: Mapping[str, Fact]) -> Iterator[str]:
    """Sentences for the end of an answer."""
    shown = [thing for thing in intent.things if (fact := facts.get(thing.class_name)) and fact.regions]
    for thing in shown:
        if limits.left_out(thing.class_name) and intent.form not in ("everything", "what", "describe"):
            yield _elsewhere(thing, limits.left_out(thing.class_name), limits.where(thing.class_name))
    for thing in shown:
        if len({size.words for size in limits.places.sizes_of((thing.class_name, thing.plural))}) > 1:
            yield "Of several sizes I took the first; ask for the others by themselves."
    for rule in limits.near.rules:
        missing = [thing.plural for thing in rule.relation.to if not limits.near.found(thing.class_name)]
        of = {thing.class_name for thing in rule.relation.to} - set(rule.relation.of)
        yield from (f"No {name} found." for name in missing if of)
        if rule.unmeasured is not None:
            yield (
                f"The raster has no place on earth, so {rule.unmeasured:,.4g} m cannot be measured: I took"
                f" {rule.distance:,.4g} px."
            )
        if rule.relation.kind == "on" and shown and any(thing.countable for thing in shown):
            yield "A thing is on another where half of it, or of its edge, lies on it."
    if shown and any(rule.relation.kind == "side" for rule in limits.near.rules):
        yield "On which side a thing lies is judged by its centre, from the nearest point of the other."
    for limit in intent.areas:
        if any(not limit.measures(facts[thing.class_name].area_m2) for thing in shown):
            yield f"The raster has no place on earth, so {limit.amount} cannot be measured: sizes limit nothing."
    for relation in intent.relations:
        things = _listed([thing.plural for thing in shown if not relation.of or thing.class_name in relation.of])
        if relation.stranger:
            yield f'I do not know "{relation.stranger}"' + (f", so these are all {things}." if things else ".")
        elif relation.kind == "undecided" and things:
            yield f'I cannot decide what is "{relation.words}" another thing, so these are all {things}.'
    for word, thing in intent.adjectives:
        if any(each.class_name == thing.class_name for each in shown):
            sized = " Ask for the largest, or give an area." if word in SIZES else ""
            yield f"I cannot tell which of them are {word}: these are all {thing.plural}.{sized}"


def _elsewhere(thing: Named, count: int, where: str) -> str:
    if not thing.countable:
        return f"There {'is' if thing.mass else 'are'} more {thing.plural} {where}."
    if count == 1:
        return f"One other {thing.singular} is {where}."
    return f"{count:,} other {thing.plural} are {where}."


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""
