"""Model folders are loaded whole or refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from geopix_model import checkpoint
from geopix_model.errors import CheckpointError, DeviceError, UnknownModelError
from geopix_model.registry import NANO, load
from tests.model.small import small_model, small_tokenizer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tokenizer = small_tokenizer()
    path = tmp_path_factory.mktemp("model")
    checkpoint.save(path, small_model(tokenizer.get_vocab_size()), tokenizer, torch.float32)
    return path


def test_a_saved_model_comes_back_bit_for_bit(folder: Path) -> None:
    model, tokenizer = checkpoint.load(folder)
    original = small_model(tokenizer.get_vocab_size())
    for name, value in checkpoint.stored(original).items():
        assert torch.equal(value, checkpoint.stored(model)[name]), name


def drop(path: Path) -> None:
    tensors = load_file(path / checkpoint.WEIGHTS)
    tensors.pop("clm.learnable_memory.memory")
    save_file(tensors, path / checkpoint.WEIGHTS)


def add(path: Path) -> None:
    save_file(load_file(path / checkpoint.WEIGHTS) | {"extra.weight": torch.zeros(1)}, path / checkpoint.WEIGHTS)


def reshape(path: Path) -> None:
    tensors = load_file(path / checkpoint.WEIGHTS)
    tensors["multiscale_scalar"] = torch.zeros(7)
    save_file(tensors, path / checkpoint.WEIGHTS)


def truncate(path: Path) -> None:
    data = (path / checkpoint.WEIGHTS).read_bytes()
    (path / checkpoint.WEIGHTS).write_bytes(data[: len(data) // 2])


def other_architecture(path: Path) -> None:
    (path / checkpoint.CONFIG).write_text(json.dumps({"architecture": "llava"}))


def no_json(path: Path) -> None:
    (path / checkpoint.CONFIG).write_text("{")


def no_weights(path: Path) -> None:
    (path / checkpoint.WEIGHTS).unlink()


def no_tokenizer(path: Path) -> None:
    (path / checkpoint.TOKENIZER).write_text("[]")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (drop, "lacks 1 weights, first 'clm.learnable_memory.memory'"),
        (add, "unknown weight 'extra.weight'"),
        (reshape, r"'multiscale_scalar' of shape \(7,\), expected \(2,\)"),
        (truncate, "damaged or truncated"),
        (other_architecture, "architecture 'llava', expected 'geopix'"),
        (no_json, "cannot be read"),
        (no_weights, "has no model.safetensors"),
        (no_tokenizer, "tokenizer.json in .* cannot be read"),
    ],
)
def test_a_spoilt_model_folder_is_refused(
    folder: Path, tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    spoil(copy)
    with pytest.raises(CheckpointError, match=words):
        checkpoint.load(copy)


def test_an_unknown_model_is_named_with_those_that_exist() -> None:
    with pytest.raises(UnknownModelError, match="no model 'giant'; choose one of: nano"):
        load("giant")


@pytest.mark.parametrize("name", ["cuda:99", "toaster", "cpu:x"])
def test_a_missing_device_is_refused_and_never_replaced(name: str) -> None:
    with pytest.raises(DeviceError, match=name.split(":")[0]):
        load("nano", name)


def test_the_revision_names_the_weights() -> None:
    assert checkpoint.revision(NANO.folder) == load("nano", "cpu").info.revision
