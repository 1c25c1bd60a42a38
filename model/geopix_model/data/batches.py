"""Conversations about crops as token batches: what is read, what is to be said, which states give which mask."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from ..nano.prompts import SEG, question, token_id
from .conversations import Example, generate
from .crops import Crop

IGNORE = -100


@dataclass
class Batch:
    """M conversations about B crops, with N targets.

    Attributes:
        ids: (M, T) padded at the end. labels: (M, T) next-token labels, IGNORE where nothing is to be learnt.
        image: (M,) crop of each conversation.
        rows, starts: (N,) conversation and position of ``[SEG0]`` of each target.
        classes, crop, empty: (N,) class id, crop, and whether the target is not there (its mask is empty).
    """

    ids: Tensor
    labels: Tensor
    image: Tensor
    rows: Tensor
    starts: Tensor
    classes: Tensor
    crop: Tensor
    empty: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same on another device."""
        return Batch(**{name: value.to(device) for name, value in vars(self).items()})


def absent_example(rng: random.Random, crop: Crop) -> Example | None:
    """A class that is not there, grounded all the same: it teaches the mask predictor to say "nothing here"."""
    absent = [c for c, state in crop.known.items() if state == "absent"]
    if not absent:
        return None
    class_id = rng.choice(absent)
    while True:
        example = generate(rng, {class_id: "present"})
        if example.targets == (class_id,):
            return example


def conversations(rng: random.Random, crop: Crop, count: int, with_absent: bool) -> list[tuple[Example, bool]]:
    """``count`` examples about a crop, each with whether its text is to be learnt."""
    examples = [(generate(rng, crop.known, count=crop.share), True) for _ in range(count)]
    forced = absent_example(rng, crop) if with_absent else None
    return examples + ([(forced, False)] if forced else [])


def collate(tokenizer: Tokenizer, spoken: Sequence[Sequence[tuple[Example, bool]]]) -> Batch:
    """Tokens, labels and targets of the conversations of each crop."""
    seg0, answer = token_id(tokenizer, SEG[0]), token_id(tokenizer, "<answer>")
    rows: list[list[int]] = []
    labels, image, targets = [], [], []
    for crop, examples in enumerate(spoken):
        for example, learn in examples:
            ids = tokenizer.encode(f"{question(example.prompt, example.history)}{example.answer}</s>").ids
            begin = ids.index(answer) + 1
            starts = [at for at in range(begin, len(ids)) if ids[at] == seg0]
            targets += [(len(rows), s, c, crop, not learn) for s, c in zip(starts, example.targets, strict=True)]
            labels.append([IGNORE] * begin + ids[begin:] if learn else [IGNORE] * len(ids))
            rows.append(ids)
            image.append(crop)
    length = max(map(len, rows))
    padded = torch.tensor([row + [0] * (length - len(row)) for row in rows])
    wanted = torch.tensor([row + [IGNORE] * (length - len(row)) for row in labels])
    table = torch.tensor(targets, dtype=torch.long).reshape(-1, 5).unbind(1)
    row, start, class_id, crop_number, empty = table
    return Batch(padded, wanted, torch.tensor(image), row, start, class_id, crop_number, empty.bool())
