"""Writing polygons to a file, all or nothing."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsProject,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from .errors import LayerError

DRIVERS = {".gpkg": "GPKG", ".shp": "ESRI Shapefile", ".geojson": "GeoJSON"}


def save_as(layer: QgsVectorLayer, path: Path) -> Path:
    """Writes a layer, in its own CRS; GeoJSON in EPSG:4326, as its standard wants.

    The file appears only when it is complete: it is written into a folder beside it and then moved.

    Args:
        layer: What to write.
        path: ``.gpkg``, ``.shp`` or ``.geojson``; replaced where it exists.

    Raises:
        LayerError: If the suffix or the folder cannot be used, or the polygons cannot be written.
    """
    driver = DRIVERS.get(path.suffix.lower())
    if driver is None:
        raise LayerError(f"The file type {path.suffix or '(none)'} is unknown. Use one of {', '.join(DRIVERS)}.")
    if not path.parent.is_dir():
        raise LayerError(f"The folder {path.parent} does not exist. Create it or choose another one.")
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.fileEncoding, options.layerName = driver, "UTF-8", path.stem
    if driver == "GeoJSON":
        options.ct = _to_degrees(layer)
    try:
        with tempfile.TemporaryDirectory(prefix=".geopix-", dir=path.parent) as folder:
            _write(layer, Path(folder) / path.name, options)
            for part in sorted(Path(folder).iterdir()):
                os.replace(part, path.parent / part.name)
    except OSError as error:
        raise LayerError(f"{path} cannot be written: {error.strerror or error}. Choose another folder.") from error
    return path


def _write(layer: QgsVectorLayer, path: Path, options: QgsVectorFileWriter.SaveVectorOptions) -> None:
    context = QgsProject.instance().transformContext()
    code, message, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), context, options)
    if code != QgsVectorFileWriter.WriterError.NoError:
        raise LayerError(f"{path.name} could not be written: {message}")


def _to_degrees(layer: QgsVectorLayer) -> QgsCoordinateTransform:
    if not layer.crs().isValid():
        raise LayerError("GeoJSON needs EPSG:4326 and these polygons have no CRS. Choose GeoPackage or Shapefile.")
    degrees = QgsCoordinateReferenceSystem("EPSG:4326")
    return QgsCoordinateTransform(layer.crs(), degrees, QgsProject.instance().transformContext())
