"""Where a model goes and in which form: what a loader is told."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .fitting import FORM_WORDS, Plan, WeightForm, plain
from .packing import Packing
from .quantize import Form

_DTYPES: dict[WeightForm, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Place:
    """Where a model runs and how much it may take.

    Attributes:
        device: A torch device.
        form: Of the linears of the decoder; None is that of the files.
        adapter_form: Of partial LoRA; None is as what is not packed.
        staged: Whether image encoders and embeddings are on the CPU but for their stage.
        picture_tokens: Positions that a picture may take in the decoder, None for as many as it wants.
        memory_bytes: What may be kept of earlier pictures, None for as much as the model keeps by itself.
    """

    device: str
    form: WeightForm | None = None
    adapter_form: WeightForm | None = None
    staged: bool = False
    picture_tokens: int | None = None
    memory_bytes: int | None = None

    @classmethod
    def of(cls, device: str, plan: Plan | None) -> Place:
        """A device, with a plan for it or without."""
        if plan is None:
            return cls(device)
        return cls(device, plan.form, plan.adapter_form, plan.staged, plan.tokens, plan.spare_bytes)

    @property
    def dtype(self) -> torch.dtype | None:
        """Of what is not packed; None is that of the files."""
        return None if self.form is None else _DTYPES[plain(self.form)]

    @property
    def packing(self) -> Packing:
        """How the linears of the decoder and their adapters are packed, if they are."""
        return Packing(_packed(self.form), _packed(self.adapter_form))

    @property
    def words(self) -> str:
        """For people: "cpu", or "cuda, 4-bit weights, in stages"."""
        form = [] if self.form is None else [FORM_WORDS[self.form]]
        return ", ".join([self.device, *form, *(["in stages"] if self.staged else [])])


def _packed(form: WeightForm | None) -> Form | None:
    return form if form == "int8" or form == "nf4" else None
