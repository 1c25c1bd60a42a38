"""What becomes of a question: which masks are asked for, which of their regions are meant, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from geopix_model.predictor import Foresighted, Lister, ModelInfo, Named, Predictor
from geopix_model.tasks import chosen, explicit
from geopix_qgis.protocol import MAX_PROMPT_CHARS

from . import nearness, qualifiers
from .asker import Asker, Wish
from .describing import description
from .identify import Identifier
from .intent import TALK, Intent, distinct, of_task, understand
from .limits import Limits
from .notes import known, notes, refusal
from .question import Question
from .raster import Tile
from .raster_scene import Scene
from .replies import Replies, sentence
from .sampling import Samples, sampling_of
from .sentences import Sentence
from .wording import Fact

DESCRIBED = "The whole view is described; what the words of the question ask for was not looked at by itself."
AROUND = "The model {} gives outlines, not boxes; each box is drawn around one outline."
AHEAD = 3  # windows that a model may look at before it is asked: settling a row of windows takes as long as two looks
TURNS_READ = 8  # "and the cars?" is about the turn before, which may be such a question too
LISTING = ("everything", "what", "describe")  # classes come that nobody asked for
UNLOOKED = ("refuse", "unknown", "help")  # answered without a look at the image
T = TypeVar("T")
TOLD_AT_THE_END = ("count", "measure", "presence", "compare", "describe", "everything", *UNLOOKED)


@dataclass(frozen=True)
class Plan:
    """How one question is answered.

    Attributes:
        predictor: What each window is shown to.
        limits: Which regions are meant.
        intent: What is wanted, ``talk`` where the model says all of the answer itself.
        passes: How often each window is looked at.
        notices: What the reader should know of how the question was taken, beside the answer.
        boxed: Whether boxes are wanted of a model that gives outlines only, so that they are drawn around these.
        model: What is behind the predictor, if it can look ahead.
    """

    predictor: Predictor
    limits: Limits
    intent: Intent
    passes: int = 1
    notices: tuple[str, ...] = ()
    boxed: bool = False
    model: Foresighted | None = None

    def foresee(self, image: NDArray[np.uint8]) -> None:
        """Lets the model begin to look at what comes next, (h, w, 3) uint8, if it can and will be asked about it."""
        if self.model is not None and self.passes:
            self.model.foresee(image)

    @property
    def silent(self) -> bool:
        """Whether nothing is said before all polygons are known."""
        return self.intent.form in TOLD_AT_THE_END

    @property
    def late(self) -> bool:
        """Whether what is shown is known only when all of the tile was looked at."""
        return self.limits.late or self.intent.form == "describe"

    @property
    def lists(self) -> bool:
        """Whether classes come that nobody asked for: of these, "none found" is not said."""
        return self.intent.form in LISTING

    def tells(self, sentence: Sentence, facts: Mapping[str, Fact]) -> bool:
        """Whether a sentence of the model is passed on."""
        nothing = sentence.grounded and not any(facts[key].regions for key in sentence.grounded)
        return not self.silent and not (self.lists and nothing)

    def ending(self, facts: Mapping[str, Fact]) -> Iterator[Sentence]:
        """What is said once all polygons are known.

        Args:
            facts: What they say, by class name.
        """
        form = self.intent.form
        if form in UNLOOKED:
            yield from map(sentence, _unlooked(self.intent))
            return
        if form in ("describe", "everything"):
            nowhere = ""  # what limits everything, limits each of it alike
            yield from description(facts, self.intent.things, self.limits.words(nowhere))
        elif form not in ("talk", "what"):
            yield from Replies(self.intent, self.limits, facts).sentences()
        for note in notes(self.intent, self.limits, facts):
            yield sentence(note)


def looking_ahead(items: Sequence[T], show: Callable[[T], None]) -> Iterator[T]:
    """The items, each when ``show`` was told of the ``AHEAD`` that follow it; of each once, but never of the first."""
    shown = 1
    for number, item in enumerate(items):
        for coming in items[shown : number + 1 + AHEAD]:
            show(coming)
        shown = number + 1 + AHEAD
        yield item


def plan(predictor: Predictor, question: Question, tile: Tile | Scene) -> Plan:
    """The plan for a question.

    Raises:
        PromptError: If the prompt is empty or too long for the model.
    """
    found = _of_words(predictor, question, sampling_of(predictor.info).of(tile))
    if isinstance(predictor, Foresighted):
        found = replace(found, model=predictor)
    if explicit(question.prompt, question.task) != "refer" or predictor.info.gives_boxes:
        return found
    return replace(found, boxed=True, notices=(AROUND.format(predictor.info.name), *found.notices))


def gsd_range_of(predictor: Predictor, question: Question) -> tuple[float, float]:
    """(finest, coarsest) metres per pixel to look at a question with: as fine as one of its things needs.

    Raises:
        PromptError: If the prompt is empty or too long for the model.
    """
    intent = _read(predictor, question)[0] if isinstance(predictor, Lister) else TALK
    if intent.form in LISTING:
        return predictor.info.gsd_range_m
    things = (*intent.things, *_references(intent))
    return predictor.info.gsd_range_of(thing.class_name for thing in things)


def windows_of(predictor: Predictor) -> tuple[int, int] | None:
    """Side and overlap of the windows of a predictor that looks around, which are to be filled; else None."""
    info = predictor.info
    return (info.window_px, info.overlap_px) if info.looks_around else None


def _read(predictor: Lister, question: Question) -> tuple[Intent, bool]:
    """What is wanted, and whether words that ask for something else were put aside for it."""
    words = chosen(question.prompt, question.task)[1] or question.prompt
    turns = [turn.prompt[:MAX_PROMPT_CHARS] for turn in question.history[-TURNS_READ:]]
    earlier = [predictor.read(prompt) for prompt in turns if _has_words(prompt)]
    read = understand(predictor.read(words), earlier, predictor.read)
    intent = of_task(read, explicit(question.prompt, question.task))
    return intent, intent.form == "describe" and read.form != "describe"


def _of_words(predictor: Predictor, question: Question, tile: Samples) -> Plan:
    """The plan for the words of a question; that of a model without a list of things is to leave them to it."""
    if not isinstance(predictor, Lister):
        return Plan(predictor, _limits(Intent("talk", text=question.prompt), tile, predictor.info), TALK)
    intent, put_aside = _read(predictor, question)
    return replace(_of_list(predictor, intent, tile), notices=(DESCRIBED,) if put_aside else ())


def _of_list(predictor: Lister, intent: Intent, tile: Samples) -> Plan:
    """The plan for what is wanted of a model with a list of things."""
    limits, references = _limits(intent, tile, predictor.info), _references(intent)
    if intent.form == "talk":
        return Plan(predictor, limits, intent)
    if intent.form == "refuse":
        return Plan(Asker(predictor, ()), limits, intent, passes=0)
    if intent.form in UNLOOKED:
        return Plan(Asker(predictor, ()), limits, replace(intent, things=_all(predictor)), passes=0)
    if intent.form in LISTING:
        compared = {thing.class_name for relation in intent.relations for thing in relation.to}
        left_out = compared | {thing.class_name for thing in intent.things}
        left = [thing for thing in _all(predictor) if thing.class_name not in left_out]
        identifier = Identifier(predictor, left, references, speaks=intent.form == "what")
        return Plan(identifier, limits, replace(intent, things=tuple(left)), len(left) + len(references))
    wishes = [
        Wish(
            thing,
            limits.words(thing.class_name),
            limits.places.size_of((thing.class_name, thing.plural)),
            limits.near.is_nearest(thing.class_name),
        )
        for thing in intent.things
    ]
    asker = Asker(predictor, wishes, references, speaks=intent.form == "segment")
    return Plan(asker, limits, intent, len(wishes) + len(references))


def _all(predictor: Lister) -> tuple[Named, ...]:
    return tuple(predictor.read(name).named[0] for name in predictor.info.classes)


def _unlooked(intent: Intent) -> Iterator[str]:
    """Answers for which the image is not looked at."""
    if intent.form == "refuse":
        yield refusal(intent)
        return
    if intent.form == "unknown":
        yield f'I do not know "{intent.unknown}".'
    else:
        yield "Ask me to find, count, measure or compare things in this view."
    yield known([thing.plural for thing in intent.things])


def _limits(intent: Intent, tile: Samples, info: ModelInfo) -> Limits:
    # The points of the compass are those of the raster's axes: a rotated raster has its own north.
    north_up, east_right = tile.transform.e < 0, tile.transform.a > 0
    places = (
        qualifiers.Qualifiers()
        if info.reads_places
        else qualifiers.parse(intent.text, north_up=north_up, east_right=east_right)
    )
    near = nearness.on_tile(intent.relations, tile)
    return Limits(_of_all(places, intent.things), near, (tile.height, tile.width), intent.areas, intent.things)


def _of_all(places: qualifiers.Qualifiers, things: Sequence[Named]) -> qualifiers.Qualifiers:
    """The words of size, those that name none of the things taken for all: "which of them is the largest here?"."""
    names = [name for thing in things for name in (thing.class_name, thing.plural)]
    if not names:
        return places
    sizes = (size if size.names(names) else replace(size, noun="one") for size in places.sizes)
    return replace(places, sizes=tuple(sizes))


def _references(intent: Intent) -> tuple[Named, ...]:
    """The things that others are compared with, each class once, but those that are compared with their like."""
    alike = {each.of for each in intent.relations if each.of == tuple({thing.class_name for thing in each.to})}
    things = (thing for relation in intent.relations if relation.kind != "undecided" for thing in relation.to)
    return tuple(thing for thing in distinct(things) if (thing.class_name,) not in alike)


def _has_words(prompt: str) -> bool:
    return any(character.isalnum() for character in prompt)
