"""The tensor files of a checkpoint folder: their names and shapes at once, their values one by one.

A folder holds ``model.safetensors``, or shards with ``model.safetensors.index.json``, or the same as ``.bin``, the
older format of torch, which is opened with ``weights_only=True`` so that no code in it can run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ..errors import CheckpointError

SINGLE = ("model.safetensors", "pytorch_model.bin")
INDEXED = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
# A mapped file counts as memory of the process as far as it was read, so it is opened anew after so many bytes: loading
# 687 MiB of weights took 735 MiB at its peak instead of 1,390 with one opening.
MAPPED_BYTES = 1 << 26
_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
_SAMPLES, _SAMPLE_BYTES = 16, 1 << 16


@dataclass(frozen=True)
class Stored:
    """Where a tensor lies, its shape and the type of its values."""

    file: Path
    shape: tuple[int, ...]
    dtype: torch.dtype


def files_of(folder: Path) -> list[Path]:
    """The tensor files of a folder, in the order of their names.

    Raises:
        CheckpointError: If there are none, or one that the index names is missing.
    """
    single = next((folder / name for name in SINGLE if (folder / name).is_file()), None)
    if single is not None:
        return [single]
    index = next((folder / name for name in INDEXED if (folder / name).is_file()), None)
    if index is None:
        raise CheckpointError(
            f"the model folder {folder} has neither {SINGLE[0]} nor {INDEXED[0]}; choose the folder of a model"
        )
    files = [folder / name for name in sorted(set(_weight_map(index).values()))]
    for file in files:
        if not file.is_file():
            raise CheckpointError(f"{index.name} names the file {file.name}, which is missing; download it again")
    return files


def contents(folder: Path) -> dict[str, Stored]:
    """Every tensor of a folder by name, without reading its values.

    Raises:
        CheckpointError: If a file is missing or damaged, a tensor is in two files, or the index and the files differ.
    """
    found: dict[str, Stored] = {}
    for file in files_of(folder):
        for name, entry in _entries(file).items():
            if name in found:
                raise CheckpointError(f"the weight {name!r} is both in {found[name].file.name} and in {file.name}")
            found[name] = entry
    index = next((folder / name for name in INDEXED if (folder / name).is_file()), None)
    if index is not None and not any((folder / name).is_file() for name in SINGLE):
        lost = sorted(set(_weight_map(index)) - set(found))
        if lost:
            raise CheckpointError(f"{index.name} names {lost[0]!r}, which is in no file; download the model again")
    return found


def read(stored: Mapping[str, Stored]) -> Iterator[tuple[str, Tensor]]:
    """(name, value) of each of ``stored``, file by file; a value is valid until the next one is asked for.

    Raises:
        CheckpointError: If a file is damaged or truncated.
    """
    for file in sorted({entry.file for entry in stored.values()}):
        names = [name for name, entry in stored.items() if entry.file == file]
        while names:
            with _opened(file) as tensors:
                mapped = 0
                while names and mapped < MAPPED_BYTES:
                    name = names.pop(0)
                    value = tensors.get_tensor(name)
                    mapped += value.numel() * value.element_size()
                    yield name, value
                    del value


def revision(folder: Path) -> str:
    """8 hexadecimal digits that change with the weights: a SHA-256 over 1 MiB, spread over each file.

    To read all of a published checkpoint would take a minute at each start.
    """
    digest = hashlib.sha256()
    for file in files_of(folder):
        size = file.stat().st_size
        digest.update(f"{file.name} {size}".encode())
        with file.open("rb") as bytes_of:
            for sample in range(_SAMPLES):
                bytes_of.seek(size * sample // _SAMPLES)
                digest.update(bytes_of.read(_SAMPLE_BYTES))
    return digest.hexdigest()[:8]


class _TorchFile:
    """A ``.bin`` file behind the two methods of a safetensors file; its values stay on the disk until they are used."""

    def __init__(self, file: Path) -> None:
        try:
            self._tensors = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
        except RuntimeError:  # of before torch 1.6: not a zip file, which cannot be mapped
            self._tensors = torch.load(file, map_location="cpu", weights_only=True)
        if not isinstance(self._tensors, dict) or not all(isinstance(v, Tensor) for v in self._tensors.values()):
            raise CheckpointError(f"{file.name} does not hold tensors by name; is it a file of another model?")

    def keys(self) -> list[str]:
        return list(self._tensors)

    def get_tensor(self, name: str) -> Tensor:
        return self._tensors[name]


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    try:
        if file.suffix == ".safetensors":
            with safe_open(file, framework="pt") as tensors:
                yield tensors
        else:
            yield _TorchFile(file)
    except (SafetensorError, OSError, RuntimeError, ValueError, EOFError, UnpicklingError) as error:
        raise CheckpointError(
            f"{file.name} in {file.parent} is damaged or truncated ({error}); download it again"
        ) from error


def _entries(file: Path) -> dict[str, Stored]:
    with _opened(file) as tensors:
        found = {}
        for name in tensors.keys():  # noqa: SIM118
            entry = tensors.get_tensor(name) if isinstance(tensors, _TorchFile) else tensors.get_slice(name)
            if isinstance(entry, Tensor):
                found[name] = Stored(file, tuple(entry.shape), entry.dtype)
            else:
                found[name] = Stored(file, tuple(entry.get_shape()), _DTYPES[entry.get_dtype()])
        return found


def _weight_map(index: Path) -> dict[str, str]:
    try:
        names = json.loads(index.read_text("utf-8"))["weight_map"]
        return {str(name): Path(str(file)).name for name, file in names.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{index.name} cannot be read ({error!r}); download it again") from error
