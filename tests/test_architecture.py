"""The import rules of ``docs/architecture.md``, file lengths, and no path of a developer's machine in any file."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {
    "geopix_qgis": ROOT / "geopix_qgis",
    "geopix_backend": ROOT / "backend" / "geopix_backend",
    "geopix_model": ROOT / "model" / "geopix_model",
}
MAX_LINES = 400
QT = {"qgis", "qtpy", "PyQt5", "PyQt6", "PySide2", "PySide6", "osgeo"}

# What a package may import beside the standard library and itself (None: anything) and what it never may.
ALLOWED: dict[str, set[str] | None] = {
    "geopix_qgis": {"qgis", "osgeo", "numpy"},
    "geopix_backend": None,
    "geopix_model": None,
}
NEVER = {
    "geopix_qgis": {"torch", "rasterio", "shapely", "geopix_backend", "geopix_model"},
    "geopix_backend": QT,
    "geopix_model": QT | {"rasterio", "shapely", "geopix_backend", "geopix_qgis"},
}
# (module, import) pairs that the table grants to one module only.
GRANTED = {("geopix_qgis.qt", "qtpy")}
# All that the backend may see of the plugin.
SHARED = {f"geopix_qgis.{name}" for name in ("bodies", "protocol", "vitals", "palette", "squaring")}

# Higher may import lower, never the other way, not even through a module that has no layer.
LAYERS = {
    "geopix_qgis": [
        {"plugin"},
        {"gui", "processing"},
        {"field_answers"},
        {"conversation"},
        # what was said
        {"asking", "history", "turn_book", "turns"},
        # answers on the map
        {"layers", "results"},
        # what is done with polygons of any layers
        {"export", "export_columns", "export_dxf", "export_formats", "export_ogr", "export_rows", "export_style"}
        | {"export_target", "field_names", "antimeridian", "review", "reshaping"},
        # one layer of answers
        {"provenance", "styling"},
        {"storage"},
        # a question on its way, and what the model process says of itself
        {"client", "models_client", "loopback", "backend_process", "pixels", "estimate", "diagnosis", "examples"}
        | {"handover", "endpoint", "health", "credentials", "model_choice", "file_pixels"}
        # installing the model process
        | {"process_home", "install_tools", "install_plan", "install_problems", "installer"},
        # which pixels
        {"raster"},
        {"areas", "rendering", "raster_grid", "map_tiles", "contrast", "window_count"},
        # polygons of one layer: read, hidden, measured, changed, taken back
        {"announcing", "links", "measuring", "undo", "summaries", "filters", "shaping"},
        # one polygon
        {"regions", "outlines", "ground", "measure", "local_frame", "right_angles"},
        {"squaring"},
        {"bodies"},
        {"protocol", "palette", "settings", "wording", "whole_file", "layer_group", "shipped", "qt", "errors"}
        | {"redaction", "offline_bundle", "vitals", "translation"},
    ],
    "geopix_backend": [{"cli"}, {"server"}, {"scheduler", "engine"}, {"tiling", "raster", "vectors"}],
}
STRANGERS = [("geopix_backend", {"tiling", "raster", "vectors"})]  # these do not know each other


@dataclass(frozen=True)
class Source:
    """One module: its dotted name, whether it is a package's ``__init__``, and its text."""

    name: str
    is_package: bool
    text: str


def sources(folders: dict[str, Path]) -> list[Source]:
    """Every module of the packages in ``folders`` (import name -> folder)."""
    found = []
    for package, folder in folders.items():
        for path in sorted(folder.rglob("*.py")):
            parts = [package, *path.relative_to(folder).with_suffix("").parts]
            is_package = parts[-1] == "__init__"
            found.append(Source(".".join(parts[:-1] if is_package else parts), is_package, path.read_text("utf-8")))
    return found


