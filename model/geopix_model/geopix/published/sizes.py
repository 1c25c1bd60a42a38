"""Sizes of a published checkpoint, read off its tensors; its configs say only what no shape tells."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transformers import CLIPVisionConfig, LlamaConfig

from ...errors import CheckpointError
from .tensors import Tensors

TEXT, CLIP = "language_model.model.", "vision_tower.vision_model."


@dataclass(frozen=True)
class MaskSizes:
    """Sizes of everything behind the language model.

    Attributes:
        width: D, of prompts and level features.
        mask_hidden, depth: Of the MLPs in the two-way transformers, and how many blocks each has.
        mask_channels: Of the map that a mask is read from.
        confidence_hidden: Of the confidence head.
        levels, seg_tokens: The token codebook.
        necks: Inner channels of the two image necks, level 0 first.
    """

    width: int
    mask_hidden: int
    depth: int
    mask_channels: int
    confidence_hidden: int
    levels: int
    seg_tokens: int
    necks: tuple[int, int]


@dataclass(frozen=True)
class MemorySizes:
    """Sizes of the class-wise memory: K ``length`` slots of P ``width`` channels on a ``grid``."""

    classes: int
    levels: int
    length: int
    width: int
    grid: int
    feedforward: int


def text_config(values: Mapping[str, Any], vlm: Tensors) -> LlamaConfig:
    """The decoder's config: widths from tensors; layers, heads and rotary settings as stored.

    The number of layers stays that of the config, so that a checkpoint without its last layers is found out.
    """
    vocab, hidden = vlm.shape(f"{TEXT}embed_tokens.weight")
    heads = _whole(values, "num_attention_heads", "vlm/text/config.json")
    head_dim = vlm.shape(f"{TEXT}layers.0.self_attn.q_proj.weight")[0] // heads
    sizes = {
        "vocab_size": vocab,
        "hidden_size": hidden,
        "intermediate_size": vlm.shape(f"{TEXT}layers.0.mlp.gate_proj.weight")[0],
        "head_dim": head_dim,
        "num_key_value_heads": vlm.shape(f"{TEXT}layers.0.self_attn.k_proj.weight")[0] // max(head_dim, 1),
    }
    return LlamaConfig.from_dict({**values, **sizes}, attn_implementation="sdpa")


def vision_config(values: Mapping[str, Any], vlm: Tensors) -> CLIPVisionConfig:
    """The image encoder's config: widths, patch and image side from tensors; layers and heads as stored."""
    side, grid = image_sizes(vlm)
    hidden, channels, *_ = vlm.shape(f"{CLIP}embeddings.patch_embedding.weight")
    sizes = {
        "hidden_size": hidden,
        "num_channels": channels,
        "patch_size": side // grid,
        "image_size": side,
        "intermediate_size": vlm.shape(f"{CLIP}encoder.layers.0.mlp.fc1.weight")[0],
    }
    return CLIPVisionConfig.from_dict({**values, **sizes}, attn_implementation="sdpa")


def image_sizes(vlm: Tensors) -> tuple[int, int]:
    """Side of the image in pixels, and in patches.

    Raises:
        CheckpointError: If the image encoder has no square of patches.
    """
    positions = vlm.shape(f"{CLIP}embeddings.position_embedding.weight")[0]
    grid = math.isqrt(positions - 1)
    if grid < 1 or grid * grid != positions - 1:
        raise CheckpointError(
            f"{vlm.title} has {positions} image positions, expected a square of patches and one more; is it CLIP?"
        )
    return grid * vlm.shape(f"{CLIP}embeddings.patch_embedding.weight")[-1], grid


def mask_sizes(config: Mapping[str, Any], seg: Tensors, necks: tuple[Tensors, Tensors], seg_tokens: int) -> MaskSizes:
    """Sizes of the mask parts; ``config`` is that of ``seg/``.

    Raises:
        CheckpointError: If the checkpoint has another number of levels than necks.
    """
    levels, width = seg.shape("mask_decoder.level_embed.weight")
    if levels != len(necks):
        raise CheckpointError(f"{seg.title} has {levels} levels, but GeoPix has one for each of its two image necks")
    return MaskSizes(
        width=width,
        mask_hidden=seg.shape("mask_decoder.transformer.0.layers.0.mlp.lin1.weight")[0],
        depth=_whole(config, "mask_decoder_transformer_depth", "seg/config.json"),
        mask_channels=seg.shape("mask_decoder.output_upscaling.0.weight")[1],
        confidence_hidden=seg.shape("mask_decoder.iou_prediction_head.layers.0.weight")[0],
        levels=levels,
        seg_tokens=seg_tokens,
        necks=(necks[0].shape("conv1.0.weight")[0], necks[1].shape("conv1.0.weight")[0]),
    )


def memory_sizes(clm: Tensors, fused: Tensors | None) -> MemorySizes:
    """Sizes of the memory; ``fused`` stands in for a memory tensor that was left out."""
    length = clm.shape("memory_fuser.model.0.weight")[1]
    if "learnable_memory.memory" in clm.shapes or fused is None:
        classes, levels, _, width, grid, _ = _six(clm, "learnable_memory.memory")
    else:
        classes, levels, width, grid, _ = fused.shape("fused")
    feedforward = clm.shape("memory_attention.layers.0.linear1.weight")[0]
    return MemorySizes(classes, levels, length, width, grid, feedforward)


def _six(clm: Tensors, name: str) -> tuple[int, ...]:
    shape = clm.shape(name)
    if len(shape) != 6:
        raise CheckpointError(f"{clm.title} has {name!r} of shape {shape}, expected six axes; is it a GeoPix memory?")
    return shape


def _whole(values: Mapping[str, Any], key: str, title: str) -> int:
    found = values.get(key)
    if not isinstance(found, int) or found < 1:
        raise CheckpointError(f"{title} has {key} = {found!r}, expected a whole number from 1 up; download it again")
    return found
