"""All files of a listing in a folder, each one verified before it has its name."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from . import manifest
from .access import Hub, Patience
from .errors import DamagedError
from .fetch import fetch, make_folder
from .listing import Listing, RemoteFile
from .manifest import InstalledFile
from .progress import Progress

UNFINISHED = ".incomplete"


@dataclass(frozen=True)
class Transfer:
    """A download on its way.

    Attributes:
        hub: Where from.
        wanted: What.
        folder: Where to.  Files that are there under their name were verified earlier.
        patience: With the connection.
    """

    hub: Hub
    wanted: Listing
    folder: Path
    patience: Patience

    @property
    def have_bytes(self) -> int:
        """What need not be fetched any more."""
        return sum(self._have(file) for file in self.wanted.files)

    def run(self) -> Generator[Progress, None, tuple[InstalledFile, ...]]:
        """Fetches and verifies; its value is what is there then.

        Raises:
            InstallError: Of the kind that fits; what has come stays.
        """
        done, files = 0, []
        for file in self.wanted.files:
            path = self.folder / file.path
            make_folder(path.parent)
            if not path.is_file():
                yield from self._bring(file, path, done)
            files.append(InstalledFile(file.path, file.size, file.sha256 or manifest.sha256(path)))
            done += file.size
        return tuple(files)

    def _bring(self, file: RemoteFile, path: Path, before: int) -> Iterator[Progress]:
        """One file; one that goes on from an earlier time has a second chance from its start."""
        growing = path.with_name(path.name + UNFINISHED)
        for last in (False, True) if growing.exists() else (True,):
            for size in fetch(self.hub, self.wanted.repository, self.wanted.commit, file, growing, self.patience):
                yield self._progress("fetching", file, before + size)
            try:
                for _ in verifying(growing, file, self.wanted.repository):
                    yield self._progress("checking", file, before + file.size)
            except DamagedError:
                growing.unlink()
                if last:
                    raise
            else:
                os.replace(growing, path)
                return

    def _progress(self, stage: str, file: RemoteFile, done: int) -> Progress:
        return Progress(stage, file.path, done, self.wanted.total_bytes, self.wanted.commit)

    def _have(self, file: RemoteFile) -> int:
        path = self.folder / file.path
        if path.is_file():
            return file.size
        growing = path.with_name(path.name + UNFINISHED)
        return min(growing.stat().st_size, file.size) if growing.exists() else 0


def verifying(path: Path, file: RemoteFile, where: str) -> Generator[int, None, str]:
    """Yields how many bytes were read; its value is the SHA-256 of what is there.

    Raises:
        DamagedError: If that is not what was published of ``file``.
    """
    found = yield from manifest.sha256_steps(path)
    problem = ""
    if file.sha256 and found != file.sha256:
        problem = f"SHA-256 {found[:12]}… instead of {file.sha256[:12]}…"
    elif file.git_sha1 and not file.sha256 and (sha1 := manifest.git_sha1(path)) != file.git_sha1:
        problem = f"git hash {sha1[:12]}… instead of {file.git_sha1[:12]}…"
    if problem:
        raise DamagedError(f"{file.path} of {where} came with {problem}, so it is not used; bring it once more.")
    return found
