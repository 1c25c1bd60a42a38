"""A checkpoint folder in the published layout becomes a model; nothing of it may be missing or unknown.

The model is built without memory of its own and filled tensor by tensor, so that loading takes no more than the weights
that are used, in the type that they are used in.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from .. import packing
from ..errors import CheckpointError
from ..packing import Packing
from . import keymap, tensor_files
from .config import GeoPixelConfig, load_config
from .model import GeoPixel
from .tensor_files import Stored
from .tokenizer import Tokenizer, load_tokenizer

# What a staged model keeps on the CPU: it is on the device for its stage only, or looked up there.
STAGED = ("vision.clip.", "segmenter.sam.vision_encoder.", "language.embed_tokens.")
CPU = "cpu"


def load(
    folder: Path,
    device: str = CPU,
    dtype: torch.dtype | None = None,
    *,
    packed: Packing | None = None,
    staged: bool = False,
) -> tuple[GeoPixel, Tokenizer]:
    """The model of a folder, ready for inference, and its tokenizer.

    Args:
        folder: As published: sharded or not, safetensors or ``.bin``.
        device: Where the weights go, each as soon as it is read.
        dtype: float32, bfloat16 or float16; None takes that of the files, but float32 for float16 on a CPU, where
            half precision is slow.
        packed: Linears that are packed, each as soon as it is read; what is not packed is of ``dtype``.
        staged: Whether image encoders and embeddings stay on the CPU.

    Raises:
        CheckpointError: If a file is missing, damaged or of another architecture, or a weight is missing, unknown or
            of another shape; the message names it.
    """
    stored = tensor_files.contents(folder)
    shapes = {name: entry.shape for name, entry in stored.items()}
    config = load_config(folder, shapes)
    tokenizer = load_tokenizer(folder, config.language.vocab_size)
    model = unfilled(config)
    _Filling(model, device, dtype or _own_type(stored, device), packed or Packing(), staged).run(stored)
    return model.requires_grad_(False).eval(), tokenizer


def unfilled(config: GeoPixelConfig) -> GeoPixel:
    """A model whose weights take no memory and have no values; what is computed from sizes alone has its values."""
    with torch.device("meta"):
        model = GeoPixel(config)
    # In float32 on purpose, also where the weights are not: rounded frequencies would move every position.
    model.language.rotary_emb = LlamaRotaryEmbedding(config.language)
    embeddings = model.vision.clip.embeddings
    embeddings.register_buffer("position_ids", torch.arange(embeddings.num_positions)[None], persistent=False)
    return model


def _own_type(stored: dict[str, Stored], device: str) -> torch.dtype:
    dtype = stored["output.weight"].dtype if "output.weight" in stored else torch.float32
    return torch.float32 if dtype == torch.float16 and device == CPU else dtype


class _Filling:
    """Gives a model its weights, and notes which ones it has got."""

    def __init__(self, model: GeoPixel, device: str, dtype: torch.dtype, packed: Packing, staged: bool) -> None:
        self._model, self._device, self._dtype, self._packed = model, device, dtype, packed
        self._away = STAGED if staged else ()
        self._wanted: dict[str, Tensor] = dict(model.named_parameters())
        self._wanted |= {name: value for name, value in model.named_buffers() if value.is_meta}
        self._sources = keymap.sources(self._wanted, model.config)

    def run(self, stored: dict[str, Stored]) -> None:
        """Fills all of it from a folder's tensors."""
        live = {name: entry for name, entry in stored.items() if not keymap.is_dead(name)}
        names = {keymap.usual(name): name for name in live}
        _refuse("has", "unknown weight", [name for usual, name in names.items() if usual not in self._sources])
        _refuse("lacks", "weight", sorted(set(self._sources) - set(names)))
        with torch.no_grad():
            for name, value in tensor_files.read(live):
                for source in self._sources[keymap.usual(name)]:
                    self._put(source, value)
        for computed in ("language.rotary_emb", "vision.clip.embeddings"):
            module = self._model.get_submodule(computed)
            for name, buffer in module.named_buffers(recurse=False):
                setattr(module, name, buffer.to(self._home(f"{computed}.{name}")))

    def _home(self, name: str) -> str:
        return CPU if name.startswith(self._away) else self._device

    def _put(self, source: keymap.Source, value: Tensor) -> None:
        wanted = self._wanted[source.ours]
        shape = tuple(wanted.shape) if source.row is None else tuple(wanted.shape[1:])
        try:
            part = source.part(value)
        except RuntimeError:  # the rows do not divide by the heads
            part = value
        if tuple(part.shape) != shape:
            raise CheckpointError(
                f"the weight {source.published!r} of shape {tuple(value.shape)} gives {tuple(part.shape)}, "
                f"expected {shape}; is the checkpoint of other sizes than its configuration says?"
            )
        owner, _, leaf = source.ours.rpartition(".")
        module, home = self._model.get_submodule(owner), self._home(source.ours)
        if form := self._packed.form(source.ours, shape):
            packing.put(self._model, source.ours, part, form, home, source.published)
            return
        if source.row is None:
            # Always a copy: what was read lies in a mapped file.
            _set(module, leaf, part.to(home, self._dtype, copy=True).contiguous())
            return
        if getattr(module, leaf).is_meta:
            _set(module, leaf, torch.empty(wanted.shape, dtype=self._dtype, device=home))
        getattr(module, leaf)[source.row] = part


def _set(module: nn.Module, leaf: str, value: Tensor) -> None:
    setattr(module, leaf, nn.Parameter(value, requires_grad=False) if leaf in module._parameters else value)


def _refuse(verb: str, what: str, names: list[str]) -> None:
    if names:
        some = f"the {what}" if len(names) == 1 else f"{len(names)} {what}s, first"
        raise CheckpointError(f"the checkpoint {verb} {some} {names[0]!r}; is it whole, and of this model?")
