"""Two-way transformer of Segment Anything (first version), with its parameter names.

Axes: N targets, T prompt tokens, S image positions, D width, H heads, d width of a head.

The few tokens and the many positions of an image look at each other.  Whatever is projected on the side of the image is
moved to the other factor of its product, (q W) k = q (W k): the products with S rows become fewer and smaller, and the
numbers are the same but for rounding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    """Multi-head attention whose inner width may be smaller than its outer one."""

    def __init__(self, width: int, heads: int, downsample: int = 1) -> None:
        super().__init__()
        inner = width // downsample
        self.heads, self.scale = heads, (inner // heads) ** -0.5
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(width, inner) for _ in range(3))
        self.out_proj = nn.Linear(inner, width)

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """(N, T, D) of queries, keys and values (N, ., D)."""
        q, k, v = (self._split(x).transpose(1, 2) for x in (self.q_proj(q), self.k_proj(k), self.v_proj(v)))
        return self.out_proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        """(N, T, inner) -> (N, T, H, d)."""
        return x.unflatten(-1, (self.heads, -1))


class TokensToImage(Attention):
    """Attention with few queries over many keys: keys and values are projected after they were mixed."""

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """See ``Attention``; what the bias of the keys adds is the same for all keys, so softmax does not see it."""
        queries = self._split(self.q_proj(q)) * self.scale
        to_key = self.k_proj.weight.unflatten(0, (self.heads, -1))
        asked = torch.einsum("nthd,hdc->nhtc", queries, to_key).flatten(1, 2)  # (N, H T, D)
        mixed = (asked @ k.transpose(1, 2)).softmax(-1) @ v
        to_value = self.v_proj.weight.unflatten(0, (self.heads, -1))
        values = torch.einsum("nhtc,hdc->nthd", mixed.unflatten(1, (self.heads, -1)), to_value)
        return self.out_proj(values.flatten(2) + self.v_proj.bias)


class ImageToTokens(Attention):
    """Attention with many queries over few keys: keys and values are projected as if they were the queries."""

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """See ``Attention``."""
        keys, values = self._split(self.k_proj(k)) * self.scale, self._split(self.v_proj(v))
        from_query = self.q_proj.weight.unflatten(0, (self.heads, -1))
        told = torch.einsum("nthd,hdc->nhtc", keys, from_query).flatten(1, 2)  # (N, H T, D)
        bias = torch.einsum("nthd,hd->nht", keys, self._split(self.q_proj.bias)).flatten(1)[..., None]
        # (N, H T, S): the softmax runs over T with S innermost, over rows of T numbers it would take 20 times as long.
        logits = torch.baddbmm(bias, told, q.transpose(1, 2)).unflatten(1, (self.heads, -1))
        share = logits.softmax(2).flatten(1, 2).transpose(1, 2)
        to_output = self.out_proj.weight.unflatten(1, (self.heads, -1))
        said = torch.einsum("nthd,chd->nhtc", values, to_output).flatten(1, 2)
        return torch.baddbmm(self.out_proj.bias.expand(len(q), 1, -1), share, said)


class TwoWayMLP(nn.Module):
    """Linear, ReLU, Linear."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.lin1, self.lin2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.lin2(F.relu(self.lin1(x)))


class TwoWayBlock(nn.Module):
    """Self attention on tokens, tokens to image, MLP, image to tokens; post-norm."""

    def __init__(self, width: int, heads: int, hidden: int, first: bool) -> None:
        super().__init__()
        self.first = first
        self.self_attn = Attention(width, heads)
        self.norm1, self.norm2, self.norm3, self.norm4 = (nn.LayerNorm(width) for _ in range(4))
        self.cross_attn_token_to_image = TokensToImage(width, heads, 2)
        self.mlp = TwoWayMLP(width, hidden)
        self.cross_attn_image_to_token = ImageToTokens(width, heads, 2)

    def forward(self, queries: Tensor, keys: Tensor, query_pe: Tensor, key_pe: Tensor) -> tuple[Tensor, Tensor]:
        if self.first:  # the first block has no positions to add and replaces its queries
            queries = self.self_attn(queries, queries, queries)
        else:
            q = queries + query_pe
            queries = queries + self.self_attn(q, q, queries)
        queries, placed = self.norm1(queries), keys + key_pe
        queries = self.norm2(queries + self.cross_attn_token_to_image(queries + query_pe, placed, keys))
        queries = self.norm3(queries + self.mlp(queries))
        keys = self.norm4(keys + self.cross_attn_image_to_token(placed, queries + query_pe, queries))
        return queries, keys


class TwoWayTransformer(nn.Module):
    """Mixes prompt tokens and an image map in both directions."""

    def __init__(self, width: int, depth: int = 2, heads: int = 8, hidden: int = 2048) -> None:
        super().__init__()
        self.layers = nn.ModuleList(TwoWayBlock(width, heads, hidden, first=i == 0) for i in range(depth))
        self.final_attn_token_to_image = TokensToImage(width, heads, 2)
        self.norm_final_attn = nn.LayerNorm(width)

    def forward(self, image: Tensor, image_pe: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (N, T, D) and image map (N, D, h, w) after mixing; ``image_pe`` is (1, D, h, w)."""
        height, width = image.shape[-2:]
        keys, key_pe = image.flatten(2).transpose(1, 2), image_pe.flatten(2).transpose(1, 2)
        queries = tokens
        for layer in self.layers:
            queries, keys = layer(queries, keys, tokens, key_pe)
        update = self.final_attn_token_to_image(queries + tokens, keys + key_pe, keys)
        queries = self.norm_final_attn(queries + update)
        return queries, keys.transpose(1, 2).unflatten(2, (height, width))
