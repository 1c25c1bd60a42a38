"""The formats that polygons are written in, and the fields of their layers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from .errors import ExportError

SHAPEFILE_PARTS = (".shx", ".dbf", ".prj", ".cpg", ".qix", ".sbn", ".sbx", ".qpj")
# The file is made under another name and moved when it is whole, so SQLite need not guard it against a crash.
GPKG_CONFIG = {"OGR_SQLITE_SYNCHRONOUS": "OFF", "OGR_SQLITE_PRAGMA": "page_size=16384"}


@dataclass(frozen=True)
class Format:
    """A vector format.

    Attributes:
        driver: GDAL's driver; "Parquet" is written by Arrow itself.
        options: Of its layers.
        config: GDAL's configuration while it is written.
        siblings: Suffixes of the other files that belong to one layer.
        lonlat: Whether it is always in EPSG:4326.
    """

    driver: str
    options: dict[str, str] = field(default_factory=dict)
    config: dict[str, str] = field(default_factory=dict)
    siblings: tuple[str, ...] = ()
    lonlat: bool = False


GEOJSON = Format("GeoJSON", {"RFC7946": "YES", "COORDINATE_PRECISION": "10"}, lonlat=True)
FORMATS = {
    ".gpkg": Format("GPKG", config=GPKG_CONFIG),
    ".shp": Format("ESRI Shapefile", {"ENCODING": "UTF-8"}, siblings=SHAPEFILE_PARTS),
    ".geojson": GEOJSON,
    ".json": GEOJSON,
    ".fgb": Format("FlatGeobuf"),
    ".parquet": Format("Parquet"),
}


@dataclass(frozen=True)
class Field:
    """A field of a layer.

    Attributes:
        name: In all formats but shapefiles.
        attribute: Of ``RegionEvent``.
        kind: Its type.
        short: Its name in a shapefile, at most 10 characters.
    """

    name: str
    attribute: str
    kind: pa.DataType
    short: str


FIELDS = (
    Field("phrase", "phrase", pa.string(), "phrase"),
    Field("class", "class_name", pa.string(), "class"),
    Field("score", "score", pa.float64(), "score"),
    Field("area_m2", "area_m2", pa.float64(), "area_m2"),
    Field("perimeter_m", "perimeter_m", pa.float64(), "perim_m"),
    Field("turn", "turn", pa.int32(), "turn"),
    Field("prompt", "prompt", pa.string(), "prompt"),
    Field("model", "model", pa.string(), "model"),
    Field("gsd_m", "gsd_m", pa.float64(), "gsd_m"),
)


def format_of(path: Path) -> Format:
    """The format that the suffix of a path asks for.

    Raises:
        ExportError: If there is none.
    """
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        known = ", ".join(sorted(FORMATS))
        raise ExportError(f"The output {path.name!r} has the suffix {path.suffix!r}; expected one of {known}.")
    return form
