"""Adaptive division of a picture: scaled and padded until square crops of the vision encoder's size cover it.

Pictures are (H, W, 3) uint8 RGB.  A portrait is transposed first and back at the end, so that all sizes here speak of
a landscape, W >= H.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

WHITE = 255
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # of CLIP
HD_NUM = 9  # crops that small pictures are enlarged to, as released
TRAINING_ENLARGEMENT = 1.5


@dataclass(frozen=True)
class Division:
    """How a picture is divided.

    Attributes:
        rows, cols: Of the grid of crops, as the picture lies.
        scaled: (width, height) of the landscape before it is padded.
        side: Of a crop in pixels.
        transposed: Whether the picture is a portrait.
        centred: Whether the padding is on both sides, as in training; else it is at the bottom of the landscape.
    """

    rows: int
    cols: int
    scaled: tuple[int, int]
    side: int
    transposed: bool
    centred: bool = False

    @property
    def crops(self) -> int:
        """Crops of the grid and the view of the whole."""
        return self.rows * self.cols + 1

    def tokens(self, tokens_side: int) -> int:
        """Image tokens when a crop has ``tokens_side`` squared: one more after each row, one between the views."""
        return self.crops * tokens_side**2 + 1 + (self.rows + 1) * tokens_side


def crops_within(tokens: int, tokens_side: int) -> int:
    """Crops of a grid, about as high as wide, whose picture takes at most so many image tokens; at least 1.

    Args:
        tokens: Positions that the decoder has for a picture.
        tokens_side: See ``Division.tokens``.
    """
    crops = 1
    while (crops + 2) * tokens_side**2 + 1 + (math.isqrt(crops + 1) + 1) * tokens_side <= tokens:
        crops += 1
    return crops


def divide(
    height: int, width: int, side: int, hd_num: int = HD_NUM, *, training: bool = False, max_crops: int | None = None
) -> Division:
    """The division of a (height, width) picture into crops of ``side`` pixels.

    Args:
        height, width: Of the picture.
        side: Of a crop.
        hd_num: Small pictures are enlarged to about so many crops; large ones keep their size at least, whatever it is.
        training: The division that the released training code uses.
        max_crops: Most crops of the grid that are allowed, if any: larger pictures are reduced.
    """
    transposed = width < height
    wide, high = max(width, height), min(width, height)
    ratio = wide / high
    columns = 1
    while (columns + 1) * math.ceil((columns + 1) / ratio) <= hd_num:
        columns += 1
    enough, least = math.ceil(wide * TRAINING_ENLARGEMENT / side), wide // side
    columns = min(enough, columns) if training else max(least, columns)
    while max_crops is not None and columns > 1 and columns * _rows(columns, ratio, side) > max_crops:
        columns -= 1
    rows = _rows(columns, ratio, side)
    scaled = (columns * side, _scaled_height(columns, ratio, side))
    grid = (columns, rows) if transposed else (rows, columns)
    return Division(*grid, scaled=scaled, side=side, transposed=transposed, centred=training)


def _scaled_height(columns: int, ratio: float, side: int) -> int:
    return max(int(columns * side / ratio), 1)  # a line of pixels stays one


def _rows(columns: int, ratio: float, side: int) -> int:
    return math.ceil(_scaled_height(columns, ratio, side) / side)


def padded(picture: NDArray[np.uint8], division: Division) -> NDArray[np.uint8]:
    """The picture scaled and padded with white to (rows * side, cols * side, 3)."""
    landscape = picture.transpose(1, 0, 2) if division.transposed else picture
    if division.scaled != landscape.shape[1::-1]:
        image = Image.fromarray(np.ascontiguousarray(landscape))
        landscape = np.asarray(image.resize(division.scaled, Image.Resampling.BILINEAR))
    missing = -len(landscape) % division.side
    above = missing // 2 if division.centred else 0
    filled = np.pad(landscape, ((above, missing - above), (0, 0), (0, 0)), constant_values=WHITE)
    return np.ascontiguousarray(filled.transpose(1, 0, 2) if division.transposed else filled)


def crops(picture: NDArray[np.uint8], division: Division) -> Tensor:
    """What the vision encoder sees of a padded picture.

    Returns:
        (crops, 3, side, side) float32, normalised: first the whole picture, then the grid row by row.
    """
    side = division.side
    pixels = torch.from_numpy(picture).permute(2, 0, 1).float() / 255
    pixels = (pixels - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    # Bicubic without antialiasing, of the normalised picture: as released.
    whole = F.interpolate(pixels[None], (side, side), mode="bicubic", align_corners=False)
    grid = pixels.unfold(1, side, side).unfold(2, side, side)  # 3, rows, cols, side, side
    return torch.cat([whole, grid.permute(1, 2, 0, 3, 4).reshape(-1, 3, side, side)])
