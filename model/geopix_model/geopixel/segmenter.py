"""SAM 2 without its video parts: features of a picture once, then a mask for each prompt.

Axes: K prompts, D width of SAM 2, S side of its square input, s side of the finest features (S / 4).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import Sam2Config, Sam2Model

from ..staging import on_device

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet
POSITIONS_AT_ONCE = 4096  # of the picture encoder: at its finest level all 65,536 at once took 600 MiB in float32
MASKS_AT_ONCE = 32  # the upscaled features of one mask are 8 MiB in float32


@dataclass(frozen=True)
class SamFeatures:
    """Features of one picture.

    Attributes:
        fine: (1, D / 8, s, s) and (1, D / 4, s / 2, s / 2).
        coarse: (1, D, s / 4, s / 4).
    """

    fine: tuple[Tensor, Tensor]
    coarse: Tensor

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All of them."""
        return (*self.fine, self.coarse)


@dataclass(frozen=True)
class Masks:
    """Masks of K prompts.

    Attributes:
        logits: (K, s, s) over the whole picture; > 0 is inside.
        iou: (K,) predicted intersection over union, 0..1.
        presence: (K,) logit that the thing is there at all; the reference ignores it.
    """

    logits: Tensor
    iou: Tensor
    presence: Tensor


class Segmenter(nn.Module):
    """The picture encoder and the mask decoder of SAM 2.

    Args:
        config: Its sizes.
        side: Of its input, S.
        round_features: See ``GeoPixelConfig.round_features``.
    """

    def __init__(self, config: Sam2Config, side: int, round_features: bool) -> None:
        super().__init__()
        self.sam = Sam2Model(config)
        encoder = self.sam.vision_encoder
        encoder.neck.position_encoding = _NoPositions()
        blocks = encoder.backbone.blocks
        for index, block in enumerate(blocks):
            if block.window_size:
                blocks[index] = _InBands(block, block.window_size)
            else:
                block.mlp = _InBands(block.mlp, 1)
        self.round_features = round_features
        self.side = side

    @property
    def weight(self) -> Tensor:
        """A weight that is never elsewhere, for its device and type."""
        return self.sam.no_memory_embedding

    def prepare(self, picture: NDArray[np.uint8]) -> Tensor:
        """(1, 3, S, S) float32 of an (H, W, 3) picture, squashed: its aspect ratio is not kept."""
        pixels = torch.tensor(picture, device=self.weight.device).permute(2, 0, 1)[None].float() / 255
        size = (self.side, self.side)
        square = F.interpolate(pixels, size, mode="bilinear", align_corners=False, antialias=True)
        mean, std = square.new_tensor(MEAN)[:, None, None], square.new_tensor(STD)[:, None, None]
        return (square - mean) / std

    @torch.no_grad()
    def look(self, square: Tensor) -> SamFeatures:
        """Features of a prepared picture; the encoder is never trained here."""
        with on_device(self.sam.vision_encoder, self.weight.device):
            first, second, coarse = self.sam.get_image_embeddings(square.to(self.weight.dtype))
        return SamFeatures((first, second), coarse)

    def forward(self, features: SamFeatures, prompts: Tensor) -> Masks:
        """Masks of (K, D) prompts; while training always the first of the four that the decoder gives."""
        found = [self._decode(features, part) for part in prompts.split(MASKS_AT_ONCE)]
        return Masks(*(torch.cat(parts) for parts in zip(*found, strict=True)))

    def _decode(self, features: SamFeatures, prompts: Tensor) -> Iterable[Tensor]:
        coarse = features.coarse
        if self.round_features:
            coarse = coarse.bfloat16().to(coarse.dtype)
        dense = self.sam.prompt_encoder.no_mask_embed.weight[..., None, None].expand_as(coarse)
        logits, iou, _, presence = self.sam.mask_decoder(
            image_embeddings=coarse,
            image_positional_embeddings=self.sam.get_image_wide_positional_embeddings(),
            sparse_prompt_embeddings=prompts[None, :, None, :],
            dense_prompt_embeddings=dense,
            multimask_output=False,
            high_resolution_features=list(features.fine),
        )
        return logits[0, :, 0], iou[0, :, 0], presence[0, :, 0]


class _NoPositions(nn.Module):
    """Stands in for the positions of each level, which only videos need: 200 MiB in float32, and 4 % of the time."""

    def forward(self, shape: torch.Size, device: torch.device, dtype: torch.dtype) -> Tensor:
        return torch.empty(1, 1, 1, 1, device=device, dtype=dtype)


class _InBands(nn.Module):
    """Runs a module on one band of rows after the other, where these do not know each other.

    Args:
        inner: A module of (B, H, W, C) states.
        step: A band has a multiple of so many rows: the side of the module's windows.
    """

    def __init__(self, inner: nn.Module, step: int) -> None:
        super().__init__()
        self.inner, self.step = inner, step

    def forward(self, hidden_states: Tensor, **kwargs: Any) -> Tensor:
        positions = math.prod(hidden_states.shape[:-1]) // hidden_states.shape[1] * self.step
        rows = max(POSITIONS_AT_ONCE // positions, 1) * self.step
        bands = [self.inner(band, **kwargs) for band in hidden_states.split(rows, 1)]
        return torch.cat(bands, 1) if len(bands) > 1 else bands[0]


def enlarged(logits: Tensor, height: int, width: int) -> Tensor:
    """(K, height, width) float32 of (K, s, s) mask logits."""
    return F.interpolate(logits[:, None].float(), (height, width), mode="bilinear", align_corners=False)[:, 0]
