"""Which layers hold the answers about which raster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer

from . import settings as stored
from .layers import ResultLayer
from .raster import Selection, source_of
from .storage import Storage, default_gpkg


class Results:
    """The layers of one conversation, by raster layer.

    Args:
        before_adding: See ``ResultLayer``.
        attach: Whether layers that came with the project go on being used.
    """

    def __init__(self, before_adding: Callable[[], Any], *, attach: bool = True) -> None:
        self._before_adding, self._attach = before_adding, attach
        self._known: dict[str, ResultLayer] = {}  # by id of the raster layer
        self._found: dict[str, Optional[ResultLayer]] = {}  # by source, as an earlier session left them

    def of(self, selection: Selection, crs: QgsCoordinateReferenceSystem) -> ResultLayer:
        """The layers of answers about this raster, made for its first polygon, as the settings say.

        Args:
            selection: What was asked about.
            crs: Of the polygons; where it has changed since, there are new layers.

        Raises:
            LayerError: If the GeoPackage that the settings ask for cannot be written.
        """
        known = self._known.get(selection.layer_id) or self.found(source_of(selection))
        if known is None or not known.alive or known.crs != crs:
            known = self._make(selection, crs)
        self._known[selection.layer_id] = known
        return known

    def found(self, source: str) -> Optional[ResultLayer]:
        """The layers about a source that came with the project."""
        if source not in self._found:
            project = QgsProject.instance()
            found = ResultLayer.reattach(source, project, self._before_adding) if self._attach else None
            self._found[source] = found
        return self._found[source]

    def close(self) -> None:
        """Lets go of all layers; they stay in the project."""
        for result in {id(r): r for r in (*self._known.values(), *self._found.values()) if r is not None}.values():
            result.close()

    def _make(self, selection: Selection, crs: QgsCoordinateReferenceSystem) -> ResultLayer:
        choices, raster = stored.load(), QgsProject.instance().mapLayer(selection.layer_id)
        to_file = choices.storage == "geopackage" and isinstance(raster, QgsRasterLayer)
        return ResultLayer(
            selection.name,
            crs,
            source=source_of(selection),
            storage=Storage(default_gpkg(raster)) if to_file else Storage(),
            per_class=choices.layer_per == "class",
            labels=choices.labels,
            raster_id=selection.layer_id,
            before_adding=self._before_adding,
        )
