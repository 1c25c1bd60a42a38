"""Rasters of any size: what ``raster.Tile`` is in memory, read piece by piece.

Pieces lie on one grid.  Where the pixels of the raster are used as they are, that is the grid of the whole raster,
whatever part of it is asked about: a window then sees the same pixels in every question.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.features import rasterize
from rasterio.windows import Window
from shapely import Polygon

from geopix_qgis.protocol import Outline

from .grid import grid_of
from .raster import Tile, band_range, read_frame, tile_of
from .raster_frame import Frame, clamp, frame_of
from .raster_source import Opener, choose_bands, open_raster, short_name
from .raster_stretch import Range
from .tiling import Layout
from .tiling import Window as Piece

Pixels = NDArray[np.uint8]
Valid = NDArray[np.bool_]
Read = Callable[[Piece], tuple[Pixels, Valid]]
TILE_PX = 4096 * 4096  # what is held in memory as one tile
WIDE_PX = 8192  # rows of this length are cheap enough to be read again for each piece
COARSE_PX = 256  # longest side of the look at where there is data


@dataclass(frozen=True)
class Scene:
    """A raster at the resolution that a model looks at, without its pixels.

    Attributes:
        path, bands, stretch: As in ``raster.read_tile``; the stretch is that of the whole raster.
        frame: The grid; its window is that of the raster.
        area: What is asked about, in pixels of the grid.
        crs, gsd_m, name, warnings: As in ``raster.Tile``.
        block_px: (rows, columns) in which the file keeps its pixels.
        outline: Nothing is valid outside of these polygons; empty limits nothing.
    """

    path: str
    bands: tuple[int, int, int] | None
    stretch: tuple[Range, ...] | None
    frame: Frame
    area: Piece
    crs: CRS | None
    name: str
    warnings: tuple[str, ...]
    block_px: tuple[int, int]
    outline: Outline = ()

    @property
    def height(self) -> int:
        """Rows of the grid."""
        return self.frame.height

    @property
    def width(self) -> int:
        """Columns of the grid."""
        return self.frame.width

    @property
    def transform(self) -> Affine:
        """From (col, row) of a pixel corner of the grid to CRS units."""
        return self.frame.transform

    @property
    def gsd_m(self) -> float | None:
        """Ground length of a pixel side in metres, None where unknown."""
        return self.frame.gsd_m

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What decides the pixels, in plain JSON types: the file and its state, and how it is read."""
        state = os.stat(self.path) if os.path.isfile(self.path) else None
        window = self.frame.window
        return {
            "path": os.path.abspath(self.path) if state else self.path,
            "bytes": state.st_size if state else None,
            "modified_ns": state.st_mtime_ns if state else None,
            "window": [window.col_off, window.row_off, window.width, window.height],
            "size": [self.width, self.height],
            "bands": self.bands,
            "stretch": self.stretch,
            "area": [self.area.col, self.area.row, self.area.width, self.area.height],
            "outline": self.outline,
        }

    @contextmanager
    def reading(self) -> Iterator[Read]:
        """A function that reads pieces of the grid, with a file handle of its own: (3, h, w) uint8 and (h, w) bool.

        Raises:
            RasterError: If the raster cannot be opened or read.
        """
        with open_raster(self.path) as dataset:
            yield lambda piece: self._read(dataset, piece)

    def _read(self, dataset: rasterio.DatasetReader, piece: Piece) -> tuple[Pixels, Valid]:
        pixels, valid, _ = read_frame(dataset, self._part(piece), self.bands, self.stretch)
        valid &= self.inside(piece)
        return pixels, valid

    def _part(self, piece: Piece) -> Frame:
        whole, window = self.frame, self.frame.window
        across, down = window.width / whole.width, window.height / whole.height
        part = Window(
            window.col_off + piece.col * across, window.row_off + piece.row * down,
            piece.width * across, piece.height * down,
        )  # fmt: skip
        return replace(whole, window=part, height=piece.height, width=piece.width)

    def inside(self, piece: Piece) -> Valid:
        """(h, w) which pixels of a piece of the grid are asked about, whether they hold data or not."""
        area = self.area
        rows = np.arange(piece.row, piece.row + piece.height)
        cols = np.arange(piece.col, piece.col + piece.width)
        asked = np.outer(
            (rows >= area.row) & (rows < area.row + area.height), (cols >= area.col) & (cols < area.col + area.width)
        )
        if self.outline and asked.any():
            polygons = [Polygon(rings[0], rings[1:]) for rings in self.outline]
            corner = self.transform * Affine.translation(piece.col, piece.row)
            asked &= np.asarray(rasterize(polygons, asked.shape, transform=corner, dtype="uint8") > 0)
        return asked

    def coarse_valid(self) -> Valid | None:
        """Where there is data, on at most ``COARSE_PX`` cells a side; None where only a full read would tell."""
        shrink = max(self.area.height, self.area.width) / COARSE_PX
        shape = math.ceil(self.area.height / max(shrink, 1)), math.ceil(self.area.width / max(shrink, 1))
        with open_raster(self.path) as dataset:
            full = all(MaskFlags.all_valid in flags for flags in dataset.mask_flag_enums)
            if not full and not dataset.overviews(1):
                return None
            there = np.ones(shape, bool) if full else dataset.dataset_mask(
                window=self._part(self.area).window, out_shape=shape
            ) > 0  # fmt: skip
        if self.outline:
            corner = self.transform * Affine.translation(self.area.col, self.area.row)
            corner *= Affine.scale(self.area.width / shape[1], self.area.height / shape[0])
            polygons = [Polygon(rings[0], rings[1:]) for rings in self.outline]
            there &= np.asarray(rasterize(polygons, shape, transform=corner, all_touched=True, dtype="uint8") > 0)
        return np.asarray(there)


