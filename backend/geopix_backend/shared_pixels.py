"""Pixels in memory that the client shares: mapped, not copied, never left behind (see ``bodies.SharedPixels``)."""

from __future__ import annotations

import mmap
import os
import sys

from geopix_qgis.bodies import SharedPixels

from .errors import SharedError

WHY = "its pixels cannot be read from shared memory ({}); they can be sent in the request instead."


def open_shared(shared: SharedPixels, size: int) -> mmap.mmap:
    """The pixels, read-only; the memory is free when the mapping is gone and the client has closed it.

    Args:
        shared: Where they are.
        size: Bytes that are expected.

    Raises:
        SharedError: If there is no such memory, or it is not sealed and could shrink while it is read.
    """
    numbers = isinstance(shared.pid, int) and isinstance(shared.fd, int) and isinstance(shared.label, str)
    if sys.platform != "linux" or not numbers:
        raise SharedError(f"The question was not taken: {WHY.format('this system has none, or the numbers are wrong')}")
    import fcntl

    path = f"/proc/{shared.pid}/fd/{shared.fd}"
    try:
        label = os.readlink(path)
        if label != f"/memfd:geopix-{shared.label} (deleted)":
            raise OSError(f"another file is there: {label}")
        memory = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_WRITE
            if fcntl.fcntl(memory, fcntl.F_GET_SEALS) & seals != seals:
                raise OSError("it is not sealed")
            if os.fstat(memory).st_size != size:
                raise OSError(f"it has {os.fstat(memory).st_size} bytes, expected {size}")
            # All pages at once: one by one they would be mapped as they are read, each by an interrupt.
            return mmap.mmap(memory, size, mmap.MAP_PRIVATE | mmap.MAP_POPULATE, mmap.PROT_READ)
        finally:
            os.close(memory)
    except (OSError, ValueError) as error:
        raise SharedError(f"The question was not taken: {WHY.format(error)}") from error
