"""The models that this installation can load, by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from . import allocator, checkpoint
from .device import image_dtype, resolve_device
from .entry import Entry, Family
from .errors import UnknownModelError
from .fitting import Plan
from .footprint import Footprint
from .hub.errors import NotInstalledError
from .hub.home import models_home
from .nano.lexicon import CLASSES, FINEST_M
from .place import Place
from .predictor import ModelInfo, Predictor
from .published import published_entries
from .quantize import parameter_count

__all__ = ["Entry", "entries", "entry", "footprint", "load", "models_home", "resolve_device"]

WEIGHTS = Path(__file__).parent / "weights"
# Of a window: objects up to 48 px are whole in at least one.  On 40 images of `val` an overlap of 64 px gives the same
# mean IoU (0.7326, 0.7322 with 48, 0.7305 with 32), for a tenth more windows.
OVERLAP = 1 / 8


NANO = Entry(
    name="nano",
    title="GeoPix nano (embedded)",
    parameters=10_412_112,
    memory_bytes=700 * 2**20,
    licence="MIT (see MODEL_CARD.md for the training data)",
    description="Small GeoPix shipped with the package: 17 classes of aerial imagery at 0.2 to 0.6 m, runs on a CPU.",
    folder=WEIGHTS / "nano",
    window_px=384,
    overlap_px=48,
    gsd_range_m=(FINEST_M, 0.6),
    classes=tuple(words.name for words in CLASSES),
    cannot="It cannot tell kinds of a class apart (cars from trucks), reads no text, and misses small objects often.",
)


def entries() -> tuple[Entry, ...]:
    """All known models."""
    return NANO, *published_entries(models_home())


def entry(name: str) -> Entry:
    """What is known of a model.

    Raises:
        UnknownModelError: If there is no such model.
    """
    found = {each.name: each for each in entries()}
    if name not in found:
        raise UnknownModelError(f"there is no model {name!r}; choose one of: {', '.join(found)}")
    return found[name]


def footprint(chosen: Entry) -> Footprint | None:
    """The weights of a model, from its own files where they are here; None for one that has one form only.

    Raises:
        CheckpointError: If a file is damaged or of another architecture.
    """
    if chosen.published is None:
        return None
    if chosen.installed and chosen.family in MEASURES:
        return MEASURES[chosen.family](chosen.folder)
    return chosen.published.footprint


def load(name: str, device: str = "auto", folder: Path | None = None, plan: Plan | None = None) -> Predictor:
    """A model, ready to answer.

    Args:
        name: As in ``entries``.
        device: See ``device.resolve_device``.
        folder: Weights to use instead of the installed ones.
        plan: The form and what it may take, made for that device; None: as its files are.

    Raises:
        UnknownModelError: If there is no such model.
        NotInstalledError: If it was never downloaded or imported.
        CheckpointError: If its files are missing, damaged or of another architecture.
        DeviceError: If the device is not available.
    """
    chosen, where = entry(name), resolve_device(device)
    if folder is None and not chosen.installed:
        raise NotInstalledError(_how_to_get(chosen))
    if where == "cpu":
        allocator.keep_freed()
    return LOADERS[chosen.family](chosen, Place.of(where, plan), folder or chosen.folder)


def _how_to_get(missing: Entry) -> str:
    if missing.published is None:
        return f"{missing.name} has lost its weights in {missing.folder}; reinstall the package"
    size = f"{missing.published.download_bytes / 1e9:.1f} GB"
    return (
        f"{missing.name} is not installed; 'geopix models download {missing.name}' fetches it ({size}), "
        f"'geopix models import {missing.name} FOLDER' takes a copy."
    )


def _nano(chosen: Entry, place: Place, folder: Path) -> Predictor:
    from .nano.nano_predictor import NanoPredictor

    model, tokenizer = checkpoint.load(folder, place.device)
    config = model.config
    info = ModelInfo(
        name=chosen.name,
        revision=checkpoint.revision(folder),
        window_px=config.image_size,
        overlap_px=round(config.image_size * OVERLAP),
        gsd_range_m=config.gsd_range_m,
        classes=config.class_names,
        device=place.device,
        licence=chosen.licence,
        parameters=sum(p.numel() for p in model.parameters()),
        mask_stride_px=4,
        looks_around=True,
        finest_m={words.name: words.finest_m for words in CLASSES},
    )
    model.hasten(image_dtype(place.device))
    return NanoPredictor(model, tokenizer, info)


def _geopixel(chosen: Entry, place: Place, folder: Path) -> Predictor:
    from .geopixel import tensor_files
    from .geopixel.geopixel_predictor import GeoPixelPredictor, options_of
    from .geopixel.loading import load

    model, tokenizer = load(folder, place.device, place.dtype, packed=place.packing, staged=place.staged)
    info = ModelInfo(
        name=chosen.name,
        revision=tensor_files.revision(folder),
        window_px=chosen.window_px,
        overlap_px=chosen.overlap_px,
        gsd_range_m=chosen.gsd_range_m,
        device=place.words,
        licence=chosen.licence,
        parameters=parameter_count(model),
        mask_stride_px=max(chosen.window_px * 4 // model.config.sam_side, 1),
    )
    return GeoPixelPredictor(model, tokenizer, info, options_of(place, model.config.tokens_side))


def _geopix(chosen: Entry, place: Place, folder: Path) -> Predictor:
    from .geopix.published.opening import open_predictor

    info = ModelInfo(chosen.name, "", chosen.window_px, chosen.overlap_px, chosen.gsd_range_m, licence=chosen.licence)
    return open_predictor(folder, place, info)


def _geopixel_footprint(folder: Path) -> Footprint:
    from .geopixel.measuring import footprint

    return footprint(folder)


def _geopix_footprint(folder: Path) -> Footprint:
    from .geopix.published.measuring import footprint

    return footprint(folder)


Loader = Callable[[Entry, Place, Path], Predictor]
LOADERS: dict[Family, Loader] = {"nano": _nano, "geopixel": _geopixel, "geopix": _geopix}
MEASURES: dict[Family, Callable[[Path], Footprint]] = {
    "geopixel": _geopixel_footprint,
    "geopix": _geopix_footprint,
}
