"""Sentences: where they end, what is filled in, and that they never contradict the polygons."""

from __future__ import annotations

import numpy as np
import pytest

from geopix_backend.sentences import Assembler, Sentence
from geopix_backend.telling import Teller, merge
from geopix_backend.wording import Fact, area, denies, say, share, speaks_of
from geopix_model.predictor import Mask, Measure, Piece, Text

LOGITS = np.zeros((1, 1), np.float32)


def seg(phrase: str, target: int = 0, name: str = "") -> Mask:
    return Mask(phrase, name, LOGITS, 0.9, target)


def phrase(text: str) -> Text:
    return Text(text, phrase=True)


def sentences(*pieces: Piece, whole: bool = True) -> list[Sentence]:
    """All sentences of pieces; the key of a target is its class, else its phrase."""
    assembler, found = Assembler(), []
    for piece in pieces:
        if isinstance(piece, Mask):
            found += assembler.ground(piece.target, piece.class_name or piece.phrase)
        else:
            found += assembler.say(piece)
    return found + assembler.finish(whole=whole)


def fact(words: str, regions: int, number: int = 0, **values: object) -> Fact:
    given = {"class_name": "", "area_m2": 100.0 * regions, "area_px": 100.0 * regions, "share": 10.0 * regions}
    return Fact(number, words, regions=regions, **{**given, **values})  # type: ignore[arg-type]


def text_of(sentence: Sentence, **facts: Fact) -> str:
    return "".join(event.text for event in say(sentence, facts))


def letters(text: str) -> list[Text]:
    return [Text(letter) for letter in text]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("It is 0.5 m. Next one", ["It is 0.5 m.", "Next one"]),
        ("Really?! Yes. ", ["Really?!", "Yes."]),
        ("One\nTwo\n\nThree.", ["One", "Two", "Three."]),
        ("1. Roads. 2. Trees.", ["1. Roads.", "2. Trees."]),
        ('He said "go." Then left.', ['He said "go."', "Then left."]),
        ("version 1.2.3 of it", ["version 1.2.3 of it"]),
        ("  ", []),
    ],
)
def test_sentences_end_where_people_end_them_however_the_text_is_cut(answer: str, expected: list[str]) -> None:
    assert [s.plain for s in sentences(*letters(answer))] == expected
    assert [s.plain for s in sentences(Text(answer))] == expected


def test_a_sentence_is_handed_out_as_soon_as_the_next_begins() -> None:
    assembler = Assembler()
    assert assembler.say(Text("A road.")) == []
    (first,) = assembler.say(Text(" A"))
    assert first.plain == "A road."


def test_a_sentence_waits_for_the_mask_of_its_phrase() -> None:
    assembler = Assembler()
    for piece in (Text("See the "), phrase("trees"), Text(". Next")):
        assert assembler.say(piece) == []
    (first,) = assembler.ground(0, "tree")
    assert (first.plain, first.grounded) == ("See the trees.", ("tree",))


def test_a_sentence_waits_for_the_mask_that_its_number_is_of() -> None:
    told = sentences(Text("In all "), Measure("count", 0), Text(". Here: "), phrase("trees"), seg("trees"), Text("."))
    assert text_of(told[0], trees=fact("trees", 3)) == "In all 3."


def test_a_mask_said_after_the_full_stop_belongs_to_the_sentence_before() -> None:
    first, second = sentences(Text("The "), phrase("road"), Text("."), seg("road"), Text(" The end."))
    assert (first.grounded, second.grounded) == (("road",), ())


def test_line_breaks_between_sentences_are_kept() -> None:
    teller = Teller()
    for sentence in sentences(Text("Found:\n- a road\n\n- a tree. And more")):
        teller.tell(sentence, {})
    assert teller.answer == "Found:\n- a road\n\n- a tree. And more"


def test_numbers_come_from_the_regions() -> None:
    (told,) = sentences(
        Text("There are "), Measure("count", 0), Text(" "), phrase("buildings"), seg("buildings"), Text(", "),
        Measure("area", 0), Text(" or "), Measure("share", 0), Text("."),
    )  # fmt: skip
    facts = {"buildings": fact("buildings", 14, 7, area_m2=6210.4, share=23.2)}
    events = say(told, facts)
    assert "".join(event.text for event in events) == "There are 14 buildings, 6,210 m² or 23 %."
    assert [(event.text, event.target) for event in events if event.target is not None] == [("buildings", 7)]


@pytest.mark.parametrize(
    ("area_m2", "expected"),
    [(0.0, "0 m²"), (4.25, "4.2 m²"), (6210.4, "6,210 m²"), (100_000.0, "100,000 m²"), (123_456.0, "12.3 ha"),
     (None, "350 px")],
)  # fmt: skip
def test_areas_are_written_as_people_write_them(area_m2: float | None, expected: str) -> None:
    assert area(area_m2, 350.2) == expected


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(0.0, "0 %"), (0.04, "less than 0.1 %"), (0.44, "0.4 %"), (23.4, "23 %"), (100.0, "100 %")],
)
def test_small_shares_are_not_rounded_to_nothing(percent: float, expected: str) -> None:
    assert share(percent) == expected


