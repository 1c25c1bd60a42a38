"""Predictors that say what a test tells them to, and tiles to ask them about: the one fake of the backend's tests."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Union

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.errors import NotGeoreferencedWarning

from geopix_backend.raster import Tile
from geopix_model.nano.lexicon import CLASSES
from geopix_model.nano.reading import read
from geopix_model.predictor import Mask, Measure, ModelInfo, Piece, Reading, Text

Script = Union[Sequence[Piece], Callable[[NDArray[np.uint8]], Sequence[Piece]]]


class FakePredictor:
    """Answers with the pieces of a script, or with those that a function makes of the window's image.

    Attributes:
        seen: (prompt, history, shape of the image) of each call.
        tasks: What was wanted in each call.
        closed: How many answers were closed before their end.
    """

    def __init__(
        self,
        script: Script,
        *,
        window_px: int = 64,
        overlap_px: int = 16,
        name: str = "fake",
        boxes: bool = False,
        mask_stride_px: int = 1,
        looks_around: bool = False,
    ) -> None:
        self._script = script
        more = {"gives_boxes": boxes, "mask_stride_px": mask_stride_px, "looks_around": looks_around}
        self.info = ModelInfo(name, "r1", window_px, overlap_px, gsd_range_m=(0.0, 1e9), **more)
        self.seen: list[tuple[str, list[tuple[str, str]], tuple[int, ...]]] = []
        self.tasks: list[str] = []
        self.closed = 0

    def answer(
        self, image: NDArray[np.uint8], prompt: str, history: Sequence[tuple[str, str]] = (), task: str = "auto"
    ) -> Iterator[Piece]:
        self.seen.append((prompt, list(history), image.shape))
        self.tasks.append(task)
        try:
            yield from self._script(image) if callable(self._script) else self._script
        except GeneratorExit:
            self.closed += 1
            raise


class FakeSeer(FakePredictor):
    """One that can look ahead.

    Attributes:
        foreseen: Images that it was told of, as bytes.
        surprised: How many images it was asked about without having been told of them.
    """

    def __init__(self, script: Script, *, window_px: int = 64, overlap_px: int = 16) -> None:
        super().__init__(script, window_px=window_px, overlap_px=overlap_px)
        self.foreseen: set[bytes] = set()
        self.surprised = 0

    def foresee(self, image: NDArray[np.uint8]) -> None:
        self.foreseen.add(image.tobytes())

    def answer(
        self, image: NDArray[np.uint8], prompt: str, history: Sequence[tuple[str, str]] = (), task: str = "auto"
    ) -> Iterator[Piece]:
        self.surprised += image.tobytes() not in self.foreseen
        yield from super().answer(image, prompt, history, task)


def mask(inside: NDArray[np.bool_], phrase: str, *, name: str = "", target: int = 0, score: float = 0.9) -> Mask:
    """A mask with logit 4 inside and -4 outside."""
    return Mask(phrase, name, np.where(inside, 4.0, -4.0).astype(np.float32), score, target)


def found(inside: NDArray[np.bool_], phrase: str = "buildings", *, name: str = "building") -> list[Piece]:
    """The answer "There are <count> buildings, <area>." about one mask, cut into small pieces."""
    return [
        Text("There are "),
        Measure("count", 0),
        Text(" "),
        Text(phrase, phrase=True),
        mask(inside, phrase, name=name),
        Text(", "),
        Measure("area", 0),
        Text("."),
    ]


def bright(image: NDArray[np.uint8]) -> list[Piece]:
    """Finds the bright pixels of an image, or says that there is nothing."""
    inside = image[..., 0] > 128
    return found(inside) if inside.any() else [Text("No buildings here.")]


def tile_of(
    inside: NDArray[np.bool_], *, crs: str | None = "EPSG:32633", valid: NDArray[np.bool_] | None = None
) -> Tile:
    """A tile with 1 m pixels that is bright where ``inside`` is true."""
    pixels = np.repeat(np.where(inside, 255, 0).astype(np.uint8)[None], 3, axis=0)
    valid = np.ones(inside.shape, bool) if valid is None else valid
    grid = Affine(1.0, 0.0, 500_000.0, 0.0, -1.0, 5_000_000.0)
    return Tile(pixels, valid, grid, CRS.from_user_input(crs) if crs else None, 1.0 if crs else None, "test tile", ())


def raster_file(path: Path, inside: NDArray[np.bool_], *, crs: str | None = "EPSG:32633") -> Path:
    """A GeoTIFF with the pixels and the grid of ``tile_of``."""
    tile = tile_of(inside, crs=crs)
    profile = {"driver": "GTiff", "width": tile.width, "height": tile.height, "count": 3, "dtype": "uint8"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # wanted, where there is no CRS
        with rasterio.open(path, "w", **profile, crs=crs, transform=tile.transform if crs else None) as file:
            file.write(tile.pixels)
    return path


NAMES = tuple(words.name for words in CLASSES)
Box = tuple[int, int, int, int]


def painted(size: tuple[int, int], boxes: Mapping[str, Sequence[Box]], *, crs: str | None = "EPSG:32633") -> Tile:
    """A tile of (height, width) pixels of 1 m in which ``FakeLister`` finds boxes (row, col, height, width)."""
    tile = tile_of(np.zeros(size, bool), crs=crs)
    for name, places in boxes.items():
        band, bit = divmod(NAMES.index(name), 8)
        for row, col, height, width in places:
            tile.pixels[band, row : row + height, col : col + width] |= 1 << bit
    return tile


class FakeLister:
    """Reads prompts as the embedded model does, and finds the classes of ``painted`` tiles.

    Attributes:
        asked: The prompts of all calls.
        unlikely: Classes that it does not see at a glance.
        scores: Class name -> score of its masks, 0.9 without one.
        logits: Class name -> logit inside, 4 without one.
    """

    def __init__(self, *, window_px: int = 512, names: tuple[str, ...] = NAMES, mask_stride_px: int = 1) -> None:
        more = {"classes": names, "mask_stride_px": mask_stride_px}
        self.info = ModelInfo("fake", "r1", window_px, window_px // 4, gsd_range_m=(0.0, 1e9), **more)
        self.asked: list[str] = []
        self.unlikely: tuple[str, ...] = ()
        self.scores: dict[str, float] = {}
        self.logits: dict[str, float] = {}

    def read(self, prompt: str) -> Reading:
        reading = read(prompt)
        return replace(reading, named=tuple(n for n in reading.named if n.class_name in self.info.classes))

    def likely(self, image: NDArray[np.uint8]) -> Mapping[str, float]:
        return {name: 0.0 if name in self.unlikely else 1.0 for name in self.info.classes}

    def answer(
        self, image: NDArray[np.uint8], prompt: str, history: Sequence[tuple[str, str]] = (), task: str = "auto"
    ) -> Iterator[Piece]:
        self.asked.append(prompt)
        reading = self.read(prompt)
        for target, thing in enumerate(reading.named):
            band, bit = divmod(NAMES.index(thing.class_name), 8)
            inside = (image[..., band] >> bit & 1) > 0
            if not inside.any():
                yield Text(f"No {thing.plural} are visible here. ")
                continue
            yield from (Text("The "), Text(thing.plural, phrase=True))
            found = mask(inside, thing.plural, name=thing.class_name, target=target)
            logits = np.where(inside, self.logits.get(thing.class_name, 4.0), -4.0).astype(np.float32)
            score = self.scores.get(thing.class_name, 0.9)
            stride = self.info.mask_stride_px
            yield replace(found, countable=thing.countable, score=score, logits=logits[::stride, ::stride])
            yield Text(" are here. ")
        if not reading.named:
            yield Text(f'I do not know "{reading.unknown}".')
