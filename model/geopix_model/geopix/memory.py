"""Class-wise learnable memory (CLM): class- and scale-specific knowledge that refines a level feature.

``released`` is what the published code computes (the attention results are dropped); ``paper`` is the module as the
paper means it.  With zero output projections, the initial state, ``paper`` equals ``released`` exactly.

Axes: N targets, D feature width, P memory width, K memory length, h x w grid, T = h w tokens.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..blocks.layers import LayerNorm2d, resize
from ..blocks.positions import IndexEncoding


class MaskResidual(nn.Module):
    """Residual block of the mask downsampler."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.downsample(x))


class MaskDownsampler(nn.Module):
    """Mask probabilities (N, 1, 4h, 4w) -> (N, P, h, w)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer1, self.layer2 = MaskResidual(1, 16, 2), MaskResidual(16, 32, 2)
        self.layer3 = MaskResidual(32, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer3(self.layer2(self.layer1(x)))


class ConvNextBlock(nn.Module):
    """Depthwise 7x7, norm, two pointwise layers, gated residual."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gate = nn.Parameter(torch.full((width,), 1e-6))
        self.dwconv = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = LayerNorm2d(width)
        self.pwconv1, self.pwconv2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.dwconv(x)).permute(0, 2, 3, 1)
        y = self.gate * self.pwconv2(F.gelu(self.pwconv1(y)))
        return x + y.permute(0, 3, 1, 2)


class MemoryEncoder(nn.Module):
    """What the image shows of this target: first mask and level feature -> (N, P, h, w)."""

    def __init__(self, feature_width: int, width: int) -> None:
        super().__init__()
        self.mask_downsampler = MaskDownsampler(width)
        self.pix_feat_proj = nn.Conv2d(feature_width, width, 1)
        self.fuser = ConvNextBlock(width)

    def forward(self, feature: Tensor, mask_logits: Tensor) -> Tensor:
        return self.fuser(self.pix_feat_proj(feature) + self.mask_downsampler(mask_logits.sigmoid()))


class MemoryFuser(nn.Module):
    """What is known of a class: its K memory slots (N, K, P, h, w) -> (N, P, h, w)."""

    def __init__(self, length: int) -> None:
        super().__init__()
        widths, layers = (length, 32, 16, 1), []
        for index, (inputs, outputs) in enumerate(pairwise(widths)):
            layers += [nn.Conv3d(inputs, outputs, 1), nn.BatchNorm3d(outputs)]
            layers += [nn.ReLU()] if index < 2 else []
        self.model = nn.Sequential(*layers)

    def forward(self, memory: Tensor) -> Tensor:
        count, _, width, _, _ = memory.shape
        slots = memory.transpose(1, 2).flatten(0, 1)[:, :, None]  # (N P, K, 1, h, w): P is the batch axis
        return self.model(slots)[:, 0, 0].unflatten(0, (count, width))


class MemoryAttentionLayer(nn.Module):
    """Visual features ask, memory answers."""

    def __init__(self, width: int, memory_width: int, feedforward: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(width))
        self.self_attn = nn.MultiheadAttention(width, 1, batch_first=True)
        self.self_attn_pos = IndexEncoding(width)
        self.cross_attn_image = nn.MultiheadAttention(width, 4, batch_first=True, kdim=memory_width, vdim=memory_width)
        self.cross_attn_image_pos = IndexEncoding(memory_width)
        self.linear1, self.linear2 = nn.Linear(width, feedforward), nn.Linear(feedforward, width)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)
        for projection in (self.self_attn.out_proj, self.cross_attn_image.out_proj, self.linear2):
            nn.init.zeros_(projection.weight)
            nn.init.zeros_(projection.bias)

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        n = self.norm1(x)
        a = self.self_attn_pos(n)
        x = x + self.self_attn(a, a, n, need_weights=False)[0]
        keys = self.cross_attn_image_pos(memory)
        update = x + self.cross_attn_image(self.norm2(x), keys, memory, need_weights=False)[0]
        x = x + self.scale * update
        return x + self.linear2(F.relu(self.linear1(self.norm3(x))))


class MemoryAttention(nn.Module):
    """One layer and a final norm, over tokens (N, T, D) and memory (N, T, P)."""

    def __init__(self, width: int, memory_width: int, feedforward: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([MemoryAttentionLayer(width, memory_width, feedforward)])
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, memory: Tensor | None) -> Tensor:
        """``memory`` None computes the released function, in which the attentions have no effect."""
        layer = self.layers[0]
        scale: Tensor = layer.scale  # type: ignore[assignment]
        return self.norm((1 + scale) * x if memory is None else layer(x, memory))


class LearnableMemory(nn.Module):
    """The memory itself: (classes, levels, K, P, h, w)."""

    def __init__(self, classes: int, levels: int, length: int, width: int, grid: int) -> None:
        super().__init__()
        self.memory = nn.Parameter(0.02 * torch.randn(classes, levels, length, width, grid, grid))


class ClasswiseMemory(nn.Module):
    """The CLM module of one model, all levels.

    Args:
        width: D. classes, levels, length (K), memory_width (P), grid (h = w), feedforward: sizes.
        mode: ``paper`` or ``released``.
    """

    def __init__(
        self,
        width: int,
        classes: int,
        levels: int,
        length: int,
        memory_width: int,
        grid: int,
        feedforward: int,
        mode: str,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.learnable_memory = LearnableMemory(classes, levels, length, memory_width, grid)
        self.memory_encoder = MemoryEncoder(width, memory_width)
        self.memory_fuser = MemoryFuser(length)
        self.memory_attention = MemoryAttention(width, memory_width, feedforward)

    def recall(self, classes: Tensor, level: int) -> Tensor:
        """Fused memory (N, P, h, w) of class ids (N,)."""
        return self.memory_fuser(self.learnable_memory.memory[classes, level])

    def forward(self, feature: Tensor, mask_logits: Tensor | None, classes: Tensor, level: int) -> Tensor:
        """The refined level feature (N, D, h, w).

        Args:
            feature: (N, D, h, w).
            mask_logits: (N, 1, ., .) first mask of this level; None or released mode leaves the memory out.
            classes: (N,) class ids. level: Scale.
        """
        size = feature.shape[-2:]
        tokens, memory = feature.flatten(2).transpose(1, 2), None
        if self.mode == "paper" and mask_logits is not None:
            seen = self.memory_encoder(feature, resize(mask_logits, (4 * size[0], 4 * size[1])))
            memory = (seen + self.recall(classes, level)).flatten(2).transpose(1, 2)
        return self.memory_attention(tokens, memory).transpose(1, 2).unflatten(2, size)
