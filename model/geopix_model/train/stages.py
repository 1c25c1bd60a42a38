"""One training step of each stage."""

from __future__ import annotations

import random
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from ..data.batches import Batch, collate, conversations
from ..data.crops import Crop, CropSource
from ..geopix.class_maps import CORES, EXTENT
from ..geopix.model import GeoPix
from ..geopix.vision import VisionFeatures
from ..nano.lexicon import CLASSES
from ..nano.prompts import token_id
from . import losses

GENERIC_SHARE = 0.2  # targets whose memory class is replaced by the generic slot, so that it learns too
MAX_TARGETS = 14


@dataclass(frozen=True)
class StepSize:
    """How much one step looks at, and how often it looks at class maps only."""

    crops: int = 4
    conversations: int = 3
    maps_only: int = 3  # steps on class maps alone after each step on everything: half of its cost


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
        self, model: GeoPix, tokenizer: Tokenizer, class_head: nn.Linear, rng: random.Random, count: int
    ) -> tuple[Tensor, dict[str, float]]:
        """Text and class loss over ``count`` conversations."""
        picks = [rng.randrange(len(self.crops)) for _ in range(count)]
        batch = collate(tokenizer, [conversations(rng, self.crops[i], 1, False) for i in picks]).to(self.all.device)
        states = read_text(model, batch, self.all[picks], token_id(tokenizer, "<image>"))
        text = losses.text_loss(model.logits(states), batch.labels)
        if not len(batch.rows):
            return text, {"text": text.item()}
        every = torch.arange(len(batch.rows), device=states.device)
        named = name_loss(model, class_head, seg_states(model, batch, states, every), batch.classes)
        return text + named, {"text": text.item(), "class": named.item()}


def seg_states(model: GeoPix, batch: Batch, states: Tensor, picks: Tensor) -> Tensor:
    """(N, 6, H) states that PREDICT the segmentation tokens of some targets."""
    steps = torch.arange(model.config.levels * model.config.seg_tokens, device=states.device)
    return states[batch.rows[picks, None], batch.starts[picks, None] - 1 + steps]


def name_loss(model: GeoPix, class_head: nn.Linear, states: Tensor, classes: Tensor) -> Tensor:
    """Class loss of the fused prompts of N targets."""
    return losses.class_loss(class_head(model.codebook(states).flatten(1)), classes)


def mask_step(
    model: GeoPix,
    tokenizer: Tokenizer,
    class_head: nn.Linear,
    crops: list[Crop],
    rng: random.Random,
    size: StepSize,
    use_memory: bool,
) -> tuple[Tensor, dict[str, float]]:
    """Text, mask and confidence loss over some crops."""
    device = next(model.parameters()).device
    batch = collate(tokenizer, [conversations(rng, crop, size.conversations, True) for crop in crops]).to(device)
    features = look(model, crops, device)
    maps, report = map_losses(features, crops)
    states = read_text(model, batch, features.tokens, token_id(tokenizer, "<image>"))
    text = losses.text_loss(model.logits(states), batch.labels)
    report |= {"text": text.item()}
    if not len(batch.rows):
        return losses.CE_WEIGHT * text + maps, report
    picks = torch.tensor(sorted(rng.sample(range(len(batch.rows)), min(MAX_TARGETS, len(batch.rows)))), device=device)
    spoken = seg_states(model, batch, states, picks)
    named = name_loss(model, class_head, spoken, batch.classes[picks])
    masks, confidence = target_losses(model, batch, picks, spoken, features, crops, use_memory)
    report |= {"class": named.item(), "mask": masks.item(), "sure": confidence.item()}
    return losses.CE_WEIGHT * text + named + masks + confidence + maps, report


def look(model: GeoPix, crops: list[Crop], device: torch.device) -> VisionFeatures:
    """Features of some crops."""
    pixels = torch.stack([crop.pixels for crop in crops]).to(device)
    return model.look(pixels.contiguous(memory_format=torch.channels_last))


def maps_step(model: GeoPix, crops: list[Crop]) -> tuple[Tensor, dict[str, float]]:
    """Loss of the class maps alone."""
    return map_losses(look(model, crops, next(model.parameters()).device), crops)


def map_losses(features: VisionFeatures, crops: list[Crop]) -> tuple[Tensor, dict[str, float]]:
    """Extents of every class about which something is known, cores of every countable class that is there."""
    maps = features.maps
    if maps is None:  # a model without them
        return torch.zeros(()), {}
    known = [(b, c, state == "absent") for b, crop in enumerate(crops) for c, state in crop.known.items()]
    image, classes, empty = torch.tensor(known, device=maps.device).unbind(1)
    own = maps[image, classes]
    pairs = [crops[b].target(c) for b, c, _ in known]
    target, weight = (torch.stack(part).to(maps.device) for part in zip(*pairs, strict=True))
    extents = losses.map_loss(own[:, EXTENT], target, weight, empty.bool())
    objects = [i for i, (_, c, absent) in enumerate(known) if CLASSES[c].countable and not absent]
    report = {"map": extents.item()}
    if not objects:
        return extents, report
    pairs = [crops[known[i][0]].core(known[i][1]) for i in objects]
    target, weight = (torch.stack(part).to(maps.device) for part in zip(*pairs, strict=True))
    cores = losses.mask_loss(own[objects, CORES], target, weight, torch.zeros_like(target[:, 0, 0], dtype=torch.bool))
    return extents + losses.CORE_WEIGHT * cores, report | {"core": cores.item()}


def target_losses(
    model: GeoPix,
    batch: Batch,
    picks: Tensor,
    spoken: Tensor,
    features: VisionFeatures,
    crops: list[Crop],
    use_memory: bool,
) -> tuple[Tensor, Tensor]:
    """Mask loss and confidence loss of some targets of a batch, from the states that speak of them."""
    classes = batch.classes[picks].clone()
    pairs = [crops[int(batch.crop[i])].target(int(batch.classes[i])) for i in picks]
    target, weight = (torch.stack(part).to(picks.device) for part in zip(*pairs, strict=True))
    generic = torch.rand(len(picks), device=picks.device) < GENERIC_SHARE
    classes[generic] = model.config.memory.classes - 1
    empty = batch.empty[picks]
    found = model.masks(features.at(batch.crop[picks]), spoken, classes, use_memory=use_memory)
    loss = losses.mask_loss(found.logits, target, weight, empty)
    for mask in found.first:
        loss = loss + losses.FIRST_MASK_WEIGHT * losses.mask_loss(mask[:, 0], target, weight, empty) / len(found.first)
    return loss, losses.confidence_loss(found.confidence, found.logits, target, weight, empty)
