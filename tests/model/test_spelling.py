"""Slips in the names of classes are put right, and other words are left alone."""

from __future__ import annotations

import random
import string

import pytest

from geopix_model.data.conversation_templates import COMMANDS, POLITE
from geopix_model.data.conversations import UNKNOWN_FORMS
from geopix_model.nano.lexicon import CLASSES, OTHER_THINGS, match
from geopix_model.nano.spelling import corrected


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Segment the bilding and the raod", "segment the building and the road"),
        ("buidlings, airplnaes", "buildings, airplanes"),
        ("swiming pools", "swimming pools"),
        ("tenis court", "tennis court"),
        ("vegatation", "vegetation"),
        ("storge tanks", "storage tanks"),
        ("vehicels near the watr", "vehicles near the water"),
        ("shpis or tres", "ships or trees"),
        ("pls find teh hosues thx", "please find teh houses thanks"),
        ("where r the cras", "where are the cars"),
        ("all bldgs", "all buildings"),
    ],
)
def test_one_slip_in_the_name_of_a_class_is_put_right(typed: str, meant: str) -> None:
    assert corrected(typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("tennis curt", "tennis court"), ("a swimming poll", "a swimming pool"), ("gas tans", "gas tanks")],
)
def test_inside_of_a_longer_name_a_slip_may_be_another_word(typed: str, meant: str) -> None:
    assert corrected(typed) == meant


@pytest.mark.parametrize(
    "text", ["goats and cows", "coats", "heliports", "polo fields", "battles", "a car park", "plans", "rods", "shops"]
)
def test_other_words_are_left_alone(text: str) -> None:
    assert corrected(text) == text


def test_no_word_that_the_model_knows_is_changed() -> None:
    words = [word for entry in CLASSES for form in entry.forms for word in form] + list(OTHER_THINGS)
    assert [word for word in words if corrected(word) != word] == []


def test_neither_things_that_it_does_not_know_nor_commands_are_changed() -> None:
    assert [word for form in UNKNOWN_FORMS for word in form if corrected(word) != word] == []
    texts = [template.format("") for template in POLITE]
    texts += [template.format(np="", n="", is_="are", w="") for template in COMMANDS]
    assert [text for text in texts if corrected(text) != text] == []


def typo(rng: random.Random, name: str) -> str:
    """One letter swapped, left out, doubled, added or replaced in one of the longer words of a name."""
    word = rng.choice([word for word in name.split() if len(word) >= 5])
    at = rng.randrange(len(word) - 1)
    letter = rng.choice(string.ascii_lowercase)
    slip = rng.choice(
        [
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + letter + word[at:],
            word[:at] + letter + word[at + 1 :],
        ]
    )
    return name.replace(word, slip, 1)


def test_nineteen_of_twenty_slips_in_longer_words_still_name_the_class() -> None:
    rng = random.Random(0)
    names = [
        (class_id, word)
        for class_id, entry in enumerate(CLASSES)
        for form in entry.forms
        for word in form
        if any(len(part) >= 5 for part in word.split())
    ]
    right = [match(corrected(typo(rng, name))) == [class_id] for class_id, name in names for _ in range(3)]
    assert sum(right) / len(right) >= 0.95
