"""The decoder of GeoPixel once more, from the published weights and nothing else: slow, and easy to read."""

from __future__ import annotations

import torch
from torch import Tensor

from tests.model import geopixel_small as small


def decoder_states(tensors: dict[str, Tensor], embeddings: Tensor, is_image: Tensor) -> Tensor:
    """(T, H) states after the final norm, of (T, H) embeddings and a (T,) bool mask of image positions."""
    states = embeddings
    for layer in range(small.LAYERS):
        prefix = f"model.layers.{layer}."
        normed = _norm(states, tensors[f"{prefix}attention_norm.weight"])
        states = states + _attention(tensors, f"{prefix}attention.", normed, is_image)
        normed = _norm(states, tensors[f"{prefix}ffn_norm.weight"])
        gate = _linear(tensors, f"{prefix}feed_forward.w1", normed, is_image)
        up = _linear(tensors, f"{prefix}feed_forward.w3", normed, is_image)
        states = states + _linear(tensors, f"{prefix}feed_forward.w2", gate * gate.sigmoid() * up, is_image)
    return _norm(states, tensors["model.norm.weight"])


def _linear(tensors: dict[str, Tensor], name: str, states: Tensor, is_image: Tensor) -> Tensor:
    adapter = states @ tensors[f"{name}.Plora_A.weight"].T @ tensors[f"{name}.Plora_B.weight"].T
    return states @ tensors[f"{name}.weight"].T + adapter * is_image[:, None]


def _norm(states: Tensor, weight: Tensor) -> Tensor:
    return weight * states / (states.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()


def _attention(tensors: dict[str, Tensor], prefix: str, states: Tensor, is_image: Tensor) -> Tensor:
    count, width, group = len(states), small.HIDDEN // small.HEADS, small.HEADS // small.KV_HEADS
    mixed = _linear(tensors, f"{prefix}wqkv", states, is_image).reshape(count, small.KV_HEADS, group + 2, width)
    results = []
    causal = torch.ones(count, count, dtype=torch.bool).tril()
    for head in range(small.HEADS):
        own = mixed[:, head // group]
        query, key, value = _turned(own[:, head % group]), _turned(own[:, group]), own[:, group + 1]
        scores = (query @ key.T / width**0.5).masked_fill(~causal, -torch.inf)
        results.append(scores.softmax(-1) @ value)
    return _linear(tensors, f"{prefix}wo", torch.cat(results, -1), is_image)


def _turned(states: Tensor) -> Tensor:
    """Rotary positions: the first half of the channels is the real, the second the imaginary part."""
    count, width = states.shape
    angles = torch.arange(count)[:, None] / 1000000 ** (torch.arange(0, width, 2) / width)
    numbers = torch.complex(states[:, : width // 2], states[:, width // 2 :])
    turned = numbers * torch.polar(torch.ones_like(angles), angles)
    return torch.cat([turned.real, turned.imag], -1)
