"""How a question and its pixels reach the model process: the cheapest way that is right.

A file is read there, so only its path travels.  Rendered pixels are put into shared memory where the system has memory
files that need no cleaning up (Linux), else they travel in the request.  Nothing has to be released by name: a memory
file ends with the processes that use it, also when these are killed.
"""

from __future__ import annotations

import os
import secrets
import sys
from typing import Optional

from .bodies import SharedPixels, encode_request, encode_shared
from .protocol import AskRequest

LEAST_SHARED_BYTES = 256 * 1024  # fewer bytes are sent as quickly as a memory file is made


class Handover:
    """A question ready to be sent.

    Attributes:
        content_type, body: What to post.
    """

    def __init__(self, request: AskRequest, pixels: Optional[bytes] = None) -> None:
        self._request, self._pixels = request, pixels
        self._memory: Optional[int] = None
        if pixels is not None and len(pixels) >= LEAST_SHARED_BYTES and can_share():
            label = secrets.token_hex(16)
            self._memory = _sealed(pixels, label)
        if self._memory is not None:
            self.content_type, self.body = encode_shared(request, SharedPixels(os.getpid(), self._memory, label))
        else:
            self.content_type, self.body = encode_request(request, pixels)

    @property
    def shared(self) -> bool:
        """Whether the pixels are in shared memory."""
        return self._memory is not None

    def unshare(self) -> None:
        """Puts the pixels into the body: the model process cannot see the memory of this one."""
        self.close()
        self.content_type, self.body = encode_request(self._request, self._pixels)

    def close(self) -> None:
        """Gives the shared memory back; what the model process still reads of it stays there until it is done."""
        memory, self._memory = self._memory, None
        if memory is not None:
            os.close(memory)

    def __del__(self) -> None:
        self.close()


def can_share() -> bool:
    """Whether this system has memory files that another process can open and that can be sealed."""
    return sys.platform == "linux" and hasattr(os, "memfd_create")


def _sealed(pixels: bytes, label: str) -> Optional[int]:
    """A memory file that nobody can change any more: a reader of a file that shrinks would crash.  None: no memory."""
    import fcntl  # which Windows does not have

    memory = os.memfd_create(f"geopix-{label}", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        left = memoryview(pixels)
        while left:
            left = left[os.write(memory, left) :]
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, seals)
    except OSError:  # shared memory is limited in containers: the pixels then travel in the request
        os.close(memory)
        return None
    return memory
