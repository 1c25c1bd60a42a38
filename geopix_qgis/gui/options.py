"""The page under Settings > Options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Optional

from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory

from .. import settings
from ..qt import QtGui, QtWidgets

DEVICES = ("auto", "cpu", "cuda")
STORAGES = (("Temporary layers", "memory"), ("GeoPackage beside the raster", "geopackage"))
LAYERS_PER = (("One for a conversation", "conversation"), ("One for each class", "class"))


class OptionsPage(QgsOptionsPageWidget):
    """The choices of ``settings.Settings``; stored when the dialog is accepted."""

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        chosen = self._before = settings.load()
        self.python, self.model = QgsFileWidget(), QtWidgets.QLineEdit(chosen.model)
        self.python.setFilePath(chosen.backend_python)
        self.python.setToolTip("Empty: the environment beside the plugin")
        self.device = QtWidgets.QComboBox()
        self.device.addItems(DEVICES)
        self.device.setEditable(True)  # such as cuda:1
        self.device.setCurrentText(chosen.device)
        self.min_score = QtWidgets.QDoubleSpinBox()
        self.min_score.setRange(0.0, 1.0)
        self.min_score.setSingleStep(0.05)
        self.min_score.setValue(chosen.min_score)
        self.min_score.setToolTip("Polygons that the model is less sure of are dropped")
        self.storage = _choice(STORAGES, chosen.storage)
        self.storage.setToolTip("A GeoPackage holds every answer at once, with style and provenance; else use Export")
        self.layer_per = _choice(LAYERS_PER, chosen.layer_per)
        self.layer_per.setToolTip("Layers lie in one group for each raster")
        self.labels = QtWidgets.QCheckBox("Label the polygons with their class")
        self.labels.setChecked(chosen.labels)
        self.labels.setToolTip("For new layers; each layer's own properties change it later")
        form = QtWidgets.QFormLayout(self)
        form.addRow("Python of the model", self.python)
        form.addRow("Model", self.model)
        form.addRow("Device (from the next start of the model)", self.device)
        form.addRow("Least score of a polygon", self.min_score)
        form.addRow("Keep new answers in", self.storage)
        form.addRow("Layers of answers", self.layer_per)
        form.addRow("", self.labels)
        for name in ("storage", "layer_per", "labels"):
            getattr(self, name).setObjectName(f"geopixOption_{name}")
        self.storage.setAccessibleName("Where new answers are kept")
        self.layer_per.setAccessibleName("Layers of answers")
        self.labels.setAccessibleName("Label the polygons with their class")

    def apply(self) -> None:
        """Stores what is chosen."""
        settings.save(
            replace(
                self._before,
                backend_python=self.python.filePath().strip(),
                model=self.model.text().strip() or settings.Settings.model,
                device=self.device.currentText().strip() or settings.Settings.device,
                min_score=self.min_score.value(),
                storage=self.storage.currentData(),
                layer_per=self.layer_per.currentData(),
                labels=self.labels.isChecked(),
            )
        )


def _choice(items: Sequence[tuple[str, str]], chosen: str) -> QtWidgets.QComboBox:
    box = QtWidgets.QComboBox()
    for text, value in items:
        box.addItem(text, value)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    return box


class OptionsFactory(QgsOptionsWidgetFactory):
    """Makes the page when the dialog opens."""

    def __init__(self, icon: QtGui.QIcon) -> None:
        super().__init__("GeoPix", icon)
        self._icon = icon

    def icon(self) -> QtGui.QIcon:
        """Shown in the list of pages."""
        return self._icon

    def createWidget(self, parent: Any) -> OptionsPage:
        """Called by QGIS."""
        return OptionsPage(parent)
