"""The menu of the dock: what concerns the conversation as a whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.core import Qgis, QgsProject

from ..conversation import Conversation
from ..errors import PluginError
from ..history import markdown
from ..qt import QtCore, QtWidgets
from ..translation import tr
from ..whole_file import write_text
from .buttons import menu_action
from .panel import Panel


class ChatMenu(QtCore.QObject):
    """Fills the menu button of the panel.

    Args:
        panel: With the button.
        conversation: What is saved or begun anew.
        say: Shows a message of a level.
        show_model: Opens the window about the model.
    """

    def __init__(
        self,
        panel: Panel,
        conversation: Conversation,
        say: Callable[[str, Any], None],
        show_model: Callable[[], None],
    ) -> None:
        super().__init__(panel)
        self._panel, self._talk, self._say = panel, conversation, say
        menu = QtWidgets.QMenu(panel)
        menu_action(menu, tr("New conversation"), "geopixNew", self._new)
        menu_action(menu, tr("Save conversation as Markdown..."), "geopixMarkdown", self._choose)
        menu.addSeparator()
        menu_action(menu, tr("Model and its process..."), "geopixModel", show_model)
        panel.menu.setMenu(menu)

    def _new(self) -> None:
        if self._talk.active:
            self._say(
                tr("An answer is on its way. Stop it first, then begin a new conversation."), Qgis.MessageLevel.Info
            )
            return
        self._talk.book.clear()
        self._say(tr("A new conversation. The polygons of the one before stay on the map."), Qgis.MessageLevel.Info)

    def _choose(self) -> None:
        if not self._talk.turns:
            self._say(tr("Nothing was said yet. Ask a question first."), Qgis.MessageLevel.Info)
            return
        folder = QgsProject.instance().absolutePath() or str(Path.home())
        proposal = f"{folder}/geopix_conversation.md"
        path, _ = QtWidgets.QFileDialog.getSaveFileName(
            self._panel, tr("Save conversation"), proposal, tr("Markdown (*.md)")
        )
        if path:
            self.save(Path(path))

    def save(self, path: Path) -> None:
        """Writes the conversation, all or nothing."""
        path = path if path.suffix else path.with_suffix(".md")
        try:
            write_text(path, markdown(self._talk.turns))
        except PluginError as error:
            self._say(str(error), Qgis.MessageLevel.Warning)
            return
        self._say(
            tr("Wrote {count} questions and answers to {path}.", count=len(self._talk.turns), path=path),
            Qgis.MessageLevel.Success,
        )
