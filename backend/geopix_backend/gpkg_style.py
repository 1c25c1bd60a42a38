"""The style inside a GeoPackage: any QGIS opens the layer with one colour for each class, as the plugin draws it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from xml.etree import ElementTree

from geopix_qgis.palette import OTHERS, colour_of

CATEGORY = 'coalesce(nullif("class", \'\'), "phrase")'
FILL_ALPHA = 51  # 20 %
CASING = {"style": "no", "outline_color": "255,255,255,170", "outline_width": "0.75"}
TABLE = """CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
    f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT,
    styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))"""
ROW = """INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,
    styleQML, styleSLD, useAsDefault, description, owner)
    SELECT '', '', table_name, column_name, ?, ?, '', 1, ?, '' FROM gpkg_geometry_columns WHERE table_name = ?"""
CONTENTS = """INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('layer_styles', 'attributes',
    'layer_styles')"""


def add_style(database: sqlite3.Connection, table: str, categories: Iterable[str]) -> None:
    """Stores the style in a GeoPackage that has none yet.

    Args:
        database: The file.
        table: Its layer.
        categories: Classes, or phrases where there is no class.

    Raises:
        sqlite3.Error: If it cannot be written.
    """
    database.execute(TABLE)
    database.execute(ROW, ("GeoPix answers", qml(categories), "Written by GeoPix", table))
    database.execute(CONTENTS)


def qml(categories: Iterable[str]) -> str:
    """A QGIS style: one category for each name, and one for all others."""
    names = [*dict.fromkeys(name for name in categories if name), ""]
    root = ElementTree.Element("qgis", styleCategories="Symbology", version="3.22.0")
    renderer = ElementTree.SubElement(
        root, "renderer-v2", type="categorizedSymbol", attr=CATEGORY, enableorderby="0", forceraster="0"
    )
    listed, symbols = (ElementTree.SubElement(renderer, tag) for tag in ("categories", "symbols"))
    for number, name in enumerate(names):
        ElementTree.SubElement(listed, "category", value=name, label=name or "other", symbol=str(number), render="true")
        symbol = ElementTree.SubElement(
            symbols, "symbol", name=str(number), type="fill", alpha="1", clip_to_extent="1", force_rhr="0"
        )
        _fill(symbol, CASING, locked="1")
        red, green, blue = _rgb(colour_of(name) if name else OTHERS)
        colour = f"{red},{green},{blue}"
        line = {"outline_color": f"{colour},255", "outline_width": "0.32"}
        _fill(symbol, {"style": "solid", "color": f"{colour},{FILL_ALPHA}", **line}, locked="0")
    return ElementTree.tostring(root, encoding="unicode")


def _fill(symbol: ElementTree.Element, properties: dict[str, str], locked: str) -> None:
    layer = ElementTree.SubElement(symbol, "layer", {"class": "SimpleFill"}, enabled="1", locked=locked)
    layer.set("pass", "0")
    options = ElementTree.SubElement(layer, "Option", type="Map")
    for name, value in {**properties, "outline_style": "solid", "outline_width_unit": "MM"}.items():
        ElementTree.SubElement(options, "Option", name=name, type="QString", value=value)


def _rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of #rrggbb."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
