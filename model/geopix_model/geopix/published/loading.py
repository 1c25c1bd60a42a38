"""The published checkpoint folder, loaded whole or refused: every weight has its place, and every place its weight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from ... import packing
from ...checkpoint_files import read_json
from ...errors import CheckpointError
from ...packing import Packing
from . import sizes
from .memory import LIVE, MEMORY
from .model import PublishedGeoPix, Sizes
from .tensors import Shape, Tensors, in_folder, safetensors_file, torch_file

Mode = Literal["released", "paper"]
MODES = ("released", "paper")
FUSED = "fused.safetensors"
# Prefix in the file -> prefix in the model, for each part of the folder.
PLACES: dict[str, dict[str, str]] = {
    "vlm": {
        "language_model.model.": "language.",
        "language_model.lm_head.": "head.",
        "vision_tower.vision_model.": "vision.",
        "multi_modal_projector.": "projector.",
    },
    "seg": {"mask_decoder.": "mask_decoder."},
    "pec": {"prompt_encoder.": "prompt_encoder."},
    "clm": {"": "clm."},
    "image_neck_rough.pth": {"": "necks.0."},
    "image_neck_detail.pth": {"": "necks.1."},
    "text_hidden_fcs.pth": {"": "codebook.text_hidden_fcs."},
}
LISTS = {"multiseg_scalar.pth": "codebook.multiseg_scalar", "multiscale_scalar.pth": "multiscale_scalar"}
# Weights without effect on any task, by prefix: points and masks as prompts, and a table that is computed.
DEAD = {
    "pec": (
        "prompt_encoder.point_embeddings.",
        "prompt_encoder.not_a_point_embed.",
        "prompt_encoder.mask_downscaling.",
    ),
    "vlm": ("vision_tower.vision_model.embeddings.position_ids",),
}
HALF = ("language.", "head.", "vision.", "projector.")  # what the given dtype is for; all else is float32
# What a staged model keeps on the CPU: it is on the device for its stage only, or looked up there.
STAGED = ("vision.", "language.embed_tokens.")
CPU = "cpu"


@dataclass(frozen=True)
class Checkpoint:
    """The open files of a checkpoint folder; no value has been read.

    Attributes:
        parts: Tensors by part, under the keys of ``PLACES`` and ``LISTS``.
        fused: The fused memory, where the folder has one.
        mode: What the folder says that its memory is for.
    """

    folder: Path
    parts: Mapping[str, Tensors]
    fused: Tensors | None
    mode: Mode


def open_folder(folder: Path) -> Checkpoint:
    """Opens all files of a checkpoint.

    Raises:
        CheckpointError: If one is missing or damaged.
    """
    parts = {name: in_folder(folder / name) for name in ("vlm", "seg", "pec", "clm")}
    parts |= {name: torch_file(folder / name) for name in (*PLACES, *LISTS) if name.endswith(".pth")}
    fused = folder / "clm" / FUSED
    mode = read_json(folder / "clm" / "config.json").get("mode", "released")
    if mode not in MODES:
        raise CheckpointError(f"clm/config.json has mode {mode!r}, expected one of {', '.join(MODES)}")
    return Checkpoint(folder, parts, safetensors_file(fused) if fused.is_file() else None, mode)


def load(
    folder: Path,
    device: str = CPU,
    dtype: torch.dtype = torch.float32,
    clm: Mode | None = None,
    *,
    trainable: bool = False,
    packed: Packing | None = None,
    staged: bool = False,
) -> PublishedGeoPix:
    """The model of a published checkpoint folder, ready for inference.

    Args:
        dtype: Of decoder and image encoder; the mask parts are float32.
        clm: How the memory works; None as the folder says (absent: ``released``).
        trainable: In ``paper`` mode, loads the memory itself instead of its fused form, which is 1/K of it.
        packed: Linears of the decoder that are packed, each as soon as it is read.
        staged: Whether the image encoder and the embeddings stay on the CPU.

    Raises:
        CheckpointError: If a file is missing or damaged, or a weight is missing, unknown or of another shape.
    """
    files = open_folder(folder)
    mode = clm or files.mode
    if mode not in MODES:
        raise CheckpointError(f"the memory mode is {mode!r}, expected one of {', '.join(MODES)}")
    if mode == "paper" and trainable and MEMORY not in files.parts["clm"].shapes:
        raise CheckpointError(f"{folder} was saved without its memory, so it cannot be trained; use one that has it")
    model = build(files, mode)
    check(model, files)
    values = model.state_dict()  # brings the versions of the layers: without them batch norm makes up a counter
    values.clear()
    forms = packed or Packing()
    for name, value in _live(files, mode, trainable):
        home = CPU if staged and name.startswith(STAGED) else device
        if form := forms.form(name, tuple(value.shape)):
            packing.put(model, name, value, form, home, published_name(name)[1])
        else:
            values[name] = _cast(name, value, home, dtype)
    model.load_state_dict(values, strict=False, assign=True)
    model.computed_buffers()
    if mode == "paper" and not trainable:
        model.clm.use_fused(_fused(model, files).to(device))
    _check_filled(model, mode, trainable)
    return model.eval()


def build(files: Checkpoint, mode: Mode) -> PublishedGeoPix:
    """The model of a checkpoint on the meta device: shapes without values.

    Raises:
        CheckpointError: If a weight that tells a size is missing, or sizes and settings do not fit together.
    """
    sizes = read_sizes(files)
    with _fitting_together(files.folder), torch.device("meta"):
        return PublishedGeoPix(sizes, mode)


@contextmanager
def _fitting_together(folder: Path) -> Iterator[None]:
    """Makes one error of those of many kinds that torch and transformers raise for sizes that do not fit."""
    try:
        yield
    except CheckpointError:
        raise
    except Exception as error:
        raise CheckpointError(
            f"the weights and settings in {folder} do not fit together ({error}); is it a GeoPix checkpoint?"
        ) from error


def stored_type(files: Checkpoint) -> torch.dtype:
    """The type that decoder and image encoder have in their files.

    Raises:
        CheckpointError: If the weight that tells it is missing.
    """
    name = f"{sizes.TEXT}norm.weight"
    files.parts["vlm"].shape(name)
    return files.parts["vlm"].read(name).dtype


def read_sizes(files: Checkpoint) -> Sizes:
    """All sizes of the model.

    Raises:
        CheckpointError: If a weight that tells one is missing, or a config contradicts the weights.
    """
    with _fitting_together(files.folder):
        return _sizes(files)


def _sizes(files: Checkpoint) -> Sizes:
    vlm, root = read_json(files.folder / "vlm" / "config.json"), read_json(files.folder / "config.json")
    text = {**vlm.get("text_config", {}), **_optional(files.folder / "vlm" / "text" / "config.json")}
    vision = {**vlm.get("vision_config", {}), **_optional(files.folder / "vlm" / "vision" / "config.json")}
    strategy, layer = vlm.get("vision_feature_select_strategy", "default"), vlm.get("vision_feature_layer", -2)
    if strategy != "default" or not isinstance(layer, int) or vlm.get("projector_hidden_act", "gelu") != "gelu":
        raise CheckpointError(
            "vlm/config.json asks for other image features than GeoPix has (one layer, no class token, gelu)"
        )
    necks = files.parts["image_neck_rough.pth"], files.parts["image_neck_detail.pth"]
    tokens, scales = (len(files.parts[name].shapes) for name in LISTS)
    masks = sizes.mask_sizes(read_json(files.folder / "seg" / "config.json"), files.parts["seg"], necks, tokens)
    for key, found, expected in (
        ("seg_token_num", root.get("seg_token_num", tokens), tokens),
        ("image_feature_scale_num", root.get("image_feature_scale_num", scales), masks.levels),
        ("the length of multiscale_scalar.pth", scales, masks.levels),
    ):
        if found != expected:
            raise CheckpointError(f"{key} is {found}, the weights are for {expected}; do the files belong together?")
    return Sizes(
        sizes.text_config(text, files.parts["vlm"]),
        sizes.vision_config(vision, files.parts["vlm"]),
        *sizes.image_sizes(files.parts["vlm"]),
        layer,
        masks,
        sizes.memory_sizes(files.parts["clm"], files.fused),
    )


def places(files: Checkpoint) -> Iterator[tuple[str, str, str | None]]:
    """(part, name in its file, name in the model) of every weight; None for one that has no effect on any task.

    Raises:
        CheckpointError: If a weight belongs nowhere.
    """
    for part, prefixes in PLACES.items():
        for name in files.parts[part].shapes:
            if name.startswith(DEAD.get(part, ())):
                yield part, name, None
                continue
            prefix = next((prefix for prefix in prefixes if name.startswith(prefix)), None)
            if prefix is None:
                raise CheckpointError(f"{files.parts[part].title} has the unknown weight {name!r}; of another model?")
            yield part, name, prefixes[prefix] + name[len(prefix) :]


def check(model: PublishedGeoPix, files: Checkpoint) -> None:
    """Compares names and shapes of all weights with those of the model, also of the ones that will not be read.

    Raises:
        CheckpointError: If a weight is missing, unknown or of another shape; names it as its file does.
    """
    wanted = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    left = {name: shape for name, shape in wanted.items() if name not in LISTS.values()}
    for part, name, place in places(files):
        if place is None:
            continue
        if place not in left:
            raise CheckpointError(f"{files.parts[part].title} has the unknown weight {name!r}; is it of another model?")
        _same(files.parts[part].title, name, files.parts[part].shapes[name], left.pop(place))
    if files.fused is not None:
        left.pop(f"clm.{MEMORY}", None)
        memory = model.sizes.memory
        expected = (memory.classes, memory.levels, memory.width, memory.grid, memory.grid)
        _same(files.fused.title, "fused", files.fused.shape("fused"), expected)
    if left:
        part, name = published_name(next(iter(left)))
        title = files.parts[part].title
        raise CheckpointError(f"{title} lacks {len(left)} weights, first {name!r}; is the download complete?")
    for part in LISTS:
        for name, shape in files.parts[part].shapes.items():
            if shape not in ((), (1,)):
                raise CheckpointError(
                    f"{part} has a tensor of shape {shape} at position {name}, expected single numbers"
                )


def published_name(place: str) -> tuple[str, str]:
    """(part, name in its file) of a weight of the model."""
    for part, prefixes in PLACES.items():
        for prefix, target in prefixes.items():
            if place.startswith(target):
                return part, prefix + place[len(target) :]
    return next((part, "0") for part, target in LISTS.items() if target == place)


def _live(files: Checkpoint, mode: Mode, trainable: bool) -> Iterator[tuple[str, Tensor]]:
    for part, name, place in places(files):
        if place is not None and not is_dead(place, mode, trainable):
            yield place, files.parts[part].read(name)
    for part, place in LISTS.items():
        values = [files.parts[part].read(name).float().reshape(()) for name in files.parts[part].shapes]
        yield place, torch.stack(values)


def is_dead(place: str, mode: Mode, trainable: bool) -> bool:
    """Whether a weight of the memory decides nothing in a mode, so that it is not read."""
    name = place.removeprefix("clm.")
    if name == place or name in LIVE:
        return False
    return mode == "released" or (name == MEMORY and not trainable)


def _cast(place: str, value: Tensor, device: str, dtype: torch.dtype) -> Tensor:
    if not value.is_floating_point():
        return value.to(device)
    return value.to(device, dtype if place.startswith(HALF) else torch.float32)


def _fused(model: PublishedGeoPix, files: Checkpoint) -> Tensor:
    """The fused memory: from its file, else made slot by slot, so that no more than one slot is in memory."""
    if files.fused is not None:
        return files.fused.read("fused").float()
    memory, read_at = model.sizes.memory, files.parts["clm"].read_at
    fuser = model.clm.memory_fuser.eval()
    device = next(fuser.parameters()).device
    with torch.no_grad():
        rows = [
            torch.cat([fuser(read_at(MEMORY, (c, level)).to(device).float()[None]) for level in range(memory.levels)])
            for c in range(memory.classes)
        ]
    return torch.stack(rows)


def _check_filled(model: PublishedGeoPix, mode: Mode, trainable: bool) -> None:
    """Raises:
    CheckpointError: If a weight that decides something got no value: never a silently random layer.
    """
    for name, value in model.state_dict().items():
        if value.is_meta and not is_dead(name, mode, trainable):
            raise CheckpointError(
                f"the weight {name!r} was not loaded; this is a defect of the loader, please report it"
            )


def _same(title: str, name: str, found: Shape, expected: Shape) -> None:
    if found != expected:
        raise CheckpointError(f"{title} has {name!r} of shape {found}, expected {expected}; is it of another size?")


def _optional(path: Path) -> dict[str, Any]:
    return read_json(path) if path.is_file() else {}
