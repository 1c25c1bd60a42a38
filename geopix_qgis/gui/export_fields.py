"""The table of an export's fields: which ones, and under what names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from .. import field_names
from ..export_formats import Format
from ..qt import QtCore, QtGui, QtWidgets, Signal
from ..translation import tr
from .colours import muted_colour, warning_colour

SOURCE, FINAL = 0, 1
ROWS_SHOWN = 6


class FieldTable(QtWidgets.QTableWidget):
    """A row for each field, with a check box and an editable name.  Signal ``changed()``."""

    changed = Signal()

    def __init__(self, names: Sequence[str], parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(len(names), 2, parent)
        self.setObjectName("geopixExportFields")
        self.setAccessibleName(tr("Fields"))
        self.setToolTip(tr("Untick a field to leave it out; double-click a name to change it"))
        self._names = list(names)
        self._edited: dict[str, str] = {}
        self._form: Optional[Format] = None
        self._build()
        self.itemChanged.connect(self._item_changed)

    def show_format(self, form: Format) -> None:
        """Proposes the names that the format allows; names that were typed stay."""
        self._form = form
        proposed = dict(field_names.propose(self._names, form))
        self.blockSignals(True)
        for row, name in enumerate(self._names):
            self.item(row, FINAL).setText(self._edited.get(name, proposed.get(name, name)))
        self.blockSignals(False)
        self._mark()

    def fields(self) -> tuple[tuple[str, str], ...]:
        """(name in the layer, name in the file) of the ticked fields."""
        return tuple((self._names[row], self.item(row, FINAL).text().strip()) for row in self._ticked())

    def problem(self) -> str:
        """What is wrong with the first name that cannot be used; empty where all can."""
        return next(iter(self._problems().values()), "")

    def _build(self) -> None:
        flags = QtCore.Qt.ItemFlag
        for row, name in enumerate(self._names):
            source = QtWidgets.QTableWidgetItem(name)
            source.setFlags(flags.ItemIsEnabled | flags.ItemIsUserCheckable | flags.ItemIsSelectable)
            source.setCheckState(QtCore.Qt.CheckState.Checked)
            self.setItem(row, SOURCE, source)
            self.setItem(row, FINAL, QtWidgets.QTableWidgetItem(name))
        self.setHorizontalHeaderLabels([tr("Field"), tr("Written as")])
        self.horizontalHeader().setSectionResizeMode(QtWidgets.QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setHighlightSections(False)
        self.verticalHeader().hide()
        height = self.fontMetrics().height() + 8
        self.verticalHeader().setDefaultSectionSize(height)
        self.setMinimumHeight(height * (min(ROWS_SHOWN, len(self._names)) + 1) + 8)
        self.setTabKeyNavigation(False)

    def _ticked(self) -> list[int]:
        ticked = QtCore.Qt.CheckState.Checked
        return [row for row in range(self.rowCount()) if self.item(row, SOURCE).checkState() == ticked]

    def _problems(self) -> dict[int, str]:
        """By row."""
        if self._form is None or not self._form.has_fields:
            return {}
        rows = self._ticked()
        found = field_names.problems([self.item(row, FINAL).text().strip() for row in rows], self._form)
        return {rows[number]: text for number, text in found.items()}

    def _item_changed(self, item: QtWidgets.QTableWidgetItem) -> None:
        if item.column() == FINAL:
            self._edited[self._names[item.row()]] = item.text().strip()
        self._mark()
        self.changed.emit()

    def _mark(self) -> None:
        """Names that cannot be used are amber, those that differ from the layer's are bold."""
        wrong, ticked = self._problems(), set(self._ticked())
        self.blockSignals(True)
        for row, name in enumerate(self._names):
            item = self.item(row, FINAL)
            font = item.font()
            font.setBold(item.text().strip() != name and row in ticked)
            item.setFont(font)
            item.setToolTip(wrong.get(row, ""))
            item.setData(QtCore.Qt.ItemDataRole.ForegroundRole, self._colour(row in wrong, row in ticked))
        self.blockSignals(False)

    def _colour(self, wrong: bool, ticked: bool) -> Optional[QtGui.QBrush]:
        """Amber or grey; None leaves it to the theme, also while the table is disabled."""
        if wrong:
            return QtGui.QBrush(QtGui.QColor(warning_colour(self.palette())))
        return None if ticked else QtGui.QBrush(QtGui.QColor(muted_colour(self.palette())))
