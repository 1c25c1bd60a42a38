"""Pixels that only QGIS can make: WMS, XYZ and memory layers, rendered in the layer's CRS."""

from __future__ import annotations

import math
from typing import Any, Optional

from qgis.core import (
    QgsGeometry,
    QgsMapLayer,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsRasterLayer,
    QgsRectangle,
)

from .errors import TileError
from .ground import lengths_m, metres_per_unit
from .map_tiles import Requests
from .protocol import PixelTile
from .qt import QtCore, QtGui, Signal
from .raster_grid import Grid, Window, affine_grid
from .translation import tr

MAX_SIDE_PX = 4096
AGAIN_MS = 1000  # before what did not arrive is asked for once more


def picture_grid(
    layer: QgsRasterLayer, view: QgsMapSettings, polygons: Optional[QgsGeometry], resolution_m: Optional[float]
) -> Grid:
    """The pixels in which a layer that only QGIS can read is rendered: north-up, from its top left corner on.

    Args:
        layer: The layer.
        view: ``mapSettings()`` of the canvas.
        polygons: What to render, in the layer's coordinates; None for all of it.
        resolution_m: Metres per pixel; None for the resolution of the view, and for all of it the layer's own.

    Raises:
        TileError: If all of a layer is asked for that has no pixels of its own.
    """
    extent, native = layer.extent(), _native_resolution(layer)
    middle = (extent if polygons is None else polygons.boundingBox()).center()
    scales = metres_per_unit(layer.crs(), middle)
    if resolution_m:
        resolution = resolution_m / math.sqrt(scales[0] * scales[1]) if scales else resolution_m
    elif polygons is not None:
        resolution = _view_resolution(view, layer, scales)
    elif native is not None:
        resolution = native
    else:
        raise TileError(tr("The layer {layer} has no pixels of its own. Zoom in and choose View.", layer=layer.name()))
    resolution = max(resolution, native or 0.0)
    width, height = (max(1, math.ceil(side / resolution - 1e-6)) for side in (extent.width(), extent.height()))
    return affine_grid(width, height, (extent.xMinimum(), resolution, 0.0, extent.yMaximum(), 0.0, -resolution))


def picture(layer: QgsRasterLayer, grid: Grid, window: Window) -> tuple[PixelTile, QgsMapSettings]:
    """The tile that holds a window of ``picture_grid``, and how to render it.

    Raises:
        TileError: If more than ``MAX_SIDE_PX`` pixels on a side are asked for.
    """
    col, row, width, height = window
    if max(width, height) > MAX_SIDE_PX:
        raise TileError(
            tr(
                "This area has {width:,} x {height:,} pixels, at most {max_side_px:,} on a side are "
                "rendered. Zoom in, or choose a coarser resolution.",
                width=width,
                height=height,
                max_side_px=MAX_SIDE_PX,
            )
        )
    west, north = grid.to_map((col, row))
    east, south = grid.to_map((col + width, row + height))
    settings = _settings(layer, QgsRectangle(west, south, east, north), width, height)
    return PixelTile(width, height, _transform(settings), _crs_text(layer), layer.name()), settings


class Rendering(QtCore.QObject):
    """Renders in the background, all of the picture or nothing.

    What a server fails to deliver is asked for once more; then the picture is refused.  Map tiles that do not exist
    are left out, with a warning.

    Signals: ``done(bytes)`` with (height, width, 4) uint8 RGBA, or ``failed(str)``; before either, ``warned(str)``.
    """

    done = Signal(object)
    failed = Signal(str)
    warned = Signal(str)

    def __init__(self, settings: QgsMapSettings, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._requests = Requests()
        self._job: Optional[Any] = None
        self._tries = 0
        self._again = QtCore.QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(AGAIN_MS)
        self._again.timeout.connect(self.start)

    def start(self) -> None:
        """Begins; ``done`` or ``failed`` follows unless ``cancel`` is called."""
        if not self._settings.layers():  # QGIS would never end a job without one
            QtCore.QTimer.singleShot(0, self._layer_gone)
            return
        self._tries += 1
        self._requests.watch()
        self._job = QgsMapRendererParallelJob(self._settings)
        self._job.finished.connect(self._finished)
        self._job.start()

    def cancel(self) -> None:
        """Stops without a signal; harmless once it is done."""
        self.blockSignals(True)
        self._again.stop()
        self._requests.forget()
        if self._job is not None:
            self._job.cancelWithoutBlocking()

    def _layer_gone(self) -> None:
        self.failed.emit(tr("The layer was removed before it was rendered."))

    def _finished(self) -> None:
        # What the job's threads said of their requests is still on its way to this thread.
        QtCore.QTimer.singleShot(0, self._judge)

    def _judge(self) -> None:
        if self._job is None or self.signalsBlocked():
            return
        self._requests.forget()
        errors = [error.message for error in self._job.errors()]
        image = self._job.renderedImage()
        problem = self._requests.problem() or (errors[0] if errors else "")
        if problem and self._tries == 1:
            self.warned.emit(tr("{problem} Trying once more...", problem=problem))
            self._again.start()
        elif problem or image.isNull():
            why = problem or tr("QGIS made no image.")
            self.failed.emit(
                tr("The layer was not rendered completely: {why} Ask again later, or about another area.", why=why)
            )
        else:
            self._hand_over(rgba_bytes(image))

    def _hand_over(self, pixels: bytes) -> None:
        missing = self._requests.missing
        if not any(pixels[3::4]):
            why = " " + tr("Its server has no map tiles here ({missing}).", missing=missing) if missing else ""
            self.failed.emit(
                tr("The layer shows nothing in this area at this scale.{why} Choose another area, or zoom.", why=why)
            )
            return
        if missing:
            self.warned.emit(
                tr("{missing} of the layer's map tiles do not exist; these places are left out.", missing=missing)
            )
        self.done.emit(pixels)


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


def _view_resolution(view: QgsMapSettings, layer: QgsRasterLayer, scales: Optional[tuple[float, float]]) -> float:
    """Layer units per pixel that look as fine as the view, where the layer has ``scales`` metres per unit."""
    units, crs = view.mapUnitsPerPixel(), view.destinationCrs()
    if crs == layer.crs() or not crs.isValid() or scales is None:
        return units
    middle = view.visibleExtent().center()
    x, y, half = middle.x(), middle.y(), units / 2
    sides = lengths_m(crs, ((x - half, y), (x + half, y)), ((x, y - half), (x, y + half)))
    if sides is None:
        raise TileError(tr("The view reaches beyond the area of the map's CRS. Zoom in on the raster."))
    return math.sqrt(sides[0] * sides[1] / (scales[0] * scales[1]))


def _settings(layer: QgsRasterLayer, extent: QgsRectangle, width: int, height: int) -> QgsMapSettings:
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    settings.setOutputSize(QtCore.QSize(width, height))
    settings.setExtent(extent)  # QGIS may widen it to the shape of the image: `_transform` reads what it made of it
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
