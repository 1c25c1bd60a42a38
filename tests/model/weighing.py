"""What a model weighs, where it is, what loading it takes, and how far two of them are apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn


def nbytes(module: nn.Module) -> int:
    """Bytes of weights and buffers, each counted once; those without values take none."""
    tensors = (t for t in (*module.parameters(), *module.buffers()) if not t.is_meta)
    storages = {t.untyped_storage().data_ptr(): t.nbytes for t in tensors}
    return sum(storages.values())


def peak(run: Callable[[], object], folder: Path) -> int:
    """Most bytes that torch's own allocator holds more than before, without the files of a folder that are mapped."""
    mapped = {path.stat().st_size for path in folder.rglob("*.safetensors")}
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        kept = run()
    assert profile.profiler is not None and profile.profiler.kineto_results is not None
    events = [event for event in profile.profiler.kineto_results.events() if event.name() == "[memory]"]
    steps = [event.nbytes() for event in sorted(events, key=lambda event: event.start_ns())]
    del kept
    return int(np.cumsum([step for step in steps if abs(step) not in mapped]).max())


def distance(a: Tensor, b: Tensor) -> float:
    return float((a - b).norm() / b.norm())


def overlap(logits: Tensor, others: Tensor) -> float:
    """Intersection over union of what is inside."""
    ours, theirs = logits > 0, others > 0
    return int((ours & theirs).sum()) / int((ours | theirs).sum())


def devices(module: nn.Module) -> set[str]:
    return {tensor.device.type for tensor in (*module.parameters(), *module.buffers())}
