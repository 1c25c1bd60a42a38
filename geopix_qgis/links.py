"""Which polygons belong to which words: by the attributes turn and target, so that the links survive every edit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Optional

from qgis.core import QgsFeature, QgsFeatureRequest, QgsVectorLayer

from . import filters
from .regions import category_in, value_of

COLUMNS = ["turn", "target", "class", "phrase"]
Key = tuple[int, int]


class Links:
    """Finds the polygons of a layer by turn and target without reading the layer each time.

    What it read is forgotten as soon as anything but the plugin changes the layer.
    """

    def __init__(self, layer: QgsVectorLayer) -> None:
        self._layer = layer
        self._rows: Optional[dict[Key, dict[int, str]]] = None  # turn and target -> feature id -> category
        self._signals = (
            layer.dataChanged,
            layer.dataSourceChanged,
            layer.subsetStringChanged,
            layer.featureAdded,
            layer.featureDeleted,
            layer.attributeValueChanged,
            layer.afterCommitChanges,
            layer.afterRollBack,
        )
        for signal in self._signals:
            signal.connect(self.forget)

    def close(self) -> None:
        """Lets go of the layer."""
        for signal in self._signals:
            signal.disconnect(self.forget)

    def forget(self, *_what: Any) -> None:
        """Reads the layer again at the next question."""
        self._rows = None

    def ids(self, turn: int, target: Optional[int] = None) -> list[int]:
        """Feature ids of a turn, or of one of its targets; those that a filter of the layer hides are included."""
        return sorted(fid for (t, n), row in self._all().items() if t == turn and target in (None, n) for fid in row)

    def count(self, turn: int, target: Optional[int] = None) -> int:
        """How many there are."""
        return sum(len(row) for (t, n), row in self._all().items() if t == turn and target in (None, n))

    def category(self, turn: int, target: int) -> Optional[str]:
        """What most polygons of a target are coloured by; None where it has none."""
        names = Counter(self._all().get((turn, target), {}).values())
        return names.most_common(1)[0][0] if names else None

    def last_turn(self) -> int:
        """The highest number of a turn, 0 without any."""
        return max((turn for turn, _ in self._all()), default=0)

    def note(self, features: Iterable[QgsFeature]) -> None:
        """Takes in features that were added, so that a streaming answer is not read again and again."""
        if self._rows is not None:
            _collect(self._rows, features)

    def _all(self) -> dict[Key, dict[int, str]]:
        if self._rows is None:
            request = QgsFeatureRequest().setFlags(QgsFeatureRequest.Flag.NoGeometry)
            request.setSubsetOfAttributes(COLUMNS, self._layer.fields())
            with filters.subset(self._layer, ""):
                self._rows = _collect({}, self._layer.getFeatures(request))
        return self._rows


def key_of(feature: QgsFeature) -> Optional[Key]:
    """(turn, target) of a polygon; None for one that the analyst drew."""
    turn, target = value_of(feature, "turn"), value_of(feature, "target")
    return (turn, target) if isinstance(turn, int) and isinstance(target, int) else None


def _collect(rows: dict[Key, dict[int, str]], features: Iterable[QgsFeature]) -> dict[Key, dict[int, str]]:
    for feature in features:
        key = key_of(feature)
        if key is not None:
            rows.setdefault(key, {})[feature.id()] = category_in(feature)
    return rows
