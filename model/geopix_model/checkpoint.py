"""Model folders: ``config.json``, ``tokenizer.json``, ``model.safetensors``.  Loading is strict in both directions."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from .errors import CheckpointError
from .geopix.config import GeoPixConfig
from .geopix.model import GeoPix

WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer.json"


def save(folder: Path, model: GeoPix, tokenizer: Tokenizer, dtype: torch.dtype = torch.float16) -> None:
    """Writes a model folder; weights appear under their name only when complete."""
    folder.mkdir(parents=True, exist_ok=True)
    model.config.save(folder / CONFIG)
    tokenizer.save(str(folder / TOKENIZER))
    tensors = {
        k: v.detach().to(dtype if v.is_floating_point() else v.dtype).contiguous() for k, v in stored(model).items()
    }
    partial = folder / f".{WEIGHTS}.part"
    save_file(tensors, partial, metadata={"architecture": "geopix"})
    os.replace(partial, folder / WEIGHTS)


def stored(model: nn.Module) -> dict[str, Tensor]:
    """The weights that are saved: all but batch counters, which nothing reads."""
    return {k: v for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}


def load(folder: Path, device: str = "cpu", dtype: torch.dtype = torch.float32) -> tuple[GeoPix, Tokenizer]:
    """The model of a folder, ready for inference.

    Raises:
        CheckpointError: If a file is missing, truncated, or of another architecture, or a weight is missing or unknown.
    """
    for name in (CONFIG, TOKENIZER, WEIGHTS):
        if not (folder / name).is_file():
            raise CheckpointError(
                f"the model folder {folder} has no {name}; reinstall the package or choose another folder"
            )
    config = GeoPixConfig.load(folder / CONFIG)
    try:
        tensors = load_file(folder / WEIGHTS)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{WEIGHTS} in {folder} is damaged or truncated ({error}); reinstall the model"
        ) from error
    try:
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    except Exception as error:  # the tokenizers library raises bare Exception
        raise CheckpointError(f"{TOKENIZER} in {folder} cannot be read ({error}); reinstall the model") from error
    model = GeoPix(config)
    fill(model, tensors)
    return model.to(device=device, dtype=dtype).eval(), tokenizer


def fill(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Copies weights into a model that has exactly these.

    Raises:
        CheckpointError: If names or shapes differ.
    """
    wanted = stored(model)
    missing, extra = sorted(set(wanted) - set(tensors)), sorted(set(tensors) - set(wanted))
    if missing or extra:
        what = (
            f"lacks {len(missing)} weights, first {missing[0]!r}" if missing else f"has the unknown weight {extra[0]!r}"
        )
        raise CheckpointError(f"{WEIGHTS} {what}; is it a file of another model?")
    wrong = [k for k in wanted if wanted[k].shape != tensors[k].shape]
    if wrong:
        found, expected = tuple(tensors[wrong[0]].shape), tuple(wanted[wrong[0]].shape)
        raise CheckpointError(
            f"{WEIGHTS} has {wrong[0]!r} of shape {found}, expected {expected}; is it of another size?"
        )
    with torch.no_grad():
        for name, value in wanted.items():
            value.copy_(tensors[name])


def revision(folder: Path) -> str:
    """First 8 hexadecimal digits of the SHA-256 of the weights: says exactly which ones made a polygon."""
    digest = hashlib.sha256()
    with (folder / WEIGHTS).open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()[:8]
