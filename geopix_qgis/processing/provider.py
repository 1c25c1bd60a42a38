"""What QGIS lists as GeoPix in the Processing toolbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

from qgis.core import QgsProcessingProvider

from ..endpoint import Endpoint
from ..qt import QtGui
from ..shipped import shipped
from .ask import Ask
from .batch_segment import BatchSegment
from .segment import Segment


class GeoPixProvider(QgsProcessingProvider):
    """The algorithms.

    Attributes:
        running: Gives where the model process of the dock listens, None where it does not run.
    """

    def __init__(self, running: Callable[[], Optional[Endpoint]]) -> None:
        super().__init__()
        self.running = running

    def id(self) -> str:
        """Never translated."""
        return "geopix"

    def name(self) -> str:
        """A name, in every language."""
        return "GeoPix"

    def longName(self) -> str:
        """The same."""
        return "GeoPix"

    def icon(self) -> QtGui.QIcon:
        """That of the plugin."""
        return QtGui.QIcon(str(shipped("icon.svg")))

    def loadAlgorithms(self) -> None:
        """Called by QGIS."""
        for algorithm in (Segment, Ask, BatchSegment):
            self.addAlgorithm(algorithm())
