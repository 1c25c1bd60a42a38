"""Facts about the models of this installation, as plain values for people and programs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from geopix_model.predictor import Predictor
from geopix_qgis.protocol import ModelFacts

if TYPE_CHECKING:
    from geopix_model.fitting import Precision

GB = 1e9
PRECISIONS = ("auto", "fp32", "bf16", "fp16", "int8", "nf4")
PRECISION_HELP = f"form of a published model's weights: {', '.join(PRECISIONS)} (default auto: the best that fits)"
_LOG = logging.getLogger(__name__)


def models(device: str = "auto") -> list[Mapping[str, Any]]:
    """One mapping for each known model, with the fields of ``ModelFacts``.

    Args:
        device: Where they shall run; what fits is said for it.

    Raises:
        DeviceError: If it is not here.
    """
    from geopix_model import registry  # brings torch, which only those wait for who need it

    from .machine import fit, in_words, this_machine

    machine, facts = this_machine(registry.models_home(), device), []
    for entry in registry.entries():
        known, memory, here, how = entry.published, entry.memory_bytes, "", ""
        if known is not None:
            found = fit(known, machine)
            memory, here = found.needs_bytes if found else memory, in_words(found, known, machine)
            if not entry.installed:
                how = how_to_get(entry.name, known.download_bytes, machine.disk_bytes)
        facts.append(
            ModelFacts(
                name=entry.name,
                title=entry.title,
                parameters=entry.parameters,
                memory_bytes=memory,
                licence=entry.licence,
                description=entry.description,
                installed=entry.installed,
                window_px=entry.window_px,
                overlap_px=entry.overlap_px,
                gsd_range_m=entry.gsd_range_m,
                classes=entry.classes,
                cannot=entry.cannot,
                download_bytes=known.download_bytes if known else 0,
                on_this_machine=here,
                how_to_get=how,
            )
        )
    return [asdict(each) for each in facts]


def how_to_get(name: str, download_bytes: int, free_bytes: int) -> str:
    """What to do for a model that is not installed."""
    size, free = f"{download_bytes / GB:.1f} GB", f"{free_bytes / GB:.0f} GB"
    if download_bytes > free_bytes:
        return f"Needs {size} of disk, {free} are free; set GEOPIX_MODELS to a folder on a larger one."
    return f"'geopix models download {name}' fetches {size} ({free} are free); 'geopix models import' takes a copy."


def load(name: str, device: str, precision: Precision = "auto") -> Predictor:
    """A model, ready to answer, in a form that fits this computer.

    Args:
        name: Of the model.
        device: Where it shall run.
        precision: The form that is wanted; a model that has one form only says that it is ignored.

    Raises:
        ModelError: If it is unknown, not installed, damaged or too large, or the device is not here.
    """
    from geopix_model import registry

    from .machine import choose, this_machine

    entry = registry.entry(name)
    if entry.published is None and precision != "auto":
        _LOG.warning("%s has one form only: the asked precision %s is ignored", name, precision)
    weights = registry.footprint(entry) if entry.installed else None
    if weights is None:
        return registry.load(name, device)
    machine = this_machine(registry.models_home(), device)
    plan = choose(entry, weights, machine, device, precision)
    return registry.load(name, device if plan.kind == machine.kind else plan.kind, plan=plan)
