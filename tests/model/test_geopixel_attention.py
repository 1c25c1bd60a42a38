"""The decoder's attention on a processor is transformers' own, for one position as for many, and with gradients."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from geopix_model.geopixel import attention

HEADS, SHARED, WIDTH, SEEN = 6, 3, 8, 90
LAYER = SimpleNamespace(num_key_value_groups=HEADS // SHARED, is_causal=True)


def tensors(count: int, seen: int, dtype: torch.dtype = torch.float32, batch: int = 2) -> list[Tensor]:
    generator = torch.Generator().manual_seed(count)
    shapes = ((HEADS, count), (SHARED, seen), (SHARED, seen))
    return [torch.randn(batch, heads, n, WIDTH, generator=generator).to(dtype) for heads, n in shapes]


def causal(count: int, seen: int) -> Tensor:
    return torch.ones(count, seen, dtype=torch.bool).tril(seen - count)[None, None]


@pytest.mark.parametrize("count", [1, 2, attention.FEW, attention.FEW + 1, SEEN])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.bfloat16, 2e-2)])
def test_it_is_the_attention_of_transformers(count: int, dtype: torch.dtype, tolerance: float) -> None:
    query, key, value = tensors(count, SEEN, dtype)
    mask = None if count in (1, SEEN) else causal(count, SEEN)
    ours, _ = attention.attend(LAYER, query, key, value, mask, scaling=0.3)  # type: ignore[arg-type]
    theirs, _ = sdpa_attention_forward(LAYER, query, key, value, mask, scaling=0.3)  # type: ignore[arg-type]
    assert ours.shape == (2, count, HEADS, WIDTH)
    assert torch.allclose(ours, theirs, atol=tolerance)


@pytest.mark.parametrize("count", [1, 5, attention.FEW + 9])
def test_padding_of_one_sequence_is_not_that_of_another(count: int) -> None:
    query, key, value = tensors(count, SEEN)
    mask = causal(count, SEEN).repeat(2, 1, 1, 1)
    mask[1, :, :, :7] = False
    ours, _ = attention.attend(LAYER, query, key, value, mask)  # type: ignore[arg-type]
    for index, left in ((0, 0), (1, 7)):
        parts = [part[index : index + 1] for part in (query, key[:, :, left:], value[:, :, left:])]
        alone, _ = attention.attend(LAYER, *parts, mask[index : index + 1, :, :, left:])  # type: ignore[arg-type]
        assert torch.allclose(ours[index], alone[0], atol=1e-6)


def test_gradients_are_those_of_transformers() -> None:
    found = []
    for attend in (attention.attend, sdpa_attention_forward):
        inputs = [tensor.requires_grad_() for tensor in tensors(9, 9)]
        attend(LAYER, *inputs, None)[0].square().sum().backward()  # type: ignore[operator]
        found.append([tensor.grad for tensor in inputs])
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))
