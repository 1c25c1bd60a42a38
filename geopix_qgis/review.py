"""Accepting, rejecting, restoring, deleting and merging polygons of the result layers, each as one step to undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Optional

from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

from . import filters
from .errors import LayerError
from .measuring import sizes
from .regions import ACCEPTED, OPEN, REJECTED, category_in, value_of
from .translation import tr
from .undo import Change, Undo
from .wording import polygons

Chosen = list[tuple[QgsVectorLayer, list[int]]]


def selected(layers: Sequence[QgsVectorLayer]) -> Chosen:
    """The polygons that are selected and seen."""
    chosen = [(layer, filters.still_seen(layer, layer.selectedFeatureIds())) for layer in layers]
    return [(layer, ids) for layer, ids in chosen if ids]


def seen(layers: Sequence[QgsVectorLayer], name: str = "", turn: Optional[int] = None) -> Chosen:
    """The polygons that are seen: of one category or, without a name, of all; of one turn or of all."""
    return _where(layers, lambda f: name in ("", category_in(f)) and (turn is None or value_of(f, "turn") == turn))


def rejected(layers: Sequence[QgsVectorLayer], name: str = "") -> Chosen:
    """The rejected polygons, which are usually hidden, of one category or of all."""
    chosen: Chosen = []
    for layer in layers:
        with filters.subset(layer, filters.filter_of_analyst(layer)):
            chosen += _where([layer], lambda f: value_of(f, "review") == REJECTED and name in ("", category_in(f)))
    return chosen


def accept(chosen: Chosen, undo: Undo) -> int:
    """Marks polygons as accepted: no limit of score or area hides them any more.  Gives their number."""
    return _mark(chosen, undo, ACCEPTED, tr("Accept"))


def reject(chosen: Chosen, undo: Undo) -> int:
    """Marks polygons as rejected, which hides them and keeps them out of exports.  Gives their number."""
    count = _mark(chosen, undo, REJECTED, tr("Reject"))
    for layer, ids in chosen:
        layer.deselect(ids)
    return count


def restore(chosen: Chosen, undo: Undo) -> int:
    """Takes the mark off accepted or rejected polygons.  Gives their number."""
    return _mark(chosen, undo, OPEN, tr("Restore"))


def delete(chosen: Chosen, undo: Undo) -> int:
    """Removes polygons from their layers.  Gives their number."""
    count = _count(chosen)
    undo.do(
        tr("Delete {polygons}", polygons=polygons(count)), [Change(layer, removed=list(ids)) for layer, ids in chosen]
    )
    return count


def merge(layer: QgsVectorLayer, ids: Sequence[int], undo: Undo) -> int:
    """Unites polygons of one category into the largest of them; gives its id.

    Its score becomes the mean of all scores by area, its size is measured again; it counts as accepted where all were.

    Raises:
        LayerError: If there are fewer than two, they are of several categories, or the layer cannot be changed.
    """
    features = list(layer.getFeatures(list(ids))) if ids else []
    if len(features) < 2:
        raise LayerError(
            tr("Merging needs two polygons or more, {count} selected. Select them with Shift.", count=len(features))
        )
    names = sorted({category_in(feature) for feature in features})
    if len(names) > 1:
        raise LayerError(
            tr("These polygons are of several classes ({names}). Select polygons of one class.", names=", ".join(names))
        )
    united = QgsGeometry.unaryUnion([feature.geometry() for feature in features])
    if united.isEmpty() or not united.isGeosValid():
        raise LayerError(tr("These polygons cannot be united. Repair their geometry (Vector > Geometry Tools) first."))
    united.convertToMultiType()
    largest = max(features, key=lambda feature: feature.geometry().area())
    values: dict[str, Any] = {"score": _mean_score(features), **sizes(united, layer.crs())}
    if any(value_of(feature, "review") != ACCEPTED for feature in features):
        values["review"] = OPEN
    others = [feature.id() for feature in features if feature.id() != largest.id()]
    change = Change(layer, {largest.id(): united}, {largest.id(): values}, removed=others)
    undo.do(tr("Merge {polygons}", polygons=polygons(len(features))), [change])
    layer.selectByIds([largest.id()])
    return largest.id()


def _mean_score(features: Sequence[QgsFeature]) -> Optional[float]:
    known = [(f.geometry().area(), score) for f in features if (score := value_of(f, "score")) is not None]
    total = sum(area for area, _ in known)
    return sum(area * score for area, score in known) / total if total > 0 else None


def _mark(chosen: Chosen, undo: Undo, value: str, verb: str) -> int:
    for layer, _ in chosen:
        if layer.fields().indexOf("review") < 0:
            raise LayerError(tr('{layer} has no field "review". Use a layer that GeoPix has made.', layer=layer.name()))
    count = _count(chosen)
    changes = [Change(layer, attributes={fid: {"review": value} for fid in ids}) for layer, ids in chosen]
    undo.do(tr("{verb} {polygons}", verb=verb, polygons=polygons(count)), changes)
    return count


def _count(chosen: Chosen) -> int:
    count = sum(len(ids) for _, ids in chosen)
    if not count:
        raise LayerError(tr("No polygons are chosen. Select some on the map first."))
    return count


def _where(layers: Sequence[QgsVectorLayer], wanted: Callable[[QgsFeature], bool]) -> Chosen:
    chosen = [(layer, [f.id() for f in layer.getFeatures() if wanted(f)]) for layer in layers]
    return [(layer, ids) for layer, ids in chosen if ids]
