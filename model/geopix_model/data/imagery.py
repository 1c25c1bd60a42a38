"""Labelled images in memory: pixels, and one bit for each class and pixel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .label_sets import ID, NAMES, SETS, UNKNOWN, LabelSet


@dataclass
class Labelled:
    """One image with what is known about it.

    Attributes:
        name: Set and file name. source: Its set.
        pixels: (H, W, 3) uint8 RGB.
        present: (H, W) uint32, bit c = class c covers the pixel.
        unknown: (H, W) bool, pixels whose labels are not to be used.
        objects: (class id, (N, 2) float outline in (col, row)) of each object, where a set has them one by one; boxes
            are outlines of four corners.
    """

    name: str
    source: LabelSet
    pixels: NDArray[np.uint8]
    present: NDArray[np.uint32]
    unknown: NDArray[np.bool_]
    objects: list[tuple[int, NDArray[np.float64]]] = field(default_factory=list)

    def mask(self, class_id: int) -> NDArray[np.bool_]:
        """(H, W) pixels of one class."""
        return (self.present >> np.uint32(class_id) & 1).astype(bool)


def read(root: Path, split: str, only: str | None = None) -> Iterator[Labelled]:
    """The images of a split below ``root``, set by set; a set without folders for splits is read whole."""
    for label_set in SETS:
        folder = root / label_set.folder / split
        if not folder.is_dir():  # a set that is not split
            folder = root / label_set.folder
        if (folder / "images").is_dir() and only in (None, label_set.folder):
            yield from {"masks": _masks, "instances": _instances, "boxes": _boxes}[label_set.kind](folder, label_set)


def _pixels(path: Path, scale: float) -> NDArray[np.uint8]:
    image = Image.open(path).convert("RGB")
    if scale != 1.0:
        image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BOX)
    return np.asarray(image)


def _images(folder: Path) -> list[Path]:
    return sorted((folder / "images").iterdir())


def _masks(folder: Path, label_set: LabelSet) -> Iterator[Labelled]:
    codes = {path.stem: path for path in (folder / "masks").iterdir()}
    for path in _images(folder):
        pixels = _pixels(path, label_set.scale)
        image = Image.open(codes[path.stem])
        coded = np.asarray(image.resize(pixels.shape[1::-1], Image.Resampling.NEAREST))
        present = np.zeros(coded.shape, np.uint32)
        for code, class_id in label_set.codes.items():
            present |= (coded == code).astype(np.uint32) << np.uint32(class_id)
        # code 0 of a land-cover map is "unlabelled", of a single-class map "not this class"
        unknown = (coded == UNKNOWN) | ((coded == 0) if len(label_set.codes) > 1 else False)
        yield Labelled(f"{label_set.folder}/{path.name}", label_set, pixels, present, unknown)


def _instances(folder: Path, label_set: LabelSet) -> Iterator[Labelled]:
    coco = json.loads((folder / "instances.json").read_text())
    classes = {c["id"]: ID[c["name"].replace("_", " ")] for c in coco["categories"]}
    by_image: dict[int, list[dict]] = {}
    for annotation in coco["annotations"]:
        by_image.setdefault(annotation["image_id"], []).append(annotation)
    for entry in coco["images"]:
        pixels = _pixels(folder / "images" / entry["file_name"], label_set.scale)
        present = np.zeros(pixels.shape[:2], np.uint32)
        objects = []
        for annotation in by_image.get(entry["id"], []):
            canvas, class_id = Image.new("1", pixels.shape[1::-1]), classes[annotation["category_id"]]
            for ring in annotation["segmentation"]:
                if len(ring) >= 6:
                    scaled = [c * label_set.scale for c in ring]
                    ImageDraw.Draw(canvas).polygon(scaled, fill=1)
                    objects.append((class_id, np.asarray(scaled, float).reshape(-1, 2)))
            present |= np.asarray(canvas).astype(np.uint32) << np.uint32(class_id)
        name = f"{label_set.folder}/{entry['file_name']}"
        yield Labelled(name, label_set, pixels, present, np.zeros(present.shape, bool), objects)


def _boxes(folder: Path, label_set: LabelSet) -> Iterator[Labelled]:
    """A box bounds an object without outlining it: its core is labelled, the rest unknown, outside is not it."""
    boxes = json.loads((folder / "boxes.json").read_text())
    for path in _images(folder):
        pixels = _pixels(path, label_set.scale)
        height, width = pixels.shape[:2]
        core, whole = Image.new("1", (width, height)), Image.new("1", (width, height))
        objects = []
        for _, cx, cy, w, h in boxes.get(path.stem, []):
            ImageDraw.Draw(whole).rectangle(_corners(cx, cy, w * 1.1, h * 1.1, width, height), fill=1)
            core_size = (w * label_set.core, h * label_set.core)
            x0, y0, x1, y1 = _corners(cx, cy, w, h, width, height)
            objects.append((ID[label_set.boxed], np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])))
            ImageDraw.Draw(core).ellipse(_corners(cx, cy, *core_size, width, height), fill=1)
        present = np.asarray(core).astype(np.uint32) << np.uint32(ID[label_set.boxed])
        unknown = np.asarray(whole) & ~np.asarray(core)
        yield Labelled(f"{label_set.folder}/{path.name}", label_set, pixels, present, unknown, objects)


def _corners(cx: float, cy: float, w: float, h: float, width: int, height: int) -> tuple[float, float, float, float]:
    """(x0, y0, x1, y1) in pixels of a box given in shares of the image."""
    return (cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height


def classes_in(image: Labelled, min_px: int = 1) -> dict[int, int]:
    """Class id -> pixels, for the classes with at least ``min_px`` pixels."""
    counts = {c: int(image.mask(c).sum()) for c in range(len(NAMES))}
    return {c: n for c, n in counts.items() if n >= min_px}
