"""Where the model process is installed: a folder of the user's, outside of QGIS, its Python and its profile.

Each installation is a new environment with a name of its own.  Which one is used says a small file, replaced in one
step once the new environment has passed its check: until then the one before stays as it was.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Optional

from .errors import PluginError
from .qt import QtCore
from .translation import tr
from .whole_file import write_text

VARIABLE = "GEOPIX_HOME"
CURRENT, BEGUN, LOG, LOCK = "current.json", "begun.json", "install.log", "install.lock"
ENVIRONMENT = "env-"  # how names of environments begin


@dataclass(frozen=True)
class Installed:
    """The environment that is used.

    Attributes:
        folder: Its name inside the home.
        version: Of the plugin that made it.
        build: Of PyTorch: ``cpu``, ``cuda``, ``rocm`` or ``settings``.
    """

    folder: str
    version: str
    build: str


def process_home(environ: Mapping[str, str] = os.environ) -> Path:
    """``GEOPIX_HOME``, else a folder of its own in the platform's place for data of programs."""
    chosen = environ.get(VARIABLE, "").strip()
    if chosen:
        return Path(chosen).expanduser()
    kind = QtCore.QStandardPaths.StandardLocation.GenericDataLocation  # on Windows below Local, where it should be
    return Path(QtCore.QStandardPaths.writableLocation(kind)) / "geopix" / "process"


def python_of(environment: Path) -> Path:
    """The Python of an environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def installed(home: Path) -> Optional[Installed]:
    """What is used; None where nothing is, or where its environment is gone."""
    said = read_json(home / CURRENT)
    try:
        found = Installed(**{name: str(said[name]) for name in ("folder", "version", "build")})
    except KeyError:
        return None
    return found if python_of(home / found.folder).is_file() else None


def switch_to(home: Path, chosen: Installed) -> None:
    """Uses another environment from now on.

    Raises:
        PluginError: If that cannot be written down.
    """
    write_text(home / CURRENT, json.dumps(asdict(chosen)))


def environments(home: Path) -> list[Path]:
    """All environments, finished or not."""
    return sorted(path for path in home.glob(f"{ENVIRONMENT}*") if path.is_dir())


def remove_unused(home: Path) -> None:
    """Begins to delete every environment but the used one, which takes seconds: a program of its own does it."""
    current = installed(home)
    if current is None:
        return
    unused = [str(path) for path in environments(home) if path.name != current.folder]
    if unused:
        code = "import shutil, sys; [shutil.rmtree(path, ignore_errors=True) for path in sys.argv[1:]]"
        QtCore.QProcess.startDetached(str(python_of(home / current.folder)), ["-I", "-c", code, *unused])


def make_home(home: Path) -> None:
    """Makes the folder.

    Raises:
        PluginError: If that is not allowed.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not os.access(home, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise PluginError(
            tr("The folder {home} cannot be written to: {strerror}.", home=home, strerror=error.strerror)
        ) from error


def free_bytes(folder: Path) -> int:
    """Free space of the disk that a folder is on, or will be."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(there).free


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty where there is none that can be read."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
