"""Numbers of things and areas in words, the same in every sentence of the plugin."""

from __future__ import annotations

from .translation import tr


def windows(count: int) -> str:
    """A number of windows."""
    return tr("1 window") if count == 1 else tr("{count:,} windows", count=count)


def polygons(count: int) -> str:
    """A number of polygons."""
    return tr("1 polygon") if count == 1 else tr("{count:,} polygons", count=count)


def area_text(area: float, measured: bool) -> str:
    """An area for reading: square metres, from ten hectares on hectares, from ten square kilometres on those.

    Args:
        area: In square metres, or in square units of the coordinates.
        measured: Whether it is in square metres.
    """
    if not measured:
        return tr("{area:,.0f} units²", area=area)
    if area < 10:
        return tr("{area:.1f} m²", area=area)
    if area < 1e5:
        return tr("{area:,.0f} m²", area=area)
    return tr("{area:,.1f} ha", area=area / 1e4) if area < 1e7 else tr("{area:,.1f} km²", area=area / 1e6)


def duration(seconds: float) -> str:
    """A time for reading: "40 s", "12 min" or "3.1 h"."""
    if seconds < 90:
        return tr("{seconds} s", seconds=max(1, round(seconds)))
    if seconds < 5400:
        return tr("{seconds:.0f} min", seconds=seconds / 60)
    return tr("{seconds:.1f} h", seconds=seconds / 3600)
