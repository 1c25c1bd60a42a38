"""A GeoPixel checkpoint small enough to make in a test: random weights under the published names, written by hand.

All sizes are made up, and no two are alike that a mistake could confuse.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import save_file
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
from torch import Tensor

Shapes = dict[str, tuple[int, ...]]

HIDDEN, LAYERS, HEADS, KV_HEADS, MLP, RANK = 48, 3, 6, 3, 80, 5
CLIP_WIDTH, CLIP_LAYERS, CLIP_MLP, SIDE, PATCH = 24, 2, 40, 56, 14
SAM_SIDE, SAM_WIDTH, TRUNK, STAGES, SAM_MLP, IOU_HIDDEN = 128, 32, 8, (1, 1, 2, 1), 56, 20
TOKENS_SIDE = SIDE // PATCH // 2
SENTENCES = (
    "Sure, the red car and a small boat are here.",
    "Could you provide a segmentation mask for the buildings in this image?",
    "It is a harbor with ships; the water covers most of the scene.",
    "Segment the vehicles, roads and trees. Describe the image in detail.",
)


def tokenizer_model() -> bytes:
    """A SentencePiece model of 440 pieces, in which the words above are whole; the markers of turns come with it."""
    model = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 20),
        model_writer=model,
        model_type="bpe",
        vocab_size=440,
        byte_fallback=True,
        character_coverage=1.0,
        add_dummy_prefix=False,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        user_defined_symbols=["[UNUSED_TOKEN_145]", "[UNUSED_TOKEN_146]"],
        hard_vocab_limit=False,
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()


def shapes(vocabulary: int) -> Shapes:
    """Every weight of the published layout, dead ones included."""
    return {
        "model.tok_embeddings.weight": (vocabulary, HIDDEN),
        "output.weight": (vocabulary, HIDDEN),
        "model.norm.weight": (HIDDEN,),
        "plora_glb_GN": (1, 1, 4 * CLIP_WIDTH),
        "plora_sub_GN": (1, 1, 1, 4 * CLIP_WIDTH),
        **_linear("vision_proj.0", HIDDEN, 4 * CLIP_WIDTH),
        **_linear("vision_proj.2", HIDDEN, HIDDEN),
        **_linear("model.text_hidden_fcs.0.0", HIDDEN, HIDDEN),
        **_linear("model.text_hidden_fcs.0.2", SAM_WIDTH, HIDDEN),
        **_decoder(),
        **{f"vit.vision_tower.vision_model.{name}": shape for name, shape in _clip().items()},
        **{f"model.visual_model.{name}": shape for name, shape in (_trunk() | _mask_decoder() | _dead()).items()},
    }


def random_tensors(vocabulary: int, seed: int) -> dict[str, Tensor]:
    """Weights at which activations stay of the size of one."""
    generator = torch.Generator().manual_seed(seed)
    found = {}
    for name, shape in shapes(vocabulary).items():
        value = torch.randn(shape, generator=generator)
        if len(shape) == 1:
            found[name] = (1.0 if name.endswith("weight") and "norm" in name else 0.0) + 0.1 * value
        elif name.endswith(("embeddings.weight", "embed", "tokens.weight", "token.weight", "GN", "window")):
            found[name] = 0.5 * value
        else:
            found[name] = value / math.sqrt(math.prod(shape[1:]))
    # Masks are made without doubt, so that nothing drops them for their score.
    found["model.visual_model.sam_mask_decoder.iou_prediction_head.layers.2.bias"] += 3.0
    return found


def speaking(tensors: dict[str, Tensor], ids: list[int], first: int) -> dict[str, Tensor]:
    """The same weights changed so that greedy decoding says ``ids`` after the token ``first``, all of them different.

    The layers of the decoder add nothing, and the head leads from each embedding to the next id.
    """
    silent = {
        name: torch.zeros_like(value)
        for name, value in tensors.items()
        if ".attention.wo." in name or ".feed_forward.w2." in name
    }
    assert len({first, *ids}) == len(ids) + 1, "an id leads to one other id only"
    head = torch.zeros_like(tensors["output.weight"])
    norm = tensors["model.norm.weight"]
    for before, after in zip([first, *ids], ids, strict=False):
        head[after] += torch.nn.functional.normalize(tensors["model.tok_embeddings.weight"][before] / norm, dim=0)
    return {**tensors, **silent, "output.weight": 20 * head}


def write_checkpoint(folder: Path, seed: int = 0, say: str = "") -> Path:
    """A checkpoint folder in the published layout.

    Args:
        folder: Is made.
        seed: Of the weights.
        say: What every answer is, such as "Sure, <p>the car</p> [SEG]."; empty: whatever random weights say.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pieces = tokenizer_model()
    (folder / "tokenizer.model").write_bytes(pieces)
    processor = SentencePieceProcessor(model_proto=pieces)
    size = processor.get_piece_size()
    added = {"[SEG]": size, "<p>": size + 1, "</p>": size + 2}
    (folder / "added_tokens.json").write_text(json.dumps(added))
    (folder / "config.json").write_text(json.dumps(config(size + 3)))
    (folder / "clip_config.json").write_text(json.dumps(clip_config()))
    (folder / "sam2_config.json").write_text(json.dumps(sam_config()))
    tensors = random_tensors(size + 3, seed)
    if say:
        from geopix_model.geopixel.tokenizer import Tokenizer

        tokenizer = Tokenizer(processor, added)
        ids = [*tokenizer.encode(say), tokenizer.turn_end, tokenizer.eos]
        tensors = speaking(tensors, ids, tokenizer.encode("\n")[-1])
    save_file(tensors, folder / "model.safetensors")
    return folder


