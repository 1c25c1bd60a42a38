"""Conversations are kept with the project and written as Markdown."""

from __future__ import annotations

import json

import pytest
from qgis.core import QgsProject

from geopix_qgis import history
from geopix_qgis.turns import Phrase, TurnRecord

UMLAUTS = "Wieviele Bäume? 屋根 <b>&"


def a_turn(number: int = 1, prompt: str = UMLAUTS) -> TurnRecord:
    return TurnRecord(
        number,
        prompt,
        "ortho",
        "drawn box",
        "/data/ortho.tif",
        "2026-11-21T10:42:00Z",
        [("There are 2 ", None), ("trees", 0), (". No *cars* found.", None)],
        {0: Phrase("vegetation", "#3f90da", 2)},
        new_context="New place.",
        footer="0.5 s, fake 1 on cpu",
        warning="The raster has 10 m per pixel.",
        undone=True,
    )


def test_turns_survive_a_saved_project(qgis_new_project, tmp_path):
    turns = [a_turn(), TurnRecord(2, "again", "ortho", problem="The model process ended unexpectedly.")]
    history.keep(QgsProject.instance(), turns)
    path = str(tmp_path / "project.qgz")
    assert QgsProject.instance().write(path)
    other = QgsProject()
    assert other.read(path)
    assert history.restore(other) == turns


def test_without_turns_nothing_is_left_in_the_project(qgis_new_project):
    project = QgsProject.instance()
    history.keep(project, [a_turn()])
    history.keep(project, [])
    assert project.readEntry(history.SCOPE, history.KEY, "none") == ("none", False)


def test_only_the_newest_turns_are_kept():
    turns = [a_turn(number) for number in range(1, history.KEPT_TURNS + 11)]
    assert [turn.number for turn in history.load(history.dump(turns))] == list(range(11, history.KEPT_TURNS + 11))


def spoilt(**values: object) -> str:
    said = json.loads(history.dump([a_turn()]))
    said["turns"][0].update(values)
    return json.dumps(said)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", '{"version": 99, "turns": [1]}', '{"version": 1, "turns": [1, {}, null]}',
     spoilt(pieces=[[1]]), spoilt(pieces="x"), spoilt(phrases=[1]), spoilt(number="x"), spoilt(phrases={"a": ["b"]})],
)  # fmt: skip
def test_what_is_no_history_gives_no_turns(text):
    assert history.load(text) == []


def test_a_colour_from_a_project_file_cannot_carry_anything_else():
    turns = history.load(spoilt(phrases={"0": ["x", "red; background:url(http://evil)", 1]}))
    assert turns[0].phrases == {}


def test_markdown_quotes_the_question_marks_the_phrases_and_escapes_the_rest():
    text = history.markdown([a_turn(prompt="Find *all*\n# trees")])
    assert "> Find \\*all\\*\n> \\# trees" in text
    assert "There are 2 **trees** (2). No \\*cars\\* found." in text
    assert "*New place.*" in text and "ortho, drawn box, 2026-11-21T10:42:00Z" in text
    assert "0.5 s, fake 1 on cpu The raster has 10 m per pixel. Its polygons were taken off the map." in text
