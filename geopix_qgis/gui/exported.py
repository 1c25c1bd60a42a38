"""After an export: the message with its buttons, and the file on the map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import Qgis, QgsProject, QgsVectorLayer

from ..export import Written
from ..export_target import open_as
from ..qt import QtCore, QtGui, QtWidgets
from ..translation import tr
from ..wording import polygons
from .naming import name_widgets

SHOWN_S = 20  # long enough to reach a button
DXF_POLYGONS = "|layername=entities|geometrytype=Polygon"  # a DXF layer has no geometry type of its own


def say_written(message_bar: Any, written: Written) -> None:
    """Says what was written and what was left out, with [Open folder] and, where it is not there yet, [Add to map]."""
    text = " ".join(
        [tr("Wrote {polygons} to {file}.", polygons=polygons(written.count), file=written.path.name), *written.warnings]
    )
    item = message_bar.createMessage("GeoPix", text)
    item.setToolTip(text)
    folder = _button(tr("Open folder"), "geopixOpenFolder", tr("Show {parent}", parent=written.path.parent))
    url = QtCore.QUrl.fromLocalFile(str(written.path.parent))
    folder.clicked.connect(lambda: QtGui.QDesktopServices.openUrl(url))
    item.layout().addWidget(folder)
    if not open_as(written.path):
        add = _button(
            tr("Add to map"), "geopixAddToMap", tr("Open {file} as a layer of this project", file=written.path.name)
        )
        add.clicked.connect(lambda: add.setEnabled(not add_to_map(written.path)))
        item.layout().addWidget(add)
    message_bar.pushWidget(item, Qgis.MessageLevel.Success, SHOWN_S)


def add_to_map(path: Path) -> bool:
    """Adds a written file to the project; False where it is gone or cannot be read."""
    source = f"{path}{DXF_POLYGONS}" if path.suffix.lower() == ".dxf" else str(path)
    layer = QgsVectorLayer(source, path.stem, "ogr")
    return layer.isValid() and QgsProject.instance().addMapLayer(layer) is not None


def _button(text: str, name: str, tip: str) -> QtWidgets.QPushButton:
    button = QtWidgets.QPushButton(text)
    name_widgets((button, name, text, tip))
    return button
