"""One training step of each stage."""

from __future__ import annotations

import random
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from ..data.batches import Batch, collate, conversations
from ..data.crops import Crop, CropSource
from ..geopix.model import GeoPix
from ..geopix.vision import VisionFeatures
from ..nano.prompts import token_id
from . import losses

GENERIC_SHARE = 0.2  # targets whose memory class is replaced by the generic slot, so that it learns too
MAX_TARGETS = 14


@dataclass(frozen=True)
class StepSize:
    """How much one step looks at."""

    crops: int = 4
    conversations: int = 2


def read_text(model: GeoPix, batch: Batch, tokens: Tensor, image_id: int) -> Tensor:
    """Decoder states (M, T, H) of the conversations over image tokens (B, I, C)."""
    embeddings = model.embed(batch.ids, tokens[batch.image], image_id)
    return model.language(inputs_embeds=embeddings, use_cache=False).last_hidden_state


class TokenBank:
    """Image tokens of many crops, computed once: stage 1 trains the language on frozen features."""

    def __init__(self, model: GeoPix, source: CropSource, rng: random.Random, size: int, device: torch.device) -> None:
        self.crops = [source.draw(rng) for _ in range(size)]
        self.tokens = []
        with torch.no_grad():
            for start in range(0, size, 8):
                pixels = torch.stack([crop.pixels for crop in self.crops[start : start + 8]])
                self.tokens.append(model.vision(pixels.to(device)).tokens)
        self.all = torch.cat(self.tokens)
        for crop in self.crops:
            crop.pixels = torch.empty(0)

    def step(
        self, model: GeoPix, tokenizer: Tokenizer, rng: random.Random, count: int
    ) -> tuple[Tensor, dict[str, float]]:
        """Text loss over ``count`` conversations."""
        picks = [rng.randrange(len(self.crops)) for _ in range(count)]
        batch = collate(tokenizer, [conversations(rng, self.crops[i], 1, False) for i in picks]).to(self.all.device)
        states = read_text(model, batch, self.all[picks], token_id(tokenizer, "<image>"))
        loss = losses.text_loss(model.logits(states), batch.labels)
        return loss, {"text": loss.item()}


def mask_step(
    model: GeoPix, tokenizer: Tokenizer, crops: list[Crop], rng: random.Random, size: StepSize, use_memory: bool
) -> tuple[Tensor, dict[str, float]]:
    """Text, mask and confidence loss over some crops."""
    device = next(model.parameters()).device
    batch = collate(tokenizer, [conversations(rng, crop, size.conversations, True) for crop in crops]).to(device)
    pixels = torch.stack([crop.pixels for crop in crops]).to(device)
    features = model.vision(pixels.contiguous(memory_format=torch.channels_last))
    states = read_text(model, batch, features.tokens, token_id(tokenizer, "<image>"))
    text = losses.text_loss(model.logits(states), batch.labels)
    report = {"text": text.item()}
    if not len(batch.rows):
        return losses.CE_WEIGHT * text, report
    masks, confidence = target_losses(model, batch, states, features, crops, rng, use_memory)
    return losses.CE_WEIGHT * text + masks + confidence, report | {"mask": masks.item(), "sure": confidence.item()}


def target_losses(
    model: GeoPix,
    batch: Batch,
    states: Tensor,
    features: VisionFeatures,
    crops: list[Crop],
    rng: random.Random,
    use_memory: bool,
) -> tuple[Tensor, Tensor]:
    """Mask loss and confidence loss of the targets of a batch, at most ``MAX_TARGETS`` of them."""
    picks = sorted(rng.sample(range(len(batch.rows)), min(MAX_TARGETS, len(batch.rows))))
    rows, starts, classes = batch.rows[picks], batch.starts[picks], batch.classes[picks].clone()
    steps = torch.arange(model.config.levels * model.config.seg_tokens, device=rows.device)
    seg_states = states[rows[:, None], starts[:, None] - 1 + steps]  # the states that PREDICT the six tokens
    pairs = [crops[int(batch.crop[i])].target(int(batch.classes[i])) for i in picks]
    target, weight = (torch.stack(part).to(rows.device) for part in zip(*pairs, strict=True))
    generic = torch.rand(len(picks), device=rows.device) < GENERIC_SHARE
    classes[generic] = model.config.memory.classes - 1
    empty = batch.empty[picks]
    logits, confidence, first = model.masks(features.at(batch.crop[picks]), seg_states, classes, use_memory=use_memory)
    loss = losses.mask_loss(logits, target, weight, empty)
    for mask in first:
        loss = loss + losses.FIRST_MASK_WEIGHT * losses.mask_loss(mask[:, 0], target, weight, empty) / len(first)
    return loss, losses.confidence_loss(confidence, logits, target, weight, empty)
