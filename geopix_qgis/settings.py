"""What the analyst chose once and for all, kept in the QGIS profile under ``geopix/``."""

from __future__ import annotations

from dataclasses import dataclass, fields

from qgis.core import QgsSettings

PREFIX = "geopix/"


@dataclass(frozen=True)
class Settings:
    """Choices that outlive a session.

    Attributes:
        backend_python: Python of the virtual environment that holds the model; empty where it is to be searched.
        model: Name of the model, as ``geopix models`` lists them.
        device: ``auto``, ``cpu`` or ``cuda``.
        min_score: Regions with a lower score (0..1) are dropped.
        min_area_m2: Regions smaller than this on the ground are dropped.
        storage: ``memory``, or ``geopackage``: new answers are written into a file beside the raster at once.
        layer_per: ``conversation``, or ``class`` for a layer of its own for each class.
        labels: Whether new layers of answers show labels.
        server_url: Address of a model process on another computer; empty where it runs on this one.
    """

    backend_python: str = ""
    model: str = "nano"
    device: str = "auto"
    min_score: float = 0.5
    min_area_m2: float = 0.0
    storage: str = "memory"
    layer_per: str = "conversation"
    labels: bool = False
    server_url: str = ""


def load() -> Settings:
    """The stored choices, defaults where nothing is stored."""
    store = QgsSettings()
    defaults = Settings()
    values = {}
    for item in fields(Settings):
        default = getattr(defaults, item.name)
        values[item.name] = store.value(PREFIX + item.name, default, type=type(default))
    return Settings(**values)


def save(settings: Settings) -> None:
    """Stores every choice."""
    store = QgsSettings()
    for item in fields(Settings):
        store.setValue(PREFIX + item.name, getattr(settings, item.name))
