"""Bicubic interpolation of logits: between bilinear samples an outline cuts every corner of what it goes round.

On 89 masks of the embedded model the iso-line of bicubic logits agreed with the labels by 0.004 more than that of
bilinear ones (docs/log.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
SHARPNESS = -0.75  # Keys 1981, the parameter a; the value that OpenCV and PyTorch use


def resized(logits: Floats, height: int, width: int) -> Floats:
    """Logits (..., h, w) as (..., height, width).

    Samples are pixel centres (``align_corners=False``), constant beyond the outermost ones.
    """
    return _resized_rows(_resized_rows(logits, height).swapaxes(-1, -2), width).swapaxes(-1, -2)


def doubled(logits: Floats) -> Floats:
    """``resized`` to twice the size, three times as fast."""
    height, width = logits.shape
    tall = np.stack(_halfway(np.pad(logits, [(2, 2), (0, 0)], mode="edge"), 0), axis=1).reshape(2 * height, width)
    return np.stack(_halfway(np.pad(tall, [(0, 0), (2, 2)], mode="edge"), 1), axis=2).reshape(2 * height, 2 * width)


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


def _halfway(padded: Floats, axis: int) -> list[Floats]:
    """Samples a quarter before and a quarter after the centre of each one along an axis padded by two."""
    count = padded.shape[axis] - 4
    shifted = [padded[first : first + count] if axis == 0 else padded[:, first : first + count] for first in range(5)]
    near, next_, far, farther = _weight(np.array([0.25, 0.75, 1.25, 1.75])).astype(np.float32)
    before = farther * shifted[0] + next_ * shifted[1] + near * shifted[2] + far * shifted[3]
    after = far * shifted[1] + near * shifted[2] + next_ * shifted[3] + farther * shifted[4]
    return [before, after]


def _weight(away: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keys' cubic convolution kernel at distances of 0 to 2 samples."""
    a = SHARPNESS
    close = (a + 2) * away**3 - (a + 3) * away**2 + 1
    return np.where(away <= 1, close, a * (away**3 - 5 * away**2 + 8 * away - 4))
