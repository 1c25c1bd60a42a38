"""Parts of a model that are on the GPU only while they work, for GPUs that cannot hold all of it at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

Module = TypeVar("Module", bound=nn.Module)


@contextmanager
def on_device(module: Module, device: str | torch.device) -> Iterator[Module]:
    """``module`` on ``device`` for the length of a ``with``; then it is where it was.

    The weights at home are kept and taken up again, not copied back: the way to the GPU costs once, the way back
    nothing.  So it is for inference: the copies have no gradient, and what is written into them is lost.  Tensors that
    are there already are not touched, and a weight that two layers share is moved once.
    """
    device = torch.device(device)
    at_home: list[tuple[dict[str, Tensor | None], str, Tensor]] = []
    moved: dict[int, Tensor] = {}
    try:
        for layer in module.modules():
            for tensors in (layer._parameters, layer._buffers):
                for name, tensor in list(tensors.items()):
                    if tensor is None or _is_on(tensor, device):
                        continue
                    if id(tensor) not in moved:
                        moved[id(tensor)] = _copy(tensor, device)
                    at_home.append((tensors, name, tensor))  # type: ignore[arg-type]
                    tensors[name] = moved[id(tensor)]  # type: ignore[assignment]
        yield module
    finally:
        for home, name, tensor in at_home:
            home[name] = tensor
        moved.clear()
        if at_home and device.type == "cuda":
            torch.cuda.empty_cache()  # so that the next stage finds the memory in one piece


def _copy(tensor: Tensor, device: torch.device) -> Tensor:
    there = tensor.detach().to(device, non_blocking=True)
    return nn.Parameter(there, requires_grad=False) if isinstance(tensor, nn.Parameter) else there


def _is_on(tensor: Tensor, device: torch.device) -> bool:
    return tensor.device.type == device.type and (device.index is None or tensor.device.index == device.index)
