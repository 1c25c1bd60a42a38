"""A request as the body of an HTTP POST, with its pixels or with where they are.

A request is plain JSON for a tile that the model process reads itself.  Pixels that only QGIS has (rendered WMS, XYZ,
memory layers) stay in memory that both processes see, and the JSON says where; if that is not possible they follow in a
frame: 4 bytes big-endian length of the JSON, the JSON, then the raw pixels.  Standard library only, as ``protocol``.
"""

from __future__ import annotations

import dataclasses
import json
import struct
from dataclasses import dataclass
from typing import Optional, Union

from .protocol import (
    JSON_TYPE,
    AskRequest,
    PathTile,
    PixelTile,
    ProtocolError,
    build,
    request_from_dict,
    request_to_dict,
)

FRAME_TYPE = "application/x-geopix-frame"
SHARED_TYPE = "application/x-geopix-shared"
SHARED_CODE = "shared"  # of the refusal of shared pixels: the client then sends a frame


@dataclass(frozen=True)
class SharedPixels:
    """Where the pixels of a ``PixelTile`` are: an open, sealed memory file of the client's (Linux, ``memfd_create``).

    It has no name in any folder and is gone when the last process that has it open or mapped ends, however it ends.

    Attributes:
        pid: The client's process.
        fd: The file's number there.
        label: 32 random hexadecimal digits in the file's label, so that no other file is read by mistake.
    """

    pid: int
    fd: int
    label: str


def encode_request(request: AskRequest, pixels: Optional[bytes] = None) -> tuple[str, bytes]:
    """Content type and body of a request; ``pixels`` belongs to a ``PixelTile`` and only to it."""
    head = json.dumps(request_to_dict(request)).encode()
    if isinstance(request.tile, PathTile):
        return JSON_TYPE, head
    if pixels is None or len(pixels) != request.tile.width * request.tile.height * 4:
        raise ProtocolError("a pixel tile travels with width x height x 4 bytes")
    return FRAME_TYPE, struct.pack(">I", len(head)) + head + pixels


def encode_shared(request: AskRequest, shared: SharedPixels) -> tuple[str, bytes]:
    """Content type and body of a request about a ``PixelTile`` whose pixels are in shared memory."""
    values = {"request": request_to_dict(request), "pixels": dataclasses.asdict(shared)}
    return SHARED_TYPE, json.dumps(values).encode()


def decode_request(content_type: str, body: bytes) -> tuple[AskRequest, Union[bytes, SharedPixels, None]]:
    """The inverse of ``encode_request`` and ``encode_shared``.

    Raises:
        ProtocolError: If the body is not a request of this version.
    """
    kind = content_type.split(";")[0].strip()
    try:
        if kind == SHARED_TYPE:
            values = json.loads(body)
            return _about_pixels(request_from_dict(values["request"])), build(SharedPixels, values["pixels"])
        if kind != FRAME_TYPE:
            return request_from_dict(json.loads(body)), None
        (length,) = struct.unpack_from(">I", body)
        request, pixels = request_from_dict(json.loads(body[4 : 4 + length])), body[4 + length :]
    except (ValueError, TypeError, KeyError, struct.error) as error:
        raise ProtocolError(f"the request cannot be read: {error}") from error
    tile = _about_pixels(request).tile
    if not isinstance(tile, PixelTile) or len(pixels) != tile.width * tile.height * 4:
        raise ProtocolError("a frame carries a pixel tile with width x height x 4 bytes")
    return request, pixels


def _about_pixels(request: AskRequest) -> AskRequest:
    if not isinstance(request.tile, PixelTile):
        raise ProtocolError("pixels belong to a pixel tile and only to it")
    return request
