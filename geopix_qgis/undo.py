"""Taking back what was done to result layers in one step, whether QGIS edits them or not.

A layer in edit mode gets one command of its own undo stack, as any edit in QGIS has.  One that is not gets the change
at once, and the values before it are kept here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from qgis.core import QgsFeature, QgsFeatureRequest, QgsGeometry, QgsProject, QgsVectorLayer

from . import filters
from .announcing import announce
from .errors import LayerError
from .translation import tr

DEPTH = 50  # steps that are kept


@dataclass
class Change:
    """What one step does to one layer.

    Attributes:
        layer: The layer.
        geometries: New geometry by feature id.
        attributes: New value by field name by feature id; fields that the layer lacks are left out.
        removed: Ids of features that go.
        added: Features that come.
    """

    layer: QgsVectorLayer
    geometries: dict[int, QgsGeometry] = field(default_factory=dict)
    attributes: dict[int, dict[str, Any]] = field(default_factory=dict)
    removed: list[int] = field(default_factory=list)
    added: list[QgsFeature] = field(default_factory=list)

    def __post_init__(self) -> None:
        known = set(self.layer.fields().names())
        self.attributes = {
            fid: {key: value for key, value in values.items() if key in known}
            for fid, values in self.attributes.items()
        }

    @property
    def ids(self) -> list[int]:
        """Features that exist and are touched."""
        return sorted({*self.geometries, *self.attributes, *self.removed})


@dataclass(frozen=True)
class Undone:
    """What was taken back: its name, and the new ids of features that came back, by (layer id, old id)."""

    name: str
    renamed: Mapping[tuple[str, int], int]


@dataclass(frozen=True)
class _Back:
    """How to take back the change of one layer; without an inverse the layer's own undo stack knows it."""

    layer_id: str
    inverse: Optional[Change] = None
    old_ids: Sequence[int] = ()  # of the features that the inverse adds, in order
    position: int = 0  # in the layer's own undo stack, just after the change


class Undo:
    """The steps done to result layers, the last one first to go."""

    def __init__(self) -> None:
        self._steps: list[tuple[str, list[_Back]]] = []

    @property
    def next_name(self) -> str:
        """What would be taken back, such as "Reject 3 polygons"; empty where nothing is left."""
        return self._steps[-1][0] if self._steps else ""

    def do(self, name: str, changes: Sequence[Change]) -> None:
        """Does one step to one or more layers; all of it or, where a layer refuses, nothing.

        Raises:
            LayerError: If a layer refuses; what was done to other layers is taken back.
        """
        done: list[_Back] = []
        try:
            for change in changes:
                done.append(_carry_out(name, change))
        except LayerError:
            for back in reversed(done):
                _take_back(back, {})
            raise
        if done:
            self._steps = [*self._steps, (name, done)][-DEPTH:]

    def undo(self) -> Undone:
        """Takes back the last step.

        Raises:
            LayerError: If there is none, or it can no longer be taken back.
        """
        if not self._steps:
            raise LayerError(tr("There is nothing to undo."))
        name, backs = self._steps[-1]
        self._steps.pop()
        for back in backs:
            _check(back, name)
        renamed: dict[tuple[str, int], int] = {}
        for back in reversed(backs):
            _take_back(back, renamed)
        self._rename(renamed)
        return Undone(name, renamed)

    def _rename(self, renamed: Mapping[tuple[str, int], int]) -> None:
        """Older steps speak of features by the ids that they had then."""
        for _, backs in self._steps:
            for back in backs:
                if back.inverse is not None:
                    new_ids = {old: new for (layer_id, old), new in renamed.items() if layer_id == back.layer_id}
                    _rename_in(back.inverse, new_ids)


def _rename_in(change: Change, new_ids: Mapping[int, int]) -> None:
    change.geometries = {new_ids.get(fid, fid): value for fid, value in change.geometries.items()}
    change.attributes = {new_ids.get(fid, fid): value for fid, value in change.attributes.items()}
    change.removed = [new_ids.get(fid, fid) for fid in change.removed]