def config(vocabulary: int) -> dict[str, object]:
    """What ``config.json`` holds of it."""
    return {
        "architectures": ["GeoPixelForCausalLM"],
        "vocab_size": vocabulary,
        "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "intermediate_size": MLP,
        "rms_norm_eps": 1e-5,
        "rope_theta": 1000000,
        "rope_scaling": {"type": "dynamic", "factor": 2.0},
        "max_position_embeddings": 2048,
        "max_length": 1024,
        "bias": False,
        "hidden_act": "silu",
    }


def clip_config() -> dict[str, object]:
    """Sizes of CLIP."""
    return {
        "hidden_size": CLIP_WIDTH,
        "intermediate_size": CLIP_MLP,
        "num_hidden_layers": CLIP_LAYERS,
        "num_attention_heads": 3,
        "image_size": SIDE,
        "patch_size": PATCH,
    }


def sam_config() -> dict[str, object]:
    """Sizes of SAM 2, under the names of its own configuration."""
    trunk = {
        "embed_dim": TRUNK,
        "num_heads": 1,
        "stages": list(STAGES),
        "global_att_blocks": [3],
        "window_pos_embed_bkg_spatial_size": [5, 5],
        "window_spec": [8, 4, 8, 4],
    }
    neck = {"d_model": SAM_WIDTH, "backbone_channel_list": [8 * TRUNK, 4 * TRUNK, 2 * TRUNK, TRUNK]}
    return {"image_size": SAM_SIDE, "image_encoder": {"trunk": trunk, "neck": neck}}


def _linear(name: str, outer: int, inner: int) -> Shapes:
    return {f"{name}.weight": (outer, inner), f"{name}.bias": (outer,)}


def _norm(name: str, width: int) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _conv(name: str, *shape: int, transposed: bool = False) -> Shapes:
    return {f"{name}.weight": shape, f"{name}.bias": (shape[1] if transposed else shape[0],)}


def _decoder() -> Shapes:
    width = HIDDEN // HEADS
    linears = {
        "attention.wqkv": ((HEADS + 2 * KV_HEADS) * width, HIDDEN),
        "attention.wo": (HIDDEN, HIDDEN),
        "feed_forward.w1": (MLP, HIDDEN),
        "feed_forward.w3": (MLP, HIDDEN),
        "feed_forward.w2": (HIDDEN, MLP),
    }
    found: Shapes = {}
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        found |= {f"{prefix}attention_norm.weight": (HIDDEN,), f"{prefix}ffn_norm.weight": (HIDDEN,)}
        for name, (outer, inner) in linears.items():
            found[f"{prefix}{name}.weight"] = (outer, inner)
            for adapter, rank in (("Plora", RANK), ("lora_sft", 7), ("lora_dpo", 7), ("lora_web", 9)):
                found[f"{prefix}{name}.{adapter}_A.weight"] = (rank, inner)
                found[f"{prefix}{name}.{adapter}_B.weight"] = (outer, rank)
    return found


