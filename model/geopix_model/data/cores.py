"""Cores of single objects: the part of an object that is well inside it, which keeps touching objects apart.

A core is where the distance to the object's edge is at least ``CORE_FROM`` of the largest such distance: the middle of
a court, the fuselage of a plane.  It depends neither on the size nor on the resolution.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from ..nano.lexicon import CLASSES
from .imagery import Labelled

CORE_FROM = 0.4
BOX_CORE, BOX_EDGE = (
    0.6,
    0.85,
)  # ellipses: core within that share of the box's sure part, no core outside this of the box
SMALLEST_PX = 6  # label pixels; a smaller object has no core to learn

Bools = NDArray[np.bool_]


def cores(
    image: Labelled, present: NDArray[np.uint32], frame: tuple[float, float, float]
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Core bits and unknown-core bits, (h, w) uint32 each, of the countable classes on the label grid of a crop.

    Args:
        image: The whole image. present: (h, w) class bits of the crop.
        frame: (top, left, label pixels per image pixel) of the crop.
    """
    core, unknown = np.zeros_like(present), np.zeros_like(present)
    if image.source.kind == "boxes":
        _boxes(image, frame, core, unknown)
        return core, unknown
    for class_id, mask in _objects(image, present, frame):
        inner, unsure = _core(mask)
        core |= inner.astype(np.uint32) << np.uint32(class_id)
        unknown |= unsure.astype(np.uint32) << np.uint32(class_id)
    return core, unknown & ~core


def _objects(
    image: Labelled, present: NDArray[np.uint32], frame: tuple[float, float, float]
) -> Iterator[tuple[int, Bools]]:
    """Each object in the crop: drawn one by one where the set has outlines, else the connected parts of the mask."""
    if image.source.kind == "instances":
        for class_id, outline in image.objects:
            if CLASSES[class_id].countable:
                yield class_id, _drawn(outline, frame, present.shape)
        return
    for class_id in image.source.labelled:
        if CLASSES[class_id].countable:
            labels, count = ndimage.label(present >> np.uint32(class_id) & 1)
            for number in range(1, count + 1):
                yield class_id, labels == number


def _drawn(outline: NDArray[np.float64], frame: tuple[float, float, float], shape: tuple[int, ...]) -> Bools:
    top, left, scale = frame
    canvas = Image.new("1", (shape[1], shape[0]))
    ImageDraw.Draw(canvas).polygon([((x - left) * scale, (y - top) * scale) for x, y in outline], fill=1)
    return np.asarray(canvas)


def _core(mask: Bools) -> tuple[Bools, Bools]:
    """The core of one object, and the other parts that are as deep (they are neither core nor edge)."""
    inner, unsure = np.zeros_like(mask), np.zeros_like(mask)
    if mask.sum() < SMALLEST_PX:
        return inner, mask
    box = ndimage.find_objects(mask.astype(np.uint8))[0]
    box = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in box)
    depth = ndimage.distance_transform_edt(mask[box])  # what lies beyond the crop counts as inside
    deep, count = ndimage.label(depth >= max(CORE_FROM * depth.max(), 1.0))
    if count:
        sizes = np.bincount(deep.ravel())[1:]
        inner[box] = deep == 1 + sizes.argmax()
        unsure[box] = (deep > 0) & ~inner[box]
    return inner, unsure


def _boxes(
    image: Labelled, frame: tuple[float, float, float], core: NDArray[np.uint32], unknown: NDArray[np.uint32]
) -> None:
    top, left, scale = frame
    size = (core.shape[1], core.shape[0])
    for class_id, corners in image.objects:
        (x0, y0), (x1, y1) = (corners.min(0) - (left, top)) * scale, (corners.max(0) - (left, top)) * scale
        for share, bits in ((BOX_CORE * image.source.core, core), (BOX_EDGE, unknown)):
            dx, dy = (x1 - x0) * (1 - share) / 2, (y1 - y0) * (1 - share) / 2
            canvas = Image.new("1", size)
            ImageDraw.Draw(canvas).ellipse((x0 + dx, y0 + dy, x1 - dx, y1 - dy), fill=1)
            bits |= np.asarray(canvas).astype(np.uint32) << np.uint32(class_id)
    unknown &= ~core
