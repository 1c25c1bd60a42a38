"""Rasters as tiles: three 8-bit bands, a mask of valid pixels, and the exact place of every pixel corner."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from mmap import mmap
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.io import MemoryFile
from rasterio.windows import Window

from geopix_qgis.protocol import PixelTile

from .errors import RasterError
from .geodesy import parse_crs
from .grid import Grid, check_transform, grid_of
from .raster_frame import Frame, clamp, frame_of, widened
from .raster_info import RasterInfo, describe
from .raster_source import State, choose_bands, once, open_raster, short_name, state_of
from .raster_stretch import Range, check_stretch, percentile_range, to_uint8

__all__ = [
    "RasterInfo",
    "Tile",
    "check_pixels",
    "describe",
    "interleaved",
    "pixel_bytes",
    "read_tile",
    "size_of",
    "tile_from_pixels",
    "tile_of",
]

Bytes = bytes | mmap
SAMPLE_PX = 1024  # side of the decimated read that the stretch is computed from
SMALL_RASTER_PX = 64_000_000  # up to here the whole raster is sampled, so that all its tiles look alike
ALPHA_ONE = 1 << 24  # RGBA as one little-endian number, of the least alpha that counts
SPOTS, SPOT_PX = 16, 64  # along each side of a larger one without overviews, and their side


@dataclass(frozen=True)
class Around:
    """A tile with what lies around it, which is shown to a model and never part of an answer.

    Attributes:
        pixels: (3, h, w) uint8.
        row, col: Of the first pixel of the tile among these.
    """

    pixels: NDArray[np.uint8]
    row: int = 0
    col: int = 0


@dataclass(frozen=True)
class Tile:
    """The pixels a question is about.

    Attributes:
        pixels: (3, H, W) uint8, red, green, blue.
        valid: (H, W) bool, False where there is no data.
        transform: From (col, row) of a pixel corner to CRS units; may rotate, shear or run south-up.
        crs: None where unknown; then the transform gives the raster's own or pixel coordinates (y = -row).
        gsd_m: Ground length of a pixel side in metres (geometric mean of both), None where unknown.
        name: What to call the raster in messages.
        warnings: Sentences for the user.
        around: What is shown to the model; None is the tile alone.
    """

    pixels: NDArray[np.uint8]
    valid: NDArray[np.bool_]
    transform: Affine
    crs: CRS | None
    gsd_m: float | None
    name: str
    warnings: tuple[str, ...] = ()
    around: Around | None = None

    @property
    def shown(self) -> Around:
        """What is shown to the model."""
        return self.around or Around(self.pixels)

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.valid.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.valid.shape[1])

    @cached_property
    def valid_px(self) -> int:
        """Number of valid pixels."""
        return int(np.count_nonzero(self.valid))


def read_tile(
    path: str | Path,
    *,
    window: tuple[int, int, int, int] | None = None,
    bands: tuple[int, int, int] | None = None,
    stretch: Sequence[Range] | None = None,
    gsd_range_m: tuple[float, float] | None = None,
    max_px: int = 16384,
) -> Tile:
    """The pixels of a raster, or of a window of it, as a model sees them.

    Args:
        path: A raster that GDAL opens.
        window: (col, row, width, height) in pixels of the raster; cut to the raster.
        bands: Numbers from 1 of the bands shown as red, green, blue; None takes the raster's own colours.
        stretch: (minimum, maximum) of each of the three bands; None keeps 8-bit values and stretches others from the
            2nd to the 98th percentile.
        gsd_range_m: (finest, coarsest) ground resolution; finer pixels are averaged, coarser enlarged.
        max_px: Longest side of the tile.

    Raises:
        RasterError: If the raster cannot be read or shown.
        ExtentError: If the window misses the raster, or the tile would be longer than ``max_px``.
    """
    with open_raster(path) as dataset:
        grid = grid_of(dataset)
        area = clamp(window, dataset)
        frame = frame_of(area, grid.transform, grid.crs, gsd_range_m, max_px)
        return tile_of(dataset, grid, frame, bands, stretch, short_name(path))


def tile_of(
    dataset: rasterio.DatasetReader,
    grid: Grid,
    frame: Frame,
    bands: tuple[int, int, int] | None,
    stretch: Sequence[Range] | None,
    name: str,
    room: tuple[int, int] = (0, 0),
) -> Tile:
    """The pixels of a frame of an open raster; see ``read_tile``.

    Args:
        room: (height, width) up to which the tile gets what lies around it, as far as the raster goes.
    """
    wide, row, col = widened(frame, (dataset.height, dataset.width), room)
    seen, valid, notes = read_frame(dataset, wide, bands, stretch)
    place = slice(row, row + frame.height), slice(col, col + frame.width)
    pixels, valid = seen[:, *place], valid[place]
    if not valid.any():
        notes += ("There is no valid pixel here (all nodata), so nothing can be found.",)
    notes = grid.warnings + frame.warnings + notes
    around = Around(seen, row, col) if seen.shape != pixels.shape else None
    return Tile(pixels, valid, frame.transform, grid.crs, frame.gsd_m, name, notes, around)


def size_of(path: str | Path) -> tuple[int, int]:
    """Columns and rows of a raster that can be shown to a model.

    Raises:
        RasterError: If it cannot be opened or shown.
    """
    state = state_of(path)
    return _size_of(os.fspath(path)) if state is None else _known_size_of(os.fspath(path), state)


@lru_cache(maxsize=64)
def _known_size_of(path: str, state: State) -> tuple[int, int]:
    """The size of a file in this very state: a conversation asks about one raster again and again."""
    return _size_of(path)


def _size_of(path: str) -> tuple[int, int]:
    with open_raster(path) as dataset:
        grid_of(dataset)
        choose_bands(dataset, None)
        return dataset.width, dataset.height


def pixel_bytes(tile: PixelTile) -> int:
    """How many bytes of RGBA a tile has.

    Raises:
        RasterError: If its size is not two positive whole numbers.
    """
    width, height = tile.width, tile.height
    if not isinstance(width, int) or not isinstance(height, int) or min(width, height) < 1:
        raise RasterError(f"The pixel tile is {width!r} x {height!r}; give whole numbers, so that it is not empty.")
    return width * height * 4


def check_pixels(pixels: Bytes, tile: PixelTile) -> tuple[Affine, CRS | None]:
    """Transform and CRS of pixels that travelled with the request.

    Raises:
        RasterError: If the size, the transform or the CRS is not usable.
    """
    expected = pixel_bytes(tile)
    if len(pixels) != expected:
        raise RasterError(
            f"{len(pixels)} bytes came for {tile.width} x {tile.height} pixels; expected width x height x 4, not empty."
        )
    transform = Affine(*tile.transform)
    check_transform(transform)
    return transform, parse_crs(tile.crs)


def tile_from_pixels(
    pixels: Bytes, tile: PixelTile, *, gsd_range_m: tuple[float, float] | None = None, max_px: int = 16384
) -> Tile:
    """A tile from pixels that travelled with the request; resampled like those of ``read_tile``, else not copied.

    Args:
        pixels: (height, width, 4) uint8 RGBA in C order; alpha 0 is "no data".
        tile: Size, transform and CRS of the pixels.

    Raises:
        RasterError: If the size, the transform or the CRS is not usable.
        ExtentError: If the tile would be longer than ``max_px``.
    """
    transform, crs = check_pixels(pixels, tile)
    rgba = np.frombuffer(pixels, np.uint8).reshape(tile.height, tile.width, 4).transpose(2, 0, 1)
    valid = np.frombuffer(pixels, "<u4").reshape(tile.height, tile.width) >= ALPHA_ONE
    frame = frame_of(Window(0, 0, tile.width, tile.height), transform, crs, gsd_range_m, max_px)
    if (frame.width, frame.height) != (tile.width, tile.height):
        rgba = _resampled(rgba, frame)
        valid = rgba[3] > 0
    notes: tuple[str, ...] = () if crs else ("The pixels have no CRS; polygons keep their coordinates, without areas.",)
    if not valid.any():
        notes += ("There is no valid pixel here (all transparent), so nothing can be found.",)
    return Tile(rgba[:3], valid, frame.transform, crs, frame.gsd_m, tile.name, frame.warnings + notes)


def read_frame(
    dataset: rasterio.DatasetReader,
    frame: Frame,
    bands: tuple[int, int, int] | None,
    stretch: Sequence[Range] | None,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_], tuple[str, ...]]:
    """Pixels (3, H, W), validity (H, W) and warnings of one frame."""
    chosen, notes = choose_bands(dataset, bands)
    limits = check_stretch(stretch) if stretch is not None else None
    shape, validity = (frame.height, frame.width), _Validity(dataset, frame)
    pixels = np.empty((3, *shape), np.uint8)
    if len(chosen) == 1 and limits is None and dataset.colorinterp[chosen[0] - 1] == ColorInterp.palette:
        return pixels, _read_palette(dataset, chosen[0], frame, pixels), notes
    if limits is None and {dataset.dtypes[band - 1] for band in chosen} == {"uint8"}:
        # As they are: all bands at once, so that blocks which hold several are decoded once.
        into = pixels[: len(chosen)]
        dataset.read(chosen, window=frame.window, out=into, resampling=frame.resampling)
        if validity.all_of(chosen):
            return _in_colours(pixels, len(chosen)), np.ones(shape, bool), notes
        valid = np.zeros(shape, bool)
        for band, values in zip(chosen, into, strict=True):
            valid |= validity.of(band, values)
        return _blackened(pixels, valid, len(chosen)), valid, notes
    valid = np.zeros(shape, bool)
    for channel, band in enumerate(chosen):
        values = dataset.read(band, window=frame.window, out_shape=shape, resampling=frame.resampling)
        there = validity.of(band, values) & np.isfinite(values)
        if limits is not None:
            values = to_uint8(values, limits[channel])
        elif values.dtype != np.uint8:
            values = to_uint8(values, band_range(dataset, band))
        # Kept where only this band has its nodata value: 255 is also what a bright pixel has, and it is no black hole.
        pixels[channel] = values
        valid |= there
    return _blackened(pixels, valid, len(chosen)), valid, notes


def _blackened(pixels: NDArray[np.uint8], valid: NDArray[np.bool_], bands: int) -> NDArray[np.uint8]:
    """The pixels, black where nothing is valid, in colours."""
    if not valid.all():
        np.multiply(pixels, valid, out=pixels)  # ten times as fast as an index where most of it is empty
    return _in_colours(pixels, bands)


def _in_colours(pixels: NDArray[np.uint8], bands: int) -> NDArray[np.uint8]:
    """The pixels; a single band is shown in all three colours."""
    if bands == 1:
        pixels[1:] = pixels[0]
    return pixels


def interleaved(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(3, h, w) pixels as a new (h, w, 3) array; four times as fast as ``ascontiguousarray``, which goes by threes."""
    image = np.empty((*pixels.shape[1:], 3), np.uint8)
    for channel, values in enumerate(pixels):
        image[..., channel] = values
    return image


