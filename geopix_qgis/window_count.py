"""How many windows the model process cuts a tile into, and what reading it takes.  Pure arithmetic.

The plugin must not import the backend, so this is written twice; a test holds the two together, and measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

MAX_ENLARGEMENT, FAR_ENLARGEMENT = 4.0, 2.0
GSD_TOLERANCE = 1.02  # a raster this close to the range keeps its native pixels
MAX_TILE_PX = 16384  # on a side, after resampling, of pixels that travel
SCENE_PX = 4096 * 4096  # a part of a file that has more is read piece by piece
SCENE_BYTES = 640 * 2**20  # for the pieces that are in work then, whatever the size of the raster
FILE_BYTES_PER_PX = 28  # at the peak, while a float band is stretched to 8 bit beside the finished ones
PICTURE_BYTES_PER_PX = 24  # the same for pixels that travel, and the rendered image with its copies before that


def tile_size(
    width: int, height: int, sides_m: Optional[Sequence[float]], gsd_range_m: tuple[float, float]
) -> tuple[int, int]:
    """(columns, rows) of a tile once it is resampled into the resolutions that a model was trained for.

    Args:
        width, height: Columns and rows of the raster that are read.
        sides_m: Ground lengths of a pixel along a row and along a column; None where unknown keeps the pixels.
        gsd_range_m: (finest, coarsest) of the model.
    """
    if sides_m is None:
        return width, height
    return _resampled(width, sides_m[0], gsd_range_m), _resampled(height, sides_m[1], gsd_range_m)


def window_count(width: int, height: int, window_px: int, overlap_px: int) -> int:
    """Windows that cover a tile, each sharing at least ``overlap_px`` with its neighbours."""
    return _starts(width, window_px, overlap_px) * _starts(height, window_px, overlap_px)


def _resampled(length: int, side_m: float, gsd_range_m: tuple[float, float]) -> int:
    finest, coarsest = gsd_range_m
    if side_m * GSD_TOLERANCE < finest:
        return max(1, round(length * side_m / finest))
    if side_m > coarsest * GSD_TOLERANCE:
        into_range = side_m / coarsest
        return round(length * (into_range if into_range <= MAX_ENLARGEMENT else FAR_ENLARGEMENT))
    return length


def _starts(side: int, window_px: int, overlap_px: int) -> int:
    step = window_px - overlap_px
    return 1 + -(-max(side - window_px, 0) // step)
