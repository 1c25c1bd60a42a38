"""Counts of weights, against small checkpoints, against transformers' own models, and against what is published."""

from __future__ import annotations

import json
import os
from collections import Counter
from math import prod
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import CLIPVisionConfig, CLIPVisionModel, Sam2Config, Sam2HieraDetConfig, Sam2Model, Sam2VisionConfig

from geopix_model.footprint import (
    GEOPIX_7B,
    GEOPIXEL_7B,
    SAM2_LARGE,
    SAM2_VIDEO,
    ClipSizes,
    DecoderSizes,
    geopix,
    geopixel,
)

ROOT = Path(__file__).resolve().parents[2]
GOLDENS = Path(os.environ.get("GEOPIX_GOLDENS", ROOT.parent / "shared" / "goldens"))
DEAD_VIDEO = ("memory_", "maskmem", "no_mem_pos", "no_obj_ptr", "obj_ptr", "mask_downsample")


def shapes(name: str) -> dict[str, Any]:
    path = GOLDENS / name / "state_dict_shapes.json"
    if not path.is_file():
        pytest.skip(f"the recorded checkpoint {name} is not on this machine")
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def part_of_geopixel(name: str) -> str:
    if any(word in name for word in ("lora_sft", "lora_dpo", "lora_web")):
        return "dead"
    if "visual_model." in name:
        return "dead" if name.split("visual_model.")[1].startswith(DEAD_VIDEO) else "masks"
    if "Plora" in name:
        return "adapters"
    if name.startswith("vit."):
        return "vision"
    known = {"model.tok_embeddings.weight": "embeddings", "output.weight": "head"}
    if "norm" in name:
        return "bridges"
    return known.get(name, "decoder" if name.startswith("model.layers.") else "bridges")


def test_a_small_geopixel_is_counted_to_the_last_parameter() -> None:
    found: Counter[str] = Counter()
    for name, shape in shapes("geopixel_tiny").items():
        found[part_of_geopixel(name)] += prod(shape)
    mlp = shapes("geopixel_tiny")["vit.vision_tower.vision_model.encoder.layers.0.mlp.fc1.bias"][0]
    clip = ClipSizes(64, 2, mlp, 14, 560)
    text = DecoderSizes(643, 64, 2, 4, 2, 96, adapter_rank=8, dead_ranks=24)
    video = found["dead"] - 24 * text.adapter
    counted = geopixel(text, clip, out_dim=32, masks=found["masks"], video=video)
    assert {part: getattr(counted, part) for part in found} == dict(found)
    assert counted.everything == sum(found.values())


def test_a_small_geopix_is_counted_to_the_last_parameter() -> None:
    files = shapes("geopix_tiny")
    vlm, seg = files["vlm"], files["seg"]
    clip = ClipSizes(48, 12, 64, 14, 448)
    text = DecoderSizes(608, 64, 2, 4, 4, 96)
    memory = files["clm"]["learnable_memory.memory"]
    counted = geopix(text, clip, width=32, neck=64, memory=prod(memory[2:]))
    towers = [prod(shape) for name, shape in vlm.items() if name.startswith("vision_tower.")]
    assert counted.vision == sum(towers)
    bridges = sum(prod(shape) for shape in files["text_hidden_fcs.pth"].values())
    rest = sum(map(prod, vlm.values())) - sum(towers)
    assert counted.decoder + counted.embeddings + counted.head + counted.bridges == rest + bridges
    neck = sum(prod(shape) for name, shape in files["image_neck_rough.pth"].items() if "num_batches" not in name)
    positions_and_no_mask = 2 * 16 + 32
    assert counted.masks == sum(map(prod, seg.values())) + 2 * neck + positions_and_no_mask
    assert counted.dead == prod(memory)


def test_published_geopixel_has_the_size_that_its_page_says() -> None:
    # huggingface.co/MBZUAI/GeoPixel-7B, tree of revision 6029080: 22.7 GB, three files of bfloat16.
    assert abs(GEOPIXEL_7B.everything * 2 / 1e9 - 22.7) < 0.05
    assert GEOPIXEL_7B.kv_bytes_per_token == 128 * 2**10
    assert abs(GEOPIXEL_7B.live * 2 / 1e9 - 17.8) < 0.05


def test_published_geopix_leaves_its_memory_out() -> None:
    assert GEOPIX_7B.dead == 75 * 2 * 64 * 64 * 32 * 32  # 629 million, 2.5 GB in float32
    assert 7.0e9 < GEOPIX_7B.live < 7.2e9


def test_the_encoders_are_those_of_transformers() -> None:
    widths = [144, 288, 576, 1152]
    trunk = Sam2HieraDetConfig(
        hidden_size=144,
        num_attention_heads=2,
        blocks_per_stage=[2, 6, 36, 4],
        embed_dim_per_stage=widths,
        num_attention_heads_per_stage=[2, 4, 8, 16],
        global_attention_blocks=[23, 33, 43],
        window_size_per_stage=[8, 4, 16, 8],
    )
    vision = Sam2VisionConfig(backbone_config=trunk, backbone_channel_list=widths[::-1], fpn_hidden_size=256)
    clip = CLIPVisionConfig(
        hidden_size=1024,
        intermediate_size=4096,
        num_hidden_layers=24,
        num_attention_heads=16,
        image_size=560,
        patch_size=14,
    )
    with torch.device("meta"):
        assert sum(p.numel() for p in Sam2Model(Sam2Config(vision_config=vision)).parameters()) == SAM2_LARGE
        assert sum(p.numel() for p in CLIPVisionModel(clip).parameters()) == GEOPIXEL_7B.vision
    assert abs(SAM2_LARGE + SAM2_VIDEO - 224.4e6) < 1e5  # as its repository says
