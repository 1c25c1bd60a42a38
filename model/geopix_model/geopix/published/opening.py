"""A published checkpoint folder as a predictor, ready to answer."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch

from ...errors import CheckpointError
from ...place import Place
from ...predictor import ModelInfo
from ...quantize import parameter_count
from .geopix_predictor import GeoPixPredictor
from .loading import load, open_folder, stored_type
from .pixels import Framing, read_processor
from .prefixes import KEPT_BYTES
from .prompts import read_vocabulary

OVERLAP = 1 / 7  # of a window: 64 of the published 448 pixels
CLASS_NAMES = "class_names.json"
_SAMPLE_BYTES = 1 << 20


def open_predictor(folder: Path, place: Place, info: ModelInfo, framing: Framing = "whole") -> GeoPixPredictor:
    """The predictor of a checkpoint folder.

    Args:
        place: Where it runs and in which form; without one bfloat16, or float32 on a CPU where it is stored so.
        info: Name, licence and resolutions; everything else is read off the checkpoint.
        framing: How images that are not square are shown to the model.

    Raises:
        CheckpointError: If a file is missing, damaged or of another model.
    """
    dtype = place.dtype or _working_type(folder, place.device)
    model = load(folder, place.device, dtype, packed=place.packing, staged=place.staged)
    sizes = model.sizes
    facts = ModelInfo(
        name=info.name,
        revision=revision(folder),
        window_px=sizes.image_side,
        overlap_px=round(sizes.image_side * OVERLAP),
        gsd_range_m=info.gsd_range_m,
        device=place.words,
        licence=info.licence,
        parameters=parameter_count(model),
        mask_stride_px=-(-sizes.image_side // model.mask_side),
        gives_boxes=True,
        reads_places=True,
    )
    vocabulary = read_vocabulary(folder, sizes.masks.levels * sizes.masks.seg_tokens)
    reader = read_processor(folder, sizes.image_side)
    names = class_names(folder, sizes.memory.classes)
    kept = KEPT_BYTES if place.memory_bytes is None else min(KEPT_BYTES, place.memory_bytes)
    return GeoPixPredictor(model, vocabulary, reader, facts, framing, names, kept)


def _working_type(folder: Path, device: str) -> torch.dtype:
    stored = stored_type(open_folder(folder))
    return torch.float32 if device == "cpu" and stored == torch.float32 else torch.bfloat16


def class_names(folder: Path, slots: int) -> tuple[str, ...]:
    """Names of the memory's classes; none where the folder has no ``class_names.json``.

    Raises:
        CheckpointError: If it is no list of names, or of more than the memory has beside its generic, last slot.
    """
    path = folder / CLASS_NAMES
    if not path.is_file():
        return ()
    try:
        names = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{CLASS_NAMES} cannot be read ({error}); download it again") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or len(names) >= slots:
        raise CheckpointError(f"{CLASS_NAMES} should list at most {slots - 1} names, one for each class of the memory")
    return tuple(names)


def revision(folder: Path) -> str:
    """First 8 hexadecimal digits of a SHA-256 that tells checkpoints apart.

    It covers name, size, and the first, middle and last MiB of every weight file: reading all 14 GB of the published
    checkpoint would take longer than loading it.
    """
    digest = hashlib.sha256()
    weights = [path for path in folder.rglob("*") if path.suffix in (".safetensors", ".pth")]
    for path in sorted(path for path in weights if "golden" not in path.parts):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()} {size}\n".encode())
        with path.open("rb") as file:
            for start in sorted({0, max(size - _SAMPLE_BYTES, 0), max(size - _SAMPLE_BYTES, 0) // 2}):
                file.seek(start)
                digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()[:8]
