"""The widgets of the dock and their places; what they do is in ``dock``."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsMapLayerProxyModel
from qgis.gui import QgsMapLayerComboBox

from ..qt import QtCore, QtGui, QtWidgets, Signal
from ..raster import Area
from .prompt_input import PromptInput
from .setup_card import SetupCard
from .status_light import StatusLight
from .transcript import Transcript, muted_colour, warning_colour


class Panel(QtWidgets.QWidget):
    """Everything inside the dock.  Esc emits ``escaped``."""

    escaped = Signal()

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.raster = QgsMapLayerComboBox()
        self.raster.setFilters(QgsMapLayerProxyModel.Filter.RasterLayer)
        self.raster.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.raster.setMinimumContentsLength(8)
        self.area = QtWidgets.QComboBox()
        self.area.addItem("View", Area.VIEW)
        self.area.addItem("Whole layer", Area.LAYER)
        self.status = StatusLight()
        self.facts = QtWidgets.QLabel()
        self.facts.setWordWrap(True)
        self.card = SetupCard()
        self.transcript = Transcript()
        self.progress = QtWidgets.QProgressBar()
        self.progress.setTextVisible(True)
        self.progress.hide()
        self.prompt = PromptInput()
        self.export = QtWidgets.QPushButton("Export...")
        self.export.setEnabled(False)
        self.send = QtWidgets.QPushButton("Send")
        self.send.setDefault(True)
        self._name_widgets()
        self._place_widgets()

    def show_fact(self, text: str, warning: bool = False) -> None:
        """The line below the choices: grey, or amber where something stands in the way."""
        colour = warning_colour(self.palette()) if warning else muted_colour(self.palette())
        self.facts.setText(text)
        self.facts.setStyleSheet(f"color: {colour}")

    def show_progress(self, done: int, total: int, message: str) -> None:
        """Windows read so far; without a total the bar moves to and fro."""
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        self.progress.setFormat(message or (f"{done} of {total} windows" if total else ""))
        self.progress.show()

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        """Esc, wherever the focus is inside the dock."""
        if event.key() == QtCore.Qt.Key.Key_Escape:
            self.escaped.emit()
            return
        super().keyPressEvent(event)

    def _name_widgets(self) -> None:
        named: tuple[tuple[Any, str, str, str], ...] = (
            (self.raster, "geopixRaster", "Raster", "The raster layer that the question is about"),
            (self.area, "geopixArea", "Area", "The part of the raster that the model looks at"),
            (self.facts, "geopixFacts", "What will be looked at", ""),
            (self.progress, "geopixProgress", "Progress", ""),
            (self.export, "geopixExport", "Export", "Write the polygons to GeoPackage, Shapefile or GeoJSON"),
            (self.send, "geopixSend", "Send", "Ask (Enter)"),
        )
        for widget, name, accessible, tip in named:
            widget.setObjectName(name)
            widget.setAccessibleName(accessible)
            widget.setToolTip(tip)

    def _place_widgets(self) -> None:
        choices = QtWidgets.QGridLayout()
        choices.setHorizontalSpacing(6)
        choices.setVerticalSpacing(4)
        for row, (text, widget) in enumerate((("Raster", self.raster), ("Area", self.area))):
            label = QtWidgets.QLabel(text)
            label.setBuddy(widget)
            choices.addWidget(label, row, 0)
            choices.addWidget(widget, row, 1, 1, 2 if row == 0 else 1)
        choices.addWidget(self.status, 1, 2, QtCore.Qt.AlignmentFlag.AlignRight)
        choices.setColumnStretch(1, 1)
        buttons = QtWidgets.QHBoxLayout()
        buttons.addWidget(self.export)
        buttons.addStretch(1)
        buttons.addWidget(self.send)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 8)
        column.setSpacing(6)
        column.addLayout(choices)
        column.addWidget(self.facts)
        column.addWidget(self.card)
        column.addWidget(self.transcript, 1)
        column.addWidget(self.progress)
        column.addWidget(self.prompt)
        column.addLayout(buttons)
