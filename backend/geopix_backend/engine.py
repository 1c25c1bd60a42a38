"""START HERE.  A question about a tile goes in; text and georeferenced polygons come out, as they become known.

A tile is cut into windows (``tiling``), each window is shown to the predictor, the logits of each target are blended on
a ``canvas``, finished areas become polygons (``components``, ``findings``), and the sentences of the answer are told
only once their polygons are known (``sentences``, ``wording``, ``telling``).  docs/architecture.md has the five steps.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from geopix_model.predictor import Mask, Piece, Predictor
from geopix_qgis.protocol import DoneEvent, Event, ProgressEvent, TextEvent, TileEvent

from . import qualifiers, tiling
from .canvas import OFF, Canvas, Floats, to_window
from .components import Component, components, drawn
from .findings import Findings
from .identify import Identifier, asks_what
from .question import Question
from .raster import Tile
from .sentences import Assembler, Sentence
from .telling import Teller, merge
from .wording import NOTHING

LIMITED = "the chosen area"
_STOPPED = "Stopped before anything was found."


def never() -> bool:
    """The answer of a question that nobody can cancel."""
    return False


class Engine:
    """Asks one predictor about whole tiles.  One question at a time."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def ask(self, tile: Tile, question: Question, cancelled: Callable[[], bool] = never) -> Iterator[Event]:
        """The events of one answer: a ``TileEvent``, then progress, regions and text, then a ``DoneEvent``.

        Args:
            tile: What is looked at.
            question: What is asked.
            cancelled: Asked between the pieces of the model's answer; once true, the answer ends with what was found.

        Raises:
            GeoPixError: If the predictor cannot answer.
        """
        names = asks_what(question.prompt) and self._predictor.info.classes
        predictor = Identifier(self._predictor) if names else self._predictor
        return _Answer(predictor, tile, question, cancelled).events()


