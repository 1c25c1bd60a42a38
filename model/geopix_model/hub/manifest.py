"""What is installed, file by file, with hashes: written once, compared with ever after."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .errors import DamagedError, IncompleteError

FILE = "geopix-manifest.json"
VERSION = 1
CHUNK = 1 << 22


@dataclass(frozen=True)
class InstalledFile:
    """A file of a model: its path with "/", its bytes, and their SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """Where a model came from and what it consists of.

    Attributes:
        name: Of the model.
        repository: On the hub.
        commit: 40 digits, "" where a folder was imported that does not say.
        files: Sorted by path.
        published: Whether the hashes are those that the hub published, not only those of the files as they came.
    """

    name: str
    repository: str
    commit: str
    files: tuple[InstalledFile, ...]
    published: bool

    @property
    def total_bytes(self) -> int:
        """Of all files."""
        return sum(file.size for file in self.files)

    def write(self, folder: Path) -> None:
        """Puts it beside the files; it appears when it is complete."""
        partial = folder / f"{FILE}.part"
        partial.write_text(json.dumps({"version": VERSION, **dataclasses.asdict(self)}, indent=1) + "\n", "utf-8")
        os.replace(partial, folder / FILE)

    def check_sizes(self, folder: Path) -> None:
        """Compares names and sizes: takes no time, and finds what was deleted or cut off.

        Raises:
            IncompleteError: If a file is missing.
            DamagedError: If one has another size.
        """
        for file in self.files:
            path = folder / file.path
            if not path.is_file():
                raise IncompleteError(f"{file.path} of {self.name} is missing in {folder}; {self._again}")
            if path.stat().st_size != file.size:
                raise DamagedError(
                    f"{file.path} of {self.name} has {path.stat().st_size:,} bytes, expected {file.size:,}; "
                    f"{self._again}"
                )

    def check_hashes(self, folder: Path) -> Iterator[int]:
        """Compares every byte; yields how many were read, over all files.

        Raises:
            IncompleteError, DamagedError: As ``check_sizes``, or if a hash differs.
        """
        self.check_sizes(folder)
        before = 0
        for file in self.files:
            found = yield from sha256_steps(folder / file.path, before)
            before += file.size
            if found != file.sha256:
                raise DamagedError(
                    f"{file.path} of {self.name} has SHA-256 {found[:12]}…, expected {file.sha256[:12]}…; {self._again}"
                )

    @property
    def _again(self) -> str:
        return f"remove it (geopix models remove {self.name}) and download it again."


def read(folder: Path) -> Manifest | None:
    """The manifest of a folder, None where there is none.

    Raises:
        DamagedError: If it cannot be read.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        values = json.loads(path.read_text("utf-8"))
        if values.pop("version") != VERSION:
            raise ValueError("it is of another version")
        files = tuple(InstalledFile(**file) for file in values.pop("files"))
        manifest = Manifest(**values, files=files)
        outside = [f.path for f in files if PurePosixPath(f.path).is_absolute() or ".." in f.path.split("/")]
        if outside:
            raise ValueError(f"it names {outside[0]!r}")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DamagedError(f"{path} cannot be read ({error}); remove the model and download it again.") from error
    return manifest


def chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, a few megabytes at a time."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def git_sha1(path: Path) -> str:
    """What git calls a file with this content: the hash that a hub publishes for small files."""
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    for chunk in chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def sha256_steps(path: Path, before: int = 0) -> Generator[int, None, str]:
    """Yields ``before`` and the bytes read; its value (of ``yield from``) is the SHA-256 of the file."""
    digest, done = hashlib.sha256(), before
    for chunk in chunks(path):
        digest.update(chunk)
        done += len(chunk)
        yield done
    return digest.hexdigest()


def sha256(path: Path) -> str:
    """SHA-256 of a small file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
