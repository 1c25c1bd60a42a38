"""The seam: an image and a prompt go in, text and masks come out in the order in which the model says them.

Everything above this line of the project (windows, polygons, chat) knows a model only as a ``Predictor``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, Union, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from .tasks import Choice


@dataclass(frozen=True)
class Text:
    """A piece of the answer as it is decoded; may be empty (one decoding step that says nothing by itself).

    ``phrase`` marks the words that the next ``Mask`` belongs to, always as one piece.
    """

    text: str
    phrase: bool = False


@dataclass(frozen=True)
class Measure:
    """A number that the model leaves to geometry: it is filled in once the polygons of ``target`` are known.

    kind: ``count`` of regions, ``area`` in square metres (pixels without a CRS), ``share`` of the tile in percent.
    """

    kind: Literal["count", "area", "share"]
    target: int


@dataclass(frozen=True)
class Mask:
    """One target of the answer.

    Attributes:
        phrase: The words it belongs to.
        class_name: The model's class, "" where it has none.
        logits: (h, w) float32 over the whole image, at the model's own resolution; > 0 is inside.
        score: 0..1, how sure the model is that the target is there.
        target: Number of the target in this answer, from 0.
        evidence: (h, w) float32 beside ``logits``: what else speaks for or against the target at a place, in log-odds.
            The score of a region is that of its mean probability with the mean of this added; None adds nothing.
        cores: (h, w) float32 beside ``logits``; > 0 is well inside one single object, which tells touching objects
            apart.  None where a region is whatever is connected.
        predicted_iou: 0..1, the overlap with the truth that the model expects; None where it says nothing of it.
        countable: Whether a region is one object, rather than a part of an area.
    """

    phrase: str
    class_name: str
    logits: NDArray[np.float32]
    score: float
    target: int
    evidence: NDArray[np.float32] | None = None
    cores: NDArray[np.float32] | None = None
    predicted_iou: float | None = None
    countable: bool = True


@dataclass(frozen=True)
class Box:
    """One target that the model gives as a rectangle; the region is this rectangle, exactly.

    Attributes:
        phrase, class_name, target: As in ``Mask``; the words before it are marked in the same way.
        corners: (x1, y1, x2, y2) in pixels of the image, from the outer corner of its first pixel; x1 < x2, y1 < y2.
        score: 0..1; 1 where the model says nothing of how sure it is.
    """

    phrase: str
    class_name: str
    corners: tuple[float, float, float, float]
    score: float
    target: int


@dataclass(frozen=True)
class Notice:
    """Something about this answer that its reader should know, one sentence; no part of the answer's text."""

    text: str


Piece = Union[Text, Measure, Mask, Box, Notice]


@dataclass(frozen=True)
class ModelInfo:
    """What the rest of the project needs to know of a loaded model.

    Attributes:
        name, revision: Say which weights these are.
        window_px: Side of the square image that the model looks at.
        overlap_px: Overlap of neighbouring windows.
        gsd_range_m: (finest, coarsest) ground resolution it was trained for.
        finest_m: Of some classes, by name, the finest one at which they are found best, where it is coarser than that.
        classes: Names it knows, empty for an open vocabulary.
        device: Where it runs, and in which form if one was chosen: ``cpu``, ``cuda:0, 8-bit weights``.
        licence: Of the weights.
        mask_stride_px: Image pixels from one decoded mask value to the next; outlines are no finer than that.
        gives_boxes: Whether it answers with boxes where the task is ``refer``; if not, its masks are all there is.
        reads_places: Whether it understands words of place and size itself ("the largest tank in the upper left").
        looks_around: Whether it finds more in a window that is full, and says nothing of what is shown beside what was
            asked about.
    """

    name: str
    revision: str
    window_px: int
    overlap_px: int
    gsd_range_m: tuple[float, float]
    classes: tuple[str, ...] = ()
    device: str = "cpu"
    licence: str = ""
    parameters: int = 0
    mask_stride_px: int = 1
    gives_boxes: bool = False
    reads_places: bool = False
    looks_around: bool = False
    finest_m: Mapping[str, float] = field(default_factory=dict)

    def gsd_range_of(self, class_names: Iterable[str]) -> tuple[float, float]:
        """(finest, coarsest) ground resolution to look for some classes at: as fine as one of them needs."""
        finest, coarsest = self.gsd_range_m
        return min((self.finest_m.get(name, finest) for name in class_names), default=finest), coarsest


@dataclass(frozen=True)
class Named:
    """A thing of a model's list, where a text names it.

    Attributes:
        class_name: As in ``ModelInfo.classes``.
        singular, plural: The word that the text uses, in both forms.
        class_plural: The plural of the class's own name.
        start, end: Characters of the text.
        countable: Whether a region of it is one object; roads and water come in areas, not in pieces.
        mass: Whether the word takes "is" and no number, as "water" does.
        one: Whether the text uses it in the singular.
    """

    class_name: str
    singular: str
    plural: str
    class_plural: str
    start: int
    end: int
    countable: bool = True
    mass: bool = False
    one: bool = False


@dataclass(frozen=True)
class Reading:
    """A prompt as a model reads it.

    Attributes:
        text: Cleaned, in lower case, slips put right.
        named: The things of its list, in order of mention.
        unknown: What else is asked for, empty if nothing is.
    """

    text: str
    named: tuple[Named, ...] = ()
    unknown: str = ""


class Predictor(Protocol):
    """A loaded model.  One thread at a time."""

    @property
    def info(self) -> ModelInfo:
        """Name, window size and resolution of the model."""
        ...

    def answer(
        self,
        image: NDArray[np.uint8],
        prompt: str,
        history: Sequence[tuple[str, str]] = (),
        task: Choice = "auto",
    ) -> Iterator[Piece]:
        """The answer to ``prompt`` about ``image``, piece by piece; at least one piece for each decoded token.

        Args:
            image: (H, W, 3) uint8 RGB, at most ``info.window_px`` on a side.
            prompt: What the analyst typed.
            history: Earlier (prompt, answer) turns, oldest first.
            task: What is wanted; ``auto`` leaves it to the words of the prompt.

        Yields:
            Text as it is decoded, a Mask or Box in its place among the words, a Measure where a number belongs.
            Closing the iterator stops the model at the next token.

        Raises:
            PromptError: If the prompt is empty or too long for the model.
        """
        ...


@runtime_checkable
class Lister(Predictor, Protocol):
    """A model that knows a list of things (``ModelInfo.classes``) and finds in a prompt which of them it names."""

    def read(self, prompt: str) -> Reading:
        """The prompt as the model reads it.

        Raises:
            PromptError: If the prompt is empty or too long for the model.
        """
        ...

    def likely(self, image: NDArray[np.uint8]) -> Mapping[str, float]:
        """How likely (0..1) each thing is to be in an image at all, at a glance; what it cannot tell is left out.

        Args:
            image: As in ``answer``.
        """
        ...


@runtime_checkable
class Foresighted(Predictor, Protocol):
    """A model that can begin to look at an image while it still answers about another one."""

    def foresee(self, image: NDArray[np.uint8]) -> None:
        """Begins to look at the image that will be asked about next, and returns at once.

        Args:
            image: As in ``answer``.  A question about it gets the same answer whether it was foreseen or not.
        """
        ...
