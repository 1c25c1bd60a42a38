"""The card of results as an analyst uses it: limits, eyes, buttons, and what it says."""

from __future__ import annotations

import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtWidgets import QAbstractButton, QAbstractSpinBox, QWidget

from geopix_qgis import filters
from geopix_qgis.filters import Filter
from geopix_qgis.gui.result_card import ResultCard
from geopix_qgis.gui.result_row import Row, rows_of
from geopix_qgis.summaries import Histogram, histogram
from geopix_qgis.wording import area_text

ROWS = [
    Row("airplane", "#3f90da", 14, "6,210 m²", True),
    Row("truck", "#ffa90e", 5, "142 m²", True),
    Row("the small houses beside the long northern road", "#bd1f01", 1204, "38.2 ha", True, rejected=3),
]
SCORES = Histogram((1, 4, 9, 2), 1.0, 1)
AREAS = Histogram((5, 0, 9, 2), 8000.0, 3)


@pytest.fixture
def card(qgis_app, qgis_new_project, qtbot):
    card = ResultCard()
    qtbot.addWidget(card)
    card.resize(304, 260)  # what a dock of 320 px leaves
    card.show_results(ROWS)
    card.set_scales(SCORES, AREAS)
    card.show()
    return card


@pytest.fixture
def heard(card):
    """Every signal of the card, as it comes."""
    said = []
    for name in ("zoom_requested", "export_requested", "style_requested", "accept_all", "reject_all", "restore_all"):
        getattr(card, name).connect(lambda what, name=name: said.append((name, what)))
    card.delete_all.connect(lambda what: said.append(("delete_all", what)))
    card.visibility_changed.connect(lambda what, on: said.append((what, on)))
    for name in ("shape_requested", "merge_requested", "accept_requested", "reject_requested", "undo_requested"):
        getattr(card, name).connect(lambda name=name: said.append(name))
    return said


def test_the_card_fits_a_dock_of_320_px(card):
    assert card.minimumSizeHint().width() <= 304
    for line in card.rows:
        for part in (line.count, line.area):
            assert part.fontMetrics().horizontalAdvance(part.text()) <= part.width()
        right = line.more.mapTo(card, QPoint(line.more.width(), 0)).x()
        assert right <= card.width()


def test_a_short_list_needs_no_scroll_bar_in_a_theme_that_draws_frames(card, qtbot):
    card.setStyleSheet("QAbstractScrollArea { border: 2px solid red; }")
    card.show_results(ROWS[:2])
    qtbot.wait(20)
    assert card._scroll.frameWidth() == 2 and card._scroll.verticalScrollBar().maximum() == 0


def test_two_numbers_in_a_line_are_apart(card):
    for line in card.rows:
        text = line.area.fontMetrics().horizontalAdvance(line.area.text())
        left = line.area.mapTo(card, QPoint(line.area.width() - text, 0)).x()
        assert left - line.count.mapTo(card, QPoint(line.count.width(), 0)).x() >= 8


def test_numbers_stand_below_numbers(card):
    for part in ("count", "area", "eye", "more"):
        assert len({getattr(line, part).mapTo(card, QPoint(0, 0)).x() for line in card.rows}) == 1


def test_a_name_that_does_not_fit_is_in_the_tooltip(card):
    assert card.rows[2].name.toolTip() == ROWS[2].category


def test_moving_a_slider_says_the_filter_at_most_every_60_ms(card, qtbot):
    found = []
    card.filter_changed.connect(found.append)
    for position in range(0, 101, 5):
        card.min_score.slider.setValue(position)
    assert found == []
    qtbot.waitUntil(lambda: bool(found), timeout=1000)
    assert found == [Filter(min_score=0.5)]


def test_the_map_follows_while_the_slider_is_still_moving(card, qtbot):
    found = []
    card.filter_changed.connect(found.append)
    for position in range(0, 120, 2):
        card.min_score.slider.setValue(position)
        qtbot.wait(8)
    assert len(found) >= 3


def test_typing_a_limit_moves_the_slider_and_the_other_way_round(card):
    card.min_score.box.setValue(0.25)
    assert card.min_score.slider.value() == 50
    card.min_area.slider.setValue(100)
    assert card.min_area.value == pytest.approx(8000 / 8)
    assert card.filter == Filter(min_score=0.25, min_area=1000.0)


def test_a_new_scale_leaves_the_limit_where_it_was(card, qtbot):
    card.min_area.box.setValue(500)
    with qtbot.waitSignal(card.filter_changed):
        pass
    found = []
    card.filter_changed.connect(found.append)
    card.set_scales(SCORES, Histogram((3, 1), 100.0, 3))
    assert (card.min_area.value, card.min_area.slider.value()) == (500, 200)
    card.set_scales(Histogram(), Histogram(), measured=False)
    assert not card.min_score.isEnabled() and card.filter.min_area == 500
    assert "u²" in card.min_area.box.suffix() and "no CRS" in card.min_area.box.toolTip()
    qtbot.wait(100)
    assert found == []


