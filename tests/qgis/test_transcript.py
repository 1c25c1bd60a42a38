"""The transcript: streamed text, links, highlights."""

from __future__ import annotations

import pytest
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QColor, QPalette
from qgis.PyQt.QtWidgets import QApplication

from geopix_qgis.gui.colours import MIN_CONTRAST, contrast, muted_colour, readable, warning_colour
from geopix_qgis.gui.transcript import Transcript
from geopix_qgis.gui.turn_writer import TURN_SPACE_PX
from geopix_qgis.palette import COLOURS
from geopix_qgis.turns import Phrase, TurnRecord


@pytest.fixture
def transcript(qgis_app, qtbot):
    transcript = Transcript()
    qtbot.addWidget(transcript)
    transcript.resize(320, 300)
    transcript.show()
    return transcript


def answered(number=1, prompt="roofs", **more):
    turn = TurnRecord(number, prompt, "ortho", "view", time="2026-11-21T10:42:00Z", **more)
    turn.pieces = [("Here are 2 ", None), ("houses", 0), (" and a pond. No ", None), ("cars", 1), (" found.", None)]
    turn.phrases = {0: Phrase("house", COLOURS[0], 2)}
    turn.footer = "0.5 s, fake 1 on cpu"
    return turn


def links(transcript):
    return [(href, text[offset : offset + 6]) for _, href, text, offset in transcript._anchors()]


def test_words_are_added_as_they_come_and_a_phrase_with_polygons_is_a_link(transcript):
    turn = TurnRecord(1, "roofs", "ortho")
    transcript.start_turn(turn)
    turn.pieces.append(("Here are 2 ", None))
    transcript.repaint_turn()
    assert transcript.toPlainText().endswith("Here are 2 ")
    turn.phrases[0] = Phrase("house", COLOURS[0], 1)
    turn.pieces += [("houses", 0), (".", None)]
    transcript.repaint_turn()
    assert transcript.toPlainText().endswith("Here are 2 \u25a0 houses.")
    assert links(transcript) == [("geopix:phrase/1/0", "houses")]


def test_the_end_of_a_turn_stands_on_lines_of_its_own(transcript):
    turn = TurnRecord(1, "roofs", "ortho")
    transcript.start_turn(turn)
    turn.pieces.append(("Nothing was found.", None))
    transcript.repaint_turn()
    turn.footer = "1.0 s, fake"
    transcript.repaint_turn()
    assert transcript.toPlainText().split("\n")[-3:] == ["Nothing was found.", "1.0 s, fake", "copy · retry · edit"]


def test_a_phrase_that_was_said_before_its_polygons_came_becomes_a_link_then(transcript):
    turn = TurnRecord(1, "roofs", "ortho")
    transcript.start_turn(turn)
    turn.pieces += [("Here are ", None), ("houses", 0)]
    transcript.repaint_turn()
    assert links(transcript) == []
    turn.phrases[0] = Phrase("house", COLOURS[0], 1)
    turn.pieces.append((", all red.", None))
    transcript.repaint_turn()
    assert links(transcript) == [("geopix:phrase/1/0", "houses")]
    assert transcript.toPlainText().endswith("Here are \u25a0 houses, all red.")


def test_a_finished_turn_offers_what_can_be_done_with_it(transcript, qtbot):
    transcript.show_turns([answered()])
    assert transcript.toPlainText().endswith("copy · retry · edit · undo")
    with qtbot.waitSignal(transcript.action_clicked) as caught:
        transcript.anchorClicked.emit(QUrl("geopix:do/1/undo"))
    assert caught.args == [1, "undo"]
    transcript._turns[0].undone = True
    transcript.refresh_turn(1)
    assert transcript.toPlainText().endswith("copy · retry · edit · restore")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_turn_written_anew_leaves_the_others_as_they_are(transcript, number):
    turns = [answered(n, prompt=f"question {n}") for n in (1, 2, 3)]
    transcript.show_turns(turns)
    before = transcript.toPlainText()
    transcript.refresh_turn(number)
    assert transcript.toPlainText() == before
    turns[number - 1].undone = True
    transcript.refresh_turn(number)
    transcript.refresh_turn(number)
    after = transcript.toPlainText()
    assert after.count("restore") == 1 and after.count("undo") == 2
    assert after.replace("restore", "undo") == before


def test_turns_have_space_between_them_and_none_at_the_top(transcript):
    transcript.show_turns([answered(1), answered(2)])
    document = transcript.document()
    assert document.begin().blockFormat().topMargin() == 0
    second = document.find("You", document.find("You").position()).block()
    assert second.blockFormat().topMargin() == TURN_SPACE_PX


def test_selected_polygons_highlight_their_sentence_and_no_other(transcript):
    transcript.show_turns([answered(1), answered(2)])
    transcript.mark({(2, 0)})
    (mark,) = transcript.extraSelections()
    assert mark.cursor.selectedText() == "Here are 2 \u25a0\u00a0houses and a pond."
    transcript.mark(set())
    assert transcript.extraSelections() == []


