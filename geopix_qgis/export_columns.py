"""Fields of a file: their kinds, and how wide a shapefile must make them so that no value is lost."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from osgeo import ogr
from qgis.core import QgsField, QgsVectorLayer

from .errors import LayerError
from .export_rows import Row
from .translation import tr

TEXT_BYTES = 254  # of a field in a .dbf
REAL_WIDTH, MAX_DECIMALS = 24, 15
LIMIT_BYTES = 2**31 - 1  # offsets of shapefiles are signed in many programs
TOO_BIG = tr("A shapefile holds 2 GB in a file and these polygons need {:.1f} GB. Choose GeoPackage.")


class Kind(enum.Enum):
    """What a field holds: OGR's type and subtype."""

    WHOLE = (ogr.OFTInteger, ogr.OFSTNone)
    BIG = (ogr.OFTInteger64, ogr.OFSTNone)
    TRUTH = (ogr.OFTInteger, ogr.OFSTBoolean)
    REAL = (ogr.OFTReal, ogr.OFSTNone)
    DATE = (ogr.OFTDate, ogr.OFSTNone)
    MOMENT = (ogr.OFTDateTime, ogr.OFSTNone)
    TEXT = (ogr.OFTString, ogr.OFSTNone)


# The numbers of QMetaType, which are those of QVariant in Qt 5; anything else is written as text.
_KINDS = {
    1: Kind.TRUTH,
    2: Kind.WHOLE,
    3: Kind.BIG,
    4: Kind.BIG,
    5: Kind.TEXT,
    6: Kind.REAL,
    14: Kind.DATE,
    16: Kind.MOMENT,
    38: Kind.REAL,
}
_NO_TIMES = ("shp", "kml")  # a .dbf holds no time of day, and KML reads some names as times of its own


@dataclass(frozen=True)
class Column:
    """One field of the file; width and decimals matter to a shapefile only, 0 leaves them to GDAL."""

    name: str
    kind: Kind
    width: int = 0
    decimals: int = 0

    def definition(self) -> Any:
        """For OGR."""
        kind, subtype = self.kind.value
        made = ogr.FieldDefn(self.name, kind)
        made.SetSubType(subtype)
        made.SetWidth(self.width)
        made.SetPrecision(self.decimals)
        return made

    def ready(self, value: Any) -> Any:
        """A value as OGR takes it; not for None."""
        if self.kind is Kind.REAL:
            return float(value)
        if self.kind in (Kind.WHOLE, Kind.BIG, Kind.TRUTH):
            return int(value)
        return as_text(value)


def as_text(value: Any) -> str:
    """Text as it is, times as ISO 8601, lists and maps as JSON."""
    if isinstance(value, str):
        return value
    if hasattr(value, "toPyDateTime"):
        return value.toPyDateTime().isoformat()
    if hasattr(value, "toPyDate"):
        return value.toPyDate().isoformat()
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def columns_of(layers: Sequence[QgsVectorLayer], fields: Sequence[tuple[str, str]], key: str) -> list[Column]:
    """The columns of a file in the format ``key``; a field of two kinds in two layers becomes text.

    Args:
        layers: What is written.
        fields: (name in the layers, name in the file).

    Raises:
        LayerError: If no layer has a field.
    """
    made = []
    for source, final in fields:
        found = [layer.fields().field(source) for layer in layers if layer.fields().indexOf(source) >= 0]
        if not found:
            raise LayerError(
                tr("There is no field {source!r} in these polygons. Open the export again.", source=source)
            )
        kinds = {_kind(item) for item in found}
        kind = kinds.pop() if len(kinds) == 1 else Kind.TEXT
        made.append(Column(final, Kind.TEXT if key in _NO_TIMES and kind in (Kind.DATE, Kind.MOMENT) else kind))
    return made


def _kind(item: QgsField) -> Kind:
    number = item.type()
    return _KINDS.get(int(getattr(number, "value", number)), Kind.TEXT)


def cut_text(text: str) -> str:
    """As much of a text as a shapefile holds, cut between characters."""
    return text.encode()[:TEXT_BYTES].decode(errors="ignore")


def fitted(columns: Sequence[Column], rows: Iterable[Row]) -> list[Column]:
    """The columns, as wide as the values of a shapefile need.

    Raises:
        LayerError: If the .shp or the .dbf would be larger than 2 GB.
    """
    need = [1] * len(columns)
    count, shp_bytes = 0, 100
    for row in rows:
        count += 1
        shp_bytes += 8 + 44 + 4 * row.parts + 16 * row.points
        for number, (column, value) in enumerate(zip(columns, row.values)):
            if value is not None:
                need[number] = max(need[number], _width(column, value))
    widened = [_widened(column, width) for column, width in zip(columns, need)]
    dbf_bytes = 34 + 32 * len(columns) + count * (1 + sum(column.width for column in widened))
    if max(shp_bytes, dbf_bytes) > LIMIT_BYTES:
        raise LayerError(TOO_BIG.format(max(shp_bytes, dbf_bytes) / 2**30))
    return widened


def _width(column: Column, value: Any) -> int:
    """Bytes of a text, characters of a whole number, digits before the point of a real one."""
    if column.kind is Kind.TEXT:
        return min(TEXT_BYTES, len(column.ready(value).encode()))
    if column.kind is Kind.REAL:
        return len(str(abs(int(value))))
    return len(str(int(value)))


def _widened(column: Column, width: int) -> Column:
    if column.kind is Kind.REAL:
        return replace(column, width=REAL_WIDTH, decimals=max(0, min(MAX_DECIMALS, REAL_WIDTH - 2 - width)))
    least = {Kind.TEXT: 1, Kind.TRUTH: 1, Kind.WHOLE: 9}.get(column.kind, 10)
    return replace(column, width=max(least, width))
