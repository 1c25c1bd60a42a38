"""How much memory a GeoPixel folder wants, part by part, from the names and shapes in its files alone."""

from __future__ import annotations

import math
import re
from pathlib import Path

from ..footprint import BFLOAT16, Footprint
from . import keymap, tensor_files
from .config import load_config
from .sizes import CLIP, SAM

_DECODER = re.compile(r"model\.layers\.\d+\.(?:attention|feed_forward)\.\w+\.weight")
_ADAPTER = re.compile(r"model\.layers\.\d+\.(?:attention|feed_forward)\.\w+\.Plora_[AB]\.weight")
_PARTS = (
    (_DECODER, "decoder"),
    (_ADAPTER, "adapters"),
    (re.compile(r"model\.tok_embeddings\.weight"), "embeddings"),
    (re.compile(r"output\.weight"), "head"),
    (re.compile(re.escape(CLIP) + ".+"), "vision"),
    (re.compile(re.escape(SAM) + ".+"), "masks"),
)


def footprint(folder: Path) -> Footprint:
    """The weights of a folder, which need not be of the published sizes.

    Raises:
        CheckpointError: If a file is missing, damaged or of another architecture.
    """
    stored = tensor_files.contents(folder)
    shapes = {name: entry.shape for name, entry in stored.items()}
    text = load_config(folder, shapes).language
    counts = dict.fromkeys(("decoder", "adapters", "embeddings", "head", "vision", "masks", "bridges", "dead"), 0)
    for name, shape in shapes.items():
        counts[_part(name)] += math.prod(shape)
    heads = text.num_key_value_heads or text.num_attention_heads
    width = text.hidden_size // text.num_attention_heads
    return Footprint(
        **counts,
        kv_bytes_per_token=2 * text.num_hidden_layers * heads * width * BFLOAT16,
        stored_bytes=stored["output.weight"].dtype.itemsize if "output.weight" in stored else BFLOAT16,
    )


def _part(name: str) -> str:
    if keymap.is_dead(name):
        return "dead"
    return next((part for pattern, part in _PARTS if pattern.fullmatch(name)), "bridges")
