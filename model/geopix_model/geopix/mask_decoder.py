"""Multi-scale mask predictor: one two-way transformer per level, the second gated by the mask of the first.

Parameter names are those of the published checkpoint.  Axes: N targets, D width, h x w feature grid.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..blocks.layers import MLP, Doubling, LayerNorm2d, resize
from ..blocks.positions import GridEncoding
from ..blocks.two_way import TwoWayTransformer

MASK_TOKENS = 4  # only the first one is live, as in the published model


class MaskDecoder(nn.Module):
    """Masks from level features and fused segmentation prompts.

    Args:
        width: D.
        levels: Number of scales.
        hidden: Hidden width of the transformer MLPs.
        mask_channels: Channels of the map that a mask is read from (published: D / 8).
        depth: Blocks of each transformer.
        confidence_hidden: Hidden width of the confidence head.
    """

    def __init__(
        self, width: int, levels: int, hidden: int, mask_channels: int, depth: int = 2, confidence_hidden: int = 256
    ) -> None:
        super().__init__()
        self.transformer = nn.ModuleList(TwoWayTransformer(width, depth, 8, hidden) for _ in range(levels))
        self.iou_token = nn.Embedding(1, width)
        self.mask_tokens = nn.Embedding(MASK_TOKENS, width)
        self.level_embed = nn.Embedding(levels, width)
        self.upsample_2x = nn.Sequential(Doubling(width, width), LayerNorm2d(width), nn.GELU())
        self.output_upscaling = nn.Sequential(Doubling(width, mask_channels), LayerNorm2d(mask_channels), nn.GELU())
        self.pe1 = GridEncoding(width)
        self.output_hypernetworks_mlps = nn.ModuleList(MLP(width, width, mask_channels, 3) for _ in range(MASK_TOKENS))
        self.iou_prediction_head = MLP(width, confidence_hidden, MASK_TOKENS, 3)

    def forward(
        self,
        level: int,
        feature: Tensor,
        sparse: Tensor,
        dense: Tensor,
        grid_pe: Tensor,
        previous: Tensor | None = None,
        laterals: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Mask logits (N, 1, 2h, 2w) and confidence logits (N,) of one level; level 1 works on twice the grid.

        Args:
            level: 0 or 1.
            feature: (N, D, h, w).
            sparse: (N, levels, D) fused prompts.
            dense: (1, D, 1, 1) "no mask" embedding.
            grid_pe: (1, D, h, w) positions of level 0.
            previous: (N, 1, ., .) mask logits of the level before.
            laterals: Image maps (N, D, 2h, 2w) and (N, mask_channels, 4h, 4w), added after each upscaling of level 1 as
                SAM 2 does; the published model has none.
        """
        count = sparse.shape[0]
        tokens = torch.cat([self.iou_token.weight, self.mask_tokens.weight])[None].expand(count, -1, -1)
        tokens = torch.cat([tokens, sparse[:, level, None]], 1) + self.level_embed.weight[level]
        source, pe = feature, grid_pe
        if level > 0:
            source = self._finer(feature, previous, laterals)
            pe = self.pe1(*source.shape[-2:])
        tokens, source = self.transformer[level](source + dense, pe, tokens)
        upscaled = self._upscale(source, laterals if level > 0 else None)
        kernel = self.output_hypernetworks_mlps[0](tokens[:, 1])  # (N, mask_channels)
        mask = (upscaled.permute(0, 2, 3, 1) @ kernel[:, None, :, None])[..., 0][:, None]
        return mask, self.iou_prediction_head(tokens[:, 0])[:, 0]

    def _finer(self, feature: Tensor, previous: Tensor | None, laterals: tuple[Tensor, Tensor] | None) -> Tensor:
        conv, norm, act = self.upsample_2x
        source = norm(conv(feature))
        if laterals is not None:
            source = source + laterals[0]
        source = act(source)
        if previous is not None:
            source = source * (resize(previous, source.shape[-2:]).sigmoid() + 1)
        return source

    def _upscale(self, source: Tensor, laterals: tuple[Tensor, Tensor] | None) -> Tensor:
        conv, norm, _ = self.output_upscaling
        upscaled = norm(conv(source))
        return F.gelu(upscaled if laterals is None else upscaled + laterals[1])


class PromptEncoder(nn.Module):
    """The live parts of the prompt encoder for text-only prompts: level-0 positions and the "no mask" embedding."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pe_layer = GridEncoding(width)
        self.no_mask_embed = nn.Embedding(1, width)

    def dense(self) -> Tensor:
        """(1, D, 1, 1), constant over the grid."""
        return self.no_mask_embed.weight[:, :, None, None]