def _carry_out(name: str, change: Change) -> _Back:
    layer = change.layer
    if layer.isEditable():
        _edit(name, change)
        return _Back(layer.id(), position=layer.undoStack().index())
    provider = layer.dataProvider()
    before = {feature.id(): QgsFeature(feature) for feature in _stored(layer, change.ids)}
    missing = [fid for fid in change.ids if fid not in before]
    if missing:
        raise LayerError(
            tr(
                "{count} polygons of {layer} are no longer there. Select them again.",
                count=len(missing),
                layer=layer.name(),
            )
        )
    inverse = Change(
        layer,
        {fid: QgsGeometry(before[fid].geometry()) for fid in change.geometries},
        {fid: {key: before[fid][key] for key in values} for fid, values in change.attributes.items()},
        added=[before[fid] for fid in change.removed],
    )
    added = _store(change)
    if added is None:
        reason = "; ".join(provider.errors()) or tr("it is read only")
        _store(replace(inverse, added=[]))  # what was done before the refusal
        raise LayerError(
            tr(
                "{layer} could not be changed: {reason}. Save it under another name and use that.",
                layer=layer.name(),
                reason=reason,
            )
        )
    inverse.removed = added
    layer.deselect(change.removed)
    announce(layer)
    return _Back(layer.id(), inverse, list(change.removed))


def _store(change: Change) -> Optional[list[int]]:
    """Writes a change through the provider; the ids of the added features, None where it refuses."""
    provider, names = change.layer.dataProvider(), change.layer.fields()
    values = {fid: {names.indexOf(key): v for key, v in new.items()} for fid, new in change.attributes.items()}
    ok = (
        (not values or provider.changeAttributeValues(values))
        and (not change.geometries or provider.changeGeometryValues(change.geometries))
        and (not change.removed or provider.deleteFeatures(change.removed))
    )
    added: list[QgsFeature] = []
    if ok and change.added:
        ok, added = provider.addFeatures(change.added)
    return [feature.id() for feature in added] if ok else None


def _edit(name: str, change: Change) -> None:
    layer, names = change.layer, change.layer.fields()
    layer.beginEditCommand(name)
    ok = all(
        layer.changeAttributeValue(fid, names.indexOf(key), value)
        for fid, values in change.attributes.items()
        for key, value in values.items()
    )
    ok = ok and all(layer.changeGeometry(fid, geometry) for fid, geometry in change.geometries.items())
    ok = ok and (not change.removed or layer.deleteFeatures(change.removed))
    ok = ok and all(layer.addFeature(feature) for feature in change.added)
    if not ok:
        layer.destroyEditCommand()
        raise LayerError(tr("{layer} refused the change. Save its edits and try again.", layer=layer.name()))
    layer.endEditCommand()
    layer.triggerRepaint()


def _stored(layer: QgsVectorLayer, ids: Sequence[int]) -> list[QgsFeature]:
    """Features by id, hidden by a filter or not."""
    with filters.subset(layer, filters.filter_of_analyst(layer)):
        return list(layer.getFeatures(QgsFeatureRequest(list(ids)))) if ids else []


def _check(back: _Back, name: str) -> None:
    layer = QgsProject.instance().mapLayer(back.layer_id)
    if layer is None:
        raise LayerError(tr('"{name}" cannot be undone: its layer was removed from the project.', name=name))
    if back.inverse is not None and layer.isEditable():
        raise LayerError(
            tr(
                '"{name}" cannot be undone while {layer} is edited. Save or cancel its edits first.',
                name=name,
                layer=layer.name(),
            )
        )
    if back.inverse is None:
        stack = layer.undoStack()
        if not layer.isEditable() or stack.index() != back.position or stack.undoText() != name:
            raise LayerError(
                tr(
                    '"{name}" is part of older edits of {layer}. Use Undo in the Edit menu of QGIS.',
                    name=name,
                    layer=layer.name(),
                )
            )


def _take_back(back: _Back, renamed: dict[tuple[str, int], int]) -> None:
    layer = QgsProject.instance().mapLayer(back.layer_id)
    if back.inverse is None:
        layer.undoStack().undo()
        return
    redo = _carry_out("", back.inverse)
    new_ids = redo.inverse.removed if redo.inverse is not None else []
    renamed.update({(back.layer_id, old): new for old, new in zip(back.old_ids, new_ids)})
