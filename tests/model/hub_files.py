"""Files of a published model, small, and the hub that has them."""

from __future__ import annotations

import json
import struct
from collections.abc import Generator
from pathlib import Path

from geopix_model.hub.access import Hub, Patience
from geopix_model.hub.install import download
from geopix_model.hub.progress import Progress
from geopix_model.hub.sources import GEOPIXEL, Source
from tests.model.fake_hub import FakeHub

QUICK = Patience(tries=3, first_wait_s=0.01, silence_s=10)
PARTS = tuple(f"pytorch_model-0000{part}-of-00003.bin" for part in (1, 2, 3))


def noise(size: int, seed: int) -> bytes:
    """Bytes that no other seed gives."""
    return bytes((i * 31 + (i >> 8) * 17 + seed * 101) % 256 for i in range(size))


def geopixel_files() -> dict[str, bytes]:
    """As MBZUAI/GeoPixel-7B has them, with some that are not wanted."""
    index = {"weight_map": {"a": PARTS[0], "b": PARTS[1], "c": PARTS[2]}}
    return {
        **{part: noise(60_000 + 1000 * number, number) for number, part in enumerate(PARTS)},
        "pytorch_model.bin.index.json": json.dumps(index).encode(),
        "config.json": b'{"hidden_size": 64}',
        "generation_config.json": b"{}",
        "added_tokens.json": b'{"[SEG]": 640}',
        "tokenizer.model": noise(3000, 9),
        "README.md": b"# GeoPixel",
        "modeling_geopixel.py": b"import torch",
        "optimizer.bin": noise(5000, 8),
        ".gitattributes": b"*.bin filter=lfs",
    }


UNWANTED = {"modeling_geopixel.py", "optimizer.bin", ".gitattributes"}


def safetensors(size: int, seed: int = 0) -> bytes:
    """A file with one tensor of ``size`` bytes."""
    header = json.dumps({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    return struct.pack("<Q", len(header)) + header + noise(size, seed)


def fetch_all(
    hub: FakeHub, home: Path, revision: str = "", source: Source = GEOPIXEL, token: str = ""
) -> list[Progress]:
    """All steps of a download."""
    return list(steps(hub, home, revision, source, token))


def steps(
    hub: FakeHub, home: Path, revision: str = "", source: Source = GEOPIXEL, token: str = ""
) -> Generator[Progress, None, None]:
    """A download, step by step."""
    return download(source, home, Hub(hub.endpoint, token), revision, QUICK)


def files_in(folder: Path) -> dict[str, bytes]:
    """Everything below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
