"""A question about a raster of any size: what ``engine`` does for a tile in memory, at flat memory and to be resumed.

Windows are shown to the model block by block while a thread reads the next block, and each answer is kept in a
``journal``.  The windows of a block are all that reach into what it sees, but for those of the blocks before it; their
answers are blended as they come, always in the same order, and then its objects are found (``blocks``, ``seams``).  So
the result does not depend on where the work was interrupted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray

from geopix_model.predictor import Box, Mask, Measure, Notice, Text
from geopix_qgis.protocol import DoneEvent, Event, ProgressEvent, RegionEvent, TextEvent, TileEvent

from . import boxes, seams, vectors
from .blocks import Blend, Block, Blocks, Found, objects, side_of
from .boxes import TileBox
from .canvas import Floats, planes_of
from .components import Component
from .describing import is_sure
from .errors import ExtentError
from .findings import DEVIATION_PX, Findings
from .journal import Journal, place_of
from .pace import Pace
from .plan import Plan, looking_ahead
from .question import Question
from .raster import interleaved
from .raster_scene import TILE_PX, Scene
from .read_ahead import read_ahead
from .sampling import sampling_of
from .sentences import Assembler, Sentence
from .telling import Teller, merge
from .tiling import Layout, Window
from .wording import LIMITED, NOTHING, STOPPED
from .work import Answer, Job, Unit, work_out

MAX_SENTENCES = 500  # different ones that are remembered; windows of one raster say much the same
RESUMED = "{} of {} windows were looked at before; this goes on from there."
LOOKS_WAITING = 32  # windows that may be looked at while a block is settled, up to 2 MB each where all is asked for
LOOKED, KNOWN, EMPTY, CUT = "looked", "known", "empty", "cut"
Pixels = tuple[NDArray[np.uint8], NDArray[np.bool_]]


@dataclass(frozen=True)
class Look:
    """How it went with a window of a block; without a window: that was all of the block."""

    block: Block
    window: Window | None = None
    how: str = ""
    answer: Answer | None = None


class Survey:
    """One question about one scene.

    Args:
        plan: How the question is answered; its predictor is shown the windows.
        scene: What is looked at.
        question: What is asked.
        journal: Keeps the answers.
        cancelled: Asked between the pieces of the model's answers; once true, the answer ends with what was found.
        side: Windows along each side of a block; None chooses.
    """

    def __init__(
        self,
        plan: Plan,
        scene: Scene,
        question: Question,
        journal: Journal,
        cancelled: Callable[[], bool],
        side: int | None = None,
    ) -> None:
        self._plan, self._scene, self._question, self._journal = plan, scene, question, journal
        self._predictor, self._cancelled = plan.predictor, cancelled
        info = plan.predictor.info
        layout = Layout(scene.height, scene.width, info.window_px, info.overlap_px)
        self._sampling = sampling_of(info)
        side = side or side_of(layout, max(scene.block_px), self._sampling.px)
        self._blocks = Blocks(layout, scene.area, side, sampling=self._sampling)
        self._area, self._least = self._sampling.window(scene.area), self._sampling.area(question.min_area_px)
        rows, cols = layout.touching(scene.area)
        self._total = len(rows) * len(cols)
        self._findings = Findings(scene, question, info, plan.limits, boxed=plan.boxed)
        self._notices = [*scene.warnings, *plan.notices]
        self._teller, self._seams = Teller(LIMITED if question.limited else ""), seams.Seams()
        self._sentences: dict[Sentence, None] = {}
        self._rectangles: dict[str, list[list[TileBox]]] = {}
        self._held: dict[str, list[tuple[Component, shapely.Geometry]]] = {}
        self._pace = Pace(self._total, self._with_data())
        self._stopped = self._left = False  # nobody waits for more

    def events(self) -> Iterator[Event]:
        """All events, in order; see ``engine.Engine.ask``."""
        began, scene = time.monotonic(), self._scene
        crs = scene.crs.to_wkt() if scene.crs is not None else ""
        if self._journal.resumed:
            self._note_resumed()
        model, notices = self._findings.model, tuple(self._notices)
        yield TileEvent(crs, scene.area.width, scene.area.height, scene.gsd_m, self._total, model, notices)
        yield self._progress()
        yield from self._look_and_settle()
        for key, parts in self._seams.rest():
            yield from self._large(key, parts)
        yield from self._chosen()
        for key, drawings in self._rectangles.items():
            yield from self._findings.add_boxes(key, boxes.merged(drawings))
        facts = self._findings.facts
        for sentence in merge(list(self._sentences), facts, self._teller.opened):
            if self._plan.tells(sentence, facts):
                yield from self._teller.tell(sentence, facts)
        for sentence in self._plan.ending(facts) if not self._stopped else ():
            yield from self._teller.tell(sentence, facts)
        yield from self._teller.finish(facts, empty=STOPPED if self._stopped else NOTHING)
        yield DoneEvent(
            answer=self._teller.answer,
            regions=self._findings.regions,
            windows_done=self._pace.done,
            windows_total=self._total,
            seconds=round(time.monotonic() - began, 3),
            model=self._findings.model,
            device=self._predictor.info.device,
            stopped=self._stopped,
            passes=self._plan.passes,
            warnings=tuple(self._notices),
        )

    def _note_resumed(self) -> None:
        before = sum(self._journal.has(window) for block in self._order() for window in self._blocks.windows(block))
        if before:
            self._notices.append(RESUMED.format(f"{before:,}", f"{self._total:,}"))

    def _order(self) -> Iterator[Block]:
        blocks = self._blocks
        return (blocks.block(row, col) for row in blocks.rows for col in blocks.cols)

    def _with_data(self) -> int | None:
        """About how many windows have data."""
        there = self._scene.coarse_valid()
        return None if there is None else min(self._total, round(self._total * float(there.mean())) + 1)

    # looking

    def _look_and_settle(self) -> Iterator[Event]:
        """Blocks in their order; each is settled once it has been looked at, or as far as a stopped question came."""
        if not self._plan.passes:  # the answer does not need the image
            return
        looks, began, blend = read_ahead(self._looks(), LOOKS_WAITING), time.monotonic(), None
        try:
            for look in looks:
                blend = blend or self._begun(look.block)
                if look.window is not None:
                    self._blend_in(blend, look.window, look.answer, own=True)
                    yield from self._count(look.how, time.monotonic() - began)
                    began = time.monotonic()
                    continue
                yield self._progress()
                yield from self._settle(look.block, blend)
                blend = None
                if self._stopped:
                    return
                yield from self._open()
        finally:
            self._left = True
            looks.close()

    def _pixels(self) -> Generator[tuple[Block, list[tuple[Window, Pixels | None]]], None, None]:
        """The windows of each block with their pixels, None where they were answered before; read in one go."""
        with self._scene.reading() as read:
            for block in self._order():
                windows = self._blocks.windows(block)
                missing = [window for window in windows if not self._journal.has(window)]
                if not missing:
                    yield block, [(window, None) for window in windows]
                    continue
                top, left = min(w.row for w in missing), min(w.col for w in missing)
                below, right = max(w.row + w.height for w in missing), max(w.col + w.width for w in missing)
                pixels, valid = read(Window(top, left, below - top, right - left))
                cut: dict[Window, Pixels] = {}
                for window in missing:
                    rows = slice(window.row - top, window.row - top + window.height)
                    cols = slice(window.col - left, window.col - left + window.width)
                    cut[window] = pixels[:, rows, cols], valid[rows, cols]
                yield block, [(window, cut.get(window)) for window in windows]

    def _looks(self) -> Generator[Look, None, None]:
        """Shows windows to the model; runs in a thread of its own, beside one that reads and one that settles."""
        with closing(read_ahead(self._pixels())) as pixels:
            for block, read in pixels:
                cut = False
                for window, data in looking_ahead(read, self._foresee):
                    look = self._look(block, window, data)
                    cut = cut or look.how == CUT
                    yield look
                yield Look(block)
                if cut:
                    return

    def _foresee(self, coming: tuple[Window, Pixels | None]) -> None:
        """Lets the model begin to look at a window, if it has data and was not answered before."""
        data = coming[1]
        if data is not None and data[1].any() and not self._is_over():
            self._plan.foresee(interleaved(data[0]))

    def _look(self, block: Block, window: Window, data: Pixels | None) -> Look:
        """Shows one window to the model, unless there is nothing to see, and keeps its answer."""
        if data is None:
            return Look(block, window, KNOWN, self._journal.read(window))
        if self._is_over():
            return Look(block, window, CUT)
        if not data[1].any():
            return Look(block, window, EMPTY)
        answer = work_out(Unit(self._journal.job, window), self._predictor, *data, self._is_over)
        if answer is None:
            return Look(block, window, CUT)
        self._journal.write(window, answer)
        return Look(block, window, LOOKED, answer)

    def _count(self, look: str, seconds: float) -> Iterator[ProgressEvent]:
        """Takes note of a window; ``seconds`` hold all work since the one before."""
        if look == CUT:
            self._stopped = True
        elif look == EMPTY:
            self._pace.empty(seconds)  # thousands of these would be thousands of events
        else:
            self._pace.known() if look == KNOWN else self._pace.look(seconds)
            yield self._progress()

    def _is_over(self) -> bool:
        return self._left or self._cancelled()

    # settling

    def _begun(self, block: Block) -> Blend:
        """What the windows of earlier blocks say of what a block sees."""
        layout = self._blocks.layout
        whole = self._sampling.window(Window(0, 0, layout.height, layout.width))
        blend = Blend(whole.height, whole.width, layout.overlap_px // self._sampling.px, block.around)
        for window in self._blocks.seen_before(block):
            self._blend_in(blend, window, self._journal.read(window), own=False)
        return blend

    def _blend_in(self, blend: Blend, window: Window, answer: Answer | None, *, own: bool) -> None:
        if answer is not None:
            there = self._sampling.window(window)
            valid = self._sampling.valid(answer.valid, window.row, window.col)
            blend.add(there, valid, self._hear(answer, window, own=own))

    def _settle(self, block: Block, blend: Blend) -> Iterator[RegionEvent]:
        """Regions of the objects that belong to a block, and of the large ones that are complete with it."""
        blocks, findings, core, around = self._blocks, self._findings, block.core, block.around
        rows = slice(core.row - around.row, core.row - around.row + core.height)
        cols = slice(core.col - around.col, core.col - around.col + core.width)
        findings.valid_px += int(np.count_nonzero(blend.valid[rows, cols])) * self._sampling.px**2
        found: dict[str, Found] = {}
        for key in blend.keys:
            found[key] = objects(key, blend.take(key), blend.valid, block, blocks.halo, self._least, findings)
            yield from self._show(key, found[key].whole, found[key].outlines, (around.row, around.col))
        for key, parts in self._seams.add(block, found):
            yield from self._large(key, parts)

    def _large(self, key: str, parts: list[seams.Part]) -> Iterator[RegionEvent]:
        """Regions of an object that was put together from parts."""
        findings = self._findings
        stairs = not (findings.boxed or findings.is_smooth(key))  # then its pixels are its outline
        whole = seams.joined(parts, whole=stairs or bool(self._plan.limits.near.rules) or self._question.right_angles)
        if findings.boxed:
            outlines = [shapely.box(*whole.pixels.bounds, ccw=False)]
        elif findings.is_smooth(key):
            outlines = seams.outline(parts, DEVIATION_PX / self._sampling.px, self._least)
        else:
            outlines = [whole.pixels]
        yield from self._show(key, [whole] * len(outlines), np.array(outlines, dtype=object), (0, 0))

    def _show(
        self, key: str, found: Sequence[Component], outlines: NDArray[np.object_], origin: tuple[int, int]
    ) -> Iterator[RegionEvent]:
        """Regions of those objects that are meant and sure enough; what is largest, say, is known at the end only."""
        asked = Affine.translation(origin[1] - self._area.col, origin[0] - self._area.row)
        pixels = vectors.moved([component.pixels for component in found], asked)
        placed = [Component(shape, c.score) for shape, c in zip(pixels, found, strict=True)]
        sure = [c for c in placed if c.score >= self._question.min_score]  # compared by identity
        if self._plan.late:
            held = self._held.setdefault(key, [])
            held += [pair for pair in zip(placed, vectors.moved(outlines, asked), strict=True) if pair[0] in sure]
            return
        meant = self._meant(key, sure)
        which = [index for index, c in enumerate(placed) if c in meant]
        yield from self._findings.add_outlines(key, [found[i] for i in which], outlines[which], origin)

    def _meant(self, key: str, found: Sequence[Component]) -> set[Component]:
        """Those that the prompt means; coordinates count from the area."""
        names, countable = self._findings.names(key), self._findings.countable(key)
        return set(self._plan.limits.choose(key, names, countable, found))

    def _chosen(self) -> Iterator[RegionEvent]:
        """Regions that could be chosen at the end only, as the largest."""
        for key, held in self._held.items():
            area_px = sum(component.area_px for component, _ in held) * self._sampling.px**2
            surest = max((component.score for component, _ in held), default=0.0)
            if self._plan.intent.form == "describe" and not is_sure(surest, area_px, self._findings.valid_px):
                continue
            meant = self._meant(key, [component for component, _ in held])
            chosen = [pair for pair in held if pair[0] in meant]
            outlines = np.array([outline for _, outline in chosen], dtype=object)
            corner = self._area.row, self._area.col
            yield from self._findings.add_outlines(key, [component for component, _ in chosen], outlines, corner)

    # hearing

    def _hear(self, answer: Answer, window: Window, *, own: bool) -> dict[str, Floats]:
        """Logits of the targets that an answer names; what else it says is kept if the window is the block's own."""
        assembler, named, told = Assembler(), dict[str, Floats](), list[Sentence]()
        drawn: dict[str, list[TileBox]] = {}
        for piece in answer.pieces:
            if isinstance(piece, (Mask, Box)):
                key = self._findings.note(piece, (window.height, window.width))
                told += assembler.ground(piece.target, key)
                if isinstance(piece, Box):
                    drawn.setdefault(key, []).extend(self._counted(piece, window, answer.valid))
                elif piece.score >= self._question.min_score:
                    planes = self._sampling.logits(planes_of(piece), window)
                    named[key] = np.maximum(named[key], planes) if key in named else planes
            elif isinstance(piece, (Text, Measure)):
                told += assembler.say(piece)
            elif isinstance(piece, Notice) and piece.text not in self._notices:
                self._notices.append(piece.text)
        if own:
            self._keep([*told, *assembler.finish()])
            for key, found in drawn.items():
                self._rectangles.setdefault(key, []).append(found)
        return named

    def _counted(self, box: Box, window: Window, valid: NDArray[np.bool_]) -> list[TileBox]:
        """The box in pixels of the raster, if it counts."""
        here = boxes.on_tile(box, Window(0, 0, window.height, window.width), window.height, window.width)
        if box.score < self._question.min_score or not boxes.counts(here, valid, self._question.min_area_px):
            return []
        return [boxes.on_tile(box, window, self._scene.height, self._scene.width)]

    def _keep(self, sentences: Sequence[Sentence]) -> None:
        for sentence in sentences:
            if len(self._sentences) < MAX_SENTENCES:
                self._sentences[sentence] = None

    def _open(self) -> list[TextEvent]:
        """The beginning of the answer, once something was found."""
        return (
            []
            if self._plan.late or self._plan.silent
            else self._teller.open(list(self._sentences), self._findings.facts)
        )

    def _progress(self) -> ProgressEvent:
        return ProgressEvent(self._pace.done, self._total, seconds_left=self._pace.seconds_left)


def survey(
    plan: Plan,
    scene: Scene,
    question: Question,
    cancelled: Callable[[], bool],
    journal: Journal | None = None,
    side: int | None = None,
) -> Iterator[Event]:
    """The events of one answer about a scene.

    Args:
        plan, scene, question, cancelled, side: See ``Survey``.
        journal: Keeps the answers and stays; None keeps them in the user's cache until the answer is whole.

    Raises:
        ExtentError: If things are compared with others, which may lie anywhere in the raster.
    """
    if plan.limits.near.rules:
        raise ExtentError(
            f"The question compares things with others, for which the area must fit into memory, and it has "
            f"{scene.area.width:,} x {scene.area.height:,} pixels (at most {TILE_PX:,} in all); choose a part of it."
        )
    kept = journal or Journal(place_of(job := Job.of(scene, question, plan.predictor)), job)
    try:
        for event in Survey(plan, scene, question, kept, cancelled, side).events():
            yield event
            if isinstance(event, DoneEvent) and not event.stopped and journal is None:
                kept.remove()
    finally:
        if journal is None:
            kept.close()
