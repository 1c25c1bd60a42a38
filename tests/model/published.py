"""A tiny random checkpoint in the published layout, of sizes that no other checkpoint here has.

Names and shapes are written out from the published layout, not taken from the code under test.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from torch import Tensor
from transformers import CLIPVisionConfig, CLIPVisionModel, LlamaConfig, LlamaModel

H, CLIP, D, MID, HIDDEN, SURE = 40, 24, 48, 20, 28, 12  # text, image, prompts, necks, transformer MLPs, confidence
LAYERS, MLP = 2, 48  # of the decoder
CLASSES, K, P, GRID, FEED = 5, 3, 6, 8, 18  # the memory
LEVELS, TOKENS = 2, 2  # the codebook: four segmentation tokens, where the published one has six
PATCH = 14
SIDE = GRID * PATCH
SEG = tuple(f"[SEG{index}]" for index in range(LEVELS * TOKENS))
TEXTS = [
    "A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, detailed, "
    "and polite answers to the human's questions. USER: ASSISTANT:",
    "[segment] Can you segment the storage tank in the top and the vehicle on the left? Sure, it is and here.",
    "[refer] Where is the ship? {<12><34><56><78>} [caption] Describe it. [Visual Question Answering] 0123456789",
]


def write_checkpoint(folder: Path, seed: int = 3) -> Path:
    """Writes the whole checkpoint; logits of its masks are large enough to have both signs."""
    torch.manual_seed(seed)
    tokenizer = write_tokenizer(folder)
    write_settings(folder, tokenizer)
    for part, tensors in {
        "vlm": vlm(tokenizer.get_vocab_size()),
        "seg": dict(random("mask_decoder.", seg())),
        "pec": dict(random("prompt_encoder.", pec())),
        "clm": dict(random("", clm())),
    }.items():
        save_file(tensors, folder / part / "model.safetensors")
    for name in ("rough", "detail"):
        torch.save(dict(random("", neck())), folder / f"image_neck_{name}.pth")
    fcs = [("0.weight", (H, H)), ("0.bias", (H,)), ("2.weight", (D, H)), ("2.bias", (D,))]
    torch.save(dict(random("", fcs)), folder / "text_hidden_fcs.pth")
    torch.save([torch.tensor(value) for value in (0.6, 0.5)], folder / "multiseg_scalar.pth")
    torch.save([torch.tensor(value) for value in (0.7, 0.9)], folder / "multiscale_scalar.pth")
    return folder


def write_tokenizer(folder: Path) -> Tokenizer:
    """A Llama-style tokenizer with the special tokens of GeoPix."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    special = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=380, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(TEXTS, trainer)
    # Bytes are ordinary pieces; the trainer can only make them special.
    values = json.loads(tokenizer.to_str())
    values["added_tokens"] = [token for token in values["added_tokens"] if token["id"] < 3]
    tokenizer = Tokenizer.from_str(json.dumps(values))
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    tokenizer.add_special_tokens([AddedToken(name, normalized=False) for name in ("<image>", "<pad>", *SEG)])
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer


def write_settings(folder: Path, tokenizer: Tokenizer) -> None:
    text = {"hidden_size": H, "num_hidden_layers": LAYERS, "num_attention_heads": 4, "max_position_embeddings": 1024}
    vision = {"hidden_size": CLIP, "num_hidden_layers": 11, "num_attention_heads": 2, "hidden_act": "quick_gelu"}
    settings = {
        "config.json": {"seg_token_num": TOKENS, "image_feature_scale_num": LEVELS},
        # The configs of their own win; what is said here is wrong on purpose.
        "vlm/config.json": {"vision_feature_layer": -2, "text_config": {"num_hidden_layers": 9}},
        "vlm/text/config.json": text,
        "vlm/vision/config.json": vision,
        "vlm/generation_config.json": {"eos_token_id": 2, "do_sample": True, "temperature": 5.0},
        "seg/config.json": {"mask_decoder_transformer_depth": 2},
        "pec/config.json": {"prompt_embed_dim": D},
        "clm/config.json": {"num_class": CLASSES, "memory_len": K, "memory_dim": P},
        "preprocessor_config.json": {
            "image_processor_type": "CLIPImageProcessor",
            "size": {"shortest_edge": SIDE},
            "crop_size": {"height": SIDE, "width": SIDE},
            "image_mean": [0.48, 0.45, 0.41],
            "image_std": [0.27, 0.26, 0.28],
        },
    }
    for name, values in settings.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(values))


