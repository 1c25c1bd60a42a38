"""What this computer has for a model to run on, and what would run on it."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from geopix_model.device import resolve_device
from geopix_model.entry import Entry, Published
from geopix_model.errors import FitError
from geopix_model.fitting import FORM_WORDS, Machine, Plan, Precision, least_bytes, plan
from geopix_model.footprint import Footprint
from geopix_model.hub.install import free_bytes

GB = 1e9
DEVICE_WORDS = {"cuda": "the GPU", "mps": "the GPU, which shares the memory", "cpu": "the CPU"}


@dataclass(frozen=True)
class Memory:
    """Bytes of a device's memory."""

    total: int
    free: int


def device_memory(device: str) -> Memory:
    """Memory of a GPU, or of the computer for every other device."""
    if device.startswith("cuda"):
        free, total = torch.cuda.mem_get_info(device)
        return Memory(total, free)
    here = psutil.virtual_memory()
    return Memory(here.total, here.available)


def hardware(device: str) -> tuple[str, Memory]:
    """Name and memory of a device; ``auto`` is resolved."""
    where = resolve_device(device)
    name = torch.cuda.get_device_name(where) if where.startswith("cuda") else platform.machine()
    return name, device_memory(where)


def this_machine(home: Path, device: str = "auto") -> Machine:
    """The memory of this computer, and the disk that models are kept on.

    Raises:
        DeviceError: If the asked device is not here.
    """
    where = resolve_device(device)
    gpu = device_memory(where).total if where.startswith("cuda") else 0
    return Machine(where.partition(":")[0], gpu, psutil.virtual_memory().total, free_bytes(home))


def fit(model: Published, machine: Machine) -> Plan | None:
    """How a published model would run on a machine, None if it would not."""
    return plan(model.footprint, machine, model.picture_tokens)


def choose(entry: Entry, weights: Footprint, machine: Machine, device: str, precision: Precision) -> Plan:
    """How a published model shall run here.

    Args:
        entry: The model.
        weights: Of it.
        machine: This computer.
        device: As it was asked for: a device that was named is never replaced by another one.
        precision: The form that was asked for, or "auto".

    Raises:
        FitError: If nothing fits.
    """
    tokens = entry.published.picture_tokens if entry.published else ()
    found, best = plan(weights, machine, tokens, precision), plan(weights, machine, tokens)
    if found is not None and (device == "auto" or found.kind == machine.kind):
        return found
    other = best if best is not None and best.kind == machine.kind else found or best
    form = "" if precision == "auto" else f" in {FORM_WORDS[precision]}"
    needs = least_bytes(weights, machine.kind, tokens, precision) / GB
    usable = max(machine.usable_bytes(machine.kind), 0) / GB
    raise FitError(
        f"{entry.name}{form} needs {needs:.1f} GB on {DEVICE_WORDS[machine.kind]}, a model may take {usable:.1f} GB; "
        + _way_out(other, machine, device, precision)
    )


def _way_out(other: Plan | None, machine: Machine, device: str, precision: Precision) -> str:
    if other is None:
        return "use a computer with more memory"
    options = []
    if precision not in ("auto", other.form):
        options.append("--precision auto")
    if device != "auto" and other.kind != machine.kind:
        options.append("--device auto")
    return f"choose {' '.join(options)}, which takes {FORM_WORDS[other.form]} on {DEVICE_WORDS[other.kind]}"


def in_words(found: Plan | None, model: Published, machine: Machine) -> str:
    """The plan as a sentence."""
    if found is None:
        sizes = f"{machine.gpu_bytes / GB:.0f} GB of GPU and " if machine.gpu_bytes else ""
        return (
            f"Does not fit this machine ({sizes}{machine.ram_bytes / GB:.0f} GB of main memory), not even with 4 bits."
        )
    how = FORM_WORDS[found.form]
    if found.staged:
        how += ", image encoders only for their stage"
    if found.tokens < model.picture_tokens[0]:
        how += f", pictures in less detail ({found.tokens:,} of {model.picture_tokens[0]:,} tokens)"
    usable = machine.usable_bytes(found.kind) / GB
    return f"Fits {DEVICE_WORDS[found.kind]}: {how}; needs {found.needs_bytes / GB:.1f} of {usable:.1f} GB."
