"""A folder that holds all packages of the model process, so that it is installed without a network.

    bundle.json   version, Python, system, build of PyTorch, and size and SHA-256 of every file
    wheels/       the packages

``scripts/bundle`` makes one.  This module runs as a program too, in the new environment (``python offline_bundle.py
FOLDER``): it compares every byte and says how far it is.  Standard library only, nothing of the plugin.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

MANIFEST, WHEELS = "bundle.json", "wheels"
FORMAT = 1
CHUNK = 8 * 2**20


class BundleError(Exception):
    """A folder that is no bundle, or a damaged one; the text says what to do."""


@dataclass(frozen=True)
class Bundle:
    """What a bundle says of itself.

    Attributes:
        folder: Where it is.
        version: Of the plugin that it belongs to.
        python: Such as "3.12".
        system: See ``this_system``.
        build: Of PyTorch.
        files: Name in ``wheels``, (bytes, SHA-256).
    """

    folder: Path
    version: str
    python: str
    system: str
    build: str
    files: dict[str, tuple[int, str]]

    @property
    def wheels(self) -> Path:
        """The folder of packages."""
        return self.folder / WHEELS

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for size, _ in self.files.values())


def this_system() -> str:
    """Such as "linux-x86_64" or "win32-amd64"; packages with compiled code are for one of these."""
    return f"{sys.platform}-{platform.machine().lower()}"


def read(folder: Path) -> Bundle:
    """What a bundle says of itself; its files are not looked at.

    Raises:
        BundleError: If there is none.
    """
    try:
        said = json.loads((folder / MANIFEST).read_text("utf-8"))
        if said["format"] != FORMAT:
            raise BundleError(f"The bundle is of format {said['format']}, this plugin reads format {FORMAT}.")
        files = {str(name): (int(entry["bytes"]), str(entry["sha256"])) for name, entry in said["files"].items()}
        version, python, system, build = (str(said[name]) for name in ("version", "python", "system", "build"))
    except OSError as error:
        raise BundleError(f"{folder} has no {MANIFEST}: choose a folder that scripts/bundle has made.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(f"{folder / MANIFEST} cannot be read ({error!r}); copy the bundle anew.") from error
    strange = [name for name in files if Path(name).name != name]
    if strange:
        raise BundleError(f"{MANIFEST} names {strange[0]!r}, which is no plain file name; take another bundle.")
    return Bundle(folder, version, python, system, build, files)


def write(bundle: Bundle) -> None:
    """Writes the manifest."""
    files = {name: {"bytes": size, "sha256": digest} for name, (size, digest) in sorted(bundle.files.items())}
    said = {
        "format": FORMAT,
        "version": bundle.version,
        "python": bundle.python,
        "system": bundle.system,
        "build": bundle.build,
        "files": files,
    }
    (bundle.folder / MANIFEST).write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def check(bundle: Bundle, tell: Callable[[int, int], None]) -> None:
    """Compares every byte; ``tell(done, total)`` is called on the way.

    Raises:
        BundleError: If a file is missing, changed or too many.
    """
    there = {path.name for path in bundle.wheels.iterdir()} if bundle.wheels.is_dir() else set()
    for name in sorted(there ^ set(bundle.files)):
        why = "it is in the folder and not in the list" if name in there else "it is missing"
        raise BundleError(f"{name} is damaged: {why}. Copy the bundle anew.")
    done = 0
    for name, (size, expected) in bundle.files.items():
        found = digest(bundle.wheels / name, lambda count, start=done: tell(start + count, bundle.size))  # type: ignore[misc]
        if found != (size, expected):
            raise BundleError(f"{name} is damaged: its {found[0]:,} bytes are not those of the list. Copy it anew.")
        done += size


def digest(path: Path, tell: Callable[[int], None] = lambda _count: None) -> tuple[int, str]:
    """(bytes, SHA-256) of a file; ``tell`` hears how many were read."""
    sha, count = hashlib.sha256(), 0
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            sha.update(data)
            count += len(data)
            tell(count)
    return count, sha.hexdigest()


def main(folder: str) -> int:
    """Checks; 1 with one sentence on standard error where it is damaged."""
    try:
        check(read(Path(folder)), lambda done, total: print(f"Progress {done} of {total}", flush=True))
    except (BundleError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
