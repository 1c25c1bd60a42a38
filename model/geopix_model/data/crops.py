"""Training crops: balanced over classes, centred on objects, augmented."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from .cores import cores
from .imagery import Labelled, classes_in
from .label_sets import ID

LABEL_STRIDE = 2
PRESENT_PX = 12  # label pixels (of stride 2) from which a class counts as there
PADDING = 127  # what a window is filled up with, in training as at inference
SCALES = (0.5, 2.0)


@dataclass
class Crop:
    """One model-sized image with its labels.

    Attributes:
        pixels: (3, S, S) float32 RGB 0..255.
        present: (S / 2, S / 2) uint32 class bits. unknown: (S / 2, S / 2) bool.
        cores, vague: (S / 2, S / 2) uint32 class bits: cores of single objects, and where no core is known.
        known: class id -> "present" | "absent", for the classes about which it may be asked.
        share: class id -> label pixels.
    """

    pixels: Tensor
    present: NDArray[np.uint32]
    unknown: NDArray[np.bool_]
    cores: NDArray[np.uint32]
    vague: NDArray[np.uint32]
    known: dict[int, str]
    share: dict[int, int]

    def target(self, class_id: int) -> tuple[Tensor, Tensor]:
        """(S/2, S/2) float mask of a class, and the float weight of its pixels."""
        return _bit(self.present, class_id), torch.from_numpy((~self.unknown).astype(np.float32))

    def core(self, class_id: int) -> tuple[Tensor, Tensor]:
        """The same of the cores of a class."""
        return _bit(self.cores, class_id), 1 - _bit(self.vague, class_id)


def _bit(bits: NDArray[np.uint32], class_id: int) -> Tensor:
    return torch.from_numpy((bits >> np.uint32(class_id) & 1).astype(np.float32))


class CropSource:
    """Draws crops of ``size`` pixels: a set by its weight, a class in it evenly, an image with that class."""

    def __init__(self, images: Sequence[Labelled], size: int) -> None:
        self.size = size
        self.by_set: dict[str, dict[int, list[Labelled]]] = {}
        self.weights: dict[str, float] = {}
        for image in images:
            of_class = self.by_set.setdefault(image.source.folder, {})
            self.weights[image.source.folder] = image.source.weight
            for class_id in classes_in(image, 20) or {-1: 0}:
                of_class.setdefault(class_id, []).append(image)

    def draw(self, rng: random.Random) -> Crop:
        """A fresh crop."""
        of_class = self.by_set[rng.choices(list(self.weights), list(self.weights.values()))[0]]
        class_id = rng.choice(list(of_class))
        image = rng.choice(of_class[class_id])
        return cut(image, self.size, rng, class_id if class_id >= 0 and rng.random() < 0.75 else None)


def cut(image: Labelled, size: int, rng: random.Random, around: int | None) -> Crop:
    """A random square of the image at a random scale, near a pixel of class ``around`` if given."""
    side = round(size / np.exp(rng.uniform(np.log(SCALES[0]), np.log(SCALES[1]))))
    height, width = image.present.shape
    row, col = rng.randrange(height), rng.randrange(width)
    if around is not None:
        rows, cols = np.nonzero(image.mask(around))
        pick = rng.randrange(len(rows))
        row, col = int(rows[pick]), int(cols[pick])
    top, left = (
        _start(at + rng.randint(-side // 3, side // 3), side, length) for at, length in ((row, height), (col, width))
    )
    pixels, inside = _pixels(image.pixels, top, left, side, size)
    grid = ((np.arange(size // LABEL_STRIDE) + 0.5) * side * LABEL_STRIDE / size).astype(int)
    rows, cols = np.clip(top + grid, 0, height - 1), np.clip(left + grid, 0, width - 1)
    present, unknown = image.present[np.ix_(rows, cols)], image.unknown[np.ix_(rows, cols)]
    outside = ~inside[LABEL_STRIDE // 2 :: LABEL_STRIDE, LABEL_STRIDE // 2 :: LABEL_STRIDE]
    present = np.where(outside, np.uint32(0), present)
    inner, vague = cores(image, present, (top, left, size / (LABEL_STRIDE * side)))
    turns, flip = rng.randrange(4), rng.random() < 0.5
    present, unknown, inner, vague = (_turn(x, turns, flip) for x in (present, unknown & ~outside, inner, vague))
    pixels = torch.rot90(pixels, turns, (1, 2))
    pixels = jitter(pixels.flip(2) if flip else pixels, rng)
    return Crop(pixels, present, unknown, inner, vague, *_known(image, present, unknown))


def _start(centre: int, side: int, length: int) -> int:
    return (length - side) // 2 if side >= length else min(max(centre - side // 2, 0), length - side)


def _turn(x: NDArray, turns: int, flip: bool) -> NDArray:
    x = np.rot90(x, turns)
    return np.ascontiguousarray(x[:, ::-1] if flip else x)


def _pixels(image: NDArray[np.uint8], top: int, left: int, side: int, size: int) -> tuple[Tensor, NDArray[np.bool_]]:
    """The square, resized to ``size`` (3, size, size), and where the image covers it."""
    height, width = image.shape[:2]
    square = np.full((side, side, 3), PADDING, np.uint8)
    covered = np.zeros((side, side), bool)
    r0, c0, r1, c1 = max(top, 0), max(left, 0), min(top + side, height), min(left + side, width)
    square[r0 - top : r1 - top, c0 - left : c1 - left] = image[r0:r1, c0:c1]
    covered[r0 - top : r1 - top, c0 - left : c1 - left] = True
    tensor = torch.from_numpy(square).permute(2, 0, 1)[None].float()
    tensor = F.interpolate(tensor, (size, size), mode="bilinear", align_corners=False, antialias=side > size)
    index = ((np.arange(size) + 0.5) * side / size).astype(int)
    return tensor[0], covered[np.ix_(index, index)]


def jitter(pixels: Tensor, rng: random.Random) -> Tensor:
    """Other light, season, air and sensor: gamma, contrast, haze, colour gains, now and then grey, noise or JPEG."""
    x = (pixels / 255).clamp(0, 1) ** float(np.exp(rng.uniform(-0.3, 0.3)))
    mean = x.mean()
    x = (x - mean) * rng.uniform(0.7, 1.3) + mean + rng.uniform(-0.1, 0.1)
    cast = 0.25 if rng.random() < 0.15 else 0.08
    x = x * torch.tensor([1 + rng.uniform(-cast, cast) for _ in range(3)])[:, None, None]
    if rng.random() < 0.12:
        haze = rng.uniform(0.1, 0.45)
        x = x * (1 - haze) + haze * rng.uniform(0.65, 0.95)
    if rng.random() < 0.06:
        x = x.mean(0, keepdim=True).expand(3, -1, -1)
    if rng.random() < 0.15:
        x = x + torch.randn_like(x) * rng.uniform(0.005, 0.03)
    x = (x * 255).clamp(0, 255).contiguous()
    return _compressed(x, rng.randint(30, 75)) if rng.random() < 0.12 else x


def _compressed(pixels: Tensor, quality: int) -> Tensor:
    """(3, S, S) as a JPEG file gives it back."""
    file = io.BytesIO()
    Image.fromarray(pixels.byte().permute(1, 2, 0).numpy()).save(file, "JPEG", quality=quality)
    return torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1).float()


def _known(
    image: Labelled, present: NDArray[np.uint32], unknown: NDArray[np.bool_]
) -> tuple[dict[int, str], dict[int, int]]:
    known, share = {ID[name]: "absent" for name in image.source.excluded}, {}
    for class_id in image.source.labelled:
        pixels = int((present >> np.uint32(class_id) & 1).sum())
        if pixels >= PRESENT_PX:
            known[class_id], share[class_id] = "present", pixels
        elif pixels == 0 and unknown.mean() < 0.3:
            known[class_id] = "absent"
    return known, share