class _Answer:
    """One question on its way through the windows."""

    def __init__(self, predictor: Predictor, tile: Tile, question: Question, cancelled: Callable[[], bool]) -> None:
        self._predictor, self._tile, self._question, self._cancelled = predictor, tile, question, cancelled
        info = predictor.info
        self._windows = tiling.windows(tile.height, tile.width, info.window_px, info.overlap_px)
        self._findings = Findings(tile, question, info)
        self._teller = Teller(LIMITED if question.limited else "")
        # The points of the compass are those of the raster's axes: a rotated raster has its own north.
        self._qualifiers = qualifiers.parse(
            question.prompt, north_up=tile.transform.e < 0, east_right=tile.transform.a > 0
        )
        self._lists = isinstance(predictor, Identifier)  # of a class that nobody asked for, "none found" is not said
        self._done, self._stopped = 0, False

    def events(self) -> Iterator[Event]:
        """All events, in order."""
        began, tile = time.monotonic(), self._tile
        crs = tile.crs.to_wkt() if tile.crs is not None else ""
        yield TileEvent(
            crs, tile.width, tile.height, tile.gsd_m, len(self._windows), self._findings.model, tuple(tile.warnings)
        )
        yield self._progress()
        yield from self._one() if len(self._windows) == 1 else self._many()
        yield from self._teller.finish(self._findings.facts, empty=_STOPPED if self._stopped else NOTHING)
        yield DoneEvent(
            answer=self._teller.answer,
            regions=self._findings.regions,
            windows_done=self._done,
            windows_total=len(self._windows),
            seconds=round(time.monotonic() - began, 3),
            model=self._findings.model,
            device=self._predictor.info.device,
            stopped=self._stopped,
            passes=len(self._predictor.info.classes) if self._lists else 1,
            warnings=tuple(tile.warnings),
        )

    def _one(self) -> Iterator[Event]:
        """A tile of one window: every mask is final as it comes, so regions and sentences follow the model at once."""
        window, tile = self._windows[0], self._tile
        assembler, taken = Assembler(), dict[str, NDArray[np.bool_]]()
        for piece in self._pieces(window):
            if isinstance(piece, Mask):
                key = self._findings.note(piece, tile.valid.shape)
                if piece.score >= self._question.min_score:
                    logits = to_window(piece.logits, tile.height, tile.width)
                    # A target that is said twice gets only those pixels that the first mask does not have.
                    logits = np.where(taken[key], OFF, logits) if key in taken else logits
                    taken[key] = (logits > 0) | taken[key] if key in taken else logits > 0
                    meant = self._meant(key, self._components(key, logits, tile.valid))
                    yield from self._findings.add(key, meant, logits)
                told = assembler.ground(piece.target, key)
            else:
                told = assembler.say(piece)
            for sentence in told:
                yield from self._tell(sentence)
        for sentence in self._rest(assembler):
            yield from self._tell(sentence)
        self._done = 0 if self._stopped else 1
        yield self._progress()

    def _tell(self, sentence: Sentence) -> list[TextEvent]:
        facts = self._findings.facts
        if self._lists and sentence.grounded and not any(facts[key].regions for key in sentence.grounded):
            return []
        return self._teller.tell(sentence, facts)

    def _many(self) -> Iterator[Event]:
        """A tile of several windows: regions follow the rows that no later window touches, numbers come last."""
        canvas = Canvas(self._tile.height, self._tile.width, self._predictor.info.overlap_px)
        sentences: list[Sentence] = []
        settled = 0
        for index, window in enumerate(self._windows):
            named, told = self._look(window)
            sentences += told
            if named or not self._stopped:
                canvas.add(window, named)
            if self._stopped:
                break
            self._done = index + 1
            final = tiling.final_rows(self._windows, index)
            # What is the largest, say, is known after the last window only.
            if final > settled and self._done < len(self._windows) and not self._qualifiers.sizes:
                settled = final
                yield from self._settle(canvas, final, last=False)
                yield from self._teller.open(sentences, self._findings.facts)
            yield self._progress()
        yield from self._settle(canvas, canvas.end_row, last=True)
        for sentence in merge(sentences, self._findings.facts, self._teller.opened):
            yield from self._tell(sentence)

    def _look(self, window: tiling.Window) -> tuple[dict[str, Floats], list[Sentence]]:
        """What the model says about one window: logits by target, and sentences."""
        assembler, named, told = Assembler(), dict[str, Floats](), list[Sentence]()
        for piece in self._pieces(window):
            if isinstance(piece, Mask):
                key = self._findings.note(piece, (window.height, window.width))
                if piece.score >= self._question.min_score:
                    logits = to_window(piece.logits, window.height, window.width)
                    named[key] = np.maximum(named[key], logits) if key in named else logits
                told += assembler.ground(piece.target, key)
            else:
                told += assembler.say(piece)
        return named, told + self._rest(assembler)

    def _settle(self, canvas: Canvas, end_row: int, *, last: bool) -> Iterator[Event]:
        """Regions of the components that lie wholly above ``end_row``; rows that nobody needs any more are released."""
        first = canvas.first_row
        valid = self._tile.valid[first:end_row]
        # A component that is too small now may grow below: it reaches up less than its number of pixels.
        needed = end_row - self._question.min_area_px
        for key in canvas.keys:
            logits = canvas.logits(key, end_row)
            found = self._components(key, logits, valid)
            final = [c for c in found if last or first + c.end_row < end_row]
            needed = min([needed, *(first + c.row for c in found if c not in final)])
            if not last:
                canvas.take(key, drawn(final, valid.shape))
            yield from self._findings.add(key, self._meant(key, final, first), logits, first)
        canvas.release(needed)

    def _components(self, key: str, logits: Floats, valid: NDArray[np.bool_]) -> list[Component]:
        found = components(logits, valid, self._question.min_area_px, self._findings.even_at(key))
        return [component for component in found if component.score >= self._question.min_score]

    def _meant(self, key: str, found: Sequence[Component], first_row: int = 0) -> list[Component]:
        """Those that the prompt means by their place and size; rows of ``found`` count from ``first_row``."""
        shape = self._tile.height, self._tile.width
        return self._qualifiers.choose(found, self._findings.names(key), shape, first_row)

    def _pieces(self, window: tiling.Window) -> Iterator[Piece]:
        """The predictor's pieces about a window, up to the moment of cancelling; none where no pixel is valid."""
        if self._cancelled():
            self._stopped = True
            return
        if not self._tile.valid[window.slices].any():
            return
        image = np.ascontiguousarray(self._tile.pixels[(slice(None), *window.slices)].transpose(1, 2, 0))
        pieces = self._predictor.answer(image, self._question.prompt, self._question.pairs)
        try:
            for piece in pieces:
                if self._cancelled():
                    self._stopped = True
                    return
                yield piece
        finally:
            if isinstance(pieces, Generator):
                pieces.close()

    def _rest(self, assembler: Assembler) -> list[Sentence]:
        """The last sentences of an answer; of a stopped one, no half sentence unless it has found something."""
        rest = assembler.finish(whole=not self._stopped)
        return [s for s in rest if s.whole or (s.grounded and None not in s.counted)]

    def _progress(self) -> ProgressEvent:
        return ProgressEvent(self._done, len(self._windows))
