"""What a question will cost, said before it is asked."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from statistics import median
from typing import Any, Optional

from qgis.core import QgsSettings

from .errors import TileError
from .protocol import ModelFacts, PixelTile
from .raster import Selection
from .translation import tr
from .window_count import (
    FILE_BYTES_PER_PX,
    MAX_TILE_PX,
    PICTURE_BYTES_PER_PX,
    SCENE_BYTES,
    SCENE_PX,
    tile_size,
    window_count,
)
from .wording import duration
from .wording import windows as windows_text

STORE = "geopix/rates"
KEPT = 7  # measurements of each model and device: their median forgives a busy minute
AUTO = "auto"  # whichever device the model process takes

MAX_SECONDS = 120.0
MAX_WINDOWS = 400  # where no rate is known
MAX_MEMORY = 2 * 2**30
TARGETS = 8  # things that one question finds at the same time, each with float32 logits


@dataclass(frozen=True)
class Estimate:
    """What a question will cost.

    Attributes:
        windows: Pieces that the model looks at, at most: those without data or outside the outline are skipped.
        seconds: None where this machine has not answered with this model yet.
        memory_bytes: Of the model and of the area together.
        over: Why one may want to think again, one sentence; empty where nothing stands against it.
    """

    windows: int
    seconds: Optional[float]
    memory_bytes: int
    over: str = ""


def estimate(selection: Selection, facts: ModelFacts, rates: Rates, device: str = AUTO) -> Estimate:
    """What a question about a selection will cost with a model.

    Args:
        selection: What will be looked at.
        facts: Of the model.
        rates: What earlier questions took.
        device: On which the model runs, as the rates know it; ``auto`` is the one that answered last.

    Raises:
        TileError: If the area has to be drawn by QGIS and is too large for that.  A part of a file may have any size.
    """
    width, height = tile_size(*selection.size, selection.resampled_by_m, facts.gsd_range_m)
    drawn = isinstance(selection.tile, PixelTile)
    if drawn and max(width, height) > MAX_TILE_PX:
        raise TileError(
            tr(
                "For this model the area has {width:,} x {height:,} pixels, at most {max_tile_px:,} on "
                "a side are looked at in one go. Choose a smaller area.",
                width=width,
                height=height,
                max_tile_px=MAX_TILE_PX,
            )
        )
    windows = window_count(width, height, facts.window_px, facts.overlap_px)
    rate = rates.seconds_per_window(facts.name, device)
    seconds = None if rate is None else rate * windows
    in_pieces = not drawn and width * height > SCENE_PX
    if in_pieces:
        area_bytes = SCENE_BYTES
    else:
        rows = min(height, 2 * facts.window_px)  # that are not final yet
        area_bytes = width * height * (PICTURE_BYTES_PER_PX if drawn else FILE_BYTES_PER_PX)
        area_bytes += width * rows * 4 * (1 + TARGETS)
    over = _over(windows, seconds, area_bytes)
    if over and in_pieces:
        over += " " + tr("It can be stopped at any time: the same question then goes on where it was.")
    return Estimate(windows, seconds, facts.memory_bytes + area_bytes, over)


def describe(selection: Selection, cost: Optional[Estimate] = None) -> str:
    """Size and ground resolution of what will be looked at, and what it costs where that is known."""
    width, height = selection.size
    parts = [tr("{width:,} x {height:,} px", width=width, height=height), _resolution(selection.gsd_m)]
    if cost is not None:
        parts.append(windows_text(cost.windows))
        if cost.seconds is not None:
            parts.append(f"~{duration(cost.seconds)}")
        parts.append(_memory(cost.memory_bytes))
    if selection.rendering is not None:
        parts.append(tr("as drawn by QGIS"))
    return ", ".join(parts)


class Rates:
    """Seconds per window that each model took on each device, kept in the QGIS profile."""

    def note(self, model: str, device: str, windows: int, seconds: float) -> None:
        """Remembers an answer; one that looked at nothing says nothing."""
        if windows < 1 or not (math.isfinite(seconds) and seconds > 0):
            return
        known = _load()
        past = known.pop(_key(model, device), [])  # and to the end: the newest comes last
        known[_key(model, device)] = [*past, seconds / windows][-KEPT:]
        QgsSettings().setValue(STORE, json.dumps(known))

    def seconds_per_window(self, model: str, device: str) -> Optional[float]:
        """Median of the last answers; ``auto`` is the device that answered last.  None where nothing was measured."""
        known = _load()
        if device == AUTO:
            keys = [key for key in known if key.startswith(_key(model, ""))]
        else:
            keys = [key for key in (_key(model, device),) if key in known]
        return median(known[keys[-1]]) if keys else None


def _key(model: str, device: str) -> str:
    return f"{model} on {device}"


def _load() -> dict[str, list[float]]:
    """What is stored, without what cannot be understood."""
    try:
        known: Any = json.loads(QgsSettings().value(STORE, "{}", type=str))
    except ValueError:
        return {}
    return {key: past for key, past in known.items() if _is_past(past)} if isinstance(known, dict) else {}


def _is_past(past: Any) -> bool:
    return isinstance(past, list) and bool(past) and all(isinstance(v, (int, float)) and v > 0 for v in past)


def _over(windows: int, seconds: Optional[float], area_bytes: int) -> str:
    if seconds is not None and seconds > MAX_SECONDS:
        return tr("This takes about {duration}. Choose a smaller area, or send it anyway.", duration=duration(seconds))
    if seconds is None and windows > MAX_WINDOWS:
        return tr(
            "These are {windows:,} windows, which may take long. Choose a smaller area, or send it anyway.",
            windows=windows,
        )
    if area_bytes > MAX_MEMORY:
        return tr(
            "The area alone needs {memory} of memory. Choose a smaller one, or send it anyway.",
            memory=_memory(area_bytes),
        )
    return ""


def _resolution(gsd_m: Optional[float]) -> str:
    if gsd_m is None:
        return tr("no CRS")
    return tr("{gsd_m:.2f} m", gsd_m=gsd_m) if gsd_m < 100 else tr("{gsd_m:,.0f} m", gsd_m=gsd_m)


def _memory(size: int) -> str:
    return tr("{size:.1f} GiB", size=size / 2**30) if size >= 2**30 else tr("{size:.0f} MiB", size=size / 2**20)
