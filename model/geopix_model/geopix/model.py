"""GeoPix: vision encoder, projector, causal language model, token codebook, mask predictor, class-wise memory.

Paper: arXiv 2501.06828.  Axes: B images, M conversations, N targets, T text positions, H text width, D prompt width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import LlamaConfig, LlamaModel

from ..blocks.layers import resize
from .class_maps import CORES, EXTENT, ClassMaps, peak
from .codebook import TokenCodebook
from .config import GeoPixConfig
from .mask_decoder import MaskDecoder, PromptEncoder
from .memory import ClasswiseMemory
from .vision import PyramidVision, VisionFeatures


@dataclass
class Targets:
    """What is known of N targets, on a grid of h x w at stride 4.

    Attributes:
        logits: (N, h, w) mask logits.
        confidence: (N,) logits of being there at all.
        cores: (N, h, w) logits of the inner parts of single objects; None for a model without class maps.
        first: For each level, the mask that fed the memory.
    """

    logits: Tensor
    confidence: Tensor
    cores: Tensor | None
    first: list[Tensor]


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
        if config.maps_hidden:
            self.class_maps = ClassMaps(width, config.mask_channels, config.maps_hidden, len(config.class_names))
            self.peak_scale = nn.Parameter(torch.tensor([0.5, 0.0]))

    def look(self, image: Tensor) -> VisionFeatures:
        """Features of (B, 3, S, S) RGB 0..255, with the class maps if the model has them."""
        features = self.vision(image.to(next(self.vision.parameters()).dtype))
        if self.config.maps_hidden:
            features.maps = self.class_maps(features.laterals[0], features.laterals[1])
        return features.to(self.multiscale_scalar.dtype)

    def hasten(self, looking: torch.dtype) -> None:
        """Prepares a trained model for inference: norms are folded, and looking at images takes another precision."""
        self.vision.backbone.fold_norms()
        self.vision.backbone.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for part in (self.vision, *([self.class_maps] if self.config.maps_hidden else [])):
            part.to(looking)

    def embed(self, ids: Tensor, image_tokens: Tensor, image_token_id: int) -> Tensor:
        """Embeddings (M, T, H) of ids, the image tokens (M, I, C) put in place of ``<image>``, in order."""
        embeddings = self.language.embed_tokens(ids)
        spots = (ids == image_token_id)[..., None].expand_as(embeddings)
        return embeddings.masked_scatter(spots, self.projector(image_tokens).to(embeddings.dtype))

    def logits(self, states: Tensor) -> Tensor:
        """Next-token logits; the head is tied to the embeddings."""
        return states @ self.language.embed_tokens.weight.T

    def masks(self, features: VisionFeatures, states: Tensor, classes: Tensor, *, use_memory: bool = True) -> Targets:
        """Masks of N targets.

        Args:
            features: Of the image of each target (see ``VisionFeatures.at``).
            states: (N, levels * seg_tokens, H) states that predict the segmentation tokens.
            classes: (N,) class ids for the memory; those beyond ``class_names`` have no map.
            use_memory: False leaves the memory out (the released function), at half the cost.
        """
        sparse, dense = self.codebook(states), self.prompt_encoder.dense()
        grid_pe = self.prompt_encoder.pe_layer(self.config.grid, self.config.grid)
        size = (4 * self.config.grid, 4 * self.config.grid)
        previous, total, first_masks = None, None, []
        use_memory = use_memory and self.clm.mode == "paper"
        for level, feature in enumerate(features.levels[: self.config.levels]):
            first = None
            if use_memory:
                first, _ = self.mask_decoder(level, feature, sparse, dense, grid_pe, previous, features.laterals)
                first_masks.append(first)
            refined = self.clm(feature, None if first is None else first.detach(), classes, level)
            mask, confidence = self.mask_decoder(level, refined, sparse, dense, grid_pe, previous, features.laterals)
            previous = mask
            scaled = self.multiscale_scalar[level] * resize(mask, size)
            total = scaled if total is None else total + scaled
        return self._with_maps(Targets(total[:, 0], confidence, None, first_masks), features.maps, classes)  # type: ignore[index]

    def _with_maps(self, targets: Targets, maps: Tensor | None, classes: Tensor) -> Targets:
        """Adds the map of each target's class (N, classes, 2, h, w) to its mask and to its confidence."""
        if maps is None:
            return targets
        known = classes < maps.shape[1]
        own = maps[torch.arange(len(classes), device=classes.device), classes.clamp(max=maps.shape[1] - 1)]
        scale, shift = self.peak_scale
        return Targets(
            targets.logits + torch.where(known[:, None, None], own[:, EXTENT], 0.0),
            targets.confidence + torch.where(known, scale * peak(own[:, EXTENT].detach()) + shift, 0.0),
            torch.where(known[:, None, None], own[:, CORES], targets.logits),
            targets.first,
        )
