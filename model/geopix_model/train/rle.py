"""Masks as COCO run lengths: pixels column by column, runs of 0 and 1 in turn, beginning with 0.

An own decoder, because data come from anywhere and the usual one, in C, does not check them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError

_FIRST, _BITS, _MORE, _SIGN = 48, 5, 0x20, 0x10  # of the compressed form: characters from "0" on carry 5 bits each


def decode(value: Any, height: int, width: int) -> NDArray[np.bool_]:
    """(H, W) bool of a run-length object.

    Args:
        value: ``{"size": [height, width], "counts": ...}``, counts as numbers or as a compressed string.
        height, width: Of the picture.

    Raises:
        DataError: If it is no such object, or of another size.
    """
    if not isinstance(value, dict) or "counts" not in value or "size" not in value:
        raise DataError('a mask is no run-length object, expected {"size": [height, width], "counts": ...}')
    if value["size"] != [height, width]:
        raise DataError(f"a mask is of size {value['size']}, expected [{height}, {width}] as the picture")
    counts = value["counts"]
    runs = _uncompressed(counts) if isinstance(counts, str) else counts
    if not isinstance(runs, list) or not all(type(run) is int and run >= 0 for run in runs):
        raise DataError("the counts of a mask are no run lengths, expected whole numbers from 0 on")
    if sum(runs) != height * width:
        raise DataError(f"the runs of a mask sum to {sum(runs)} pixels, expected {height} x {width}")
    pixels = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return np.ascontiguousarray(pixels.reshape(width, height).T)


def _uncompressed(text: str) -> Sequence[int]:
    """Run lengths of the compressed form: from the fourth on each is stored as its difference to the last but one."""
    runs, number, shift = list[int](), 0, 0
    for character in text:
        bits = ord(character) - _FIRST
        if not 0 <= bits < 2 * _MORE or shift > 60:
            raise DataError(f"the counts of a mask hold {character!r}, expected the compressed form of COCO")
        number |= (bits & (_MORE - 1)) << shift
        shift += _BITS
        if bits & _MORE:
            continue
        number -= (1 << shift) if bits & _SIGN else 0
        runs.append(number + (runs[-2] if len(runs) > 2 else 0))
        number, shift = 0, 0
    if shift:
        raise DataError("the counts of a mask end in the middle of a number; write the file anew")
    return runs
