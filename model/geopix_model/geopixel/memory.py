"""What is kept of the pictures that were asked about: a second question reads only what is new in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from .generation import CachedReader
from .segmenter import SamFeatures


@dataclass
class Remembered:
    """One picture.

    Attributes:
        reader: Has read the picture, and the last conversation about it.
        features: For masks, once one was needed.
    """

    reader: CachedReader
    features: SamFeatures | None = None

    @property
    def nbytes(self) -> int:
        """Memory that it holds."""
        features = self.features.tensors if self.features is not None else ()
        return sum(tensor.untyped_storage().nbytes() for tensor in (*self.reader.tensors, *features))


class PictureMemory:
    """Pictures by their key, up to a number of bytes.

    Args:
        limit_bytes: Of all that is kept.
        blank: Makes what is remembered of a new picture: nothing yet.
    """

    def __init__(self, limit_bytes: int, blank: Callable[[], Remembered]) -> None:
        self._limit, self._blank = limit_bytes, blank
        self._kept: dict[bytes, Remembered] = {}
        self._chance = Random(0)

    @property
    def nbytes(self) -> int:
        """Memory that all of it holds."""
        return sum(remembered.nbytes for remembered in self._kept.values())

    @contextmanager
    def of(self, key: bytes) -> Iterator[Remembered]:
        """What is remembered of a picture, lent to one question; an error inside forgets it, stopping does not."""
        remembered = self._kept.pop(key, None) or self._blank()
        try:
            yield remembered
        except GeneratorExit:
            self._keep(key, remembered)
            raise
        self._keep(key, remembered)

    def _keep(self, key: bytes, remembered: Remembered) -> None:
        self._kept[key] = remembered
        while self._kept and self.nbytes > self._limit:
            # Any of the older ones: the windows of an area come in the same order at each question, so that the oldest
            # would be the very next one to be looked at again.
            older = list(self._kept)[:-1] or [key]
            del self._kept[self._chance.choice(older)]
