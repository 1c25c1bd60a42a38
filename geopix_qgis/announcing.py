"""Telling all of QGIS that the polygons of a layer have changed."""

from __future__ import annotations

from qgis.core import QgsVectorLayer


def announce(layer: QgsVectorLayer) -> None:
    """Attribute tables, snapping and whoever else remembers polygons read them again; the map is drawn anew.

    It is the layer that says so: where its provider does, QGIS forgets what the analyst has selected.
    """
    layer.updateExtents()
    layer.dataChanged.emit()
    layer.triggerRepaint()
