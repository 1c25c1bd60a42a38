"""How the model process is installed: which programs run one after the other, as plain values.

No address of a package index is written here.  PyTorch has an index of its own for each build, and uv knows them: where
there is only pip, it fetches uv first.  Or PyTorch comes from where pip or uv is set to look, or from the one index
that the analyst names for it alone.  Everything else comes from where pip or uv is set to look.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from . import offline_bundle
from .install_tools import Tool
from .offline_bundle import Bundle
from .process_home import ENVIRONMENT, python_of
from .translation import tr

BUILDS = ("cpu", "cuda", "rocm")
PYTORCH, SETTINGS = "pytorch", "settings"  # where PyTorch comes from, in place of an address
GB = 10**9
# (download, disk).  cpu: measured on Linux with Python 3.11, 0.4 GB of packages, 1.6 GB of environment, and the cache
# of pip beside it; the others by the sizes of the published files, not measured.
NEEDS = {"cpu": (0.4 * GB, 2.5 * GB), "cuda": (3.5 * GB, 11 * GB), "rocm": (5 * GB, 20 * GB)}
RAW_PROGRESS, TRUSTS_SYSTEM, KNOWS_TRUSTSTORE = (24, 1), (24, 2), (23, 3)  # versions of pip
NEW_PIP = "pip>=24.2"  # shows its progress, and trusts what the system trusts
NEW_UV = "uv>=0.7.14"  # finds AMD GPUs, too
UV_PYTHONS = ">=3.11,<3.15"
PACKAGE = "geopix-qgis"
PROCESS = ("-I", "-m", "geopix_backend.cli")


@dataclass(frozen=True)
class Step:
    """One program to run; ``title`` is shown."""

    name: str
    title: str
    program: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What was decided.

    Attributes:
        home: See ``process_home``.
        tool: Makes the environment.
        build: Of PyTorch, one of ``BUILDS``.
        packages: The wheel that came with the plugin, or the repository's folder.
        constraints: The versions that were tested together.
        version: Of the plugin.
        index: Where PyTorch comes from: ``PYTORCH``, ``SETTINGS`` of pip or uv, or the address of an index.
        bundle: Everything comes from there, without a network.
        replaces: Name of the environment that is in use until the new one is complete.
    """

    home: Path
    tool: Tool
    build: str
    packages: Path
    constraints: Path
    version: str
    index: str = PYTORCH
    bundle: Optional[Bundle] = None
    replaces: str = ""

    @property
    def key(self) -> str:
        """Equal for plans that may go on where another one stopped."""
        bundle = str(self.bundle.folder) if self.bundle else ""
        state = self.packages.stat() if self.packages.is_file() else None
        made = (state.st_size, state.st_mtime_ns) if state else ()
        said = repr((self.tool, self.build, str(self.packages), made, self.version, self.index, bundle, self.replaces))
        return hashlib.sha256(said.encode()).hexdigest()[:12]

    @property
    def environment(self) -> Path:
        """Where the new environment grows."""
        return self.home / f"{ENVIRONMENT}{self.version}-{self.key}"

    @property
    def python(self) -> Path:
        """Its Python."""
        return python_of(self.environment)

    @property
    def needs_bytes(self) -> tuple[float, float]:
        """(download, disk), about."""
        download, disk = NEEDS[self.likely_build]
        return (0.0, disk) if self.bundle else (download, disk)

    @property
    def likely_build(self) -> str:
        """What comes where nobody says more: on Linux the usual index holds the CUDA build."""
        guessed = self.index == SETTINGS and self.bundle is None
        return "cuda" if guessed and sys.platform == "linux" else self.build


