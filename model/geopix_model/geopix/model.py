"""GeoPix: vision encoder, projector, causal language model, token codebook, mask predictor, class-wise memory.

Paper: arXiv 2501.06828.  Axes: B images, M conversations, N targets, T text positions, H text width, D prompt width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import LlamaConfig, LlamaModel

from ..blocks.layers import resize
from .codebook import TokenCodebook
from .config import GeoPixConfig
from .mask_decoder import MaskDecoder, PromptEncoder
from .memory import ClasswiseMemory
from .vision import PyramidVision, VisionFeatures


class GeoPix(nn.Module):
    """The whole model; ``config`` decides every size."""

    def __init__(self, config: GeoPixConfig) -> None:
        super().__init__()
        self.config = config
        text, memory, width = config.text, config.memory, config.width
        self.vision = PyramidVision(width, config.mask_channels, config.token_side)
        self.projector = nn.Sequential(
            nn.LayerNorm(self.vision.token_channels),
            nn.Linear(self.vision.token_channels, text.hidden),
            nn.GELU(),
            nn.Linear(text.hidden, text.hidden),
        )
        self.language = LlamaModel(
            LlamaConfig(
                vocab_size=text.vocab,
                hidden_size=text.hidden,
                num_hidden_layers=text.layers,
                num_attention_heads=text.heads,
                num_key_value_heads=text.heads,
                intermediate_size=text.intermediate,
                max_position_embeddings=text.max_positions,
                attn_implementation="sdpa",  # type: ignore[call-arg]
            )
        )
        self.codebook = TokenCodebook(text.hidden, width, config.levels, config.seg_tokens)
        self.prompt_encoder = PromptEncoder(width)
        self.mask_decoder = MaskDecoder(width, config.levels, config.mask_hidden, config.mask_channels)
        self.clm = ClasswiseMemory(
            width,
            memory.classes,
            config.levels,
            memory.length,
            memory.width,
            config.grid,
            memory.feedforward,
            config.clm,
        )
        self.multiscale_scalar = nn.Parameter(torch.full((config.levels,), 1 / config.levels))

    def embed(self, ids: Tensor, image_tokens: Tensor, image_token_id: int) -> Tensor:
        """Embeddings (M, T, H) of ids, the image tokens (M, I, C) put in place of ``<image>``, in order."""
        embeddings = self.language.embed_tokens(ids)
        spots = (ids == image_token_id)[..., None].expand_as(embeddings)
        return embeddings.masked_scatter(spots, self.projector(image_tokens).to(embeddings.dtype))

    def logits(self, states: Tensor) -> Tensor:
        """Next-token logits; the head is tied to the embeddings."""
        return states @ self.language.embed_tokens.weight.T

    def masks(
        self, features: VisionFeatures, states: Tensor, classes: Tensor, *, use_memory: bool = True
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Masks of N targets.

        Args:
            features: Of the image of each target (see ``VisionFeatures.at``).
            states: (N, levels * seg_tokens, H) states that predict the segmentation tokens.
            classes: (N,) class ids for the memory.
            use_memory: False leaves the memory out (the released function), at half the cost.

        Returns:
            Logits (N, 4 grid, 4 grid), confidence logits (N,), and the first mask of each level that fed the memory.
        """
        sparse, dense = self.codebook(states), self.prompt_encoder.dense()
        grid_pe = self.prompt_encoder.pe_layer(self.config.grid, self.config.grid)
        size = (4 * self.config.grid, 4 * self.config.grid)
        previous, total, first_masks = None, None, []
        use_memory = use_memory and self.clm.mode == "paper"
        for level, feature in enumerate(features.levels):
            first = None
            if use_memory:
                first, _ = self.mask_decoder(level, feature, sparse, dense, grid_pe, previous, features.laterals)
                first_masks.append(first)
            refined = self.clm(feature, None if first is None else first.detach(), classes, level)
            mask, confidence = self.mask_decoder(level, refined, sparse, dense, grid_pe, previous, features.laterals)
            previous = mask
            scaled = self.multiscale_scalar[level] * resize(mask, size)
            total = scaled if total is None else total + scaled
        return total[:, 0], confidence, first_masks  # type: ignore[index]
