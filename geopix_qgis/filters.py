"""Which polygons of the result layers are seen: by score, area, category and review.

The filter is the layer's own "Filter..." (its subset string), so the map, the attribute table, selecting and exporting
all follow it.  A filter that the analyst had set is kept and both must hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from qgis.core import QgsExpression, QgsVectorLayer

from .regions import ACCEPTED, REJECTED
from .translation import tr

OURS = "geopix/filter"  # custom properties of a layer: our part of its filter, and what was there before
THEIRS = "geopix/filter_before"
NOT_REJECTED = f"""("review" IS NULL OR "review" <> '{REJECTED}')"""


@dataclass(frozen=True)
class Filter:
    """What is to be seen.

    Attributes:
        min_score: Polygons with a lower score (0..1) are hidden.
        min_area: Smaller polygons are hidden; square metres, without a CRS square units of the coordinates.
        hidden: Categories (class, or phrase where there is no class) that are switched off.
        show_rejected: Whether rejected polygons are seen.

    Score and area never hide an accepted polygon, nor one whose score or area is unknown, such as one drawn by hand.
    """

    min_score: float = 0.0
    min_area: float = 0.0
    hidden: frozenset[str] = frozenset()
    show_rejected: bool = False


@dataclass(frozen=True)
class FilterResult:
    """How many polygons are seen and how many are not, and in words which layers could not follow."""

    shown: int
    hidden: int
    problems: tuple[str, ...] = ()


def apply(layers: Sequence[QgsVectorLayer], wanted: Filter) -> FilterResult:
    """Filters the layers.  A layer that is being edited keeps its filter, as QGIS demands, and is named."""
    shown, total, problems = 0, 0, []
    for layer in layers:
        theirs = filter_of_analyst(layer)
        ours = clause(layer, wanted)
        if layer.isEditable():
            if layer.subsetString() != _both(theirs, ours):
                problems.append(
                    tr(
                        "{layer} is being edited and cannot be filtered. Save or cancel its edits first.",
                        layer=layer.name(),
                    )
                )
            total += layer.featureCount()
        else:
            with subset(layer, theirs):
                total += layer.featureCount()
            if not _set(layer, theirs, ours):
                problems.append(
                    tr("{layer} does not take a filter. Check the filter in its properties.", layer=layer.name())
                )
        shown += layer.featureCount()
    return FilterResult(shown, total - shown, tuple(problems))


def filter_of_analyst(layer: QgsVectorLayer) -> str:
    """The part of a layer's filter that is not ours."""
    current, ours = layer.subsetString(), layer.customProperty(OURS, "")
    theirs = layer.customProperty(THEIRS, "")
    if not ours:
        return current
    if current == _both(theirs, ours):
        return theirs
    return current.replace(f" AND {ours}", "").replace(ours, "").strip()  # the analyst changed it since


@contextmanager
def subset(layer: QgsVectorLayer, text: str) -> Iterator[None]:
    """Reads a layer through another filter for a moment, without a word to the map; not while it is edited."""
    provider, before, selection = layer.dataProvider(), layer.subsetString(), layer.selectedFeatureIds()
    if layer.isEditable() or text == before:
        yield
        return
    for sender in (provider, layer):
        sender.blockSignals(True)
    try:
        provider.setSubsetString(text)
        yield
    finally:
        provider.setSubsetString(before)
        layer.selectByIds(selection)  # a file forgets it
        for sender in (provider, layer):
            sender.blockSignals(False)


def still_seen(layer: QgsVectorLayer, ids: Collection[int]) -> list[int]:
    """Those of the features that pass the layer's filter; a file that is asked by id gives hidden ones too."""
    return sorted(set(layer.allFeatureIds()).intersection(ids)) if ids else []


def reading(layer: QgsVectorLayer, wanted: Filter) -> str:
    """The whole filter of a layer for what is wanted: the analyst's part and ours."""
    return _both(filter_of_analyst(layer), clause(layer, wanted))


