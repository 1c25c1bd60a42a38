"""Models come here whole or not at all: beside their place, verified, then moved into it.

The revision is pinned on first use: what a branch points to is asked once, and written down with the hashes of all
files before the first byte is fetched.  A download that goes on later, and every later verification, compare with that.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from . import listing, manifest
from .access import Hub, Patience
from .errors import DiskSpaceError, IncompleteError, InstallError, NotInstalledError
from .fetch import make_folder
from .home import partial_home
from .listing import Listing
from .manifest import Manifest
from .progress import Progress
from .sources import Source
from .transfer import Transfer

SPARE_BYTES = 256 * 2**20  # what an installation leaves free
ASK_AGAIN_S = 0.5
MAIN = "main"


def installed(source: Source, home: Path) -> Manifest | None:
    """What is installed of a model; None if it is not here, or not whole."""
    try:
        found = manifest.read(home / source.name)
        if found is not None:
            found.check_sizes(home / source.name)
    except InstallError:
        return None
    return found


def usable(source: Source, home: Path) -> bool:
    """Whether a model is here and whole: installed, or a complete copy that somebody put into its folder by hand."""
    folder = home / source.name
    if (folder / manifest.FILE).exists():
        return installed(source, home) is not None
    paths = [path.relative_to(folder).as_posix() for path in folder.rglob("*")] if folder.is_dir() else []
    try:
        source.choose(paths, str(folder))
        source.check_parts(folder)
    except IncompleteError:
        return False
    return True


def download(
    source: Source, home: Path, hub: Hub, revision: str, patience: Patience
) -> Generator[Progress, None, None]:
    """Fetches a model; stops when its reader does, and goes on where it stopped the next time.

    Args:
        revision: A branch, tag or commit; "" goes on with what was begun, keeps what is installed, else takes "main".

    Raises:
        InstallError: Of the kind that fits; nothing is half installed, and what has come is kept.
    """
    lock = lock_of(source, home)
    yield from take_turn(lock)
    try:
        here = installed(source, home)
        if here is None or revision:
            wanted = None if revision else _begun(source, home)
            if wanted is None:
                yield Progress("asking")
                wanted = _look_up(source, hub, revision or MAIN, patience)
            if here is None or here.commit != wanted.commit:
                folder = partial_home(home) / f"{source.name}-{wanted.commit}"
                transfer = Transfer(hub, wanted, folder, patience)
                check_space(wanted.total_bytes - transfer.have_bytes, home, source.name)
                make_folder(folder)
                wanted.write(folder)
                files = yield from transfer.run()
                here = Manifest(source.name, source.repository, wanted.commit, files, published=True)
                finish(here, folder, source, home)
        yield Progress("installed", "", here.total_bytes, here.total_bytes, here.commit)
    finally:
        lock.release()


def verify(source: Source, home: Path) -> Generator[Progress, None, None]:
    """Compares every byte of an installed model with its manifest.

    Raises:
        NotInstalledError: If it is not here.
        IncompleteError, DamagedError: If it is not what was installed.
    """
    found = manifest.read(home / source.name)
    if found is None:
        raise NotInstalledError(f"{source.name} is not installed; geopix models download {source.name} fetches it.")
    for done in found.check_hashes(home / source.name):
        yield Progress("checking", "", done, found.total_bytes, found.commit)


def remove(source: Source, home: Path) -> int:
    """Deletes a model and what was begun of it; returns how many bytes are free again.

    Raises:
        NotInstalledError: If there is nothing of it.
        InstallError: If it is being installed.
    """
    lock = lock_of(source, home)
    for _ in take_turn(lock):
        raise InstallError(f"another process installs {source.name} right now; wait for it, or stop it.")
    try:
        folders = [folder for folder in (home / source.name, *_partials(source, home)) if folder.exists()]
        if not folders:
            raise NotInstalledError(f"{source.name} is not installed, so there is nothing to remove.")
        freed = sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())
        for folder in folders:
            _discard(folder, home)
        return freed
    finally:
        lock.release()


def check_space(needed: int, home: Path, name: str) -> None:
    """Refuses before anything is written.

    Raises:
        DiskSpaceError: If the disk is too small.
    """
    free = free_bytes(home)
    if free < needed + SPARE_BYTES:
        raise DiskSpaceError(
            f"{name} needs {needed / 1e9:.1f} GB more, and {home} has {free / 1e9:.1f} GB free; free some space, or "
            "set GEOPIX_MODELS to a folder on another disk."
        )


def free_bytes(home: Path) -> int:
    """Free on the disk of a folder that need not be there yet."""
    there = next(folder for folder in (home, *home.absolute().parents) if folder.exists())
    return shutil.disk_usage(there).free


def move_into_place(folder: Path, source: Source, home: Path) -> None:
    """Makes a complete folder the installed model; another one of that name goes once this one is there."""
    place = home / source.name
    old = partial_home(home) / f"{source.name}.old"
    if place.exists():
        if old.exists():
            shutil.rmtree(old)
        os.replace(place, old)
    os.replace(folder, place)
    for left in (old, *_partials(source, home)):
        if left.exists():
            shutil.rmtree(left)


def _look_up(source: Source, hub: Hub, revision: str, patience: Patience) -> Listing:
    """The needed files of a repository at the commit that ``revision`` means now."""
    found = listing.look_up(hub, source.repository, revision, patience)
    return found.only(source.choose([file.path for file in found.files], f"{source.repository} on {hub.endpoint}"))


def finish(complete: Manifest, folder: Path, source: Source, home: Path) -> None:
    """The last step of an installation: ``folder`` holds all files, verified."""
    source.check_parts(folder)
    complete.write(folder)
    (folder / listing.FILE).unlink(missing_ok=True)
    move_into_place(folder, source, home)


def take_turn(lock: FileLock) -> Iterator[Progress]:
    """Waits for its turn; then nobody else installs or removes this model until the lock is released."""
    while True:
        try:
            lock.acquire(timeout=ASK_AGAIN_S)
        except Timeout:
            yield Progress("waiting")
        else:
            return


def lock_of(source: Source, home: Path) -> FileLock:
    """What only one process, and one thread in it, holds at a time."""
    make_folder(partial_home(home))
    return FileLock(partial_home(home) / f"{source.name}.lock", thread_local=False)


def _begun(source: Source, home: Path) -> Listing | None:
    """The newest download that was begun and not finished."""
    folders = sorted(_partials(source, home), key=lambda folder: folder.stat().st_mtime, reverse=True)
    found = (listing.read(folder) for folder in folders)
    return next((each for each in found if each is not None and each.repository == source.repository), None)


def _partials(source: Source, home: Path) -> list[Path]:
    """Folders of downloads that were begun; names of models may begin alike, commits have 40 digits."""
    return [
        folder
        for folder in partial_home(home).glob(f"{source.name}-*")
        if listing.COMMIT.fullmatch(folder.name.removeprefix(f"{source.name}-"))
    ]


def _discard(folder: Path, home: Path) -> None:
    """A folder disappears at once and is deleted then, so that a model is never half there."""
    gone = partial_home(home) / f"{folder.name}.removed"
    if gone.exists():
        shutil.rmtree(gone)
    os.replace(folder, gone)
    shutil.rmtree(gone)
