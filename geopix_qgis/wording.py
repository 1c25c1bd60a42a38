"""Numbers of things and areas in words, the same in every sentence of the plugin."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """How many there are of something, such as "1 window" or "2,000 windows"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def polygons(count: int) -> str:
    """A number of polygons."""
    return counted(count, "polygon")


def area_text(area: float, measured: bool) -> str:
    """An area for reading: square metres, from ten hectares on hectares, from ten square kilometres on those.

    Args:
        area: In square metres, or in square units of the coordinates.
        measured: Whether it is in square metres.
    """
    if not measured:
        return f"{area:,.0f} units²"
    if area < 1e5:
        return f"{area:,.0f} m²" if area >= 10 else f"{area:.1f} m²"
    return f"{area / 1e4:,.1f} ha" if area < 1e7 else f"{area / 1e6:,.1f} km²"


def duration(seconds: float) -> str:
    """A time for reading: "40 s", "12 min" or "3.1 h"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
