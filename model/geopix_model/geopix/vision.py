"""Vision encoder of the small models: a pyramid that feeds the decoder, both mask levels and their laterals."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..blocks.efficientnet_lite import EfficientNetLite
from ..blocks.layers import resize


@dataclass
class VisionFeatures:
    """What one look at B images gives.

    Attributes:
        tokens: (B, T, C) raw image tokens, before the projector.
        levels: For each mask level (B, D, h, w), coarse level first.
        laterals: Finer maps for level 1: (B, D, 2h, 2w) and (B, mask_channels, 4h, 4w).
        maps: Class maps (B, classes, 2, 4h, 4w), or None.
    """

    tokens: Tensor
    levels: tuple[Tensor, Tensor]
    laterals: tuple[Tensor, Tensor]
    maps: Tensor | None = None

    def to(self, dtype: torch.dtype) -> VisionFeatures:
        """The same in another precision."""
        (coarse, fine), (fine8, fine4) = self.levels, self.laterals
        maps = None if self.maps is None else self.maps.to(dtype)
        return VisionFeatures(
            self.tokens.to(dtype), (coarse.to(dtype), fine.to(dtype)), (fine8.to(dtype), fine4.to(dtype)), maps
        )

    def at(self, images: Tensor) -> VisionFeatures:
        """The same features, repeated for each of the image numbers (N,)."""
        pick = [x[images] for x in (self.tokens, *self.levels, *self.laterals)]
        maps = None if self.maps is None else self.maps[images]
        return VisionFeatures(pick[0], (pick[1], pick[2]), (pick[3], pick[4]), maps)


def _smooth(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.GroupNorm(8, outputs), nn.GELU())


class PyramidVision(nn.Module):
    """EfficientNet-Lite with a feature pyramid.

    Level 0 gets the deepest features, level 1 shallower ones, the laterals those of strides 8 and 4: fine outlines
    need stride 4 (a mask at stride 8 cannot exceed an IoU of 0.74 on airplanes, at stride 4 0.92).
    """

    def __init__(self, width: int, mask_channels: int, token_side: int) -> None:
        super().__init__()
        self.backbone = EfficientNetLite()
        c4, c8, c16, c32 = self.backbone.channels
        self.token_side = token_side
        self.token_channels = c32 + c16
        self.from32, self.from16 = nn.Conv2d(c32, width, 1), nn.Conv2d(c16, width, 1)
        self.level0, self.level1 = _smooth(width, width), _smooth(width + c16, width)
        self.from8, self.down8 = nn.Conv2d(c8, width, 1), nn.Conv2d(width, mask_channels, 1)
        self.from4 = nn.Conv2d(c4, mask_channels, 1)
        self.lateral8, self.lateral4 = _smooth(width, width), _smooth(mask_channels, mask_channels)

    def forward(self, image: Tensor) -> VisionFeatures:
        """``image`` (B, 3, S, S) RGB 0..255, S a multiple of 32."""
        x4, x8, x16, x32 = self.backbone(image)
        top = self.from16(x16) + resize(self.from32(x32), x16.shape[-2:])
        levels = self.level0(top), self.level1(torch.cat([top, x16], 1))
        fine8 = self.lateral8(self.from8(x8) + resize(top, x8.shape[-2:]))
        fine4 = self.lateral4(self.from4(x4) + resize(self.down8(fine8), x4.shape[-2:]))
        side = (self.token_side, self.token_side)
        # the mean says what an area is, the maximum says that something small is in it
        pooled = torch.cat([F.adaptive_avg_pool2d(x32, side), F.adaptive_max_pool2d(x16, side)], 1)
        return VisionFeatures(pooled.flatten(2).transpose(1, 2), levels, (fine8, fine4))