def open_raster_at(
    path: str | Path,
    *,
    window: tuple[int, int, int, int] | None = None,
    bands: tuple[int, int, int] | None = None,
    stretch: Sequence[Range] | None = None,
    gsd_range_m: tuple[float, float] | None = None,
    opener: Opener = open_raster,
    windows: tuple[int, int] | None = None,
) -> Tile | Scene:
    """The pixels of a raster as ``raster.read_tile`` gives them; a scene where they are too many for that.

    Args:
        windows: Side and overlap of the windows of a model that looks around: a tile comes with what fills them.

    Raises:
        RasterError: If the raster cannot be read or shown.
        ExtentError: If the window misses the raster.
    """
    with opener(path) as dataset:
        grid, asked = grid_of(dataset), clamp(window, dataset)
        frame = frame_of(asked, grid.transform, grid.crs, gsd_range_m, max_px=2**31)
        if frame.width * frame.height <= TILE_PX:
            room = Layout(frame.height, frame.width, *windows).room if windows else (0, 0)
            return tile_of(dataset, grid, frame, bands, stretch, short_name(path), room)
    return open_scene(path, window=window, bands=bands, stretch=stretch, gsd_range_m=gsd_range_m)


def open_scene(
    path: str | Path,
    *,
    window: tuple[int, int, int, int] | None = None,
    bands: tuple[int, int, int] | None = None,
    stretch: Sequence[Range] | None = None,
    gsd_range_m: tuple[float, float] | None = None,
    outline: Outline = (),
) -> Scene:
    """A raster, or a window of it, to be read piece by piece; arguments as those of ``raster.read_tile``.

    Raises:
        RasterError: If the raster cannot be opened or shown.
        ExtentError: If the window misses the raster.
    """
    with open_raster(path) as dataset:
        grid, asked = grid_of(dataset), clamp(window, dataset)
        frame = frame_of(asked, grid.transform, grid.crs, gsd_range_m, max_px=2**31)
        area = Piece(0, 0, frame.height, frame.width)
        if (frame.width, frame.height) == (asked.width, asked.height):
            area = Piece(asked.row_off, asked.col_off, asked.height, asked.width)
            whole = clamp(None, dataset)
            frame = replace(frame, window=whole, height=whole.height, width=whole.width, transform=grid.transform)
        chosen, notes = choose_bands(dataset, bands)
        limits = None if stretch is None else tuple(stretch)
        if (
            limits is None
            and dataset.dtypes[0] != "uint8"
            and dataset.colorinterp[chosen[0] - 1] != ColorInterp.palette
        ):
            found = [band_range(dataset, band) for band in chosen]
            limits = tuple(found * 3 if len(found) == 1 else found)
        return Scene(
            os.fspath(path), bands, limits, frame, area, grid.crs, short_name(path),
            grid.warnings + frame.warnings + notes + _stored(dataset), dataset.block_shapes[chosen[0] - 1], outline,
        )  # fmt: skip


def _stored(dataset: rasterio.DatasetReader) -> tuple[str, ...]:
    """A warning where the file is made of whole rows: each piece then costs the reading of its rows."""
    if dataset.block_shapes[0][1] < dataset.width or dataset.width <= WIDE_PX:
        return ()
    return (
        "The raster is stored row by row, so pieces of it are slow to read; gdal_translate -of COG makes it faster.",
    )