def steps(plan: Plan) -> list[Step]:
    """What is to be run, in this order."""
    made = [_environment(plan)]
    if plan.bundle is not None:
        script = str(Path(offline_bundle.__file__).resolve())
        arguments = ("-I", script, str(plan.bundle.folder))
        made.append(Step("bundle", tr("Check the offline bundle"), str(plan.python), arguments))
    elif plan.tool.kind == "python" and plan.tool.pip < TRUSTS_SYSTEM:
        made.append(_pip(plan, "pip", tr("Bring pip up to date"), "--upgrade", NEW_PIP))
    made += _pytorch(plan)
    install = _uv if plan.tool.kind == "uv" else _pip
    wanted = f"{PACKAGE}=={plan.version}" if plan.bundle else str(plan.packages)
    made.append(install(plan, "packages", tr("Install the model and its packages"), wanted))
    made.append(Step("check", tr("Start it once"), str(plan.python), (*PROCESS, "doctor", "--json")))
    return made


def wrong_build(plan: Plan, facts: Mapping[str, object]) -> str:
    """What is wrong with the device that the finished environment found, "" where it is the one that was wanted.

    Args:
        plan: What was wanted.
        facts: What ``geopix doctor --json`` said.
    """
    device = str(facts.get("device", ""))
    if plan.build == "cpu" or device.startswith("cuda"):  # ROCm calls itself cuda, too
        return ""
    return tr("PyTorch is installed and finds no GPU; it runs on {device}.", device=device or "nothing")


def _environment(plan: Plan) -> Step:
    if plan.tool.kind == "python":
        arguments: tuple[str, ...] = ("-I", "-m", "venv", str(plan.environment))
    else:
        wanted = f"=={plan.bundle.python}.*" if plan.bundle else UV_PYTHONS
        offline = ("--offline",) if plan.bundle else ()
        arguments = ("venv", "--no-project", *offline, "--python", wanted, str(plan.environment))
    return Step("environment", tr("Make an environment"), str(plan.tool.path), arguments)


def _pytorch(plan: Plan) -> list[Step]:
    """PyTorch by itself, before all that needs it."""
    words = {"cpu": tr("for the CPU"), "cuda": tr("for NVIDIA GPUs"), "rocm": tr("for AMD GPUs")}[plan.build]
    title = tr("Install PyTorch {words}", words=words)
    if plan.bundle is None and plan.index == PYTORCH:
        # "auto" asks the driver which CUDA or ROCm it can do; without one it takes the CPU build, which the check tells
        wanted = ("--torch-backend", "cpu" if plan.build == "cpu" else "auto", "torch")
        if plan.tool.kind == "uv":
            return [_uv(plan, "torch", title, *wanted)]
        fetched = _pip(plan, "uv", tr("Fetch uv, which knows PyTorch's builds"), NEW_UV)
        step = _uv(plan, "torch", title, *wanted)
        return [fetched, Step(step.name, title, str(plan.python), ("-I", "-m", "uv", *step.arguments))]
    # an index of few packages often has old copies of others
    alone = () if plan.bundle or plan.index == SETTINGS else ("--no-deps", "--index-url", plan.index)
    return [(_uv if plan.tool.kind == "uv" else _pip)(plan, "torch", title, *alone, "torch")]


def _pip(plan: Plan, name: str, title: str, *wanted: str) -> Step:
    current = plan.bundle is None and name != "pip"  # by then pip was brought up to date
    pip = TRUSTS_SYSTEM if current else plan.tool.pip
    options = ["--disable-pip-version-check", "--no-input", "--no-color"]
    options += ["--progress-bar", "raw" if pip >= RAW_PROGRESS else "off"]
    if KNOWS_TRUSTSTORE <= pip < TRUSTS_SYSTEM:
        options += ["--use-feature", "truststore"]  # the certificates of the system, with those of a company's proxy
    options += _offline(plan)
    if name != "pip":
        options += ["--constraint", str(plan.constraints)]
    return Step(name, title, str(plan.python), ("-I", "-m", "pip", "install", *options, *wanted))


def _uv(plan: Plan, name: str, title: str, *wanted: str) -> Step:
    options = ["--python", str(plan.python), "--constraint", str(plan.constraints), *_offline(plan)]
    return Step(name, title, str(plan.tool.path), ("pip", "install", *options, *wanted))


def _offline(plan: Plan) -> list[str]:
    return ["--no-index", "--find-links", str(plan.bundle.wheels)] if plan.bundle else []
