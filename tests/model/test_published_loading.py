"""Published checkpoint folders are loaded whole or refused, at any size."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from geopix_model.errors import CheckpointError
from geopix_model.geopix.published import tensors
from geopix_model.geopix.published.loading import load, open_folder
from geopix_model.geopix.published.prompts import read_vocabulary
from tests.model import published as tiny


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_checkpoint(tmp_path_factory.mktemp("published") / "checkpoint")


def test_every_weight_of_the_folder_has_its_place_and_its_value(folder: Path) -> None:
    model = load(folder, clm="paper", trainable=True)
    state = model.state_dict()
    vlm, seg = load_file(folder / "vlm" / "model.safetensors"), load_file(folder / "seg" / "model.safetensors")
    for name, value in vlm.items():
        for prefix, target in (
            ("language_model.model.", "language."),
            ("language_model.lm_head.", "head."),
            ("vision_tower.vision_model.", "vision."),
            ("multi_modal_projector.", "projector."),
        ):
            if name.startswith(prefix):
                assert torch.equal(state.pop(target + name[len(prefix) :]), value), name
    for name, value in seg.items():
        assert torch.equal(state.pop(name), value), name
    for name, value in load_file(folder / "clm" / "model.safetensors").items():
        assert torch.equal(state.pop(f"clm.{name}"), value), name
    for number, neck in enumerate(("rough", "detail")):
        for name, value in torch.load(folder / f"image_neck_{neck}.pth").items():
            assert torch.equal(state.pop(f"necks.{number}.{name}"), value), name
    for name, value in torch.load(folder / "text_hidden_fcs.pth").items():
        assert torch.equal(state.pop(f"codebook.text_hidden_fcs.{name}"), value), name
    assert torch.equal(state.pop("codebook.multiseg_scalar"), torch.tensor([0.6, 0.5]))
    assert torch.equal(state.pop("multiscale_scalar"), torch.tensor([0.7, 0.9]))
    prompts = load_file(folder / "pec" / "model.safetensors")
    assert torch.equal(state.pop("prompt_encoder.no_mask_embed.weight"), prompts["prompt_encoder.no_mask_embed.weight"])
    assert list(state) == ["prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"]


def test_released_mode_never_reads_the_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    original = tensors.safetensors_file

    def watched(path: Path) -> tensors.Tensors:
        found = original(path)

        def note(name: str) -> torch.Tensor:
            read.append(name)
            return found.read(name)

        return tensors.Tensors(found.title, found.shapes, note, found.read_at)

    monkeypatch.setattr(tensors, "safetensors_file", watched)
    model = load(folder)
    memory = {name for name in read if name.startswith(("learnable_memory", "memory_"))}
    assert memory == {
        "memory_attention.layers.0.scale",
        "memory_attention.norm.weight",
        "memory_attention.norm.bias",
    }
    assert "mask_decoder.iou_token.weight" in read  # the watch does see what is read
    idle = {name for name, value in model.state_dict().items() if value.is_meta}
    assert "clm.learnable_memory.memory" in idle and all(name.startswith("clm.") for name in idle)


def test_the_dtype_is_that_of_decoder_and_image_encoder_alone(folder: Path) -> None:
    model = load(folder, dtype=torch.bfloat16)
    assert {model.language.dtype, model.vision.dtype, model.head.weight.dtype} == {torch.bfloat16}
    assert next(model.mask_decoder.parameters()).dtype == torch.float32
    assert model.language.rotary_emb.inv_freq.dtype == torch.float32
    picture = model.look(torch.zeros(1, 3, tiny.SIDE, tiny.SIDE))
    assert picture.tokens.dtype == torch.bfloat16 and picture.levels.features[0].dtype == torch.float32
    masks = model.masks(picture, torch.randn(2, 4, tiny.H, dtype=torch.bfloat16), torch.tensor([0, 1]))
    assert masks.logits.isfinite().all()


def test_a_sharded_folder_is_the_same_model(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "sharded"
    shutil.copytree(folder, copy)
    whole = load_file(copy / "vlm" / "model.safetensors")
    (copy / "vlm" / "model.safetensors").unlink()
    names = sorted(whole)
    shards = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for shard, part in shards.items():
        save_file({name: whole[name] for name in part}, copy / "vlm" / shard)
    index = {"weight_map": {name: shard for shard, part in shards.items() for name in part}}
    (copy / "vlm" / tensors.INDEX).write_text(json.dumps(index))
    one, two = load(folder).state_dict(), load(copy).state_dict()
    assert all(two[name].is_meta or torch.equal(value, two[name]) for name, value in one.items())
    (copy / "vlm" / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"has no model-00002-of-00002\.safetensors"):
        load(copy)


def change(part: str, spoil: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], None]:
    """Spoils the tensors of one file."""

    def apply(folder: Path) -> None:
        if part.endswith(".pth"):
            values = torch.load(folder / part)
            spoil(values)
            torch.save(values, folder / part)
        else:
            values = load_file(folder / part / "model.safetensors")
            spoil(values)
            save_file(values, folder / part / "model.safetensors")

    return apply


def truncate(name: str) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: len(data) // 2])

    return apply


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def setting(name: str, **values: object) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        (folder / name).write_text(json.dumps({**json.loads((folder / name).read_text()), **values}))

    return apply


LAST = "language_model.model.layers.1.mlp.up_proj.weight"
EMBED = "language_model.model.embed_tokens.weight"
MEMORY = "learnable_memory.memory"
UNKNOWN = {"language_model.model.layers.2.norm.weight": torch.zeros(1)}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (change("vlm", lambda t: t.pop(LAST)), f"vlm/model.safetensors lacks 1 weights, first '{LAST}'"),
        (change("vlm", lambda t: t.pop("language_model.lm_head.weight")), "'language_model.lm_head.weight'"),
        (change("vlm", lambda t: t.update(UNKNOWN)), "unknown weight 'language_model.model.layers.2.norm.weight'"),
        (change("vlm", lambda t: t.update(x=torch.zeros(1))), "unknown weight 'x'"),
        (
            change("vlm", lambda t: t.update({LAST: torch.zeros(3, 4)})),
            rf"'{LAST}' of shape \(3, 4\), expected \(48, 40\)",
        ),
        (change("seg", lambda t: t.pop("mask_decoder.iou_token.weight")), "'mask_decoder.iou_token.weight'"),
        (change("pec", lambda t: t.update({"prompt_encoder.x": torch.zeros(1)})), "unknown weight 'prompt_encoder.x'"),
        (change("clm", lambda t: t.pop("memory_fuser.model.4.bias")), "'memory_fuser.model.4.bias'"),
        (change("clm", lambda t: t.pop(MEMORY)), f"lacks the weight '{MEMORY}'"),
        (
            change("clm", lambda t: t.update({MEMORY: torch.zeros(3)})),
            rf"'{MEMORY}' of shape \(3,\), expected six axes",
        ),
        (change("image_neck_rough.pth", lambda t: t.pop("conv2.1.running_var")), "'conv2.1.running_var'"),
        (change("image_neck_detail.pth", lambda t: t.update(y=torch.zeros(1))), "unknown weight 'y'"),
        (change("multiseg_scalar.pth", lambda t: t.pop()), "seg_token_num is 2, the weights are for 1"),
        (change("multiscale_scalar.pth", lambda t: t.append(t[0])), "length of multiscale_scalar.pth is 3"),
        (change("text_hidden_fcs.pth", lambda t: t.update({"0.bias": "no tensor"})), "holds str under '0.bias'"),
        (truncate("seg/model.safetensors"), "damaged or truncated"),
        (truncate("image_neck_rough.pth"), "image_neck_rough.pth is damaged"),
        (without("clm/model.safetensors"), "has no model.safetensors"),
        (without("multiseg_scalar.pth"), "has no multiseg_scalar.pth"),
        (without("seg/config.json"), "has no config.json"),
        (setting("clm/config.json", mode="best"), "mode 'best', expected one of released, paper"),
        (
            setting("vlm/text/config.json", num_hidden_layers=3),
            "lacks 9 weights, first 'language_model.model.layers.2.",
        ),
        (setting("vlm/vision/config.json", num_hidden_layers=8), "8 layers"),
        (change("vlm", lambda t: t.update({EMBED: torch.zeros(3)})), "do not fit together"),
        (setting("vlm/text/config.json", num_attention_heads=3), "do not fit together"),
        (setting("vlm/config.json", vision_feature_select_strategy="full"), "other image features"),
    ],
)
def test_a_spoilt_checkpoint_is_refused_by_name(
    folder: Path, tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    spoil(copy)
    with pytest.raises(CheckpointError, match=words):
        load(copy)


def test_the_configs_of_text_and_vision_win_over_the_one_above(folder: Path) -> None:
    assert load(folder).sizes.text.num_hidden_layers == 2


def test_a_vocabulary_without_the_segmentation_tokens_is_refused(folder: Path) -> None:
    assert len(read_vocabulary(folder, 4).segmentation) == 4
    with pytest.raises(CheckpointError, match=r"lacks '\[SEG4\]'"):
        read_vocabulary(folder, 6)


def test_nothing_is_read_before_names_and_shapes_have_been_compared(folder: Path) -> None:
    files = open_folder(folder)
    with safe_open(folder / "vlm" / "model.safetensors", framework="pt") as file:
        assert set(file.keys()) == set(files.parts["vlm"].shapes)