def test_an_eye_hides_a_category_and_shows_it_again(card, qtbot, heard):
    eye = card.rows[1].eye
    with qtbot.waitSignal(card.filter_changed) as said:
        qtbot.mouseClick(eye, Qt.MouseButton.LeftButton)
    assert heard == [("truck", False)] and said.args[0].hidden == frozenset(["truck"])
    assert not card.rows[1].zoom.isEnabled() and eye.accessibleName() == "Show truck"
    with qtbot.waitSignal(card.filter_changed) as said:
        qtbot.mouseClick(eye, Qt.MouseButton.LeftButton)
    assert said.args[0].hidden == frozenset()


def test_the_menu_and_the_buttons_say_what_is_wanted(card, qtbot, heard):
    qtbot.mouseClick(card.rows[0].zoom, Qt.MouseButton.LeftButton)
    for name in ("export", "style", "accept", "reject", "delete"):
        card.rows[0].actions[name].trigger()
    card.rows[2].actions["restore"].trigger()
    rows = ["accept_all", "reject_all", "delete_all", "restore_all"]
    assert [name for name, _ in heard] == ["zoom_requested", "export_requested", "style_requested", *rows]
    assert {what for _, what in heard} == {"airplane", ROWS[2].category}
    heard.clear()
    card.set_selection(2)
    card.set_undo("Merge 2 polygons")
    for button in card.buttons.values():
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert heard == ["accept_requested", "reject_requested", "merge_requested", "shape_requested", "undo_requested"]
    assert card.buttons["undo"].toolTip() == "Undo: Merge 2 polygons"


def test_the_selection_enables_what_can_be_done_with_it(card):
    enabled = {}
    for count in range(3):
        card.set_selection(count)
        enabled[count] = [name for name in ("accept", "reject", "merge") if card.buttons[name].isEnabled()]
    assert enabled == {0: [], 1: ["accept", "reject"], 2: ["accept", "reject", "merge"]}


def test_rejected_polygons_can_be_looked_at_again(card, qtbot):
    assert card.rejected.isVisible() and card.rejected.text() == "Show 3 rejected"
    with qtbot.waitSignal(card.filter_changed) as said:
        card.rejected.click()
    assert said.args[0].show_rejected
    assert card.rows[2].actions["restore"].text() == "Restore 3 Rejected"
    assert not card.rows[0].actions["restore"].isVisible()


def test_without_results_there_is_no_card(card):
    card.show_results([])
    assert card.isHidden() and not card.buttons["shape"].isEnabled()
    card.show_results(ROWS[:1])
    assert not card.isHidden() and card.title() == "Results: 14 shown"


def test_many_categories_scroll(card):
    card.show_results([Row(f"class {n}", "#3f90da", n, f"{n} m²", True) for n in range(17)])
    assert card.sizeHint().height() < 320 and len(card.rows) == 17


def test_every_control_has_a_name_and_says_what_it_does(card):
    controls = [w for w in card.findChildren(QWidget) if isinstance(w, (QAbstractButton, QAbstractSpinBox))]
    ours = [w for w in controls if w.objectName().startswith("geopix")]
    assert len(ours) >= 17
    assert [w.objectName() for w in ours if not w.toolTip()] == []
    assert [w.objectName() for w in ours if not (w.accessibleName() or w.text())] == []


def test_the_lines_tell_how_their_numbers_were_computed(qgis_new_project):
    layer = QgsVectorLayer(
        "MultiPolygon?crs=EPSG:32633&field=phrase:string&field=class:string&field=score:double&field=area_m2:double"
        "&field=review:string(20)",
        "answers",
        "memory",
    )
    square = "MultiPolygon(((0 0,50 0,50 50,0 50,0 0)))"
    for score, review in ((0.9, ""), (0.6, "accepted"), (0.8, "rejected")):
        feature = QgsFeature(layer.fields())
        feature.setGeometry(QgsGeometry.fromWkt(square))
        feature.setAttributes(["houses", "house", score, 2500.0, review])
        layer.dataProvider().addFeatures([feature])
    QgsProject.instance().addMapLayer(layer)
    wanted = Filter(min_score=0.95)
    filters.apply([layer], wanted)
    (row,) = rows_of([layer], wanted, {"house": "#bd1f01"})
    assert (row.category, row.colour, row.count, row.area_text, row.shown) == ("house", "#bd1f01", 1, "2,500 m²", True)
    assert row.count_note == "1 of 2 polygons pass the limits of score and area\n1 accepted, 1 rejected"
    assert row.area_note == "Sum of the geodesic areas of 1 polygon"
    assert sum(histogram([layer], "score").counts) == 3


def test_areas_are_written_for_reading():
    texts = [area_text(area, True) for area in (4.21, 6210.0, 123_456.0, 45_000_000.0)]
    assert texts == ["4.2 m²", "6,210 m²", "12.3 ha", "45.0 km²"]
    assert area_text(6210.4, False) == "6,210 units²"
