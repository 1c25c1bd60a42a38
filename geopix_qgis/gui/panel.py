"""The widgets of the dock and their places; what they do is in ``dock`` and ``reviewing``."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsMapLayerProxyModel
from qgis.gui import QgsMapCanvas, QgsMapLayerComboBox

from ..qt import QtCore, QtGui, QtWidgets, Signal
from ..translation import tr
from ..wording import duration
from .area_picker import AreaPicker
from .buttons import tool_button
from .colours import show_note
from .field_panel import FieldPanel
from .naming import name_widgets
from .prompt_input import PromptInput
from .result_card import ResultCard
from .setup_card import SetupCard
from .status_light import StatusLight
from .task_choice import TIP, TaskChoice
from .transcript import Transcript


class Panel(QtWidgets.QWidget):
    """Everything inside the dock.  Esc emits ``escaped``."""

    escaped = Signal()

    def __init__(self, canvas: QgsMapCanvas, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.raster = QgsMapLayerComboBox()
        self.raster.setFilters(QgsMapLayerProxyModel.Filter.RasterLayer)
        self.raster.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.raster.setMinimumContentsLength(8)
        self.area = AreaPicker(canvas)
        self.status = StatusLight()
        self.menu = tool_button("mActionOptions")
        self.menu.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        self.facts = QtWidgets.QLabel()
        self.facts.setWordWrap(True)
        self.card = SetupCard()
        self.transcript = Transcript()
        self.results = ResultCard()
        self.results.hide()
        self.field_panel = FieldPanel()
        self.progress = QtWidgets.QProgressBar()
        self.progress.setTextVisible(True)
        self.progress.hide()
        self.prompt = PromptInput()
        self.point = tool_button("mActionIdentify")
        self.point.setCheckable(True)
        self.ask_each = tool_button("mActionSelectPolygon")
        self.task = TaskChoice()
        self.export = QtWidgets.QPushButton(tr("Export..."))
        self.export.setEnabled(False)
        self.send = QtWidgets.QPushButton(tr("Send"))
        self.send.setDefault(True)
        self._name_widgets()
        self._place_widgets()

    def add_below_results(self, widget: QtWidgets.QWidget) -> None:
        """Puts a widget between the results and the prompt."""
        self._column.insertWidget(self._column.indexOf(self.field_panel), widget)

    def show_fact(self, text: str, warning: bool = False) -> None:
        """The line below the choices: grey, or amber where something stands in the way."""
        show_note(self.facts, text, warning=warning)

    def show_progress(self, done: int, total: int, message: str, seconds_left: Optional[float] = None) -> None:
        """Windows read so far, and how long the rest takes where that is known; without a total it moves to and fro."""
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        text = message or (tr("{done:,} of {total:,} windows", done=done, total=total) if total else "")
        if seconds_left and not message:
            text += tr(", {duration} left", duration=duration(seconds_left))
        self.progress.setFormat(text)
        self.progress.show()

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        """Esc, wherever the focus is inside the dock."""
        if event.key() == QtCore.Qt.Key.Key_Escape:
            self.escaped.emit()
            return
        super().keyPressEvent(event)

    def _name_widgets(self) -> None:
        each = tr("Ask about each selected polygon and write the answers into a field of its layer")
        name_widgets(
            (self.raster, "geopixRaster", tr("Raster"), tr("The raster layer that the question is about")),
            (self.menu, "geopixMenu", tr("Menu"), tr("New conversation, save it as Markdown, model, options")),
            (self.facts, "geopixFacts", tr("What will be looked at"), ""),
            (self.progress, "geopixProgress", tr("Progress"), ""),
            (
                self.point,
                "geopixPoint",
                tr("Point at a place"),
                tr("Click a place on the map to ask about what is there"),
            ),
            (self.ask_each, "geopixAskSelected", tr("Ask about each selected polygon"), each),
            (self.task, "geopixTask", tr("What is wanted"), TIP),
            (self.export, "geopixExport", tr("Export"), tr("Write the polygons to a file")),
            (self.send, "geopixSend", tr("Send"), tr("Ask (Enter)")),
        )

    def _place_widgets(self) -> None:
        head = QtWidgets.QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.raster, 1)
        head.addWidget(self.status)
        head.addWidget(self.menu)
        buttons = QtWidgets.QHBoxLayout()
        for widget in (self.point, self.ask_each):
            buttons.addWidget(widget)
        buttons.addWidget(self.task, 1)
        buttons.addStretch(0)
        for widget in (self.export, self.send):
            buttons.addWidget(widget)
        column = self._column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 8)
        column.setSpacing(6)
        column.addLayout(head)
        for widget in (self.area, self.facts, self.card):
            column.addWidget(widget)
        column.addWidget(self.transcript, 1)
        for widget in (self.results, self.field_panel, self.progress, self.prompt):
            column.addWidget(widget)
        column.addLayout(buttons)
