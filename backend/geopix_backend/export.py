"""Writing regions to GeoPackage, Shapefile, GeoJSON, FlatGeobuf or GeoParquet, whole or not at all, as they come."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS, Transformer

from geopix_qgis.protocol import RegionEvent

from . import geoparquet
from .batches import GEOMETRY, SCHEMA, batches, geometries, replaced
from .errors import ExportError, ExportStoppedError
from .export_formats import Format, format_of
from .geodesy import densified
from .gpkg_metadata import add_metadata
from .gpkg_style import add_style
from .shapefile import Parts

WRITE_ERRORS = (OSError, RuntimeError, ValueError, sqlite3.Error, DataSourceError, DataLayerError)


def _nobody(done: int) -> None:
    """Progress that nobody looks at."""


def _never() -> bool:
    return False


def check_target(path: str | Path, overwrite: bool, *, has_crs: bool = True) -> None:
    """Refuses an output that ``write`` could not make; to be called before the model runs.

    Raises:
        ExportError: If the suffix is unknown, the folder is missing or not writable, the file exists and ``overwrite``
            is False or another program has it open, or GeoJSON is asked for pixels without a CRS.
    """
    path = Path(path)
    form = format_of(path)
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
    if form.lonlat and not has_crs:
        raise ExportError("GeoJSON holds longitude and latitude and the raster has no CRS; write .gpkg instead.")


def write(
    path: str | Path,
    regions: Iterable[RegionEvent],
    crs: CRS | None,
    *,
    overwrite: bool = False,
    progress: Callable[[int], None] = _nobody,
    cancelled: Callable[[], bool] = _never,
) -> list[Path]:
    """Writes one polygon layer with the fields of ``export_formats.FIELDS``; no regions make an empty layer.

    See ``write_batches``, which this is for regions.
    """
    return write_batches(path, batches(regions), crs, overwrite=overwrite, progress=progress, cancelled=cancelled)


def write_batches(
    path: str | Path,
    source: Iterable[pa.RecordBatch],
    crs: CRS | None,
    *,
    overwrite: bool = False,
    progress: Callable[[int], None] = _nobody,
    cancelled: Callable[[], bool] = _never,
) -> list[Path]:
    """Writes record batches as one polygon layer; memory holds one of them at a time.

    The file is made in a temporary folder beside the target, read back, and moved: an old file survives a failure and
    no partial one is left.  GeoJSON is in EPSG:4326 (RFC 7946), the others in ``crs``.  A GeoPackage carries a style.
    A shapefile shortens names to 10 characters and cuts text to 254 bytes, which is logged; what would make it larger
    than 2 GB goes on in ``NAME_2.shp`` and so on.

    Args:
        path: Its suffix says the format.
        source: With ``batches.SCHEMA``.
        crs: Of the coordinates, None for pixels.
        overwrite: Whether a file of that name may go.
        progress: Gets the number of polygons that were handed to the file.
        cancelled: Asked before each batch; once true, nothing is left behind.

    Returns:
        The files that were made; more than one only of a large shapefile.

    Raises:
        ExportStoppedError: If it was cancelled.
        ExportError: As ``check_target``, and if writing fails, as on a full disk.
    """
    path = Path(path)
    check_target(path, overwrite, has_crs=crs is not None)
    form = format_of(path)
    stream = _Stream(source, crs if form.lonlat else None, progress, cancelled)
    try:
        with tempfile.TemporaryDirectory(prefix=".geopix-", dir=path.parent, ignore_cleanup_errors=True) as folder:
            made = _write_files(Path(folder) / path.name, form, stream, CRS.from_epsg(4326) if form.lonlat else crs)
            targets = [path.with_name(part.name) for part in made]
            for target in targets[1:]:
                check_target(target, overwrite)
            for part, target in zip(made, targets, strict=True):
                _move(part, target, form)
    except WRITE_ERRORS as error:
        raise ExportError(f"{path} cannot be written ({error}); free some space or choose another output.") from error
    return targets


class _Stream:
    """Record batches on their way to a file.

    Attributes:
        done: Number of polygons so far.
        categories: What a style has to tell apart.
        runs: Turn, prompt and model of the questions that were answered.
    """

    def __init__(
        self,
        source: Iterable[pa.RecordBatch],
        to_lonlat_from: CRS | None,
        progress: Callable[[int], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self._source, self._crs, self._progress, self._cancelled = source, to_lonlat_from, progress, cancelled
        self.done = 0
        self.categories: dict[str, None] = {}
        self.runs: dict[tuple[int, str, str], None] = {}

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._source:
            if self._cancelled():
                raise ExportStoppedError("Writing was stopped; no file was made.")
            self._note(batch)
            yield batch if self._crs is None else replaced(batch, _to_lonlat(geometries(batch), self._crs))
            self.done += len(batch)
            self._progress(self.done)

    def _note(self, batch: pa.RecordBatch) -> None:
        classes, phrases = batch.column("class"), batch.column("phrase")
        found = compute.if_else(compute.equal(classes, ""), phrases, classes)
        self.categories.update(dict.fromkeys(found.unique().to_pylist()))
        keys = ["turn", "prompt", "model"]
        runs = (
            pa.table([batch.column(key) for key in keys], keys)
            .group_by(keys, use_threads=False)
            .aggregate([])
            .to_pydict()
        )
        self.runs.update(dict.fromkeys(zip(*(runs[key] for key in keys), strict=True)))


def _write_files(path: Path, form: Format, stream: _Stream, crs: CRS | None) -> list[Path]:
    """Writes the layer at ``path``, which does not exist yet, and what does not fit in further files beside it."""
    if form.driver == "Parquet":
        geoparquet.write(path, iter(stream), SCHEMA, crs)
        _check_count(geoparquet.count(path), stream.done)
        return [path]
    if form.driver != "ESRI Shapefile":
        _write_layer(path, form, iter(stream), SCHEMA, crs)
        if form.driver == "GPKG":
            with closing(sqlite3.connect(path)) as database, database:
                database.execute("PRAGMA synchronous = OFF")  # see GPKG_CONFIG
                add_style(database, path.stem, stream.categories)
                add_metadata(database, path.stem, stream.runs)
        _check_count(_count(path), stream.done)
        return [path]
    parts, made = Parts(iter(stream)), list[Path]()
    while parts.more:
        made.append(path if not made else path.with_stem(f"{path.stem}_{len(made) + 1}"))
        _write_layer(made[-1], form, parts.next(), parts.schema, crs)
    _check_count(sum(map(_count, made)), stream.done)
    return made


def _write_layer(
    path: Path, form: Format, source: Iterator[pa.RecordBatch], schema: pa.Schema, crs: CRS | None
) -> None:
    failures: list[Exception] = []

    def watched() -> Iterator[pa.RecordBatch]:
        try:
            yield from source
        except Exception as error:
            failures.append(error)
            raise

    with warnings.catch_warnings(), _gdal_config(form.config):
        warnings.filterwarnings("ignore", message="'crs' was not provided")
        try:
            pyogrio.raw.write_arrow(
                pa.RecordBatchReader.from_batches(schema, watched()),
                path,
                layer=path.stem,
                driver=form.driver,
                geometry_name=GEOMETRY,
                geometry_type="Polygon",
                crs=crs.to_wkt() if crs is not None else None,
                layer_options=form.options,
            )
        except Exception as error:
            if failures:  # of the source; GDAL knows only that there was one
                raise failures[0] from error
            raise


@contextmanager
def _gdal_config(options: dict[str, str]) -> Iterator[None]:
    """Sets GDAL's configuration for a while."""
    before = {name: pyogrio.get_gdal_config_option(name) for name in options}
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def _to_lonlat(geometry: NDArray[np.object_], crs: CRS) -> NDArray[np.object_]:
    """Polygons in EPSG:4326, outer rings anticlockwise (RFC 7946, 3.1.6); long edges bend with the projection."""
    transformer = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    moved = shapely.transform(densified(geometry, crs), lambda xy: np.column_stack(transformer.transform(*xy.T)))
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise ExportError("Some polygons have no longitude and latitude in this CRS; write .gpkg instead of GeoJSON.")
    return np.asarray(shapely.orient_polygons(moved))


def _count(path: Path) -> int:
    """Polygons that can be read back: GeoJSON loses its last bytes on a full disk without an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return int(pyogrio.read_info(path, layer=path.stem, force_feature_count=True)["features"])


def _check_count(found: int, expected: int) -> None:
    if found != expected:
        raise OSError(f"only {found} of {expected} polygons reached the disk")


def _move(made: Path, path: Path, form: Format) -> None:
    """Moves the new files over the old ones, the main file last, and removes parts that the new layer does not have."""
    for suffix in form.siblings:
        part = made.with_suffix(suffix)
        if part.exists():
            os.replace(part, path.with_suffix(suffix))
        else:
            path.with_suffix(suffix).unlink(missing_ok=True)
    os.replace(made, path)
