"""Scenes that the embedded model knows how to see, drawn here."""

from __future__ import annotations

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from PIL import Image, ImageDraw

PLACE = Affine(0.5, 0, 500_000, 0, -0.5, 5_000_000)
TANKS = [(90, 90), (190, 90), (290, 90), (90, 200), (190, 200), (290, 200)]  # (x, y) of their centres
RADIUS_PX = 34


def tank_farm() -> NDArray[np.uint8]:
    """(3, 300, 384) pixels of 0.5 m: six white tanks with shadows on concrete."""
    image = Image.new("RGB", (384, 300), (150, 145, 135))
    draw = ImageDraw.Draw(image)
    for x, y in TANKS:
        draw.ellipse((x - 30, y - 28, x + 42, y + 44), fill=(60, 60, 60))
        draw.ellipse((x - RADIUS_PX, y - RADIUS_PX, x + RADIUS_PX, y + RADIUS_PX), fill=(235, 235, 230))
    noise = np.random.default_rng(0).normal(0, 5, (300, 384, 1))
    pixels = np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))
