"""How much memory a GeoPix folder wants, part by part, from the names and shapes in its files alone."""

from __future__ import annotations

import math
from pathlib import Path

from ...footprint import BFLOAT16, Footprint
from ...packing import is_linear
from .loading import Mode, is_dead, open_folder, places, read_sizes, stored_type
from .sizes import TEXT

_PARTS = (
    ("language.embed_tokens.", "embeddings"),
    ("head.", "head"),
    ("vision.", "vision"),
    (("necks.", "prompt_encoder.", "mask_decoder.", "clm."), "masks"),
)


def footprint(folder: Path) -> Footprint:
    """The weights of a folder, which need not be of the published sizes.

    Raises:
        CheckpointError: If a file is missing, damaged or of another architecture.
    """
    files = open_folder(folder)
    sizes = read_sizes(files)
    counts = dict.fromkeys(("decoder", "adapters", "embeddings", "head", "vision", "masks", "bridges", "dead"), 0)
    for part, name, place in places(files):
        counts[_part(place, files.mode)] += math.prod(files.parts[part].shapes[name])
    memory = sizes.memory
    keys = files.parts["vlm"].shape(f"{TEXT}layers.0.self_attn.k_proj.weight")[0]
    if files.mode == "paper":
        counts["masks"] += memory.classes * memory.levels * memory.width * memory.grid**2  # the fused memory
    return Footprint(
        **counts,
        kv_bytes_per_token=2 * sizes.text.num_hidden_layers * keys * BFLOAT16,
        stored_bytes=stored_type(files).itemsize,
    )


def _part(place: str | None, mode: Mode) -> str:
    if place is None or is_dead(place, mode, trainable=False):
        return "dead"
    if is_linear(place):
        return "decoder"
    return next((part for prefixes, part in _PARTS if place.startswith(prefixes)), "bridges")