def test_a_highlighted_sentence_is_scrolled_to(transcript):
    transcript.show_turns([answered(number) for number in range(1, 30)])
    bar = transcript.verticalScrollBar()
    assert bar.value() == bar.maximum()
    transcript.mark({(2, 0)})
    place = transcript.cursorRect(transcript.extraSelections()[0].cursor)
    assert 0 <= place.top() <= transcript.viewport().height()


def test_who_reads_above_is_not_dragged_to_the_end(transcript):
    transcript.show_turns([answered(number) for number in range(1, 30)])
    turn = TurnRecord(30, "more", "ortho")
    transcript.start_turn(turn)
    transcript.verticalScrollBar().setValue(10)
    turn.pieces.append(("word " * 500, None))
    transcript.repaint_turn()
    assert transcript.verticalScrollBar().value() == 10


def test_what_is_said_or_typed_is_never_markup(transcript):
    turn = TurnRecord(
        1, "<b>bold</b> & <script>", "<i>raster</i>", pieces=[('<a href="http://evil">x</a><img src=y>', None)]
    )
    turn.footer = "<u>end</u>"
    transcript.show_turns([turn])
    text = transcript.toPlainText()
    for part in ("<b>bold</b> & <script>", "<i>raster</i>", '<a href="http://evil">x</a><img src=y>', "<u>end</u>"):
        assert part in text
    assert all(href.startswith("geopix:do/") for href, _ in links(transcript))


def test_a_long_answer_stays_as_quick_as_a_short_one(transcript):
    """The work for a batch of words must not grow with all that was said: it is counted, not timed."""
    turn = TurnRecord(1, "tell", "ortho")
    transcript.start_turn(turn)
    written = []
    transcript.document().contentsChange.connect(lambda place, removed, added: written.append((removed, added)))
    for number in range(10_000):
        turn.pieces.append((f"{number:05d} ", None))
        if number % 100 == 99:
            transcript.repaint_turn()
    assert len(transcript.toPlainText()) > 60_000
    assert sum(removed for removed, _ in written) == 0
    assert sum(added for _, added in written) < 70_000


def test_before_the_first_question_examples_are_offered(transcript, qtbot):
    transcript.invite(["Segment the roads.", "Count the cars."], ["nano knows roads."])
    assert "Count the cars." in transcript.toPlainText() and "nano knows roads." in transcript.toPlainText()
    with qtbot.waitSignal(transcript.example_clicked) as caught:
        transcript.anchorClicked.emit(QUrl("geopix:try/1"))
    assert caught.args == ["Count the cars."]
    transcript.start_turn(answered())
    assert "nano knows" not in transcript.toPlainText()
    transcript.invite(["Other."], [])
    assert "Other." not in transcript.toPlainText()


def test_pointing_at_a_phrase_tells_of_its_polygons(transcript, qtbot):
    transcript.show_turns([answered()])
    seen = []
    transcript.phrase_hovered.connect(seen.append)
    transcript.describe = lambda turn, target: f"{turn}/{target}"
    transcript._hovered(QUrl("geopix:phrase/1/0"))
    transcript._hovered(QUrl(""))
    assert seen == [(1, 0), None]


@pytest.mark.parametrize(("background", "text"), [("#ffffff", "#000000"), ("#2b2b2b", "#f0f0f0")])
@pytest.mark.parametrize("colour", COLOURS)
def test_every_colour_can_be_read_on_light_and_dark(qgis_app, background, text, colour):
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Base, QColor(background))
    palette.setColor(QPalette.ColorRole.Text, QColor(text))
    for shown in (readable(colour, palette), muted_colour(palette), warning_colour(palette)):
        assert contrast(QColor(shown), QColor(background)) >= MIN_CONTRAST


def test_a_new_theme_is_followed(transcript):
    transcript.show_turns([answered()])
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Base, QColor("#2b2b2b"))
    transcript.setPalette(palette)
    QApplication.processEvents()
    foreground = next(
        fragment_colour for href, fragment_colour in _link_colours(transcript) if href == "geopix:phrase/1/0"
    )
    assert contrast(foreground, QColor("#2b2b2b")) >= MIN_CONTRAST


def _link_colours(transcript):
    block = transcript.document().begin()
    while block.isValid():
        fragments = block.begin()
        while not fragments.atEnd():
            look = fragments.fragment().charFormat()
            if look.isAnchor():
                yield look.anchorHref(), look.foreground().color()
            fragments += 1
        block = block.next()


def test_what_was_said_last_stays_in_sight_when_a_panel_below_opens(transcript, qtbot):
    transcript.show_turns([answered(number) for number in range(1, 9)])
    transcript.resize(320, 120)
    bar = transcript.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.value() == bar.maximum() > 0, timeout=1000)
    bar.setValue(0)
    transcript.resize(320, 90)
    assert bar.value() == 0  # the analyst reads further up