def _clip() -> Shapes:
    width = CLIP_WIDTH
    found: Shapes = {
        "embeddings.class_embedding": (width,),
        "embeddings.patch_embedding.weight": (width, 3, PATCH, PATCH),
        "embeddings.position_embedding.weight": ((SIDE // PATCH) ** 2 + 1, width),
        **_norm("pre_layrnorm", width),
        **_norm("post_layernorm", width),
    }
    for layer in range(CLIP_LAYERS):
        prefix = f"encoder.layers.{layer}."
        for name in ("k_proj", "v_proj", "q_proj", "out_proj"):
            found |= _linear(f"{prefix}self_attn.{name}", width, width)
        found |= _norm(f"{prefix}layer_norm1", width) | _norm(f"{prefix}layer_norm2", width)
        found |= _linear(f"{prefix}mlp.fc1", CLIP_MLP, width) | _linear(f"{prefix}mlp.fc2", width, CLIP_MLP)
    return found


def _trunk() -> Shapes:
    found: Shapes = {
        "image_encoder.trunk.pos_embed": (1, TRUNK, 5, 5),
        "image_encoder.trunk.pos_embed_window": (1, TRUNK, 8, 8),
        **_conv("image_encoder.trunk.patch_embed.proj", TRUNK, 3, 7, 7),
    }
    block = 0
    for stage, blocks in enumerate(STAGES):
        for index in range(blocks):
            outer = TRUNK << stage
            inner = outer // 2 if stage and index == 0 else outer
            prefix = f"image_encoder.trunk.blocks.{block}."
            found |= _norm(f"{prefix}norm1", inner) | _norm(f"{prefix}norm2", outer)
            found |= _linear(f"{prefix}attn.qkv", 3 * outer, inner) | _linear(f"{prefix}attn.proj", outer, outer)
            found |= _linear(f"{prefix}mlp.layers.0", 4 * outer, outer)
            found |= _linear(f"{prefix}mlp.layers.1", outer, 4 * outer)
            found |= _linear(f"{prefix}proj", outer, inner) if inner != outer else {}
            block += 1
    for level in range(4):
        found |= _conv(f"image_encoder.neck.convs.{level}.conv", SAM_WIDTH, TRUNK << (3 - level), 1, 1)
    return found


def _mask_decoder() -> Shapes:
    width = SAM_WIDTH
    prompts, decoder = "sam_prompt_encoder.", "sam_mask_decoder."
    found: Shapes = {
        "no_mem_embed": (1, 1, width),
        f"{prompts}pe_layer.positional_encoding_gaussian_matrix": (2, width // 2),
        **{f"{prompts}point_embeddings.{i}.weight": (1, width) for i in range(4)},
        f"{prompts}not_a_point_embed.weight": (1, width),
        f"{prompts}no_mask_embed.weight": (1, width),
        **_conv(f"{prompts}mask_downscaling.0", 4, 1, 2, 2),
        **_norm(f"{prompts}mask_downscaling.1", 4),
        **_conv(f"{prompts}mask_downscaling.3", 16, 4, 2, 2),
        **_norm(f"{prompts}mask_downscaling.4", 16),
        **_conv(f"{prompts}mask_downscaling.6", width, 16, 1, 1),
        f"{decoder}iou_token.weight": (1, width),
        f"{decoder}mask_tokens.weight": (4, width),
        f"{decoder}obj_score_token.weight": (1, width),
        **_conv(f"{decoder}output_upscaling.0", width, width // 4, 2, 2, transposed=True),
        **_norm(f"{decoder}output_upscaling.1", width // 4),
        **_conv(f"{decoder}output_upscaling.3", width // 4, width // 8, 2, 2, transposed=True),
        **_conv(f"{decoder}conv_s0", width // 8, width, 1, 1),
        **_conv(f"{decoder}conv_s1", width // 4, width, 1, 1),
        **_norm(f"{decoder}transformer.norm_final_attn", width),
    }
    for head, hidden, outer in [
        ("iou_prediction_head", IOU_HIDDEN, 4),
        ("pred_obj_score_head", width, 1),
        *((f"output_hypernetworks_mlps.{i}", width, width // 8) for i in range(4)),
    ]:
        found |= _linear(f"{decoder}{head}.layers.0", hidden, width)
        found |= _linear(f"{decoder}{head}.layers.1", hidden, hidden)
        found |= _linear(f"{decoder}{head}.layers.2", outer, hidden)
    attentions = [("final_attn_token_to_image", width // 2)]
    for layer in range(2):
        prefix = f"layers.{layer}."
        attentions += [(f"{prefix}self_attn", width), (f"{prefix}cross_attn_token_to_image", width // 2)]
        attentions += [(f"{prefix}cross_attn_image_to_token", width // 2)]
        for norm in range(1, 5):
            found |= _norm(f"{decoder}transformer.{prefix}norm{norm}", width)
        found |= _linear(f"{decoder}transformer.{prefix}mlp.layers.0", SAM_MLP, width)
        found |= _linear(f"{decoder}transformer.{prefix}mlp.layers.1", width, SAM_MLP)
    for attention, inner in attentions:
        for name in ("q_proj", "k_proj", "v_proj"):
            found |= _linear(f"{decoder}transformer.{attention}.{name}", inner, width)
        found |= _linear(f"{decoder}transformer.{attention}.out_proj", width, inner)
    return found


def _dead() -> Shapes:
    """Some of the video parts, one of each name that the specification lists."""
    return {
        "memory_attention.layers.0.self_attn.q_proj.weight": (SAM_WIDTH, SAM_WIDTH),
        "memory_encoder.fuser.layers.0.gamma": (SAM_WIDTH,),
        "maskmem_tpos_enc": (7, 1, 1, 16),
        "no_mem_pos_enc": (1, 1, SAM_WIDTH),
        "no_obj_ptr": (1, SAM_WIDTH),
        **_linear("obj_ptr_proj.layers.0", SAM_WIDTH, SAM_WIDTH),
        **_conv("mask_downsample", 1, 1, 4, 4),
    }


def dead_names(vocabulary: int) -> Iterator[str]:
    """Names of the weights that nothing reads."""
    video = {f"model.visual_model.{name}" for name in _dead()}
    for name in shapes(vocabulary):
        if ".lora_" in name or name in video:
            yield name
