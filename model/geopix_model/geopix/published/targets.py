"""What the masks and boxes of an answer are called: published GeoPix says where things are, seldom what they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_COMMAND = re.compile(
    r"^\W*(?:(?:please|kindly|now|and|so|then|ok|okay),?\s+)*"
    r"(?:(?:can|could|would|will)\s+(?:you|we)\s+(?:please\s+)?|i\s+(?:want|need)(?:\s+you)?\s+to\s+)?"
    r"(?:(?:segment|outline|delineate|mask|mark|map|find|show|locate|detect|highlight|extract|select|trace|label|identify|"
    r"digiti[sz]e|vectori[sz]e|draw|give|get|point\s+(?:to|out)|refer\s+to|where(?:'s|\s+is|\s+are))\s+)+"
    r"(?:(?:me|us)\s+)?"
    r"(?:(?:out\s+)?(?:(?:the|a|an)\s+)?(?:bounding\s+)?(?:segmentation\s+)?"
    r"(?:box(?:es)?|masks?|outlines?|polygons?|locations?|positions?|contours?)\s+(?:of|for|around)\s+)?",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:\s*,?\s*\b(?:please|in\s+(?:the|this)\s+(?:given\s+|whole\s+|entire\s+)?"
    r"(?:image|picture|photo|scene|view|tile)))*[\s.?!;:]*$",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+|\s*[;&]\s*", re.IGNORECASE)
_ARTICLE = re.compile(
    r"^(?:(?:all|each|every|any|some)(?:\s+of)?\s+)?(?:(?:the|a|an|these|those)(?:\s+|$))?", re.IGNORECASE
)
NAMELESS = "target"


@dataclass(frozen=True)
class Named:
    """What a question asks for.

    Attributes:
        whole: All of it, such as "tank in the top and the tank in the bottom".
        parts: The things that it lists.
    """

    whole: str
    parts: tuple[str, ...]

    def of(self, index: int, count: int) -> str:
        """The words for target ``index`` of ``count``: one thing each where the question lists enough, else all."""
        if len(self.parts) == 1 or (count > 1 and index < len(self.parts)):
            return self.parts[min(index, len(self.parts) - 1)]
        return self.whole


def asked(words: str) -> Named:
    """The things that a question names, without command words, articles and "in this image"."""
    whole = _TAIL.sub("", _COMMAND.sub("", words, count=1), count=1).strip()
    parts = tuple(part for part in (_bare(part) for part in _JOINED.split(whole)) if part)
    return Named(_bare(whole) or NAMELESS, parts or (NAMELESS,))


def class_of(phrase: str, names: Sequence[str]) -> str:
    """The class name that stands in a phrase as whole words, singular or plural; the longest one, "" for none."""
    text = f" {_words(phrase)} "
    found = [name for name in names if name and f" {_words(name)} " in text]
    return max(found, key=len, default="")


def _bare(text: str) -> str:
    return _ARTICLE.sub("", text.strip(), count=1).strip(" .,;:?!\"'")


def _words(text: str) -> str:
    """Lower-case words in a crude singular, so that "harbors" and "harbor" are one."""
    words = re.findall(r"[a-z0-9]+", text.lower().replace("-", " "))
    return " ".join(
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in words
    )
