"""GeoPix's class-wise memory against its goldens: what is stored, its fused form, and that released mode ignores it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F

from ..geopix.published.loading import load
from ..geopix.published.model import PublishedGeoPix
from .recorded import NOT_CHECKED, compare, difference, exact, tensors_of
from .rows import Row

_FUSED = re.compile(r"class(\d+)\.level(\d+)\.(memory|fused)")
_PROBE = re.compile(r"probe\.level(\d+)\.out")


def memory_rows(folder: Path, model: PublishedGeoPix) -> Iterator[Row]:
    """What is recorded of the memory module by itself: memory, fused memory, and its output for a probe."""
    path = folder / "golden" / "clm.safetensors"
    recorded = tensors_of(path) if path.is_file() else {}
    if not recorded:
        return
    clm, full = model.clm, load(folder, clm="paper", trainable=True).clm
    ours, tolerances = {}, dict[str, float]()
    for name in recorded:
        if match := _FUSED.fullmatch(name):
            class_id, level = int(match[1]), int(match[2])
            slot = full.slots(class_id, level)[None]
            ours[name] = slot if match[3] == "memory" else full.recall(exact([class_id]), level)
            tolerances[name] = 0.0 if match[3] == "memory" else 1e-8
        elif (match := _PROBE.fullmatch(name)) and "probe.img_embeds" in recorded:
            probe = recorded["probe.img_embeds"]
            ours[name], tolerances[name] = clm(probe, None, exact([clm.classes - 1]), int(match[1])), 5e-5
    inputs = {"probe.img_embeds"} if any(map(_PROBE.fullmatch, recorded)) else set()
    yield from compare("clm", {k: v for k, v in recorded.items() if k not in inputs}, ours, tolerances)


def fact_rows(folder: Path, model: PublishedGeoPix, facts: Mapping[str, Any]) -> Iterator[Row]:
    """What ``meta.json`` says of the memory module as a whole."""
    for key, value in facts.items():
        if key == "clm_memory_replaced_by_noise_max_abs_mask_diff":
            yield Row("meta", key, _noise(model), float(value))
        elif key == "clm_equals_layernorm_of_scaled_input_max_abs_diff":
            yield _closed_form(folder, model, key, float(value) + 1e-6)
        else:
            yield Row("meta", key, math.inf, 0.0, NOT_CHECKED)


def _noise(model: PublishedGeoPix) -> float:
    """How far masks of a made-up target move when the whole memory becomes noise."""
    torch.manual_seed(0)
    picture = model.look(torch.randn(1, 3, *[model.sizes.image_side] * 2))
    masks, memory = model.sizes.masks, model.sizes.memory
    states = torch.randn(1, masks.levels * masks.seg_tokens, model.sizes.text.hidden_size)
    before = model.masks(picture, states, exact([0])).logits
    stored = model.clm.fused
    model.clm.use_fused(torch.randn(memory.classes, memory.levels, memory.width, memory.grid, memory.grid))
    after = model.masks(picture, states, exact([0])).logits
    model.clm.fused = stored
    return difference(before, after)


def _closed_form(folder: Path, model: PublishedGeoPix, key: str, tolerance: float) -> Row:
    """How far LayerNorm((1 + scale) x) is from the recorded output of the module for the probe."""
    path = folder / "golden" / "clm.safetensors"
    recorded = tensors_of(path) if path.is_file() else {}
    outs = [value for name, value in recorded.items() if _PROBE.fullmatch(name)]
    if "probe.img_embeds" not in recorded or not outs:
        return Row("meta", key, math.inf, tolerance, NOT_CHECKED)
    attention = model.clm.memory_attention
    layer: Any = attention.layers[0]
    x = recorded["probe.img_embeds"].permute(0, 2, 3, 1)
    norm = attention.norm
    ours = F.layer_norm((1 + layer.scale) * x, norm.normalized_shape, norm.weight, norm.bias, norm.eps)
    off = max(difference(ours.permute(0, 3, 1, 2), out) for out in outs)
    return Row("meta", key, off, tolerance, "against the recorded output")
