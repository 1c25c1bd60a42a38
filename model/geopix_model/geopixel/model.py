"""GeoPixel at any size, composed of transformers' CLIP, Llama and SAM 2.

Axes: B sequences, T positions, H width of the decoder, V vocabulary, K masks, D width of a mask prompt.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import Cache, LlamaModel

from . import plora
from .config import GeoPixelConfig
from .segmenter import Segmenter
from .vision import ImageTokens


class GeoPixel(nn.Module):
    """The parts, and what goes from one to the next.  Whole sequences with gradients, or piece by piece with a cache.

    Attributes:
        vision: Crops -> image tokens.
        language: The decoder; its adapters work at ``image_positions``.
        lm_head: Decoder states -> logits of the next token.
        text_hidden_fcs: Decoder states at [SEG] -> prompts of the segmenter.
        segmenter: Picture and prompts -> masks.
    """

    def __init__(self, config: GeoPixelConfig) -> None:
        super().__init__()
        hidden = config.language.hidden_size
        self.config = config
        self.vision = ImageTokens(config.clip, hidden)
        self.language = LlamaModel(config.language)
        self.image_positions = plora.install(self.language, config.plora_rank)
        self.lm_head = nn.Linear(hidden, config.language.vocab_size, bias=False)
        self.text_hidden_fcs = nn.Sequential(
            nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, config.prompt_width)
        )
        self.segmenter = Segmenter(config.sam, config.sam_side, config.round_features)

    @property
    def device(self) -> torch.device:
        """Where the decoder runs."""
        return self.lm_head.weight.device

    def embed(self, ids: Tensor) -> Tensor:
        """(..., H) embeddings of token ids, where the decoder runs; they may be looked up elsewhere."""
        table = self.language.embed_tokens
        return table(ids.to(table.weight.device)).to(self.device)

    def states(
        self,
        embeddings: Tensor,
        where: plora.Where,
        cache: Cache | None = None,
        attention_mask: Tensor | None = None,
    ) -> Tensor:
        """(B, T, H) states after the final norm, for logits and mask prompts alike.

        Args:
            embeddings: (B, T, H) of tokens and image tokens.
            where: Image positions among them, see ``ImagePositions``.
            cache: Keys and values of all positions before; those of these positions are added.
            attention_mask: (B, T), 0 at padding.
        """
        with self.image_positions.at(where):
            return self.language(
                inputs_embeds=embeddings,
                attention_mask=attention_mask,
                past_key_values=cache,
                use_cache=cache is not None,
            ).last_hidden_state
