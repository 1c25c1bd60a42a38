"""The answers about one raster as QGIS layers: adding polygons, finding those of a turn, undoing a turn."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsProject, QgsVectorLayer

from . import filters, measuring, palette, provenance, styling
from .announcing import announce
from .errors import LayerError
from .layer_group import SOURCE, place
from .links import Key, Links, key_of
from .measure import measure
from .protocol import RegionEvent
from .qt import QtCore
from .regions import category_in, category_of, feature_of, new_feature, value_of
from .review import polygons
from .storage import Storage, gpkg_of, move_to, new_layer
from .translation import tr

LAYER_NAME = "GeoPix answers"
# What a layer remembers in the project file and in a GeoPackage's style, so that it is found again.
CONVERSATION, RASTER_NAME, RASTER_ID, CATEGORY, MADE = (
    f"geopix/{name}" for name in ("conversation", "raster", "raster_id", "category", "made")
)
ANNOUNCE_MS = 500  # open attribute tables read a changed layer from its start: not for each batch of a stream


class ResultLayer:
    """The polygons of one conversation about one raster, in one layer or in one for each class.

    Attributes:
        crs: Of the polygons; invalid for pixel coordinates.
        conversation: Marks its layers, also after the project was saved and opened again.
    """

    def __init__(
        self,
        raster_name: str,
        crs: QgsCoordinateReferenceSystem,
        *,
        source: str = "",
        storage: Storage = Storage(),  # noqa: B008  frozen
        per_class: bool = False,
        labels: bool = False,
        raster_id: str = "",
        conversation: str = "",
        before_adding: Callable[[], Any] = lambda: None,
    ) -> None:
        """Makes an empty layer in the group of the raster; with ``per_class``, each class gets one when it is found.

        Args:
            raster_name: What the answers are about.
            crs: Of the polygons; invalid for pixel coordinates.
            source: File of the raster, or its name.
            storage: In memory, or in a GeoPackage.
            per_class: One layer for each class.
            labels: Whether new layers show labels.
            raster_id: Id of the raster layer in the project.
            conversation: Of layers that exist already; empty makes a new one.
            before_adding: Called before a layer is added to the project, to stop drawing the map: in QGIS 3.22 a thread
                that draws a layer in memory reads what the project throws away when a layer is added, and crashes.

        Raises:
            LayerError: If the GeoPackage cannot be written.
        """
        self.crs, self.conversation = crs, conversation or uuid.uuid4().hex
        self._name, self._source, self._raster_id = raster_name, source or raster_name, raster_id
        self._storage, self._per_class, self._labels = storage, per_class, labels
        self._before_adding = before_adding
        self._project = QgsProject.instance()
        self._links: dict[str, Links] = {}  # by layer id, in the order in which the layers were made
        self._measuring: dict[str, measuring.Measuring] = {}
        self._removed: dict[int, list[tuple[str, QgsFeature]]] = {}  # by turn: category of the layer, polygon
        self._announce = QtCore.QTimer()
        self._announce.setSingleShot(True)
        self._announce.setInterval(ANNOUNCE_MS)
        self._announce.timeout.connect(self._announce_changes)
        if not per_class and not conversation:
            self._make("")

    @classmethod
    def reattach(
        cls, key: str, project: QgsProject, before_adding: Callable[[], Any] = lambda: None
    ) -> Optional[ResultLayer]:
        """The newest answers about a raster that are in a project, as an earlier session left them.

        Args:
            key: Id of the raster layer, its source, or a conversation.
            project: Where to look.
            before_adding: See ``ResultLayer``.

        Returns:
            None where the project has none.
        """
        found = [
            layer
            for layer in project.mapLayers().values()
            if isinstance(layer, QgsVectorLayer)
            and layer.customProperty(CONVERSATION)
            and key in (layer.customProperty(name) for name in (RASTER_ID, SOURCE, CONVERSATION))
        ]
        if not found or not key:
            return None
        found.sort(key=lambda layer: str(layer.customProperty(MADE)))
        newest = found[-1]
        own = [layer for layer in found if layer.customProperty(CONVERSATION) == newest.customProperty(CONVERSATION)]
        layers = {str(layer.customProperty(CATEGORY) or ""): layer for layer in reversed(own)}  # no copies of a layer
        result = cls(
            str(newest.customProperty(RASTER_NAME)),
            newest.crs(),
            source=str(newest.customProperty(SOURCE)),
            storage=Storage(gpkg_of(newest)),
            per_class=bool(newest.customProperty(CATEGORY)),
            labels=newest.labelsEnabled(),
            raster_id=str(newest.customProperty(RASTER_ID)),
            conversation=str(newest.customProperty(CONVERSATION)),
            before_adding=before_adding,
        )
        result._project = project
        for layer in reversed(layers.values()):
            result._watch(layer)
        return result

    @property
    def layers(self) -> list[QgsVectorLayer]:
        """Those that the analyst has not removed, in the order in which they were made."""
        known = (self._project.mapLayer(layer_id) for layer_id in self._links)
        return [layer for layer in known if layer is not None and layer.isValid()]

    @property
    def alive(self) -> bool:
        """Whether there is a layer."""
        return bool(self.layers)

    @property
    def colours(self) -> dict[str, str]:
        """Colour by class or phrase, as the layers show them."""
        return {name: colour for layer in self.layers for name, colour in styling.colours_of(layer).items()}

    @property
    def last_turn(self) -> int:
        """The highest number of a turn that has polygons here, 0 without any."""
        return max((self._links[layer.id()].last_turn() for layer in self.layers), default=0)

    def close(self) -> None:
        """Lets go of the layers; they stay in the project."""
        self._announce.stop()
        for layer in self.layers:
            self._links[layer.id()].close()
            self._measuring[layer.id()].close()
        self._links, self._measuring = {}, {}

    def add(self, regions: Sequence[RegionEvent], time: str = "") -> int:
        """Adds polygons; gives how many, for regions without an area are left out.

        They are written at once, in one transaction for each layer.  Where the analyst is editing a layer they are no
        part of his edits: neither saving nor discarding those touches them.

        Args:
            regions: What arrived.
            time: Of the question, ISO 8601; now where it is empty.

        Raises:
            LayerError: If a geometry is no polygon, or a layer takes no features.
        """
        time = time or datetime.now(timezone.utc).isoformat(timespec="seconds")
        batches: dict[str, list[RegionEvent]] = {}
        for region in regions:
            batches.setdefault(category_of(region) if self._per_class else "", []).append(region)
        added = 0
        for category, batch in batches.items():
            layer = self._layer_for(category)
            made = (feature_of(region, layer.fields(), self._source, time) for region in batch)
            features = [feature for feature in made if feature is not None]
            self._write(layer, features)
            added += len(features)
            if styling.show_classes(layer, [category_of(region) for region in batch]):
                self._save_style(layer)
        return added

    def find(self, turn: int, target: Optional[int] = None) -> list[tuple[QgsVectorLayer, list[int]]]:
        """Layers with the feature ids of a turn's polygons, or of one of its targets; rejected ones are included."""
        found = [(layer, self._links[layer.id()].ids(turn, target)) for layer in self.layers]
        return [(layer, ids) for layer, ids in found if ids]

    def count(self, turn: int, target: Optional[int] = None) -> int:
        """How many polygons a turn, or one of its targets, has."""
        return sum(self._links[layer.id()].count(turn, target) for layer in self.layers)

    def area_m2(self, turn: int, target: Optional[int] = None) -> Optional[float]:
        """Sum of the areas; polygons whose edits are not saved yet are measured.  None where no area is known."""
        areas = []
        for layer, features in self._features(turn, target):
            unsaved = measuring.unsaved(layer)
            for feature in features:
                changed = feature.id() in unsaved
                areas.append(measure(feature.geometry(), layer.crs())[0] if changed else value_of(feature, "area_m2"))
        known = [area for area in areas if area is not None]
        return sum(known) if known else None

    def targets_of(self, layer: QgsVectorLayer, fids: Sequence[int]) -> set[Key]:
        """(turn, target) of features; those that the analyst drew have none."""
        if layer.id() not in self._links:
            return set()
        return {key for key in map(key_of, layer.getFeatures(list(fids))) if key is not None}

    def colour_of(self, turn: int, target: int) -> Optional[str]:
        """The colour in which a target's polygons are drawn, None where it has none."""
        for layer in self.layers:
            name = self._links[layer.id()].category(turn, target)
            if name:
                return styling.colours_of(layer).get(name) or palette.colour_of(name)
        return None

    def remove_turn(self, turn: int) -> int:
        """Takes away all polygons of a turn, as the analyst has edited them; gives how many.

        Raises:
            LayerError: If a layer has edits that are not saved, or refuses; nothing is lost then.
        """
        for layer, _ in self.find(turn):
            if layer.isEditable() and layer.undoStack().canUndo():
                raise LayerError(
                    tr(
                        "The layer {layer} has unsaved edits. Save or discard them, then undo the turn.",
                        layer=layer.name(),
                    )
                )
        removed = 0
        for layer, features in self._features(turn):
            ids = [feature.id() for feature in features]
            layer.undoStack().clear()  # an edit that was undone must not be redone on a polygon that is gone
            if not layer.dataProvider().deleteFeatures(ids):
                raise LayerError(
                    tr("The polygons of this turn cannot be taken out of {layer}. Is it read-only?", layer=layer.name())
                )
            layer.deselect(ids)
            category = str(layer.customProperty(CATEGORY) or "")
            self._removed.setdefault(turn, []).extend((category, feature) for feature in features)
            self._links[layer.id()].forget()
            self._changed(layer)
            removed += len(ids)
        return removed

    def restore_turn(self, turn: int) -> int:
        """Brings back what ``remove_turn`` took away; gives how many polygons.

        Raises:
            LayerError: If a layer takes no features; they can be restored later then.
        """
        restored = 0
        while self._removed.get(turn):
            category = self._removed[turn][0][0]
            mine = [feature for name, feature in self._removed[turn] if name == category]
            layer = self._layer_for(category)
            values = [{f.name(): old[f.name()] for f in old.fields() if f.name() != "fid"} for old in mine]
            self._write(layer, [new_feature(layer.fields(), o.geometry(), v) for o, v in zip(mine, values)])
            if styling.show_classes(layer, [category_in(old) for old in mine]):
                self._save_style(layer)
            self._removed[turn] = [item for item in self._removed[turn] if item[0] != category]
            restored += len(mine)
        return restored

    def note_turn(self, run: provenance.Run) -> None:
        """Writes down where the polygons of a turn come from, in each layer that holds some.

        Raises:
            LayerError: If a GeoPackage takes no metadata.
        """
        for layer, _ in self.find(run.turn):
            provenance.note_turn(layer, run)

    def make_permanent(self, path: Path) -> None:
        """Moves all layers into one GeoPackage, with styles and provenance; later ones are made there too.

        Raises:
            LayerError: If it cannot be; the layers are as before then.
        """
        layers = [layer for layer in self.layers if gpkg_of(layer) != path]
        move_to(layers, path)
        self._storage = Storage(path)
        for layer in layers:
            self._links[layer.id()].forget()
            styling.save_style(layer)
            provenance.save(layer, layer.metadata())

    def _features(self, turn: int, target: Optional[int] = None) -> list[tuple[QgsVectorLayer, list[QgsFeature]]]:
        found = []
        for layer, ids in self.find(turn, target):
            with filters.subset(layer, ""):
                found.append((layer, list(layer.getFeatures(ids))))
        return found

    def _layer_for(self, category: str) -> QgsVectorLayer:
        """The layer of a category; a new one where the analyst has removed it."""
        own = [layer for layer in self.layers if (layer.customProperty(CATEGORY) or "") == category]
        return own[0] if own else self._make(category)

    def _make(self, category: str) -> QgsVectorLayer:
        layer = new_layer(category or LAYER_NAME, self.crs, self._storage)
        styling.apply_style(layer, self._labels)
        marks = {
            CONVERSATION: self.conversation,
            RASTER_NAME: self._name,
            RASTER_ID: self._raster_id,
            SOURCE: self._source,
            CATEGORY: category,
            MADE: datetime.now(timezone.utc).isoformat(),
        }
        for name, value in marks.items():
            layer.setCustomProperty(name, value)
        provenance.save(layer, provenance.metadata(layer, self._name, self._source))
        self._save_style(layer)
        self._before_adding()
        place(self._project, layer, self._name, self._source)
        self._watch(layer)
        return layer

    def _watch(self, layer: QgsVectorLayer) -> None:
        self._links[layer.id()] = Links(layer)
        self._measuring[layer.id()] = measuring.Measuring(layer)

    def _write(self, layer: QgsVectorLayer, features: Sequence[QgsFeature]) -> None:
        path = gpkg_of(layer)
        if path is not None and not path.exists():  # GDAL would go on writing into the deleted file
            raise LayerError(
                tr(
                    "The file of the layer {layer} is gone: {path}. Remove the layer, then ask again with "
                    "Retry; a new one is made.",
                    layer=layer.name(),
                    path=path,
                )
            )
        ok, added = layer.dataProvider().addFeatures(list(features))
        if not ok:
            why = "; ".join(layer.dataProvider().errors()) or tr("it may be read-only or its file is gone")
            if "locked" in why:
                why = tr("another program is writing to its file; let it finish, then ask again with Retry")
            raise LayerError(
                tr(
                    "{polygons} could not be added to the layer {layer}: {why}.",
                    polygons=polygons(len(features)),
                    layer=layer.name(),
                    why=why,
                )
            )
        self._links[layer.id()].note(added)
        self._changed(layer)

    def _changed(self, layer: QgsVectorLayer) -> None:
        layer.updateExtents()
        layer.triggerRepaint()
        self._announce.start()

    def _announce_changes(self, *_none: Any) -> None:
        for layer in self.layers:
            announce(layer)

    @staticmethod
    def _save_style(layer: QgsVectorLayer) -> None:
        if gpkg_of(layer) is not None:
            styling.save_style(layer)
