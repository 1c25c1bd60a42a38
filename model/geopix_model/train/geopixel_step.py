"""One pass of GeoPixel over whole samples, with gradients, and its losses.

Axes: B samples, T positions, H width of the decoder, V vocabulary, K masks of a sample, s side of the masks decoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ..data.batches import IGNORE
from ..errors import DataError
from ..geopixel import divider
from ..geopixel.divider import Division
from ..geopixel.generation import embedded
from ..geopixel.model import GeoPixel
from ..geopixel.prompt import IMAGE
from ..geopixel.segmenter import enlarged

PAD = 0
BCE_WEIGHT, DICE_WEIGHT = 2.0, 0.5
DICE_SCALE, DICE_EPSILON, COUNT_EPSILON = 1000.0, 1e-6, 1e-8  # of the released code


@dataclass(frozen=True, eq=False)
class Sample:
    """A conversation as the model reads it.

    Attributes:
        name: For messages.
        ids: With ``IMAGE`` at image positions.
        targets: See ``geopixel_text.targets``.
        picture: (H, W, 3) uint8, if it has one.
        division: Of the picture.
        masks: (K, H, W) bool, one for each [SEG] that is to be learnt.
    """

    name: str
    ids: list[int]
    targets: list[int]
    picture: NDArray[np.uint8] | None = None
    division: Division | None = None
    masks: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Batch:
    """Samples of one length.

    Attributes:
        ids: (B, T), ``IMAGE`` at image positions, padded at the end.
        targets: (B, T), ``IGNORE`` where nothing is to be learnt.
        attention: (B, T) bool, false at padding.
        seg: (B, T) bool, true at [SEG] of answers.
    """

    ids: Tensor
    targets: Tensor
    attention: Tensor
    seg: Tensor

    @property
    def is_image(self) -> Tensor:
        """(B, T) bool, true at image positions."""
        return self.ids == IMAGE


@dataclass(frozen=True, eq=False)
class Pass:
    """What a model makes of a batch.

    Attributes:
        embeddings, states: (B, T, H) before and after the decoder.
        prompts: Mask prompts, (K, D) for each sample.
        masks: Logits, (K, s, s) for each sample.
    """

    batch: Batch
    embeddings: Tensor
    states: Tensor
    prompts: list[Tensor]
    masks: list[Tensor]


@dataclass(frozen=True, eq=False)
class Losses:
    """Of a batch, each with its weight applied; ``ce`` of text, ``bce`` and ``dice`` of masks."""

    ce: Tensor
    bce: Tensor
    dice: Tensor

    @property
    def total(self) -> Tensor:
        """What is minimised."""
        return self.ce + self.bce + self.dice


def collate(samples: Sequence[Sample], seg: int, device: torch.device) -> Batch:
    """Samples, padded at the end to the longest.

    Args:
        samples: One or more.
        seg: Id of [SEG].
        device: Where the tensors go.

    Raises:
        DataError: If a sample has more or fewer masks than [SEG] to be learnt.
    """
    for sample in samples:
        wanted, found = sample.targets.count(seg), 0 if sample.masks is None else len(sample.masks)
        if wanted != found:
            raise DataError(f"{sample.name} has {found} masks for {wanted} [SEG] in its answers; give one for each")
    length = max(len(sample.ids) for sample in samples)

    def padded(rows: Sequence[Sequence[int]], value: int) -> Tensor:
        return torch.tensor([[*row, *[value] * (length - len(row))] for row in rows], device=device)

    targets = padded([sample.targets for sample in samples], IGNORE)
    attention = padded([[1] * len(sample.ids) for sample in samples], 0).bool()
    return Batch(padded([sample.ids for sample in samples], PAD), targets, attention, targets == seg)


def run(model: GeoPixel, samples: Sequence[Sample], seg: int) -> Pass:
    """Reads samples and segments what they ground; the frozen encoders keep nothing for gradients."""
    batch = collate(samples, seg, model.device)
    embeddings = torch.stack(
        [embedded_sample(model, sample, ids) for sample, ids in zip(samples, batch.ids.tolist(), strict=True)]
    )
    images = batch.is_image
    states = model.states(embeddings, images if images.any() else None, attention_mask=batch.attention.long())
    prompts, masks = [], []
    for sample, own, at in zip(samples, states, batch.seg, strict=True):
        prompts.append(model.text_hidden_fcs(own[at]))
        masks.append(mask_logits(model, sample, prompts[-1]))
    return Pass(batch, embeddings, states, prompts, masks)


def embedded_sample(model: GeoPixel, sample: Sample, ids: Sequence[int]) -> Tensor:
    """(T, H) embeddings of a sample's padded ids."""
    if sample.picture is None or sample.division is None:
        return embedded(model, ids)
    division, vision = sample.division, model.vision
    crops = divider.crops(divider.padded(sample.picture, division), division)
    with torch.no_grad():
        patches = vision.patches(crops)
    return embedded(model, ids, vision.projector(vision.assemble(patches, division.rows, division.cols)))


def mask_logits(model: GeoPixel, sample: Sample, prompts: Tensor) -> Tensor:
    """(K, s, s) logits of (K, D) prompts; (0, 0, 0) where nothing is grounded."""
    if sample.picture is None or not len(prompts):
        return prompts.new_zeros(0, 0, 0)
    features = model.segmenter.look(model.segmenter.prepare(sample.picture))
    return model.segmenter(features, prompts).logits


def losses(model: GeoPixel, samples: Sequence[Sample], found: Pass) -> Losses:
    """Losses of a pass: text over all learnt positions, masks over all masks of the batch."""
    bce, dice, count = found.states.new_zeros(()).float(), found.states.new_zeros(()).float(), 0
    for sample, logits in zip(samples, found.masks, strict=True):
        if sample.masks is None or not len(sample.masks):
            continue
        truth = torch.from_numpy(sample.masks).to(logits.device).float()
        whole = enlarged(logits, *truth.shape[1:])
        bce = bce + F.binary_cross_entropy_with_logits(whole, truth, reduction="none").mean((1, 2)).sum()
        dice = dice + dice_loss(whole, truth).sum()
        count += len(truth)
    scale = 1 / (count + COUNT_EPSILON)
    return Losses(text_loss(model, found), BCE_WEIGHT * scale * bce, DICE_WEIGHT * scale * dice)


def text_loss(model: GeoPixel, found: Pass) -> Tensor:
    """Mean next-token cross entropy; logits are made where something is learnt only, else they take V * T floats."""
    targets = found.batch.targets[:, 1:]
    learnt = targets != IGNORE
    if not learnt.any():
        return 0 * found.states.float().sum()
    return F.cross_entropy(model.lm_head(found.states[:, :-1][learnt]).float(), targets[learnt])


def dice_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """(K,) dice losses of (K, H, W) logits against 0 and 1, scaled as in the released code."""
    probability, truth = logits.sigmoid().flatten(1) / DICE_SCALE, truth.flatten(1)
    overlap = 2 * (probability * truth).sum(1) + DICE_EPSILON
    return 1 - overlap / (probability.sum(1) + (truth / DICE_SCALE).sum(1) + DICE_EPSILON)
