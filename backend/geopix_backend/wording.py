"""What a sentence says once the regions of its targets are known.  Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from geopix_qgis.protocol import TextEvent

from .sentences import Number, Sentence, Words

NOTHING = "Nothing was found."
STOPPED = "Stopped before anything was found."
LIMITED = "the chosen area"
_HECTARE_M2 = 10_000.0
_DETERMINERS = re.compile(r"^(?:the|a|an|some|any|all|all the|these|those)\s+", re.IGNORECASE)
_NEGATIVE = re.compile(
    r"^(?:no|none|nothing)\b|^there (?:is|are) (?:no|not|none)\b|^i (?:do not|don't|cannot|can't) (?:see|find)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"(?:no|there (?:is|are) no)\s+(.+?)(?:\s+(?:is|are|was|were|can|could|found|visible|here|in|on|at)\b|[.,!]|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Fact:
    """What the polygons of one target say.

    Attributes:
        number: Of the target, as in ``TextEvent.target``.
        phrase: The words of the answer that it belongs to.
        class_name: The model's class, "" where it has none.
        regions: How many polygons survived.
        area_m2: Their geodesic area, None where the tile has no CRS.
        area_px: Their area in tile pixels.
        share: Their part of the valid tile, in percent.
        left_out: How many other polygons were found that are not meant.
        limit: What is said after its name where not all are meant: " in the upper left".
        elsewhere: Where those are, after "is" or "are".
        countable: Whether a polygon is one object, rather than a part of an area.
    """

    number: int
    phrase: str
    class_name: str
    regions: int
    area_m2: float | None
    area_px: float
    share: float
    left_out: int = 0
    limit: str = ""
    elsewhere: str = "elsewhere"
    countable: bool = True


def say(sentence: Sentence, facts: Mapping[str, Fact]) -> list[TextEvent]:
    """The sentence with its numbers filled in; what did not survive is said not to be there.

    Args:
        sentence: With the keys of its targets.
        facts: What is known of every target, by key.
    """
    targets = dict.fromkeys((*sentence.grounded, *sentence.counted))
    lost = [key for key in targets if key is None or not facts[key].regions]
    denials = list(dict.fromkeys(_denial(sentence, key, facts) for key in lost))
    if targets and len(lost) == len(targets):
        return [TextEvent(" ".join(denials))]
    events = _filled(sentence, facts) or [_bare(facts[key]) for key in sentence.grounded]
    return _joined([*events, *(TextEvent(f" {denial}") for denial in denials)])


def _filled(sentence: Sentence, facts: Mapping[str, Fact]) -> list[TextEvent]:
    events = []
    for part in sentence.parts:
        if isinstance(part, Words):
            fact = facts[part.key] if part.key is not None else None
            events.append(TextEvent(part.text, fact.number if fact and fact.regions else None))
        elif isinstance(part, Number):
            events.append(TextEvent(_number(part, facts[part.key] if part.key is not None else None)))
    return events


def _bare(fact: Fact) -> TextEvent:
    """A mask that came without words."""
    phrase = fact.phrase or fact.class_name or "area"
    return TextEvent(f"{phrase[0].upper()}{phrase[1:]}.", fact.number)


def _number(part: Number, fact: Fact | None) -> str:
    if part.kind == "count":
        return f"{fact.regions if fact else 0:,}"
    if part.kind == "area":
        return area(fact.area_m2, fact.area_px) if fact else "0 m²"
    return share(fact.share if fact else 0.0)


def area(area_m2: float | None, area_px: float) -> str:
    """An area as people write it: "6,210 m²", "12.3 ha" above 100,000 m², "350 px" without a CRS."""
    if area_m2 is None:
        return f"{area_px:,.0f} px"
    if area_m2 > 10 * _HECTARE_M2:
        return f"{area_m2 / _HECTARE_M2:,.1f} ha"
    return f"{area_m2:,.0f} m²" if area_m2 >= 10 or area_m2 == 0 else f"{area_m2:.1f} m²"


def share(percent: float) -> str:
    """A part of the tile: "23 %", "0.4 %" below one percent, "less than 0.1 %" below that."""
    if 0 < percent < 0.1:
        return "less than 0.1 %"
    return f"{percent:.1f} %" if 0 < percent < 1 else f"{percent:.0f} %"


def _denial(sentence: Sentence, key: str | None, facts: Mapping[str, Fact]) -> str:
    phrases = [part.text for part in sentence.parts if isinstance(part, Words) and part.phrase]
    phrase = facts[key].phrase or facts[key].class_name if key is not None else next(iter(phrases), "")
    phrase = _DETERMINERS.sub("", phrase.strip())
    return denial(phrase, facts.get(key) if key is not None else None) if phrase else NOTHING


def denial(phrase: str, fact: Fact | None) -> str:
    """That a thing is not there, or not where it was looked for."""
    if fact is None or not fact.left_out:
        return f"No {phrase} found."
    there = "one is" if fact.left_out == 1 else f"{fact.left_out:,} are"
    return f"No {phrase}{fact.limit}: {there if fact.countable else 'all that was found is'} {fact.elsewhere}."


def _joined(events: list[TextEvent]) -> list[TextEvent]:
    """The same text with neighbours that belong to no target in one event."""
    joined: list[TextEvent] = []
    for event in events:
        if joined and joined[-1].target is None and event.target is None:
            joined[-1] = TextEvent(joined[-1].text + event.text)
        elif event.text:
            joined.append(event)
    return joined


def denies(sentence: Sentence) -> bool:
    """Whether the sentence, by its first words, says that something is not there, and grounds nothing."""
    return not sentence.grounded and not sentence.counted and bool(_NEGATIVE.search(sentence.plain))


def gist(sentence: Sentence, text: str) -> str:
    """What makes two sentences equal: their text, or for two that deny a thing in different words, that thing."""
    denied = _DENIED.match(text) if denies(sentence) else None
    return " ".join(["no", *stems(denied[1])]) if denied else text


def speaks_of(sentence: Sentence, fact: Fact) -> bool:
    """Whether the sentence names the target's class or phrase, in the singular or the plural."""
    words = stems(sentence.plain)
    names = [stems(name) for name in (fact.class_name, _DETERMINERS.sub("", fact.phrase)) if name]
    return any(
        name and any(words[i : i + len(name)] == name for i in range(len(words) - len(name) + 1)) for name in names
    )


def thing(phrase: str) -> str:
    """What a phrase names: windows may call it "a red car" here and "the red cars" there."""
    return " ".join(stems(_DETERMINERS.sub("", phrase.strip()))) or phrase.strip().lower()


def stems(text: str) -> list[str]:
    """The lower-case words of a text, each in the singular."""
    return [_singular(word) for word in re.findall(r"[^\W_]+", text.lower())]


def _singular(word: str) -> str:
    for ending, singular in (("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("sses", "ss"), ("xes", "x")):
        if word.endswith(ending):
            return word[: -len(ending)] + singular
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
