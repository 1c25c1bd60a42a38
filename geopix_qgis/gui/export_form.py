"""The widgets of the export dialog and their places; what they do is in ``export_dialog``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from qgis.gui import QgsFileWidget, QgsProjectionSelectionWidget

from ..export_formats import FORMATS, Format
from ..qt import QtWidgets
from ..translation import tr
from .colours import muted_colour, warning_colour
from .export_fields import FieldTable
from .naming import name_widgets


class ExportForm(QtWidgets.QWidget):
    """Everything inside the export dialog."""

    def __init__(self, names: Sequence[str], selected_count: int, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.format = QtWidgets.QComboBox()
        for form in FORMATS.values():
            if form.driver() is not None:
                self.format.addItem(form.label, form.key)
        self.file = QgsFileWidget()
        self.file.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.file.setConfirmOverwrite(False)  # the check box below asks, also about a name that was typed
        self.file.setDialogTitle(tr("Export Polygons To"))
        self.replace = QtWidgets.QCheckBox(tr("Replace the existing file"))
        self.crs = QgsProjectionSelectionWidget()
        self.note = _line()
        self.fields = FieldTable(names)
        self.fields_label = QtWidgets.QLabel(tr("Fields"))
        self.selected = QtWidgets.QCheckBox(tr("Selected only ({selected_count:,})", selected_count=selected_count))
        self.selected.setEnabled(selected_count > 0)
        self.add = QtWidgets.QCheckBox(tr("Add to the map"))
        self.summary, self.caution, self.problem = _line(), _line(), _line()
        self.progress = QtWidgets.QProgressBar()
        self.progress.hide()
        box = QtWidgets.QDialogButtonBox
        self.buttons = box(box.StandardButton.Ok | box.StandardButton.Cancel)
        self.ok = self.buttons.button(box.StandardButton.Ok)
        self.cancel = self.buttons.button(box.StandardButton.Cancel)
        self.ok.setText(tr("Export"))
        self._name_widgets()
        self._place_widgets()

    def chosen(self) -> Format:
        """The format in the box."""
        return FORMATS[self.format.currentData()]

    def choose(self, key: str) -> None:
        """Shows a format; an unknown one leaves the first."""
        self.format.setCurrentIndex(max(0, self.format.findData(key)))

    def show_format(self, has_crs: bool) -> None:
        """Adapts the file filter, the CRS and the fields to the chosen format.

        Args:
            has_crs: Whether the polygons have a CRS.
        """
        form = self.chosen()
        self.file.setFilter(f"{form.label} ({' '.join('*' + suffix for suffix in form.suffixes)})")
        self.crs.setVisible(has_crs and not form.degrees)
        self.crs_label.setVisible(has_crs or form.degrees)
        self.fixed_crs.setVisible(form.degrees)
        self.note.setText(form.note if form.degrees else "" if has_crs else tr("Pixel coordinates: there is no CRS."))
        self.note.setVisible(bool(self.note.text()))
        for widget in (self.fields, self.fields_label):
            widget.setEnabled(form.has_fields)
        self.fields.show_format(form)

    def show_state(self, summary: str, cautions: Sequence[str], problem: str) -> None:
        """What will be written, what will be lost, and why it cannot start (empty where it can)."""
        self.summary.setText(summary)
        self.summary.setStyleSheet(f"color: {muted_colour(self.palette())}")
        self.note.setStyleSheet(f"color: {muted_colour(self.palette())}")
        self.caution.setText("\n".join(cautions))
        self.caution.setStyleSheet(f"color: {warning_colour(self.palette())}")
        self.caution.setVisible(bool(cautions))
        self.show_problem(problem)
        self.ok.setEnabled(not problem)
        self.ok.setToolTip(problem or tr("Write the file"))

    def show_problem(self, problem: str) -> None:
        """One sentence in amber above the buttons."""
        self.problem.setText(problem)
        self.problem.setStyleSheet(f"color: {warning_colour(self.palette())}; font-weight: bold")
        self.problem.setVisible(bool(problem))

    def show_running(self, running: bool) -> None:
        """While an export runs, the only control is Stop."""
        self.inputs.setEnabled(not running)
        self.ok.setEnabled(not running)
        self.progress.setValue(0)
        self.progress.setVisible(running)
        self.cancel.setText(tr("Stop") if running else tr("Cancel"))
        self.cancel.setToolTip(tr("Stop; nothing is written") if running else tr("Close without writing"))
        if running:
            self.show_problem("")

    def _name_widgets(self) -> None:
        self.crs_label, self.fixed_crs = QtWidgets.QLabel("CRS"), QtWidgets.QLabel("EPSG:4326 - WGS 84")
        name_widgets(
            (self.format, "geopixExportFormat", tr("Format"), tr("The file format")),
            (self.file, "geopixExportFile", tr("File"), tr("Where to write; its ending chooses the format")),
            (
                self.replace,
                "geopixExportReplace",
                tr("Replace the existing file"),
                tr("The old file is gone afterwards"),
            ),
            (self.crs, "geopixExportCrs", "CRS", tr("The coordinate reference system of the file")),
            (self.fixed_crs, "geopixExportFixedCrs", "CRS", tr("This format allows no other CRS")),
            (self.selected, "geopixExportSelected", tr("Selected polygons only"), tr("Leave out what is not selected")),
            (self.add, "geopixExportAdd", tr("Add to the map"), tr("Open the file as a layer of this project")),
            (self.summary, "geopixExportSummary", tr("What will be written"), ""),
            (self.caution, "geopixExportCaution", tr("What will be lost"), ""),
            (self.problem, "geopixExportProblem", tr("Why it cannot be written"), ""),
            (self.progress, "geopixExportProgress", tr("Progress"), tr("How much is written")),
            (self.ok, "geopixExportOk", tr("Export"), tr("Write the file")),
            (self.cancel, "geopixExportCancel", tr("Cancel"), tr("Close without writing")),
        )

    def _place_widgets(self) -> None:
        self.inputs = QtWidgets.QWidget()
        form = QtWidgets.QFormLayout(self.inputs)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QtWidgets.QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(tr("Format"), self.format)
        form.addRow(tr("File"), self.file)
        form.addRow("", self.replace)
        place = QtWidgets.QVBoxLayout()
        place.setSpacing(2)
        for widget in (self.crs, self.fixed_crs, self.note):
            place.addWidget(widget)
        form.addRow(self.crs_label, place)
        form.addRow(self.fields_label, self.fields)
        form.addRow("", self.selected)
        form.addRow("", self.add)
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(self.inputs, 1)
        for widget in (self.summary, self.caution, self.progress, self.problem, self.buttons):
            column.addWidget(widget)


def _line() -> QtWidgets.QLabel:
    label = QtWidgets.QLabel()
    label.setWordWrap(True)
    return label
