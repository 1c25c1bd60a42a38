"""Names of fields in a file: declared short ones for a shapefile, a rule for the others, and what is wrong with one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from .export_formats import Format
from .translation import tr

SHAPEFILE_CHARACTERS = 10
# The only fields of a result layer whose name is too long; the same short names as in the terminal's shapefiles.
DECLARED = {"perimeter_m": "perim_m"}
CASE_BLIND = ("gpkg", "shp", "kml")  # here "Class" and "class" are one field


def propose(names: Iterable[str], form: Format) -> tuple[tuple[str, str], ...]:
    """(name in the layer, name in the file) for each field, in order; a format without fields gets none."""
    if not form.has_fields:
        return ()
    pairs: list[tuple[str, str]] = []
    taken: set[str] = set()
    for name in names:
        wanted = DECLARED.get(name) or shortened(name) if form.key == "shp" else name
        final = _free(wanted, taken, form)
        taken.add(_same(final, form))
        pairs.append((name, final))
    return tuple(pairs)


def shortened(name: str) -> str:
    """At most 10 ASCII letters, digits and underscores, a letter first: accents go, anything else becomes ``_``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"\W+", "_", plain).strip("_")
    if not plain[:1].isalpha():
        plain = f"f_{plain}" if plain else "field"
    return plain[:SHAPEFILE_CHARACTERS].rstrip("_")


def problems(finals: Sequence[str], form: Format) -> dict[int, str]:
    """What is wrong with names in a file, by their position; empty where all can be used."""
    found: dict[int, str] = {}
    seen: set[str] = set()
    for number, name in enumerate(finals):
        if not name.strip():
            found[number] = tr("A field has no name. Type one, or leave the field out.")
        elif form.key == "shp" and not name.isascii():
            found[number] = tr(
                "The field name {name!r} has other than ASCII characters; a shapefile cannot hold them.", name=name
            )
        elif form.key == "shp" and not re.fullmatch(r"[A-Za-z]\w*", name):
            found[number] = tr(
                "The field name {name!r} must be letters, digits and underscores, a letter first.", name=name
            )
        elif form.key == "shp" and len(name) > SHAPEFILE_CHARACTERS:
            found[number] = tr(
                "The field name {name!r} has {count} characters; a shapefile holds 10.", name=name, count=len(name)
            )
        elif _same(name, form) in seen:
            found[number] = tr("Two fields are called {name!r}. Rename one, or leave it out.", name=name)
        seen.add(_same(name, form))
    return found


def _same(name: str, form: Format) -> str:
    return name.casefold() if form.key in CASE_BLIND else name


def _free(wanted: str, taken: set[str], form: Format) -> str:
    """``wanted``, or with the first number that no other field has."""
    final, number = wanted, 1
    while _same(final, form) in taken:
        tail = f"_{number}"
        final = (wanted[: SHAPEFILE_CHARACTERS - len(tail)] if form.key == "shp" else wanted) + tail
        number += 1
    return final
