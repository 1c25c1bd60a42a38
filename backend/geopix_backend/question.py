"""A question about a tile, checked before any work is done for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from geopix_model.errors import PromptError
from geopix_model.tasks import CHOICES, Choice
from geopix_qgis.protocol import MAX_PROMPT_CHARS, AskRequest, Turn

from .errors import RequestError


@dataclass(frozen=True)
class Question:
    """What is asked, apart from the pixels.

    Attributes:
        prompt: What the analyst typed, 1 to ``MAX_PROMPT_CHARS`` characters, not only spaces.
        history: Earlier turns of the conversation, oldest first.
        turn: Number of this turn, from 1.
        min_score: Regions with a lower score (0..1) are dropped.
        min_area_px: Regions and holes smaller than this many tile pixels are dropped.
        min_area_m2: Regions smaller than this on the ground are dropped (geodesic area); see ``check_ground``.
        right_angles: Whether the outlines of what was built get right angles where the mask agrees.
        limited: Whether it is about a part of the tile only (``outline.keep_inside``).
        task: What is wanted; ``auto`` leaves it to a tag or to the words of the prompt.

    Raises:
        PromptError: If the prompt is empty or too long.
        RequestError: If another field is out of its range.
    """

    prompt: str
    history: Sequence[Turn] = ()
    turn: int = 1
    min_score: float = 0.5
    min_area_px: int = 12
    limited: bool = False
    min_area_m2: float = 0.0
    right_angles: bool = False
    task: Choice = "auto"

    def __post_init__(self) -> None:
        _check_prompt(self.prompt)
        if not _is_number(self.min_score) or not 0 <= self.min_score <= 1:
            raise RequestError(f"min_score is {self.min_score!r}; give a number from 0 to 1.")
        if not _is_number(self.min_area_m2) or not 0 <= self.min_area_m2 < math.inf:
            raise RequestError(f"min_area_m2 is {self.min_area_m2!r}; give a number of square metres from 0 up.")
        for name, least in (("min_area_px", 0), ("turn", 1)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise RequestError(f"{name} is {value!r}; give a whole number from {least} up.")
        if self.task not in CHOICES:
            raise RequestError(f"task is {self.task!r}; choose one of: {', '.join(CHOICES)}.")
        for turn in self.history:
            if not isinstance(turn.prompt, str) or not isinstance(turn.answer, str):
                raise RequestError("An earlier turn is not text; give its prompt and its answer as strings.")

    @classmethod
    def of(cls, request: AskRequest) -> Question:
        """The question that a request of the wire carries."""
        return cls(
            request.prompt,
            request.history,
            request.turn,
            request.min_score,
            request.min_area_px,
            min_area_m2=request.min_area_m2,
            limited=bool(request.outline),
            task=request.task,  # type: ignore[arg-type]  # checked above
        )

    def check_ground(self, known: bool) -> None:
        """Refuses a least area in square metres where none can be measured.

        Args:
            known: Whether the pixels have a place on the ground.

        Raises:
            RequestError: If they have not, and regions below some area are to be dropped.
        """
        if self.min_area_m2 > 0 and not known:
            raise RequestError(
                f"Regions below {self.min_area_m2:g} m² cannot be told: the raster has no CRS, so its polygons have no "
                "area in square metres. Give it a CRS, or 0 as the least area."
            )

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The history as the predictor takes it: (prompt, answer), oldest first."""
        return [(turn.prompt, turn.answer) for turn in self.history]


def _check_prompt(prompt: str) -> None:
    if not isinstance(prompt, str):
        raise PromptError(f"The prompt is of type {type(prompt).__name__}; give text.")
    if not prompt.strip():
        raise PromptError("The prompt is empty; say what to look for, such as 'segment all buildings'.")
    if len(prompt) > MAX_PROMPT_CHARS:
        raise PromptError(f"The prompt has {len(prompt)} characters; shorten it to at most {MAX_PROMPT_CHARS}.")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
