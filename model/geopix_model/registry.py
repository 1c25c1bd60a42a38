"""The models that this installation can load, by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import checkpoint
from .device import image_dtype, resolve_device
from .errors import UnknownModelError
from .nano.lexicon import CLASSES
from .predictor import ModelInfo, Predictor

__all__ = ["Entry", "entries", "load", "resolve_device"]

WEIGHTS = Path(__file__).parent / "weights"
OVERLAP = 1 / 6  # of a window: objects up to 64 px are whole in at least one window


@dataclass(frozen=True)
class Entry:
    """One model as ``geopix models`` lists it.

    Attributes:
        memory_bytes: What it needs to run, measured on one window.
        window_px, overlap_px, gsd_range_m, classes: As ``ModelInfo`` has them once it is loaded.
        cannot: What it should not be asked, one sentence.
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

    @property
    def installed(self) -> bool:
        """Whether its weights are here."""
        return (self.folder / checkpoint.WEIGHTS).is_file()


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


def entries() -> tuple[Entry, ...]:
    """All known models."""
    return (NANO,)


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
    from .nano.nano_predictor import NanoPredictor

    where = resolve_device(device)
    folder = folder or entry.folder
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
    model.hasten(image_dtype(where))
    return NanoPredictor(model, tokenizer, info)
