"""The part of the dock's menu that says where answers are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from qgis.core import Qgis, QgsProject, QgsRasterLayer

from .. import settings
from ..conversation import Conversation
from ..errors import LayerError
from ..qt import QtCore, QtWidgets
from ..storage import default_gpkg
from ..translation import tr
from .buttons import menu_action
from .options import LAYERS_PER, STORAGES
from .panel import Panel

FROM_NEXT = tr("From the next conversation on. The layers that are on the map stay as they are.")


class ResultsMenu(QtCore.QObject):
    """Adds its actions to the menu of the dock.

    Args:
        panel: Knows the raster.
        conversation: Whose answers they are.
        say: Shows a message of a level.
    """

    def __init__(self, panel: Panel, conversation: Conversation, say: Callable[[str, Any], None]) -> None:
        super().__init__(panel)
        self._panel, self._talk, self._say = panel, conversation, say
        menu = panel.menu.menu()
        menu.addSeparator()
        menu_action(menu, tr("Keep these polygons in a GeoPackage..."), "geopixKeep", self._choose)
        self._add_choice(menu.addMenu(tr("New answers go to")), STORAGES, "storage")
        self._add_choice(menu.addMenu(tr("Layers of new answers")), LAYERS_PER, "layer_per")
        self._labels = menu.addAction(tr("Label new layers"))
        self._labels.setObjectName("geopixLabels")
        self._labels.setCheckable(True)
        self._labels.toggled.connect(lambda on: self._store("labels", on))
        menu.aboutToShow.connect(self._refresh)
        self._refresh()

    def keep(self, path: Path) -> None:
        """Moves the polygons of the newest answers into a GeoPackage, where the next ones will go as well."""
        result, path = self._talk.last_result, path if path.suffix else path.with_suffix(".gpkg")
        try:
            if result is None:
                raise LayerError(tr("There are no polygons to keep. Ask a question first."))
            result.make_permanent(path)
        except LayerError as error:
            self._say(str(error), Qgis.MessageLevel.Warning)
            return
        self._say(
            tr("The polygons are kept in {file} now, with their style and history.", file=path.name),
            Qgis.MessageLevel.Success,
        )

    def _choose(self) -> None:
        if self._talk.last_result is None:
            self._say(tr("There are no polygons to keep. Ask a question first."), Qgis.MessageLevel.Info)
            return
        raster = self._panel.raster.currentLayer()
        home = QgsProject.instance().absolutePath() or str(Path.home())
        proposal = default_gpkg(raster) if isinstance(raster, QgsRasterLayer) else Path(home) / "geopix.gpkg"
        # An existing file gets a table more, so that there is nothing to confirm.
        option = QtWidgets.QFileDialog.Option.DontConfirmOverwrite
        path, _ = QtWidgets.QFileDialog.getSaveFileName(
            self._panel, tr("Keep polygons in"), str(proposal), tr("GeoPackage (*.gpkg)"), options=option
        )
        if path:
            self.keep(Path(path))

    def _add_choice(self, menu: QtWidgets.QMenu, choices: tuple[tuple[str, str], ...], name: str) -> None:
        menu.setObjectName(f"geopixMenu_{name}")
        for text, value in choices:
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setData(value)
        menu.triggered.connect(lambda action: self._store(name, action.data()))

    def _store(self, name: str, value: Any) -> None:
        before = settings.load()
        if getattr(before, name) != value:
            settings.save(replace(before, **{name: value}))
            if self._talk.last_result is not None:
                self._say(FROM_NEXT, Qgis.MessageLevel.Info)
        self._refresh()

    def _refresh(self) -> None:
        """Ticks what is stored, and nothing else: the options page may have changed it."""
        chosen = settings.load()
        for name in ("storage", "layer_per"):
            menu = self._panel.menu.menu().findChild(QtWidgets.QMenu, f"geopixMenu_{name}")
            for action in menu.actions():
                action.setChecked(action.data() == getattr(chosen, name))
        self._labels.setChecked(chosen.labels)
