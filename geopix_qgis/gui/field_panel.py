"""Where to write the answers about selected polygons."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsFieldProxyModel, QgsVectorLayer
from qgis.gui import QgsFieldComboBox

from ..field_answers import NAMES, NUMBERS, Value
from ..qt import QtWidgets, Signal
from ..translation import tr
from .buttons import tool_button
from .naming import name_widgets


class FieldPanel(QtWidgets.QFrame):
    """A field, what goes into it, and a button.  Signal ``started()``; hidden until ``show_layer``."""

    started = Signal()

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("geopixFieldPanel")
        self.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        self._title = QtWidgets.QLabel()
        self._title.setWordWrap(True)
        self.field = QgsFieldComboBox()
        self.value = QtWidgets.QComboBox()
        for value in Value:
            self.value.addItem(NAMES[value], value)
        self.begin = QtWidgets.QPushButton(tr("Ask each"))
        self.close_button = tool_button()
        self.close_button.setText("\u00d7")
        self._name_widgets()
        self._place_widgets()
        self.value.currentIndexChanged.connect(self._fit_fields)
        self.begin.clicked.connect(self.started)
        self.close_button.clicked.connect(self.hide)
        self._fit_fields()
        self.hide()

    def show_layer(self, layer: QgsVectorLayer) -> None:
        """Offers the fields of a layer."""
        count = layer.selectedFeatureCount()
        self._title.setText(
            tr(
                "Ask about each of the {count} selected polygons of {layer}, and write into a field:",
                count=count,
                layer=layer.name(),
            )
        )
        self.field.setLayer(layer)
        self.show()

    def show_progress(self, done: int, total: int) -> None:
        """How many are answered; a total of 0 ends it."""
        self.begin.setEnabled(not total)
        self.begin.setText(tr("{done} of {total}", done=done, total=total) if total else tr("Ask each"))

    @property
    def chosen(self) -> tuple[str, Value]:
        """Name of the field, and what to write."""
        return self.field.currentField(), self.value.currentData()

    def _fit_fields(self, *_index: Any) -> None:
        """A text goes into text fields only, a number into both."""
        kinds = QgsFieldProxyModel.Filter.String
        if self.value.currentData() in NUMBERS:
            kinds = QgsFieldProxyModel.Filter.String | QgsFieldProxyModel.Filter.Numeric
        self.field.setFilters(kinds)

    def _name_widgets(self) -> None:
        name_widgets(
            (self.field, "geopixAnswerField", tr("Field"), tr("The field that the answers are written into")),
            (self.value, "geopixAnswerValue", tr("Value"), tr("What of an answer is written")),
            (
                self.begin,
                "geopixAskEach",
                tr("Ask each"),
                tr("Ask the question that is typed below about each polygon"),
            ),
            (self.close_button, "geopixFieldClose", tr("Close"), tr("Close without asking")),
        )

    def _place_widgets(self) -> None:
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(8, 6, 6, 6)
        grid.addWidget(self._title, 0, 0, 1, 2)
        grid.addWidget(self.close_button, 0, 2)
        grid.addWidget(self.field, 1, 0, 1, 3)
        grid.addWidget(self.value, 2, 0)
        grid.addWidget(self.begin, 2, 1, 1, 2)
        grid.setColumnStretch(0, 1)
