"""Files that travel with the plugin."""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import Optional

GUIDE_ONLINE = "https://github.com/geopix-qgis/geopix-qgis/blob/main/docs/guide.md"


def shipped(name: str, folder: str = "resources") -> Path:
    """A file of a folder that lies inside an installed plugin, and beside it in the repository."""
    here = Path(__file__).resolve().parent
    paths = (here / folder / name, here.parent / folder / name)
    return next((path for path in paths if path.is_file()), paths[0])


def plugin_version() -> str:
    """As ``metadata.txt`` says it."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(Path(__file__).resolve().with_name("metadata.txt"), encoding="utf-8")
    return parser.get("general", "version", fallback="")


def packages() -> Optional[Path]:
    """What is installed into the environment of the model: the wheel of an installed plugin, else the repository."""
    here = Path(__file__).resolve().parent
    wheels = sorted((here / "packages").glob("*.whl"))
    if wheels:
        return wheels[-1]
    return here.parent if (here.parent / "pyproject.toml").is_file() else None


def constraints() -> Path:
    """The versions of packages that were tested together."""
    here = Path(__file__).resolve().parent
    inside = here / "packages" / "constraints.txt"
    return inside if inside.is_file() else here.parent / "scripts" / "constraints.txt"
