"""Texts in the analyst's language."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from geopix_qgis import translation
from geopix_qgis.translation import FOLDER, read_ts, tr

HERE = Path(__file__).resolve().parent
SCRIPT = HERE.parents[1] / "scripts" / "translations"


@pytest.fixture(scope="module")
def script():
    """``scripts/translations`` as a module."""
    loader = importlib.machinery.SourceFileLoader("translations", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("translations", loader))
    loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def german(tmp_path_factory):
    """What a QGIS set to German shows."""
    folder = tmp_path_factory.mktemp("german")
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QGIS_CUSTOM_CONFIG_PATH": str(folder)}
    command = [sys.executable, str(HERE / "german_dock.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines, done.stdout + done.stderr
    return json.loads(lines[0])


def test_every_text_is_translated_with_its_placeholders():
    done = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("german", "problem"),
    [("", "no translation"), ("{cout} Polygone", "other placeholders"), ("{count} Polygone", "other placeholders")],
)
def test_a_translation_that_is_missing_or_loses_a_placeholder_is_found(script, tmp_path, german, problem):
    texts, path = {"{count:,} polygons": ["wording.py"]}, tmp_path / "geopix_de.ts"
    path.write_text(script.written("de", texts, {"{count:,} polygons": german}))
    (sentence,) = script.problems(path, texts, script.read(path))
    assert problem in sentence


def test_a_text_that_is_new_in_the_code_is_found(script, tmp_path):
    path = tmp_path / "geopix_de.ts"
    path.write_text(script.written("de", {}, {}))
    sentences = list(script.problems(path, {"new": ["dock.py"]}, script.read(path)))
    assert "not up to date" in sentences[0] and "no translation" in sentences[1]


def test_the_german_dock_is_german(german, script):
    known = read_ts(FOLDER / "geopix_de.ts")
    english = {text for text, translated in known.items() if text != translated} - set(known.values())
    for window in ("dock", "options", "algorithms"):
        assert set(german[window]) & english == set()
    assert {"Senden", "Export …", "Frage zum Raster", "Neues Gespräch"} <= set(german["dock"])
    assert "Mindestkonfidenz eines Polygons" in german["options"]
    assert german["invitation"].startswith("Fragen Sie in einfachen Worten, auf Englisch.")
    assert "Segment the buildings and the roads." in german["invitation"]  # the model reads English


def test_german_numbers_have_german_signs(german):
    assert german["numbers"] == ["1 Polygon", "12.345 Polygone", "1.234 m²", "25,0 ha"]


def test_english_needs_no_file_and_puts_values_in():
    assert translation.language() != "de"
    assert tr("{count:,} polygons", count=1234) == "1,234 polygons"
    assert tr("100 % {unknown") == "100 % {unknown"


def test_a_file_that_is_no_translation_is_refused(tmp_path):
    path = tmp_path / "geopix_xx.ts"
    path.write_text("<TS><context><message><source>a</source>")
    with pytest.raises(ValueError, match=r"geopix_xx.ts is no translation file"):
        read_ts(path)


def test_what_is_not_finished_stays_english(tmp_path):
    path = tmp_path / "geopix_xx.ts"
    message = "<message><source>{}</source><translation{}>{}</translation></message>"
    rows = message.format("a", "", "A &amp; B") + message.format("b", ' type="unfinished"', "B")
    path.write_text(f"<TS><context><name>geopix</name>{rows}</context></TS>")
    assert read_ts(path) == {"a": "A & B"}
