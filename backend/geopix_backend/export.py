"""Writing regions to GeoPackage, ESRI Shapefile, GeoJSON or FlatGeobuf, whole or not at all."""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS, Transformer
from shapely.geometry import shape

from geopix_qgis.protocol import RegionEvent

from .errors import ExportError
from .geodesy import densified

LOG = logging.getLogger(__name__)
SHAPEFILE_TEXT_BYTES = 254
SHAPEFILE_PARTS = (".shx", ".dbf", ".prj", ".cpg", ".qix", ".sbn", ".sbx", ".qpj")


@dataclass(frozen=True)
class Format:
    """A vector format: GDAL's driver, the options of its layers, and the other files that belong to one layer."""

    driver: str
    options: dict[str, str]
    siblings: tuple[str, ...] = ()


FORMATS = {
    ".gpkg": Format("GPKG", {}),
    ".shp": Format("ESRI Shapefile", {"ENCODING": "UTF-8"}, SHAPEFILE_PARTS),
    ".geojson": Format("GeoJSON", {"RFC7946": "YES", "COORDINATE_PRECISION": "10"}),
    ".json": Format("GeoJSON", {"RFC7946": "YES", "COORDINATE_PRECISION": "10"}),
    ".fgb": Format("FlatGeobuf", {}),
}
# Field of the layer: attribute of RegionEvent, type, name in a shapefile (at most 10 characters).
FIELDS: dict[str, tuple[str, Any, str]] = {
    "phrase": ("phrase", object, "phrase"),
    "class": ("class_name", object, "class"),
    "score": ("score", np.float64, "score"),
    "area_m2": ("area_m2", np.float64, "area_m2"),
    "perimeter_m": ("perimeter_m", np.float64, "perim_m"),
    "turn": ("turn", np.int32, "turn"),
    "prompt": ("prompt", object, "prompt"),
    "model": ("model", object, "model"),
    "gsd_m": ("gsd_m", np.float64, "gsd_m"),
}


def check_target(path: str | Path, overwrite: bool, *, has_crs: bool = True) -> None:
    """Refuses an output that ``write`` could not make; to be called before the model runs.

    Raises:
        ExportError: If the suffix is unknown, the folder is missing or not writable, the file exists and ``overwrite``
            is False or another program has it open, or GeoJSON is asked for pixels without a CRS.
    """
    path = Path(path)
    form = _format_of(path)
    folder = path.parent
    if not folder.is_dir():
        raise ExportError(f"The folder {folder} does not exist; make it first or choose another output.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ExportError(f"The folder {folder} is not writable; choose another output.")
    if path.is_dir():
        raise ExportError(f"{path} is a folder; give the name of a file in it.")
    if path.exists() and not overwrite:
        raise ExportError(f"{path} exists already; choose another name or allow it with --overwrite.")
    if path.with_name(path.name + "-wal").exists():
        raise ExportError(f"{path} is open in another program, such as QGIS; close it there or choose another name.")
    if form.driver == "GeoJSON" and not has_crs:
        raise ExportError("GeoJSON holds longitude and latitude and the raster has no CRS; write .gpkg instead.")


def write(path: str | Path, regions: Sequence[RegionEvent], crs: CRS | None, *, overwrite: bool = False) -> None:
    """Writes one polygon layer with the fields of ``FIELDS``; no regions make an empty layer.

    The file is made in a temporary folder beside the target, read back, and moved: an old file survives a failure and
    no partial one is left.  GeoJSON is in EPSG:4326 (RFC 7946), the others in ``crs``.  A shapefile shortens names to
    10 characters and cuts text to 254 bytes, which is logged.

    Raises:
        ExportError: As ``check_target``, and if writing fails, as on a full disk.
    """
    path = Path(path)
    check_target(path, overwrite, has_crs=crs is not None)
    form = _format_of(path)
    try:
        with tempfile.TemporaryDirectory(prefix=".geopix-", dir=path.parent, ignore_cleanup_errors=True) as folder:
            made = Path(folder) / path.name
            _write_layer(made, form, regions, crs)
            _check_written(made, len(regions))
            _move(made, path, form)
    except (OSError, RuntimeError, ValueError, DataSourceError, DataLayerError) as error:
        raise ExportError(f"{path} cannot be written ({error}); free some space or choose another output.") from error


def _format_of(path: Path) -> Format:
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        known = ", ".join(sorted(FORMATS))
        raise ExportError(f"The output {path.name!r} has the suffix {path.suffix!r}; expected one of {known}.")
    return form


def _write_layer(path: Path, form: Format, regions: Sequence[RegionEvent], crs: CRS | None) -> None:
    """Writes the layer at ``path``, which does not exist yet."""
    geometry = np.array([shape(region.geometry) for region in regions], dtype=object)
    if form.driver == "GeoJSON" and crs is not None:
        geometry, crs = _to_lonlat(geometry, crs), CRS.from_epsg(4326)
    columns = [
        np.array([getattr(region, attribute) for region in regions], dtype=kind)
        for attribute, kind, _ in FIELDS.values()
    ]
    names = list(FIELDS)
    if form.driver == "ESRI Shapefile":
        columns, names = [_cut(column) for column in columns], [short for _, _, short in FIELDS.values()]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="'crs' was not provided")
        pyogrio.raw.write(
            path,
            shapely.to_wkb(geometry),
            columns,
            names,
            layer=path.stem,
            driver=form.driver,
            geometry_type="Polygon",
            crs=crs.to_wkt() if crs is not None else None,
            layer_options=form.options,
        )


def _cut(column: np.ndarray) -> np.ndarray:
    """Text cut to what a shapefile holds, between characters; numbers as they are."""
    if column.dtype != object:
        return column
    cut = [text.encode()[:SHAPEFILE_TEXT_BYTES].decode(errors="ignore") for text in column]
    if any(new != old for new, old in zip(cut, column, strict=True)):
        LOG.warning("A shapefile holds %d bytes of text in a field; longer text was cut.", SHAPEFILE_TEXT_BYTES)
    return np.array(cut, dtype=object)


def _to_lonlat(geometry: np.ndarray, crs: CRS) -> np.ndarray:
    """Polygons in EPSG:4326, outer rings anticlockwise (RFC 7946, 3.1.6); long edges bend with the projection."""
    if len(geometry) == 0:
        return geometry
    transformer = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    moved = shapely.transform(densified(geometry, crs), lambda xy: np.column_stack(transformer.transform(*xy.T)))
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise ExportError("Some polygons have no longitude and latitude in this CRS; write .gpkg instead of GeoJSON.")
    return np.asarray(shapely.orient_polygons(moved))


def _check_written(path: Path, count: int) -> None:
    """Counts what can be read back: GeoJSON loses its last bytes on a full disk without an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pyogrio.read_info(path, force_feature_count=True)["features"]
    if found != count:
        raise OSError(f"only {found} of {count} polygons reached the disk")


def _move(made: Path, path: Path, form: Format) -> None:
    """Moves the new files over the old ones, the main file last, and removes parts that the new layer does not have."""
    for suffix in form.siblings:
        part = made.with_suffix(suffix)
        if part.exists():
            os.replace(part, path.with_suffix(suffix))
        else:
            path.with_suffix(suffix).unlink(missing_ok=True)
    os.replace(made, path)
