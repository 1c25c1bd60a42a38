"""Questions from QGIS's locator bar: "gp airplanes" asks about airplanes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.core import QgsLocatorContext, QgsLocatorFilter, QgsLocatorResult

from ..qt import QtGui
from ..shipped import shipped
from ..translation import tr

WORD = "gp"  # QGIS keeps prefixes shorter than three letters for itself, so this one is looked for in the text


class PromptFilter(QgsLocatorFilter):
    """Offers to ask what is typed after ``gp``.

    Args:
        ask: Asks a question about what is chosen in the dock.
    """

    def __init__(self, ask: Callable[[str], Any]) -> None:
        super().__init__()
        self._ask = ask
        self.setUseWithoutPrefix(True)

    def clone(self) -> PromptFilter:
        """QGIS searches with a copy."""
        return PromptFilter(self._ask)

    def name(self) -> str:
        """Never translated."""
        return "geopix"

    def displayName(self) -> str:
        """In the locator's list of filters."""
        return tr("Ask GeoPix (gp question)")

    def prefix(self) -> str:
        """The one that QGIS allows; the analyst may set another one."""
        return "geopix"

    def flags(self) -> Any:
        """Answers at once, so no thread is needed."""
        return QgsLocatorFilter.Flag.FlagFast

    def fetchResults(self, text: str, context: QgsLocatorContext, feedback: Any) -> None:
        """One result, where the text is for GeoPix."""
        word, _, rest = text.strip().partition(" ")
        prompt = text.strip() if context.usingPrefix else rest.strip() if word.lower() == WORD else ""
        if prompt:
            result = QgsLocatorResult(self, tr("Ask: {prompt}", prompt=prompt), prompt)
            result.description = tr("GeoPix asks about the raster and the area that are chosen in its dock")
            result.icon = QtGui.QIcon(str(shipped("icon.svg")))
            result.score = 1.0
            self.resultFetched.emit(result)

    def triggerResult(self, result: QgsLocatorResult) -> None:
        """The analyst pressed Enter on it."""
        self._ask(str(result.userData))
