"""The style that travels inside a GeoPackage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsFeatureRenderer,
    QgsMapLayer,
    QgsReadWriteContext,
    QgsRenderContext,
    QgsVectorLayer,
)

from .qt import QtXml

LOST = "The colours need the field {} under its own name: the file has none."


def style_qml(layers: Sequence[QgsVectorLayer], fields: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The style of the polygons as QML, or an empty text and the reason.

    Args:
        layers: What is written; categories of several are joined.
        fields: (name in the layers, name in the file): a style reads the fields that it was made for.
    """
    renderer = _joined(layers)
    if renderer is None:
        return "", "The layers are styled in different ways: the file has no style."
    kept = {source for source, final in fields if source == final}
    known = {name for layer in layers for name in layer.fields().names()}
    missing = sorted((set(renderer.usedAttributes(QgsRenderContext())) & known) - kept)
    if missing:
        return "", LOST.format(" and ".join(missing))
    styled = QgsVectorLayer("MultiPolygon", "style", "memory")
    styled.setRenderer(renderer)
    document = QtXml.QDomDocument()
    category = QgsMapLayer.StyleCategory.Symbology
    styled.exportNamedStyle(document, QgsReadWriteContext(), category)
    return document.toString(), ""


def _joined(layers: Sequence[QgsVectorLayer]) -> Optional[QgsFeatureRenderer]:
    """One renderer for all; None where they do not go together."""
    first = layers[0].renderer().clone()
    for layer in layers[1:]:
        other = layer.renderer()
        both = isinstance(first, QgsCategorizedSymbolRenderer) and isinstance(other, QgsCategorizedSymbolRenderer)
        if not both or first.classAttribute() != other.classAttribute():
            return None
        known = {category.value() for category in first.categories()}
        for category in other.categories():
            if category.value() not in known:
                first.addCategory(category)
    return first
