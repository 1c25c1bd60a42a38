"""A model from a folder: for computers that the hub cannot be reached from.

Hashes are taken from whatever the folder brings: our manifest (a folder copied from another installation), the notes of
``hf download --local-dir``, or the names of the blobs of a Hugging Face cache.  Without any, only the structure of the
files is checked, and the manifest says so.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import zipfile
from collections.abc import Generator, Iterator
from pathlib import Path

from . import manifest
from .errors import DamagedError, IncompleteError
from .fetch import full_disk, make_folder
from .home import partial_home
from .install import check_space, finish, lock_of, take_turn
from .listing import COMMIT, Listing, RemoteFile
from .manifest import InstalledFile, Manifest
from .progress import Progress
from .sources import Source
from .transfer import verifying

NOTES = Path(".cache/huggingface/download")


def import_folder(source: Source, folder: Path, home: Path) -> Generator[Progress, None, None]:
    """Links the files of a folder, or copies them from another disk, and makes them the installed model.

    The folder stays as it is.

    Raises:
        InstallError: Of the kind that fits; nothing is half installed.
    """
    if not folder.is_dir():
        raise IncompleteError(f"{folder} is not a folder; name the one that holds the files of {source.repository}.")
    known = survey(source, folder)
    lock = lock_of(source, home)
    yield from take_turn(lock)
    try:
        staging = partial_home(home) / f"{source.name}.import"
        if staging.exists():
            shutil.rmtree(staging)
        try:
            files = yield from _bring(known, folder, staging, home, source.name)
            published = bool(known.commit) and all(file.sha256 or file.git_sha1 for file in known.files)
            complete = Manifest(source.name, source.repository, known.commit, files, published)
            finish(complete, staging, source, home)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        yield Progress("installed", "", complete.total_bytes, complete.total_bytes, complete.commit)
    finally:
        lock.release()


def survey(source: Source, folder: Path) -> Listing:
    """The needed files of a folder with what is known of them; hashes are "" where nothing is.

    Raises:
        IncompleteError: If a needed file is missing.
        DamagedError: If its manifest is that of another model, or a file was cut off.
    """
    written = manifest.read(folder)
    if written is not None and written.repository != source.repository:
        raise DamagedError(f"{folder} holds {written.repository}, expected {source.repository}; name the right model.")
    if written is not None:
        written.check_sizes(folder)
        hashes = {file.path: file.sha256 for file in written.files}
        paths: tuple[str, ...] = tuple(hashes)
        commit = written.commit
    else:
        there = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
        paths = source.choose([path for path in there if not path.startswith(".")], str(folder))
        notes = {path: _note(folder, path) for path in paths}
        hashes = {path: digest for path, (_, digest) in notes.items()}
        commits = {commit for commit, _ in notes.values()}
        commit = commits.pop() if len(commits) == 1 else ""
    source.check_parts(folder)
    for path in paths:
        check_structure(folder / path)
    return Listing(source.repository, commit, tuple(_known(folder, path, hashes[path]) for path in paths))


def check_structure(path: Path) -> None:
    """Finds weights that were cut off, without reading them.

    Raises:
        DamagedError: If the file ends too early.
    """
    size = path.stat().st_size
    if path.suffix == ".safetensors" and _safetensors_bytes(path) != size:
        raise DamagedError(f"{path} has {size:,} bytes, which is not what its header says; copy or download it again.")
    with path.open("rb") as file:
        if path.suffix in (".bin", ".pth") and file.read(2) == b"PK" and not zipfile.is_zipfile(path):
            raise DamagedError(f"{path} ends too early ({size:,} bytes); copy or download it again.")


def _safetensors_bytes(path: Path) -> int:
    """How long a safetensors file says that it is, -1 if its header cannot be read."""
    with path.open("rb") as file:
        head = file.read(8)
        if len(head) < 8 or (length := struct.unpack("<Q", head)[0]) > path.stat().st_size:
            return -1
        try:
            tensors = json.loads(file.read(length))
            return (
                8
                + length
                + max(
                    (tensor["data_offsets"][1] for name, tensor in tensors.items() if name != "__metadata__"), default=0
                )
            )
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            return -1


def _note(folder: Path, path: str) -> tuple[str, str]:
    """(commit, hash) that the tools of the hub wrote down for a file, "" for what they did not."""
    notes = folder / NOTES / f"{path}.metadata"
    if notes.is_file():
        commit, digest, *_ = [*notes.read_text("utf-8").split(), "", ""]
    else:
        blob = (folder / path).resolve()
        commit, digest = folder.resolve().name, blob.name if blob.parent.name == "blobs" else ""
    known = len(digest) in (40, 64) and not set(digest) - set("0123456789abcdef")
    return commit if COMMIT.fullmatch(commit) else "", digest if known else ""


def _known(folder: Path, path: str, digest: str) -> RemoteFile:
    size = (folder / path).stat().st_size
    return RemoteFile(path, size, digest if len(digest) == 64 else "", digest if len(digest) == 40 else "")


def _bring(
    known: Listing, folder: Path, staging: Path, home: Path, name: str
) -> Generator[Progress, None, tuple[InstalledFile, ...]]:
    """Links or copies all files, then verifies what has arrived; its value is that."""
    sources = {file.path: (folder / file.path).resolve() for file in known.files}
    disk = home.stat().st_dev
    linked = {path for path, source in sources.items() if _on_disk(source, disk)}
    check_space(sum(file.size for file in known.files if file.path not in linked), home, name)
    done, files = 0, []
    for file in known.files:
        path = staging / file.path
        make_folder(path.parent)
        if not (file.path in linked and _link(sources[file.path], path)):
            for copied in _copy(sources[file.path], path):
                yield Progress("copying", file.path, done + copied, known.total_bytes, known.commit)
        found = yield from _said(verifying(path, file, str(folder)), file, done, known)
        files.append(InstalledFile(file.path, file.size, found))
        done += file.size
    return tuple(files)


def _on_disk(path: Path, disk: int) -> bool:
    return path.stat().st_dev == disk


def _link(source: Path, path: Path) -> bool:
    """Gives a file a second name, which costs no space; not every file system can."""
    try:
        os.link(source, path)
    except OSError:
        return False
    return True


def _copy(source: Path, path: Path) -> Iterator[int]:
    done = 0
    try:
        with path.open("wb") as out:
            for chunk in manifest.chunks(source):
                out.write(chunk)
                done += len(chunk)
                yield done
    except OSError as error:
        raise full_disk(error, path) from error


def _said(
    steps: Generator[int, None, str], file: RemoteFile, before: int, known: Listing
) -> Generator[Progress, None, str]:
    """The steps of a verification as progress; its value is theirs."""
    while True:
        try:
            done = next(steps)
        except StopIteration as end:
            return str(end.value)
        yield Progress("checking", file.path, before + done, known.total_bytes, known.commit)
