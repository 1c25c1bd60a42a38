"""The file formats of an export: driver, suffixes, the files that belong together, and what each cannot hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from osgeo import gdal

from .errors import LayerError
from .translation import tr

SHAPEFILE_PARTS = (".shx", ".dbf", ".prj", ".cpg", ".qix", ".sbn", ".sbx", ".qpj", ".qmd", ".shp.xml")


@dataclass(frozen=True)
class Format:
    """A vector format.

    Attributes:
        key: What ``Plan.format`` names it by.
        label: What the analyst reads.
        driver_name: What GDAL calls it.
        suffixes: Of its main file, the usual one first.
        options: Of the layer, for GDAL.
        siblings: Suffixes of the other files of one layer.
        degrees: Whether coordinates are longitude and latitude, whatever the polygons are in.
        has_fields: Whether it holds anything beside geometry.
        note: What to know before choosing it; empty where there is nothing.
    """

    key: str
    label: str
    driver_name: str
    suffixes: tuple[str, ...]
    options: tuple[str, ...] = ()
    siblings: tuple[str, ...] = ()
    degrees: bool = False
    has_fields: bool = True
    note: str = ""

    @property
    def suffix(self) -> str:
        """The usual suffix, with its dot."""
        return self.suffixes[0]

    def driver(self) -> Optional[Any]:
        """GDAL's driver; None where this GDAL was built without it."""
        return gdal.GetDriverByName(self.driver_name)

    def files(self, path: Path) -> list[Path]:
        """Every path that a layer at ``path`` may consist of, the main file last."""
        return [*(path.with_suffix(suffix) for suffix in self.siblings), path]


_ALL = (
    Format("gpkg", "GeoPackage", "GPKG", (".gpkg",)),
    Format("shp", "ESRI Shapefile", "ESRI Shapefile", (".shp",), ("ENCODING=UTF-8",), SHAPEFILE_PARTS),
    Format(
        "geojson",
        "GeoJSON",
        "GeoJSON",
        (".geojson", ".json"),
        ("RFC7946=YES", "COORDINATE_PRECISION=10"),
        degrees=True,
        note=tr("GeoJSON is in EPSG:4326 (longitude, latitude): its standard, RFC 7946, allows no other CRS."),
    ),
    Format(
        "kml",
        tr("KML (Google Earth)"),
        "KML",  # LIBKML takes a time that grows with the square of the number: 16 s for 2,000 polygons, 0.2 s here
        (".kml",),
        degrees=True,
        note=tr("KML is in EPSG:4326 (longitude, latitude): its standard allows no other CRS."),
    ),
    Format("fgb", "FlatGeobuf", "FlatGeobuf", (".fgb",)),
    Format(
        "dxf",
        tr("DXF (CAD)"),
        "DXF",
        (".dxf",),
        has_fields=False,
        note=tr("DXF holds geometry only: fields and CRS are lost; each class becomes a DXF layer."),
    ),
)
FORMATS = {form.key: form for form in _ALL}


def of_key(key: str) -> Format:
    """The format of that key.

    Raises:
        LayerError: If there is none.
    """
    if key not in FORMATS:
        raise LayerError(f"The format {key!r} is unknown. Use one of {', '.join(FORMATS)}.")
    return FORMATS[key]


def of_suffix(path: Path) -> Optional[Format]:
    """The format that the suffix of a path means; None where it means none."""
    return next((form for form in _ALL if path.suffix.lower() in form.suffixes), None)


def with_suffix(path: Path, form: Format) -> Path:
    """The path with a suffix of the format; one of another format is replaced, anything else is part of the name."""
    if path.suffix.lower() in form.suffixes:
        return path
    stem = path.stem if of_suffix(path) is not None else path.name
    return path.with_name(stem + form.suffix)
