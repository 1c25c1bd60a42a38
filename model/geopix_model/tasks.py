"""What is wanted of a question: outlines, boxes, a description or an answer in words.

GeoPix is told by a tag at the beginning of its question.  The tag comes from an explicit choice, else from a tag that
was typed, else from the words.
"""

from __future__ import annotations

import re
from typing import Literal

Task = Literal["segment", "refer", "caption", "vqa"]
Choice = Literal["auto", "segment", "refer", "caption", "vqa"]
TAGS: dict[Task, str] = {
    "segment": "[segment]",
    "refer": "[refer]",
    "caption": "[caption]",
    "vqa": "[Visual Question Answering]",
}
CHOICES: tuple[Choice, ...] = ("auto", *TAGS)

_TYPED = re.compile(r"^\s*\[\s*(?P<tag>segment|refer|caption|visual question answering|vqa)\s*\]\s*", re.IGNORECASE)
_BEGIN = (
    r"^\W*(?:(?:please|kindly|now|and|so|then|ok|okay|hello|hi|hey),?\s+)*"
    r"(?:(?:can|could|would|will)\s+(?:you|we)\s+(?:please\s+)?|i\s+(?:want|need)(?:\s+you)?\s+to\s+|help\s+me\s+(?:to\s+)?)?"
)
_BOX = re.compile(r"\b(?:bounding\s+)?box(?:es)?\b|\brectangles?\b|\bbbox(?:es)?\b", re.IGNORECASE)
_SEGMENT = re.compile(
    r"\b(?:segment\w*|masks?|polygons?|outlin\w+|delineat\w+|digiti[sz]e\w*|vectori[sz]e\w*|trac(?:e|ing)|contours?|"
    r"footprints?|extract\w*)\b|" + _BEGIN + r"(?:map|mark|highlight|find|show|select|label|isolate|detect)\b",
    re.IGNORECASE,
)
_REFER = re.compile(
    r"\b(?:where|wheres|where's|locate|location|position|coordinates)\b|" + _BEGIN + r"(?:point\s+(?:to|out)|refer)\b",
    re.IGNORECASE,
)
_CAPTION = re.compile(
    r"\b(?:describ\w+|description|caption\w*|summari[sz]e|summary)\b|"
    r"\bwhat\s+(?:do|can)\s+you\s+see\b|\bwhat(?:'s|\s+is|\s+does)\s+(?:\w+\s+)?(?:in\s+)?(?:the|this)\s+"
    r"(?:image|picture|scene|view|photo|tile)(?:\s+(?:show|about))?\W*$|\btell\s+me\s+about\s+(?:the|this)\s+(?:image|scene|view)\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    _BEGIN + r"(?:how|what|which|who|whose|why|when|is|are|was|were|does|do|did|has|have|count|name|"
    r"identify|classify|compare|tell|explain|answer|estimate)\b|\?\s*$",
    re.IGNORECASE,
)


def chosen(prompt: str, choice: Choice = "auto") -> tuple[Task, str]:
    """The task of a prompt, and its words without a tag.

    Args:
        prompt: What was typed; may begin with a tag such as ``[refer]``.
        choice: An explicit choice wins over a tag and over the words.
    """
    words, wanted = _TYPED.sub("", prompt, count=1), explicit(prompt, choice)
    return (meant(words) if wanted == "auto" else wanted), words


def explicit(prompt: str, choice: Choice = "auto") -> Choice:
    """What was chosen, else the tag that was typed, else ``auto``."""
    typed = _TYPED.match(prompt)
    return _of_tag(typed["tag"].lower()) if typed and choice == "auto" else choice


def meant(words: str) -> Task:
    """The task that words alone ask for; a bare thing such as "storage tanks" is to be segmented."""
    if _BOX.search(words):
        return "refer"
    if _CAPTION.search(words):
        return "caption"
    if _SEGMENT.search(words):
        return "segment"
    if _REFER.search(words):
        return "refer"
    return "vqa" if _QUESTION.search(words) else "segment"


def bare(words: str) -> bool:
    """Whether words only name a thing, such as "storage tanks"."""
    return meant(words) == "segment" and not _SEGMENT.search(words)


def _of_tag(tag: str) -> Task:
    named: dict[str, Task] = {"segment": "segment", "refer": "refer", "caption": "caption"}
    return named.get(tag, "vqa")
