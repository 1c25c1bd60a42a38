"""A part of a model is elsewhere while it works, and at home again afterwards.

Without a GPU "elsewhere" is torch's device ``meta``: it holds no numbers, so what is read afterwards came from home.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from geopix_model.quantize import quantize_linears
from geopix_model.staging import on_device


def tower() -> nn.Sequential:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.Linear(64, 64)).eval()
    layers[2].weight = layers[0].weight
    return layers


def devices(module: nn.Module) -> set[str]:
    return {tensor.device.type for tensor in (*module.parameters(), *module.buffers())}


def test_it_works_elsewhere_and_comes_home_unchanged() -> None:
    module, x = tower(), torch.randn(3, 64)
    before, weights = module(x), [parameter.data_ptr() for parameter in module.parameters()]
    with on_device(module, "meta") as there:
        assert there is module and devices(module) == {"meta"}
        assert module(x.to("meta")).device.type == "meta"
    assert devices(module) == {"cpu"}
    assert [parameter.data_ptr() for parameter in module.parameters()] == weights, "weights were copied back"
    assert torch.equal(module(x), before)


def test_it_comes_home_from_a_failure_too() -> None:
    module = tower()
    with pytest.raises(KeyError), on_device(module, "meta"):
        raise KeyError
    assert devices(module) == {"cpu"} and all(parameter.requires_grad for parameter in module.parameters())


def test_a_shared_weight_is_moved_once() -> None:
    module = tower()
    with on_device(module, "meta"):
        assert module[0].weight is module[2].weight
    assert module[0].weight is module[2].weight


def test_what_is_there_already_stays() -> None:
    module = tower()
    weight = module[0].weight
    with on_device(module, "cpu"):
        assert module[0].weight is weight
    module[2].to("meta")
    with on_device(module, "meta"):
        assert module[1].weight.device.type == "meta"
    assert module[1].weight.device.type == "cpu" and module[2].bias.device.type == "meta"


def test_a_part_of_a_part_may_have_its_own_stage() -> None:
    module = tower()
    with on_device(module, "meta"):
        with on_device(module[1], "meta"):
            assert module[1].weight.device.type == "meta"
        assert module[1].weight.device.type == "meta"
    assert devices(module) == {"cpu"}


def test_small_weights_are_moved_with_their_scales() -> None:
    module, x = tower(), torch.randn(3, 64)
    quantize_linears(module, "nf4")
    before = module(x)
    with on_device(module, "meta"):
        assert devices(module) == {"meta"}
    assert torch.equal(module(x), before)