class _Validity:
    """Where the bands of a frame hold data: nodata, mask bands and alpha as GDAL combines them."""

    def __init__(self, dataset: rasterio.DatasetReader, frame: Frame) -> None:
        self._dataset, self._window, self._shape = dataset, frame.window, (frame.height, frame.width)
        self._shared: NDArray[np.bool_] | None = None

    def all_of(self, bands: Sequence[int]) -> bool:
        """Whether one of the bands is valid everywhere, so that every pixel is."""
        return any(MaskFlags.all_valid in mask_flags(self._dataset)[band - 1] for band in bands)

    def of(self, band: int, values: NDArray[np.generic]) -> NDArray[np.bool_]:
        """(H, W) bool of a band whose ``values`` were read."""
        flags = mask_flags(self._dataset)[band - 1]
        if MaskFlags.all_valid in flags:
            return np.ones(self._shape, bool)
        native = self._shape == (self._window.height, self._window.width)
        if flags == [MaskFlags.nodata] and values.dtype == np.uint8 and native:
            # GDAL would read the band again for this.
            return np.asarray(values != self._dataset.nodatavals[band - 1])
        if MaskFlags.per_dataset not in flags:
            return self._mask(band)
        if self._shared is None:  # one mask for all bands, as that of an alpha band
            self._shared = self._mask(band)
        return self._shared

    def _mask(self, band: int) -> NDArray[np.bool_]:
        read = self._dataset.read_masks
        return np.asarray(read(band, window=self._window, out_shape=self._shape, resampling=Resampling.nearest) > 0)


