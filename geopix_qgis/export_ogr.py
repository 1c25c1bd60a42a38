"""Rows to a file through GDAL: values by kind, colours, the style inside a GeoPackage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Optional

from osgeo import gdal, ogr, osr
from qgis.core import QgsCoordinateReferenceSystem

from .errors import LayerError
from .export_columns import TEXT_BYTES, Column, Kind, cut_text
from .export_formats import Format
from .export_rows import Row
from .export_target import STYLES
from .translation import tr

NO_CRS = "Undefined Cartesian SRS"  # of GeoPackage, srs_id -1: GDAL's own choice is an undefined GEOGRAPHIC one
COLOURED = ("kml", "dxf")  # formats that hold a colour for each polygon
KML_OWN = ("name", "description")
FILL = "33"  # 20 % in hexadecimal, as on the map
DXF_FORBIDDEN = dict.fromkeys(map(ord, "<>/\\\":;?*|=`,'"), "_")
STYLE_COLUMNS = (
    "f_table_catalog",
    "f_table_schema",
    "f_table_name",
    "f_geometry_column",
    "styleName",
    "styleQML",
    "styleSLD",
    "description",
    "owner",
    "ui",
)


class OgrWriter:
    """One new file with one layer of MultiPolygons.

    Attributes:
        entities: How many features a reader will find: of DXF, one for each part.
        notes: What was lost, in words.
    """

    def __init__(self, path: str, form: Format, crs: QgsCoordinateReferenceSystem, columns: Sequence[Column]) -> None:
        """Makes the file, which must not exist yet; ``path`` may be in the memory of GDAL.

        Raises:
            OSError: If GDAL cannot make it.
            LayerError: If GDAL does not know the format.
        """
        self.entities = 0
        self.notes: list[str] = []
        self._cut: dict[str, int] = {}
        self._form, self._columns = form, list(columns)
        gdal.ErrorReset()
        driver = form.driver()
        if driver is None:
            raise LayerError(tr("This QGIS cannot write {form}. Choose GeoPackage.", form=form.label))
        self._dataset = driver.Create(path, 0, 0, 0, gdal.GDT_Unknown)
        self._demand(self._dataset is not None)
        options = [*form.options, *_free_columns(form, columns)]
        self._layer = self._dataset.CreateLayer(Path(path).stem, _reference(crs, form), ogr.wkbMultiPolygon, options)
        self._demand(self._layer is not None)
        self._definition = self._layer.GetLayerDefn()
        self._places = [self._place(column) for column in (columns if form.has_fields else ())]
        self._label = self._label_column()
        self._geometry_column = self._layer.GetGeometryColumn()
        self._in_transaction = (
            self._dataset.TestCapability(ogr.ODsCTransactions) and self._dataset.StartTransaction() == ogr.OGRERR_NONE
        )

    def add(self, row: Row) -> None:
        """Writes one polygon.

        Raises:
            OSError: If it cannot be written, as on a full disk.
        """
        feature = ogr.Feature(self._definition)
        feature.SetGeometryDirectly(ogr.CreateGeometryFromWkb(row.wkb))
        for place, column, value in zip(self._places, self._columns, row.values):
            self._set(feature, place, column, value)
        if self._label is not None:
            name = row.category
            feature.SetField(self._label, name if self._form.has_fields else name.translate(DXF_FORBIDDEN)[:255] or "0")
        if row.colour and self._form.key in COLOURED:
            feature.SetStyleString(f"BRUSH(fc:{row.colour}{FILL});PEN(c:{row.colour})")
        self._demand(self._layer.CreateFeature(feature) == ogr.OGRERR_NONE)
        self.entities += 1 if self._form.has_fields else feature.GetGeometryRef().GetGeometryCount()

    def add_style(self, table: str, qml: str) -> None:
        """Puts a QGIS style into the file; QGIS then opens the layer with it.

        Raises:
            OSError: If it cannot be written.
        """
        styles = self._dataset.CreateLayer(STYLES, None, ogr.wkbNone, ["FID=id"])
        self._demand(styles is not None)
        for name in STYLE_COLUMNS:
            styles.CreateField(ogr.FieldDefn(name, ogr.OFTString))
        default = ogr.FieldDefn("useAsDefault", ogr.OFTInteger)
        default.SetSubType(ogr.OFSTBoolean)
        styles.CreateField(default)
        styles.CreateField(ogr.FieldDefn("update_time", ogr.OFTDateTime))
        record = ogr.Feature(styles.GetLayerDefn())
        values = {"f_table_name": table, "f_geometry_column": self._geometry_column, "styleName": table}
        for name in STYLE_COLUMNS:
            record.SetField(name, values.get(name, ""))
        record.SetField("styleQML", qml)
        record.SetField("useAsDefault", 1)
        self._demand(styles.CreateFeature(record) == ogr.OGRERR_NONE)

    def close(self) -> None:
        """Finishes the file.

        Raises:
            OSError: If the rest of it cannot be written.
        """
        if self._in_transaction:
            self._demand(self._dataset.CommitTransaction() == ogr.OGRERR_NONE)
        self._layer = self._definition = None
        self._dataset = None  # GDAL writes the rest here and tells of a failure by its last error only
        self._demand(gdal.GetLastErrorType() < gdal.CE_Failure)
        for name, count in self._cut.items():
            texts = "1 text" if count == 1 else tr("{count:,} texts", count=count)
            self.notes.append(
                tr(
                    "{texts} in {name} had more than {text_bytes} bytes and lost the end.",
                    texts=texts,
                    name=name,
                    text_bytes=TEXT_BYTES,
                )
            )

    def abandon(self) -> None:
        """Lets go of the file, whatever state it is in; harmless after ``close``."""
        self._layer = self._definition = None
        self._dataset = None

    def _set(self, feature: Any, number: int, column: Column, value: Any) -> None:
        if value is None:
            feature.SetFieldNull(number)
            return
        ready = column.ready(value)
        if self._form.key == "shp" and column.kind is Kind.TEXT:
            whole, ready = ready, cut_text(ready)
            if ready != whole:
                self._cut[column.name] = self._cut.get(column.name, 0) + 1
        if column.kind is Kind.BIG:
            feature.SetFieldInteger64(number, ready)
        else:
            feature.SetField(number, ready)

    def _place(self, column: Column) -> int:
        """Position of a column, which is made unless it is one that KML has from the start."""
        if self._form.key == "kml" and column.name.lower() in KML_OWN:
            return int(self._definition.GetFieldIndex(column.name))
        self._demand(self._layer.CreateField(column.definition()) == ogr.OGRERR_NONE)
        return int(self._definition.GetFieldCount()) - 1

    def _label_column(self) -> Optional[str]:
        """GDAL's own field that names a polygon in Google Earth, or its layer in CAD."""
        named = any(column.name.lower() == "name" for column in self._columns)
        return "Layer" if self._form.key == "dxf" else "Name" if self._form.key == "kml" and not named else None

    def _demand(self, fine: bool) -> None:
        """Refuses a failure of GDAL and notes a warning."""
        message = gdal.GetLastErrorMsg()
        if not fine or gdal.GetLastErrorType() >= gdal.CE_Failure:
            raise OSError(message.strip().rstrip(".") or tr("the disk is full or the file is in use"))
        if message and message not in self.notes and len(self.notes) < 5:
            self.notes.append(message)
        gdal.ErrorReset()


def count_features(path: str) -> int:
    """How many features can be read from the first layer of a file; 0 where it cannot be opened."""
    dataset = gdal.OpenEx(path, gdal.OF_VECTOR)
    return dataset.GetLayer(0).GetFeatureCount() if dataset is not None and dataset.GetLayerCount() else 0


def _reference(crs: QgsCoordinateReferenceSystem, form: Format) -> Optional[Any]:
    reference = osr.SpatialReference()
    if crs.isValid():
        reference.SetFromUserInput(crs.toWkt(crs.WktVariant.WKT_PREFERRED_GDAL))
        reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        return reference
    if form.key != "gpkg":
        return None
    reference.SetLocalCS(NO_CRS)
    return reference


def _free_columns(form: Format, columns: Iterable[Column]) -> list[str]:
    """Names for GeoPackage's own columns where a field has the usual ones."""
    if form.key != "gpkg":
        return []
    taken = {column.name.lower() for column in columns}
    wanted = (("FID", "fid"), ("GEOMETRY_NAME", "geom"))
    return [f"{option}={name if name not in taken else 'geopix_' + name}" for option, name in wanted]
