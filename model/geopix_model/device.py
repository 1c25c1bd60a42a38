"""Which device a model runs on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from .errors import DeviceError


def image_dtype(device: str) -> torch.dtype:
    """Precision in which a device looks at images fastest without harm: bfloat16 on processors that compute in it."""
    if torch.device(device).type == "cpu" and hasattr(torch.cpu, "get_capabilities"):  # torch 2.12 and later
        found = torch.cpu.get_capabilities()
        if found.get("avx512_bf16") or found.get("amx_bf16"):
            return torch.bfloat16
    return torch.float32


def resolve_device(name: str = "auto") -> str:
    """A torch device: ``auto`` takes the first GPU, else Apple's, else the CPU.

    Raises:
        DeviceError: If a device is asked for by name and is not here; never a silent step down to the CPU.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, index = name.partition(":")
    count = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}.get(kind)
    if count is None or (index and not index.isdigit()):
        raise DeviceError(f"device is {name!r}, expected auto, cpu, cuda, cuda:<number> or mps")
    if int(index or 0) >= count:
        raise DeviceError(f"device {name!r} is not available here ({count} found); use --device auto or cpu")
    return name


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Lets each operation of this thread use ``count`` cores, and as many as before afterwards.

    For products of matrices the number is that of the whole process: two threads at a time must not use this.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
