"""What a shapefile cannot hold: long names, long texts, and more than 2 GB in one of its files."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute
from numpy.typing import NDArray

from .batches import GEOMETRY, SCHEMA
from .export_formats import FIELDS

LOG = logging.getLogger(__name__)
TEXT_BYTES = 254
MAX_BYTES = 2**31 - 1  # of each file; programs that read more are rare
WIDTHS = {pa.float64(): 24, pa.int32(): 11}  # of a number in the .dbf, bytes
LEAST_TEXT_BYTES = 80  # GDAL's first width of a text field
NUMBERS_BYTES = sum(WIDTHS.get(field.kind, 0) for field in FIELDS)
HEADER_BYTES = 32 * (len(FIELDS) + 2)  # of the .dbf


class Parts:
    """Record batches for as many shapefiles as they need.

    Attributes:
        more: Whether another file has to follow the one that was just read.
    """

    def __init__(self, source: Iterator[pa.RecordBatch]) -> None:
        self._source = source
        self._left: pa.RecordBatch | None = None
        self.more = True

    @property
    def schema(self) -> pa.Schema:
        """With the short names."""
        return _renamed(SCHEMA.empty_table()).schema

    def next(self) -> Iterator[pa.RecordBatch]:
        """The batches of the next file, whose fields have their short names; they end before it grows too large.

        Raises:
            ValueError: If one polygon alone is too large.
        """
        self.more = False
        used, records = 100, 0  # bytes of the .shp, which begins with a header of 100
        width = dict.fromkeys((field.name for field in FIELDS if field.kind == pa.string()), LEAST_TEXT_BYTES)
        while (found := self._take()) is not None:
            found, longest = _cut(found)
            width = {name: max(width[name], longest[name]) for name in width}
            record_bytes = 1 + NUMBERS_BYTES + sum(width.values())
            shapes = used + np.cumsum(_shape_bytes(found))
            table = HEADER_BYTES + (records + np.arange(1, len(found) + 1)) * record_bytes
            fitting = int(np.count_nonzero(np.maximum(shapes, table) <= MAX_BYTES))
            if fitting:
                used, records = int(shapes[fitting - 1]), records + fitting
                yield _renamed(found.slice(0, fitting))
            if fitting < len(found):
                if records == 0:
                    raise ValueError("one polygon is larger than the 2 GB that a shapefile holds")
                self._left, self.more = found.slice(fitting), True
                return

    def _take(self) -> pa.RecordBatch | None:
        found, self._left = self._left, None
        return found if found is not None else next(self._source, None)


def _renamed(found: pa.RecordBatch) -> pa.RecordBatch:
    return found.rename_columns([*(field.short for field in FIELDS), GEOMETRY])


def _shape_bytes(found: pa.RecordBatch) -> NDArray[np.int64]:
    """Bytes of the polygons in the .shp: record header, type, box, counts, ring starts, points.

    In WKB there are 9 bytes before the same 4 for each ring and 16 for each point.
    """
    wkb = compute.binary_length(found.column(GEOMETRY)).to_numpy(zero_copy_only=False)
    return np.asarray(8 + 44 - 9 + wkb, np.int64)


def _cut(found: pa.RecordBatch) -> tuple[pa.RecordBatch, dict[str, int]]:
    """Text cut to what a field holds, between characters; and the bytes of the longest text of each field."""
    columns, longest, cut = list(found.columns), {}, False
    for number, field in enumerate(FIELDS):
        if field.kind == pa.string():
            most = compute.max(compute.binary_length(columns[number])).as_py() or 0
            longest[field.name] = min(most, TEXT_BYTES)
            if most > TEXT_BYTES:
                cut = True
                texts = (text and text.encode()[:TEXT_BYTES] for text in columns[number].to_pylist())
                shorter = [text and text.decode(errors="ignore") for text in texts]
                columns[number] = pa.array(shorter, type=pa.string())
    if cut:
        LOG.warning("A shapefile holds %d bytes of text in a field; longer text was cut.", TEXT_BYTES)
    return pa.record_batch(columns, schema=found.schema), longest
