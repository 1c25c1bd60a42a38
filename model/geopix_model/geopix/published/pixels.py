"""From an image to what CLIP reads, and back from what the model says to places in the image.

The model sees a square.  ``released`` framing is that of the published code: the centre square is seen, and the mask of
it is then stretched over the whole image, which puts it in the wrong place unless the image is square.  ``whole``
framing pads the image to a square with the mean colour, so that nothing is lost and everything lands where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPImageProcessorPil

from ...checkpoint_files import read_json
from ...errors import CheckpointError
from .boxes import PercentBox

Framing = Literal["released", "centre", "whole"]
OFF = -8.0  # logit of what the model has not seen: a probability of 0.03 %


@dataclass(frozen=True)
class Frame:
    """The square that the model sees, in pixels of a (height, width) image; it may reach beyond the image.

    Attributes:
        top, left, side: Of the square.
        stretched: Whether masks and boxes are taken to be about the whole image, as the released code does.
    """

    height: int
    width: int
    top: int
    left: int
    side: int
    stretched: bool = False

    @classmethod
    def of(cls, height: int, width: int, framing: Framing) -> Frame:
        """The square of an image: its centre (``released``, ``centre``), or all of it (``whole``)."""
        side = max(height, width) if framing == "whole" else min(height, width)
        return cls(height, width, (height - side) // 2, (width - side) // 2, side, framing == "released")

    def place(self, logits: Tensor) -> Tensor:
        """Logits (N, h, w) of the square as (N, height, width) of the image; ``OFF`` where the model has not looked."""
        size = (self.height, self.width) if self.stretched else (self.side, self.side)
        whole = F.interpolate(logits[:, None].float(), size, mode="bilinear", align_corners=False)[:, 0]
        if self.stretched:
            return whole
        placed = whole.new_full((len(logits), self.height, self.width), OFF)
        rows, cols = _shared(self.top, self.side, self.height), _shared(self.left, self.side, self.width)
        placed[:, rows, cols] = whole[:, _moved(rows, -self.top), _moved(cols, -self.left)]
        return placed

    def box(self, box: PercentBox) -> tuple[float, float, float, float] | None:
        """(x1, y1, x2, y2) in image pixels, exactly as said; None where nothing of it lies in the image."""
        if self.stretched:
            x1, y1, x2, y2 = map(float, box.released_pixels(self.width, self.height))
        else:
            share = self.side / 100
            x1, y1, x2, y2 = (share * value for value in box.clamped)
            x1, x2 = (min(max(self.left + x, 0.0), float(self.width)) for x in (x1, x2))
            y1, y2 = (min(max(self.top + y, 0.0), float(self.height)) for y in (y1, y2))
        return (x1, y1, x2, y2) if x2 > x1 and y2 > y1 else None


class PixelReader:
    """Images as the checkpoint's ``preprocessor_config.json`` wants them.

    Args:
        processor: Resizes, crops and normalises.
        side: What the image encoder reads.
        channel_order: ``bgr`` for the published weights, whose training never converted OpenCV's order.
    """

    def __init__(self, processor: CLIPImageProcessorPil, side: int, channel_order: Literal["bgr", "rgb"]) -> None:
        self._processor, self.side, self.channel_order = processor, side, channel_order
        mean = processor.image_mean if processor.do_normalize else (0.5, 0.5, 0.5)
        self._pad = np.round(255 * np.asarray(mean)).astype(np.uint8)

    def read(self, image: NDArray[np.uint8], framing: Framing) -> tuple[Tensor, Frame]:
        """Pixels (1, 3, S, S) float32 of an (H, W, 3) uint8 RGB image, and the square that they show."""
        frame = Frame.of(image.shape[0], image.shape[1], framing)
        ordered = image[:, :, ::-1] if self.channel_order == "bgr" else image
        if framing == "whole":
            square = np.broadcast_to(self._pad, (frame.side, frame.side, 3)).copy()
            square[-frame.top :, -frame.left :][: frame.height, : frame.width] = ordered
            ordered = square
        picture = Image.fromarray(np.ascontiguousarray(ordered))
        pixels = self._processor(picture, return_tensors="pt")["pixel_values"]
        return torch.as_tensor(pixels), frame


def read_processor(folder: Path, side: int) -> PixelReader:
    """The pixel reader of a checkpoint folder whose image encoder reads ``side`` pixels.

    Raises:
        CheckpointError: If its config is missing, or does not lead to squares of that side.
    """
    values: dict[str, Any] = read_json(folder / "preprocessor_config.json")
    order = read_json(folder / "config.json").get("channel_order", "bgr")
    if order not in ("bgr", "rgb"):
        raise CheckpointError(f"config.json has channel_order {order!r}, expected 'bgr' or 'rgb'")
    names = {"image_processor_type", "processor_class", "feature_extractor_type"}
    try:
        processor = CLIPImageProcessorPil(**{key: value for key, value in values.items() if key not in names})
        reader = PixelReader(processor, side, order)
        found = reader.read(np.zeros((3 * side // 2, side, 3), np.uint8), "released")[0].shape
    except (TypeError, ValueError, KeyError) as error:
        raise CheckpointError(f"preprocessor_config.json cannot be used ({error}); download it again") from error
    if found != (1, 3, side, side):
        raise CheckpointError(
            f"preprocessor_config.json gives pixels of shape {tuple(found)}, expected sides of {side}"
        )
    return reader


def _shared(start: int, length: int, end: int) -> slice:
    """What a stretch of ``length`` from ``start`` has in common with 0 .. ``end``."""
    return slice(max(start, 0), min(start + length, end))


def _moved(part: slice, by: int) -> slice:
    return slice(part.start + by, part.stop + by)
