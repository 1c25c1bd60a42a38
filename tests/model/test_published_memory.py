"""The memory of a published checkpoint: idle in ``released`` mode, at work in ``paper`` mode, and kept on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from geopix_model.errors import CheckpointError
from geopix_model.geopix.published.loading import load
from geopix_model.geopix.published.memory import PublishedMemory
from geopix_model.geopix.published.model import PublishedGeoPix
from geopix_model.geopix.published.saving import save, write_fused
from tests.model import published as tiny


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_checkpoint(tmp_path_factory.mktemp("published") / "checkpoint")


@pytest.fixture
def model(folder: Path) -> PublishedGeoPix:
    """In paper mode, with its memory, fresh for each test."""
    return load(folder, clm="paper", trainable=True)


def projections(memory: PublishedMemory) -> list[nn.Module]:
    layer = memory.memory_attention.layers[0]
    return [layer.self_attn.out_proj, layer.cross_attn_image.out_proj, layer.linear2]  # type: ignore[list-item]


def seen(count: int = 3) -> tuple[Tensor, Tensor]:
    """Level features and first masks of some targets."""
    torch.manual_seed(1)
    return torch.randn(count, tiny.D, tiny.GRID, tiny.GRID), 3 * torch.randn(count, 1, 16, 16)


def normed(memory: PublishedMemory, feature: Tensor) -> Tensor:
    """What the released code computes, written out."""
    scale, norm = memory.memory_attention.layers[0].scale, memory.memory_attention.norm
    x = (1 + scale) * feature.permute(0, 2, 3, 1)
    return F.layer_norm(x, (tiny.D,), norm.weight, norm.bias, 1e-5).permute(0, 3, 1, 2)


def test_released_mode_is_a_scaled_layer_norm_whatever_class_and_mask(folder: Path) -> None:
    memory = load(folder).clm
    feature, mask = seen()
    for given, classes in ((mask, torch.tensor([0, 1, 2])), (None, torch.tensor([4, 4, 4]))):
        torch.testing.assert_close(memory(feature, given, classes, 1), normed(memory, feature), atol=1e-6, rtol=0)


def test_with_zero_projections_paper_equals_released_for_any_class_and_mask(model: PublishedGeoPix) -> None:
    for projection in projections(model.clm):
        nn.init.zeros_(projection.weight)  # type: ignore[arg-type]
        nn.init.zeros_(projection.bias)  # type: ignore[arg-type]
    feature, mask = seen()
    for level, classes in ((0, [0, 3, 4]), (1, [2, 2, 1])):
        found = model.clm(feature, (level - 0.5) * mask, torch.tensor(classes), level)
        torch.testing.assert_close(found, normed(model.clm, feature), atol=1e-5, rtol=0)


def test_paper_mode_begins_as_the_released_function_and_learns_from_there(model: PublishedGeoPix) -> None:
    feature, mask = seen()
    stored = [slot.detach().clone() for slot in model.clm.slots.slots]
    expected = normed(model.clm, feature).detach()
    model.clm.begin_paper(torch.Generator().manual_seed(0))
    found = model.clm(feature, mask, torch.tensor([0, 1, 2]), 0)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    values = torch.stack(list(model.clm.slots.slots))
    assert values.std().item() == pytest.approx(0.02, rel=0.05) and not torch.equal(values, torch.stack(stored))
    found.square().sum().backward()
    assert all(projection.weight.grad.abs().sum() > 0 for projection in projections(model.clm))  # type: ignore[union-attr]


@pytest.mark.parametrize("changed", ["class", "mask", "memory", "level"])
def test_class_mask_memory_and_level_change_what_paper_mode_gives(changed: str, model: PublishedGeoPix) -> None:
    feature, mask = seen()
    classes, level = torch.tensor([0, 1, 2]), 0
    with torch.no_grad():
        before = model.clm(feature, mask, classes, level)
        if changed == "class":
            classes = torch.tensor([3, 3, 4])
        elif changed == "mask":
            mask = -mask
        elif changed == "level":
            level = 1
        else:
            for class_id in (0, 1, 2):
                model.clm.slots(class_id, 0).add_(torch.randn(tiny.K, tiny.P, tiny.GRID, tiny.GRID))
        difference = (model.clm(feature, mask, classes, level) - before).abs().amax((1, 2, 3))
    assert (difference > 1e-3).all()


def test_the_class_changes_the_masks_in_paper_mode_and_only_there(folder: Path, model: PublishedGeoPix) -> None:
    torch.manual_seed(2)
    pixels, states = torch.randn(1, 3, tiny.SIDE, tiny.SIDE), torch.randn(1, 4, tiny.H)
    with torch.no_grad():
        for each, changes in ((model, True), (load(folder), False)):
            picture = each.look(pixels)
            first, second = (each.masks(picture, states, torch.tensor([c])).logits for c in (0, 3))
            assert ((first - second).abs().max() > 1e-3) == changes


def test_a_batch_of_targets_equals_single_runs(model: PublishedGeoPix) -> None:
    feature, mask = seen()
    classes = torch.tensor([0, 4, 2])
    together = model.clm(feature, mask, classes, 1)
    for i in range(3):
        alone = model.clm(feature[i : i + 1], mask[i : i + 1], classes[i : i + 1], 1)
        torch.testing.assert_close(alone[0], together[i], atol=1e-5, rtol=0)


def test_gradients_reach_the_used_slots_only_and_every_part(model: PublishedGeoPix) -> None:
    feature, mask = seen()
    model.clm(feature, mask, torch.tensor([1, 1, 3]), 1).square().sum().backward()
    touched = [i for i, slot in enumerate(model.clm.slots.slots) if slot.grad is not None]
    assert touched == [1 * tiny.LEVELS + 1, 3 * tiny.LEVELS + 1]
    assert all(model.clm.slots.slots[i].grad.abs().sum() > 0 for i in touched)  # type: ignore[union-attr]
    silent = [
        name
        for name, parameter in model.clm.named_parameters()
        if not name.startswith("learnable_memory") and (parameter.grad is None or not parameter.grad.abs().sum() > 0)
    ]
    assert silent == []


def test_the_mask_branch_of_the_encoder_is_that_of_the_layout(model: PublishedGeoPix) -> None:
    """Three residual blocks, written out with functions, from the tensors of the file."""
    w = {name: value.detach() for name, value in model.clm.memory_encoder.mask_downsampler.state_dict().items()}

    def bn(x: Tensor, name: str) -> Tensor:
        statistics = w[f"{name}.running_mean"], w[f"{name}.running_var"]
        return F.batch_norm(x, *statistics, w[f"{name}.weight"], w[f"{name}.bias"], False, 0.0, 1e-5)

    x = torch.randn(2, 1, 32, 32).sigmoid()
    expected = x
    for layer, stride in ((1, 2), (2, 2), (3, 1)):
        name = f"layer{layer}"
        side = bn(F.conv2d(expected, w[f"{name}.downsample.0.weight"], None, stride), f"{name}.downsample.1")
        y = F.relu(bn(F.conv2d(expected, w[f"{name}.conv1.weight"], None, stride, 1), f"{name}.bn1"))
        expected = F.relu(bn(F.conv2d(y, w[f"{name}.conv2.weight"], None, 1, 1), f"{name}.bn2") + side)
    torch.testing.assert_close(model.clm.memory_encoder.mask_downsampler(x), expected, atol=1e-5, rtol=0)


@torch.no_grad()
def test_the_fused_memory_gives_the_same_masks_bit_for_bit(
    folder: Path, model: PublishedGeoPix, tmp_path: Path
) -> None:
    torch.manual_seed(2)
    pixels, states = torch.randn(1, 3, tiny.SIDE, tiny.SIDE), torch.randn(3, 4, tiny.H)
    classes = torch.tensor([0, 4, 2])
    whole = model.masks(model.look(pixels), states, classes).logits
    made = load(folder, clm="paper")  # fused when it was loaded, slot by slot
    assert torch.equal(made.masks(made.look(pixels), states, classes).logits, whole)
    save(model, folder, tmp_path / "small", memory=False)
    small = load(tmp_path / "small")
    assert small.clm.mode == "paper"
    assert torch.equal(small.masks(small.look(pixels), states, classes).logits, whole)
    assert "learnable_memory.memory" not in load_file(tmp_path / "small" / "clm" / "model.safetensors")
    with pytest.raises(CheckpointError, match="saved without its memory"):
        load(tmp_path / "small", trainable=True)


def test_a_memory_that_was_not_loaded_is_neither_trained_nor_fused(folder: Path, tmp_path: Path) -> None:
    for mode in ("released", "paper"):
        idle = load(folder, clm=mode).clm  # type: ignore[arg-type]
        with pytest.raises(CheckpointError, match="was not loaded"):
            idle.begin_paper()
    with pytest.raises(CheckpointError, match="was not loaded"):
        write_fused(load(folder), tmp_path)


@torch.no_grad()
def test_an_exported_fused_memory_is_used_from_then_on(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    save(load(folder), folder, copy)
    write_fused(load(folder, clm="paper", trainable=True), copy)
    read = load(copy, clm="paper").clm
    assert torch.equal(read.fused, load(folder, clm="paper").clm.fused)  # type: ignore[arg-type]
    assert all(value.is_meta for name, value in read.state_dict().items() if name == "learnable_memory.memory")


@pytest.mark.parametrize("trainable", [False, True])
def test_saving_keeps_the_published_names_shapes_and_values(folder: Path, tmp_path: Path, trainable: bool) -> None:
    changed = load(folder, clm="paper" if trainable else "released", trainable=trainable)
    with torch.no_grad():
        changed.multiscale_scalar.mul_(2)
        changed.clm.memory_attention.norm.bias.add_(1)
        if trainable:
            changed.clm.slots(3, 1).add_(1)
    save(changed, folder, tmp_path / "saved")
    for part in ("vlm", "seg", "pec", "clm"):
        before = load_file(folder / part / "model.safetensors")
        after = load_file(tmp_path / "saved" / part / "model.safetensors")
        assert {n: v.shape for n, v in before.items()} == {n: v.shape for n, v in after.items()}
        differ = {name for name, value in before.items() if not torch.equal(value, after[name])}
        expected = {"memory_attention.norm.bias"} | ({"learnable_memory.memory"} if trainable else set())
        assert differ == (expected if part == "clm" else set())
    again = load(tmp_path / "saved", trainable=trainable)
    assert again.clm.mode == changed.clm.mode
    kept = json.loads((tmp_path / "saved" / "clm" / "config.json").read_text())
    assert kept == {**json.loads((folder / "clm" / "config.json").read_text()), "mode": changed.clm.mode}
    torch.testing.assert_close(again.multiscale_scalar, torch.tensor([1.4, 1.8]))
    for name, value in changed.state_dict().items():
        assert value.is_meta or torch.equal(value, again.state_dict()[name]), name


def test_saving_never_replaces_a_folder_and_leaves_nothing_half_done(folder: Path, tmp_path: Path) -> None:
    model = load(folder)
    (tmp_path / "there").mkdir()
    with pytest.raises(CheckpointError, match="exists already"):
        save(model, folder, tmp_path / "there")
    with pytest.raises(CheckpointError):
        save(model, tmp_path / "no source", tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_memory_slots_are_one_tensor_in_the_file(model: PublishedGeoPix, folder: Path) -> None:
    state = model.clm.state_dict()
    assert not any("slots" in name for name in state)
    with safe_open(folder / "clm" / "model.safetensors", framework="pt") as file:
        whole = file.get_tensor("learnable_memory.memory")
    assert torch.equal(state["learnable_memory.memory"], whole)
    assert torch.equal(model.clm.slots(4, 1), whole[4, 1])
