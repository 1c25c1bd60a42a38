"""Example prompts fit the model, and its limits are said."""

from __future__ import annotations

import dataclasses

from geopix_qgis import examples
from geopix_qgis.protocol import ModelFacts

NANO = ModelFacts(
    "nano", "GeoPix nano", 1, 1, "MIT", "Small.", True, 384, 64, (0.2, 1.2), ("road", "building", "water"), "No kinds."
)


def test_examples_name_only_what_the_model_knows():
    assert examples.prompts(NANO) == [
        "Segment the buildings and the roads.",
        "Where is water in the view?",
        examples.IDENTIFY,
    ]


def test_without_facts_or_classes_the_general_ones_are_offered():
    general = examples.prompts(None)
    assert len(general) == examples.SHOWN + 1
    assert examples.prompts(ModelFacts(**{**NANO.__dict__, "classes": ()})) == general


def test_the_note_says_classes_resolution_limits_and_that_all_stays_here():
    text = " ".join(examples.notes(NANO))
    for part in ("road, building and water", "0.2 to 1.2 m", "No kinds.", examples.LOCAL):
        assert part in text
    assert examples.notes(None) == [examples.LOCAL]


def test_a_model_that_is_not_here_says_so_first():
    missing = dataclasses.replace(NANO, installed=False, how_to_get="Fetch it.")
    assert examples.notes(missing)[0] == "GeoPix nano is not installed: Fetch it."
