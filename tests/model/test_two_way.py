"""Attention between few tokens and many positions, and the doubling of a map, against what they are defined as."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from geopix_model.blocks.efficientnet_lite import relu6
from geopix_model.blocks.layers import Doubling
from geopix_model.blocks.two_way import Attention, ImageToTokens, TokensToImage


@pytest.mark.parametrize(("kind", "queries", "keys"), [(TokensToImage, 6, 50), (ImageToTokens, 50, 6)])
def test_moved_projections_give_what_attention_gives(kind: type[Attention], queries: int, keys: int) -> None:
    torch.manual_seed(0)
    quick, plain = kind(32, 4, 2), Attention(32, 4, 2)
    plain.load_state_dict(quick.state_dict())
    q, k, v = torch.randn(3, queries, 32), torch.randn(3, keys, 32), torch.randn(3, keys, 32)
    torch.testing.assert_close(quick(q, k, v), plain(q, k, v), atol=1e-6, rtol=1e-5)
    found, wanted = (torch.autograd.grad(each(q, k, v).square().sum(), each.q_proj.weight) for each in (quick, plain))
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_doubling_is_a_transposed_convolution(layout: torch.memory_format) -> None:
    torch.manual_seed(0)
    doubling, plain = Doubling(5, 7), nn.ConvTranspose2d(5, 7, 2, 2)
    plain.load_state_dict(doubling.state_dict())
    x = torch.randn(2, 5, 3, 4).contiguous(memory_format=layout)
    torch.testing.assert_close(doubling(x), plain(x), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_clipping_is_that_of_torch_for_every_kind_of_number(dtype: torch.dtype) -> None:
    values = [-float("inf"), -7.0, -1e-30, -0.0, 0.0, 1e-30, 0.3, 5.96875, 6.0, 6.03125, 1e30, float("inf")]
    x = torch.tensor(values, dtype=dtype)
    wanted = F.relu6(x)
    with torch.inference_mode():
        assert torch.equal(relu6(x.clone()), wanted)
    assert torch.equal(relu6(x.clone()), wanted)  # with gradients, by torch itself
