"""Area and perimeter of polygons that the analyst has changed, on the ellipsoid of their layer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Optional

from qgis.core import NULL, QgsCoordinateReferenceSystem, QgsGeometry, QgsVectorLayer

from .announcing import announce
from .measure import measure

AREA, PERIMETER = "area_m2", "perimeter_m"


def remeasure(layer: QgsVectorLayer, fids: Iterable[int]) -> int:
    """Writes area and perimeter of polygons anew; gives how many were measured.

    Where the layer is being edited, it is part of the edits; else it is written at once.
    """
    columns = [layer.fields().indexOf(name) for name in (AREA, PERIMETER)]
    values = {}
    for feature in layer.getFeatures(list(fids)):
        sizes = measure(feature.geometry(), layer.crs())
        values[feature.id()] = {c: NULL if size is None else size for c, size in zip(columns, sizes) if c >= 0}
    if layer.isEditable():
        for fid, changes in values.items():
            layer.changeAttributeValues(fid, changes)
    elif values and layer.dataProvider().changeAttributeValues(values):
        announce(layer)
    return len(values)


def unsaved(layer: QgsVectorLayer) -> set[int]:
    """Ids of the polygons that are new or reshaped and not saved yet."""
    buffer = layer.editBuffer()
    return set(buffer.changedGeometries()) | set(buffer.addedFeatures()) if buffer is not None else set()


def sizes(geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> dict[str, Optional[float]]:
    """Area and perimeter (``measure``) by the names of their fields."""
    return dict(zip((AREA, PERIMETER), measure(geometry, crs)))


class Measuring:
    """Keeps area and perimeter true while the analyst edits a layer with the tools of QGIS.

    A reshaped polygon is measured within the edit that reshaped it, so that one undo takes back both.  The new parts of
    a split and what a script changed outside an edit command are measured when the edits are saved: inside the command
    their numbers would come before them in the undo stack of QGIS, and a redo would crash it.
    """

    def __init__(self, layer: QgsVectorLayer) -> None:
        self._layer = layer
        layer.geometryChanged.connect(self._reshaped)
        layer.beforeCommitChanges.connect(self._saving)

    def close(self) -> None:
        """Lets go of the layer."""
        self._layer.geometryChanged.disconnect(self._reshaped)
        self._layer.beforeCommitChanges.disconnect(self._saving)

    def _reshaped(self, fid: int, _geometry: QgsGeometry) -> None:
        if self._layer.isEditCommandActive():  # not so while QGIS undoes or redoes
            remeasure(self._layer, [fid])

    def _saving(self, *_stop: Any) -> None:
        remeasure(self._layer, unsaved(self._layer))
