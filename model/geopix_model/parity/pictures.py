"""The pictures of golden folders: files, or computed by the formula of their README."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ..errors import GoldenError

_SYNTHETIC = re.compile(r"synth_(\d+)x(\d+)")


def picture(folder: Path, name: str) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB of a picture by its name, with or without ``.png``.

    Raises:
        GoldenError: If it is neither a file of the folder nor a synthetic one.
    """
    name = name.removesuffix(".png")
    path = folder / "images" / f"{name}.png"
    if path.is_file():
        try:
            with Image.open(path) as image:
                return np.array(image.convert("RGB"))
        except (OSError, UnidentifiedImageError) as error:
            raise GoldenError(f"{path.name} in {path.parent} cannot be read ({error}); copy the folder anew") from error
    size = _SYNTHETIC.fullmatch(name)
    if size is None:
        raise GoldenError(f"{folder / 'images'} has no picture {name!r}; copy the folder anew")
    return synthetic(int(size[1]), int(size[2]))


def synthetic(width: int, height: int) -> NDArray[np.uint8]:
    """A picture of gradients with a red and a blue rectangle and a white disc."""
    y, x = np.mgrid[:height, :width]
    red, green = 3 * x + 5 * y + (x * y) // 97, 7 * x + 2 * y + 40
    pixels = np.stack([red % 256, green % 256, 255 - (4 * x + 3 * y) % 256], -1).astype(np.uint8)
    pixels[height // 5 : height // 3, width // 8 : width // 3] = (210, 40, 30)
    pixels[height // 2 : height // 2 + height // 6, width // 2 : width // 2 + width // 4] = (30, 60, 220)
    disc = (x - 0.75 * width) ** 2 + (y - 0.25 * height) ** 2 < (0.12 * min(width, height)) ** 2
    pixels[disc] = (240, 240, 240)
    return pixels
