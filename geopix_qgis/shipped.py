"""Files that travel with the plugin."""

from __future__ import annotations

from pathlib import Path

GUIDE_ONLINE = "https://github.com/geopix-qgis/geopix-qgis/blob/main/docs/guide.md"


def shipped(name: str, folder: str = "resources") -> Path:
    """A file of a folder that lies inside an installed plugin, and beside it in the repository."""
    here = Path(__file__).resolve().parent
    paths = (here / folder / name, here.parent / folder / name)
    return next((path for path in paths if path.is_file()), paths[0])
