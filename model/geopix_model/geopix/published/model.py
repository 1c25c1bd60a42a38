"""The published GeoPix: CLIP, a LLaVA projector and a Llama decoder, composed with the mask parts of this package.

Axes: M prompts, T text positions, H text width, N targets, D width of the mask parts.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModel, LlamaConfig, LlamaModel
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from ...staging import on_device
from ..codebook import TokenCodebook
from ..mask_decoder import MaskDecoder, PromptEncoder
from .levels import Level, LevelInputs, run_levels, summed
from .memory import PublishedMemory
from .sizes import MaskSizes, MemorySizes
from .vision import Neck, Projector, as_map, check_layers, patches

TARGETS_AT_ONCE = 64  # more masks than that are decoded in several batches


@dataclass(frozen=True)
class Sizes:
    """Everything that decides a tensor's shape.

    Attributes:
        image_side, grid: Side of the image in pixels, and in patches.
        token_layer: The hidden state of the image encoder that becomes image tokens.
    """

    text: LlamaConfig
    vision: CLIPVisionConfig
    image_side: int
    grid: int
    token_layer: int
    masks: MaskSizes
    memory: MemorySizes


@dataclass(frozen=True)
class Picture:
    """What one look at an image gives: image tokens (1, T, H) for the decoder, and what the mask levels read."""

    tokens: Tensor
    levels: LevelInputs


@dataclass(frozen=True)
class Masks:
    """Masks of N targets: logits (N, 4 grid, 4 grid), and the confidence (N,) that the last level gives."""

    logits: Tensor
    confidence: Tensor


class PublishedGeoPix(nn.Module):
    """The whole model.  Build it on the meta device; ``loading`` gives it its weights.

    The mask parts compute in float32 whatever the decoder's dtype is: they are 1 % of the weights, and batch norm
    statistics and positional encodings lose in half precision.
    """

    def __init__(self, sizes: Sizes, mode: str) -> None:
        super().__init__()
        check_layers(sizes.vision, sizes.token_layer)
        self.sizes = sizes
        masks, hidden, seen = sizes.masks, sizes.text.hidden_size, sizes.vision.hidden_size
        self.vision = CLIPVisionModel(sizes.vision)
        self.projector = Projector(seen, hidden)
        self.language = LlamaModel(sizes.text)
        self.head = nn.Linear(hidden, sizes.text.vocab_size, bias=False)
        grid = sizes.memory.grid
        self.necks = nn.ModuleList(Neck(seen, inner, masks.width, grid) for inner in masks.necks)
        self.codebook = TokenCodebook(hidden, masks.width, masks.levels, masks.seg_tokens)
        self.prompt_encoder = PromptEncoder(masks.width)
        self.mask_decoder = MaskDecoder(
            masks.width, masks.levels, masks.mask_hidden, masks.mask_channels, masks.depth, masks.confidence_hidden
        )
        self.clm = PublishedMemory(masks.width, sizes.memory, mode)
        self.multiscale_scalar = nn.Parameter(torch.empty(masks.levels))

    @property
    def device(self) -> torch.device:
        """Where the decoder runs."""
        return self.head.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """Of the decoder and the image encoder."""
        return self.head.weight.dtype

    def computed_buffers(self) -> None:
        """Fills the buffers that no checkpoint holds; rotary frequencies stay float32 in every dtype."""
        embeddings = self.vision.embeddings
        positions = torch.arange(embeddings.num_positions, device=embeddings.class_embedding.device)[None]
        embeddings.position_ids = nn.Buffer(positions, persistent=False)
        self.language.rotary_emb = LlamaRotaryEmbedding(config=self.sizes.text).to(self.device)

    def look(self, pixels: Tensor) -> Picture:
        """Everything that questions about a picture share; ``pixels`` (1, 3, S, S) normalised."""
        with on_device(self.vision, self.device):
            seen = patches(self.vision, pixels.to(self.device, self.dtype), self.sizes.token_layer)
        features = (neck(as_map(x, self.sizes.grid).float()) for neck, x in zip(self.necks, seen.levels, strict=True))
        side = self.sizes.memory.grid
        inputs = LevelInputs(tuple(features), self.prompt_encoder.pe_layer(side, side), self.prompt_encoder.dense())
        return Picture(self.projector(seen.tokens), inputs)

    @property
    def mask_side(self) -> int:
        """Side of the mask logits: level 1 works on twice the grid and upscales it once more."""
        return 4 * self.sizes.memory.grid

    def embed(self, ids: Tensor, image_tokens: Tensor, image_id: int) -> Tensor:
        """Embeddings (1, T, H) of ids (1, T), the image tokens put in place of ``<image>``, in order.

        They are where the decoder runs, and may be looked up elsewhere.
        """
        table = self.language.embed_tokens
        embeddings = table(ids.to(table.weight.device)).to(self.device)
        spots = (ids == image_id).to(self.device)[..., None].expand_as(embeddings)
        return embeddings.masked_scatter(spots, image_tokens.to(embeddings.dtype))

    def logits(self, states: Tensor) -> Tensor:
        """Next-token logits (..., V) of decoder states (..., H)."""
        return self.head(states)

    def prompts(self, states: Tensor) -> Tensor:
        """Fused prompts (N, levels, D) from the states (N, levels * tokens, H) that predict the tokens of a target."""
        return self.codebook(states.float())

    def levels(self, picture: Picture, sparse: Tensor, classes: Tensor, *, first_pass: bool = False) -> list[Level]:
        """See ``run_levels``."""
        return run_levels(self.mask_decoder, self.clm, picture.levels, sparse, classes, first_pass=first_pass)

    def masks(self, picture: Picture, states: Tensor, classes: Tensor) -> Masks:
        """Masks of N targets of one picture, all in one batch.

        Args:
            states: (N, levels * tokens, H) states that predict the segmentation tokens.
            classes: (N,) memory classes; without effect in ``released`` mode.
        """
        logits, confidence = [], []
        batches = zip(self.prompts(states).split(TARGETS_AT_ONCE), classes.split(TARGETS_AT_ONCE), strict=True)
        for sparse, ids in batches:
            levels = self.levels(picture, sparse, ids)
            logits.append(summed(levels, self.multiscale_scalar, self.mask_side))
            confidence.append(levels[-1].confidence)
        return Masks(torch.cat(logits), torch.cat(confidence))
