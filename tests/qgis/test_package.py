"""The zip keeps the rules of the QGIS plugin repository and loads in QGIS."""

from __future__ import annotations

import configparser
import io
import os
import re
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

from geopix_qgis import offline_bundle
from tests.qgis import wheels

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = ["name", "description", "version", "qgisMinimumVersion", "author", "email", "about", "icon", "category"]
ADDRESSES = ["tracker", "repository", "homepage"]
BINARIES = (".exe", ".dll", ".so", ".dylib", ".bat", ".sh", ".ps1", ".cmd", ".pyc", ".pyo")


def pack(folder: Path) -> Path:
    command = [sys.executable, str(ROOT / "scripts" / "package_plugin"), "-o", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    (path,) = folder.glob("*.zip")
    return path


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    with zipfile.ZipFile(pack(tmp_path_factory.mktemp("dist"))) as archive:
        yield archive


@pytest.fixture(scope="module")
def metadata(archive):
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_file(io.TextIOWrapper(archive.open("geopix_qgis/metadata.txt"), "utf-8"))
    return parser["general"]


def test_the_zip_has_one_top_folder_with_what_the_repository_demands(archive):
    names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {"geopix_qgis"}
    shipped = ("resources/icon.svg", "resources/geopix_answers.qml", "docs/guide.md", "docs/images/dock.png")
    for name in ("__init__.py", "metadata.txt", "LICENSE", *shipped):
        assert f"geopix_qgis/{name}" in names
    assert len(names) == len(set(names))


def test_the_zip_holds_nothing_that_the_repository_refuses(archive):
    for item in archive.infolist():
        assert not item.filename.endswith(BINARIES)
        assert not re.search(r"__pycache__|\.git|__MACOSX|\.\.|\\|^/|:", item.filename)
        assert item.external_attr >> 28 != 0o12  # a symbolic link
    assert Path(archive.filename).stat().st_size < 25_000_000


def test_the_zip_brings_the_packages_of_the_model_its_weights_and_the_tested_versions(archive, metadata):
    name = f"geopix_qgis/packages/geopix_qgis-{metadata['version']}-py3-none-any.whl"
    with zipfile.ZipFile(io.BytesIO(archive.read(name))) as wheel:
        held = wheel.namelist()
    for path in ("geopix_backend/cli.py", "geopix_model/weights/nano/model.safetensors", "geopix_qgis/protocol.py"):
        assert path in held
    tested = (ROOT / "scripts" / "constraints.txt").read_bytes()
    assert archive.read("geopix_qgis/packages/constraints.txt") == tested


def test_the_script_makes_a_bundle_that_the_plugin_accepts(tmp_path):
    torch, model = wheels.fill(tmp_path / "index")
    with zipfile.ZipFile(tmp_path / "plugin.zip", "w") as plugin:
        plugin.write(model, f"geopix_qgis/packages/{model.name}")
        plugin.writestr("geopix_qgis/packages/constraints.txt", "torch==2.13.0\n")
    command = [sys.executable, ROOT / "scripts" / "bundle", tmp_path / "bundle", "--plugin", tmp_path / "plugin.zip"]
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "index")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = offline_bundle.read(tmp_path / "bundle")
    offline_bundle.check(made, lambda *_: None)
    assert set(made.files) == {torch.name, model.name}
    assert (made.python, made.system) == (".".join(map(str, sys.version_info[:2])), offline_bundle.this_system())
    torch.unlink()
    (tmp_path / "other").mkdir()
    done = subprocess.run(
        [*command[:2], tmp_path / "other", *command[3:]], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 2 and "No matching distribution found for torch" in done.stderr
    assert not (tmp_path / "other" / offline_bundle.MANIFEST).exists()


def test_the_zip_is_named_by_its_version_and_the_same_tree_gives_the_same_bytes(archive, metadata, tmp_path):
    assert Path(archive.filename).name == f"geopix_qgis-{metadata['version']}.zip"
    assert pack(tmp_path).read_bytes() == Path(archive.filename).read_bytes()


def test_the_metadata_keeps_the_rules_of_the_repository(metadata, archive):
    assert [key for key in REQUIRED + ADDRESSES if not metadata.get(key)] == []
    assert re.fullmatch(r"\d+\.\d+\.\d+", metadata["version"])
    assert (metadata["qgisMinimumVersion"], metadata["qgisMaximumVersion"]) == ("3.22", "3.99")
    assert "plugin" not in metadata["name"].lower() and "/" not in metadata["author"]
    assert "supportsQt6" not in metadata
    assert not any("<" in metadata[key] for key in ("description", "about", "changelog"))
    assert metadata["category"] == "Raster"
    assert f"geopix_qgis/{metadata['icon']}" in archive.namelist()
    for key in ADDRESSES:
        assert metadata[key].startswith("https://")


def test_no_module_imports_what_qgis_does_not_bring(archive):
    allowed = {"qgis", "osgeo", "numpy", "qtpy", "__future__", *sys.stdlib_module_names}
    for name in archive.namelist():
        if name.endswith(".py"):
            for found in re.findall(r"^\s*(?:import|from)\s+(\w+)", archive.read(name).decode(), re.MULTILINE):
                assert found in allowed, (name, found)


@pytest.mark.parametrize("qtpy", [True, False])
def test_the_unpacked_zip_loads_in_qgis_with_and_without_qtpy(archive, tmp_path, qtpy):
    archive.extractall(tmp_path / "plugins")
    script = textwrap.dedent(
        """
        import sys
        if not {qtpy}:
            sys.modules["qtpy"] = None
        from unittest.mock import MagicMock
        from qgis.testing import start_app
        start_app()
        from qgis.gui import QgsMapCanvas
        import geopix_qgis, os
        from qgis.PyQt.QtWidgets import QMainWindow
        iface, window, canvas = MagicMock(), QMainWindow(), QgsMapCanvas()
        iface.mainWindow.return_value, iface.mapCanvas.return_value = window, canvas
        plugin = geopix_qgis.classFactory(iface)
        plugin.initGui()
        from geopix_qgis.plugin import icon
        drawn = not icon().pixmap(16, 16).isNull()
        print("loaded", os.path.dirname(geopix_qgis.__file__), drawn, plugin.dock.windowTitle())
        plugin.unload()
        sys.stdout.flush()
        os._exit(0)
        """
    ).format(qtpy=qtpy)
    path = tmp_path / "load.py"
    path.write_text(script)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "plugins"), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, path], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert f"loaded {tmp_path / 'plugins' / 'geopix_qgis'} True GeoPix" in done.stdout, done.stderr
