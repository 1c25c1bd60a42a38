"""What becomes of a question: which masks are asked for, which of their regions are meant, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from geopix_model.predictor import Lister, Named, Predictor

from . import nearness, qualifiers
from .asker import Asker, Wish
from .describing import description
from .identify import Identifier
from .intent import Intent, distinct, understand
from .limits import Limits
from .notes import notes, refusal
from .question import Question
from .raster import Tile
from .replies import Replies, sentence
from .sentences import Sentence
from .wording import Fact

TOLD_AT_THE_END = ("count", "measure", "presence", "compare", "refuse", "describe", "everything")


@dataclass(frozen=True)
class Plan:
    """How one question is answered.

    Attributes:
        predictor: What each window is shown to.
        limits: Which regions are meant.
        intent: What is wanted, ``talk`` where the model says all of the answer itself.
        passes: How often each window is looked at.
    """

    predictor: Predictor
    limits: Limits
    intent: Intent
    passes: int = 1

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
        return self.intent.form in ("everything", "what", "describe")

    def ending(self, facts: Mapping[str, Fact]) -> Iterator[Sentence]:
        """What is said once all polygons are known.

        Args:
            facts: What they say, by class name.
        """
        form = self.intent.form
        if form == "refuse":
            yield sentence(refusal(self.intent))
        elif form in ("describe", "everything"):
            nowhere = ""  # what limits everything, limits each of it alike
            yield from description(facts, self.intent.things, self.limits.words(nowhere))
        elif form not in ("talk", "what"):
            yield from Replies(self.intent, self.limits, facts).sentences()
        for note in notes(self.intent, self.limits, facts):
            yield sentence(note)


def plan(predictor: Predictor, question: Question, tile: Tile) -> Plan:
    """The plan for a question; that of a model without a list of things is to leave the prompt to it.

    Raises:
        PromptError: If the prompt is empty or too long for the model.
    """
    if not isinstance(predictor, Lister):
        intent = Intent("talk", text=question.prompt)
        return Plan(predictor, _limits(intent, tile), intent)
    earlier = [predictor.read(turn.prompt) for turn in question.history if _has_words(turn.prompt)]
    intent = understand(predictor.read(question.prompt), earlier, predictor.read)
    limits, references = _limits(intent, tile), _references(intent)
    if intent.form == "talk":
        return Plan(predictor, limits, intent)
    if intent.form == "refuse":
        return Plan(Asker(predictor, ()), limits, intent, passes=0)
    if intent.form in ("everything", "what", "describe"):
        things = [predictor.read(name).named[0] for name in predictor.info.classes]
        compared = {thing.class_name for relation in intent.relations for thing in relation.to}
        left_out = compared | {thing.class_name for thing in intent.things}
        left = [thing for thing in things if thing.class_name not in left_out]
        identifier = Identifier(predictor, left, references, speaks=intent.form == "what")
        return Plan(identifier, limits, replace(intent, things=tuple(left)), len(left) + len(references))
    wishes = [
        Wish(
            thing,
            limits.words(thing.class_name),
            limits.places.size_of((thing.class_name, thing.plural)),
            any(relation.kind == "nearest" and thing.class_name in relation.of for relation in intent.relations),
        )
        for thing in intent.things
    ]
    asker = Asker(predictor, wishes, references, speaks=intent.form == "segment")
    return Plan(asker, limits, intent, len(wishes) + len(references))


def _limits(intent: Intent, tile: Tile) -> Limits:
    # The points of the compass are those of the raster's axes: a rotated raster has its own north.
    places = qualifiers.parse(intent.text, north_up=tile.transform.e < 0, east_right=tile.transform.a > 0)
    return Limits(places, nearness.on_tile(intent.relations, tile), (tile.height, tile.width))


def _references(intent: Intent) -> tuple[Named, ...]:
    """The things that others are compared with, each class once, but those that are compared with their like."""
    alike = {each.of for each in intent.relations if each.of == tuple({thing.class_name for thing in each.to})}
    things = (thing for relation in intent.relations if relation.kind != "undecided" for thing in relation.to)
    return tuple(thing for thing in distinct(things) if (thing.class_name,) not in alike)


def _has_words(prompt: str) -> bool:
    return any(character.isalnum() for character in prompt)
