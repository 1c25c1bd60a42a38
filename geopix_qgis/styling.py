"""How polygons of answers look: the shipped style, and one category for each class that was found."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsFillSymbol,
    QgsRendererCategory,
    QgsSimpleFillSymbolLayer,
    QgsVectorLayer,
)

from . import palette
from .errors import LayerError
from .qt import QtGui
from .regions import CATEGORY
from .shipped import shipped
from .storage import gpkg_of, tables_of

FILL_ALPHA = 51  # 20 %
OUTLINE_MM = "0.32"  # 1.2 px at 96 dpi; in millimetres it is as strong in print
CASING, CASING_MM = "255,255,255,170", "0.75"
OUTLINES = ("solid", "dash", "dot")  # tell classes apart that share a colour
OTHERS = "other"
STYLE_NAME, STYLE_TABLE = "GeoPix answers", "layer_styles"


def apply_style(layer: QgsVectorLayer, labels: bool) -> None:
    """Gives a new layer the shipped style (labels, form, names of columns), with no class in it yet.

    Raises:
        LayerError: If the shipped file is damaged.
    """
    message, ok = layer.loadNamedStyle(str(shipped("geopix_answers.qml")))
    if not ok:
        raise LayerError(f"The style of the plugin cannot be read: {message} Install the plugin again.")
    layer.setRenderer(renderer_for(()))
    layer.setLabelsEnabled(labels)


def renderer_for(names: Sequence[str]) -> QgsCategorizedSymbolRenderer:
    """One category for each name, and a last one so that a class which the analyst types is drawn as well."""
    categories = [QgsRendererCategory("", fill(palette.OTHERS, "dot"), OTHERS)]
    renderer = QgsCategorizedSymbolRenderer(CATEGORY, categories)
    add_categories(renderer, names)
    return renderer


def add_categories(renderer: QgsCategorizedSymbolRenderer, names: Sequence[str]) -> None:
    """Adds a category for each name, before the one for all others."""
    used = [colour_in(category) for category in renderer.categories()[:-1]]
    for name in names:
        colour = palette.colour_of(name)
        outline = OUTLINES[used.count(colour) % len(OUTLINES)]
        renderer.addCategory(QgsRendererCategory(name, fill(colour, outline), name))
        last = len(renderer.categories()) - 1
        renderer.moveCategory(last, last - 1)
        used.append(colour)


def show_classes(layer: QgsVectorLayer, names: Sequence[str]) -> bool:
    """Whether classes had to be added to the style of a layer; a style of the analyst's own is left alone."""
    renderer = layer.renderer()
    if not isinstance(renderer, QgsCategorizedSymbolRenderer) or renderer.classAttribute() != CATEGORY:
        return False
    known = {str(category.value()) for category in renderer.categories()}
    new = [name for name in dict.fromkeys(names) if name not in known]
    if new:
        changed = renderer.clone()
        add_categories(changed, new)
        layer.setRenderer(changed)
    return bool(new)


def colours_of(layer: QgsVectorLayer) -> dict[str, str]:
    """Colour by class or phrase as the layer shows it, also after the analyst changed it."""
    renderer = layer.renderer()
    if not isinstance(renderer, QgsCategorizedSymbolRenderer):
        return {}
    return {str(c.value()): colour_in(c) for c in renderer.categories() if str(c.value() or "")}


def colour_in(category: QgsRendererCategory) -> str:
    """Colour of a category's outline, or of its symbol where it has none."""
    symbol = category.symbol()
    part = symbol.symbolLayer(symbol.symbolLayerCount() - 1)  # the casing lies below it
    colour = part.strokeColor() if part is not None else symbol.color()
    return colour.name() if colour.isValid() else symbol.color().name()


def fill(colour: str, outline: str = "solid") -> QgsFillSymbol:
    """A fill of 20 % with an outline of the full colour, on a white casing that sets it off from any image."""
    rgb = QtGui.QColor(colour)
    inside = f"{rgb.red()},{rgb.green()},{rgb.blue()},{FILL_ALPHA}"
    line = {"outline_color": colour, "outline_width": OUTLINE_MM, "outline_width_unit": "MM", "outline_style": outline}
    symbol = QgsFillSymbol.createSimple({"color": inside, **line})
    casing = QgsSimpleFillSymbolLayer.create(
        {"style": "no", "outline_color": CASING, "outline_width": CASING_MM, "outline_width_unit": "MM"}
    )
    casing.setLocked(True)  # a new colour of the symbol is not one of the casing
    symbol.insertSymbolLayer(0, casing)
    return symbol


def save_style(layer: QgsVectorLayer) -> None:
    """Stores the style of a GeoPackage layer inside its file, as the one that any QGIS opens it with.

    A style of that name is deleted first: QGIS 3.22 would ask about it in a box.

    Raises:
        LayerError: If the file takes no style.
    """
    path = gpkg_of(layer)
    if path is not None and STYLE_TABLE in tables_of(path):
        own, ids, names, *_ = layer.listStylesInDatabase()  # those of other tables come after its own
        for style_id, name in list(zip(ids, names))[:own]:
            if name == STYLE_NAME:
                layer.deleteStyleFromDatabase(style_id)
    message = layer.saveStyleToDatabase(STYLE_NAME, "Written by GeoPix", True, "")
    if message:
        raise LayerError(f"The style could not be stored in the GeoPackage: {message}")
