"""Conversations with grounded phrases, read from files like those of GeoPixelD and checked before anything is trained.

A folder holds JSON files, each a list of samples::

    {"image": "harbor.png",
     "conversations": [{"from": "user", "value": "Outline the ships."},
                       {"from": "assistant", "value": "Here is <p> a ship </p> [SEG]."}],
     "polygons": [[[[10, 20], [90, 20], [90, 60]]]]}

``polygons`` has for each [SEG] a list of polygons, each a list of (x, y) pixels; ``segmentation`` instead has for each
[SEG] the run lengths of COCO.  ``image`` is relative to the file, or missing for a conversation without a picture.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, UnidentifiedImageError

from ..errors import DataError
from ..geopixel.tokenizer import IMAGE_HERE, SEG, TURN_END, TURN_START
from . import rle
from .geopixel_text import END

ASKING, ANSWERING = ("user", "human"), ("assistant", "gpt")
EIGHT_BITS = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "LAB"}


@dataclass(frozen=True, eq=False)
class Entry:
    """One sample of the files.

    Attributes:
        name: File and number, for messages.
        turns: (question, answer) pairs.
        image: Its picture, if any.
        height, width: Of the picture in pixels, 0 without one.
        polygons: Of each [SEG], as the file has them; or
        runs: Run-length objects.
    """

    name: str
    turns: tuple[tuple[str, str], ...]
    image: Path | None
    height: int
    width: int
    polygons: list[Any]
    runs: list[Any]

    @property
    def kind(self) -> Literal["grounding", "picture", "text"]:
        """Kinds are trained on in turn."""
        return "text" if self.image is None else "grounding" if self.polygons or self.runs else "picture"

    def picture(self) -> NDArray[np.uint8] | None:
        """(H, W, 3) RGB, if it has one.

        Raises:
            DataError: If the file is damaged.
        """
        if self.image is None:
            return None
        try:
            with Image.open(self.image) as image:
                return np.array(image.convert("RGB"))
        except (OSError, ValueError, SyntaxError) as error:
            raise DataError(
                f"the picture {self.image} of {self.name} cannot be read ({error}); write it anew"
            ) from error

    def masks(self) -> NDArray[np.bool_]:
        """(K, H, W), one for each [SEG]."""
        shape = (self.height, self.width)
        found = [_filled(polygons, *shape) for polygons in self.polygons]
        found += [rle.decode(runs, *shape) for runs in self.runs]
        return np.stack(found) if found else np.zeros((0, *shape), bool)


def read(folder: Path) -> list[Entry]:
    """All samples of a folder.

    Raises:
        DataError: If there are none, or one cannot be used; the message names it.
    """
    files = sorted(folder.glob("*.json"))
    if not files:
        raise DataError(f"{folder} has no JSON file of samples; give the folder of a GeoPixelD-like data set")
    entries = [entry for file in files for entry in _of_file(file)]
    if not entries:
        raise DataError(f"the JSON files in {folder} hold no sample")
    return entries


def _of_file(file: Path) -> Iterator[Entry]:
    try:
        samples = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{file} cannot be read as JSON ({error}); write it anew") from error
    if not isinstance(samples, list):
        raise DataError(f"{file} holds no list of samples; see the form in the guide of 'geopix train --help'")
    for number, sample in enumerate(samples):
        try:
            yield _entry(f"{file.name}, sample {number}", sample, file.parent)
        except DataError as error:
            raise DataError(f"{file.name}, sample {number}: {error}") from error


def _entry(name: str, sample: Any, folder: Path) -> Entry:
    if not isinstance(sample, dict):
        raise DataError(f"it is {_short(sample)}, expected an object with image, conversations and polygons")
    turns = tuple(_turns(sample.get("conversations")))
    image, height, width = _image(sample.get("image"), folder)
    polygons, runs = sample.get("polygons") or [], sample.get("segmentation") or []
    if polygons and runs:
        raise DataError("it has both polygons and segmentation, expected one of them")
    masks = polygons or runs
    if not isinstance(masks, list):
        raise DataError(f"its masks are {_short(masks)}, expected a list with one for each {SEG}")
    wanted = sum(answer.count(SEG) for _, answer in turns)
    if len(masks) != wanted:
        raise DataError(f"it has {len(masks)} masks for {wanted} {SEG} in its answers; give one for each")
    if masks and image is None:
        raise DataError("it has masks but no image; name the picture that they belong to")
    for index, phrase in enumerate(polygons):
        _check_polygons(phrase, index, height, width)
    for run in runs:
        rle.decode(run, height, width)
    return Entry(name, turns, image, height, width, list(polygons), list(runs))


def _turns(conversation: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(conversation, list) or not conversation or len(conversation) % 2:
        raise DataError("its conversations are no list of questions and answers in turn")
    texts = []
    for index, turn in enumerate(conversation):
        speaker = ANSWERING if index % 2 else ASKING
        if not isinstance(turn, dict) or turn.get("from") not in speaker or not isinstance(turn.get("value"), str):
            raise DataError(f'turn {index} is {_short(turn)}, expected {{"from": "{speaker[0]}", "value": "text"}}')
        texts.append(turn["value"])
    for question, answer in zip(texts[::2], texts[1::2], strict=True):
        for word in (TURN_END, TURN_START, IMAGE_HERE, END):
            if word in answer or (word in question and word != IMAGE_HERE):
                raise DataError(f"a text holds {word!r}, which has a meaning of its own to the model; remove it")
        if not answer.strip():
            raise DataError("an answer is empty; write what is to be learnt")
        yield question, answer


def _image(value: Any, folder: Path) -> tuple[Path | None, int, int]:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is None or value == [] or value == "":
        return None, 0, 0
    if not isinstance(value, str):
        raise DataError(f"its image is {_short(value)}, expected the name of one picture")
    path = folder / value
    try:
        with Image.open(path) as image:
            mode, (width, height) = image.mode, image.size
    except (OSError, ValueError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise DataError(f"its picture {path} cannot be opened ({error})") from error
    if mode not in EIGHT_BITS:
        raise DataError(f"its picture {path} has pixels of type {mode}, expected 8-bit RGB; convert it first")
    return path, height, width


def _check_polygons(phrase: Any, index: int, height: int, width: int) -> None:
    if not isinstance(phrase, list) or not phrase:
        raise DataError(f"mask {index} is {_short(phrase)}, expected a list of polygons")
    seen = False
    for polygon in phrase:
        if not isinstance(polygon, list) or len(polygon) < 3 or not all(_is_point(point) for point in polygon):
            raise DataError(f"mask {index} has the polygon {_short(polygon)}, expected three or more points [x, y]")
        x, y = [point[0] for point in polygon], [point[1] for point in polygon]
        seen |= max(x) >= 0 and min(x) < width and max(y) >= 0 and min(y) < height
    if not seen:
        raise DataError(f"mask {index} lies outside of its picture of {width} x {height} pixels")


def _is_point(point: Any) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(isinstance(value, int | float) and math.isfinite(value) and abs(value) < 2**31 for value in point)
    )


def _filled(polygons: list[Any], height: int, width: int) -> NDArray[np.bool_]:
    """(H, W) of what polygons cover together; points are cut to whole pixels, and edges belong to the inside."""
    image = Image.new("1", (width, height))
    draw = ImageDraw.Draw(image)
    for polygon in polygons:
        draw.polygon([(int(x), int(y)) for x, y in polygon], fill=1, outline=1)
    return np.array(image)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
