"""The models that this installation can load, by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from . import checkpoint
from .device import resolve_device
from .errors import UnknownModelError
from .nano.lexicon import CLASSES
from .predictor import ModelInfo, Predictor

__all__ = ["Entry", "entries", "load", "resolve_device"]

WEIGHTS = Path(__file__).parent / "weights"
OVERLAP = 1 / 6  # of a window: objects up to 64 px are whole in at least one window


_FILE_OF = {"nano": checkpoint.WEIGHTS, "geopix": "vlm/config.json"}  # that every folder of a family has


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
    family: Literal["nano", "geopix"] = "nano"

    @property
    def installed(self) -> bool:
        """Whether its weights are here."""
        return (self.folder / _FILE_OF[self.family]).is_file()


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


GEOPIX = Entry(
    name="geopix",
    title="GeoPix (published, 7B)",
    parameters=7_730_599_820,
    memory_bytes=16 * 2**30,  # 7.1 billion weights in bfloat16, 0.55 GB of keys and values, activations
    licence="see the published checkpoint; its decoder is derived from Llama",
    description="The published GeoPix: outlines, boxes, descriptions and answers, in free words; wants a GPU.",
    folder=WEIGHTS / "geopix",
    window_px=448,
    overlap_px=64,
    gsd_range_m=(0.1, 30.0),  # of the image sets that GeoPixInstruct was made from
    cannot="It looks at one window at a time, so 'the largest' and 'in the north' are meant within each window.",
    family="geopix",
)


def entries() -> tuple[Entry, ...]:
    """All known models."""
    return NANO, GEOPIX


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
    return _geopix(entry, where, folder) if entry.family == "geopix" else _nano(entry, where, folder)


def _geopix(entry: Entry, where: str, folder: Path) -> Predictor:
    from .geopix.published.opening import open_predictor

    info = ModelInfo(entry.name, "", entry.window_px, entry.overlap_px, entry.gsd_range_m, licence=entry.licence)
    return open_predictor(folder, where, info)


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
