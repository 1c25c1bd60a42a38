"""Where polygons of answers are kept: in memory, or in a table of a GeoPackage."""

from __future__ import annotations

import itertools
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsDataProvider,
    QgsProject,
    QgsRasterLayer,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from .errors import LayerError
from .qt import QtCore
from .raster import file_of
from .regions import FIELDS
from .translation import tr
from .whole_file import whole


@dataclass(frozen=True)
class Storage:
    """Where new layers of answers are kept.

    Attributes:
        path: Of a GeoPackage, made where it does not exist; None keeps them in memory.
    """

    path: Optional[Path] = None


def default_gpkg(layer: QgsRasterLayer) -> Path:
    """Where the answers about a raster are kept by default: ``<raster>_geopix.gpkg``.

    It is in the first of these folders that can be written to: the raster's own, the project's, the user's documents.
    """
    source = Path(file_of(layer) or "")
    beside = source.parent if source.is_file() else None
    home = QgsProject.instance().absolutePath()
    documents = QtCore.QStandardPaths.writableLocation(QtCore.QStandardPaths.StandardLocation.DocumentsLocation)
    folders = [beside, Path(home) if home else None, Path(documents or Path.home())]
    folder = next((folder for folder in folders if folder and is_writable(folder)), Path.home())
    base = f"{_plain(source.stem if beside else layer.name())}_geopix"
    names = (folder / f"{base}{f'_{number}' if number > 1 else ''}.gpkg" for number in itertools.count(1))
    return next(path for path in names if orphaned_log(path) is None)


def orphaned_log(path: Path) -> Optional[Path]:
    """The write-ahead log of a GeoPackage that is gone (moved or deleted after a crash), else None.

    SQLite would apply it to any new file of that name and so destroy it; and it may hold the last answers of the old.
    """
    log = path.with_name(f"{path.name}-wal")
    return log if log.exists() and not path.exists() else None


