"""A model becomes a checkpoint folder in the published layout, which ``loading`` reads again.

Dead weights are left out.  The folder appears under its name only when it is complete.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from ..checkpoint_files import read_json
from . import keymap, tensor_files
from .config import CLIP_CONFIG, CONFIG, SAM_CONFIG
from .loading import unfilled
from .model import GeoPixel
from .sizes import clip_sizes, sam_sizes

SHARD_BYTES = 4 << 30
SIDE_FILES = (  # whatever of them the folder has that was trained from
    "tokenizer.model",
    "added_tokens.json",
    "special_tokens_map.json",
    "tokenizer_config.json",
    "generation_config.json",
)

Weights = Callable[[str], Tensor]


def save(folder: Path, model: GeoPixel, base: Path, weight_of: Weights, shard_bytes: int = SHARD_BYTES) -> None:
    """Writes a checkpoint folder.

    Args:
        folder: Must not exist, or is replaced as a whole.
        model: Its sizes are those of ``base``.
        base: Checkpoint folder that the model was loaded from: its tokenizer goes along, its shapes say the layout.
        weight_of: Gives a weight by our name, as it is to be stored.
        shard_bytes: Size of one file of weights at most, if its tensors allow.
    """
    partial = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    stored = tensor_files.contents(base)
    shapes = {name: entry.shape for name, entry in stored.items()}
    _write_configs(partial, model, base, shapes, weight_of("lm_head.weight").dtype)
    _write_weights(partial, model, shapes, weight_of, shard_bytes)
    _replace(partial, folder)


def assemble(sources: Sequence[keymap.Source], shape: tuple[int, ...], weight_of: Weights) -> Tensor:
    """A published tensor out of ours.

    Args:
        sources: All places that it fills, see ``keymap.sources``.
        shape: Of the published tensor.
        weight_of: Gives ours by name: a weight, or its gradient.
    """
    first = sources[0]
    if first.row is not None:
        return weight_of(first.ours)[first.row].reshape(shape)
    if len(sources) == 1:
        return weight_of(first.ours).reshape(shape)
    # The rows of the grouped matrix, found by asking where each row would go.
    value, rows = weight_of(first.ours), torch.arange(shape[0])
    whole = value.new_empty(shape)
    for source in sources:
        whole[source.part(rows)] = weight_of(source.ours)
    return whole


def _write_configs(
    folder: Path, model: GeoPixel, base: Path, shapes: dict[str, tuple[int, ...]], dtype: torch.dtype
) -> None:
    for name in SIDE_FILES:
        if (base / name).is_file():
            shutil.copyfile(base / name, folder / name)
    values = {**read_json(base / CONFIG), "round_features": model.segmenter.round_features}
    values["torch_dtype"] = str(dtype).removeprefix("torch.")
    for name, sizes in ((CLIP_CONFIG, clip_sizes), (SAM_CONFIG, sam_sizes)):
        own = read_json(base / name) if (base / name).is_file() else sizes(shapes)
        (folder / name).write_text(json.dumps(own, indent=1) + "\n", "utf-8")
    (folder / CONFIG).write_text(json.dumps(values, indent=1) + "\n", "utf-8")


def _write_weights(
    folder: Path, model: GeoPixel, shapes: dict[str, tuple[int, ...]], weight_of: Weights, shard_bytes: int
) -> None:
    empty = unfilled(model.config)
    ours = [name for name, _ in empty.named_parameters()]
    ours += [name for name, value in empty.named_buffers() if value.is_meta]
    sources = keymap.sources(ours, model.config)
    shard, size, shards = dict[str, Tensor](), 0, list[list[str]]()

    def close() -> None:
        nonlocal shard, size
        save_file(shard, folder / f"shard-{len(shards)}", metadata={"format": "pt"})
        shards.append(list(shard))
        shard, size = {}, 0

    total = 0
    for published in sorted(name for name in shapes if not keymap.is_dead(name)):
        value = assemble(sources[keymap.usual(published)], shapes[published], weight_of)
        nbytes = value.numel() * value.element_size()
        if shard and size + nbytes > shard_bytes:
            close()
        shard[published] = value.detach().cpu().contiguous().clone()
        size, total = size + nbytes, total + nbytes
    close()
    _name_shards(folder, shards, total)


def _name_shards(folder: Path, shards: Sequence[Sequence[str]], total: int) -> None:
    """Gives the files of weights their published names, and an index where there are several."""
    if len(shards) == 1:
        (folder / "shard-0").rename(folder / tensor_files.SINGLE[0])
        return
    where = dict[str, str]()
    for number, names in enumerate(shards):
        file = f"model-{number + 1:05}-of-{len(shards):05}.safetensors"
        (folder / f"shard-{number}").rename(folder / file)
        where |= dict.fromkeys(names, file)
    index = {"metadata": {"total_size": total}, "weight_map": where}
    (folder / tensor_files.INDEXED[0]).write_text(json.dumps(index, indent=1) + "\n", "utf-8")


def _replace(partial: Path, folder: Path) -> None:
    """Puts a complete folder in place; an older one is removed only after that."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    partial.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
