"""What ``geopix ask`` keeps of an answer until it is written: a list in memory, or a file in the journal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyproj import CRS

from geopix_model.predictor import Predictor
from geopix_qgis.protocol import DoneEvent, Event, RegionEvent

from .batches import BATCH, SCHEMA, batches
from .export import write_batches
from .journal import Journal, beside
from .question import Question
from .raster import Tile
from .raster_scene import Scene
from .work import Job

SPOOL = "regions.arrow"


class Kept:
    """Takes the events of one answer.

    Args:
        journal: Of a large raster whose answer is to be written; its regions go to a file in it.
        many: Whether the regions may be too many for memory.

    Attributes:
        regions: Those in memory.
        stopped: Whether the answer ended before its time.
    """

    def __init__(self, journal: Journal | None, *, many: bool) -> None:
        self.journal, self._many = journal, many
        self.regions: list[RegionEvent] = []
        self.stopped = False
        self._spool: Any = pa.ipc.new_stream(journal.folder / SPOOL, SCHEMA) if journal is not None else None

    @classmethod
    def of(
        cls, tile: Tile | Scene, question: Question, predictor: Predictor, target: Path | None, *, overwrite: bool
    ) -> Kept:
        """For an answer about a tile; that about a scene with a target is kept beside the target, to be resumed.

        Raises:
            JournalError: If what is there belongs to another question and ``overwrite`` is False.
        """
        if not isinstance(tile, Scene) or target is None:
            return cls(None, many=isinstance(tile, Scene))
        return cls(Journal(beside(target), Job.of(tile, question, predictor), anew=overwrite), many=True)

    def take(self, event: Event) -> None:
        """Keeps what belongs into a file."""
        if isinstance(event, DoneEvent):
            self.stopped = event.stopped
        elif isinstance(event, RegionEvent) and (self._spool is not None or not self._many):
            self.regions.append(event)
            if self._spool is not None and len(self.regions) >= BATCH:
                self._flush()

    def write(self, target: Path, crs: CRS | None, *, overwrite: bool) -> None:
        """Writes the regions; then the journal of a whole answer goes.

        Raises:
            ExportError: If that fails; the journal then stays.
        """
        going_on = self.journal is not None and self.journal.resumed
        write_batches(target, self._batches(), crs, overwrite=overwrite or going_on)
        if self.journal is not None:
            self.journal.close() if self.stopped else self.journal.remove()

    def _batches(self) -> Iterator[pa.RecordBatch]:
        if self.journal is None:
            yield from batches(self.regions)
            return
        self._flush()
        self._spool.close()
        with pa.OSFile(str(self.journal.folder / SPOOL)) as file, pa.ipc.open_stream(file) as stream:
            yield from stream

    def _flush(self) -> None:
        for batch in batches(self.regions):
            self._spool.write_batch(batch)
        self.regions = []
