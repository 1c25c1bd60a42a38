"""What the guide shows is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "docs" / "guide.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
PERFORMANCE = (ROOT / "docs" / "performance.md").read_text("utf-8")
CARD = ROOT / "model" / "geopix_model" / "weights" / "nano" / "MODEL_CARD.md"
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
MOST_BYTES, MOST_BYTES_IN_ALL = 400_000, 2_000_000


def test_every_picture_is_there_and_every_picture_is_used() -> None:
    used = {ROOT / "docs" / name for _, name in PICTURE.findall(GUIDE + PERFORMANCE)}
    used |= {ROOT / name for _, name in PICTURE.findall(README)}
    used |= {(CARD.parent / name).resolve() for _, name in PICTURE.findall(CARD.read_text("utf-8"))}
    assert used == set((ROOT / "docs" / "images").iterdir())


def test_every_picture_is_described_in_words() -> None:
    pictures = PICTURE.findall(GUIDE + README + PERFORMANCE + CARD.read_text("utf-8"))
    assert [name for words, name in pictures if len(words.split()) < 5] == []


def test_the_pictures_are_quick_to_fetch() -> None:
    sizes = {path.name: path.stat().st_size for path in (ROOT / "docs" / "images").iterdir()}
    assert {name: size for name, size in sizes.items() if size > MOST_BYTES} == {}
    assert sum(sizes.values()) <= MOST_BYTES_IN_ALL


def test_every_link_of_the_guide_leads_somewhere() -> None:
    headings = {
        re.sub(r"[^\w -]", "", line.lstrip("# ")).lower().replace(" ", "-")
        for line in GUIDE.splitlines()
        if line.startswith("#")
    }
    links = re.findall(r"\]\(([^)\s]+)\)", GUIDE)
    assert [link for link in links if link.startswith("#") and link[1:] not in headings] == []
    files = [link for link in links if not link.startswith("#") and "://" not in link]
    assert [link for link in files if not (ROOT / "docs" / link).exists()] == []


def test_every_script_that_the_guide_names_can_be_run() -> None:
    scripts = set(re.findall(r"`(scripts/\w+)", GUIDE))
    assert [name for name in sorted(scripts) if not (ROOT / name).stat().st_mode & 0o100] == []


def test_the_key_to_the_prompt_is_the_one_of_the_plugin() -> None:
    plugin = (ROOT / "geopix_qgis" / "plugin.py").read_text("utf-8")
    key = re.search(r'SHORTCUT = "([^"]+)"', plugin)
    assert key and f"| {key[1]} |" in GUIDE
