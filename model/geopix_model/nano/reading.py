"""What a prompt asks for: the classes that it names, and what else."""

from __future__ import annotations

import re
from functools import lru_cache

from ..predictor import Named, Reading
from .lexicon import CLASSES, Mention, is_mass, match, mentions
from .prompts import NOTHING, normalise, noun_of
from .spelling import corrected


@lru_cache(maxsize=64)
def read(prompt: str) -> Reading:
    """See ``Lister.read``.  Of a question the prompt is read more than once, and in a chat those before it."""
    text = corrected(normalise(prompt))
    noun = noun_of(text)
    return Reading(
        text, tuple(_named(mention, text) for mention in mentions(text)), "" if noun == NOTHING or match(noun) else noun
    )


def _named(mention: Mention, text: str) -> Named:
    words, (singular, plural) = CLASSES[mention.class_id], mention.form
    said = re.sub(r"[\s-]+", " ", text[mention.start : mention.end])
    return Named(
        words.name,
        singular,
        plural,
        words.plural,
        mention.start,
        mention.end,
        words.countable,
        is_mass(mention.form),
        one=said == singular != plural,
    )
