"""Keeps the memory of finished steps for the next ones.

A network allocates and frees the same megabytes at each step.  glibc gives blocks of that size back to the system and
asks for them anew, and the system clears each page: 3,600 page faults for a look of the embedded model, a seventh of
its time.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names of mallopt, malloc.h
LARGEST_KEPT = 64 * 2**20  # bytes of one block; tiles and rasters are larger and do go back
KEPT = 256 * 2**20  # bytes of freed memory at most


@cache
def keep_freed() -> bool:
    """Lets the process keep freed memory of up to ``KEPT`` bytes; False where the system has another allocator."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(
        mallopt(name, value) == 1 for name, value in ((_MMAP_THRESHOLD, LARGEST_KEPT), (_TRIM_THRESHOLD, KEPT))
    )
