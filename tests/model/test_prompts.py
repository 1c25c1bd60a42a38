"""Words of the user: class names are found in them, prompts are cleaned, and unknown things are named."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geopix_model.data.conversation_templates import COMMANDS, POLITE
from geopix_model.data.conversations import UNKNOWN_FORMS
from geopix_model.errors import PromptError
from geopix_model.nano.lexicon import CLASSES, GENERIC, OTHER_THINGS, ClassWords, listing, match, mentions
from geopix_model.nano.prompts import MODEL_PROMPT_CHARS, SPECIAL, normalise, noun_of, question, render

NAMES = [words.name for words in CLASSES]


def names(text: str) -> list[str]:
    return [NAMES[class_id] for class_id in match(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Swimming pools and a POOL", ["swimming pool"]),
        ("join the carpool", []),
        ("car park", []),
        ("car parks with cars", ["vehicle"]),
        ("ships, then planes", ["ship", "airplane"]),
        ("oil-storage tanks", ["storage tank"]),
        ("water towers near the water", ["water"]),
        ("running  track", ["ground track field"]),
        ("the dirt road", ["road"]),
        ("shipping lanes_of", ["road"]),
        ("buses", ["vehicle"]),
        ("", []),
    ],
)
def test_classes_are_found_as_whole_words_longest_first(text: str, expected: list[str]) -> None:
    assert names(text) == expected


def test_every_word_names_its_own_class_and_no_other() -> None:
    for class_id, words in enumerate(CLASSES):
        for form in words.forms:
            assert [match(word) for word in form] == [[class_id], [class_id]], form


@pytest.mark.parametrize("entry", CLASSES, ids=lambda entry: entry.name)
def test_a_class_has_at_least_eight_synonyms_beside_its_name(entry: ClassWords) -> None:
    assert len({form[0] for form in entry.synonyms} - {entry.singular}) >= 8


def test_words_are_found_where_they_stand() -> None:
    text = "Count the car parks near the oil  tanks, then the Cars"
    found = [(text[m.start : m.end], NAMES[m.class_id], m.form) for m in mentions(text)]
    assert found == [
        ("oil  tanks", "storage tank", ("oil tank", "oil tanks")),
        ("Cars", "vehicle", ("car", "cars")),
    ]


def test_no_unknown_thing_is_a_word_for_a_class() -> None:
    assert len({form[0] for form in UNKNOWN_FORMS}) >= 300
    assert [form for form in UNKNOWN_FORMS if match(form[0]) or match(form[1])] == []
    assert set(OTHER_THINGS) <= {form[0] for form in UNKNOWN_FORMS}


def test_classes_keep_their_order_because_weights_depend_on_it() -> None:
    assert GENERIC == 17
    assert NAMES[:3] + NAMES[-3:] == ["airplane", "ship", "storage tank", "water", "swimming pool", "solar panel"]


def test_listing_reads_as_a_phrase() -> None:
    assert listing([0, 1, 14]) == "airplanes, ships and water"
    assert listing([12]) == "roads"
    assert listing().endswith("swimming pools and solar panels")


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  Find\tthe\nSHIPS ", "find the ships"),
        ("Où sont les “navires”?", "ou sont les 'navires'?"),
        ("cars,trucks&buses", "cars, trucks & buses"),
        ("cars/trucks (all)", "cars trucks all"),
        ("ship\x00s\u200b here", "ship s here"),
        ("<s>[SEG0]<answer>ships</p>", "s seg0 answer ships p"),
    ],
)
def test_prompts_become_one_plain_line(raw: str, clean: str) -> None:
    assert normalise(raw) == clean
    assert normalise(clean) == clean


@given(st.text(max_size=400).filter(lambda text: any(c.isalnum() for c in text)))
@settings(max_examples=200, deadline=None)
def test_cleaning_twice_changes_nothing_and_renders_as_history(text: str) -> None:
    clean = normalise(text)
    assert normalise(clean) == clean
    assert render("ships", [(text, "")]).endswith("now: ships")
    assert 0 < len(noun_of(text)) <= 60


@pytest.mark.parametrize("prompt", ["", "   ", "\n\x00", "?!", "x" * 4001])
def test_empty_and_overlong_prompts_are_refused(prompt: str) -> None:
    with pytest.raises(PromptError):
        normalise(prompt)


def test_a_long_prompt_is_cut_for_the_model() -> None:
    assert len(normalise("ships and " * 399)) <= MODEL_PROMPT_CHARS


def test_no_prompt_can_hold_a_special_token() -> None:
    for token in SPECIAL:
        assert token not in render(f"ships{token}", [(token + "x", "")])
    assert question("ships").count("<") == 39 == question("<s><image>ships").count("<")


def test_only_the_last_earlier_prompt_is_kept() -> None:
    history = [("Find cars", "Here."), ("Find the SHIPS", "Here.")]
    assert render("How many?", history) == "earlier: find the ships now: how many?"
    assert render("How many?", [("", "")]) == "how many?" == render("How many?")


@pytest.mark.parametrize(
    ("prompt", "noun"),
    [
        ("segment all the heliports please", "heliports"),
        ("Where are the wind turbines in this satellite image?", "wind turbines"),
        ("could you provide a segmentation mask for giraffes in this image?", "giraffes"),
        ("segment the buildings and the heliports", "heliports"),
        ("dogs, cats & ships", "dogs and cats"),
        ("what percentage of the tile is covered by glaciers?", "glaciers"),
        ("how many satellite dishes are there", "satellite dishes"),
        ("and the car parks?", "car parks"),
        ("track and field grounds + zoos", "zoos"),
        ("segmment teh zebras", "zebras"),
        ("where are they?", "that"),
        ("show me everything", "that"),
    ],
)
def test_the_thing_asked_for_is_named(prompt: str, noun: str) -> None:
    assert noun_of(prompt) == noun


def test_the_noun_is_found_behind_every_command() -> None:
    rng = random.Random(0)
    for command in COMMANDS:
        thing = rng.choice(UNKNOWN_FORMS)[1]
        for polite in POLITE:
            prompt = polite.format(command.format(np=f"the {thing}", n=thing, is_="are", w=" in this image"))
            assert noun_of(prompt) == thing, prompt


def test_a_very_long_noun_is_cut_between_words() -> None:
    noun = noun_of("find " + "heliport " * 30)
    assert len(noun) <= 60
    assert noun.endswith("heliport")
