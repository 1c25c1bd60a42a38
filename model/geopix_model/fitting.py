"""Which form of a model fits a machine: known before a download, from the shapes of its weights alone.

Forms are tried from the most exact to the smallest, and a picture is made smaller only where none of them holds it.
Memory is that of the weights, of keys and values, and of the work on one picture; the last is an estimate that was not
measured on a GPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Union

from .footprint import BFLOAT16, Footprint
from .quantize import BLOCK

GIB = 2**30
WORK_BYTES = GIB  # the largest stage: SAM 2 large took 0.86 GB for one picture in float16 (reported, not ours)
GPU_RESERVE = 3 * GIB // 4  # CUDA itself, and the display
RAM_RESERVE = 4 * GIB  # the system and QGIS
UNIFIED_SHARE = 0.7  # of the memory that a GPU shares with its CPU
ANSWER_TOKENS = 1024

WeightForm = Literal["fp32", "bf16", "fp16", "int8", "nf4"]
Precision = Union[Literal["auto"], WeightForm]
BYTES: dict[WeightForm, float] = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0, "int8": 1.0, "nf4": 0.5 + 4 / BLOCK}
FORM_WORDS: dict[WeightForm, str] = {
    "fp32": "float32",
    "bf16": "bfloat16",
    "fp16": "float16",
    "int8": "8-bit weights",
    "nf4": "4-bit weights",
}


@dataclass(frozen=True)
class Machine:
    """Memory of a computer, in bytes.

    Attributes:
        kind: "cuda", "mps" (which shares the main memory) or "cpu".
        gpu_bytes: Of the GPU, 0 without one of its own.
        ram_bytes: Of the computer.
        disk_bytes: Free where models are kept.
    """

    kind: str
    gpu_bytes: int
    ram_bytes: int
    disk_bytes: int

    def usable_bytes(self, kind: str) -> int:
        """What a model may take on a device of that kind."""
        if kind == "cuda":
            return self.gpu_bytes - GPU_RESERVE
        return int(self.ram_bytes * UNIFIED_SHARE) if kind == "mps" else self.ram_bytes - RAM_RESERVE


@dataclass(frozen=True)
class Plan:
    """How a model would run on a machine.

    Attributes:
        kind: The device: "cuda", "mps" or "cpu".
        form: Of the linears of the decoder.
        adapter_form: Of the partial LoRA.
        staged: Whether image encoders and embeddings are on the CPU but for their stage.
        tokens: Of a picture that fit beside the weights.
        needs_bytes: Memory of the device, for weights, keys and values, and work.
        spare_bytes: What is left of the memory that a model may take.
    """

    kind: str
    form: WeightForm
    adapter_form: WeightForm
    staged: bool
    tokens: int
    needs_bytes: int
    spare_bytes: int


def plan(
    model: Footprint, machine: Machine, picture_tokens: tuple[int, ...], precision: Precision = "auto"
) -> Plan | None:
    """The most exact form that fits, on the fastest device that holds any; None if nothing does.

    Args:
        model: Its weights.
        machine: Where it shall run.
        picture_tokens: Positions that a picture takes, the wanted number first, then what is acceptable.
        precision: The only form that is wanted, or "auto".
    """
    kinds = (machine.kind, "cpu") if machine.kind == "cuda" else (machine.kind,)
    for kind in kinds:
        for tokens in picture_tokens:
            for form, adapters, staged in _forms(kind, model, precision):
                needs = needed_bytes(model, form, adapters, staged=staged, tokens=tokens)
                spare = machine.usable_bytes(kind) - needs
                if spare >= 0:
                    return Plan(kind, form, adapters, staged, tokens, needs, spare)
    return None


def least_bytes(model: Footprint, kind: str, picture_tokens: tuple[int, ...], precision: Precision) -> int:
    """The least memory of a device of that kind with which ``plan`` finds something."""
    return min(
        needed_bytes(model, form, adapters, staged=staged, tokens=min(picture_tokens))
        for form, adapters, staged in _forms(kind, model, precision)
    )


def needed_bytes(model: Footprint, form: WeightForm, adapters: WeightForm, *, staged: bool, tokens: int) -> int:
    """Memory of a device for weights, keys and values, and the work on one picture."""
    wide = int(BYTES[plain(form)])
    fixed = model.decoder * BYTES[form] + model.adapters * BYTES[adapters] + wide * (model.head + model.bridges)
    towers = max(model.vision, model.masks) if staged else model.vision + model.masks + model.embeddings
    kept = model.kv_bytes_per_token * wide // BFLOAT16 * (tokens + ANSWER_TOKENS)
    return int(fixed + wide * towers + kept + WORK_BYTES)


def plain(form: WeightForm) -> WeightForm:
    """The form of what is not packed, and of the computation."""
    return "bf16" if form in ("int8", "nf4") else form


def _forms(kind: str, model: Footprint, precision: Precision) -> list[tuple[WeightForm, WeightForm, bool]]:
    """(linears, adapters, staged), the most exact first; stages make sense where the GPU has a memory of its own."""
    wanted: list[WeightForm] = ["bf16", "int8", "nf4"] if precision == "auto" else [precision]
    if precision == "auto" and kind == "cpu" and model.stored_bytes > BFLOAT16:
        wanted.insert(0, "fp32")  # nothing is lost then, and few processors are faster in bfloat16
    forms = [(form, plain(form), False) for form in wanted]
    if kind == "cuda":
        last = wanted[-1]
        small: WeightForm = "nf4" if last == "nf4" and model.adapters else plain(last)
        forms.append((last, small, True))
    return forms
