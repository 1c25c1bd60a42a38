"""Prompts to begin with, and what to know of a model before asking it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from .protocol import ModelFacts
from .translation import tr

# For a model that knows some of these classes, or any at all; the first four that fit are shown.
BY_CLASS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("building", "road"), "Segment the buildings and the roads."),
    (("swimming pool",), "How many swimming pools are there?"),
    (("vegetation",), "What area does the vegetation cover?"),
    (("airplane",), "Are there any airplanes?"),
    (("water",), "Where is water in the view?"),
    (("vehicle",), "Count the cars."),
)
IDENTIFY = "What is this selected polygon?"
SHOWN = 4
LOCAL = tr("Nothing leaves this machine.")


def prompts(facts: Optional[ModelFacts]) -> list[str]:
    """Examples that fit a model; without facts, those that fit any."""
    known = set(facts.classes) if facts else set()
    fitting = [prompt for classes, prompt in BY_CLASS if not known or known.issuperset(classes)]
    return [*fitting[:SHOWN], IDENTIFY]


def notes(facts: Optional[ModelFacts]) -> list[str]:
    """What a model can and cannot do, a sentence each."""
    if facts is None:
        return [LOCAL]
    fine, coarse = facts.gsd_range_m
    knows = (
        tr("knows {listing}", listing=listing(facts.classes))
        if facts.classes
        else tr("can be asked for anything that is seen from above")
    )
    missing = (
        []
        if facts.installed
        else [tr("{title} is not installed: {how_to_get}", title=facts.title, how_to_get=facts.how_to_get)]
    )
    return [
        *missing,
        tr(
            "{title} {knows}. It looks at pixels of {fine:g} to {coarse:g} m; others are resampled. {cannot}",
            title=facts.title,
            knows=knows,
            fine=fine,
            coarse=coarse,
            cannot=facts.cannot,
        ).strip(),
        tr("Areas and counts are computed from the polygons. {local}", local=LOCAL),
    ]


def listing(names: Sequence[str]) -> str:
    """Names as people list them: "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return tr("{first} and {last}", first=", ".join(names[:-1]), last=names[-1])
