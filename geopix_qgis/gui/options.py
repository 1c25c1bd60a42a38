"""The page under Settings > Options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Optional

from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory

from .. import settings
from ..qt import QtGui, QtWidgets
from ..translation import tr
from .naming import name_parts

MOST_M2 = 1e9  # 1,000 km²
DEVICES = ("auto", "cpu", "cuda")
STORAGES = ((tr("Temporary layers"), "memory"), (tr("GeoPackage beside the raster"), "geopackage"))
LAYERS_PER = ((tr("One for a conversation"), "conversation"), (tr("One for each class"), "class"))


class OptionsPage(QgsOptionsPageWidget):
    """The choices of ``settings.Settings``; stored when the dialog is accepted."""

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        chosen = self._before = settings.load()
        self.python, self.model = QgsFileWidget(), QtWidgets.QLineEdit(chosen.model)
        self.python.setFilePath(chosen.backend_python)
        self.python.setToolTip(tr("Empty: the environment beside the plugin"))
        self.device = QtWidgets.QComboBox()
        self.device.addItems(DEVICES)
        self.device.setEditable(True)  # such as cuda:1
        self.device.setCurrentText(chosen.device)
        self.min_score = QtWidgets.QDoubleSpinBox()
        self.min_score.setRange(0.0, 1.0)
        self.min_score.setSingleStep(0.05)
        self.min_score.setValue(chosen.min_score)
        self.min_score.setToolTip(tr("Polygons that the model is less sure of are dropped"))
        self.min_area_m2 = QtWidgets.QDoubleSpinBox()
        self.min_area_m2.setRange(0.0, MOST_M2)
        self.min_area_m2.setDecimals(1)
        self.min_area_m2.setSuffix(" m²")
        self.min_area_m2.setSpecialValueText(tr("any"))
        self.min_area_m2.setValue(chosen.min_area_m2)
        self.min_area_m2.setToolTip(tr("Smaller polygons are dropped and not counted; needs a raster with a CRS"))
        self.storage = _choice(STORAGES, chosen.storage)
        self.storage.setToolTip(
            tr("A GeoPackage holds every answer at once, with style and provenance; else use Export")
        )
        self.layer_per = _choice(LAYERS_PER, chosen.layer_per)
        self.layer_per.setToolTip(tr("Layers lie in one group for each raster"))
        self.labels = QtWidgets.QCheckBox(tr("Label the polygons with their class"))
        self.labels.setChecked(chosen.labels)
        self.labels.setToolTip(tr("For new layers; each layer's own properties change it later"))
        form = QtWidgets.QFormLayout(self)
        form.addRow(tr("Python of the model"), self.python)
        form.addRow(tr("Model"), self.model)
        form.addRow(tr("Device (from the next start of the model)"), self.device)
        form.addRow(tr("Least score of a polygon"), self.min_score)
        form.addRow(tr("Least area of a polygon"), self.min_area_m2)
        form.addRow(tr("Keep new answers in"), self.storage)
        form.addRow(tr("Layers of answers"), self.layer_per)
        form.addRow("", self.labels)
        for name, label in (
            ("python", tr("Python of the model")),
            ("model", tr("Model")),
            ("device", tr("Device")),
            ("min_score", tr("Least score of a polygon")),
            ("min_area_m2", tr("Least area of a polygon")),
            ("storage", tr("Where new answers are kept")),
            ("layer_per", tr("Layers of answers")),
            ("labels", tr("Label the polygons with their class")),
        ):
            getattr(self, name).setObjectName(f"geopixOption_{name}")
            getattr(self, name).setAccessibleName(label)
        name_parts(self.python, tr("Python of the model"))

    def apply(self) -> None:
        """Stores what is chosen."""
        settings.save(
            replace(
                self._before,
                backend_python=self.python.filePath().strip(),
                model=self.model.text().strip() or settings.Settings.model,
                device=self.device.currentText().strip() or settings.Settings.device,
                min_score=self.min_score.value(),
                min_area_m2=self.min_area_m2.value(),
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
