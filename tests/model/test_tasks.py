"""What is wanted of a question: an explicit choice, else a tag, else the words."""

from __future__ import annotations

import pytest

from geopix_model.tasks import CHOICES, TAGS, chosen, explicit, meant
from geopix_qgis import protocol


@pytest.mark.parametrize(
    ("words", "task"),
    [
        ("Can you segment the storage tank in the top and the storage tank in the bottom?", "segment"),
        ("storage tanks", "segment"),
        ("Find all buildings", "segment"),
        ("please outline the ships", "segment"),
        ("Show me the roads.", "segment"),
        ("extract building footprints as polygons", "segment"),
        ("Where is the storage tank that is a little smaller than the large storage tank?", "refer"),
        ("Draw a bounding box around each ship", "refer"),
        ("give me boxes of the cars", "refer"),
        ("locate the airplane on the apron", "refer"),
        ("Describe the image in detail", "caption"),
        ("What do you see?", "caption"),
        ("what is in this image?", "caption"),
        ("Please give a short description of this harbour", "caption"),
        ("How many ships are there?", "vqa"),
        ("Is there a bridge?", "vqa"),
        ("What colour is the roof?", "vqa"),
        ("Which is larger, the lake or the forest?", "vqa"),
        ("And now?", "vqa"),
    ],
)
def test_the_words_say_what_is_wanted(words: str, task: str) -> None:
    assert meant(words) == task


@pytest.mark.parametrize(
    ("prompt", "task", "words"),
    [
        ("[refer] ships", "refer", "ships"),
        ("  [ Segment ]  How many?", "segment", "How many?"),
        ("[Visual Question Answering] the ships", "vqa", "the ships"),
        ("[vqa] the ships", "vqa", "the ships"),
        ("[caption] boxes", "caption", "boxes"),
        ("what is [segment] for?", "segment", "what is [segment] for?"),
    ],
)
def test_a_typed_tag_wins_over_the_words_and_is_taken_off(prompt: str, task: str, words: str) -> None:
    assert chosen(prompt) == (task, words)


@pytest.mark.parametrize("task", list(TAGS))
def test_an_explicit_choice_wins_over_all(task: str) -> None:
    for other in TAGS.values():
        assert chosen(f"{other} Describe the ships", task) == (task, "Describe the ships")  # type: ignore[arg-type]
        assert explicit(f"{other} ships", task) == task  # type: ignore[arg-type]
    assert explicit("segment the ships") == "auto"


def test_the_wire_knows_the_same_tasks() -> None:
    assert protocol.TASKS == CHOICES
