"""Bicubic interpolation of logits: between bilinear samples an outline cuts every corner of what it goes round.

On 89 masks of the embedded model the iso-line of bicubic logits agreed with the labels by 0.004 more than that of
bilinear ones (docs/log.md).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
SHARPNESS = -0.75  # Keys 1981, the parameter a; the value that OpenCV and PyTorch use
NEWTON_STEPS = 2  # from the crossing of a straight line; 995 of 1000 points are then within 0.01 px
ACROSS, DOWN = 32, 8  # columns and rows that are made by one product
IN_CACHE = 16  # such blocks of rows whose samples lie together in the cache of a core


def resampled(
    logits: Floats, sides: tuple[int, int], wanted: tuple[int, int], first: tuple[float, float], step: float
) -> Floats:
    """Logits (..., h, w) of a window at other places: (..., *wanted).

    The logits are those of the middles of h x w equal parts, constant beyond the outermost ones.  A few rows need few
    of them, so these are products of small dense matrices, in a third of the time of sparse ones.  A large product
    would start threads, which wait for each other on a machine with other work; these are too small for that.

    Args:
        sides: (height, width) of the window, in any unit.
        first: (row, column) of the first place in this unit, from the corner of the window.
        step: From one place to the next.
    """
    *more, rows, cols = logits.shape
    height, width = wanted
    planes = logits.reshape(-1, rows, cols)
    taps, shares = _blocks(cols, width, ACROSS, first[1] * cols / sides[1], step * cols / sides[1])
    wide = np.empty((len(planes), rows, len(taps), ACROSS), np.float32)
    np.matmul(planes.take(taps, axis=2).swapaxes(1, 2), shares, out=wide.swapaxes(1, 2))
    wide = wide.reshape(len(planes), rows, -1)[..., :width]
    taps, shares = _blocks(rows, height, DOWN, first[0] * rows / sides[0], step * rows / sides[0])
    shares = np.ascontiguousarray(shares.swapaxes(1, 2))
    whole = np.empty((len(planes), len(taps), DOWN, width), np.float32)
    for some in (slice(first_block, first_block + IN_CACHE) for first_block in range(0, len(taps), IN_CACHE)):
        np.matmul(shares[some], wide.take(taps[some], axis=1), out=whole[:, some])
    return whole.reshape(len(planes), -1, width)[:, :height].reshape(*more, height, width)


def crossing(before: Floats, first: Floats, second: Floats, after: Floats) -> Floats:
    """Where the cubic through four samples in a row falls to zero, as a share 0..1 of the way in the middle.

    Args:
        before, after: The outer samples.
        first, second: The inner ones, positive and not; NaN if there is no crossing.
    """
    a = np.float32(SHARPNESS)
    linear, cube = a * (before - second), a * (before - after) + (a + 2) * (first - second)
    square = second - first - linear - cube
    share, thrice, twice = first / (first - second), 3 * cube, 2 * square
    for _ in range(NEWTON_STEPS):
        value = ((cube * share + square) * share + linear) * share + first
        slope = (thrice * share + twice) * share + linear
        slope[slope >= 0] = -np.inf  # no step where it rises
        share -= value / slope
        np.clip(share, 0, 1, out=share)
    return share


@lru_cache(maxsize=64)
def _blocks(samples: int, wanted: int, block: int, first: float, step: float) -> tuple[NDArray[np.intp], Floats]:
    """(blocks, n) the samples that each block of values needs, and (blocks, n, block) their shares in these values.

    ``first`` and ``step`` are places in parts of the window, of which each sample is the middle of one.
    """
    value = np.arange(-(-wanted // block) * block).reshape(-1, block)
    centre = first + value * step - 0.5
    begin, end = (np.floor(centre[:, [side]]).astype(np.intp) for side in (0, -1))
    taps = begin + np.arange(-1, (end - begin).max() + 3)
    shares = _weight(np.abs(centre[:, None] - taps[..., None])).astype(np.float32)
    return np.clip(taps, 0, samples - 1), shares


def _weight(away: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keys' cubic convolution kernel, 0 from a distance of 2 samples on."""
    a = SHARPNESS
    away = np.minimum(away, 2)
    close = (a + 2) * away**3 - (a + 3) * away**2 + 1
    return np.where(away <= 1, close, a * (away**3 - 5 * away**2 + 8 * away - 4))
