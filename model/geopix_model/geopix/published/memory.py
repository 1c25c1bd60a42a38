"""The class-wise memory of published size: one parameter a class and level, or its fused form, or none of it.

In ``released`` mode only ``memory_attention.layers.0.scale`` and ``memory_attention.norm`` decide anything; all other
weights then stay on the meta device, so that nothing can use them unnoticed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import CheckpointError
from ..memory import ClasswiseMemory, MemoryAttentionLayer
from .sizes import MemorySizes

LIVE = ("memory_attention.layers.0.scale", "memory_attention.norm.weight", "memory_attention.norm.bias")
MEMORY = "learnable_memory.memory"


class SlotMemory(nn.Module):
    """K x P x h x w values for each class and level, saved as the one tensor of the published file.

    Each slot is a parameter of its own: those that a step does not use get neither gradient nor optimizer state, which
    at published size would be 2.5 GB each.
    """

    def __init__(self, sizes: MemorySizes) -> None:
        super().__init__()
        self.classes, self.levels = sizes.classes, sizes.levels
        shape = sizes.length, sizes.width, sizes.grid, sizes.grid
        count = sizes.classes * sizes.levels
        self.slots = nn.ParameterList(nn.Parameter(torch.empty(shape)) for _ in range(count))

    def forward(self, class_id: int, level: int) -> Tensor:
        """One slot, (K, P, h, w)."""
        return self.slots[class_id * self.levels + level]

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """All slots as one tensor (classes, levels, K, P, h, w) named ``memory``."""
        destination = {} if destination is None else destination
        whole = torch.stack([slot if keep_vars else slot.detach() for slot in self.slots])
        destination[prefix + "memory"] = whole.unflatten(0, (self.classes, self.levels))
        return destination

    def _load_from_state_dict(self, state_dict: Mapping[str, Tensor], prefix: str, *args: Any) -> None:
        """Makes the slots views of the one tensor: nothing is copied."""
        whole = state_dict.get(prefix + "memory")
        if whole is not None:
            self.slots = nn.ParameterList(nn.Parameter(slot) for slot in whole.flatten(0, 1).unbind(0))


class PublishedMemory(ClasswiseMemory):
    """``ClasswiseMemory`` over slots, or over what the fuser has made of them (``use_fused``)."""

    fused: Tensor | None

    def __init__(self, width: int, sizes: MemorySizes, mode: str) -> None:
        classes, levels = sizes.classes, sizes.levels
        super().__init__(width, classes, levels, sizes.length, sizes.width, sizes.grid, sizes.feedforward, mode)
        self.learnable_memory = SlotMemory(sizes)  # type: ignore[assignment]
        layer = self._layer
        for encoding in (layer.self_attn_pos, layer.cross_attn_image_pos):
            encoding.register_buffer("pe", encoding.pe)  # the published file has them, so they are saved
        self.register_buffer("fused", None, persistent=False)

    @property
    def slots(self) -> SlotMemory:
        """The memory itself."""
        memory: Any = self.learnable_memory
        return memory

    @property
    def classes(self) -> int:
        """Number of classes; the last one is the generic slot."""
        return self.slots.classes

    @property
    def _layer(self) -> MemoryAttentionLayer:
        layer: Any = self.memory_attention.layers[0]
        return layer

    def recall(self, classes: Tensor, level: int) -> Tensor:
        """Fused memory (N, P, h, w) of class ids (N,), each fused by itself so that a batch changes no bit of it."""
        if self.fused is not None:
            return self.fused[classes, level]
        slots = [self.slots(int(class_id), level) for class_id in classes]
        return torch.cat([self.memory_fuser(slot[None]) for slot in slots])

    @torch.no_grad()
    def fuse(self) -> Tensor:
        """What ``recall`` gives for every class and level: (classes, levels, P, h, w), 1/K of the memory.

        Raises:
            CheckpointError: If the memory was not loaded.
        """
        self._require_memory()
        every = torch.arange(self.classes)
        return torch.stack([self.recall(every, level) for level in range(self.slots.levels)], 1)

    def use_fused(self, fused: Tensor) -> None:
        """From now on recalls from ``fuse``'s result; the memory itself is not needed any more."""
        self.fused = fused

    @torch.no_grad()
    def begin_paper(self, generator: torch.Generator | None = None) -> None:
        """Turns released weights into the start of paper mode: the same function, ready to learn.

        The three output projections become zero, hence any class and mask give the released result.  What the released
        form gave no gradient to is drawn anew: memory N(0, 0.02), attention and MLP inputs Xavier.

        Raises:
            CheckpointError: If the memory was not loaded.
        """
        self._require_memory()
        layer = self._layer
        attention = (layer.self_attn, layer.cross_attn_image)
        for projection in (*(part.out_proj for part in attention), layer.linear2):
            nn.init.zeros_(projection.weight)
            nn.init.zeros_(projection.bias)
        for name, weight in layer.named_parameters():
            if name.endswith("proj_weight") or name == "linear1.weight":
                nn.init.xavier_uniform_(weight, generator=generator)
            elif name.endswith("in_proj_bias") or name == "linear1.bias":
                nn.init.zeros_(weight)
        for norm in (layer.norm1, layer.norm2, layer.norm3):
            nn.init.ones_(norm.weight)
            nn.init.zeros_(norm.bias)
        for slot in self.slots.slots:
            nn.init.normal_(slot, std=0.02, generator=generator)
        self.mode, self.fused = "paper", None

    def _require_memory(self) -> None:
        if any(weight.is_meta for weight in self.parameters()):
            raise CheckpointError(
                "the memory was not loaded, so it cannot be trained or fused; load it in paper mode, trainable"
            )
