"""A GeoPix small enough to build in a test, and a tokenizer to go with it."""

from __future__ import annotations

import random

import torch
from tokenizers import Tokenizer

from geopix_model.data.conversations import generate
from geopix_model.data.label_sets import NAMES
from geopix_model.data.vocabulary import train_tokenizer
from geopix_model.geopix.config import GeoPixConfig, MemoryConfig, TextConfig
from geopix_model.geopix.model import GeoPix


def small_tokenizer() -> Tokenizer:
    rng = random.Random(0)
    return train_tokenizer(generate(rng, {0: "present", 1: "absent", 9: "present"}) for _ in range(400))


def small_config(vocab: int = 600, clm: str = "paper") -> GeoPixConfig:
    text = TextConfig(vocab=vocab, hidden=48, layers=2, heads=4, intermediate=64)
    memory = MemoryConfig(classes=18, length=2, width=8, feedforward=32)
    return GeoPixConfig(
        image_size=64,
        width=32,
        mask_channels=8,
        mask_hidden=32,
        maps_hidden=16,
        text=text,
        memory=memory,
        class_names=NAMES,
        clm=clm,
    )


def small_model(vocab: int = 600, clm: str = "paper", seed: int = 0) -> GeoPix:
    torch.manual_seed(seed)
    return GeoPix(small_config(vocab, clm)).eval()
