"""START HERE.  A question about a tile goes in; text and georeferenced polygons come out, as they become known.

A tile is cut into windows (``tiling``), each window is shown to the predictor, the logits of each target are blended on
a ``canvas``, finished areas become polygons (``components``, ``findings``), and the sentences of the answer are told
only once their polygons are known (``sentences``, ``wording``, ``telling``).  docs/architecture.md has the five steps.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from geopix_model.predictor import Box, Mask, Measure, Notice, Piece, Predictor, Text
from geopix_qgis.protocol import DoneEvent, Event, ProgressEvent, TextEvent, TileEvent

from . import boxes, tiling
from .asker import Reference
from .boxes import TileBox
from .canvas import CORES, OFF, Canvas, Floats, evidence_of, planes_of
from .components import Component, components, drawn
from .describing import is_sure
from .findings import Findings
from .journal import Journal
from .pace import Pace
from .plan import Plan, looking_ahead, plan
from .question import Question
from .raster import Tile, interleaved
from .raster_scene import Scene
from .read_ahead import read_ahead
from .sampling import sampling_of
from .sentences import Assembler, Sentence
from .splitting import single_objects
from .survey import survey
from .telling import Teller, merge
from .wording import LIMITED, NOTHING, STOPPED

WINDOWS_WAITING = 8  # answers that wait to become polygons: settling a row of windows takes as long as a few of them


def never() -> bool:
    """The answer of a question that nobody can cancel."""
    return False


class Engine:
    """Asks one predictor about whole tiles.  One question at a time."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def ask(
        self,
        tile: Tile | Scene,
        question: Question,
        cancelled: Callable[[], bool] = never,
        journal: Journal | None = None,
    ) -> Iterator[Event]:
        """The events of one answer: a ``TileEvent``, then progress, regions and text, then a ``DoneEvent``.

        Args:
            tile: What is looked at; a scene is too large for memory, see ``survey``.
            question: What is asked.
            cancelled: Asked between the pieces of the model's answer; once true, the answer ends with what was found.
            journal: Where the answers about a scene are kept; None is the user's cache.

        Raises:
            GeoPixError: If the predictor cannot answer.
        """
        planned = plan(self._predictor, question, tile)
        if isinstance(tile, Scene):
            return survey(planned, tile, question, cancelled, journal)
        return _Answer(planned, tile, question, cancelled).events()


