"""One file from the hub, piece by piece: goes on where it stopped, and tries again when the connection breaks."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .access import Hub, Patience, asking
from .errors import DamagedError, DiskSpaceError, InstallError, UnreachableError
from .listing import RemoteFile


def fetch(hub: Hub, repository: str, commit: str, file: RemoteFile, path: Path, patience: Patience) -> Iterator[int]:
    """Appends to ``path`` what it lacks of ``file``; yields how many bytes it has, and stops when the reader does.

    What has come stays when it is stopped or fails.  Bytes are counted, not verified.

    Raises:
        InstallError: If the hub refuses, does not answer, or the disk is full.
    """
    from huggingface_hub import hf_hub_url

    url = hf_hub_url(repository, file.path, revision=commit, endpoint=hub.endpoint)
    failures = 0
    if _size(path) > file.size:
        path.unlink()
    while not path.exists() or path.stat().st_size < file.size:
        try:
            with asking(f"{file.path} of {repository}", hub):
                for now in _stream(url, hub, file, path, _size(path), patience):
                    failures = 0
                    yield now
        except UnreachableError:
            failures += 1
            if failures >= patience.tries:
                raise
            time.sleep(patience.wait_s(failures))


def _stream(url: str, hub: Hub, file: RemoteFile, path: Path, done: int, patience: Patience) -> Iterator[int]:
    """One connection; yields the size of ``path`` after each piece."""
    from huggingface_hub import get_session
    from huggingface_hub.utils import hf_raise_for_status, httpx

    headers = {**hub.headers, "accept-encoding": "identity"}  # ranges of packed bytes would be other bytes
    if hub.token:
        headers["authorization"] = f"Bearer {hub.token}"
    if done:
        headers["range"] = f"bytes={done}-"
    timeout = httpx.Timeout(patience.silence_s)
    with get_session().stream("GET", url, headers=headers, timeout=timeout) as response:
        hf_raise_for_status(response)
        if done and not _goes_on(response, done):
            done = 0
        with _open(path, "ab" if done else "wb") as out:
            for chunk in response.iter_bytes():  # as they come: what is waited for would be lost with the connection
                done += len(chunk)
                if done > file.size:
                    raise DamagedError(
                        f"the hub sends more than the {file.size:,} bytes of {file.path}; try again later."
                    )
                _write(out, chunk, path)
                yield done


def _goes_on(response: Any, done: int) -> bool:
    """Whether an answer begins where it was asked to; some proxies send everything instead."""
    said = response.headers.get("content-range", "")
    return response.status_code == 206 and bool(said.startswith(f"bytes {done}-"))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _open(path: Path, mode: str) -> Any:
    try:
        return path.open(mode, buffering=0)
    except OSError as error:
        raise full_disk(error, path) from error


def _write(out: Any, chunk: bytes, path: Path) -> None:
    try:
        view = memoryview(chunk)
        while view:
            view = view[out.write(view) :]
    except OSError as error:
        raise full_disk(error, path) from error


def full_disk(error: OSError, path: Path) -> InstallError:
    """What an error of writing means."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskSpaceError(
            f"the disk of {path.parent} is full; free some space and start again (what has come is kept), or set "
            "GEOPIX_MODELS to a folder on another disk."
        )
    return InstallError(f"{path} cannot be written ({os.strerror(error.errno or 0)}); choose another GEOPIX_MODELS.")


def make_folder(folder: Path) -> None:
    """A folder with its parents, if it is not there.

    Raises:
        InstallError: If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise full_disk(error, folder) from error
