"""One group of the layer tree per raster."""

from __future__ import annotations

from qgis.core import QgsLayerTreeGroup, QgsProject, QgsVectorLayer

SOURCE = "geopix/source"


def place(project: QgsProject, layer: QgsVectorLayer, raster_name: str, source: str) -> None:
    """Adds a layer to the project, on top of the group of its raster.

    The group is known by its property, so that the analyst may rename and move it; a new one is put at the top of the
    tree and named ``GeoPix - <raster_name>``.
    """
    project.addMapLayer(layer, False)
    group = _group(project, raster_name, source or raster_name)
    group.insertLayer(0, layer)
    group.setExpanded(False)  # the tree listens to changes only, and could not open the group while it was empty
    group.setExpanded(True)


def _group(project: QgsProject, raster_name: str, source: str) -> QgsLayerTreeGroup:
    root = project.layerTreeRoot()
    groups = root.findGroups(True)
    for group in groups:
        if group.customProperty(SOURCE) == source:
            return group
    wanted = f"GeoPix - {raster_name}"
    name, taken = wanted, {group.name() for group in groups}
    number = 2
    while name in taken:  # by another raster of that name
        name, number = f"{wanted} ({number})", number + 1
    group = root.insertGroup(0, name)
    group.setCustomProperty(SOURCE, source)
    return group
