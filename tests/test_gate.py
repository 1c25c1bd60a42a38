"""``scripts/gate`` finds what the plugin repository would refuse."""

from __future__ import annotations

import base64
import hashlib
import importlib.machinery
import importlib.util
import io
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / ".venv-gate" / "bin"
NEEDED = ("__init__.py", "metadata.txt", "LICENSE")
METADATA = (ROOT / "metadata.txt").read_text("utf-8")
NAMES = ["geopix_qgis/resources/icon.svg"]

with_tools = pytest.mark.skipif(not (TOOLS / "bandit").exists(), reason="needs .venv-gate: run scripts/install_gate")


@pytest.fixture(scope="module")
def gate() -> ModuleType:
    """The script as a module."""
    loader = importlib.machinery.SourceFileLoader("gate", str(ROOT / "scripts" / "gate"))
    spec = importlib.util.spec_from_loader("gate", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def archive(*names: str) -> zipfile.ZipFile:
    """A zip with files of these names."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return zipfile.ZipFile(memory)


GOOD = tuple(f"geopix_qgis/{name}" for name in NEEDED)


@pytest.mark.parametrize(
    ("names", "size", "problem"),
    [
        (GOOD, 30_000_000, "at most 25,000,000"),
        ((*GOOD, "other/x.py"), 10, "top folders"),
        (GOOD[:2], 10, "LICENSE is missing"),
        ((*GOOD, "geopix_qgis/x.so"), 10, "x.so is refused"),
        ((*GOOD, "geopix_qgis/__pycache__/x.txt"), 10, "is refused"),
        ((*GOOD, "geopix_qgis/../x.txt"), 10, "is refused"),
        ((*GOOD, "geopix_qgis/gui/ui_dock.py"), 10, "is refused"),
    ],
)
def test_a_zip_that_is_refused_is_found(gate: ModuleType, names: tuple[str, ...], size: int, problem: str) -> None:
    assert list(gate.file_problems(archive(*GOOD), 10)) == []
    (sentence,) = gate.file_problems(archive(*names), size)
    assert problem in sentence


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("tracker=", "trakker=", "the field tracker is missing"),
        ("experimental=True", "experimental=perhaps", "expected True or False"),
        ("description=", "description=<b>", "has HTML"),
        ("category=Raster", "category=Pictures", "unknown"),
        ("icon=resources/icon.svg", "icon=icon.png", "not in the zip"),
        ("hasProcessingProvider=yes", "hasProcessingProvider=no", "hasProcessingProvider"),
        ("name=GeoPix", "name=GeoPix plugin", "the word plugin"),
    ],
)
def test_metadata_that_is_refused_is_found(gate: ModuleType, old: str, new: str, problem: str) -> None:
    assert list(gate.metadata_problems(METADATA, NAMES)) == []
    (sentence,) = gate.metadata_problems(METADATA.replace(old, new, 1), NAMES)
    assert problem in sentence


def test_metadata_claims_qgis_3_22_to_4_and_says_what_was_tested() -> None:
    lines = dict(line.split("=", 1) for line in METADATA.splitlines() if "=" in line)
    assert (lines["qgisMinimumVersion"], lines["qgisMaximumVersion"]) == ("3.22", "4.99")
    assert "Not tested:" in lines["about"]


ABOUT = "geopix_qgis-0.1.0.dist-info"
IN_WHEEL = {
    "geopix_model/__init__.py": b"",
    "geopix_model/weights/nano/model.safetensors": b"x",
    f"{ABOUT}/METADATA": b"Name: geopix-qgis\nRequires-Dist: torch\n",
}


def wheel(recorded: dict[str, bytes], unrecorded: dict[str, bytes]) -> zipfile.ZipFile:
    """A wheel with files that its RECORD knows, and with others, which may replace them."""
    memory = io.BytesIO()
    lines = [f"{ABOUT}/RECORD,,"]
    for name, data in recorded.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        lines.append(f"{name},sha256={digest},{len(data)}")
    with zipfile.ZipFile(memory, "w") as made:
        for name, data in {**recorded, **unrecorded}.items():
            made.writestr(name, data)
        made.writestr(f"{ABOUT}/RECORD", "\n".join(lines))
    return zipfile.ZipFile(memory)


@pytest.mark.parametrize(
    ("recorded", "unrecorded", "problem"),
    [
        ({"geopix_model/x.so": b"x"}, {}, "geopix_model/x.so does not belong"),
        ({"geopix_model/x.pyc": b"x"}, {}, "geopix_model/x.pyc does not belong"),
        ({"geopix_model/__pycache__/x.py": b"x"}, {}, "__pycache__/x.py does not belong"),
        ({"geopix_model/notes.txt": b"x"}, {}, "geopix_model/notes.txt does not belong"),
        ({"tests/x.py": b"x"}, {}, "tests/x.py does not belong"),
        ({}, {"geopix_backend/stray.py": b""}, "geopix_backend/stray.py is only in the wheel"),
        ({}, {"geopix_model/__init__.py": b"other"}, "geopix_model/__init__.py is not what its RECORD says"),
        ({f"{ABOUT}/METADATA": b"Requires-Dist: x @ https://example.org/x.whl\n"}, {}, "something from an address"),
    ],
)
def test_what_does_not_belong_into_the_wheel_is_found(
    gate: ModuleType, recorded: dict[str, bytes], unrecorded: dict[str, bytes], problem: str
) -> None:
    assert list(gate.wheel_problems(wheel(IN_WHEEL, {}), "0.1.0")) == []
    (sentence,) = gate.wheel_problems(wheel({**IN_WHEEL, **recorded}, unrecorded), "0.1.0")
    assert problem in sentence


def test_a_zip_without_its_wheel_or_with_one_of_another_version_is_found(gate: ModuleType, tmp_path: Path) -> None:
    (sentence,) = gate.wheel_problems(wheel(IN_WHEEL, {}), "0.2.0")
    assert "is not of version 0.2.0" in sentence
    (sentence,) = gate.inside_wheel(tmp_path, [])
    assert "has 0 wheels" in sentence


@with_tools
def test_bandit_finds_what_a_comment_would_hide(gate: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "geopix_qgis"
    folder.mkdir()
    (folder / "a.py").write_text("import subprocess\nsubprocess.run('ls', shell=True)  # nosec\n")
    (folder / "b.py").write_text("assert input()\n")
    found = sorted(gate.bandit_problems(tmp_path, "geopix_qgis"))
    assert any("a.py:2: B602 (cannot be waived)" in line for line in found)
    assert any("b.py:1: B101 (can be waived)" in line for line in found)


@with_tools
def test_a_secret_and_bad_style_are_found(gate: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "geopix_qgis"
    folder.mkdir()
    key = "AKIA" + "IOSFODNN7EXAMPLQ"
    (folder / "a.py").write_text(f"import os\nkey = '{key}'\n")
    assert any("AWS Access Key" in line for line in gate.secret_problems(tmp_path, "geopix_qgis"))
    assert any("F401" in line for line in gate.style_problems(tmp_path))


@with_tools
def test_the_analyzer_finds_what_qt_6_has_removed(gate: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "geopix_qgis"
    folder.mkdir()
    (folder / "metadata.txt").write_text(METADATA)
    (folder / "__init__.py").write_text("def classFactory(iface):\n    pass\n")
    (folder / "a.py").write_text("from PyQt5.QtCore import QRegExp\n\n\nWORD = QRegExp('a')\n")
    found = list(gate.analyzer_problems(tmp_path))
    assert any(("a.py" in line and "QT6" in line) or "PYQT5" in line for line in found), found
