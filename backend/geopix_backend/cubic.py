"""Bicubic interpolation of logits: between bilinear samples an outline cuts every corner of what it goes round.

On 89 masks of the embedded model the iso-line of bicubic logits agreed with the labels by 0.004 more than that of
bilinear ones (docs/log.md).
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float32]
BLOCK = 8  # samples that are doubled together
SHARPNESS = -0.75  # Keys 1981, the parameter a; the value that OpenCV and PyTorch use


def resized(logits: Floats, height: int, width: int) -> Floats:
    """Logits (..., h, w) as (..., height, width).

    Samples are pixel centres (``align_corners=False``), constant beyond the outermost ones.
    """
    return _resized_rows(_resized_rows(logits, height).swapaxes(-1, -2), width).swapaxes(-1, -2)


def doubled(logits: Floats) -> Floats:
    """``resized`` to twice the size, eight times as fast."""
    height, width = logits.shape
    fill = [(2, 2 - side % -BLOCK) for side in (height, width)]
    blocks = sliding_window_view(np.pad(np.asarray(logits, np.float32), fill, mode="edge"), BLOCK + 4, axis=0)[::BLOCK]
    tall = np.matmul(DOUBLING, blocks.swapaxes(1, 2)).reshape(-1, blocks.shape[1])[: 2 * height]
    wide = sliding_window_view(tall, BLOCK + 4, axis=1)[:, ::BLOCK].reshape(-1, BLOCK + 4) @ DOUBLING.T
    return np.asarray(wide.reshape(2 * height, -1)[:, : 2 * width])


def between(before: Floats, first: Floats, second: Floats, after: Floats, share: Floats) -> tuple[Floats, Floats]:
    """Value and slope of the cubic through four samples in a row, at a share 0..1 of the way in the middle."""
    a = np.float32(SHARPNESS)
    linear = a * (before - second)
    square = -2 * a * before - (a + 3) * first + (2 * a + 3) * second + a * after
    cube = a * (before - after) + (a + 2) * (first - second)
    value = ((cube * share + square) * share + linear) * share + first
    return value, (3 * cube * share + 2 * square) * share + linear


def _resized_rows(logits: Floats, height: int) -> Floats:
    rows = logits.shape[-2]
    centre = (np.arange(height) + 0.5) * rows / height - 0.5
    first = np.floor(centre).astype(np.intp)
    total = np.zeros((*logits.shape[:-2], height, logits.shape[-1]), np.float32)
    for tap in range(-1, 3):
        weight = _weight(np.abs(centre - first - tap)).astype(np.float32)
        total += logits[..., np.clip(first + tap, 0, rows - 1), :] * weight[:, None]
    return total


def _weight(away: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keys' cubic convolution kernel at distances of 0 to 2 samples."""
    a = SHARPNESS
    close = (a + 2) * away**3 - (a + 3) * away**2 + 1
    return np.where(away <= 1, close, a * (away**3 - 5 * away**2 + 8 * away - 4))


def _doubling() -> Floats:
    """(2 BLOCK, BLOCK + 4) weights that make a block of samples, with two more on each side, into twice as many."""
    weights = np.zeros((2 * BLOCK, BLOCK + 4))
    near, next_, far, farther = _weight(np.array([0.25, 0.75, 1.25, 1.75]))
    for place in range(BLOCK):
        weights[2 * place, place : place + 4] = farther, next_, near, far
        weights[2 * place + 1, place + 1 : place + 5] = far, near, next_, farther
    return weights.astype(np.float32)


DOUBLING = _doubling()
