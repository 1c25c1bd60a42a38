"""A program: the dock, the options page and the algorithms in a QGIS set to German; says as JSON what they show."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from qgis.core import QgsApplication, QgsSettings

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
application = QgsApplication([], True)
application.initQgis()
QgsSettings().setValue("locale/overrideFlag", True)
QgsSettings().setValue("locale/userLocale", "de")

from qgis.gui import QgsMapCanvas, QgsMessageBar  # noqa: E402
from qgis.PyQt.QtWidgets import QAbstractButton, QComboBox, QLabel, QMenu, QWidget  # noqa: E402

from geopix_qgis.gui.dock import GeoPixDock  # noqa: E402
from geopix_qgis.gui.options import OptionsPage  # noqa: E402
from geopix_qgis.processing.provider import GeoPixProvider  # noqa: E402
from geopix_qgis.wording import area_text, polygons  # noqa: E402


def shown(window: QWidget) -> list[str]:
    """Every text of a window: labels, buttons, choices, menus, tooltips, names for screen readers."""
    texts = []
    for widget in [window, *window.findChildren(QWidget)]:
        beside = widget.window() is not window.window() and not isinstance(widget, QMenu)
        if beside or widget.objectName().startswith("qt_"):
            continue  # a window of its own, or a button that Qt makes and translates
        texts += [widget.toolTip(), widget.accessibleName()]
        if isinstance(widget, (QAbstractButton, QLabel)):
            texts.append(widget.text())
        if isinstance(widget, QComboBox):
            texts += [widget.itemText(index) for index in range(widget.count())]
        texts += [action.text() for action in widget.actions()]
    return sorted({text.replace("&", "") for text in texts if text})


canvas, bar = QgsMapCanvas(), QgsMessageBar()
dock = GeoPixDock(canvas, bar)
if len(sys.argv) > 1:
    dock.resize(360, 720)
    dock.show()
    application.processEvents()
    dock.grab().save(sys.argv[1])
provider = GeoPixProvider(lambda: None)
provider.refreshAlgorithms()
report = {
    "dock": shown(dock),
    "invitation": dock.panel.transcript.toPlainText(),
    "options": shown(OptionsPage()),
    "algorithms": [algorithm.displayName() for algorithm in provider.algorithms()],
    "numbers": [polygons(1), polygons(12_345), area_text(1234.5, True), area_text(2.5e5, True)],
}
print(json.dumps(report))
dock.close_down()
sys.stdout.flush()
del dock, provider
application.exitQgis()