class _Answer:
    """One question on its way through the windows."""

    def __init__(self, plan: Plan, tile: Tile, question: Question, cancelled: Callable[[], bool]) -> None:
        self._plan, self._tile, self._question, self._cancelled = plan, tile, question, cancelled
        self._predictor, info = plan.predictor, plan.predictor.info
        shown = tile.shown
        _, height, width = shown.pixels.shape
        found = tiling.windows(height, width, info.window_px, info.overlap_px)
        self._windows = [window.moved(-shown.row, -shown.col) for window in found]  # may reach beyond the tile
        self._whole = tiling.Window(0, 0, tile.height, tile.width)
        self._sampling = sampling_of(info)
        self._valid = self._sampling.valid(tile.valid)  # of samples, as all that is found
        self._least = self._sampling.area(question.min_area_px)
        self._findings = Findings(tile, question, info, plan.limits, boxed=plan.boxed)
        self._notices = [*tile.warnings, *plan.notices]
        self._teller = Teller(LIMITED if question.limited else "")
        self._done, self._stopped = 0, False
        self._cut = self._left = False  # the model was interrupted; nobody waits for more
        self._pace = Pace(len(self._windows))

    def events(self) -> Iterator[Event]:
        """All events, in order."""
        began, tile = time.monotonic(), self._tile
        crs = tile.crs.to_wkt() if tile.crs is not None else ""
        yield TileEvent(
            crs, tile.width, tile.height, tile.gsd_m, len(self._windows), self._findings.model, tuple(self._notices)
        )
        yield self._progress()
        yield from self._one() if len(self._windows) == 1 else self._many()
        if not self._stopped:
            for sentence in self._plan.ending(self._findings.facts):
                yield from self._teller.tell(sentence, self._findings.facts)
        yield from self._teller.finish(self._findings.facts, empty=STOPPED if self._stopped else NOTHING)
        yield DoneEvent(
            answer=self._teller.answer,
            regions=self._findings.regions,
            windows_done=self._done,
            windows_total=len(self._windows),
            seconds=round(time.monotonic() - began, 3),
            model=self._findings.model,
            device=self._predictor.info.device,
            stopped=self._stopped,
            passes=self._plan.passes,
            warnings=tuple(self._notices),
        )

    def _one(self) -> Iterator[Event]:
        """A tile of one window: every mask is final as it comes, so regions and sentences follow the model at once."""
        window, tile = self._windows[0], self._tile
        assembler, taken = Assembler(), dict[str, NDArray[np.bool_]]()
        for piece in self._pieces(window):
            if isinstance(piece, Mask):
                key = self._findings.note(piece, tile.valid.shape)
                if piece.score >= self._question.min_score:
                    planes = self._on_samples(planes_of(piece), window)
                    # A target that is said twice gets only those pixels that the first mask does not have.
                    planes = np.where(taken[key], OFF, planes) if key in taken else planes
                    taken[key] = (planes[0] > 0) | taken[key] if key in taken else planes[0] > 0
                    found = self._components(key, planes, self._valid)
                    meant = self._meant(key, self._objects(key, planes, found))
                    yield from self._findings.add(key, meant, planes[0])
                told = [] if isinstance(piece, Reference) else assembler.ground(piece.target, key)
            elif isinstance(piece, Box):
                key, box = self._findings.note(piece, tile.valid.shape), self._on_tile(piece, window)
                yield from self._findings.add_boxes(key, [box] if self._counts(box) else [])
                told = assembler.ground(piece.target, key)
            else:
                told = self._say(assembler, piece)
            for sentence in told:
                yield from self._tell(sentence)
        self._stopped = self._cut
        for sentence in self._rest(assembler):
            yield from self._tell(sentence)
        self._done = 0 if self._stopped else 1
        yield self._progress()

    def _tell(self, sentence: Sentence) -> list[TextEvent]:
        facts = self._findings.facts
        return self._teller.tell(sentence, facts) if self._plan.tells(sentence, facts) else []

    def _many(self) -> Iterator[Event]:
        """A tile of several windows: regions follow the rows that no later window touches, numbers come last."""
        height, width = self._valid.shape
        canvas = Canvas(height, width, self._predictor.info.overlap_px // self._sampling.px)
        sentences: list[Sentence] = []
        rectangles: dict[str, list[list[TileBox]]] = {}
        settled = 0
        began = time.monotonic()
        looks = read_ahead(self._looks(), WINDOWS_WAITING)
        try:
            for index, (window, pieces, cut) in enumerate(looks):
                self._stopped = cut
                named, drawn, told = self._hear(window, pieces)
                sentences += told
                for key, found in drawn.items():
                    rectangles.setdefault(key, []).append(found)
                if named or not cut:
                    canvas.add(self._sampling.window(window), named)
                if cut:
                    break
                self._done = index + 1
                seen = self._pace.look if self._has_data(window) else self._pace.empty
                seen(time.monotonic() - began)
                began = time.monotonic()
                final = tiling.final_rows(self._windows, index) // self._sampling.px
                # What is the largest, say, is known after the last window only.
                if final > settled and self._done < len(self._windows) and not self._plan.late:
                    settled = final
                    yield from self._settle(canvas, final, last=False)
                    yield from self._teller.open([] if self._plan.silent else sentences, self._findings.facts)
                yield self._progress()
        finally:
            self._left = True
            looks.close()
        yield from self._settle(canvas, canvas.end_row, last=True)
        for key, drawings in rectangles.items():
            yield from self._findings.add_boxes(key, boxes.merged(drawings))
        for sentence in merge(sentences, self._findings.facts, self._teller.opened):
            yield from self._tell(sentence)

    def _looks(self) -> Generator[tuple[tiling.Window, list[Piece], bool], None, None]:
        """What the model says of each window, and whether it was interrupted there; runs in a thread of its own."""
        for window in looking_ahead(self._windows, self._foresee):
            yield window, list(self._pieces(window)), self._cut
            if self._cut:
                return

    def _foresee(self, window: tiling.Window) -> None:
        """Lets the model begin to look at a window, if that has data."""
        if self._has_data(window) and not self._is_over():
            self._plan.foresee(self._image(window))

    def _hear(
        self, window: tiling.Window, pieces: Sequence[Piece]
    ) -> tuple[dict[str, Floats], dict[str, list[TileBox]], list[Sentence]]:
        """What the model said about one window: logits and boxes by target, and sentences."""
        assembler, named, told = Assembler(), dict[str, Floats](), list[Sentence]()
        drawn: dict[str, list[TileBox]] = {}
        for piece in pieces:
            if isinstance(piece, Mask):
                key = self._findings.note(piece, (window.height, window.width))
                if piece.score >= self._question.min_score:
                    planes = self._sampling.logits(planes_of(piece), window)
                    named[key] = np.maximum(named[key], planes) if key in named else planes
                told += [] if isinstance(piece, Reference) else assembler.ground(piece.target, key)
            elif isinstance(piece, Box):
                key, box = self._findings.note(piece, (window.height, window.width)), self._on_tile(piece, window)
                drawn.setdefault(key, []).extend([box] if self._counts(box) else [])
                told += assembler.ground(piece.target, key)
            else:
                told += self._say(assembler, piece)
        return named, drawn, told + self._rest(assembler)

    def _on_tile(self, box: Box, window: tiling.Window) -> TileBox:
        return boxes.on_tile(box, window, self._tile.height, self._tile.width)

    def _counts(self, box: TileBox) -> bool:
        question = self._question
        return box.score >= question.min_score and boxes.counts(box, self._tile.valid, question.min_area_px)

    def _say(self, assembler: Assembler, piece: Text | Measure | Notice) -> list[Sentence]:
        """Sentences that a piece of text completes; a notice is kept for the end, once."""
        if not isinstance(piece, Notice):
            return assembler.say(piece)
        if piece.text not in self._notices:
            self._notices.append(piece.text)
        return []

    def _settle(self, canvas: Canvas, end_row: int, *, last: bool) -> Iterator[Event]:
        """Regions of the components wholly above row ``end_row`` of samples; rows that nobody needs are released."""
        first = canvas.first_row
        valid = self._valid[first:end_row]
        # A component that is too small now may grow below: it reaches up less than its number of samples.
        needed = end_row - math.ceil(self._least)
        for key in self._findings.references_first(canvas.keys):
            planes = canvas.logits(key, end_row)
            found = self._components(key, planes, valid, first)
            final = [c for c in found if last or first + c.end_row < end_row]
            needed = min([needed, *(first + c.row for c in found if c not in final)])
            if not last:
                canvas.take(key, drawn(final, valid.shape))
            meant = self._meant(key, self._objects(key, planes, final), first)
            yield from self._findings.add(key, meant, planes[0], first)
        canvas.release(needed)

    def _objects(self, key: str, planes: Floats, found: Sequence[Component]) -> list[Component]:
        """Those that are sure enough, touching objects apart where the model says where each has its core."""
        if len(planes) > CORES:
            found = single_objects(found, planes[0], planes[CORES], self._least, evidence_of(planes))
        return [component for component in found if component.score >= self._question.min_score]

    def _components(self, key: str, planes: Floats, valid: NDArray[np.bool_], first_row: int = 0) -> list[Component]:
        """The connected areas of a target where it may be; rows of ``planes`` count from ``first_row``."""
        if not self._findings.is_reference(key):
            inside = (planes[0] > 0) & valid
            valid = self._plan.limits.room(key, self._findings.countable(key), inside, first_row)
        return components(planes[0], valid, self._least, evidence_of(planes))

    def _meant(self, key: str, found: Sequence[Component], first_row: int = 0) -> list[Component]:
        """Those that the prompt means; rows of ``found`` count from ``first_row``."""
        limits, names = self._plan.limits, self._findings.names(key)
        if self._findings.is_reference(key):
            limits.near.see(names[0], limits.places.sized(found, names), first_row)
            return []
        if self._plan.intent.form == "describe":  # all of them are here: see ``Plan.late``
            area = sum(component.area_px for component in found)
            score = max((component.score for component in found), default=0.0)
            if not is_sure(score, area, int(self._valid.sum())):
                return []
        return limits.choose(key, names, self._findings.countable(key), found, first_row)

    def _pieces(self, window: tiling.Window) -> Iterator[Piece]:
        """The predictor's pieces about a window, up to the moment of cancelling; none where no pixel is valid."""
        if self._is_over():
            self._cut = True
            return
        if not self._has_data(window):
            return
        pieces = self._predictor.answer(
            self._image(window), self._question.prompt, self._question.pairs, self._question.task
        )
        try:
            for piece in pieces:
                if self._is_over():
                    self._cut = True
                    return
                yield piece
        finally:
            if isinstance(pieces, Generator):
                pieces.close()

    def _is_over(self) -> bool:
        return self._left or self._cancelled()

    def _image(self, window: tiling.Window) -> NDArray[np.uint8]:
        """(h, w, 3): what the model sees of a window."""
        shown = self._tile.shown
        return interleaved(shown.pixels[:, *window.moved(shown.row, shown.col).slices])

    def _has_data(self, window: tiling.Window) -> bool:
        """Whether there is something in a window that is asked about."""
        return bool(self._tile.valid[window.shared(self._whole).slices].any())

    def _on_samples(self, planes: Floats, window: tiling.Window) -> Floats:
        """Planes (P, h, w) of a window that holds the tile, on the samples of the tile."""
        there, (height, width) = self._sampling.window(window), self._valid.shape
        inside = tiling.Window(0, 0, height, width).moved(-there.row, -there.col)
        return self._sampling.logits(planes, window)[:, *inside.slices]

    def _rest(self, assembler: Assembler) -> list[Sentence]:
        """The last sentences of an answer; of a stopped one, no half sentence unless it has found something."""
        rest = assembler.finish(whole=not self._stopped)
        return [s for s in rest if s.whole or (s.grounded and None not in s.counted)]

    def _progress(self) -> ProgressEvent:
        return ProgressEvent(self._done, len(self._windows), seconds_left=self._pace.seconds_left)
