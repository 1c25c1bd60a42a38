"""GeoPix for QGIS: chat about a raster, get georeferenced polygons."""

from __future__ import annotations

from typing import Any


def classFactory(iface: Any) -> Any:
    """The plugin object; imported here so that the package imports without QGIS."""
    from .plugin import GeoPixPlugin

    return GeoPixPlugin(iface)
