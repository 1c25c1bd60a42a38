"""Texts in the analyst's language: English in the code, others in ``i18n/geopix_<language>.ts``.

The files are those of Qt Linguist.  They are read as they are: a ``QTranslator`` of our own would be asked about every
text of QGIS, and a compiled file beside its source goes stale.
"""

from __future__ import annotations

import functools
import string
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication

from .qt import QtCore

FOLDER = Path(__file__).resolve().parent / "i18n"
DECIMAL_COMMA = {"de"}
SWAPPED = str.maketrans(",.", ".,")


def tr(text: str, /, **values: Any) -> str:
    """A text in the analyst's language, English where there is no translation, with values put into its ``{names}``.

    The text must be a literal, so that ``scripts/translations`` finds it.
    """
    translated = texts().get(text, text)
    return FORMATTER.vformat(translated, (), values) if values else translated


def language() -> str:
    """Two letters; QGIS wants a restart to change it."""
    return str(QgsApplication.locale())[:2]


@functools.lru_cache(maxsize=1)
def texts() -> dict[str, str]:
    """Translations into the analyst's language by English text."""
    path = FOLDER / f"geopix_{language()}.ts"
    return read_ts(path) if path.is_file() else {}


class LocalNumbers(string.Formatter):
    """Numbers with a format get the signs of the language: 1,234.5 is 1.234,5 in German."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """One value of a text."""
        shown = format(value, format_spec)
        number = isinstance(value, (int, float)) and bool(format_spec)
        return shown.translate(SWAPPED) if number and language() in DECIMAL_COMMA else shown


FORMATTER = LocalNumbers()


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
