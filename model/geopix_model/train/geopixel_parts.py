"""What of GeoPixel is trained: LoRA on the decoder's linear layers, and the parts around it as a whole."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import ModelError
from ..geopixel.model import GeoPixel

ADAPTER = "default"
TARGETS = r".*\.(?:q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)\.base"
WHOLE = (  # trained as a whole, by the beginning of our names
    "language.embed_tokens.",
    "lm_head.",
    "text_hidden_fcs.",
    "vision.projector.",
    "vision.after_",
    "segmenter.sam.mask_decoder.",
)
# Inside the mask decoder by their names, but run with the picture encoder, which keeps nothing for gradients.
WITH_ENCODER = ("segmenter.sam.mask_decoder.conv_s0.", "segmenter.sam.mask_decoder.conv_s1.")


@dataclass(frozen=True)
class Lora:
    """Low-rank changes of linear layers (arXiv:2106.09685), with the values of the released recipe."""

    rank: int = 8
    alpha: int = 16
    dropout: float = 0.05


def prepare(model: GeoPixel, lora: Lora, *, checkpointing: bool = False) -> dict[str, nn.Parameter]:
    """Makes a loaded model ready to be trained; nothing that it computes changes by that.

    The published layout has one grouped matrix for q, k and v, and so one first matrix of LoRA for the three; here
    they share it as one parameter, so that as much is trained as in the released code, and merging fits the layout.

    Args:
        model: As ``loading.load`` gives it.
        lora: Sizes of the adapters.
        checkpointing: Whether activations of the decoder's layers are computed twice instead of kept.

    Returns:
        What is trained, by name, in float32 also where the frozen weights are not.

    Raises:
        ModelError: If peft is not installed.
    """
    _inject(model, lora)
    model.requires_grad_(False)
    trained = {name: value for name, value in model.named_parameters() if _is_trained(name)}
    for parameter in trained.values():
        parameter.data = parameter.data.float()
        parameter.requires_grad_(True)
    if checkpointing:
        positions = model.image_positions
        # The second computation happens in the backward pass, where the positions of the forward pass are no more.
        model.language.activation_checkpointing_enable(
            {"use_reentrant": False, "context_fn": lambda: (nullcontext(), positions.at(positions.where))}
        )
    return trained


def training(model: GeoPixel) -> None:
    """Switches on what differs in training: dropout of adapters, and the first mask instead of the surest."""
    model.eval()
    model.language.train()
    model.segmenter.sam.mask_decoder.train()


def merged(model: GeoPixel, name: str, dtype: torch.dtype) -> Tensor:
    """A weight by its name before ``prepare``, with its adapter merged into it; the model stays as it is."""
    owner, _, leaf = name.rpartition(".")
    module: Any = model.get_submodule(owner)
    if not hasattr(module, "get_delta_weight"):
        return getattr(module, leaf).detach().to(dtype)
    weight = getattr(module.get_base_layer(), leaf).detach()
    return (weight.float() + module.get_delta_weight(ADAPTER).detach().float() if leaf == "weight" else weight).to(
        dtype
    )


def _inject(model: GeoPixel, lora: Lora) -> None:
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise ModelError(f"training GeoPixel needs the package peft ({error}); install geopix-qgis[train]") from error
    config = LoraConfig(r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=TARGETS)
    inject_adapter_in_model(config, model.language, ADAPTER)
    for layer in model.language.layers:
        attention: Any = layer.get_submodule("self_attn")
        for projection in (attention.k_proj, attention.v_proj):
            projection.base.lora_A = attention.q_proj.base.lora_A


def _is_trained(name: str) -> bool:
    return ".lora_" in name or (name.startswith(WHOLE) and not name.startswith(WITH_ENCODER))
