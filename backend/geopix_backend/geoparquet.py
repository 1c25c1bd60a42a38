"""GeoParquet 1.1 (https://geoparquet.org): WKB in a Parquet file, the CRS as PROJJSON in its metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from pyarrow.parquet import ParquetWriter, read_metadata
from pyproj import CRS

from .batches import GEOMETRY, geometries


def write(path: Path, batches: Iterator[pa.RecordBatch], schema: pa.Schema, crs: CRS | None) -> None:
    """Writes one row group for each batch.  Without a CRS the coordinates mean nothing else than themselves."""
    bounds = np.array([np.inf, np.inf, -np.inf, -np.inf])
    with ParquetWriter(path, schema.remove_metadata(), compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            x0, y0, x1, y1 = shapely.total_bounds(geometries(batch))
            bounds = np.array([min(bounds[0], x0), min(bounds[1], y0), max(bounds[2], x1), max(bounds[3], y1)])
        column: dict[str, object] = {
            "encoding": "WKB",
            "geometry_types": ["Polygon"],
            "crs": crs.to_json_dict() if crs is not None else None,
        }
        if np.isfinite(bounds).all():
            column["bbox"] = bounds.tolist()
        meta = {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}
        writer.add_key_value_metadata({"geo": json.dumps(meta)})


def count(path: Path) -> int:
    """Number of polygons in a file."""
    return int(read_metadata(path).num_rows)
