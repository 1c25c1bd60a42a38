"""One line of the result card: a category with its colour, number, area and buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Optional

from qgis.core import QgsVectorLayer

from .. import palette
from ..filters import Filter
from ..qt import QtCore, QtGui, QtWidgets, Signal
from ..summaries import Summary, summarise
from ..translation import tr
from ..wording import area_text, polygons
from .buttons import menu_action, theme_icon, tool_button

SWATCH_PX, BUTTON_PX = 11, 20
ICON_PX = 16


@dataclass(frozen=True)
class Row:
    """What a line shows.

    Attributes:
        category: Class, or phrase where there is no class.
        colour: As ``#rrggbb``.
        count: Polygons that pass the limits of score and area.
        area_text: Their area with its unit; empty where it is unknown.
        shown: Whether the category is switched on.
        count_note, area_note: How the numbers came about, for who points at them.
        rejected: How many could be restored.
    """

    category: str
    colour: str
    count: int
    area_text: str
    shown: bool
    count_note: str = ""
    area_note: str = ""
    rejected: int = 0


def rows_of(layers: Sequence[QgsVectorLayer], wanted: Filter, colours: Mapping[str, str]) -> list[Row]:
    """The lines for layers under a filter; ``colours`` by category."""
    return [_row(entry, wanted, colours) for entry in summarise(layers, wanted)]


def _row(entry: Summary, wanted: Filter, colours: Mapping[str, str]) -> Row:
    kind = tr("geodesic areas") if entry.measured else tr("areas, in square units of the coordinates,")
    note = tr(
        "{count:,} of {polygons} pass the limits of score and area", count=entry.count, polygons=polygons(entry.total)
    )
    reviewed = [
        text
        for n, text in (
            (entry.accepted, tr("{n:,} accepted", n=entry.accepted)),
            (entry.rejected, tr("{n:,} rejected", n=entry.rejected)),
        )
        if n
    ]
    return Row(
        entry.category,
        colours.get(entry.category, palette.OTHERS),
        entry.count,
        area_text(entry.area, entry.measured),
        entry.category not in wanted.hidden,
        "\n".join([note, ", ".join(reviewed)]).strip(),
        tr("Sum of the {kind} of {polygons}", kind=kind, polygons=polygons(entry.count)),
        entry.rejected,
    )


class ResultRow(QtWidgets.QWidget):
    """Swatch, name, number, area, eye, zoom and a menu.

    Signals: ``visibility_changed(bool)``, ``chosen(str)`` with what was chosen: zoom, export, style, accept, reject,
    restore or delete.
    """

    visibility_changed = Signal(bool)
    chosen = Signal(str)

    def __init__(self, row: Row, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("geopixResultRow")
        self.swatch, self.name = QtWidgets.QLabel(), ElidedLabel()
        self.count, self.area = QtWidgets.QLabel(), QtWidgets.QLabel()
        self.eye = _button("geopixResultEye", "mActionShowAllLayers")
        self.eye.setCheckable(True)
        self.zoom = _button("geopixResultZoom", "mActionZoomTo")
        self.more = _button("geopixResultMenu", "")
        self.more.setArrowType(QtCore.Qt.ArrowType.DownArrow)
        self.more.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.actions: dict[str, Any] = {}
        self._make_menu()
        self.eye.toggled.connect(self._toggled)
        self.zoom.clicked.connect(lambda: self.chosen.emit("zoom"))
        line = QtWidgets.QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(self.swatch)
        line.addWidget(self.name, 1)
        for label in (self.count, self.area):
            label.setAlignment(QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter)
            line.addWidget(label)
        buttons = QtWidgets.QHBoxLayout()
        buttons.setSpacing(0)
        for button in (self.eye, self.zoom, self.more):
            buttons.addWidget(button)
        line.addLayout(buttons)
        self.show_row(row)

    def show_row(self, row: Row) -> None:
        """Shows other numbers in the same place."""
        self.row = row
        self.swatch.setPixmap(_swatch(row.colour, row.shown))
        self.name.setText(row.category)
        self.count.setText(tr("{count:,}", count=row.count))
        self.count.setToolTip(row.count_note)
        self.area.setText(row.area_text)
        self.area.setToolTip(row.area_note)
        for label in (self.name, self.count, self.area):
            label.setEnabled(row.shown)
        self.eye.blockSignals(True)
        self.eye.setChecked(row.shown)
        self.eye.blockSignals(False)
        self.eye.setIcon(theme_icon("mActionShowAllLayers" if row.shown else "mActionHideAllLayers"))
        eye = tr("Hide {category}", category=row.category)
        _describe(self.eye, eye if row.shown else tr("Show {category}", category=row.category))
        _describe(self.zoom, tr("Zoom to {category}", category=row.category))
        _describe(self.more, tr("More for {category}", category=row.category))
        some = row.shown and row.count > 0
        self.zoom.setEnabled(some)
        for name in ("export", "accept", "reject", "delete"):
            self.actions[name].setEnabled(some)
        self.actions["restore"].setVisible(row.rejected > 0)
        self.actions["restore"].setText(tr("Restore {rejected:,} Rejected", rejected=row.rejected))

    def _make_menu(self) -> None:
        menu = QtWidgets.QMenu(self.more)
        for name, text, icon in (
            ("export", tr("Export..."), "mActionFileSaveAs"),
            ("style", tr("Style..."), "propertyicons/symbology"),
            ("", "", ""),
            ("accept", tr("Accept All Shown"), "mIconSuccess"),
            ("reject", tr("Reject All Shown"), "mIconDelete"),
            ("restore", "", "mActionUndo"),
            ("", "", ""),
            ("delete", tr("Delete All Shown"), "mActionDeleteSelected"),
        ):
            if not name:
                menu.addSeparator()
                continue
            action = menu_action(menu, text, f"geopixResult{name.title()}", partial(self.chosen.emit, name))
            action.setIcon(theme_icon(icon))
            self.actions[name] = action
        self.more.setMenu(menu)

    def _toggled(self, shown: bool) -> None:
        self.visibility_changed.emit(shown)


class ElidedLabel(QtWidgets.QLabel):
    """A label that gives way: what does not fit ends in dots, and the tooltip has it all."""

    def setText(self, text: str) -> None:
        """Keeps the whole text as the tooltip."""
        super().setText(text)
        self.setToolTip(text)

    def minimumSizeHint(self) -> QtCore.QSize:
        """Room for a few letters."""
        return QtCore.QSize(self.fontMetrics().averageCharWidth() * 4, super().minimumSizeHint().height())

    def paintEvent(self, _event: QtGui.QPaintEvent) -> None:
        """Draws what fits."""
        painter = QtGui.QPainter(self)
        text = self.fontMetrics().elidedText(self.text(), QtCore.Qt.TextElideMode.ElideRight, self.width())
        place = int(QtCore.Qt.AlignmentFlag.AlignVCenter | QtCore.Qt.AlignmentFlag.AlignLeft)
        role = QtGui.QPalette.ColorRole.WindowText
        self.style().drawItemText(painter, self.rect(), place, self.palette(), self.isEnabled(), text, role)
        painter.end()


def _describe(button: QtWidgets.QToolButton, text: str) -> None:
    button.setToolTip(text)
    button.setAccessibleName(text)


def _button(name: str, icon: str) -> QtWidgets.QToolButton:
    button = tool_button(icon)
    button.setObjectName(name)
    button.setFixedWidth(BUTTON_PX)
    button.setIconSize(QtCore.QSize(ICON_PX, ICON_PX))
    return button


def _swatch(colour: str, filled: bool) -> QtGui.QPixmap:
    pixmap = QtGui.QPixmap(SWATCH_PX, SWATCH_PX)
    pixmap.fill(QtCore.Qt.GlobalColor.transparent)
    painter = QtGui.QPainter(pixmap)
    painter.setPen(QtGui.QPen(QtGui.QColor(colour), 2))
    if filled:
        painter.setBrush(QtGui.QColor(colour))
    painter.drawRect(1, 1, SWATCH_PX - 2, SWATCH_PX - 2)
    painter.end()
    return pixmap