def is_writable(folder: Path) -> bool:
    """Whether a file can be made in a folder; tried, because permissions do not tell on Windows and shared drives."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def gpkg_of(layer: QgsVectorLayer) -> Optional[Path]:
    """The GeoPackage that a layer is in; None for one in memory or in a file of another kind."""
    path = Path(layer.source().partition("|")[0])
    return path if layer.providerType() == "ogr" and path.suffix.lower() == ".gpkg" else None


def new_layer(name: str, crs: QgsCoordinateReferenceSystem, storage: Storage) -> QgsVectorLayer:
    """An empty layer of answers, not yet in the project.

    Raises:
        LayerError: If the GeoPackage is damaged or cannot be written.
    """
    place = f"crs={crs.authid()}&" if crs.authid() else ""
    uri = "MultiPolygon?" + place + "&".join(f"field={field}" for field in FIELDS)
    layer = QgsVectorLayer(uri, name, "memory")
    layer.setCrs(crs)  # a memory layer without one in its URI claims the default CRS
    if storage.path is not None:
        (uri,) = write_tables([layer], storage.path)
        layer = QgsVectorLayer(uri, name, "ogr")
        layer.setCrs(crs)  # a GeoPackage names the CRS of a layer without a code, or without any, in its own way
    if not layer.isValid():
        raise LayerError(
            tr(
                "The layer {name} could not be made in {path}. Choose another place.",
                name=name,
                path=storage.path or tr("memory"),
            )
        )
    return layer


def write_tables(layers: Sequence[QgsVectorLayer], path: Path) -> list[str]:
    """Writes layers into new tables of a GeoPackage, all or none; gives their data sources.

    A new file appears only when it is complete.  In an existing one no table is replaced.

    Raises:
        LayerError: If the folder or the file cannot be used; nothing has changed then.
    """
    if path.suffix.lower() != ".gpkg":
        raise LayerError(tr("{file} is no name of a GeoPackage. Choose one that ends with .gpkg.", file=path.name))
    if not path.parent.is_dir():
        raise LayerError(tr("The folder {parent} does not exist. Create it or choose another one.", parent=path.parent))
    log = orphaned_log(path)
    if log is not None:
        raise LayerError(
            tr(
                "{log} is left of another GeoPackage and would damage a new one. Move it, or choose a new name.",
                log=log,
            )
        )
    if path.exists():
        names = _free_names([layer.name() for layer in layers], tables_of(path))
        _write(layers, names, path)
    else:
        names = _free_names([layer.name() for layer in layers], [])
        try:
            with whole(path) as made:
                _write(layers, names, made)
        except OSError as error:
            raise LayerError(
                tr(
                    "{path} cannot be written: {strerror}. Choose another folder.",
                    path=path,
                    strerror=error.strerror or error,
                )
            ) from error
    return [f"{path}|layername={name}" for name in names]


def move_to(layers: Sequence[QgsVectorLayer], path: Path) -> None:
    """Writes layers into a GeoPackage and makes them read from there; ids, styles and places in the tree stay.

    Raises:
        LayerError: If one is being edited or cannot be written; all of them are as before then.
    """
    for layer in layers:
        if layer.isEditable():
            raise LayerError(
                tr("The layer {layer} is being edited. Save or discard the edits first.", layer=layer.name())
            )
    uris = write_tables(layers, path)
    before = [(layer.source(), layer.providerType()) for layer in layers]
    for number, (layer, uri) in enumerate(zip(layers, uris)):
        if not _point_to(layer, uri, "ogr"):
            for moved, (source, provider) in zip(layers[: number + 1], before):
                _point_to(moved, source, provider)
            _drop([uri.rpartition("=")[2] for uri in uris], path)
            raise LayerError(
                tr("{file} was written but could not be read again. The layers are as before.", file=path.name)
            )


def tables_of(path: Path) -> list[str]:
    """Names of the tables of a GeoPackage.

    Raises:
        LayerError: If it cannot be opened for writing.
    """
    dataset = _open(path)
    if dataset is None:
        raise LayerError(
            tr(
                "{path} is damaged, no GeoPackage, or cannot be written to. It was left as it is; choose another file.",
                path=path,
            )
        )
    return [dataset.GetLayer(number).GetName() for number in range(dataset.GetLayerCount())]


def _open(path: Path) -> Optional[Any]:
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        return gdal.OpenEx(str(path), gdal.OF_VECTOR | gdal.OF_UPDATE, allowed_drivers=["GPKG"])
    except RuntimeError:  # GDAL may be set to raise or to return nothing
        return None
    finally:
        gdal.PopErrorHandler()


def _write(layers: Sequence[QgsVectorLayer], names: Sequence[str], path: Path) -> None:
    context = QgsProject.instance().transformContext()
    for number, (layer, name) in enumerate(zip(layers, names)):
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.driverName, options.layerName = "GPKG", name
        options.attributes = [i for i, field in enumerate(layer.fields()) if field.name() != "fid"]  # made anew
        if path.exists():
            options.actionOnExistingFile = QgsVectorFileWriter.ActionOnExistingFile.CreateOrOverwriteLayer
        code, message, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), context, options)
        if code != QgsVectorFileWriter.WriterError.NoError:
            _drop(names[: number + 1], path)
            raise LayerError(tr("{file} could not be written: {message}", file=path.name, message=message))


def _drop(names: Sequence[str], path: Path) -> None:
    """Takes back tables that were just written."""
    dataset = _open(path)
    if dataset is None:
        return
    for number in reversed(range(dataset.GetLayerCount())):
        if dataset.GetLayer(number).GetName() in names:
            dataset.DeleteLayer(number)


def _point_to(layer: QgsVectorLayer, source: str, provider: str) -> bool:
    crs = layer.crs()
    layer.setDataSource(source, layer.name(), provider, QgsDataProvider.ProviderOptions(), False)
    layer.setCrs(crs)
    return bool(layer.isValid())


def _free_names(wanted: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Names of tables that are not in use, close to those wanted."""
    used, names = {name.lower() for name in taken}, []
    for text in wanted:
        base = name = _plain(text).lower()
        number = 2
        while name in used:
            name, number = f"{base}_{number}", number + 1
        used.add(name)
        names.append(name)
    return names


def _plain(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_")[:60] or "geopix"
