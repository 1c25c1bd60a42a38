"""The models that this installation can load, by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import checkpoint
from .device import resolve_device
from .errors import UnknownModelError
from .predictor import ModelInfo, Predictor

__all__ = ["Entry", "entries", "load", "resolve_device"]

WEIGHTS = Path(__file__).parent / "weights"
OVERLAP = 1 / 6  # of a window: objects up to 64 px are whole in at least one window


@dataclass(frozen=True)
class Entry:
    """One model as ``geopix models`` lists it.  ``memory_bytes`` is what it needs to run, measured on one window."""

    name: str
    title: str
    parameters: int
    memory_bytes: int
    licence: str
    description: str
    folder: Path

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
    return NanoPredictor(model, tokenizer, info)