def clause(layer: QgsVectorLayer, wanted: Filter) -> str:
    """Our part of the filter, valid both as an expression of QGIS (memory layers) and as SQL; empty if all is seen."""
    has = set(layer.fields().names())  # the analyst may have deleted some
    parts, limits = [], []
    if wanted.hidden and {"class", "phrase"} <= has:
        parts.append(_not_hidden(layer, wanted.hidden))
    if wanted.min_score > 0 and "score" in has:
        limits.append(f'("score" IS NULL OR "score" >= {wanted.min_score!r})')
    if wanted.min_area > 0 and ("area_m2" in has or not layer.crs().isValid()):
        limits.append(_large_enough(layer, wanted.min_area))
    if limits:
        accepted = f""""review" = '{ACCEPTED}' OR """ if "review" in has else ""
        parts.append(f"({accepted}({' AND '.join(limits)}))")
    if not wanted.show_rejected and "review" in has and (parts or _has_rejected(layer)):
        parts.append(NOT_REJECTED)
    return f"({' AND '.join(parts)})" if parts else ""


def without_eyes(wanted: Filter) -> Filter:
    """The filter as it would be with every category switched on."""
    return replace(wanted, hidden=frozenset())


def _has_rejected(layer: QgsVectorLayer) -> bool:
    """Whether there is something to hide: a layer should not carry the sign of a filter for nothing."""
    if layer.isEditable():
        return NOT_REJECTED in layer.customProperty(OURS, "")
    with subset(layer, filter_of_analyst(layer)):
        return REJECTED in layer.uniqueValues(layer.fields().indexOf("review"))


def _not_hidden(layer: QgsVectorLayer, hidden: frozenset[str]) -> str:
    names = ", ".join(_quoted(layer, name) for name in sorted(hidden))
    by_class = f"""("class" <> '' AND "class" NOT IN ({names}))"""
    by_phrase = f"""(("class" IS NULL OR "class" = '') AND ("phrase" IS NULL OR "phrase" NOT IN ({names})))"""
    return f"({by_class} OR {by_phrase})"


def _quoted(layer: QgsVectorLayer, text: str) -> str:
    if layer.providerType() == "memory":
        return QgsExpression.quotedString(text)  # a backslash is special here, and is not in SQL
    return "'" + text.replace("'", "''") + "'"


def _large_enough(layer: QgsVectorLayer, min_area: float) -> str:
    if layer.crs().isValid():
        return f'("area_m2" IS NULL OR "area_m2" >= {min_area!r})'
    if layer.providerType() == "memory":
        return f"area($geometry) >= {min_area!r}"
    with subset(layer, filter_of_analyst(layer)):  # SQL of a file has no area of its own
        small = [str(feature.id()) for feature in layer.getFeatures() if feature.geometry().area() < min_area]
    key = layer.fields().names()[layer.primaryKeyAttributes()[0]] if layer.primaryKeyAttributes() else "fid"
    return f'"{key}" NOT IN ({", ".join(small) or "-1"})'


def _both(theirs: str, ours: str) -> str:
    return f"({theirs}) AND {ours}" if theirs and ours else theirs or ours


def _set(layer: QgsVectorLayer, theirs: str, ours: str) -> bool:
    wanted = _both(theirs, ours)
    if wanted != layer.subsetString():
        selection = layer.selectedFeatureIds()
        if not layer.setSubsetString(wanted):
            return False
        _keep_selected(layer, selection)
    if ours:
        layer.setCustomProperty(OURS, ours)
        layer.setCustomProperty(THEIRS, theirs)
    else:
        layer.removeCustomProperty(OURS)
        layer.removeCustomProperty(THEIRS)
    return True


def _keep_selected(layer: QgsVectorLayer, selection: list[int]) -> None:
    """What was selected and is still seen stays selected; QGIS forgets all of it or none."""
    still = still_seen(layer, selection)
    if set(still) != set(layer.selectedFeatureIds()):
        layer.selectByIds(still)
