"""Answers of a job as files: what was worked out is never lost, and never worked out twice.

A folder holds ``job.json`` and one file for each window.  Each file appears by renaming, so after a crash, a power cut
or ``kill -9`` it is there as a whole or not at all.  The folder goes when the result has been written.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from .errors import JournalError
from .tiling import Window
from .work import Answer, Job

JOB = "job.json"
LOCK = "lock"  # held while somebody writes here; it ends with its process, however that ends
KEPT_S = 14 * 86400.0  # without a target beside it, a journal that nobody went on with
WINDOWS_IN_A_FOLDER = 4096  # pixels along a side of the raster whose windows share a folder
ROOT_VARIABLE = "GEOPIX_JOURNALS"


def beside(target: Path) -> Path:
    """The folder for the answers that are to become ``target``."""
    return target.with_name(f".{target.name}.geopix")


def place_of(job: Job) -> Path:
    """The folder for the answers of a job without a target, in the user's cache."""
    root = Path(os.environ.get(ROOT_VARIABLE) or platformdirs.user_cache_path("geopix") / "journals")
    _prune(root)
    return root / job.digest


def found(folder: Path, job: Job) -> bool:
    """Whether a folder holds answers of this very job."""
    try:
        return (folder / JOB).read_text(encoding="utf-8") == job.to_json()
    except OSError:
        return False


class Journal:
    """The answers of a job.

    Args:
        folder: Where they are; made where it is missing.
        job: Whose they are.
        anew: Whether answers of another job may go; those of this one stay.

    Attributes:
        resumed: Whether there were answers of this job already.

    Raises:
        JournalError: If the folder holds another job's answers, is in use, or cannot be written.
    """

    def __init__(self, folder: Path, job: Job, *, anew: bool = False) -> None:
        self.folder, self.job = folder, job
        self._lock = _locked(folder)
        self.resumed = found(folder, job)
        if self.resumed:
            os.utime(folder)  # not to be pruned
            return
        if (folder / JOB).exists() and not anew:
            self.close()
            raise JournalError(
                f"{folder} holds what was found for another question: {_asked(folder)}.  Ask that one to go on with "
                "it, or use --overwrite to give it up."
            )
        for old in folder.iterdir() if (folder / JOB).exists() else ():
            if old.is_dir():
                shutil.rmtree(old)
            elif old.name != LOCK:
                old.unlink()
        try:
            self._write(folder / JOB, job.to_json().encode())
        except OSError as error:
            raise _failed(folder, error) from error

    def has(self, window: Window) -> bool:
        """Whether a window was answered."""
        return self._path(window).exists()

    def read(self, window: Window) -> Answer | None:
        """The answer of a window, None where there is none.

        Raises:
            JournalError: If it is damaged.
        """
        try:
            return Answer.from_bytes(self._path(window).read_bytes())
        except FileNotFoundError:
            return None

    def write(self, window: Window, answer: Answer) -> None:
        """Keeps an answer.

        Raises:
            JournalError: If the disk is full or the folder is gone.
        """
        path = self._path(window)
        try:
            path.parent.mkdir(exist_ok=True)
            self._write(path, answer.to_bytes())
        except OSError as error:
            raise _failed(self.folder, error) from error

    def close(self) -> None:
        """Lets others go on with the job; what was kept stays."""
        self._lock.release()

    def remove(self) -> None:
        """Forgets everything: the result has been written."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, window: Window) -> Path:
        part = f"{window.row // WINDOWS_IN_A_FOLDER}-{window.col // WINDOWS_IN_A_FOLDER}"
        return self.folder / part / f"{window.row}-{window.col}"

    @staticmethod
    def _write(path: Path, data: bytes) -> None:
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        part.write_bytes(data)
        os.replace(part, path)


def _locked(folder: Path) -> FileLock:
    """The lock of a folder, which is made where it is missing."""
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise JournalError(
            f"The same question about the same raster is being answered already, by another program that keeps what it "
            f"finds in {folder}; wait until it has ended, or stop it and ask again to go on from there."
        ) from error
    except OSError as error:
        raise _failed(folder, error) from error
    return lock


def _asked(folder: Path) -> str:
    try:
        return repr(json.loads((folder / JOB).read_text(encoding="utf-8"))["prompt"])
    except (OSError, ValueError, KeyError, TypeError):
        return "one that cannot be read"


def _failed(folder: Path, error: OSError) -> JournalError:
    return JournalError(
        f"What was found cannot be kept in {folder} ({error.strerror or error}); free some space there.  The same "
        "question then goes on where it was."
    )


def _prune(root: Path) -> None:
    """Removes journals in the cache that nobody went on with for two weeks."""
    for folder in root.glob("*"):
        if (folder / JOB).is_file() and time.time() - folder.stat().st_mtime > KEPT_S:
            shutil.rmtree(folder, ignore_errors=True)
