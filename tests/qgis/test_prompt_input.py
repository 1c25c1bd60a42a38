"""The text box: Enter, lines, and what was asked before."""

from __future__ import annotations

import pytest
from qgis.PyQt.QtCore import Qt

from geopix_qgis.gui.prompt_input import PromptInput

UP, DOWN = Qt.Key.Key_Up, Qt.Key.Key_Down


@pytest.fixture
def box(qgis_app, qtbot):
    box = PromptInput()
    qtbot.addWidget(box)
    box.show()
    return box


def test_up_and_down_walk_through_earlier_prompts_and_back_to_what_was_typed(box, qtbot):
    box.earlier = lambda: ["first", "second", "second", "third"]
    box.setPlainText("draft")
    seen = []
    for key in (UP, UP, UP, UP, DOWN, DOWN, DOWN, DOWN):
        qtbot.keyClick(box, key)
        seen.append(box.toPlainText())
    assert seen == ["third", "second", "first", "first", "second", "third", "draft", "draft"]


def test_inside_several_lines_the_keys_move_the_cursor_first(box, qtbot):
    box.earlier = lambda: ["before"]
    box.take("one\ntwo")
    qtbot.keyClick(box, UP)
    assert box.toPlainText() == "one\ntwo"
    qtbot.keyClick(box, UP)
    assert box.toPlainText() == "before"


def test_without_earlier_prompts_nothing_happens(box, qtbot):
    box.setPlainText("typed")
    qtbot.keyClick(box, UP)
    assert box.toPlainText() == "typed"