Shapes = list[tuple[str, tuple[int, ...]]]


def random(prefix: str, shapes: Shapes) -> Iterator[tuple[str, Tensor]]:
    """Random values that keep signals alive: norms near 1, variances positive, matrices of gain 1.5."""
    for name, shape in shapes:
        if name.endswith("num_batches_tracked"):
            yield prefix + name, torch.tensor(7)
        elif name.endswith("running_var"):
            yield prefix + name, torch.rand(shape) + 0.5
        elif len(shape) == 1 and name.endswith("weight"):
            yield prefix + name, 1 + 0.2 * torch.randn(shape)
        elif len(shape) <= 1:
            yield prefix + name, 0.1 * torch.randn(shape)
        else:
            yield prefix + name, 1.5 * torch.randn(shape) / (torch.Size(shape[1:]).numel() ** 0.5)


def vlm(vocab: int) -> dict[str, Tensor]:
    text = LlamaModel(
        LlamaConfig(
            vocab_size=vocab, hidden_size=H, intermediate_size=MLP, num_hidden_layers=LAYERS, num_attention_heads=4
        )
    )
    vision = CLIPVisionModel(
        CLIPVisionConfig(
            hidden_size=CLIP, intermediate_size=36, num_hidden_layers=11, num_attention_heads=2,
            image_size=SIDE, patch_size=PATCH,
        )
    )  # fmt: skip
    shapes: Shapes = [
        *((f"language_model.model.{name}", tuple(value.shape)) for name, value in text.state_dict().items()),
        *((f"vision_tower.vision_model.{name}", tuple(value.shape)) for name, value in vision.state_dict().items()),
        ("language_model.lm_head.weight", (vocab, H)),
        ("multi_modal_projector.linear_1.weight", (H, CLIP)),
        ("multi_modal_projector.linear_1.bias", (H,)),
        ("multi_modal_projector.linear_2.weight", (H, H)),
        ("multi_modal_projector.linear_2.bias", (H,)),
    ]
    return dict(random("", shapes))


def linear(name: str, outputs: int, inputs: int) -> Shapes:
    return [(f"{name}.weight", (outputs, inputs)), (f"{name}.bias", (outputs,))]


def norm(name: str, width: int) -> Shapes:
    return [(f"{name}.weight", (width,)), (f"{name}.bias", (width,))]


def batch_norm(name: str, width: int) -> Shapes:
    statistics: Shapes = [(f"{name}.running_mean", (width,)), (f"{name}.running_var", (width,))]
    return [*norm(name, width), *statistics, (f"{name}.num_batches_tracked", ())]


def attention(name: str, inner: int) -> Shapes:
    inputs = [shape for part in "qkv" for shape in linear(f"{name}.{part}_proj", inner, D)]
    return [*inputs, *linear(f"{name}.out_proj", D, inner)]


