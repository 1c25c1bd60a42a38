"""geopix:segment: polygons of what a prompt names."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterFeatureSink,
)

from .. import areas
from ..areas import Area
from ..raster import source_of
from ..translation import tr
from .algorithm import GeoPixAlgorithm
from .polygon_sink import PolygonSink


class Segment(GeoPixAlgorithm):
    """One question about a raster, or a part of it."""

    OUTPUT, ANSWER, COUNT, AREA_M2 = "OUTPUT", "ANSWER", "COUNT", "AREA_M2"

    def name(self) -> str:
        """Never translated."""
        return "segment"

    def displayName(self) -> str:
        """In the toolbox."""
        return tr("Segment a raster by a prompt")

    def tags(self) -> list[str]:
        """What it is found by."""
        return tr("segmentation,detect,extract,polygons,deep learning,prompt,imagery").split(",")

    def shortHelpString(self) -> str:
        """Shown beside the parameters."""
        return tr(
            "Finds what the prompt names, such as 'the buildings' or 'airplanes and vehicles', and writes its outlines "
            "as polygons with phrase, class, score, geodesic area and perimeter.\n\n"
            "The extent limits what is looked at; without one it is all of the raster. A file is read on its own pixel "
            "grid; layers that only QGIS can read (WMS, XYZ, memory) are rendered with the given metres per pixel.\n\n"
            "The model runs on this machine, in the process of the GeoPix dock or, where none runs, in one of its own "
            "that ends with the algorithm. Where the dock uses a server, the pixels are sent there; the log says so."
        )

    def initAlgorithm(self, configuration: Optional[dict[str, Any]] = None) -> None:
        """Called by QGIS."""
        self.add_question("Segment the buildings")
        self.add_extent()
        self.add_model()
        self.addParameter(QgsProcessingParameterFeatureSink(self.OUTPUT, tr("Polygons"), self.polygon_type()))
        self.add_outputs()

    def add_outputs(self) -> None:
        """What a model of the modeler can go on with."""
        self.addOutput(QgsProcessingOutputString(self.ANSWER, tr("Answer")))
        self.addOutput(QgsProcessingOutputNumber(self.COUNT, tr("Number of polygons")))
        self.addOutput(QgsProcessingOutputNumber(self.AREA_M2, tr("Area of all polygons in m²")))

    def task(self, parameters: dict[str, Any], context: QgsProcessingContext) -> str:
        """What is wanted, one of ``protocol.TASKS``."""
        return "segment"

    def area(self, parameters: dict[str, Any], context: QgsProcessingContext) -> Area:
        """The part of the raster that is looked at.

        Raises:
            TileError: If the extent has no inside.
        """
        if parameters.get(self.EXTENT) in (None, ""):
            return areas.WHOLE_LAYER
        rect = self.parameterAsExtent(parameters, self.EXTENT, context)
        return areas.box(rect, self.parameterAsExtentCrs(parameters, self.EXTENT, context))

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Called by QGIS, in a thread of its own where a GUI runs."""
        prompt = self.parameterAsString(parameters, self.PROMPT, context)
        self._polygons = polygons = PolygonSink(self, parameters, context, self.OUTPUT)
        with self.session(parameters, context, feedback) as session:
            selection = self.selection(parameters, context, self.area(parameters, context))
            columns, rows = selection.size
            feedback.pushInfo(
                tr("{columns} x {rows} pixels of {name}", columns=columns, rows=rows, name=selection.name)
            )
            answer = session.ask(selection, prompt, task=self.task(parameters, context))
            polygons.open(answer.crs(selection.crs))
            polygons.add(answer.regions, source_of(selection))
        feedback.pushInfo(answer.text.strip())
        feedback.pushInfo(tr("{count} polygons, {area} m²", count=polygons.count, area=f"{polygons.area_m2:.1f}"))
        return {
            self.OUTPUT: polygons.dest_id,
            self.ANSWER: answer.text.strip(),
            self.COUNT: polygons.count,
            self.AREA_M2: polygons.area_m2,
        }

    def postProcessAlgorithm(self, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        """Colours, in the GUI's thread."""
        if self._polygons is not None:
            self._polygons.style(context)
        return {}
