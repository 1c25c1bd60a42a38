"""Turning the numbers of a raster into 0..255."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .errors import RasterError

Range = tuple[float, float]
PERCENTILES = (2.0, 98.0)


def check_stretch(stretch: Sequence[Sequence[float]]) -> tuple[Range, Range, Range]:
    """Three (minimum, maximum) pairs.

    Raises:
        RasterError: If there are not three, or one is not finite and rising.
    """
    try:
        pairs = [tuple(map(float, pair)) for pair in stretch]
    except (TypeError, ValueError):
        pairs = []
    if len(pairs) != 3 or any(len(p) != 2 or not all(map(math.isfinite, p)) or p[0] >= p[1] for p in pairs):
        raise RasterError(f"The stretch is {stretch!r}; give three pairs (minimum, maximum) with minimum < maximum.")
    red, green, blue = ((p[0], p[1]) for p in pairs)
    return red, green, blue


def percentile_range(values: NDArray[np.generic], valid: NDArray[np.bool_]) -> Range:
    """The 2nd and 98th percentile of the finite, valid values; (0, 1) where there are none."""
    used = values[valid & np.isfinite(values)]
    if used.size == 0:
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(used.astype(np.float64), PERCENTILES))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def to_uint8(values: NDArray[np.generic], limits: Range) -> NDArray[np.uint8]:
    """``values`` with ``limits`` mapped to 0 and 255, clipped and rounded; what is not finite becomes 0."""
    low, high = limits
    scaled = (values.astype(np.float32) - np.float32(low)) * np.float32(255.0 / (high - low))
    rounded: NDArray[np.float32] = np.nan_to_num(np.clip(np.rint(scaled), 0.0, 255.0), nan=0.0)
    return rounded.astype(np.uint8)
