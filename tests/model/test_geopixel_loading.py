"""GeoPixel checkpoints are loaded whole, in any published form, or refused with the name of what is wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from geopix_model.errors import CheckpointError
from geopix_model.geopixel import keymap, sizes, tensor_files
from geopix_model.geopixel.loading import load
from geopix_model.geopixel.model import GeoPixel
from tests.model import geopixel_small as small

WEIGHTS = "model.safetensors"
WQKV = "model.layers.1.attention.wqkv.weight"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.write_checkpoint(tmp_path_factory.mktemp("geopixel") / "model")


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def split(path: Path, write: Callable[[dict[str, Tensor], Path], None], stem: str, suffix: str) -> None:
    """Divides the weights into three files with an index."""
    tensors = load_file(path / WEIGHTS)
    (path / WEIGHTS).unlink()
    names = sorted(tensors)
    where = {}
    for part in range(3):
        file = f"{stem}-0000{part + 1}-of-00003{suffix}"
        write({name: tensors[name].clone() for name in names[part::3]}, path / file)
        where |= dict.fromkeys(names[part::3], file)
    (path / f"{stem}{suffix}.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))


def to_safetensors(path: Path) -> None:
    split(path, save_file, "model", ".safetensors")


def to_bin(path: Path) -> None:
    split(path, torch.save, "pytorch_model", ".bin")


def to_old_bin(path: Path) -> None:
    torch.save(load_file(path / WEIGHTS), path / "pytorch_model.bin", _use_new_zipfile_serialization=False)
    (path / WEIGHTS).unlink()


def stored(model: GeoPixel) -> dict[str, Tensor]:
    return dict(model.state_dict())


@pytest.mark.parametrize("write", [to_safetensors, to_bin, to_old_bin])
def test_every_published_form_gives_the_same_weights(folder: Path, copy: Path, write: Callable[[Path], None]) -> None:
    write(copy)
    ours, theirs = stored(load(copy)[0]), stored(load(folder)[0])
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []


def test_grouped_queries_keys_and_values_are_taken_apart(folder: Path) -> None:
    model, _ = load(folder)
    width, group = small.HIDDEN // small.HEADS, small.HEADS // small.KV_HEADS
    rows = load_file(folder / WEIGHTS)[WQKV].reshape(small.KV_HEADS, group + 2, width, small.HIDDEN)
    attention = model.language.layers[1].self_attn
    for head in range(small.HEADS):
        own = attention.q_proj.base.weight[head * width : (head + 1) * width]
        assert torch.equal(own, rows[head // group, head % group])
    for head in range(small.KV_HEADS):
        place = slice(head * width, (head + 1) * width)
        assert torch.equal(attention.k_proj.base.weight[place], rows[head, group])
        assert torch.equal(attention.v_proj.base.weight[place], rows[head, group + 1])


def test_queries_keys_and_values_share_one_first_matrix(folder: Path) -> None:
    attention = load(folder)[0].language.layers[0].self_attn
    assert attention.q_proj.down.weight is attention.k_proj.down.weight is attention.v_proj.down.weight


def test_points_are_stacked_and_both_positions_filled(folder: Path) -> None:
    tensors, model = load_file(folder / WEIGHTS), load(folder)[0]
    points = model.segmenter.sam.prompt_encoder.point_embed.weight
    for row in range(4):
        own = tensors[f"model.visual_model.sam_prompt_encoder.point_embeddings.{row}.weight"]
        assert torch.equal(points[row], own[0])
    matrix = tensors["model.visual_model.sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"]
    sam = model.segmenter.sam
    for owner in (sam.shared_image_embedding, sam.prompt_encoder.shared_embedding):
        assert torch.equal(owner.positional_embedding, matrix)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_weights_come_in_the_type_that_is_asked_for_but_not_the_frequencies(folder: Path, dtype: torch.dtype) -> None:
    exact, model = load(folder)[0], load(folder, dtype=dtype)[0]
    assert {value.dtype for value in stored(model).values()} == {dtype}
    rope = model.language.rotary_emb
    assert rope.inv_freq.dtype == torch.float32
    assert torch.equal(rope.inv_freq, exact.language.rotary_emb.inv_freq)
    assert torch.equal(model.lm_head.weight, exact.lm_head.weight.to(dtype))


def test_weights_keep_their_type_but_half_precision_is_not_for_a_cpu(copy: Path) -> None:
    tensors = load_file(copy / WEIGHTS)
    for stored_as, loaded_as in ((torch.bfloat16, torch.bfloat16), (torch.float16, torch.float32)):
        save_file({name: value.to(stored_as) for name, value in tensors.items()}, copy / WEIGHTS)
        assert load(copy)[0].lm_head.weight.dtype == loaded_as


def test_dead_weights_are_not_read_and_need_not_be_there(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tensors = load_file(copy / WEIGHTS)
    vocabulary = len(tensors["output.weight"])
    dead = set(small.dead_names(vocabulary))
    assert len(dead) == 15 * 3 * 2 + 9
    read, really = set[str](), tensor_files.read

    def spy(entries: Mapping[str, tensor_files.Stored]) -> Iterator[tuple[str, Tensor]]:
        for name, value in really(entries):
            read.add(name)
            yield name, value

    monkeypatch.setattr(tensor_files, "read", spy)
    load(copy)
    assert read == set(tensors) - dead
    save_file({name: value for name, value in tensors.items() if name not in dead}, copy / WEIGHTS)
    assert load(copy)[0].lm_head.weight.shape == (vocabulary, small.HIDDEN)


def test_the_mlp_of_the_mask_decoder_may_have_its_other_name(folder: Path, copy: Path) -> None:
    tensors = load_file(copy / WEIGHTS)
    renamed = {
        name.replace("mlp.layers.0", "mlp.lin1").replace("mlp.layers.1", "mlp.lin2")
        if "sam_mask_decoder.transformer" in name
        else name: value
        for name, value in tensors.items()
    }
    assert renamed.keys() != tensors.keys()
    save_file(renamed, copy / WEIGHTS)
    ours, theirs = stored(load(copy)[0]), stored(load(folder)[0])
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_the_revision_follows_the_weights(folder: Path, copy: Path) -> None:
    before = tensor_files.revision(copy)
    assert before == tensor_files.revision(folder)
    save_file(load_file(copy / WEIGHTS) | {"output.weight": torch.zeros(443, small.HIDDEN)}, copy / WEIGHTS)
    assert tensor_files.revision(copy) != before


def change(path: Path, **fields: object) -> None:
    values = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(values | fields))


def without(name: str) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        tensors = load_file(path / WEIGHTS)
        del tensors[name]
        save_file(tensors, path / WEIGHTS)

    return spoil


def with_(name: str, *shape: int) -> Callable[[Path], None]:
    return lambda path: save_file(load_file(path / WEIGHTS) | {name: torch.zeros(shape)}, path / WEIGHTS)


def truncated(path: Path) -> None:
    data = (path / WEIGHTS).read_bytes()
    (path / WEIGHTS).write_bytes(data[: len(data) // 2])


def truncated_bin(path: Path) -> None:
    to_bin(path)
    file = path / "pytorch_model-00002-of-00003.bin"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def code_in_bin(path: Path) -> None:
    (path / WEIGHTS).unlink()
    torch.save({"output.weight": Path("x")}, path / "pytorch_model.bin")


def shard_gone(path: Path) -> None:
    to_safetensors(path)
    (path / "model-00002-of-00003.safetensors").unlink()


def named_in_vain(path: Path) -> None:
    to_safetensors(path)
    index = path / "model.safetensors.index.json"
    values = json.loads(index.read_text())
    values["weight_map"]["model.more"] = "model-00001-of-00003.safetensors"
    index.write_text(json.dumps(values))


def twice(path: Path) -> None:
    to_safetensors(path)
    file = path / "model-00002-of-00003.safetensors"
    first = load_file(path / "model-00001-of-00003.safetensors")
    save_file(load_file(file) | {"output.weight": torch.zeros(2)} | first, file)


def no_index(path: Path) -> None:
    to_safetensors(path)
    (path / "model.safetensors.index.json").unlink()


def no_seg(path: Path) -> None:
    (path / "added_tokens.json").write_text(json.dumps({"<p>": 441, "</p>": 442}))


def unknown_trunk(path: Path) -> None:
    (path / "sam2_config.json").unlink()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (without(WQKV), f"lacks the weight '{WQKV}'"),
        (without("model.visual_model.no_mem_embed"), "lacks the weight 'model.visual_model.no_mem_embed'"),
        (without("vit.vision_tower.vision_model.post_layernorm.bias"), "lacks the weight 'vit.*post_layernorm.bias'"),
        (without("model.layers.0.attention.wqkv.Plora_A.weight"), "lacks 'model.layers.0.attention.wqkv.Plora_A"),
        (with_("model.layers.0.attention.wqkv.lora_new_A.weight", 3, 3), "unknown weight 'model.*lora_new_A.weight'"),
        (with_("model.layers.3.ffn_norm.weight", 48), "unknown weight 'model.layers.3.ffn_norm.weight'"),
        (with_("model.visual_model.memory", 2), "unknown weight 'model.visual_model.memory'"),
        (with_("vision_proj.2.bias", 47), r"'vision_proj.2.bias' of shape \(47,\) gives \(47,\), expected \(48,\)"),
        (with_(WQKV, 95, 48), f"'{WQKV}' of shape .95, 48."),
        (truncated, "model.safetensors in .* is damaged or truncated"),
        (truncated_bin, "pytorch_model-00002-of-00003.bin in .* is damaged or truncated"),
        (code_in_bin, "pytorch_model.bin in .* is damaged"),
        (shard_gone, "names the file model-00002-of-00003.safetensors, which is missing"),
        (named_in_vain, "names 'model.more', which is in no file"),
        (twice, "is both in model-00001-of-00003.safetensors and in model-00002"),
        (no_index, "has neither model.safetensors nor model.safetensors.index.json"),
        (no_seg, r"lacks the token '\[SEG\]'"),
        (unknown_trunk, r"SAM 2 of this checkpoint .width 8, stages .1, 1, 2, 1.. is none of the released"),
        (lambda path: change(path, num_hidden_layers=2), r"has \d+ unknown weights, first 'model.layers.2"),
        (lambda path: change(path, vocab_size=442), "tokenizer in .* has 443 ids, the model 442"),
        (lambda path: change(path, architectures=["LlavaForCausalLM"]), "'LlavaForCausalLM', expected 'GeoPixel"),
        (lambda path: change(path, rope_scaling={"type": "yarn"}), "rope_scaling of type 'yarn'"),
        (lambda path: (path / "config.json").write_text("{}"), "incomplete or wrong .KeyError..rope_theta"),
        (lambda path: (path / "config.json").write_text("[]"), "config.json in .* holds no JSON object"),
        (lambda path: (path / "tokenizer.model").write_bytes(b"x"), "tokenizer.model in .* cannot be read"),
        (lambda path: (path / "added_tokens.json").unlink(), "the checkpoint .* has no added_tokens.json"),
    ],
)
def test_a_spoilt_checkpoint_is_refused_and_says_why(copy: Path, spoil: Callable[[Path], None], words: str) -> None:
    spoil(copy)
    with pytest.raises(CheckpointError, match=words):
        load(copy)


def test_sizes_of_clip_follow_from_its_weights() -> None:
    clip = "vit.vision_tower.vision_model."
    shapes = {
        f"{clip}embeddings.class_embedding": (1024,),
        f"{clip}embeddings.patch_embedding.weight": (1024, 3, 14, 14),
        f"{clip}embeddings.position_embedding.weight": (1601, 1024),
        **{f"{clip}encoder.layers.{i}.mlp.fc1.weight": (4096, 1024) for i in range(24)},
    }
    found = sizes.clip_sizes(shapes)
    assert (found["image_size"], found["patch_size"], found["num_hidden_layers"]) == (560, 14, 24)
    assert (found["hidden_size"], found["num_attention_heads"], found["intermediate_size"]) == (1024, 16, 4096)


@pytest.mark.parametrize(("width", "stages"), list(sizes.TRUNKS))
def test_sizes_of_released_trunks_follow_from_their_weights(width: int, stages: tuple[int, ...]) -> None:
    trunk = "model.visual_model.image_encoder.trunk."
    starts = [sum(stages[:i]) for i in range(1, 4)]
    shapes = {
        f"{trunk}pos_embed": (1, width, 14, 14),
        **{f"{trunk}blocks.{i}.attn.qkv.weight": (1, 1) for i in range(sum(stages))},
        **{f"{trunk}blocks.{i}.proj.weight": (1, 1) for i in starts},
        "model.visual_model.image_encoder.neck.convs.0.conv.weight": (256, 8 * width, 1, 1),
    }
    found = sizes.sam_sizes(shapes)["image_encoder"]
    assert found["trunk"]["stages"] == list(stages)
    assert found["trunk"]["window_pos_embed_bkg_spatial_size"] == [14, 14]
    assert found["neck"] == {
        "d_model": 256,
        "backbone_channel_list": [8 * width, 4 * width, 2 * width, width],
        "fpn_top_down_levels": [2, 3],
    }


def test_only_what_the_specification_lists_is_dead() -> None:
    assert keymap.is_dead("model.layers.31.feed_forward.w2.lora_web_B.weight")
    assert keymap.is_dead("vit.vision_tower.vision_model.embeddings.position_ids")
    assert not keymap.is_dead("model.layers.31.feed_forward.w2.Plora_B.weight")
    assert not keymap.is_dead("model.visual_model.sam_mask_decoder.memory_attention.weight")
