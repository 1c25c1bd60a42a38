"""Where an algorithm writes the polygons of answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeatureSink,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingUtils,
    QgsWkbTypes,
)

from .. import styling
from ..errors import LayerError
from ..protocol import RegionEvent
from ..qt import QtCore
from ..regions import FIELDS, category_of, feature_of, fields_of
from ..settings import load


class PolygonSink:
    """A sink with the fields of the dock's layers, made when the CRS of the first answer is known.

    Args:
        algorithm, parameters, context: Of the run.
        name: Of the sink's parameter.
        extra: Declarations of further fields, such as ``area:string(80)``.

    Attributes:
        dest_id: What the algorithm returns; None where no output is wanted.
        count: Polygons so far.
        area_m2: Sum of their areas, of those that have one.
    """

    def __init__(
        self,
        algorithm: QgsProcessingAlgorithm,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        name: str,
        extra: Sequence[str] = (),
    ) -> None:
        self._parameters, self._name = parameters, name
        self._algorithm: Any = algorithm
        self._context: Any = context
        self._fields = fields_of([*FIELDS, *extra])
        self._sink: Optional[QgsFeatureSink] = None
        self._categories: dict[str, None] = {}  # in the order in which they appear
        self.dest_id: Optional[str] = None
        self.count, self.area_m2 = 0, 0.0
        self._crs = QgsCoordinateReferenceSystem()

    def open(self, crs: QgsCoordinateReferenceSystem) -> None:
        """Makes the output; nothing where it is there already, or none is wanted."""
        if self._sink is None and self._parameters.get(self._name) is not None:
            self._crs = crs
            self._sink, self.dest_id = self._algorithm.parameterAsSink(
                self._parameters, self._name, self._context, self._fields, QgsWkbTypes.Type.MultiPolygon, crs
            )
            if self._sink is None:
                raise QgsProcessingException(self._algorithm.invalidSinkError(self._parameters, self._name))

    def add(self, regions: Sequence[RegionEvent], source: str, **values: Any) -> int:
        """Writes polygons; gives how many, for regions without an area are left out.

        Args:
            regions: What the model found.
            source: Path or name of the raster.
            values: Of the further fields.

        Raises:
            QgsProcessingException: If the output takes no features.
            LayerError: If a region is no polygon.
        """
        time = QtCore.QDateTime.currentDateTimeUtc().toString(QtCore.Qt.DateFormat.ISODate)
        made = [(region, feature_of(region, self._fields, source, time)) for region in regions]
        kept = [(region, feature) for region, feature in made if feature is not None]
        for region, feature in kept:
            for name, value in values.items():
                feature.setAttribute(name, value)
            if self._sink is not None and not self._sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
                raise QgsProcessingException(
                    self._algorithm.writeFeatureError(self._sink, self._parameters, self._name)
                )
            self._categories[category_of(region)] = None
            self.area_m2 += region.area_m2 or 0.0
        self.count += len(kept)
        return len(kept)

    def close(self) -> None:
        """Ends writing, so that a file is complete; lets the run go, which holds this sink and layers of its own."""
        if self._sink is not None and not self._crs.isValid():
            self._sink = None
            # A memory layer without a CRS in its URI claims the default one.
            layer = QgsProcessingUtils.mapLayerFromString(self.dest_id, self._context, False)
            if layer is not None:
                layer.setCrs(self._crs)
        self._sink = self._algorithm = self._context = None

    def style(self, context: QgsProcessingContext) -> None:
        """Lets an output that comes onto the map look like the dock's layers; to be called in the GUI's thread."""
        if self.dest_id is None or not context.willLoadLayerOnCompletion(self.dest_id):
            return
        layer = QgsProcessingUtils.mapLayerFromString(self.dest_id, context)
        if layer is not None:
            try:
                styling.apply_style(layer, load().labels)
            except LayerError:
                return  # the polygons are worth more than their colours
            styling.show_classes(layer, list(self._categories))
