"""What was found, by category, with limits that act at once and the buttons to review it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Optional

from qgis.gui import QgsCollapsibleGroupBox

from ..filters import Filter
from ..qt import QtCore, QtWidgets, Signal
from ..summaries import Histogram
from ..translation import tr
from .buttons import tool_button
from .naming import name_widgets
from .result_row import ResultRow, Row
from .threshold_slider import ThresholdSlider

THROTTLE_MS = 60
MAX_ROWS_SEEN = 6
NUMBER_SPACE_PX = 8  # left of a number, so that two of them are not read as one


class ResultCard(QgsCollapsibleGroupBox):
    """A line for each category, two limits, and what can be done with the selected polygons.

    Signals: ``filter_changed(Filter)`` at most every 60 ms; ``visibility_changed(str, bool)``; ``zoom_requested``,
    ``export_requested``, ``style_requested``, ``accept_all``, ``reject_all``, ``restore_all`` and ``delete_all`` with a
    category; and, without, ``shape_requested``, ``merge_requested``, ``accept_requested``, ``reject_requested`` and
    ``undo_requested``.
    """

    filter_changed = Signal(object)
    zoom_requested = Signal(str)
    visibility_changed = Signal(str, bool)
    export_requested = Signal(str)
    style_requested = Signal(str)
    accept_all = Signal(str)
    reject_all = Signal(str)
    restore_all = Signal(str)
    delete_all = Signal(str)
    shape_requested = Signal()
    merge_requested = Signal()
    accept_requested = Signal()
    reject_requested = Signal()
    undo_requested = Signal()

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("geopixResultCard")
        self.setSaveCollapsedState(False)
        self.setFlat(True)  # a frame would take the room of a name at 320 px
        self._hidden: frozenset[str] = frozenset()
        self.rows: list[ResultRow] = []
        self.min_score, self.min_area = ThresholdSlider("geopixMinScore"), ThresholdSlider("geopixMinArea")
        self.rejected = QtWidgets.QCheckBox()
        self.rejected.setObjectName("geopixShowRejected")
        self.rejected.setToolTip(tr("Show rejected polygons, to look at them again or restore them"))
        self.buttons: dict[str, QtWidgets.QToolButton] = {}
        self._throttle = QtCore.QTimer(self)
        self._throttle.setSingleShot(True)
        self._throttle.setInterval(THROTTLE_MS)
        self._throttle.timeout.connect(lambda: self.filter_changed.emit(self.filter))
        arrow = self.findChild(QtWidgets.QToolButton, "collapseButton")
        if arrow is not None:  # QGIS's own, and without a name for screen readers
            arrow.setAccessibleName(tr("Show or hide the results"))
        self._place()
        for slider in (self.min_score, self.min_area):
            slider.changed.connect(self._filter_soon)
        self.rejected.toggled.connect(self._filter_soon)
        self.set_scales(Histogram(), Histogram())
        self.set_selection(0)
        self.set_undo("")
        self.show_results([])

    @property
    def filter(self) -> Filter:
        """What the controls say."""
        return Filter(self.min_score.value, self.min_area.value, self._hidden, self.rejected.isChecked())

    def show_results(self, rows: Sequence[Row]) -> None:
        """Shows a line for each row; the card hides where there is none."""
        if [row.category for row in rows] == [line.row.category for line in self.rows]:
            for line, row in zip(self.rows, rows):
                line.show_row(row)
        else:
            self._replace_rows(rows)
        self._line_up()
        seen = sum(row.count for row in rows if row.shown)
        rejected = sum(row.rejected for row in rows)
        self.setTitle(tr("Results: {seen:,} shown", seen=seen))
        self.rejected.setText(tr("Show {rejected:,} rejected", rejected=rejected))
        self.rejected.setVisible(rejected > 0)
        self.buttons["shape"].setEnabled(seen > 0)
        self.setVisible(bool(rows))

    def set_scales(self, scores: Histogram, areas: Histogram, measured: bool = True) -> None:
        """Sets the bars behind the sliders (``summaries.histogram``); ``measured``: areas are in square metres."""
        self.min_score.set_scale(scores, 2)
        self.min_area.set_scale(areas, 1, " m²" if measured else " u²")
        width = max(slider.box_width() for slider in (self.min_score, self.min_area))
        for slider in (self.min_score, self.min_area):
            slider.box.setFixedWidth(width)
        unit = (
            tr("square metres on the ground") if measured else tr("square units of the coordinates, as there is no CRS")
        )
        self.min_area.describe(tr("Least area"), tr("Hide smaller polygons ({unit}); accepted ones stay", unit=unit))

    def set_selection(self, count: int) -> None:
        """Enables what can be done with the polygons that are selected on the map."""
        for name, least in (("merge", 2), ("accept", 1), ("reject", 1)):
            self.buttons[name].setEnabled(count >= least)

    def set_undo(self, name: str) -> None:
        """Says what Undo would take back (``Undo.next_name``); empty for nothing."""
        self.buttons["undo"].setEnabled(bool(name))
        self.buttons["undo"].setToolTip(tr("Undo: {name}", name=name) if name else tr("Nothing to undo"))

    def _place(self) -> None:
        self._list = QtWidgets.QWidget()
        self._lines = QtWidgets.QVBoxLayout(self._list)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(0)
        self._scroll = QtWidgets.QScrollArea()
        self._scroll.setObjectName("geopixResultList")
        self._scroll.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self._list)
        self.min_score.describe(
            tr("Least score"), tr("Hide polygons that the model is less sure of; accepted ones stay")
        )
        limits = QtWidgets.QGridLayout()
        limits.setHorizontalSpacing(6)
        limits.setVerticalSpacing(2)
        for number, (text, slider) in enumerate(((tr("Score ≥"), self.min_score), (tr("Area ≥"), self.min_area))):
            label = QtWidgets.QLabel(text)
            label.setBuddy(slider.box)
            limits.addWidget(label, number, 0)
            limits.addWidget(slider, number, 1)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(2, 4, 2, 4)
        column.setSpacing(5)
        column.addWidget(self._scroll)
        column.addLayout(limits)
        column.addWidget(self.rejected)
        column.addLayout(self._make_buttons())

    def _make_buttons(self) -> QtWidgets.QHBoxLayout:
        line = QtWidgets.QHBoxLayout()
        line.setSpacing(2)
        for name, label, icon, tip, signal in (
            (
                "accept",
                tr("Accept"),
                "",
                tr("Accept the selected polygons: no limit hides them any more"),
                self.accept_requested,
            ),
            ("reject", tr("Reject"), "", tr("Reject the selected polygons: they are hidden"), self.reject_requested),
            (
                "merge",
                tr("Merge"),
                "mActionMergeFeatures",
                tr("Unite the selected polygons of one class"),
                self.merge_requested,
            ),
            (
                "shape",
                tr("Shape"),
                "mActionSimplify",
                tr("Fill holes, simplify or square outlines..."),
                self.shape_requested,
            ),
            ("undo", tr("Undo"), "mActionUndo", "", self.undo_requested),
        ):
            button = tool_button(icon, flat=False)
            name_widgets((button, f"geopix{name.title()}", label, tip))
            if not icon:
                button.setText(label)
                button.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Preferred)
            button.clicked.connect(signal)
            self.buttons[name] = button
            line.addWidget(button)
        return line

    def _replace_rows(self, rows: Sequence[Row]) -> None:
        for line in self.rows:
            self._lines.removeWidget(line)
            line.deleteLater()
        self.rows = [ResultRow(row) for row in rows]
        for line in self.rows:
            self._lines.addWidget(line)
            line.visibility_changed.connect(lambda on, shown=line: self._switch(shown.row, on))
            line.chosen.connect(lambda what, shown=line: self._choose(what, shown.row.category))

    def _line_up(self) -> None:
        """Numbers below numbers, buttons below buttons; long lists scroll."""
        for part in ("count", "area"):
            labels = [getattr(line, part) for line in self.rows]
            width = max((label.fontMetrics().horizontalAdvance(label.text()) for label in labels), default=0)
            for label in labels:
                label.setFixedWidth(width + NUMBER_SPACE_PX)
        seen = self.rows[:MAX_ROWS_SEEN]
        frame = 2 * self._scroll.frameWidth()  # a theme's style sheet may draw one, although none is wanted
        self._scroll.setFixedHeight(sum(line.sizeHint().height() for line in seen) + frame + 1)

    def _switch(self, row: Row, shown: bool) -> None:
        self._hidden = self._hidden - {row.category} if shown else self._hidden | {row.category}
        number = [line.row.category for line in self.rows].index(row.category)
        self.rows[number].show_row(replace(row, shown=shown))
        self.visibility_changed.emit(row.category, shown)
        self._filter_soon()

    def _choose(self, what: str, category: str) -> None:
        signals: dict[str, Any] = {
            "zoom": self.zoom_requested,
            "export": self.export_requested,
            "style": self.style_requested,
            "accept": self.accept_all,
            "reject": self.reject_all,
            "restore": self.restore_all,
            "delete": self.delete_all,
        }
        signals[what].emit(category)

    def _filter_soon(self, *_changed: Any) -> None:
        if not self._throttle.isActive():
            self._throttle.start()
