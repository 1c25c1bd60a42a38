"""Shaping the polygons of result layers: first as a preview, then in one step; always from the original outline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qgis.core import (
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsRectangle,
    QgsSpatialIndex,
    QgsVectorLayer,
)

from .measuring import sizes
from .regions import category_in
from .review import Chosen, seen, selected
from .shaping import Shape, Shaped, shape
from .translation import tr
from .undo import Change, Undo
from .wording import polygons


class Originals:
    """The outlines as the model drew them, so that shaping twice does not drift.

    An outline that was edited by hand after it was shaped is an original again.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], tuple[QgsGeometry, QgsGeometry]] = {}  # original, what it was shaped to

    def of(self, layer: QgsVectorLayer, feature: QgsFeature) -> QgsGeometry:
        """The outline that shaping starts from."""
        current = QgsGeometry(feature.geometry())
        original, made = self._kept.get((layer.id(), feature.id()), (current, current))
        return original if current.equals(made) else current

    def remember(self, layer: QgsVectorLayer, fid: int, original: QgsGeometry, made: QgsGeometry) -> None:
        """Notes what an outline was before it was shaped."""
        self._kept[(layer.id(), fid)] = (original, made)

    def rename(self, renamed: Mapping[tuple[str, int], int]) -> None:
        """Follows features that came back under a new id (``undo.Undone.renamed``)."""
        for (layer_id, old), new in renamed.items():
            if (layer_id, old) in self._kept:
                self._kept[(layer_id, new)] = self._kept.pop((layer_id, old))


@dataclass(frozen=True)
class Proposal:
    """What shaping would make of one polygon."""

    layer: QgsVectorLayer
    fid: int
    before: QgsGeometry
    original: QgsGeometry
    shaped: Shaped

    @property
    def changes(self) -> bool:
        """Whether the polygon on the map would become another one."""
        return not self.shaped.geometry.equals(self.before)


@dataclass
class Preview:
    """What shaping would make of polygons."""

    proposals: list[Proposal] = field(default_factory=list)

    @property
    def changed(self) -> list[Proposal]:
        """Those that would change."""
        return [proposal for proposal in self.proposals if proposal.changes]

    @property
    def refused(self) -> list[Proposal]:
        """Those whose original outline stays."""
        return [proposal for proposal in self.proposals if proposal.shaped.refused]


def to_shape(layers: Sequence[QgsVectorLayer]) -> Chosen:
    """The selected polygons, or all that are seen where none is selected."""
    return selected(layers) or seen(layers)


def propose(chosen: Chosen, wanted: Shape, originals: Originals) -> Iterator[Proposal]:
    """Shapes one polygon after another; the map stays as it is."""
    for layer, ids in chosen:
        # Neighbours are those on the map as they are, or as they will be where it is their turn before.
        now = {feature.id(): QgsFeature(feature) for feature in layer.getFeatures(_place_only(layer))}
        index = QgsSpatialIndex()
        for feature in now.values():
            index.addFeature(feature)
        for fid in ids:
            if fid not in now:
                continue
            feature = now[fid]
            original = originals.of(layer, feature)
            near = (now[other] for other in index.intersects(_around(original)) if other != fid)
            neighbours = [other.geometry() for other in near if category_in(other) == category_in(feature)]
            before = QgsGeometry(feature.geometry())
            shaped = shape(original, wanted, layer.crs(), neighbours)
            feature.setGeometry(shaped.geometry)
            yield Proposal(layer, fid, before, original, shaped)


def preview(layers: Sequence[QgsVectorLayer], wanted: Shape, originals: Originals) -> Preview:
    """What shaping would make of the selected polygons, or of all that are seen."""
    return Preview(list(propose(to_shape(layers), wanted, originals)))


def apply(found: Preview, originals: Originals, undo: Undo) -> int:
    """Shapes the polygons and measures them again, as one step.  Gives how many changed.

    Raises:
        LayerError: If a layer cannot be changed; then none is.
    """
    changed = found.changed
    new = [(proposal, proposal.shaped.geometry) for proposal in changed]
    _write(tr("Shape {polygons}", polygons=polygons(len(changed))), new, undo)
    for proposal in changed:
        originals.remember(proposal.layer, proposal.fid, proposal.original, proposal.shaped.geometry)
    return len(changed)


def reset(layers: Sequence[QgsVectorLayer], originals: Originals, undo: Undo) -> int:
    """Gives the selected polygons, or all that are seen, the outlines of the model again.  Gives how many changed."""
    changed = preview(layers, Shape(), originals).changed
    _write(
        tr("Reset {polygons}", polygons=polygons(len(changed))),
        [(proposal, proposal.original) for proposal in changed],
        undo,
    )
    return len(changed)


def _write(name: str, new: Sequence[tuple[Proposal, QgsGeometry]], undo: Undo) -> None:
    values: dict[QgsVectorLayer, tuple[dict[int, QgsGeometry], dict[int, dict[str, Any]]]] = {}
    for proposal, geometry in new:
        layer = proposal.layer
        geometries, attributes = values.setdefault(layer, ({}, {}))
        geometries[proposal.fid] = geometry
        attributes[proposal.fid] = sizes(geometry, layer.crs())
    undo.do(name, [Change(layer, geometries, attributes) for layer, (geometries, attributes) in values.items()])


def _around(geometry: QgsGeometry) -> QgsRectangle:
    """The box that a shaped outline stays in."""
    box = QgsRectangle(geometry.boundingBox())
    box.scale(1.2)
    return box


def _place_only(layer: QgsVectorLayer) -> QgsFeatureRequest:
    return QgsFeatureRequest().setSubsetOfAttributes(["class", "phrase"], layer.fields())
