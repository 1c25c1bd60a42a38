"""geopix:ask: an answer in words, with the polygons that it talks about."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
)

from ..protocol import TASKS
from ..translation import tr
from .segment import Segment


class Ask(Segment):
    """As ``Segment``, with any kind of question, and without polygons unless they are wanted."""

    TASK = "TASK"

    def name(self) -> str:
        """Never translated."""
        return "ask"

    def displayName(self) -> str:
        """In the toolbox."""
        return tr("Ask about a raster")

    def tags(self) -> list[str]:
        """What it is found by."""
        return tr("question,answer,describe,caption,count,vision-language model,imagery").split(",")

    def shortHelpString(self) -> str:
        """Shown beside the parameters."""
        return tr(
            "Answers a question about a raster, such as 'How many airplanes are there?' or 'Describe this image'. The "
            "answer is written to the log and is an output of the algorithm, for a model of the modeler to go on "
            "with; counts and areas in it are computed from the polygons.\n\n"
            "The polygons that the answer talks about are written where an output for them is chosen.\n\n"
            "Task: auto leaves it to the words of the question; segment wants outlines, refer rectangles, caption a "
            "description, vqa a short answer."
        )

    def initAlgorithm(self, configuration: Optional[dict[str, Any]] = None) -> None:
        """Called by QGIS."""
        self.add_question("Describe this image")
        self.add_extent()
        self.addParameter(QgsProcessingParameterEnum(self.TASK, tr("Task"), TASKS, False, TASKS[0], False, True))
        self.add_model()
        kind = self.polygon_type()
        polygons = QgsProcessingParameterFeatureSink(self.OUTPUT, tr("Polygons"), kind, None, True, False)
        self.addParameter(polygons)
        self.add_outputs()

    def task(self, parameters: dict[str, Any], context: QgsProcessingContext) -> str:
        """The one that is chosen."""
        return self.parameterAsEnumString(parameters, self.TASK, context)
