"""What this computer has to install with: uv, Pythons that are new enough, and which GPU there is."""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from .qt import QtCore, Signal
from .translation import tr

OLDEST, NEWEST = (3, 11), (3, 14)  # that the model's packages have wheels for
LIKED = ((3, 12), (3, 13), (3, 11), (3, 14))  # in this order, where there are several
LIMIT_MS = 8000  # for one answer; a cold start of Python behind a virus scanner takes seconds
ASK = (
    "import sys, json, struct; from importlib.util import find_spec as there; "
    "pip = __import__('ensurepip').version() if there('venv') and there('ensurepip') else ''; "
    "print(json.dumps(dict(version=list(sys.version_info[:3]), pip=pip, bits=struct.calcsize('P') * 8)))"
)
ASK_GPU = ("--query-gpu=name,memory.total", "--format=csv,noheader")
AMD_DRIVER = Path("/dev/kfd")
SYSTEM = Path("/etc")
# In an .ini of pip (with = or :) and in a TOML file of uv, where indexes may be tables, too.
NAMED_INDEX = re.compile(
    r"^\s*(?:\[\[index\]\]|(?:extra-|default-)?(?:index|index-url|find-links)\s*[=:])", re.MULTILINE
)


@dataclass(frozen=True)
class Tool:
    """Something that makes environments.

    Attributes:
        kind: ``uv`` or ``python``.
        path: The program.
        version: Of uv, or of Python.
        pip: Version of the pip that comes with this Python; () for uv.
    """

    kind: str
    path: str
    version: tuple[int, ...]
    pip: tuple[int, ...] = ()

    def __str__(self) -> str:
        number = ".".join(map(str, self.version))
        return f"{'uv' if self.kind == 'uv' else 'Python'} {number} ({self.path})"


@dataclass(frozen=True)
class Machine:
    """What was found.

    Attributes:
        tools: What can be used, the best first.
        unusable: Why others cannot, one sentence each.
        gpu: Name and memory of the GPU, "" without one that PyTorch can use.
        build: Of PyTorch that fits: ``cuda``, ``rocm`` or ``cpu``.
        without_venv: How to make others usable, one sentence each.
    """

    tools: tuple[Tool, ...]
    unusable: tuple[str, ...]
    gpu: str
    build: str
    without_venv: tuple[str, ...] = ()


