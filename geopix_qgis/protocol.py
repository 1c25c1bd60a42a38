"""The wire between QGIS and the model process, defined once.

A question is one HTTP POST to ``/v1/ask``; its answer is a ``text/event-stream``.  Both sides use the dataclasses of
this module, so that no field name is spelled twice.  Standard library only, Python >= 3.9: QGIS imports it as well as
the backend.  How a request and its pixels become bytes stands in ``bodies``.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, ClassVar, Optional, Union

VERSION = 5
AUTH_HEADER = "Authorization"  # value: "Bearer <token>"
JSON_TYPE = "application/json"
MAX_PROMPT_CHARS = 4000
TASKS = ("auto", "segment", "refer", "caption", "vqa")


class ProtocolError(ValueError):
    """A message that this version cannot read; the text says which field was wrong."""


@dataclass(frozen=True)
class PathTile:
    """Pixels that the model process reads itself from a file of this machine.

    Attributes:
        path: A raster that GDAL opens.
        window: (col, row, width, height) in pixels of the raster; None is the whole raster.
        bands: One-based numbers of the bands shown as red, green, blue; None lets the backend choose.
        stretch: (minimum, maximum) for each of the three bands, mapped to 0..255; None lets the backend choose.
    """

    kind: ClassVar[str] = "path"
    path: str
    window: Optional[tuple[int, int, int, int]] = None
    bands: Optional[tuple[int, int, int]] = None
    stretch: Optional[tuple[tuple[float, float], ...]] = None


@dataclass(frozen=True)
class PixelTile:
    """Pixels that travel with the request, as (height, width, 4) uint8 RGBA in C order; alpha 0 is "no data".

    Attributes:
        width: Columns.
        height: Rows.
        transform: (a, b, c, d, e, f): x = a col + b row + c and y = d col + e row + f at pixel corners.
        crs: WKT or an authority code such as ``EPSG:32633``; empty where the pixels have no CRS.
        name: What to call the source in messages.
    """

    kind: ClassVar[str] = "pixels"
    width: int
    height: int
    transform: tuple[float, float, float, float, float, float]
    crs: str = ""
    name: str = "rendered tile"


Tile = Union[PathTile, PixelTile]
Outline = tuple[tuple[tuple[tuple[float, float], ...], ...], ...]


@dataclass(frozen=True)
class ModelFacts:
    """What a user may want to know of a model before a question; ``/v1/models`` answers with a list of these.

    Attributes:
        name, title, description, licence: As ``geopix models`` lists it.
        parameters: How many.
        memory_bytes: What it needs to run, measured on one window.
        installed: Whether its weights are here.
        window_px, overlap_px: Side of what it looks at in one go, and how much neighbours share.
        gsd_range_m: (finest, coarsest) ground resolution that it was trained for; a tile is resampled into it.
        classes: Names that it knows, empty for an open vocabulary.
        cannot: What it should not be asked, one sentence.
        download_bytes: What is fetched to install it, about; 0 for a model that comes with the program.
        on_this_machine: In which form and on which device it would run, or that it would not; one sentence.
        how_to_get: What to do where it is not installed, one sentence; "" where it is.
    """

    name: str
    title: str
    parameters: int
    memory_bytes: int
    licence: str
    description: str
    installed: bool
    window_px: int
    overlap_px: int
    gsd_range_m: tuple[float, float]
    classes: tuple[str, ...] = ()
    cannot: str = ""
    download_bytes: int = 0
    on_this_machine: str = ""
    how_to_get: str = ""


@dataclass(frozen=True)
class Turn:
    """One earlier question of the conversation with the answer that was given."""

    prompt: str
    answer: str


@dataclass(frozen=True)
class AskRequest:
    """One question about one tile.

    Attributes:
        prompt: What the analyst typed, 1 to ``MAX_PROMPT_CHARS`` characters.
        tile: Where the pixels are.
        history: Earlier turns of this conversation, oldest first.
        model: Name of the model, as ``geopix models`` lists them.
        turn: Number of this turn in its conversation, from 1.
        min_score: Regions with a lower score (0..1) are dropped.
        min_area_px: Regions and holes smaller than this many model pixels are dropped.
        min_area_m2: Regions smaller than this on the ground are dropped; refused above 0 where the tile has no CRS.
        outline: Polygons, each a tuple of closed rings of (x, y) in the tile's CRS, the outer ring first; nothing is
            found outside of them.  Empty is all of the tile.
        task: One of ``TASKS``: what is wanted of the question; ``auto`` leaves it to its words.
    """

    prompt: str
    tile: Tile
    history: tuple[Turn, ...] = ()
    model: str = "nano"
    turn: int = 1
    min_score: float = 0.5
    min_area_px: int = 12
    min_area_m2: float = 0.0
    outline: Outline = ()
    task: str = "auto"


@dataclass(frozen=True)
class TileEvent:
    """First event: what is looked at.  ``crs`` is WKT ("" = pixel coordinates), ``gsd_m`` None where unknown."""

    name: ClassVar[str] = "tile"
    crs: str
    width: int
    height: int
    gsd_m: Optional[float]
    windows: int
    model: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class TextEvent:
    """A piece of the answer.  ``target`` numbers the grounded phrase that this piece is, else None."""

    name: ClassVar[str] = "text"
    text: str
    target: Optional[int] = None


@dataclass(frozen=True)
class RegionEvent:
    """One polygon of the answer, in the CRS of the tile.

    Attributes:
        geometry: GeoJSON ``Polygon`` (coordinates in the tile's CRS, not necessarily EPSG:4326).
        phrase: The words of the answer that it belongs to.
        class_name: The model's class, "" where it has none.
        score: 0..1.
        area_m2: Geodesic area, None where the tile has no CRS.
        perimeter_m: Geodesic perimeter of the outer ring and holes, None where the tile has no CRS.
        target: Number of the phrase, as in ``TextEvent.target``.
        turn, prompt, model, gsd_m: Where it comes from; ``model`` is name and revision.
    """

    name: ClassVar[str] = "region"
    geometry: dict[str, Any]
    phrase: str
    class_name: str
    score: float
    area_m2: Optional[float]
    perimeter_m: Optional[float]
    target: int
    turn: int
    prompt: str
    model: str
    gsd_m: Optional[float]


@dataclass(frozen=True)
class ProgressEvent:
    """Work done so far: ``done`` of ``total`` windows; total 0 while the question waits or the model loads.

    ``seconds_left`` is measured, windows without data counted as the little that they cost; None while nobody can know.
    """

    name: ClassVar[str] = "progress"
    done: int
    total: int
    message: str = ""
    seconds_left: Optional[float] = None


@dataclass(frozen=True)
class ErrorEvent:
    """The question failed.  ``code`` is a short stable word, ``message`` one sentence for the analyst."""

    name: ClassVar[str] = "error"
    code: str
    message: str


@dataclass(frozen=True)
class DoneEvent:
    """Last event of a question that did not fail.  ``passes``: how often each window was looked at."""

    name: ClassVar[str] = "done"
    answer: str
    regions: int
    windows_done: int
    windows_total: int
    seconds: float
    model: str
    device: str
    stopped: bool = False
    warnings: tuple[str, ...] = field(default=())
    passes: int = 1


@dataclass(frozen=True)
class InstallEvent:
    """How far a download of a model is; ``POST /v1/models/NAME/download`` answers with these, or an ``ErrorEvent``.

    Attributes:
        stage: "waiting" (another process installs it), "asking" (the hub), "fetching", "copying", "checking", or, the
            last, "installed".
        file: Which one, "" for none.
        done_bytes, total_bytes: Over all files; 0 while they are not known.
        bytes_per_s: Of the last seconds.
        seconds_left: None while nobody can know.
        commit: What is fetched, 40 digits.
    """

    name: ClassVar[str] = "install"
    stage: str
    file: str = ""
    done_bytes: int = 0
    total_bytes: int = 0
    bytes_per_s: float = 0.0
    seconds_left: Optional[float] = None
    commit: str = ""


Event = Union[TileEvent, TextEvent, RegionEvent, ProgressEvent, ErrorEvent, DoneEvent, InstallEvent]
_KINDS = (TileEvent, TextEvent, RegionEvent, ProgressEvent, ErrorEvent, DoneEvent, InstallEvent)
EVENTS = {cls.name: cls for cls in _KINDS}
TILES = {cls.kind: cls for cls in (PathTile, PixelTile)}
HEARTBEAT = b": ping\n\n"


def build(cls: Any, values: Any) -> Any:
    """An instance of a message dataclass from parsed JSON; lists become tuples, unknown fields are refused."""
    if not isinstance(values, dict):
        raise ProtocolError(f"{cls.__name__} must be an object, got {type(values).__name__}")
    known = {f.name: f for f in dataclasses.fields(cls)}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ProtocolError(f"{cls.__name__} has no field {unknown[0]!r}")
    required = {
        n for n, f in known.items() if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    }
    missing = sorted(required - set(values))
    if missing:
        raise ProtocolError(f"{cls.__name__} lacks the field {missing[0]!r}")
    return cls(**{name: _tuples(value) for name, value in values.items()})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def request_to_dict(request: AskRequest) -> dict[str, Any]:
    """The request as plain JSON types; the tile carries its ``kind``."""
    values = dataclasses.asdict(request)
    values["tile"]["kind"] = request.tile.kind
    return values


def request_from_dict(values: Any) -> AskRequest:
    """The inverse of ``request_to_dict``.

    Raises:
        ProtocolError: If a field is unknown, missing or of the wrong shape.
    """
    if not isinstance(values, dict) or not isinstance(values.get("tile"), dict):
        raise ProtocolError("a request is an object with a 'tile' object in it")
    tile = dict(values["tile"])
    kind = tile.pop("kind", None)
    if kind not in TILES:
        raise ProtocolError(f"tile kind is {kind!r}, expected one of {sorted(TILES)}")
    history = tuple(build(Turn, turn) for turn in values.get("history", ()))
    values = {**values, "tile": build(TILES[kind], tile), "history": history}
    return build(AskRequest, values)  # type: ignore[no-any-return]


def models_from_json(body: bytes) -> tuple[ModelFacts, ...]:
    """The models of a ``/v1/models`` answer.

    Raises:
        ProtocolError: If it is not one of this version.
    """
    try:
        return tuple(build(ModelFacts, facts) for facts in json.loads(body))
    except (ValueError, TypeError) as error:
        raise ProtocolError(f"the list of models cannot be read: {error}") from error


def encode_event(event: Event) -> bytes:
    """One event of the stream, UTF-8, ended by a blank line."""
    return f"event: {event.name}\ndata: {json.dumps(dataclasses.asdict(event))}\n\n".encode()


def decode_event(name: str, data: str) -> Event:
    """The inverse of ``encode_event`` for one parsed event."""
    if name not in EVENTS:
        raise ProtocolError(f"unknown event {name!r}; is the model process of another version?")
    event = json.loads(data)
    geometry = event.pop("geometry", None) if isinstance(event, dict) else None
    built = build(EVENTS[name], {**event, "geometry": None} if geometry else event)
    return dataclasses.replace(built, geometry=geometry) if geometry else built  # type: ignore[no-any-return]


class Decoder:
    """Cuts a byte stream into events; bytes may arrive in any pieces, comments (heartbeats) are skipped."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[Event]:
        """The events completed by ``data``, in order.  Text is decoded only after cutting, so UTF-8 never breaks."""
        self._buffer += data
        *blocks, self._buffer = self._buffer.split(b"\n\n")
        return [event for event in map(self._parse, blocks) if event is not None]

    @staticmethod
    def _parse(block: bytes) -> Optional[Event]:
        name, lines = "", []
        for line in block.decode("utf-8").split("\n"):
            if line.startswith("event:"):
                name = line[6:].strip()
            elif line.startswith("data:"):
                lines.append(line[5:].lstrip())
        return decode_event(name, "\n".join(lines)) if lines else None