def _read_palette(
    dataset: rasterio.DatasetReader, band: int, frame: Frame, pixels: NDArray[np.uint8]
) -> NDArray[np.bool_]:
    """Fills ``pixels`` with the colours of a paletted band, whose numbers never blend; (H, W) bool, which are valid."""
    shape = (frame.height, frame.width)
    index = dataset.read(band, window=frame.window, out_shape=shape, resampling=Resampling.nearest)
    colours = np.zeros((max(int(index.max()), max(dataset.colormap(band))) + 1, 4), np.uint8)
    for number, colour in dataset.colormap(band).items():
        colours[number] = colour
    rgba = colours[index]
    pixels[:] = rgba[..., :3].transpose(2, 0, 1)
    return np.asarray(_Validity(dataset, frame).of(band, index) & (rgba[..., 3] > 0))


@once
def mask_flags(dataset: rasterio.DatasetReader) -> tuple[list[MaskFlags], ...]:
    """How GDAL knows of each band where it holds data."""
    return tuple(dataset.mask_flag_enums)


@once
def band_range(dataset: rasterio.DatasetReader, band: int) -> Range:
    """Stretch limits of a band, the same for every part of the raster.

    They come from one decimated read, or, of a huge raster without overviews, from spots all over it.
    """
    width, height = dataset.width, dataset.height
    if dataset.overviews(band) or width * height <= SMALL_RASTER_PX:
        area, shape = Window(0, 0, width, height), (min(height, SAMPLE_PX), min(width, SAMPLE_PX))
        return percentile_range(*_sampled(dataset, band, area, shape))
    wide, tall = min(SPOT_PX, width), min(SPOT_PX, height)
    lefts, tops = (np.linspace(0, room, SPOTS).astype(int).tolist() for room in (width - wide, height - tall))
    spots = [Window(left, top, wide, tall) for top in tops for left in lefts]
    values, valid = zip(*(_sampled(dataset, band, spot, (tall, wide)) for spot in spots), strict=True)
    return percentile_range(np.stack(values), np.stack(valid))


def _sampled(
    dataset: rasterio.DatasetReader, band: int, area: Window, shape: tuple[int, int]
) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    values = dataset.read(band, window=area, out_shape=shape, resampling=Resampling.nearest)
    mask = dataset.read_masks(band, window=area, out_shape=shape, resampling=Resampling.nearest)
    return values, mask > 0


def _resampled(rgba: NDArray[np.uint8], frame: Frame) -> NDArray[np.uint8]:
    """(4, H, W) RGBA on the frame's grid, by way of a dataset in memory so that both kinds of tile resample alike."""
    _, height, width = rgba.shape
    profile = {"driver": "GTiff", "height": height, "width": width, "count": 4, "dtype": "uint8"}
    with MemoryFile() as memory, memory.open(**profile, transform=frame.transform) as out:
        out.write(rgba)
        shape = (3, frame.height, frame.width)
        colours = out.read((1, 2, 3), out_shape=shape, resampling=frame.resampling)
        alpha = out.read(4, out_shape=shape[1:], resampling=Resampling.nearest)
    return np.concatenate([colours, alpha[None]])
