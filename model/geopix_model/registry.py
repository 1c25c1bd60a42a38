"""The models that this installation can load, by name."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from . import checkpoint
from .device import resolve_device
from .errors import UnknownModelError
from .geopixel import tensor_files
from .nano.lexicon import CLASSES
from .predictor import ModelInfo, Predictor

__all__ = ["Entry", "entries", "load", "resolve_device"]

WEIGHTS = Path(__file__).parent / "weights"
HOME, HOME_VARIABLE = Path("~/.local/share/geopix/models"), "GEOPIX_MODELS"  # where downloaded weights lie
OVERLAP = 1 / 6  # of a window: objects up to 64 px are whole in at least one window


# Files of which every folder of a family has one.
_WEIGHTS_OF = {"nano": (checkpoint.WEIGHTS,), "geopixel": (*tensor_files.SINGLE, *tensor_files.INDEXED)}


@dataclass(frozen=True)
class Entry:
    """One model as ``geopix models`` lists it.

    Attributes:
        memory_bytes: What it needs to run, measured on one window, or computed from its weights.
        window_px, overlap_px, gsd_range_m, classes: As ``ModelInfo`` has them once it is loaded.
        cannot: What it should not be asked, one sentence.
        family: The architecture: how its files are laid out, and what loads them.
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
    family: Literal["nano", "geopixel"] = "nano"

    @property
    def installed(self) -> bool:
        """Whether its weights are here."""
        return any((self.folder / name).is_file() for name in _WEIGHTS_OF[self.family])


NANO = Entry(
    name="nano",
    title="GeoPix nano (embedded)",
    parameters=10_362_348,
    memory_bytes=700 * 2**20,
    licence="MIT (see MODEL_CARD.md for the training data)",
    description="Small GeoPix shipped with the package: 17 classes of aerial imagery at 0.2 to 1.2 m, runs on a CPU.",
    folder=WEIGHTS / "nano",
    window_px=384,
    overlap_px=64,
    gsd_range_m=(0.2, 1.2),
    classes=tuple(words.name for words in CLASSES),
    cannot="It cannot tell kinds of a class apart (cars from trucks), reads no text, and misses small objects often.",
)


GEOPIXEL = Entry(
    name="geopixel-7b",
    title="GeoPixel 7B (published)",
    parameters=8_914_594_753,
    memory_bytes=20 * 2**30,  # 16.6 GiB of weights in bfloat16, 0.6 of keys and values, the rest for the work
    licence="see the published checkpoint, which is based on InternLM-XComposer 2.5 and SAM 2",
    description="The published GeoPixel: describes a picture and outlines what it names, in free words; wants a GPU.",
    folder=HOME / "geopixel-7b",
    # As many pixels as the masks are decoded for (1,024 squared), so that outlines are as fine as the model can give.
    window_px=1120,
    overlap_px=186,
    gsd_range_m=(0.1, 30.0),  # of the image sets that its training data were made from
    cannot="It looks at one window at a time and counts poorly; what is seen in few pixels may be missed or made up.",
    family="geopixel",
)


def entries() -> tuple[Entry, ...]:
    """All known models; downloaded ones lie in the folder that GEOPIX_MODELS names, if it does."""
    home = Path(os.environ.get(HOME_VARIABLE) or HOME).expanduser()
    return NANO, replace(GEOPIXEL, folder=home / GEOPIXEL.name)


def load(name: str, device: str = "auto", folder: Path | None = None) -> Predictor:
    """A model, ready to answer.

    Args:
        name: As in ``entries``.
        device: See ``device.resolve_device``.
        folder: Weights to use instead of the installed ones.

    Raises:
        UnknownModelError: If there is no such model.
        CheckpointError: If its files are missing, damaged or of another architecture.
        DeviceError: If the device is not available.
    """
    entry = next((e for e in entries() if e.name == name), None)
    if entry is None:
        raise UnknownModelError(f"there is no model {name!r}; choose one of: {', '.join(e.name for e in entries())}")
    where, folder = resolve_device(device), folder or entry.folder
    return _geopixel(entry, where, folder) if entry.family == "geopixel" else _nano(entry, where, folder)


def _geopixel(entry: Entry, where: str, folder: Path) -> Predictor:
    from .geopixel.geopixel_predictor import GeoPixelPredictor
    from .geopixel.loading import load

    model, tokenizer = load(folder, where)
    info = ModelInfo(
        name=entry.name,
        revision=tensor_files.revision(folder),
        window_px=entry.window_px,
        overlap_px=entry.overlap_px,
        gsd_range_m=entry.gsd_range_m,
        device=where,
        licence=entry.licence,
        parameters=sum(p.numel() for p in model.parameters()),
        mask_stride_px=max(entry.window_px * 4 // model.config.sam_side, 1),
    )
    return GeoPixelPredictor(model, tokenizer, info)


def _nano(entry: Entry, where: str, folder: Path) -> Predictor:
    from .nano.nano_predictor import NanoPredictor

    model, tokenizer = checkpoint.load(folder, where)
    config = model.config
    info = ModelInfo(
        name=entry.name,
        revision=checkpoint.revision(folder),
        window_px=config.image_size,
        overlap_px=round(config.image_size * OVERLAP),
        gsd_range_m=config.gsd_range_m,
        classes=config.class_names,
        device=where,
        licence=entry.licence,
        parameters=sum(p.numel() for p in model.parameters()),
        mask_stride_px=4,
    )
    return NanoPredictor(model, tokenizer, info)
