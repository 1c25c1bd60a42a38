"""The pixels of a raster file as they travel to a server that cannot see the file: as the layer shows them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
from osgeo import gdal
from qgis.core import QgsTask

from .errors import TileError
from .protocol import PathTile, PixelTile
from .raster import Selection, crs_of, open_dataset
from .translation import tr

MAX_SENT_PX = 100_000_000  # 400 MB; the server refuses 512 MiB
PERCENTILES = (2, 98)
SAMPLE_PX = 1024  # side of the read that a stretch is computed from
PIXEL_COORDINATES = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)  # in which QGIS draws an image without a place
Array = Any  # numpy's own types need Python 3.10


@dataclass(frozen=True)
class Reading:
    """What to read.

    Attributes:
        tile: The file, window, bands and stretch.
        shrink: (along rows, along columns) how many pixels become one, from 1 up.
        crs: Text for the wire.
        name: Of the layer.
    """

    tile: PathTile
    shrink: tuple[float, float]
    crs: str
    name: str


def reading_of(selection: Selection, tile: PathTile, finest_m: Optional[float]) -> Reading:
    """How the pixels of a selection of a file are read.

    Args:
        selection: Of the file.
        tile: Its tile.
        finest_m: Finer pixels than this are averaged: the model does not see more.
    """
    crs = selection.crs
    if not crs.isValid():
        dataset = open_dataset(tile.path)
        crs = crs_of(dataset) if dataset is not None else crs
    text = (crs.authid() or crs.toWkt(crs.WktVariant.WKT2_2019)) if crs.isValid() else ""
    sides = selection.sides_m
    across, down = (max(1.0, finest_m / side) for side in sides) if sides and finest_m else (1.0, 1.0)
    return Reading(tile, (across, down), text, selection.name)


class FileTask(QgsTask):
    """Reads in the background.  ``taskCompleted`` or ``taskTerminated`` follows on the main thread.

    Attributes:
        tile, pixels: What was read; None before the end and after a failure.
        problem: Why nothing was read, in words.
    """

    def __init__(self, reading: Reading) -> None:
        super().__init__(tr("Reading {reading}", reading=reading.name), QgsTask.Flag.CanCancel)
        self.tile: Optional[PixelTile] = None
        self.pixels = b""
        self.problem = ""
        self._reading = reading

    def run(self) -> bool:
        """Called by QGIS in another thread; an exception here would end QGIS."""
        try:
            self.tile, self.pixels = read(self._reading)
        except TileError as error:
            self.problem = str(error)
        except Exception as error:
            self.problem = tr(
                "{reading} was not read ({name}: {error}).",
                reading=self._reading.name,
                name=type(error).__name__,
                error=error,
            )
        return self.tile is not None


def read(reading: Reading) -> tuple[PixelTile, bytes]:
    """Tile and pixels, (height, width, 4) uint8 RGBA.

    Raises:
        TileError: If the file cannot be read or the area is too large to be sent.
    """
    tile = reading.tile
    dataset = open_dataset(tile.path)
    if dataset is None:
        raise TileError(tr("{path} cannot be opened. Repair the layer's data source first.", path=tile.path))
    window = tile.window or (0, 0, dataset.RasterXSize, dataset.RasterYSize)
    width, height = (max(1, round(side / by)) for side, by in zip(window[2:], reading.shrink))
    if width * height > MAX_SENT_PX:
        raise TileError(
            tr(
                "This area has {pixels:,.0f} million pixels, at most {max_sent_px:,.0f} million are "
                "sent to a server. Zoom in and choose View.",
                pixels=width * height / 1e6,
                max_sent_px=MAX_SENT_PX / 1e6,
            )
        )
    rgba = np.zeros((height, width, 4), np.uint8)
    bands = tile.bands or ((1, 2, 3) if dataset.RasterCount >= 3 else (1, 1, 1))
    palette = dataset.GetRasterBand(bands[0]).GetColorTable() if tile.bands is None else None
    size = window, (width, height)
    if palette is not None:
        index = _values(dataset, bands[0], *size, gdal.GRIORA_NearestNeighbour)
        rgba[:] = _colours(palette)[np.minimum(index.astype(np.int64), palette.GetCount() - 1)]
        rgba[..., 3] = np.where(_valid(dataset, bands[0], *size), rgba[..., 3], 0)
    else:
        for channel, band in enumerate(bands):
            limits = tile.stretch[channel] if tile.stretch else None
            values = _values(dataset, band, *size, gdal.GRIORA_Average)
            valid = _valid(dataset, band, *size) & np.isfinite(values)
            rgba[..., channel] = _bytes(values, limits or _limits(dataset, band, values.dtype))
            rgba[..., 3] |= np.where(valid, np.uint8(255), np.uint8(0))
    transform = _transform(dataset, window, (window[2] / width, window[3] / height))
    return PixelTile(width, height, transform, reading.crs, reading.name), rgba.tobytes()


def _values(dataset: Any, band: int, window: Any, size: tuple[int, int], resampling: int) -> Array:
    try:
        values = dataset.GetRasterBand(band).ReadAsArray(*window, *size, resample_alg=resampling)
    except RuntimeError as error:
        raise TileError(
            tr(
                "{path} cannot be read to its end ({error}). Copy it again.",
                path=dataset.GetDescription(),
                error=error,
            )
        ) from error
    if values is None:
        raise TileError(tr("{path} cannot be read to its end. Copy it again.", path=dataset.GetDescription()))
    return values


def _valid(dataset: Any, band: int, window: Any, size: tuple[int, int]) -> Array:
    """(H, W) bool: nodata, mask bands and alpha as GDAL combines them for a band."""
    mask = dataset.GetRasterBand(band).GetMaskBand()
    return mask.ReadAsArray(*window, *size, resample_alg=gdal.GRIORA_NearestNeighbour) > 0


def _limits(dataset: Any, band: int, kind: Any) -> tuple[float, float]:
    """Values that become 0 and 255: 8 bits stay, others go from their 2nd to their 98th percentile."""
    if kind == np.uint8:
        return 0.0, 255.0
    window = (0, 0, dataset.RasterXSize, dataset.RasterYSize)
    size = (min(window[2], SAMPLE_PX), min(window[3], SAMPLE_PX))
    values = _values(dataset, band, window, size, gdal.GRIORA_NearestNeighbour)
    used = values[_valid(dataset, band, window, size) & np.isfinite(values)]
    low, high = np.percentile(used.astype(np.float64), PERCENTILES) if used.size else (0.0, 1.0)
    return (float(low), float(high)) if high > low else (float(low) - 0.5, float(low) + 0.5)


def _bytes(values: Array, limits: tuple[float, float]) -> Array:
    low, high = limits
    scaled = (values.astype(np.float32) - np.float32(low)) * np.float32(255.0 / (high - low))
    return np.nan_to_num(np.clip(np.rint(scaled), 0, 255), nan=0.0).astype(np.uint8)


def _colours(palette: Any) -> Array:
    return np.array([palette.GetColorEntry(number) for number in range(palette.GetCount())], np.uint8)


def _transform(
    dataset: Any, window: Any, steps: tuple[float, float]
) -> tuple[float, float, float, float, float, float]:
    """From (col, row) of a sent pixel's corner to map coordinates, as the wire writes it."""
    forward = dataset.GetGeoTransform(can_return_null=True)
    if forward is None and dataset.GetGCPCount():
        forward = gdal.GCPsToGeoTransform(dataset.GetGCPs())
    x, a, b, y, d, e = forward or PIXEL_COORDINATES
    col, row, by_col, by_row = window[0], window[1], *steps
    found = (a * by_col, b * by_row, x + a * col + b * row, d * by_col, e * by_row, y + d * col + e * row)
    if not all(map(math.isfinite, found)):
        raise TileError(
            tr(
                "The georeference of {path} is not finite. Repair it first.",
                path=dataset.GetDescription(),
            )
        )
    return found
