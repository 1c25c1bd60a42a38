"""Pixels that only QGIS can make: WMS, XYZ and memory layers, rendered in the layer's CRS."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Optional

from qgis.core import (
    QgsMapLayer,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsRasterLayer,
    QgsRectangle,
)

from .errors import TileError
from .protocol import PixelTile
from .qt import QtCore, QtGui, Signal

MAX_SIDE_PX = 4096
XY = tuple[float, float]


def plan_rendering(
    layer: QgsRasterLayer, view: QgsMapSettings, polygon: Optional[Sequence[XY]]
) -> tuple[PixelTile, QgsMapSettings]:
    """What to render, and the tile that will hold it.

    Args:
        layer: A raster layer that only QGIS can read.
        view: ``mapSettings()`` of the canvas; a view is rendered at its resolution.
        polygon: Outline of the view in the layer's CRS; None for the whole layer at its own resolution.

    Raises:
        TileError: If the view does not touch the layer, or more than ``MAX_SIDE_PX`` pixels on a side are asked for.
    """
    extent = QgsRectangle(layer.extent())
    native = _native_resolution(layer)
    if polygon is None:
        if native is None:
            raise TileError(f"The layer {layer.name()} has no pixels of its own. Zoom in and choose View.")
        resolution = native
    else:
        shown = _bounds(polygon)
        resolution = math.sqrt(shown.width() * shown.height() / _pixels_of(view, shown))
        resolution = max(resolution, native or 0.0)
        extent = extent.intersect(shown)
        if extent.isEmpty():
            raise TileError("The view does not touch the raster. Zoom to the layer, or choose Whole layer.")
    width, height = max(1, round(extent.width() / resolution)), max(1, round(extent.height() / resolution))
    if max(width, height) > MAX_SIDE_PX:
        raise TileError(
            f"This area has {width:,} x {height:,} pixels, at most {MAX_SIDE_PX:,} on a side are rendered. Zoom in."
        )
    settings = _settings(layer, extent, width, height)
    return PixelTile(width, height, _transform(settings), _crs_text(layer), layer.name()), settings


class Rendering(QtCore.QObject):
    """Renders in the background.  Signals: ``done(bytes)`` with (height, width, 4) uint8 RGBA, or ``failed(str)``."""

    done = Signal(object)
    failed = Signal(str)

    def __init__(self, settings: QgsMapSettings, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self._job = QgsMapRendererParallelJob(settings)
        self._job.finished.connect(self._finished)

    def start(self) -> None:
        """Begins; one of the signals follows unless ``cancel`` is called."""
        self._job.start()

    def cancel(self) -> None:
        """Stops without a signal; harmless once it is done."""
        self.blockSignals(True)
        self._job.cancelWithoutBlocking()

    def _finished(self) -> None:
        errors = [error.message for error in self._job.errors()]
        image = self._job.renderedImage()
        if errors or image.isNull():
            self.failed.emit(f"QGIS could not render the raster: {errors[0] if errors else 'no image'}. Try again.")
            return
        self.done.emit(rgba_bytes(image))


def rgba_bytes(image: QtGui.QImage) -> bytes:
    """(height, width, 4) uint8 RGBA in C order, alpha not premultiplied."""
    rgba = image.convertToFormat(QtGui.QImage.Format.Format_RGBA8888)
    bits = rgba.constBits()
    bits.setsize(rgba.sizeInBytes())
    return bytes(bits)


def _native_resolution(layer: QgsRasterLayer) -> Optional[float]:
    """Layer units per pixel of a layer that has pixels; None for WMS and XYZ."""
    provider = layer.dataProvider()
    if not provider.capabilities() & provider.Capability.Size or layer.width() <= 0 or layer.height() <= 0:
        return None
    return min(layer.rasterUnitsPerPixelX(), layer.rasterUnitsPerPixelY())


def _pixels_of(view: QgsMapSettings, shown: QgsRectangle) -> float:
    """How many pixels the bounding box ``shown`` of the view gets at the view's own resolution."""
    size = view.outputSize()
    angle = math.radians(view.rotation())
    across, along = abs(math.cos(angle)), abs(math.sin(angle))
    wide, high = size.width() * across + size.height() * along, size.width() * along + size.height() * across
    return max(1.0, wide * high)


def _bounds(polygon: Sequence[XY]) -> QgsRectangle:
    xs, ys = [p[0] for p in polygon], [p[1] for p in polygon]
    return QgsRectangle(min(xs), min(ys), max(xs), max(ys))


def _settings(layer: QgsRasterLayer, extent: QgsRectangle, width: int, height: int) -> QgsMapSettings:
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    settings.setOutputSize(QtCore.QSize(width, height))
    settings.setExtent(extent)  # QGIS widens it to the shape of the image: `_transform` reads what it made of it
    settings.setBackgroundColor(QtGui.QColor(0, 0, 0, 0))
    settings.setFlag(QgsMapSettings.Flag.Antialiasing, False)
    return settings


def _transform(settings: QgsMapSettings) -> tuple[float, float, float, float, float, float]:
    extent, size = settings.visibleExtent(), settings.outputSize()
    x_step, y_step = extent.width() / size.width(), extent.height() / size.height()
    return (x_step, 0.0, extent.xMinimum(), 0.0, -y_step, extent.yMaximum())


def _crs_text(layer: QgsMapLayer) -> str:
    """Authority code where there is one, else WKT2; empty without a CRS."""
    crs = layer.crs()
    if not crs.isValid():
        return ""
    return crs.authid() or crs.toWkt(crs.WktVariant.WKT2_2019)
