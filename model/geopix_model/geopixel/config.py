"""Sizes of a GeoPixel checkpoint: what its files say, and what follows from the shapes of its weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import CLIPVisionConfig, LlamaConfig, Sam2Config
from transformers.models.sam2.configuration_sam2 import (
    Sam2HieraDetConfig,
    Sam2MaskDecoderConfig,
    Sam2PromptEncoderConfig,
    Sam2VisionConfig,
)

from ..checkpoint_files import read_json
from ..errors import CheckpointError
from . import attention
from .sizes import SAM, Shapes, clip_sizes, count, sam_sizes, shape_of

CONFIG, CLIP_CONFIG, SAM_CONFIG = "config.json", "clip_config.json", "sam2_config.json"
TRUNK_DEFAULTS = {  # of Hiera in the released code of SAM 2
    "embed_dim": 96,
    "num_heads": 1,
    "q_pool": 3,
    "stages": [2, 3, 16, 3],
    "dim_mul": 2.0,
    "head_mul": 2.0,
    "window_pos_embed_bkg_spatial_size": [14, 14],
    "window_spec": [8, 4, 14, 7],
    "global_att_blocks": [12, 16, 20],
}
ARCHITECTURE = "GeoPixelForCausalLM"
_DECODER = SAM + "sam_mask_decoder."


@dataclass(frozen=True)
class GeoPixelConfig:
    """Everything that decides a tensor's shape or a computation.

    Attributes:
        language: The decoder, InternLM2 as a Llama.
        clip: Of the image tokens.
        crop_side: Side of the square picture that CLIP sees, in pixels.
        tokens_side: A crop becomes this many rows and columns of image tokens: pairs of patches are merged.
        sam: Of the masks.
        sam_side: Side of the square picture that SAM 2 sees, in pixels.
        iou_head_depth: Layers of the head that predicts how good a mask is.
        plora_rank: Inner width of the adapters that work at image positions.
        prompt_width: Width of a mask prompt, O.
        max_length: Positions that a prompt may have at most.
        round_features: Whether the coarsest SAM 2 features are rounded to bfloat16 before the mask decoder, as the
            published weights were trained; newly trained ones say ``"round_features": false``.
    """

    language: LlamaConfig
    clip: CLIPVisionConfig
    crop_side: int
    tokens_side: int
    sam: Sam2Config
    sam_side: int
    iou_head_depth: int
    plora_rank: int
    prompt_width: int
    max_length: int
    round_features: bool = True


def load_config(folder: Path, shapes: Shapes) -> GeoPixelConfig:
    """The config of a checkpoint folder.

    Raises:
        CheckpointError: If a file is missing, not JSON or of another architecture, or a size cannot be told.
    """
    values = read_json(folder / CONFIG)
    named = values.get("architectures") or [ARCHITECTURE]  # some files leave it empty
    if ARCHITECTURE not in named:
        raise CheckpointError(f"{CONFIG} describes {named[0]!r}, expected {ARCHITECTURE!r}; choose another folder")
    clip = read_json(folder / CLIP_CONFIG) if (folder / CLIP_CONFIG).is_file() else clip_sizes(shapes)
    sam = read_json(folder / SAM_CONFIG) if (folder / SAM_CONFIG).is_file() else sam_sizes(shapes)
    try:
        side, patch = int(clip["image_size"]), int(clip["patch_size"])
        if side % (2 * patch):
            raise CheckpointError(f"CLIP cuts {side} px into patches of {patch} px, expected an even number of them")
        return GeoPixelConfig(
            language=_language(values),
            clip=_clip(clip),
            crop_side=side,
            tokens_side=side // patch // 2,
            sam=_sam(sam, shapes),
            sam_side=int(sam.get("image_size", 1024)),
            iou_head_depth=_iou_head_depth(shapes),
            plora_rank=shape_of(shapes, "model.layers.0.attention.wqkv.Plora_A.weight")[0],
            prompt_width=shape_of(shapes, "model.text_hidden_fcs.0.2.weight")[0],
            max_length=int(values.get("max_length", 16384)),
            round_features=bool(values.get("round_features", True)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"the configuration in {folder} is incomplete or wrong ({error!r})") from error


def _language(values: Mapping[str, Any]) -> LlamaConfig:
    scaling = values.get("rope_scaling") or {"type": "default"}
    rope = {"rope_type": scaling["type"], "rope_theta": float(values["rope_theta"])}
    if scaling["type"] not in ("default", "dynamic"):
        raise CheckpointError(f"{CONFIG} has rope_scaling of type {scaling['type']!r}, expected 'dynamic' or null")
    if "factor" in scaling:
        rope["factor"] = float(scaling["factor"])
    return LlamaConfig(
        vocab_size=values["vocab_size"],
        hidden_size=values["hidden_size"],
        intermediate_size=values["intermediate_size"],
        num_hidden_layers=values["num_hidden_layers"],
        num_attention_heads=values["num_attention_heads"],
        num_key_value_heads=values.get("num_key_value_heads") or values["num_attention_heads"],
        hidden_act=values.get("hidden_act", "silu"),
        max_position_embeddings=values["max_position_embeddings"],
        rms_norm_eps=values.get("rms_norm_eps", 1e-5),
        rope_parameters=rope,
        attention_bias=bool(values.get("bias", False)),
        pad_token_id=None,  # a padding index would zero a row of the embedding
        bos_token_id=values.get("bos_token_id", 1),
        eos_token_id=values.get("eos_token_id", 2),
        tie_word_embeddings=False,
        attn_implementation=attention.NAME,  # type: ignore[call-arg]
    )


def _clip(values: Mapping[str, Any]) -> CLIPVisionConfig:
    return CLIPVisionConfig(
        hidden_size=values["hidden_size"],
        intermediate_size=values["intermediate_size"],
        num_hidden_layers=values["num_hidden_layers"],
        num_attention_heads=values["num_attention_heads"],
        image_size=values["image_size"],
        patch_size=values["patch_size"],
        hidden_act=values.get("hidden_act", "quick_gelu"),
        layer_norm_eps=values.get("layer_norm_eps", 1e-5),
    )


def _sam(values: Mapping[str, Any], shapes: Shapes) -> Sam2Config:
    # What a file leaves out is as in the class that it was written for.
    trunk, neck = TRUNK_DEFAULTS | values["image_encoder"]["trunk"], values["image_encoder"]["neck"]
    side, width = int(values.get("image_size", 1024)), neck["d_model"]
    levels = range(len(trunk["stages"]))
    backbone = Sam2HieraDetConfig(
        hidden_size=trunk["embed_dim"],
        num_attention_heads=trunk["num_heads"],
        image_size=[side, side],
        blocks_per_stage=list(trunk["stages"]),
        embed_dim_per_stage=[round(trunk["embed_dim"] * trunk["dim_mul"] ** i) for i in levels],
        num_attention_heads_per_stage=[round(trunk["num_heads"] * trunk["head_mul"] ** i) for i in levels],
        num_query_pool_stages=trunk["q_pool"],
        global_attention_blocks=list(trunk["global_att_blocks"]),
        window_positional_embedding_background_size=list(trunk["window_pos_embed_bkg_spatial_size"]),
        window_size_per_stage=list(trunk["window_spec"]),
    )
    vision = Sam2VisionConfig(
        backbone_config=backbone,
        backbone_channel_list=list(neck["backbone_channel_list"]),
        backbone_feature_sizes=[[side // stride, side // stride] for stride in (4, 8, 16)],
        fpn_hidden_size=width,
        fpn_top_down_levels=list(neck.get("fpn_top_down_levels", [2, 3])),
    )
    decoder = Sam2MaskDecoderConfig(
        hidden_size=width,
        mlp_dim=shape_of(shapes, _mlp_name(shapes))[0],
        num_hidden_layers=count(shapes, re.escape(_DECODER) + r"transformer\.layers\.(\d+)\."),
        num_multimask_outputs=shape_of(shapes, _DECODER + "mask_tokens.weight")[0] - 1,
        iou_head_depth=_iou_head_depth(shapes),
        iou_head_hidden_dim=shape_of(shapes, _DECODER + "iou_prediction_head.layers.0.weight")[0],
    )
    prompts = Sam2PromptEncoderConfig(hidden_size=width, image_size=side)
    return Sam2Config(vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=decoder)


def _iou_head_depth(shapes: Shapes) -> int:
    return count(shapes, re.escape(_DECODER) + r"iou_prediction_head\.layers\.(\d+)\.")


def _mlp_name(shapes: Shapes) -> str:
    """The first layer of the mask decoder's MLP, which has two names in the releases of SAM 2."""
    names = [f"{_DECODER}transformer.layers.0.mlp.{layer}.weight" for layer in ("layers.0", "lin1")]
    return next((name for name in names if name in shapes), names[0])
