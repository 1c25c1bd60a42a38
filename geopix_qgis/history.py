"""Conversations outlive a session: kept in the project file, and written as Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Optional

from qgis.core import QgsProject

from .turns import Phrase, TurnRecord

SCOPE, KEY = "geopix", "conversation"
VERSION = 1
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")
KEPT_TURNS = 300  # the newest; a project file should open fast for ever
PLAIN = (
    "number",
    "prompt",
    "raster",
    "area",
    "source",
    "time",
    "new_context",
    "footer",
    "warning",
    "problem",
    "undone",
)


def keep(project: QgsProject, turns: Sequence[TurnRecord]) -> None:
    """Puts turns into a project; they are in its file once it is saved."""
    if turns:
        project.writeEntry(SCOPE, KEY, dump(turns))
    else:
        project.removeEntry(SCOPE, KEY)


def restore(project: QgsProject) -> list[TurnRecord]:
    """The turns that a project keeps; none where it keeps none, or not in a way that this version reads."""
    text, found = project.readEntry(SCOPE, KEY, "")
    return load(text) if found and text else []


def dump(turns: Sequence[TurnRecord]) -> str:
    """Turns as JSON, without their layers."""
    return json.dumps({"version": VERSION, "turns": [_plain(turn) for turn in turns[-KEPT_TURNS:]]}, ensure_ascii=False)


def load(text: str) -> list[TurnRecord]:
    """The inverse of ``dump``.  A project file may come from anywhere: what is not of the expected form is left out."""
    try:
        said = json.loads(text)
    except ValueError:
        return []
    entries = said.get("turns", []) if isinstance(said, dict) and said.get("version") == VERSION else []
    turns = [_record(entry) for entry in entries if isinstance(entry, dict)]
    return [turn for turn in turns if turn is not None]


def markdown(turns: Sequence[TurnRecord]) -> str:
    """A conversation for a report."""
    parts = ["# GeoPix conversation\n"]
    for turn in turns:
        if turn.new_context:
            parts.append(f"*{_escaped(turn.new_context)}*\n")
        about = ", ".join(text for text in (turn.raster, turn.area, turn.time) if text)
        quoted = "\n".join(f"> {line}" for line in _escaped(turn.prompt).split("\n"))
        parts.append(f"## {turn.number}. {_escaped(about)}\n\n{quoted}\n")
        if turn.answer.strip():
            parts.append("".join(_piece(text, target, turn) for text, target in turn.pieces).strip() + "\n")
        if turn.problem:
            parts.append(f"**Problem:** {_escaped(turn.problem)}\n")
        undone = " Its polygons were taken off the map." if turn.undone else ""
        footer = f"{turn.footer} {turn.warning}".strip()
        if footer or undone:
            parts.append(f"*{_escaped(footer)}{undone}*\n")
    return "\n".join(parts)


def _plain(turn: TurnRecord) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(turn, name) for name in PLAIN}
    values["pieces"] = [list(piece) for piece in turn.pieces]
    values["phrases"] = {str(target): [p.category, p.colour, p.arrived] for target, p in turn.phrases.items()}
    return values


def _record(entry: dict[str, Any]) -> Optional[TurnRecord]:
    try:
        values = {name: type(getattr(_BLANK, name))(entry[name]) for name in PLAIN}
        pieces = [(str(text), None if target is None else int(target)) for text, target in entry["pieces"]]
        phrases = {
            int(target): Phrase(str(category), str(colour), int(arrived))
            for target, (category, colour, arrived) in entry["phrases"].items()
            if COLOUR.match(colour)
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return TurnRecord(**values, pieces=pieces, phrases=phrases)


def _piece(text: str, target: Optional[int], turn: TurnRecord) -> str:
    if target is None or target not in turn.phrases:
        return _escaped(text)
    return f"**{_escaped(text)}** ({turn.phrases[target].arrived})"


def _escaped(text: str) -> str:
    """Text that Markdown leaves as it is."""
    return "".join(f"\\{character}" if character in "\\`*_[]<>#|" else character for character in text)


_BLANK = TurnRecord(0, "", "")
