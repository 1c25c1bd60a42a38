"""From the tile of a request to pixels: what can be refused at once, and what waits for the model."""

from __future__ import annotations

from mmap import mmap

import numpy as np

import geopix_qgis.protocol as wire
from geopix_qgis import bodies

from . import raster
from .errors import ExtentError, RequestError
from .raster_scene import Scene, open_raster_at
from .raster_source import KeptOpen, Opener, open_raster, state_of

KEPT_BYTES = 256 * 2**20
COMPARED_BYTES = 2**20  # at a time
Pixels = bytes | mmap
GsdRange = tuple[float, float]  # finest and coarsest metres per pixel
Windows = tuple[int, int] | None  # side and overlap of those of a model that looks around


def check(tile: wire.Tile, pixels: Pixels | None, *, files: bool = True) -> None:
    """Refuses a tile that cannot be read, without reading all of it.

    Args:
        tile: Of a request.
        pixels: That came with it.
        files: Whether paths are accepted.  For other computers they are not: they would read this one's disk.

    Raises:
        RequestError: If its fields are not of the wire's types, or it is a path where none is accepted.
        RasterError: If the raster cannot be opened or the pixels cannot be placed.
        ExtentError: If the window misses the raster.
    """
    if isinstance(tile, wire.PathTile):
        if not files:
            raise RequestError("This server reads no files for others; send the pixels with the request.")
        _check_path(tile)
        return
    sizes = isinstance(tile.width, int) and isinstance(tile.height, int)
    if not sizes or not _numbers(tile.transform, 6) or not isinstance(tile.crs, str) or not isinstance(tile.name, str):
        raise RequestError("The pixel tile's size, transform, crs or name is of the wrong type; see the protocol.")
    if pixels is None:
        raise RequestError(f"The request names pixels but carries none; send them as {bodies.FRAME_TYPE}.")
    raster.check_pixels(pixels, tile)


def _check_path(tile: wire.PathTile) -> None:
    if not isinstance(tile.path, str):
        raise RequestError(f"The raster's path is {tile.path!r}; give text.")
    if tile.bands is not None and not (_numbers(tile.bands, 3) and all(isinstance(b, int) for b in tile.bands)):
        raise RequestError(f"The bands are {tile.bands!r}; give three whole numbers.")
    width, height = raster.size_of(tile.path)
    if tile.window is None:
        return
    if not _numbers(tile.window, 4) or not all(isinstance(value, int) for value in tile.window):
        raise RequestError(f"The window is {tile.window!r}; give whole numbers col, row, width, height.")
    col, row, wide, tall = tile.window
    if col >= width or row >= height or col + wide <= 0 or row + tall <= 0 or min(wide, tall) < 1:
        raise ExtentError(
            f"The window {tile.window} lies outside the raster of {width} x {height} pixels; choose another."
        )


def read(
    tile: wire.Tile,
    pixels: Pixels | None,
    gsd_range_m: GsdRange,
    opener: Opener = open_raster,
    windows: Windows = None,
) -> raster.Tile | Scene:
    """The pixels of a checked tile at a resolution in the range; a scene of a large raster.

    A file gives what is around the tile as well, as far as that fills ``windows``.

    Raises:
        RasterError: If the raster cannot be read.
        ExtentError: If the tile would be too large.
    """
    if isinstance(tile, wire.PathTile):
        return open_raster_at(
            tile.path,
            window=tile.window,
            bands=tile.bands,
            stretch=tile.stretch,
            gsd_range_m=gsd_range_m,
            opener=opener,
            windows=windows,
        )
    return raster.tile_from_pixels(pixels or b"", tile, gsd_range_m=gsd_range_m)


class LastTile:
    """Reads tiles and keeps the last one: a second question about the same place finds its pixels here.

    Of the last file the next part is read through the same open dataset.  For one thread.
    """

    def __init__(self) -> None:
        self._key: object = None
        self._sent: Pixels | None = None
        self._tile: raster.Tile | None = None
        self._opener = KeptOpen()

    def read(
        self, tile: wire.Tile, pixels: Pixels | None, gsd_range_m: GsdRange, windows: Windows = None
    ) -> raster.Tile | Scene:
        """See ``read``.  A file that has changed since is read again."""
        key = _identity(tile, gsd_range_m), windows
        if self._tile is None or key != self._key or not _same(pixels, self._sent):
            self._key, self._sent, self._tile = None, None, None  # two large tiles need not be in memory at once
            found = read(tile, pixels, gsd_range_m, self._opener, windows)
            if isinstance(found, Scene) or max(found.shown.pixels.nbytes, len(pixels or b"")) > KEPT_BYTES:
                return found
            self._key, self._sent, self._tile = key, pixels, found
        return self._tile


def _identity(tile: wire.Tile, gsd_range_m: GsdRange) -> object:
    """What decides the pixels of a tile, but for those that were sent; never the same where that cannot be known."""
    state = state_of(tile.path) or object() if isinstance(tile, wire.PathTile) else None
    return tile, gsd_range_m, state


def _same(one: Pixels | None, two: Pixels | None) -> bool:
    """Whether two pictures are equal; others differ soon, so this costs less than a digest of each."""
    if one is None or two is None:
        return one is two
    here, there = np.frombuffer(one, np.uint8), np.frombuffer(two, np.uint8)
    if len(here) != len(there):
        return False
    return all(
        np.array_equal(here[first : first + COMPARED_BYTES], there[first : first + COMPARED_BYTES])
        for first in range(0, len(here), COMPARED_BYTES)
    )


def _numbers(values: object, count: int) -> bool:
    return isinstance(values, tuple) and len(values) == count and all(isinstance(v, (int, float)) for v in values)
