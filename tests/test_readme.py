"""What the README promises is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PACKAGES = ("geopix_qgis", "backend/geopix_backend", "model/geopix_model")


def mapped_modules() -> set[str]:
    """Paths of the Python files that the file map names."""
    folder, found = "", set()
    for line in README.split("## File map")[1].splitlines():
        if head := re.match(r"(\S+)/\s", line):
            folder = head[1]
        elif entry := re.match(r"  (\S+\.py)\s", line):
            found.add(f"{folder}/{entry[1]}")
    return found


def test_every_module_has_its_line_in_the_file_map() -> None:
    modules = {path.relative_to(ROOT).as_posix() for name in PACKAGES for path in (ROOT / name).rglob("*.py")}
    assert mapped_modules() == {name for name in modules if not name.endswith("__init__.py")}


def test_every_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", README)
    local = [link for link in links if "://" not in link]
    assert len(local) >= 4
    assert [link for link in local if not (ROOT / link).exists()] == []


def test_every_option_of_geopix_ask_exists() -> None:
    used = {
        word
        for line in README.splitlines()
        if "geopix ask" in line
        for word in re.findall(r"(?<=\s)--?[a-z][\w-]*", line)
    }
    command = [sys.executable, "-m", "geopix_backend.cli", "ask", "--help"]
    known = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert used >= {"-o", "--bbox", "--tile"}
    assert [option for option in sorted(used) if not re.search(rf"(?<![\w-]){option}\b", known)] == []


def test_every_command_line_program_named_exists() -> None:
    scripts = set(re.findall(r"`?(scripts/\w+)", README))
    assert scripts >= {"scripts/demo", "scripts/test"}
    assert [name for name in sorted(scripts) if not (ROOT / name).stat().st_mode & 0o100] == []
