"""Ten fill colours that people with any colour vision tell apart, and which class gets which."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

# M. A. Petroff, "Accessible color sequences for data visualization", arXiv:2107.02270, the ten-colour sequence.
COLOURS = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)


def choose(name: str, taken: Mapping[str, str]) -> str:
    """The colour of a class: the same for the same name wherever it is free, else the next free one.

    Args:
        name: Class or phrase.
        taken: Colours by name that are in use beside it.
    """
    if name in taken:
        return taken[name]
    start = zlib.crc32(name.lower().encode())
    used = set(taken.values())
    order = [COLOURS[(start + step) % len(COLOURS)] for step in range(len(COLOURS))]
    return next((colour for colour in order if colour not in used), order[0])
