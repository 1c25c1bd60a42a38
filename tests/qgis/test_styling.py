"""How answers look: colours, categories, labels and the shipped style."""

from __future__ import annotations

import pytest
from qgis.core import QgsExpressionContext, QgsRenderContext, QgsSingleSymbolRenderer, QgsVectorLayer
from qgis.PyQt.QtGui import QColor

from geopix_qgis import palette, styling
from geopix_qgis.regions import FIELDS
from geopix_qgis.shipped import shipped
from tests.qgis.answers import region, result_with

CLASSES_OF_NANO = """airplane, ship, storage tank, baseball diamond, tennis court, basketball court, ground track field,
harbor, bridge, vehicle, building, bare land, road, vegetation, water, swimming pool, solar panel"""


def classes_in(layer):
    return [category.value() for category in layer.renderer().categories()]


def drawn(layer):
    """Outline colour of each polygon as the renderer draws it."""
    renderer, context = layer.renderer().clone(), QgsRenderContext()
    context.setExpressionContext(QgsExpressionContext())
    renderer.startRender(context, layer.fields())
    colours = []
    for feature in layer.getFeatures():
        context.expressionContext().setFeature(feature)
        symbol = renderer.symbolForFeature(feature, context)
        colours.append(symbol and symbol.symbolLayer(1).strokeColor().name())
    renderer.stopRender(context)
    return colours


def test_each_class_has_its_own_category_and_a_phrase_stands_in_for_a_missing_class(qgis_new_project):
    result = result_with(region(), region(name="road"), region(class_name="", phrase="blue roofs"))
    (layer,) = result.layers
    assert classes_in(layer) == ["building", "road", "blue roofs", ""]
    category = layer.renderer().categories()[0]  # QGIS crashes when the owner of a symbol is gone
    symbol = category.symbol()
    assert symbol.color().alpha() == 51
    outline = symbol.symbolLayer(1)
    assert outline.strokeColor().name() == result.colours["building"] == palette.colour_of("building")
    assert outline.strokeWidth() / 25.4 * 96 == pytest.approx(1.2, abs=0.02)


def test_every_polygon_is_drawn_also_one_whose_class_the_analyst_renamed(qgis_new_project):
    result = result_with(region(), region(class_name="", phrase="blue roofs", target=1))
    (layer,) = result.layers
    assert drawn(layer) == [palette.colour_of("building"), palette.colour_of("blue roofs")]
    layer.dataProvider().changeAttributeValues({1: {layer.fields().indexOf("class"): "barn"}})
    assert drawn(layer)[0] == palette.OTHERS


def test_a_class_keeps_its_colour_whatever_came_before_it(qgis_new_project):
    first = result_with(region(name="road"), region(name="building"))
    second = result_with(region(name="building"), region(name="water"), region(name="road"))
    for name in ("road", "building"):
        assert first.colours[name] == second.colours[name] == palette.colour_of(f" {name.upper()}")


def test_all_classes_of_the_model_have_a_colour_and_the_common_ones_a_colour_each():
    assert sorted(palette.CLASSES) == sorted(" ".join(CLASSES_OF_NANO.split()).split(", "))
    common = ("building", "road", "vehicle", "water", "vegetation", "bare land", "swimming pool", "solar panel")
    assert len({palette.colour_of(name) for name in common}) == len(common)


def test_classes_that_share_a_colour_differ_by_their_outline(qgis_new_project):
    (layer,) = result_with(region(name="water"), region(name="tennis court")).layers
    categories = layer.renderer().categories()  # QGIS crashes when the owner of a symbol is gone
    one, other = (category.symbol().symbolLayer(1) for category in categories[:2])
    assert one.strokeColor() == other.strokeColor() and one.strokeStyle() != other.strokeStyle()


def test_what_the_analyst_styled_stays_when_a_new_class_arrives(qgis_new_project):
    result = result_with(region(), region(name="road", target=1))
    (layer,) = result.layers
    mine = layer.renderer().clone()
    mine.updateCategorySymbol(0, styling.fill("#00ff00"))
    mine.updateCategoryRenderState(1, False)
    layer.setRenderer(mine)
    result.add([region(name="water")])
    assert classes_in(layer) == ["building", "road", "water", ""]
    assert result.colours["building"] == result.colour_of(1, 0) == "#00ff00"
    assert not layer.renderer().categories()[1].renderState()
    layer.setRenderer(QgsSingleSymbolRenderer(styling.fill("#112233")))
    result.add([region(name="ship", target=5)])
    assert isinstance(layer.renderer(), QgsSingleSymbolRenderer)
    assert result.colour_of(1, 5) == palette.colour_of("ship")


def test_labels_are_a_choice_and_ready_to_be_switched_on(qgis_new_project):
    (plain,) = result_with(region()).layers
    (labelled,) = result_with(region(), labels=True).layers
    assert (plain.labelsEnabled(), labelled.labelsEnabled()) == (False, True)
    assert plain.labeling().settings().fieldName == labelled.labeling().settings().fieldName == styling.CATEGORY


def test_the_shipped_style_gives_a_layer_of_any_origin_the_same_look(qgis_app):
    uri = "MultiPolygon?crs=EPSG:4326&" + "&".join(f"field={field}" for field in FIELDS)
    layer = QgsVectorLayer(uri, "exported", "memory")
    layer.setCustomProperty("geopix/source", "x")
    message, ok = layer.loadNamedStyle(str(shipped("geopix_answers.qml")))
    assert ok, message
    assert layer.renderer().classAttribute() == styling.CATEGORY
    assert classes_in(layer) == [*palette.CLASSES, ""]
    assert {name: QColor(colour).name() for name, colour in styling.colours_of(layer).items()} == {
        name: palette.colour_of(name) for name in palette.CLASSES
    }
    assert not layer.labelsEnabled() and layer.labeling() is not None
    assert layer.customProperty("geopix/source") == "x"


def test_columns_have_readable_names_and_the_links_cannot_be_typed_over(qgis_new_project):
    (layer,) = result_with(region()).layers
    index = layer.fields().indexOf
    assert layer.attributeAlias(index("area_m2")) == "area (m²)"
    form = layer.editFormConfig()
    assert form.readOnly(index("turn")) and form.readOnly(index("target")) and not form.readOnly(index("class"))
    assert layer.editorWidgetSetup(index("review")).type() == "ValueMap"
