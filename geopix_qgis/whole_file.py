"""Files that appear only when they are complete."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import PluginError
from .translation import tr


@contextmanager
def draft(path: Path) -> Iterator[Path]:
    """A file of that name in a folder of its own, on the same disk; what is still there at the end is gone.

    Raises:
        OSError: If the folder of ``path`` cannot be written to.
    """
    with tempfile.TemporaryDirectory(prefix=".geopix-", dir=path.parent) as folder:
        yield Path(folder) / path.name


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A draft that takes the place of ``path`` once it is written without an error.

    Raises:
        OSError: If it cannot.
    """
    with draft(path) as made:
        yield made
        os.replace(made, path)


def write_text(path: Path, text: str) -> None:
    """Writes a UTF-8 file.

    Raises:
        PluginError: If the folder cannot be written to.
    """
    try:
        with whole(path) as made:
            made.write_text(text, encoding="utf-8")
    except OSError as error:
        raise PluginError(
            tr(
                "{path} cannot be written: {strerror}. Choose another folder.",
                path=path,
                strerror=error.strerror or error,
            )
        ) from error
