"""geopix:batchsegment: one prompt about many areas of a raster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Optional

from qgis.core import (
    QgsFeature,
    QgsFeatureSink,
    QgsGeometry,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsWkbTypes,
)

from ..areas import Area, AreaKind
from ..errors import BackendError, PluginError, TileError
from ..outlines import polygons_of
from ..raster import Selection, source_of
from ..regions import category_of, fields_of, new_feature
from ..translation import tr
from .algorithm import GeoPixAlgorithm
from .polygon_sink import PolygonSink
from .session import Answer, Session

REFUSALS = 3  # of the model in a row, after which the other areas are not tried
ROW = (
    "area:string(80)",
    "polygons:integer",
    "area_m2:double",
    "main_class:string(120)",
    "answer:string",
    "problem:string",
    "seconds:double",
)


class BatchSegment(GeoPixAlgorithm):
    """One question about each polygon of a layer; all polygons in one output, and a row for each area in a table."""

    AREAS, AREA_NAME = "AREAS", "AREA_NAME"
    OUTPUT, TABLE = "OUTPUT", "TABLE"
    COUNT, FAILED = "COUNT", "FAILED"

    def name(self) -> str:
        """Never translated."""
        return "batchsegment"

    def displayName(self) -> str:
        """In the toolbox."""
        return tr("Segment many areas of a raster by one prompt")

    def tags(self) -> list[str]:
        """What it is found by."""
        return tr("segmentation,batch,grid,tiles,polygons,deep learning,imagery").split(",")

    def shortHelpString(self) -> str:
        """Shown beside the parameters."""
        return tr(
            "Asks the same prompt about each polygon of a layer, such as parcels, or the cells of a grid made with "
            "'Create grid'.\n\n"
            "All polygons come into one output; its field 'area' names the area in which each was found. The table "
            "has a row for each area: polygons, their geodesic area, the class that covers most, the answer in words, "
            "and the problem where there was one. An area that cannot be asked about, such as one beside the raster, "
            "does not end the run.\n\n"
            "An object that lies across the border of two areas is found in both, cut at the border."
        )

    def initAlgorithm(self, configuration: Optional[dict[str, Any]] = None) -> None:
        """Called by QGIS."""
        self.add_question("Segment the buildings")
        source, kind = QgsProcessingParameterFeatureSource, self.polygon_type()
        self.addParameter(source(self.AREAS, tr("Areas (a polygon layer or a grid)"), [kind]))
        text = tr("Field that names an area (empty: its number)")
        self.addParameter(QgsProcessingParameterField(self.AREA_NAME, text, None, self.AREAS, optional=True))
        self.add_model()
        table = QgsProcessing.SourceType.TypeVector
        self.addParameter(QgsProcessingParameterFeatureSink(self.OUTPUT, tr("Polygons"), kind))
        self.addParameter(QgsProcessingParameterFeatureSink(self.TABLE, tr("Table of areas"), table, None, True))
        self.addOutput(QgsProcessingOutputNumber(self.COUNT, tr("Number of polygons")))
        self.addOutput(QgsProcessingOutputNumber(self.FAILED, tr("Number of areas with a problem")))

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Called by QGIS, in a thread of its own where a GUI runs."""
        source = self.parameterAsSource(parameters, self.AREAS, context)
        if source is None:
            raise QgsProcessingException(self.invalidSourceError(parameters, self.AREAS))
        self._polygons = polygons = PolygonSink(self, parameters, context, self.OUTPUT, ["area:string(80)"])
        table, table_id = self.parameterAsSink(
            parameters, self.TABLE, context, fields_of(ROW), QgsWkbTypes.Type.NoGeometry
        )
        rows = []
        with self.session(parameters, context, feedback) as session:
            for row in self._rows(session, polygons, parameters, context, source, feedback):
                rows.append(row)
                if table is not None and not table.addFeature(_feature(row), QgsFeatureSink.Flag.FastInsert):
                    raise QgsProcessingException(self.writeFeatureError(table, parameters, self.TABLE))
            polygons.open(self.raster.crs())  # where no answer has done so
        feedback.pushInfo(tr("{count} polygons in {areas} areas", count=polygons.count, areas=len(rows)))
        return {
            self.OUTPUT: polygons.dest_id,
            self.TABLE: table_id,
            self.COUNT: polygons.count,
            self.FAILED: sum(bool(row["problem"]) for row in rows),
        }

    def postProcessAlgorithm(self, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        """Colours, in the GUI's thread."""
        if self._polygons is not None:
            self._polygons.style(context)
        return {}

    def _rows(
        self,
        session: Session,
        polygons: PolygonSink,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        source: QgsProcessingFeatureSource,
        feedback: QgsProcessingFeedback,
    ) -> Iterator[dict[str, Any]]:
        """One row for each area, as soon as its polygons are written; ends where the analyst cancels."""
        name_field = self.parameterAsString(parameters, self.AREA_NAME, context)
        features = list(source.getFeatures())
        refused = 0  # by the model, one after the other
        for number, feature in enumerate(features):
            name = str(feature[name_field] if name_field else feature.id())[:80]
            shape, count = polygons_of(feature.geometry()), len(features)
            feedback.pushInfo(tr("Area {name} ({number} of {count})", name=name, number=number + 1, count=count))
            row: dict[str, Any] = {"area": name, "problem": ""}
            try:
                selection = self.selection(
                    parameters, context, Area(AreaKind.SELECTION, shape, source.sourceCrs(), name)
                )
                share = (100.0 * number / count, 100.0 * (number + 1) / count)
                answer = session.ask(
                    selection, self.parameterAsString(parameters, self.PROMPT, context), number + 1, "segment", share
                )
                row.update(_written(polygons, answer, selection, name))
                feedback.pushInfo(row["answer"])
                refused = 0
            except TileError as error:
                row["problem"] = str(error)
            except PluginError as error:
                row["problem"], refused = str(error), refused + 1
                if isinstance(error, BackendError) or refused == REFUSALS:
                    raise
            if row["problem"]:
                feedback.reportError(row["problem"])
            if feedback.isCanceled():
                return
            yield row
            feedback.setProgress(100.0 * (number + 1) / count)


def _written(polygons: PolygonSink, answer: Answer, selection: Selection, name: str) -> dict[str, Any]:
    """Writes the polygons of an answer; gives what the table says of it."""
    polygons.open(answer.crs(selection.crs))
    areas: dict[str, float] = {}
    for region in answer.regions:
        areas[category_of(region)] = areas.get(category_of(region), 0.0) + (region.area_m2 or 0.0)
    return {
        "polygons": polygons.add(answer.regions, source_of(selection), area=name),
        "area_m2": sum(areas.values()),
        "main_class": max(areas, key=lambda category: areas[category]) if areas else None,
        "answer": answer.text.strip(),
        "seconds": answer.seconds,
    }


def _feature(row: dict[str, Any]) -> QgsFeature:
    return new_feature(fields_of(ROW), QgsGeometry(), row)
