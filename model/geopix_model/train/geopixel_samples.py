"""Which samples a step looks at, and how the model reads them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from ..errors import DataError
from ..geopixel import divider
from ..geopixel.config import GeoPixelConfig
from ..geopixel.divider import Division
from ..geopixel.tokenizer import Tokenizer
from .geopixel_data import Entry
from .geopixel_step import Sample
from .geopixel_text import conversation, header_length, read_ids, targets

Compat = Literal["sane", "published"]


class Samples:
    """The samples of a run, made ready one by one; all are checked at the beginning.

    Args:
        entries: One or more.
        tokenizer: Of the checkpoint.
        config: Of the model.
        hd_num: Crops that small pictures are enlarged to.
        compat: ``sane`` reads and divides pictures as they are when a question is asked, ``published`` as the released
            training code does.

    Raises:
        DataError: If a sample is longer than the model reads.
        CheckpointError: If the tokenizer is none that the released training code could use, for ``published``.
    """

    def __init__(
        self, entries: Sequence[Entry], tokenizer: Tokenizer, config: GeoPixelConfig, hd_num: int, compat: Compat
    ) -> None:
        self.entries, self._tokenizer, self._config, self._hd_num = entries, tokenizer, config, hd_num
        self._published = compat == "published"
        self._header = header_length(tokenizer, published=self._published)
        limit = min(config.max_length, config.language.max_position_embeddings)
        for entry in entries:
            ids, _ = self._read(entry)
            if len(ids) > limit:
                raise DataError(f"{entry.name} takes {len(ids)} positions, the model reads {limit}; lower --hd-num")
            wanted, found = (
                targets(ids, tokenizer, self._header).count(tokenizer.seg),
                len(entry.polygons or entry.runs),
            )
            if wanted != found:
                raise DataError(f"{entry.name} is cut so that {wanted} [SEG] are left for {found} masks; shorten it")

    def __getitem__(self, index: int) -> Sample:
        """A sample with its picture and masks."""
        entry = self.entries[index]
        ids, division = self._read(entry)
        picture = entry.picture()
        masks = entry.masks() if picture is not None else None
        return Sample(entry.name, ids, targets(ids, self._tokenizer, self._header), picture, division, masks)

    def _read(self, entry: Entry) -> tuple[list[int], Division | None]:
        division, tokens = None, list[int]()
        if entry.image is not None:
            side = self._config.crop_side
            division = divider.divide(entry.height, entry.width, side, self._hd_num, training=self._published)
            tokens.append(division.tokens(self._config.tokens_side))
        text = conversation(entry.turns, self._tokenizer, published=self._published)
        return read_ids(self._tokenizer, text, tokens, self._config.max_length, published=self._published), division


class Order:
    """Batches of samples without end: kinds in turn, each kind shuffled anew whenever it was seen once.

    It knows the batch of any number without those before, so that a run that goes on needs nothing but that number.
    """

    def __init__(self, entries: Sequence[Entry], batch: int, seed: int) -> None:
        by_kind: dict[str, list[int]] = {}
        for index, entry in enumerate(entries):
            by_kind.setdefault(entry.kind, []).append(index)
        self._kinds = [by_kind[kind] for kind in sorted(by_kind)]
        self._batch, self._seed = batch, seed

    def __getitem__(self, number: int) -> list[int]:
        """Indices of the samples of a batch, all of one kind."""
        indices = self._kinds[number % len(self._kinds)]
        first = number // len(self._kinds) * self._batch
        return [self._shuffled(indices, n // len(indices))[n % len(indices)] for n in range(first, first + self._batch)]

    def _shuffled(self, indices: list[int], epoch: int) -> list[int]:
        return random.Random(f"{self._seed} {epoch}").sample(indices, len(indices))
