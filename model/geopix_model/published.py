"""The published models: what is known of them without their files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .entry import Entry, Published
from .fitting import needed_bytes
from .footprint import BFLOAT16, GEOPIX_7B, GEOPIXEL_7B, Footprint
from .hub.sources import GEOPIX, GEOPIXEL, GEOPIXEL_RES, Source

# A picture of any size below 2,240 pixels is seen as up to 9, 4 or 1 crops of 560 pixels, and once as a whole.
GEOPIXEL_TOKENS = (4081, 2061, 841)
GEOPIX_TOKENS = (1024,)
FLOAT32 = 4  # bytes of the class-wise memory in its file
IMAGES = "the images that it was trained on have terms of their own"


def published_entries(home: Path) -> tuple[Entry, ...]:
    """The published models, whose files are or would be in folders of ``home``."""
    geopixel: dict[str, Any] = {
        # As many pixels as the masks are decoded for (1,024 squared), so that outlines are as fine as can be.
        "window_px": 1120,
        "overlap_px": 186,
        "gsd_range_m": (0.1, 30.0),  # of the image sets that its training data were made from
        "cannot": "It looks at one window at a time and counts poorly; small things may be missed or made up.",
        "family": "geopixel",
    }
    return (
        _entry(
            home,
            GEOPIXEL,
            GEOPIXEL_7B,
            GEOPIXEL_TOKENS,
            GEOPIXEL_7B.everything * BFLOAT16,
            title="GeoPixel 7B (published)",
            description="Describes a picture and outlines what it names, in free words; wants a GPU.",
            licence=f"Apache-2.0; {IMAGES} (DOTA, iSAID: academic use only)",
            **geopixel,
        ),
        _entry(
            home,
            GEOPIXEL_RES,
            GEOPIXEL_7B,
            GEOPIXEL_TOKENS,
            GEOPIXEL_7B.everything * BFLOAT16,
            title="GeoPixel 7B RES (published)",
            description="Outlines one thing that is described in words, as 'the ship at the left pier'; wants a GPU.",
            licence=f"Apache-2.0; {IMAGES} (DIOR: CC BY-NC 4.0)",
            **geopixel,
        ),
        _entry(
            home,
            GEOPIX,
            GEOPIX_7B,
            GEOPIX_TOKENS,
            GEOPIX_7B.live * BFLOAT16 + GEOPIX_7B.dead * FLOAT32,
            title="GeoPix 7B (published)",
            description="Outlines, boxes, descriptions and answers, in free words; wants a GPU.",
            licence=f"code MIT, decoder derived from Llama (its community licence); {IMAGES} (DIOR: CC BY-NC 4.0)",
            window_px=448,
            overlap_px=64,
            gsd_range_m=(0.1, 30.0),
            cannot="It looks at one window at a time: 'the largest' and 'in the north' are meant within each.",
            family="geopix",
        ),
    )


def _entry(
    home: Path, source: Source, weights: Footprint, tokens: tuple[int, ...], download_bytes: int, **facts: Any
) -> Entry:
    return Entry(
        name=source.name,
        parameters=weights.live,
        memory_bytes=needed_bytes(weights, "bf16", "bf16", staged=False, tokens=tokens[0]),
        folder=home / source.name,
        published=Published(source, weights, tokens, download_bytes),
        **facts,
    )
