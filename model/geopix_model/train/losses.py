"""Losses of GeoPix training: text, masks, confidence.  Weights follow the released config unless noted."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ..blocks.layers import resize
from ..data.batches import IGNORE

CE_WEIGHT, BCE_WEIGHT = 1.0, 2.0
DICE_WEIGHT = 1.0  # released: 0.5; small objects gained from more
CONFIDENCE_WEIGHT, FIRST_MASK_WEIGHT, CLASS_WEIGHT = 0.5, 0.5, 0.3
CORE_WEIGHT = 0.7


def text_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean next-token cross entropy over the supervised positions of (M, T, V) logits and (M, T) labels."""
    return F.cross_entropy(logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=IGNORE)


def class_loss(scores: Tensor, classes: Tensor) -> Tensor:
    """Cross entropy of class scores (N, classes) read from the fused prompts.

    Nothing in the text makes the states that predict ``[SEG1]..[SEG5]`` differ between classes: after language training
    alone they are almost equal, and masks then learn at a crawl (measured: IoU on land cover 0.00 after 2,300 crops).
    """
    return CLASS_WEIGHT * F.cross_entropy(scores.float(), classes)


def mask_loss(logits: Tensor, target: Tensor, weight: Tensor, empty: Tensor) -> Tensor:
    """BCE and dice of N masks.

    Args:
        logits: (N, h, w), any size. target, weight: (N, H, W). empty: (N,) targets that are not there: BCE alone,
            since the dice of an empty mask has no gradient worth having.
    """
    logits = resize(logits[:, None], target.shape[-2:])[:, 0].float()
    area = weight.sum((1, 2)).clamp(min=1)
    bce = (F.binary_cross_entropy_with_logits(logits, target, reduction="none") * weight).sum((1, 2)) / area
    probability = logits.sigmoid() * weight
    overlap = (probability * target).sum((1, 2))
    dice = 1 - (2 * overlap + 1) / (probability.sum((1, 2)) + (target * weight).sum((1, 2)) + 1)
    return (BCE_WEIGHT * bce + DICE_WEIGHT * torch.where(empty, 0.0, dice)).mean()


def map_loss(extents: Tensor, target: Tensor, weight: Tensor, empty: Tensor) -> Tensor:
    """Mask loss of K class maps (K, h, w); the many that are not there weigh as much as those that are."""
    there, absent = ~empty, empty
    parts = [
        mask_loss(extents[part], target[part], weight[part], empty[part]) for part in (there, absent) if part.any()
    ]
    return torch.stack(parts).sum() if parts else extents.sum() * 0


def confidence_loss(confidence: Tensor, logits: Tensor, target: Tensor, weight: Tensor, empty: Tensor) -> Tensor:
    """Confidence (N,) against the IoU that the mask reaches; 0 where the target is not there."""
    with torch.no_grad():
        mask = (resize(logits[:, None], target.shape[-2:])[:, 0] > 0).float() * weight
        overlap = (mask * target).sum((1, 2))
        iou = overlap / (mask.sum((1, 2)) + (target * weight).sum((1, 2)) - overlap).clamp(min=1)
        # a found object counts as sure even where its outline is loose
        goal = torch.where(empty, 0.0, (0.4 + 0.75 * iou).clamp(max=1.0))
    return CONFIDENCE_WEIGHT * F.binary_cross_entropy_with_logits(confidence.float(), goal)
