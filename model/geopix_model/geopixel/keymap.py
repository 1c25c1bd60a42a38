"""Our names of weights to the published ones, and which published ones are dead.

The decoder is InternLM2 with q, k and v in one grouped matrix; its adapters of other modes (sft, dpo, web) are 2.42 of
11.34 billion parameters and never used.  SAM 2 brings the parts that follow things through a video.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from torch import Tensor

from .config import GeoPixelConfig
from .sizes import CLIP, SAM

_DEAD = re.compile(
    r"model\.layers\.\d+\.(?:attention|feed_forward)\.\w+\.lora_(?:sft|dpo|web)_[AB]\.weight"
    r"|" + re.escape(CLIP) + r"embeddings\.position_ids"
    r"|" + re.escape(SAM) + r"(?:memory_attention\..+|memory_encoder\..+|obj_ptr_proj\..+|obj_ptr_tpos_proj\..+"
    r"|mask_downsample\..+|maskmem_tpos_enc|no_mem_pos_enc|no_obj_ptr)"
)

_PREFIXES = {
    "language.embed_tokens.": "model.tok_embeddings.",
    "language.norm.": "model.norm.",
    "lm_head.": "output.",
    "vision.clip.": CLIP,
    "vision.projector.": "vision_proj.",
    "text_hidden_fcs.": "model.text_hidden_fcs.0.",
}
_SEPARATORS = {"vision.after_row": "plora_sub_GN", "vision.after_whole": "plora_glb_GN"}
_LAYER = re.compile(r"language\.layers\.(\d+)\.(\w+)\.(?:(\w+)\.)?(.+)")
_NORMS = {"input_layernorm": "attention_norm", "post_attention_layernorm": "ffn_norm"}
_LINEARS = {
    "o_proj": "attention.wo",
    "gate_proj": "feed_forward.w1",
    "up_proj": "feed_forward.w3",
    "down_proj": "feed_forward.w2",
}
_PARTS = {
    "base.weight": "weight",
    "base.bias": "bias",
    "down.weight": "Plora_A.weight",
    "up.weight": "Plora_B.weight",
}

_SAM2 = "segmenter.sam."
_GAUSSIAN = "sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"
# Applied one after the other to our names of SAM 2, which are those of transformers.
_SAM_RULES = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        (r"\.inner\.", "."),  # of a module that runs in parts
        (r"^no_memory_embedding$", "no_mem_embed"),
        (r"^(?:shared_image_embedding|prompt_encoder\.shared_embedding)\.positional_embedding$", _GAUSSIAN),
        (r"^vision_encoder\.neck\.convs\.(\d+)\.", r"image_encoder.neck.convs.\1.conv."),
        (r"^vision_encoder\.backbone\.", "image_encoder.trunk."),
        (r"\.patch_embed\.projection\.", ".patch_embed.proj."),
        (r"\.mlp\.proj_in\.", ".mlp.layers.0."),
        (r"\.mlp\.proj_out\.", ".mlp.layers.1."),
        (r"^prompt_encoder\.", "sam_prompt_encoder."),
        (r"\.mask_embed\.conv1\.", ".mask_downscaling.0."),
        (r"\.mask_embed\.layer_norm1\.", ".mask_downscaling.1."),
        (r"\.mask_embed\.conv2\.", ".mask_downscaling.3."),
        (r"\.mask_embed\.layer_norm2\.", ".mask_downscaling.4."),
        (r"\.mask_embed\.conv3\.", ".mask_downscaling.6."),
        (r"\.layer_norm(\d)\.", r".norm\1."),
        (r"^mask_decoder\.", "sam_mask_decoder."),
        (r"\.upscale_conv1\.", ".output_upscaling.0."),
        (r"\.upscale_layer_norm\.", ".output_upscaling.1."),
        (r"\.upscale_conv2\.", ".output_upscaling.3."),
        (r"\.layer_norm_final_attn\.", ".norm_final_attn."),
        (r"\.o_proj\.", ".out_proj."),
    )
)
POINT_EMBEDDINGS = 4
_POINTS = "prompt_encoder.point_embed.weight"
_HEAD = re.compile(
    r"(mask_decoder\.(?:iou_prediction_head|pred_obj_score_head|output_hypernetworks_mlps\.\d+))"
    r"\.(proj_in|proj_out|layers\.(\d+))\.(weight|bias)"
)
_ALIAS = re.compile(r"(?<=\.mlp\.)lin([12])(?=\.(?:weight|bias)$)")  # SAM 2 names these layers in two ways


@dataclass(frozen=True)
class Source:
    """Where one of our weights comes from.

    Attributes:
        published: Name in the checkpoint.
        ours: Name in ``GeoPixel``.
        part: What is taken of the published weight.
        row: The row of ours that it fills; None: all of it.
    """

    published: str
    ours: str
    part: Callable[[Tensor], Tensor] = lambda value: value
    row: int | None = None


def is_dead(published: str) -> bool:
    """Whether the specification lists a published weight as one that nothing reads."""
    return _DEAD.fullmatch(published) is not None


def usual(published: str) -> str:
    """The name that ``sources`` uses for a published weight."""
    if not published.startswith(SAM):
        return published
    return _ALIAS.sub(lambda match: f"layers.{int(match[1]) - 1}", published)


def sources(ours: Iterable[str], config: GeoPixelConfig) -> dict[str, list[Source]]:
    """All published weights that fill our weights, by name.

    Args:
        ours: Names of parameters and stored buffers of a ``GeoPixel``.
        config: Its sizes.
    """
    found: dict[str, list[Source]] = {}
    for name in ours:
        for source in _sources(name, config):
            found.setdefault(source.published, []).append(source)
    return found


def _sources(name: str, config: GeoPixelConfig) -> list[Source]:
    if name in _SEPARATORS:
        return [Source(_SEPARATORS[name], name, Tensor.flatten)]
    if match := _LAYER.fullmatch(name):
        return [_of_layer(name, match, config)]
    if name.startswith(_SAM2):
        return _of_sam(name, config)
    prefix = next(prefix for prefix in _PREFIXES if name.startswith(prefix))
    return [Source(_PREFIXES[prefix] + name.removeprefix(prefix), name)]


def _of_layer(name: str, match: re.Match[str], config: GeoPixelConfig) -> Source:
    number, block, linear, rest = match.groups()
    layer = f"model.layers.{number}."
    if block in _NORMS:
        return Source(f"{layer}{_NORMS[block]}.{rest}", name)
    if linear in _LINEARS:
        return Source(f"{layer}{_LINEARS[linear]}.{_PARTS[rest]}", name)
    published = f"{layer}attention.wqkv.{_PARTS[rest]}"
    # q, k and v share the first matrix of their adapters: it is no part of anything.
    return Source(published, name) if rest == "down.weight" else Source(published, name, _picker(linear[0], config))


def _picker(which: str, config: GeoPixelConfig) -> Callable[[Tensor], Tensor]:
    """Takes the rows of q, k or v out of the grouped matrix: for each key head its query heads, then k, then v."""
    heads = config.language.num_key_value_heads or config.language.num_attention_heads
    group = config.language.num_attention_heads // heads

    def pick(value: Tensor) -> Tensor:
        grouped = value.reshape(heads, group + 2, -1, *value.shape[1:])
        chosen = {"q": grouped[:, :group], "k": grouped[:, -2], "v": grouped[:, -1]}[which]
        return chosen.reshape(-1, *value.shape[1:])

    return pick


def _of_sam(name: str, config: GeoPixelConfig) -> list[Source]:
    own = name.removeprefix(_SAM2)
    if own == _POINTS:
        rows = range(POINT_EMBEDDINGS)
        return [
            Source(f"{SAM}sam_prompt_encoder.point_embeddings.{row}.weight", name, Tensor.flatten, row) for row in rows
        ]
    if match := _HEAD.fullmatch(own):
        head, layer, middle, kind = match.groups()
        depth = config.iou_head_depth if "iou" in head else 3
        index = int(middle) + 1 if middle else 0 if layer == "proj_in" else depth - 1
        own = f"{head}.layers.{index}.{kind}"
    for pattern, new in _SAM_RULES:
        own = pattern.sub(new, own)
    return [Source(SAM + own, name)]
