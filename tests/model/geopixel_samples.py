"""A little data set of two synthetic pictures, in the form that GeoPixel is trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PIL import Image

from geopix_model.parity.pictures import synthetic

RED = [[16, 18], [42, 18], [42, 29], [16, 29]]  # the rectangle in the 130 x 90 picture


def samples() -> list[dict[str, Any]]:
    """Three samples: polygons, run lengths, and a conversation without a mask."""
    return [
        {
            "image": "first.png",
            "conversations": [
                {"from": "user", "value": "<ImageHere>\nSegment the red car."},
                {"from": "assistant", "value": "Sure, <p> the red car </p> [SEG] and a boat [SEG]."},
            ],
            "polygons": [[RED], [[[65, 45], [97, 45], [97, 59], [65, 59]]]],
        },
        {
            "image": ["second.png"],
            "conversations": [
                {"from": "user", "value": "Segment the buildings."},
                {"from": "assistant", "value": "It is here [SEG]."},
            ],
            "segmentation": [{"size": [120, 80], "counts": [30, 20, 120 * 80 - 50]}],
        },
    ]


def write(folder: Path, content: Any = None) -> Path:
    """The folder with its pictures and one JSON file."""
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(synthetic(130, 90)).save(folder / "first.png")
    Image.fromarray(synthetic(80, 120)).save(folder / "second.png")
    (folder / "samples.json").write_text(json.dumps(samples() if content is None else content))
    return folder
