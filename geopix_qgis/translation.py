"""Texts in the analyst's language: English in the code, others in ``i18n/geopix_<language>.ts``.

The files are those of Qt Linguist.  They are read as they are: a ``QTranslator`` of our own would be asked about every
text of QGIS, and a compiled file beside its source goes stale.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsApplication

from .qt import QtCore

FOLDER = Path(__file__).resolve().parent / "i18n"
_texts: dict[str, dict[str, str]] = {}  # of the languages in use, by language


def tr(text: str, **values: Any) -> str:
    """A text in the analyst's language, English where there is no translation, with values put into its ``{names}``.

    The text must be a literal (or have been through ``marked``), so that ``scripts/translations`` finds it.
    """
    translated = _known(QgsApplication.locale()[:2]).get(text, text)
    return translated.format(**values) if values else translated


def marked(text: str) -> str:
    """The text itself, for a constant that is shown through ``tr`` later."""
    return text


def read_ts(path: Path) -> dict[str, str]:
    """Translations by English text of a file of Qt Linguist; those that are not finished are left out.

    Raises:
        ValueError: If it is not such a file.
    """
    reader = QtCore.QXmlStreamReader(path.read_text("utf-8"))
    found: dict[str, str] = {}
    source = ""
    while not reader.atEnd():
        reader.readNext()
        if not reader.isStartElement():
            continue
        if reader.name() == "source":
            source = reader.readElementText()
        elif reader.name() == "translation":
            finished = not reader.attributes().hasAttribute("type")
            text = reader.readElementText()
            if finished and text:
                found[source] = text
    if reader.hasError():
        raise ValueError(f"{path.name} is no translation file: {reader.errorString()}. Install the plugin again.")
    return found


def _known(language: str) -> dict[str, str]:
    if language not in _texts:
        path = FOLDER / f"geopix_{language}.ts"
        _texts[language] = read_ts(path) if path.is_file() else {}
    return _texts[language]
