"""Tokens of GeoPixel become words and phrases while they come; tags are never shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from geopix_model.geopixel.speech import Speech
from geopix_model.geopixel.tokenizer import Tokenizer, load_tokenizer
from tests.model import geopixel_small as small


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    folder = tmp_path_factory.mktemp("tokenizer")
    (folder / "tokenizer.model").write_bytes(small.tokenizer_model())
    (folder / "added_tokens.json").write_text(json.dumps({"[SEG]": 440, "<p>": 441, "</p>": 442}))
    return load_tokenizer(Path(folder), 443)


@pytest.mark.parametrize(
    ("said", "shown", "names"),
    [
        ("Sure, <p>the car</p> [SEG] and <p>a boat</p> [SEG].", "Sure, {the car} and {a boat}.", ["the car", "a boat"]),
        ("It is [SEG].", "It is {region 1}.", ["region 1"]),
        ("[SEG]", "{region 1}", ["region 1"]),
        ("<p>ship</p> [SEG] [SEG]", "{ship} {region 2}", ["ship", "region 2"]),
        ("<p>ship</p> lies here [SEG]", "ship lies here {region 1}", ["region 1"]),
        ("a <p>b", "a b", []),
        ("a <p>b</p>", "a b", []),
        ("<p></p> [SEG] x", "{region 1} x", ["region 1"]),
        ("<p>q<p>r</p> [SEG]</p> z", "q {r} z", ["r"]),
        ("(<p>ü€木</p> [SEG]) ok", "({ü€木}) ok", ["ü€木"]),
        ("  Sure", "Sure", []),
        ("one\n\ntwo", "one\n\ntwo", []),
        ("Sure.[UNUSED_TOKEN_145]\n</s>", "Sure.", []),
    ],
)
def test_answers_are_shown_without_tags(tokenizer: Tokenizer, said: str, shown: str, names: list[str]) -> None:
    speech = Speech(tokenizer)
    pieces = [piece for token in tokenizer.encode(said) for piece in speech.feed(token)]
    words = "".join(f"{{{piece.text}}}" if piece.phrase else piece.text for piece in pieces)
    assert (words + speech.finish(), speech.names) == (shown, names)


def test_words_come_with_their_token_and_phrases_with_their_mask(tokenizer: Tokenizer) -> None:
    speech, shown = Speech(tokenizer), []
    for token in tokenizer.encode("Sure, <p>the red car</p> [SEG]"):
        pieces = speech.feed(token)
        assert pieces
        shown.append("".join(piece.text for piece in pieces))
    assert shown[:2] == ["Sure", ","]
    assert shown[2:-1] == [""] * len(shown[2:-1])  # a phrase is shown once it has its mask
    assert shown[-1] == " the red car"


def test_half_a_character_waits_for_its_end(tokenizer: Tokenizer) -> None:
    speech = Speech(tokenizer)
    shown = [speech.feed(token)[0].text for token in tokenizer.encode("木")]
    assert len(shown) > 1
    assert shown == [""] * (len(shown) - 1) + ["木"]
