"""What speaks for a target at a place, beside its mask: the evidence that scores of regions are made of.

A mask says where a thing would be; whether it is that thing, several witnesses say.  None of them is enough alone: land
cover has loose outlines, hence low confidence, but no "No"; a ship that is a house has high confidence and some "No",
and the map of houses is surer there than that of ships.  How far each is to be believed is fitted to labelled images
(``geopix calibrate``) and saved with the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..geopix.class_maps import EXTENT
from ..geopix.config import EvidenceConfig

LEAST_DOUBT = 0.01


@dataclass(frozen=True, eq=False)
class Testimony:
    """What the witnesses say of one target.

    Attributes:
        class_id: Of the target; the last one is the generic one.
        confidence: Log-odds of its being there, from the mask predictor.
        doubt: Log-odds of the answer's denying it, from the language model.
        own, rival: (h, w) extent logits of its class, and of whichever other class is surest there; zeros where the
            target has no class.
    """

    class_id: int
    confidence: float
    doubt: float
    own: Tensor
    rival: Tensor

    @property
    def witnesses(self) -> Tensor:
        """(4, h, w) in the order of ``EvidenceConfig.weights``."""
        constant = self.own.new_tensor([self.confidence, self.doubt])
        return torch.cat([constant[:, None, None].expand(-1, *self.own.shape), torch.stack([self.own, self.rival])])


def heard(class_id: int, confidence: Tensor, denial: float, maps: Tensor | None, size: Sequence[int]) -> Testimony:
    """The testimony about one target.

    Args:
        class_id: Of the target.
        confidence: Logit.
        denial: Probability of the answer's saying "No".
        maps: (classes, 2, h, w), see ``ClassMaps``; None for a model without them.
        size: (h, w) of a model without maps.
    """
    denial = min(max(denial, LEAST_DOUBT), 1 - LEAST_DOUBT)
    doubt = float(torch.logit(torch.tensor(denial)))
    if maps is None or class_id >= len(maps):
        nothing = confidence.new_zeros(size if maps is None else maps.shape[-2:])
        return Testimony(class_id, float(confidence), doubt, nothing, nothing)
    extent = maps[:, EXTENT].float()
    others = torch.cat([extent[:class_id], extent[class_id + 1 :]])
    return Testimony(class_id, float(confidence), doubt, extent[class_id], others.amax(0))


def evidence(config: EvidenceConfig, said: Testimony) -> Tensor:
    """(h, w) log-odds that a target is what it is said to be, to be added to those of its mask's mean probability."""
    weights = said.own.new_tensor(config.weights)
    bias = config.bias[said.class_id] if said.class_id < len(config.bias) else config.generic
    return (weights[:, None, None] * said.witnesses).sum(0) + bias


def lifted(config: EvidenceConfig, class_id: int) -> float:
    """What is added to the mask logits of a class."""
    return config.lift[class_id] if class_id < len(config.lift) else 0.0