def test_without_regions_the_sentence_is_that_nothing_of_it_was_found() -> None:
    (told,) = sentences(Text("Yes, there are "), phrase("the ships"), seg("the ships", name="ship"), Text("."))
    assert text_of(told, ship=fact("the ships", 0)) == "No ships found."


def test_of_several_targets_those_without_regions_are_denied_after_the_sentence() -> None:
    (told,) = sentences(
        Text("I see "), phrase("trees"), seg("trees", 0), Text(" and "), phrase("ships"), seg("ships", 1), Text(".")
    )
    events = say(told, {"trees": fact("trees", 2, 0), "ships": fact("ships", 0, 1)})
    assert "".join(event.text for event in events) == "I see trees and ships. No ships found."
    assert [event.target for event in events if event.target is not None] == [0]


def test_a_number_of_a_target_without_a_mask_is_not_invented() -> None:
    (told,) = sentences(Text("There are "), Measure("count", 3), Text(" "), phrase("cars"), Text("."))
    assert text_of(told) == "No cars found."


def test_a_mask_without_words_is_named_by_its_phrase() -> None:
    (told,) = sentences(seg("tall trees"))
    assert text_of(told, **{"tall trees": fact("tall trees", 1)}) == "Tall trees."


@pytest.mark.parametrize(
    ("text", "negative"),
    [("No trees here.", True), ("There are no trees.", True), ("I do not see any tree.", True),
     ("North is up.", False), ("Nobody knows.", False), ("I see trees, no roads.", False)],
)  # fmt: skip
def test_denials_are_known_by_their_first_words(text: str, negative: bool) -> None:
    (told,) = sentences(Text(text))
    assert denies(told) is negative


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [("No buildings.", "building", True), ("No swimming pool.", "swimming_pools", True),
     ("No ships.", "airship", False), ("No bushes.", "bush", True), ("No grass.", "grass", True),
     ("No pool.", "swimming pool", False)],
)  # fmt: skip
def test_a_class_is_recognised_in_singular_and_plural(text: str, name: str, expected: bool) -> None:
    (told,) = sentences(Text(text))
    assert speaks_of(told, fact("", 1, class_name=name)) is expected


def told(all_sentences: list[Sentence], facts: dict[str, Fact]) -> str:
    teller = Teller()
    events = [event for s in merge(all_sentences, facts) for event in teller.tell(s, facts)]
    events += teller.finish(facts)
    assert "".join(event.text for event in events) == teller.answer
    return teller.answer


def grounded(*names: str, before: str = "Here: ") -> Sentence:
    pieces: list[Piece] = [Text(before)]
    for number, name in enumerate(names):
        pieces += [Text(" and ")] * (number > 0) + [phrase(name), seg(name, number)]
    (sentence,) = sentences(*pieces, Text("."))
    return sentence


def test_a_target_of_several_windows_is_said_once() -> None:
    facts = {"trees": fact("trees", 5)}
    both = [grounded("trees"), grounded("trees", before="I marked the ")]
    assert told(both, facts) == "Here: trees."


def test_a_grounded_sentence_beats_the_denial_of_another_window() -> None:
    facts = {"trees": fact("trees", 1, class_name="tree")}
    (denial,) = sentences(Text("No tree can be seen here."))
    assert told([denial, grounded("trees"), denial], facts) == "Here: trees."


def test_a_target_without_regions_is_denied_once_whatever_the_windows_said() -> None:
    facts = {"trees": fact("trees", 0)}
    (denial,) = sentences(Text("No trees are visible here."))
    assert told([denial, grounded("trees"), grounded("trees")], facts) == "No trees found."


def test_denials_of_one_thing_in_other_words_are_said_once() -> None:
    one, two, other = (s for t in ("No ship is visible.", "No ships can be seen.", "No car here.") for s in
                       sentences(Text(t)))  # fmt: skip
    assert told([one, two, other], {}) == "No ship is visible. No car here."


def test_the_sentence_with_most_targets_stands_for_the_others() -> None:
    facts = {name: fact(name, 1, number) for number, name in enumerate(("trees", "roads"))}
    assert told([grounded("trees"), grounded("roads", "trees")], facts) == "Here: roads and trees."


def test_a_target_whose_sentence_repeats_another_is_added_by_name() -> None:
    facts = {name: fact(name, 1, number) for number, name in enumerate("abc")}
    assert told([grounded("a", "b"), grounded("b", "c")], facts) == "Here: a and b. Also found: c."


def test_order_is_that_of_first_appearance() -> None:
    facts = {name: fact(name, 1) for name in ("roads", "trees")}
    (plain,) = sentences(Text("A quiet place."))
    assert told([grounded("trees"), plain, grounded("roads")], facts) == "Here: trees. A quiet place. Here: roads."


def test_silence_becomes_a_sentence() -> None:
    assert told([], {}) == "Nothing was found."
