"""A model as it is listed, before anything of it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from . import checkpoint
from .footprint import Footprint
from .hub.install import usable
from .hub.sources import Source

Family = Literal["nano", "geopixel", "geopix"]


@dataclass(frozen=True)
class Published:
    """What is known of a published model before it is here.

    Attributes:
        source: Where its files are.
        footprint: Its weights, part by part.
        picture_tokens: Positions that a picture takes in the decoder: the wanted number, then what is acceptable.
        download_bytes: What a download brings, about; the hub says exactly.
    """

    source: Source
    footprint: Footprint
    picture_tokens: tuple[int, ...]
    download_bytes: int


@dataclass(frozen=True)
class Entry:
    """One model as ``geopix models`` lists it.

    Attributes:
        parameters: Those that are loaded.
        memory_bytes: What it needs to run, measured on one window, or computed from its weights in bfloat16.
        folder: Where its weights are or would be.
        window_px, overlap_px, gsd_range_m, classes: As ``ModelInfo`` has them once it is loaded.
        cannot: What it should not be asked, one sentence.
        family: The architecture: how its files are laid out, and what loads them.
        published: For models that are downloaded, None for the embedded one.
    """

    name: str
    title: str
    parameters: int
    memory_bytes: int
    licence: str
    description: str
    folder: Path
    window_px: int
    overlap_px: int
    gsd_range_m: tuple[float, float]
    classes: tuple[str, ...] = ()
    cannot: str = ""
    family: Family = "nano"
    published: Published | None = None

    @property
    def installed(self) -> bool:
        """Whether its weights are here, all of them."""
        if self.published is None:
            return (self.folder / checkpoint.WEIGHTS).is_file()
        return usable(self.published.source, self.folder.parent)
