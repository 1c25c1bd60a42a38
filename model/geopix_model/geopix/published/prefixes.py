"""Keys and values that the decoder has computed for a picture, for the next question about it.

The ids up to the last ``<image>`` are the same for every question on a picture, and those of earlier turns for the next
one: only what differs is read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transformers import DynamicCache

KEPT_BYTES = 1 << 30  # at published size one picture takes about 0.55 GB in bfloat16


class Prefixes:
    """Caches by picture; the ones used least recently go first.

    Args:
        kept_bytes: What all of them may take; one is kept in any case.
    """

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._limit = kept_bytes
        self._kept: dict[bytes, tuple[list[int], DynamicCache]] = {}

    def take(self, picture: bytes, ids: Sequence[int], image_end: int) -> tuple[DynamicCache, int]:
        """A cache for ``ids`` that nobody else holds now, and how many of the first ids it has read already.

        Args:
            picture: What the image tokens show.
            image_end: Number of ids up to the last ``<image>``; less than that is of no use.
        """
        known, cache = self._kept.pop(picture, ([], DynamicCache()))
        common = 0
        for mine, theirs in zip(known, ids[:-1], strict=False):  # the last id must be read to get a state
            if mine != theirs:
                break
            common += 1
        if common < image_end:
            return DynamicCache(), 0
        if common < len(known):
            cache.crop(common - len(known))
        return cache, common

    def give(self, picture: bytes, ids: Sequence[int], cache: DynamicCache) -> None:
        """Keeps a cache that has read a beginning of ``ids``."""
        self._kept[picture] = list(ids[: cache.get_seq_length()]), cache
        while len(self._kept) > 1 and sum(_bytes(cache) for _, cache in self._kept.values()) > self._limit:
            del self._kept[next(iter(self._kept))]


def _bytes(cache: DynamicCache) -> int:
    layers: list[Any] = cache.layers
    return sum(part.numel() * part.element_size() for layer in layers for part in (layer.keys, layer.values))
