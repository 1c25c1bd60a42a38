"""Class-wise learnable memory: the required properties of its "paper" mode."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from geopix_model.geopix.memory import ClasswiseMemory

WIDTH, GRID, CLASSES = 32, 8, 5


def memory(mode: str = "paper", awake: bool = False) -> ClasswiseMemory:
    """A small module; ``awake`` gives the three zero-initialised projections weights, as training does."""
    torch.manual_seed(0)
    module = ClasswiseMemory(WIDTH, CLASSES, 2, 3, 8, GRID, 64, mode).eval()
    layer = module.memory_attention.layers[0]
    nn.init.normal_(layer.scale, std=0.5)
    nn.init.normal_(module.learnable_memory.memory, std=0.5)
    if awake:
        for projection in (layer.self_attn.out_proj, layer.cross_attn_image.out_proj, layer.linear2):
            nn.init.normal_(projection.weight, std=0.2)
    return module


@pytest.fixture
def seen() -> tuple[Tensor, Tensor]:
    torch.manual_seed(1)
    return torch.randn(3, WIDTH, GRID, GRID), torch.randn(3, 1, 4 * GRID, 4 * GRID)


def test_untrained_paper_mode_equals_released_mode_for_any_class_and_mask(seen: tuple[Tensor, Tensor]) -> None:
    paper, released = memory("paper"), memory("released")
    released.load_state_dict(paper.state_dict())
    feature, mask = seen
    for level in (0, 1):
        torch.testing.assert_close(
            paper(feature, mask, torch.tensor([0, 3, 4]), level),
            released(feature, mask, torch.tensor([1, 1, 1]), level),
        )


def test_released_mode_is_a_scaled_layer_norm(seen: tuple[Tensor, Tensor]) -> None:
    module = memory("released", awake=True)
    feature, mask = seen
    scale = module.memory_attention.layers[0].scale
    expected = module.memory_attention.norm((1 + scale) * feature.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    torch.testing.assert_close(module(feature, mask, torch.tensor([0, 1, 2]), 0), expected)


@pytest.mark.parametrize("changed", ["class", "mask", "memory", "level"])
def test_class_mask_and_memory_change_the_feature(changed: str, seen: tuple[Tensor, Tensor]) -> None:
    module = memory(awake=True)
    feature, mask = seen
    classes, level = torch.tensor([0, 1, 2]), 0
    before = module(feature, mask, classes, level)
    if changed == "class":
        classes = torch.tensor([3, 3, 3])
    elif changed == "mask":
        mask = -mask
    elif changed == "level":
        level = 1
    else:
        module.learnable_memory.memory.data[:3] += 1.0
    assert (module(feature, mask, classes, level) - before).abs().max() > 1e-3


def test_a_batch_of_targets_equals_single_runs(seen: tuple[Tensor, Tensor]) -> None:
    module = memory(awake=True)
    feature, mask = seen
    classes = torch.tensor([0, 4, 2])
    together = module(feature, mask, classes, 1)
    for i in range(3):
        alone = module(feature[i : i + 1], mask[i : i + 1], classes[i : i + 1], 1)
        torch.testing.assert_close(alone[0], together[i], atol=1e-5, rtol=1e-5)


def test_gradients_reach_the_used_slots_only_and_every_part(seen: tuple[Tensor, Tensor]) -> None:
    module = memory(awake=True)
    feature, mask = seen
    module(feature, mask, torch.tensor([1, 1, 3]), 1).square().sum().backward()
    touched = module.learnable_memory.memory.grad.abs().sum((2, 3, 4, 5)) > 0  # type: ignore[union-attr]
    assert touched.nonzero().tolist() == [[1, 1], [3, 1]]
    without = [n for n, p in module.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert [n for n in without if not n.endswith(".k_proj_weight")] == []
