"""Ten colours that people with any colour vision tell apart, and which class has which."""

from __future__ import annotations

import zlib

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

OTHERS = COLOURS[8]  # of what has no class of its own

# Seventeen known classes share ten colours: two that share one are seldom seen in one image, and no common class has a
# muted one (vegetation in khaki could not be seen on vegetation).
CLASSES = {
    "water": 0,
    "tennis court": 0,
    "vehicle": 1,
    "building": 2,
    "harbor": 3,
    "basketball court": 3,
    "road": 4,
    "bare land": 5,
    "bridge": 5,
    "solar panel": 6,
    "ship": 6,
    "airplane": 6,
    "swimming pool": 7,
    "baseball diamond": 7,
    "storage tank": 8,
    "ground track field": 8,
    "vegetation": 9,
}


def colour_of(name: str) -> str:
    """The colour of a class or phrase.

    It depends on nothing but the name, so that a class looks the same in every turn, project and file.
    """
    key = " ".join(name.lower().split())
    return COLOURS[CLASSES.get(key, zlib.crc32(key.encode()) % len(COLOURS))]
