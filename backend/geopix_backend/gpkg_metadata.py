"""Where polygons come from, inside a GeoPackage: the layer's description, and metadata as QGIS shows them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from xml.etree import ElementTree

QGIS = "http://mrcc.com/qgis.dtd"
TABLES = (
    """CREATE TABLE gpkg_metadata (id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL,
    md_scope TEXT NOT NULL DEFAULT 'dataset', md_standard_uri TEXT NOT NULL, mime_type TEXT NOT NULL DEFAULT 'text/xml',
    metadata TEXT NOT NULL DEFAULT '')""",
    """CREATE TABLE gpkg_metadata_reference (reference_scope TEXT NOT NULL, table_name TEXT, column_name TEXT,
    row_id_value INTEGER, timestamp DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
    md_file_id INTEGER NOT NULL, md_parent_id INTEGER,
    CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id),
    CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id))""",
)
EXTENSION = """INSERT INTO gpkg_extensions (table_name, column_name, extension_name, definition, scope) VALUES
    (?, NULL, 'gpkg_metadata', 'http://www.geopackage.org/spec121/#extension_metadata', 'read-write')"""
ABSTRACT = (
    "Polygons that a vision-language model found, asked in words with GeoPix. Score is the model's mean confidence "
    "(0 to 1); area and perimeter are geodesic."
)


def add_metadata(database: sqlite3.Connection, table: str, runs: Iterable[tuple[int, str, str]]) -> None:
    """Describes the layer of a GeoPackage that has no metadata yet.

    Args:
        database: The file.
        table: Its layer.
        runs: Turn, prompt and model of each question that was answered.

    Raises:
        sqlite3.Error: If it cannot be written.
    """
    history = [f'Turn {turn}: "{" ".join(prompt.split())}", model {model}' for turn, prompt, model in runs]
    database.execute("UPDATE gpkg_contents SET description = ? WHERE table_name = ?", (ABSTRACT, table))
    for statement in TABLES:
        database.execute(statement)
    database.executemany(EXTENSION, [("gpkg_metadata",), ("gpkg_metadata_reference",)])
    row = (QGIS, _qmd(table, history))
    database.execute("INSERT INTO gpkg_metadata VALUES (1, 'dataset', ?, 'text/xml', ?)", row)
    database.execute(
        "INSERT INTO gpkg_metadata_reference (reference_scope, table_name, md_file_id) VALUES ('table', ?, 1)", (table,)
    )


def _qmd(title: str, history: Iterable[str]) -> str:
    """QGIS layer metadata."""
    root = ElementTree.Element("qgis", version="3.22.0")
    for name, text in (("type", "dataset"), ("title", title), ("abstract", ABSTRACT)):
        ElementTree.SubElement(root, name).text = text
    for line in history:
        ElementTree.SubElement(root, "history").text = line
    return ElementTree.tostring(root, encoding="unicode")
