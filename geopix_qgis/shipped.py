"""Files that travel with the plugin."""

from __future__ import annotations

from pathlib import Path


def shipped(name: str) -> Path:
    """A file of the folder ``resources``: inside an installed plugin, beside it in the repository."""
    here = Path(__file__).resolve().parent
    paths = (here / "resources" / name, here.parent / "resources" / name)
    return next((path for path in paths if path.is_file()), paths[0])