class Search(QtCore.QObject):
    """Asks one program after the other, without holding up QGIS.  Signal: ``found(Machine)``."""

    found = Signal(object)

    def __init__(self, candidates: Optional[list[str]] = None, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self._waiting = list(programs()) if candidates is None else list(candidates)
        self._tools: list[Tool] = []
        self._unusable: list[str] = []
        self._without_venv: list[str] = []
        self._gpu = ""
        self._process: Optional[QtCore.QProcess] = None
        self._limit = QtCore.QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.setInterval(LIMIT_MS)
        self._limit.timeout.connect(self._too_slow)

    def start(self) -> None:
        """Begins; ``found`` follows."""
        QtCore.QTimer.singleShot(0, self._next)

    def close(self) -> None:
        """Ends without a signal."""
        self._waiting.clear()
        self._limit.stop()
        if self._process is not None:
            self._process.blockSignals(True)
            self._process.kill()
            self._process.waitForFinished(1000)
            self._process = None

    def _next(self) -> None:
        if not self._waiting:
            self._tell()
            return
        program = self._waiting.pop(0)
        name = Path(program).stem
        arguments = ["--version"] if name == "uv" else list(ASK_GPU) if name == "nvidia-smi" else ["-I", "-c", ASK]
        self._process = QtCore.QProcess(self)
        self._process.finished.connect(self._answered)
        self._process.errorOccurred.connect(self._broken)
        self._limit.start()
        self._process.start(program, arguments)

    def _too_slow(self) -> None:
        if self._process is not None:
            self._process.kill()  # `_answered` follows

    def _broken(self, error: object) -> None:
        if error == QtCore.QProcess.ProcessError.FailedToStart:
            self._done()

    def _answered(self, code: int, _status: object) -> None:
        process = self._process
        if process is None:
            return
        said = bytes(process.readAllStandardOutput()).decode("utf-8", "replace").strip()
        program, name = process.program(), Path(process.program()).stem
        if name == "nvidia-smi":
            self._gpu = said.splitlines()[0] if code == 0 and said else ""
        elif name == "uv":
            self._take_uv(program, said)
        else:
            self._take_python(program, code, said)
        self._done()

    def _done(self) -> None:
        self._limit.stop()
        if self._process is not None:
            self._process.deleteLater()
            self._process = None
            QtCore.QTimer.singleShot(0, self._next)

    def _take_uv(self, program: str, said: str) -> None:
        version = numbers(said.partition(" ")[2])
        if version:
            self._tools.append(Tool("uv", program, version))

    def _take_python(self, program: str, code: int, said: str) -> None:
        try:
            facts = json.loads(said.splitlines()[-1]) if code == 0 else {}
        except (ValueError, IndexError):
            facts = {}
        if not facts:
            return
        version, bits = tuple(facts["version"]), facts["bits"]
        text = ".".join(map(str, version))
        if not OLDEST <= version[:2] <= NEWEST or bits != 64:
            what = tr("Python {version}, {bits} bits", version=text, bits=bits)
            self._unusable.append(
                tr("{program} is {what}; 64 bits and {span} are needed.", program=program, what=what, span=_span())
            )
        elif not facts["pip"]:
            package = f"python{version[0]}.{version[1]}-venv"  # as Debian and Ubuntu call it
            self._without_venv.append(
                tr(
                    "{program} is Python {version} and only lacks its venv. On Debian and Ubuntu install it with:\n"
                    "sudo apt install {package}",
                    program=program,
                    version=text,
                    package=package,
                )
            )
        elif version not in [tool.version for tool in self._tools if tool.kind == "python"]:
            self._tools.append(Tool("python", program, version, numbers(facts["pip"])))

    def _tell(self) -> None:
        tools = sorted(self._tools, key=lambda tool: -1 if tool.kind == "uv" else LIKED.index(tool.version[:2]))
        build = "cuda" if self._gpu else "rocm" if AMD_DRIVER.exists() else "cpu"
        gpu = self._gpu or (tr("an AMD GPU") if build == "rocm" else "")
        unusable, without_venv = (tuple(dict.fromkeys(said)) for said in (self._unusable, self._without_venv))
        self.found.emit(Machine(tuple(tools), unusable, gpu, build, without_venv))


def knows_an_index(kind: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the user has told pip (of a ``python``) or uv where packages are: a mirror, a folder, an index."""
    told = ("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", *(("INDEX", "DEFAULT_INDEX") if kind == "uv" else ()))
    prefix, files = ("UV_", _uv_settings) if kind == "uv" else ("PIP_", _pip_settings)
    if any(environ.get(prefix + name) for name in told):
        return True
    return any(NAMED_INDEX.search(_text(path)) for path in files(environ))


def programs() -> Iterator[str]:
    """Paths of programs that may be here, each once: uv, Pythons, and what tells of an NVIDIA GPU."""
    seen: set[str] = set()
    for path in _candidates():
        real = os.path.realpath(path)
        if real not in seen and not _belongs_to_qgis(real):
            seen.add(real)
            yield path


def numbers(text: str) -> tuple[int, ...]:
    """The leading numbers of a version such as "0.13.9 (x86)"."""
    words = text.split()
    parts = words[0].split(".") if words else []
    found = []
    for part in parts[:3]:
        if not part.isdigit():
            break
        found.append(int(part))
    return tuple(found)


def _candidates() -> Iterator[str]:
    home = Path.home()
    ending = ".exe" if os.name == "nt" else ""
    names = ["uv", *(f"python{major}.{minor}" for major, minor in LIKED), "python3", "python", "nvidia-smi"]
    yield from filter(None, map(shutil.which, names))
    yield from (
        str(path) for folder in (".local/bin", ".cargo/bin") if (path := home / folder / f"uv{ending}").is_file()
    )
    for pattern in _usual_places(home):
        yield from sorted(glob.glob(str(pattern)), reverse=True)


def _usual_places(home: Path) -> list[Path]:
    """Where Pythons lie that are not on the path of a desktop program."""
    if os.name == "nt":
        bases = [os.environ.get(name, "") for name in ("LOCALAPPDATA", "ProgramFiles")]
        local, program_files = (Path(base) if base else home for base in bases)
        return [local / "Programs/Python/Python3*/python.exe", program_files / "Python3*/python.exe"]
    return [
        home / ".pyenv/versions/3.*/bin/python",
        Path("/opt/homebrew/bin/python3.1?"),
        Path("/usr/local/bin/python3.1?"),
        Path("/Library/Frameworks/Python.framework/Versions/3.*/bin/python3"),
    ]


def _pip_settings(environ: Mapping[str, str]) -> list[Path]:
    """Where pip reads its settings; source: its documentation, "Configuration"."""
    if environ.get("PIP_CONFIG_FILE"):
        return [Path(environ["PIP_CONFIG_FILE"])]
    if os.name == "nt":
        return [folder / "pip" / "pip.ini" for folder in _configured(environ)]
    home = Path.home()
    folders = [*_configured(environ), home / "Library" / "Application Support"]
    return [SYSTEM / "pip.conf", home / ".pip" / "pip.conf", *(folder / "pip" / "pip.conf" for folder in folders)]


def _uv_settings(environ: Mapping[str, str]) -> list[Path]:
    """Where uv reads its settings; source: its documentation, "Configuration files"."""
    if environ.get("UV_CONFIG_FILE"):
        return [Path(environ["UV_CONFIG_FILE"])]
    own = [folder / "uv" / "uv.toml" for folder in _configured(environ)]
    return own if os.name == "nt" else [SYSTEM / "uv" / "uv.toml", *own]


def _configured(environ: Mapping[str, str]) -> list[Path]:
    """Folders of settings: a user's own first, then those for all."""
    if os.name == "nt":
        return [Path(environ[name]) for name in ("APPDATA", "PROGRAMDATA") if environ.get(name)]
    mine = environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return [Path(mine), *map(Path, (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":"))]


def _text(path: Path) -> str:
    """What a file says; "" where there is none, or one that only others may read, since passwords are kept there."""
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _belongs_to_qgis(path: str) -> bool:
    """Whether a Python came with QGIS; on Linux QGIS has none of its own."""
    return sys.platform != "linux" and os.path.realpath(path).startswith(os.path.realpath(sys.base_prefix) + os.sep)


def _span() -> str:
    oldest, newest = (".".join(map(str, version)) for version in (OLDEST, NEWEST))
    return tr("Python {oldest} to {newest}", oldest=oldest, newest=newest)
