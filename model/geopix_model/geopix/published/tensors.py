"""Tensors of checkpoint files by name: shapes are known at once, values are read only when they are asked for."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ...checkpoint_files import read_json, require
from ...errors import CheckpointError

Shape = tuple[int, ...]
INDEX = "model.safetensors.index.json"


@dataclass(frozen=True)
class Tensors:
    """The tensors of one file, or of all shards of a part.

    Attributes:
        title: What to call the file in messages.
        shapes: Shape by name.
        read: The whole tensor of a name, on the CPU, in the stored dtype.
        read_at: The part of a tensor at leading indices, without reading the rest.
    """

    title: str
    shapes: Mapping[str, Shape]
    read: Callable[[str], Tensor]
    read_at: Callable[[str, tuple[int, ...]], Tensor]

    def shape(self, name: str) -> Shape:
        """Shape of a tensor that must be there.

        Raises:
            CheckpointError: If it is not.
        """
        if name not in self.shapes:
            raise CheckpointError(f"{self.title} lacks the weight {name!r}; is it a GeoPix checkpoint, and complete?")
        return self.shapes[name]


def in_folder(folder: Path) -> Tensors:
    """The tensors of ``model.safetensors``, or of the shards that ``model.safetensors.index.json`` lists.

    Raises:
        CheckpointError: If a file is missing, damaged, or an index and its shards differ.
    """
    if not (folder / INDEX).is_file():
        return safetensors_file(folder / "model.safetensors")
    where = read_json(folder / INDEX).get("weight_map")
    if not isinstance(where, dict) or not where:
        raise CheckpointError(f"{folder.name}/{INDEX} has no weight_map; download the checkpoint again")
    shards = {name: safetensors_file(folder / name) for name in sorted(set(map(str, where.values())))}
    held = {tensor: shard for shard, tensors in shards.items() for tensor in tensors.shapes}
    for tensor, shard in [*where.items(), *held.items()]:
        if held.get(tensor) != shard or where.get(tensor) != shard:
            raise CheckpointError(
                f"{folder.name}/{INDEX} and its files disagree about the weight {tensor!r}; download them again"
            )
    return Tensors(
        f"{folder.name}/model.safetensors",
        {tensor: shards[shard].shapes[tensor] for tensor, shard in held.items()},
        lambda name: shards[held[name]].read(name),
        lambda name, at: shards[held[name]].read_at(name, at),
    )


def safetensors_file(path: Path) -> Tensors:
    """The tensors of one safetensors file; it stays open, its values are read from disk on demand.

    Raises:
        CheckpointError: If it is missing or damaged.
    """
    title = f"{path.parent.name}/{path.name}"
    require(path)
    try:
        file = safe_open(path, framework="pt", device="cpu")
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{title} is damaged or truncated ({error}); download the checkpoint again") from error
    return Tensors(title, shapes, file.get_tensor, lambda name, at: file.get_slice(name)[at])


def torch_file(path: Path) -> Tensors:
    """The tensors of a state dict that torch has saved; a list of tensors gets its positions as names.

    Raises:
        CheckpointError: If it is missing, damaged, or holds anything but tensors.
    """
    require(path)
    try:
        saved: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path.name} is damaged ({_first_line(error)}); download the checkpoint again"
        ) from error
    named = dict(_named(saved))
    wrong = next((name for name, value in named.items() if not isinstance(value, Tensor)), None)
    if wrong is not None or not named:
        what = "no tensor" if wrong is None else f"{type(named[wrong]).__name__} under {wrong!r}"
        raise CheckpointError(f"{path.name} holds {what}, expected tensors by name; is it a GeoPix checkpoint?")
    values = {name: value.detach() for name, value in named.items()}
    shapes = {name: tuple(value.shape) for name, value in values.items()}
    return Tensors(path.name, shapes, values.__getitem__, lambda name, at: values[name][at])


def _named(saved: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(saved, Mapping):
        yield from ((str(name), value) for name, value in saved.items())
    elif isinstance(saved, (list, tuple)):
        yield from ((str(index), value) for index, value in enumerate(saved))


def _first_line(error: Exception) -> str:
    return str(error).split("\n")[0]
