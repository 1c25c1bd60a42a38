"""Tokens of an answer become text, phrases, masks and measures while they stream."""

from __future__ import annotations

import pytest
import torch
from tokenizers import Tokenizer

from geopix_model.nano.lexicon import listing
from geopix_model.nano.prompts import SEG_RUN
from geopix_model.nano.speech import SegRun, Speech
from geopix_model.predictor import Measure, Text
from tests.model.small import small_tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return small_tokenizer()


def say(tokenizer: Tokenizer, answer: str, prompt: str = "segment the planes") -> list[list[object]]:
    """The pieces of each token of an answer; the state of token i is filled with i."""
    speech = Speech(tokenizer, prompt)
    ids = tokenizer.encode(answer, add_special_tokens=False).ids
    return [list(speech.feed(token, torch.full((4,), float(i)))) for i, token in enumerate(ids)]


def flat(steps: list[list[object]]) -> list[object]:
    return [piece for step in steps for piece in step]


def text(pieces: list[object]) -> str:
    return "".join(p.text for p in pieces if isinstance(p, Text))


def test_a_grounded_sentence_gives_phrase_mask_and_measures_in_order(tokenizer: Tokenizer) -> None:
    pieces = flat(say(tokenizer, f"Here are the <p>planes</p>{SEG_RUN}: [COUNT] in all, covering [AREA]."))
    assert text(pieces) == "Here are the planes:  in all, covering ."
    kinds = [p for p in pieces if not isinstance(p, Text) or p.phrase]
    assert kinds[0] == Text("planes", phrase=True)
    assert isinstance(kinds[1], SegRun) and (kinds[1].phrase, kinds[1].target) == ("planes", 0)
    assert kinds[2:] == [Measure("count", 0), Measure("area", 0)]


def test_the_mask_carries_the_states_that_predicted_its_six_tokens(tokenizer: Tokenizer) -> None:
    steps = say(tokenizer, f"<p>ships</p>{SEG_RUN}.")
    at = next(i for i, step in enumerate(steps) if any(isinstance(p, SegRun) for p in step))
    run = next(p for p in steps[at] if isinstance(p, SegRun))
    assert [int(s[0]) for s in run.states] == list(range(at - 5, at + 1))


def test_every_token_yields_something_so_that_a_stop_is_seen(tokenizer: Tokenizer) -> None:
    steps = say(tokenizer, f"Here are the <p>swimming pools</p>{SEG_RUN}: [COUNT] in all.")
    assert all(steps)


def test_targets_are_numbered_and_measures_belong_to_the_last_one(tokenizer: Tokenizer) -> None:
    pieces = flat(say(tokenizer, f"<p>Ships</p>{SEG_RUN}: [COUNT]. <p>Planes</p>{SEG_RUN}: [COUNT]."))
    assert [p.target for p in pieces if isinstance(p, (SegRun, Measure))] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    "run", ["[SEG0][SEG1][SEG2]", "[SEG1][SEG0][SEG2][SEG3][SEG4][SEG5]", "[SEG0][SEG1] and [SEG2]"]
)
def test_an_incomplete_or_permuted_run_gives_no_mask(tokenizer: Tokenizer, run: str) -> None:
    assert not [p for p in flat(say(tokenizer, f"<p>ships</p>{run}.")) if isinstance(p, SegRun)]


def test_the_unknown_thing_and_the_known_classes_are_filled_in(tokenizer: Tokenizer) -> None:
    pieces = flat(say(tokenizer, "I do not know [NOUN]. I can find [CLASSES].", "segment all the heliports"))
    assert text(pieces) == f'I do not know "heliports". I can find {listing()}.'


def test_a_character_of_several_bytes_is_never_shown_half(tokenizer: Tokenizer) -> None:
    pieces = flat(say(tokenizer, "Café 木 there."))
    assert all("\ufffd" not in p.text for p in pieces if isinstance(p, Text))
    assert text(pieces).split() == ["Café", "木", "there."]
