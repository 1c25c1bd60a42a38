"""The wheel holds the three packages with their data, and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from geopix_model import __version__

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {
    "geopix_qgis": ROOT / "geopix_qgis",
    "geopix_backend": ROOT / "backend" / "geopix_backend",
    "geopix_model": ROOT / "model" / "geopix_model",
}
SKIPPED = {".pyc"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The distribution, built from a copy of what it is made of, so that no build folder is left in the tree."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for path in (ROOT / name for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "metadata.txt")):
        shutil.copy(path, source)
    for folder in PACKAGES.values():
        shutil.copytree(folder, source / folder.relative_to(ROOT), ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", str(built), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = built.glob("*.whl")
    return zipfile.ZipFile(path)


def package_files() -> set[str]:
    """Every file of the three packages as the wheel should name it."""
    return {
        f"{name}/{path.relative_to(folder).as_posix()}"
        for name, folder in PACKAGES.items()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in SKIPPED and path.name not in {".DS_Store", ".gitkeep"}
    }


def metadata(wheel: zipfile.ZipFile) -> str:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return wheel.read(name).decode()


def test_the_wheel_holds_every_file_of_the_three_packages_and_no_other(wheel: zipfile.ZipFile) -> None:
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert package_files() - held == set(), "a package lacks __init__.py, or setup.py does not name this kind of file"
    assert held - package_files() == set()


def test_the_wheel_holds_the_weights_of_the_embedded_model(wheel: zipfile.ZipFile) -> None:
    weights = [info for info in wheel.infolist() if re.match(r"geopix_model/weights/.*\.safetensors$", info.filename)]
    assert weights, "no safetensors file under geopix_model/weights"
    assert sum(info.file_size for info in weights) < 30 * 2**20
    assert "geopix_model/weights/nano/MODEL_CARD.md" in wheel.namelist()


def test_the_wheel_names_its_licence_its_version_and_what_it_needs(wheel: zipfile.ZipFile) -> None:
    head = Parser().parsestr(metadata(wheel))
    assert head["Name"] == "geopix-qgis"
    assert head["Version"] == __version__
    assert head["License-Expression"] == "MIT"
    assert head["Requires-Python"] == ">=3.11"
    needed = {re.split(r"[<>=;\s\[]", line)[0] for line in head.get_all("Requires-Dist", []) if "extra ==" not in line}
    assert {"torch", "transformers", "rasterio", "shapely", "pyogrio", "fastapi", "uvicorn"} <= needed
    assert not needed & {"qtpy", "PyQt5", "pytest", "efficientnet-lite-pytorch"}


def test_the_wheel_installs_the_command_geopix(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt"))
    assert "geopix = geopix_backend.cli:main" in wheel.read(name).decode().splitlines()


def test_plugin_metadata_has_the_version_of_the_wheel() -> None:
    match = re.search(r"^version=(.+)$", (ROOT / "metadata.txt").read_text("utf-8"), re.MULTILINE)
    assert match is not None
    assert match[1].strip() == __version__


def test_the_installed_packages_are_those_of_this_tree() -> None:
    code = f"import {', '.join(PACKAGES)}; print({', '.join(f'{name}.__file__' for name in PACKAGES)}, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT.parent, capture_output=True, text=True, check=True)
    assert [Path(name).parent.resolve() for name in done.stdout.splitlines()] == list(PACKAGES.values())
