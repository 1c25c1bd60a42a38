"""DXF by way of memory: GDAL crashes on a full disk, and writes UTF-8 into a file that says ANSI_1252."""

from __future__ import annotations

import codecs
import uuid
from pathlib import Path

from osgeo import gdal

CHUNK_BYTES = 1 << 20


def place_in_memory(path: Path) -> str:
    """Where GDAL may write a file of that name without touching a disk."""
    return f"/vsimem/geopix-{uuid.uuid4().hex}/{path.name}"


def save(memory: str, path: Path) -> None:
    """Writes a DXF from memory to disk: what ANSI_1252 lacks becomes the escapes of CAD, ``\\U+5C4B``.

    Raises:
        OSError: If the disk is full.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    source = gdal.VSIFOpenL(memory, "rb")
    try:
        with path.open("wb") as file:
            while chunk := bytes(gdal.VSIFReadL(1, CHUNK_BYTES, source) or b""):
                text = decoder.decode(chunk)
                file.write(text.encode() if text.isascii() else b"".join(map(_ansi, text)))
    finally:
        gdal.VSIFCloseL(source)


def forget(memory: str) -> None:
    """Frees the memory; harmless where nothing was written."""
    if gdal.VSIStatL(memory) is not None:
        gdal.Unlink(memory)


def _ansi(character: str) -> bytes:
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return f"\\U+{ord(character):04X}".encode()
