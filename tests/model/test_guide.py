"""What keeps an answer to the things that were asked for."""

from __future__ import annotations

import pytest
import torch
from tokenizers import Tokenizer

from geopix_model.nano.guide import Guide
from geopix_model.nano.lexicon import CLASSES, named
from geopix_model.nano.prompts import SEG
from geopix_model.registry import NANO

TOKENIZER = Tokenizer.from_file(str(NANO.folder / "tokenizer.json"))
RUN = "".join(SEG)


def say(guide: Guide, wish: str) -> list[str]:
    """What comes of a model that wants to say ``wish``, token by token, at each step its most likely allowed token."""
    ids, said = TOKENIZER.encode(wish).ids, []
    for at in ids:
        logits = torch.linspace(0, 1, TOKENIZER.get_vocab_size())
        logits[at] = 10.0
        guide.restrict(logits)
        token = int(logits.argmax())
        guide.said(token)
        said.append(TOKENIZER.id_to_token(token))
    return said


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("Segment the road", [(12, "roads")]),
        ("find cars and trucks", [(9, "vehicles")]),
        ("are there JET PLANES or water?", [(0, "jet planes"), (14, "water")]),
        ("where are the wharves, car parks and houses", [(7, "wharves"), (10, "houses")]),
        ("describe the image", []),
    ],
)
def test_classes_are_named_in_the_words_of_the_question(prompt: str, words: list[tuple[int, str]]) -> None:
    assert named(prompt) == words


def test_each_target_is_said_once_and_in_order() -> None:
    guide = Guide(TOKENIZER, "segment the tennis courts and the lakes")
    said = say(guide, f"Here are the <p>water water</p>{RUN}: [COUNT] in all. No roads are visible here.</s>")
    assert said[3:7] == ["<p>", "Ġtennis", "Ġcourts", "</p>"]
    assert said[said.index("ĠNo") + 1] == "Ġlakes"
    assert said[-1] == "</s>"


def test_an_answer_does_not_end_before_all_targets_are_said_nor_begin_another() -> None:
    guide = Guide(TOKENIZER, "segment the roads")
    assert say(guide, "</s>") != ["</s>"]
    guide = Guide(TOKENIZER, "segment the roads")
    assert "ĠNo" not in say(guide, "No roads are visible here. No")[2:]


def test_the_next_sentence_begins_like_one() -> None:
    said = say(Guide(TOKENIZER, "segment the roads and the trees"), f"The <p>roads</p>{RUN} cover. cover")
    assert said[-1] in {"ĠThe", "ĠHere", "ĠNo"}


def test_an_unknown_thing_among_known_ones_is_named_at_the_end() -> None:
    guide = Guide(TOKENIZER, "segment the roads and the unicorns")
    said = say(guide, f"The <p>roads</p>{RUN} cover." + " and" * 5 + "</s>")
    assert said[-7:] == [".", "ĠI", "Ġdo", "Ġnot", "Ġknow", "[NOUN]", "."]


def test_a_question_without_a_class_is_free() -> None:
    wish = "I see <p>water</p>[SEG0]: [SHARE] of the view.</s>"
    assert say(Guide(TOKENIZER, "describe the image"), wish) == TOKENIZER.encode(wish).tokens


@pytest.mark.parametrize("class_id", range(len(CLASSES)))
def test_what_is_guessed_is_what_was_learnt_and_what_must_be_said(class_id: int) -> None:
    """Tokens of a guess that differed from those that the guide insists on would be read for nothing."""
    for _, word in CLASSES[class_id].forms:
        guide = Guide(TOKENIZER, f"segment the {word}")
        for token in TOKENIZER.encode(f"{'Here are' if CLASSES[class_id].countable else 'I marked'} the").ids:
            guide.said(token)
        guess = guide.likely
        assert guess[0] == TOKENIZER.token_to_id("<p>") and guess[-1] == TOKENIZER.encode(".").ids[-1]
        guide.said(guess[0])
        forced = list(guide._forced)
        assert guess[1 : 1 + len(forced)] == forced, word


def test_a_sentence_that_was_never_learnt_is_not_guessed() -> None:
    guide = Guide(TOKENIZER, "segment the roads")
    assert guide.likely == []
    guide.said(TOKENIZER.encode("zebra").ids[0])
    assert guide.likely == []
