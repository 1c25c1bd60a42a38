"""What the algorithms share: the raster, the model, and how they end."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Optional

from qgis.core import (
    QgsMapSettings,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterExtent,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from .. import settings
from ..areas import Area
from ..asking import check_prompt
from ..errors import PluginError
from ..qt import QtCore, QtGui
from ..raster import Selection, select
from ..shipped import GUIDE_ONLINE, shipped
from ..translation import tr
from .polygon_sink import PolygonSink
from .session import Session

RENDERED_M = 0.5  # metres per pixel, in the middle of what the embedded model was trained for


class GeoPixAlgorithm(QgsProcessingAlgorithm):
    """Parameters RASTER, PROMPT and those of the model; a session with the model process."""

    RASTER, PROMPT, EXTENT = "RASTER", "PROMPT", "EXTENT"
    MODEL, MIN_SCORE, MIN_AREA_M2, RESOLUTION = "MODEL", "MIN_SCORE", "MIN_AREA_M2", "RESOLUTION"

    def __init__(self) -> None:
        super().__init__()
        self.raster: Any = None  # a copy of the layer, from `prepareAlgorithm` to the end of `session`
        self._polygons: Optional[PolygonSink] = None  # of the run, closed with the session

    def createInstance(self) -> GeoPixAlgorithm:
        """A fresh one, as QGIS wants it for each run."""
        return type(self)()

    def icon(self) -> QtGui.QIcon:
        """That of the plugin."""
        return QtGui.QIcon(str(shipped("icon.svg")))

    def helpUrl(self) -> str:
        """The guide."""
        return GUIDE_ONLINE

    def add_question(self, default: str) -> None:
        """Adds the raster and the prompt."""
        self.addParameter(QgsProcessingParameterRasterLayer(self.RASTER, tr("Raster")))
        self.addParameter(QgsProcessingParameterString(self.PROMPT, tr("Prompt"), default, True))

    def add_extent(self) -> None:
        """Adds the part of the raster."""
        label = tr("Extent (empty: all of the raster)")
        self.addParameter(QgsProcessingParameterExtent(self.EXTENT, label, None, True))

    def add_model(self) -> None:
        """Adds what is chosen seldom."""
        number = QgsProcessingParameterNumber.Type.Double
        score, area = tr("Least score of a polygon"), tr("Least area of a polygon in m² (0: any)")
        scale = tr("Metres per pixel of a layer that QGIS renders (WMS, XYZ)")
        for parameter in (
            QgsProcessingParameterString(self.MODEL, tr("Model (empty: as in the options)"), "", False, True),
            QgsProcessingParameterNumber(self.MIN_SCORE, score, number, 0.5, False, 0.0, 1.0),
            QgsProcessingParameterNumber(self.MIN_AREA_M2, area, number, 0.0, False, 0.0),
            QgsProcessingParameterNumber(self.RESOLUTION, scale, number, RENDERED_M, False, 0.01, 1000.0),
        ):
            parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
            self.addParameter(parameter)

    def checkParameterValues(self, parameters: dict[str, Any], context: QgsProcessingContext) -> tuple[bool, str]:
        """Refuses an empty prompt before anything is started."""
        try:
            check_prompt(self.parameterAsString(parameters, self.PROMPT, context))
        except PluginError as error:
            return False, str(error)
        return super().checkParameterValues(parameters, context)

    def prepareAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Copies the raster layer: the run may be in another thread than the project."""
        layer = self.parameterAsRasterLayer(parameters, self.RASTER, context)
        if layer is None:
            raise QgsProcessingException(self.invalidRasterError(parameters, self.RASTER))
        self.raster = layer.clone()
        self.raster.moveToThread(None)
        return True

    @contextmanager
    def session(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> Iterator[Session]:
        """The model, for the time of a run; what fails in there ends the algorithm with its sentence."""
        self.raster.moveToThread(QtCore.QThread.currentThread())
        stored = settings.load()
        model = self.parameterAsString(parameters, self.MODEL, context).strip() or stored.model
        least = {
            "min_score": self.parameterAsDouble(parameters, self.MIN_SCORE, context),
            "min_area_m2": self.parameterAsDouble(parameters, self.MIN_AREA_M2, context),
        }
        choices = replace(stored, model=model, **least)
        session = Session(choices, self.provider().running, feedback)
        try:
            yield session
        except PluginError as error:
            # PyQGIS never frees an exception that leaves an algorithm, nor the layers in the frames that it has passed.
            traceback.clear_frames(error.__traceback__)
            raise QgsProcessingException(str(error)) from None
        finally:
            session.close()
            if self._polygons is not None:
                self._polygons.close()
            self.raster = None  # it goes with the thread that it was moved to

    def selection(self, parameters: dict[str, Any], context: QgsProcessingContext, area: Area) -> Selection:
        """The pixels of an area.

        Raises:
            TileError: If there are none, or too many.
        """
        view = QgsMapSettings()
        view.setDestinationCrs(self.raster.crs())
        view.setExtent(self.raster.extent())
        return select(self.raster, area, view, self.parameterAsDouble(parameters, self.RESOLUTION, context))

    @staticmethod
    def polygon_type() -> Any:
        """What the sinks of polygons hold."""
        return QgsProcessing.SourceType.TypeVectorPolygon