def imports(source: Source, modules: set[str]) -> Iterator[str]:
    """Dotted names that ``source`` imports anywhere in it, also inside functions and under TYPE_CHECKING.

    ``from a import b`` yields ``a.b`` where that is one of ``modules``, else ``a``.
    """
    for node in ast.walk(ast.parse(source.text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = node.level - 1 if source.is_package else node.level
                anchor = source.name.split(".")[: len(source.name.split(".")) - up]
                base = ".".join([*anchor, *([base] if base else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in modules else base


def import_graph(found: Iterable[Source]) -> dict[str, set[str]]:
    """What each module imports directly."""
    found = list(found)
    modules = {source.name for source in found}
    return {source.name: set(imports(source, modules)) for source in found}


def table_violations(graph: dict[str, set[str]]) -> list[str]:
    """Imports that the table of ``docs/architecture.md`` does not grant."""
    wrong = []
    for module, names in graph.items():
        package = module.split(".")[0]
        allowed = ALLOWED[package]
        for name in sorted(names):
            top = name.split(".")[0]
            if top in sys.stdlib_module_names or top == package or (module, top) in GRANTED:
                continue
            plugin_internals = package == "geopix_backend" and top == "geopix_qgis" and name not in SHARED
            if top in NEVER[package] or plugin_internals or (allowed is not None and top not in allowed):
                wrong.append(f"{module} imports {name}")
    return wrong


def layer_of(module: str) -> int | None:
    """Position of a module in its package's layers, 0 the highest; None where it has no layer."""
    package, _, rest = module.partition(".")
    head = rest.split(".")[0]
    return next((number for number, names in enumerate(LAYERS.get(package, [])) if head in names), None)


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    """Modules of the same package that ``start`` imports, directly or through others."""
    package = start.split(".")[0]
    seen: set[str] = set()
    queue = [start]
    while queue:
        for name in graph.get(queue.pop(), ()):
            if name in graph and name.split(".")[0] == package and name not in seen:
                seen.add(name)
                queue.append(name)
    return seen


def layer_violations(graph: dict[str, set[str]]) -> list[str]:
    """Modules that reach a higher layer, and modules of one layer that should not know each other."""
    wrong = []
    for module in graph:
        mine = layer_of(module)
        if mine is None:
            continue
        package, head = module.split(".")[:2]
        for name in sorted(reachable(graph, module)):
            theirs = layer_of(name)
            if theirs is None:
                continue
            other = name.split(".")[1]
            strangers = any(package == where and {head, other} <= names for where, names in STRANGERS)
            if theirs < mine or (strangers and head != other):
                wrong.append(f"{module} reaches {name}")
    return wrong


def cycles(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import themselves through others."""
    return [module for module in graph if any(module in reachable(graph, name) for name in graph[module])]


def graph_of(modules: dict[str, str]) -> dict[str, set[str]]:
    """The import graph of made-up modules, name -> text."""
    return import_graph(Source(name, False, text) for name, text in modules.items())


def test_packages_import_only_what_the_table_grants() -> None:
    assert table_violations(import_graph(sources(FOLDERS))) == []


def test_layers_import_downwards_only() -> None:
    assert layer_violations(import_graph(sources(FOLDERS))) == []


def test_every_module_of_the_plugin_has_one_layer() -> None:
    modules = {source.name.split(".")[1] for source in sources(FOLDERS) if source.name.startswith("geopix_qgis.")}
    placed = [name for names in LAYERS["geopix_qgis"] for name in names]
    assert sorted(placed) == sorted(modules)


def test_no_module_imports_itself_in_a_circle() -> None:
    assert cycles(import_graph(sources(FOLDERS))) == []


def test_a_circle_is_caught() -> None:
    modules = {
        "geopix_qgis.links": "from .regions import x",
        "geopix_qgis.regions": "def f():\n    from . import links",
        "geopix_qgis.areas": "from . import links",
    }
    assert cycles(graph_of(modules)) == ["geopix_qgis.links", "geopix_qgis.regions"]


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("geopix_qgis.raster", "import torch"),
        ("geopix_qgis.raster", "def read():\n    from rasterio.windows import Window"),
        ("geopix_qgis.gui.dock", "from qtpy.QtWidgets import QDockWidget"),
        ("geopix_qgis.client", "import requests"),
        ("geopix_qgis.client", "from geopix_backend import engine"),
        ("geopix_backend.engine", "from qgis.core import QgsProject"),
        ("geopix_backend.engine", "from geopix_qgis import settings"),
        ("geopix_model.nano.config", "import rasterio"),
        ("geopix_model.nano.config", "from geopix_backend.errors import RasterError"),
    ],
)
def test_an_import_outside_the_table_is_caught(module: str, text: str) -> None:
    assert len(table_violations(graph_of({module: text, "geopix_qgis.settings": ""}))) == 1


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("geopix_qgis.qt", "from qtpy import QtCore"),
        ("geopix_qgis.layers", "from __future__ import annotations\nimport json\nfrom qgis.core import QgsVectorLayer"),
        ("geopix_backend.server", "from geopix_qgis import protocol\nfrom geopix_qgis.protocol import TextEvent"),
        ("geopix_model.predictor", "import numpy as np\nimport torch"),
    ],
)
def test_an_import_of_the_table_is_granted(module: str, text: str) -> None:
    assert table_violations(graph_of({module: text, **dict.fromkeys(SHARED, "")})) == []


@pytest.mark.parametrize(
    "modules",
    [
        {"geopix_backend.engine": "from .server import app", "geopix_backend.server": ""},
        {"geopix_backend.engine": "from . import server", "geopix_backend.server": ""},
        {"geopix_backend.vectors": "from .raster import Tile", "geopix_backend.raster": ""},
        {
            "geopix_backend.tiling": "from .between import x",
            "geopix_backend.between": "from . import cli",
            "geopix_backend.cli": "",
        },
        {"geopix_qgis.conversation": "from .gui import dock", "geopix_qgis.gui.dock": ""},
        {"geopix_qgis.layers": "def f():\n    from ..geopix_qgis.gui.dock import Dock", "geopix_qgis.gui.dock": ""},
        {"geopix_qgis.protocol": "import geopix_qgis.client", "geopix_qgis.client": ""},
    ],
)
def test_an_import_of_a_higher_layer_is_caught(modules: dict[str, str]) -> None:
    assert len(layer_violations(graph_of(modules))) >= 1


def test_an_import_of_a_lower_layer_is_granted() -> None:
    modules = {
        "geopix_backend.engine": "from . import raster, vectors\nfrom .tiling import windows",
        "geopix_backend.raster": "",
        "geopix_backend.vectors": "",
        "geopix_backend.tiling": "",
    }
    assert layer_violations(graph_of(modules)) == []


def repository_files() -> list[Path]:
    """Files that git tracks or would track; the packages' own files where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()] or [p for f in FOLDERS.values() for p in f.rglob("*.py")]


def test_no_python_file_is_longer_than_400_lines() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines())
        for path in repository_files()
        if path.suffix == ".py"
    }
    assert len(lengths) > 10, "the list of files is too short to be the repository"
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


TEXT_SUFFIXES = {".py", ".md", ".toml", ".txt", ".json", ".cfg", ".in", ".yml", ".yaml", ".sh", ".qml", ".svg", ""}
# Written so that this line is not itself a hit.
HOST_PATH = re.compile(r"(?<![\w.$}/-])/(?:" + "|".join(["work", "root", "tmp"]) + r")/\w")


def test_no_file_names_a_path_of_a_developers_machine() -> None:
    hits = []
    for path in repository_files():
        if path.suffix in TEXT_SUFFIXES:
            for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
                if HOST_PATH.search(line):
                    hits.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert hits == []


@pytest.mark.parametrize("line", ["open('/" + "work/main/x.py')", "cd /" + "root/code", "see /" + "tmp/r1/out.tif"])
def test_a_path_of_a_developers_machine_is_caught(line: str) -> None:
    assert HOST_PATH.search(line)


@pytest.mark.parametrize(
    "line", ["https://example.org/" + "work/x", "docs/" + "work/plan.md", "GET /v1/ask", "$HOME/" + "work/x"]
)
def test_other_paths_are_let_through(line: str) -> None:
    assert not HOST_PATH.search(line)
