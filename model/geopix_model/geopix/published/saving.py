"""A published checkpoint folder written anew, with the published names and shapes."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from ...checkpoint_files import read_json
from ...errors import CheckpointError
from .loading import FUSED, LISTS, PLACES, Checkpoint, open_folder, places
from .memory import MEMORY
from .model import PublishedGeoPix

_SETTINGS = (".json", ".model", ".txt", ".md")


def save(model: PublishedGeoPix, source: Path, target: Path, *, memory: bool = True) -> None:
    """Writes ``model`` as a checkpoint folder, which appears under its name only when it is complete.

    Args:
        source: The folder that the model was loaded from.  What the model does not use, such as the memory in
            ``released`` mode and the weights for point prompts, is copied from there, as are tokenizer and settings.
        target: A folder that does not exist yet.
        memory: False leaves the memory itself out, which its fused form replaces for everything but training.

    Raises:
        CheckpointError: If ``target`` exists, or ``source`` is not the checkpoint of this model.
    """
    if target.exists():
        raise CheckpointError(f"{target} exists already; choose another name, nothing was written")
    files = open_folder(source)
    partial = target.with_name(f".{target.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        _copy_settings(source, partial)
        _write_weights(model, files, partial, memory)
        _write_mode(model, partial)
        if model.clm.mode == "paper":
            write_fused(model, partial)
        os.replace(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_fused(model: PublishedGeoPix, folder: Path) -> None:
    """Writes ``clm/fused.safetensors`` of a model in ``paper`` mode: inference then needs no memory, but 1/K of it."""
    fused = model.clm.fused if model.clm.fused is not None else model.clm.fuse()
    partial = folder / "clm" / f".{FUSED}.part"
    save_file({"fused": fused.detach().cpu().contiguous()}, partial)
    os.replace(partial, folder / "clm" / FUSED)


def _copy_settings(source: Path, target: Path) -> None:
    for part in ("", "vlm", "vlm/text", "vlm/vision", "seg", "pec", "clm"):
        (target / part).mkdir(exist_ok=True)
        for path in (source / part).iterdir() if (source / part).is_dir() else ():
            if path.is_file() and path.suffix in _SETTINGS and not path.name.endswith(".index.json"):
                shutil.copyfile(path, target / part / path.name)


def _write_weights(model: PublishedGeoPix, files: Checkpoint, folder: Path, memory: bool) -> None:
    mine = {name: value for name, value in model.state_dict().items() if not value.is_meta}
    parts: dict[str, dict[str, Tensor]] = {part: {} for part in PLACES}
    for part, name, place in places(files):
        if memory or name != MEMORY:
            value = mine[place] if place in mine else files.parts[part].read(name)
            parts[part][name] = value.detach().cpu().contiguous()
    for part, tensors in parts.items():
        if part.endswith(".pth"):
            torch.save(tensors, folder / part)
        else:
            save_file(tensors, folder / part / "model.safetensors", metadata={"format": "pt"})
    for part, place in LISTS.items():
        torch.save([value.detach().cpu().clone() for value in mine[place]], folder / part)


def _write_mode(model: PublishedGeoPix, folder: Path) -> None:
    path = folder / "clm" / "config.json"
    path.write_text(json.dumps({**read_json(path), "mode": model.clm.mode}, indent=1) + "\n", "utf-8")
