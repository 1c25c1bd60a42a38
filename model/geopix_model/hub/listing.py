"""What a repository of the hub holds at one commit, with the hashes that the hub publishes."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from .access import Hub, Patience, asking
from .errors import NotOnHubError

COMMIT = re.compile(r"[0-9a-f]{40}")
FILE = "listing.json"


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository.

    Attributes:
        path: With "/".
        size: Bytes.
        sha256: Of large files, else "".
        git_sha1: Of small files: of the content with git's header.
    """

    path: str
    size: int
    sha256: str
    git_sha1: str


@dataclass(frozen=True)
class Listing:
    """A repository at one commit."""

    repository: str
    commit: str
    files: tuple[RemoteFile, ...]

    def only(self, paths: tuple[str, ...]) -> Listing:
        """The same with some of its files."""
        return dataclasses.replace(self, files=tuple(file for file in self.files if file.path in paths))

    @property
    def total_bytes(self) -> int:
        """Of all files."""
        return sum(file.size for file in self.files)

    def write(self, folder: Path) -> None:
        """Keeps it, so that a download that goes on later goes on with the same commit and hashes."""
        partial = folder / f"{FILE}.part"
        partial.write_text(json.dumps(dataclasses.asdict(self)), "utf-8")
        os.replace(partial, folder / FILE)


def read(folder: Path) -> Listing | None:
    """The listing kept in a folder, None where none is or where it cannot be read."""
    try:
        values = json.loads((folder / FILE).read_text("utf-8"))
        files = tuple(RemoteFile(**file) for file in values.pop("files"))
        return Listing(**values, files=files)
    except (OSError, ValueError, TypeError, KeyError):
        return None  # the download begins anew, which costs time and nothing else


def look_up(hub: Hub, repository: str, revision: str, patience: Patience) -> Listing:
    """What a branch, tag or commit holds right now.

    Raises:
        InstallError: If the hub does not say.
    """
    from huggingface_hub import HfApi, ModelInfo

    api = HfApi(endpoint=hub.endpoint, token=hub.token or False, headers=hub.headers)

    def ask() -> ModelInfo:
        with asking(f"{repository} at {revision}", hub):
            return api.model_info(repository, revision=revision, files_metadata=True, timeout=patience.silence_s)

    info = patience.persist(ask)
    commit = (info.sha or "").lower()
    if not COMMIT.fullmatch(commit):
        raise NotOnHubError(f"{hub.endpoint} names the commit {commit!r}, expected 40 digits; is it a model hub?")
    files = []
    for entry in info.siblings or []:
        sha256 = (entry.lfs.sha256 if entry.lfs else "").lower()
        if entry.size is None or not (sha256 or entry.blob_id):
            raise NotOnHubError(f"{hub.endpoint} gives no size or hash for {entry.rfilename}; use another endpoint.")
        files.append(RemoteFile(entry.rfilename, entry.size, sha256, (entry.blob_id or "").lower()))
    return Listing(repository, commit, tuple(sorted(files, key=lambda file: file.path)))