def seg() -> Shapes:
    shapes: Shapes = [("iou_token.weight", (1, D)), ("mask_tokens.weight", (4, D)), ("level_embed.weight", (LEVELS, D))]
    for level in range(LEVELS):
        for block in range(2):
            name = f"transformer.{level}.layers.{block}"
            shapes += attention(f"{name}.self_attn", D)
            shapes += attention(f"{name}.cross_attn_token_to_image", D // 2)
            shapes += attention(f"{name}.cross_attn_image_to_token", D // 2)
            shapes += [shape for i in range(1, 5) for shape in norm(f"{name}.norm{i}", D)]
            shapes += [*linear(f"{name}.mlp.lin1", HIDDEN, D), *linear(f"{name}.mlp.lin2", D, HIDDEN)]
        shapes += attention(f"transformer.{level}.final_attn_token_to_image", D // 2)
        shapes += norm(f"transformer.{level}.norm_final_attn", D)
    shapes += [("upsample_2x.0.weight", (D, D, 2, 2)), ("upsample_2x.0.bias", (D,)), *norm("upsample_2x.1", D)]
    shapes += [("output_upscaling.0.weight", (D, D // 8, 2, 2)), ("output_upscaling.0.bias", (D // 8,))]
    shapes += [*norm("output_upscaling.1", D // 8), ("pe1.positional_encoding_gaussian_matrix", (2, D // 2))]
    for token in range(4):
        for layer, outputs in enumerate((D, D, D // 8)):
            shapes += linear(f"output_hypernetworks_mlps.{token}.layers.{layer}", outputs, D)
    for layer, (outputs, inputs) in enumerate(((SURE, D), (SURE, SURE), (4, SURE))):
        shapes += linear(f"iou_prediction_head.layers.{layer}", outputs, inputs)
    return shapes


def pec() -> Shapes:
    shapes: Shapes = [("pe_layer.positional_encoding_gaussian_matrix", (2, D // 2)), ("no_mask_embed.weight", (1, D))]
    shapes += [(f"point_embeddings.{index}.weight", (1, D)) for index in range(4)]
    shapes += [("not_a_point_embed.weight", (1, D)), ("mask_downscaling.0.weight", (4, 1, 2, 2))]
    return shapes


def neck() -> Shapes:
    first: Shapes = [("conv1.0.weight", (MID, CLIP, 3, 3)), ("conv1.0.bias", (MID,)), *batch_norm("conv1.1", MID)]
    return [*first, ("conv2.0.weight", (D, MID, 3, 3)), ("conv2.0.bias", (D,)), *batch_norm("conv2.1", D)]


def clm() -> Shapes:
    shapes: Shapes = [("learnable_memory.memory", (CLASSES, LEVELS, K, P, GRID, GRID))]
    for layer, (inputs, outputs) in enumerate(((1, 16), (16, 32), (32, P)), start=1):
        name = f"memory_encoder.mask_downsampler.layer{layer}"
        shapes += [
            (f"{name}.conv1.weight", (outputs, inputs, 3, 3)),
            (f"{name}.conv2.weight", (outputs, outputs, 3, 3)),
        ]
        shapes += [*batch_norm(f"{name}.bn1", outputs), *batch_norm(f"{name}.bn2", outputs)]
        shapes += [
            (f"{name}.downsample.0.weight", (outputs, inputs, 1, 1)),
            *batch_norm(f"{name}.downsample.1", outputs),
        ]
    shapes += [("memory_encoder.pix_feat_proj.weight", (P, D, 1, 1)), ("memory_encoder.pix_feat_proj.bias", (P,))]
    fuser = "memory_encoder.fuser"
    shapes += [(f"{fuser}.gate", (P,)), (f"{fuser}.dwconv.weight", (P, 1, 7, 7)), (f"{fuser}.dwconv.bias", (P,))]
    shapes += [*norm(f"{fuser}.norm", P), *linear(f"{fuser}.pwconv1", 4 * P, P), *linear(f"{fuser}.pwconv2", P, 4 * P)]
    for index, (inputs, outputs) in zip((0, 3, 6), ((K, 32), (32, 16), (16, 1)), strict=True):
        shapes += [(f"memory_fuser.model.{index}.weight", (outputs, inputs, 1, 1, 1))]
        shapes += [(f"memory_fuser.model.{index}.bias", (outputs,))]
        shapes += batch_norm(f"memory_fuser.model.{index + 1}", outputs)
    layer, both = "memory_attention.layers.0", ("self_attn", "cross_attn_image")
    shapes += [(f"{layer}.scale", (D,)), (f"{layer}.self_attn.in_proj_weight", (3 * D, D))]
    shapes += [(f"{layer}.cross_attn_image.q_proj_weight", (D, D))]
    shapes += [(f"{layer}.cross_attn_image.{part}_proj_weight", (D, P)) for part in "kv"]
    shapes += [(f"{layer}.{name}.in_proj_bias", (3 * D,)) for name in both]
    shapes += [shape for name in both for shape in linear(f"{layer}.{name}.out_proj", D, D)]
    shapes += [(f"{layer}.self_attn_pos.pe", (1, 5000, D)), (f"{layer}.cross_attn_image_pos.pe", (1, 5000, P))]
    shapes += [*linear(f"{layer}.linear1", FEED, D), *linear(f"{layer}.linear2", D, FEED)]
    shapes += [shape for i in range(1, 4) for shape in norm(f"{layer}.norm{i}", D)]
    return [*shapes, *norm("memory_attention.norm", D)]
