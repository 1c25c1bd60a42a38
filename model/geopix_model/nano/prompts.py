"""From what an analyst typed to what the embedded model reads, and the special tokens between the two.

Layout of a sequence, in training and in use::

    <s> <image> x 36 <ask> {render(prompt, history)} <answer> {answer} </s>
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from tokenizers import Tokenizer

from geopix_model.errors import CheckpointError, PromptError
from geopix_model.nano.lexicon import joined, match

MAX_PROMPT_CHARS = 4000  # more is refused
MODEL_PROMPT_CHARS = 300  # more is cut off: no training prompt is longer
EARLIER_CHARS = 120
NOUN_CHARS = 60
NOTHING = "that"  # the noun of a prompt that asks for no thing
IMAGE_TOKENS = 36

SEG = tuple(f"[SEG{i}]" for i in range(6))  # 2 scales x 3 tokens, always in this order
MEASURES = ("[COUNT]", "[AREA]", "[SHARE]")
SPECIAL = (
    "<pad>", "<s>", "</s>", "<image>", "<ask>", "<answer>", "<p>", "</p>", *SEG, *MEASURES, "[CLASSES]", "[NOUN]",
)  # fmt: skip
SEG_RUN = "".join(SEG)

_QUOTES = str.maketrans("‘’‚‛“”„‟`´", "''''''''''")
_PLACE = re.compile(
    r"\b(?:in|on|of|from|within|across|inside|throughout|over|for|at|does|is|into)?\s*(?:the|this|that|my|our|your)\s+"
    r"(?:whole\s+|entire\s+|current\s+|given\s+|attached\s+|following\s+)?"
    r"(?:aerial|satellite|remote sensing|drone|uav|overhead|visible|map|remotely sensed|orthophoto)?\s*"
    r"(?:image|images|picture|photo|photograph|tile|view|scene|imagery|area|region|raster|shot|frame|extent|canvas|map)\b"
    r"(?!\s+frames?)|\bsquare met(?:re|er)s?\b|\bas well\b"
)
_SPLIT = re.compile(r"[,;&+/]|\b(?:and|or|plus|as as|along with|together with|than|versus|vs)\b")
_AS_MANY = re.compile(r"\bas (many|much|large|big) (.+?) as\b")
_WHERE = re.compile(r"(?<=\w)\s+(?:in|on|within|inside)\s.*")

_COMMAND_WORDS = """
    a about accurate add aerial again all along also am amount an and annotate any any's anything anywhere
    appear are area areas around as at away be been below big binary bit boundaries boundary by calculate can
    capture check circle class classify color colour compute contain contains contours could count counted cover
    coverage covered covering create current cut delineate describe detect detection determine did digitise
    digitize display displayed do does doing draw drawn each else estimate every everything everywhere exist
    exists export exports extent extents extract feature find finding footprint footprints for found fraction
    from full generate geometry get give got has have having hectares hello help here hey hi highlight how i i'd
    i'm id identify if image in instance instances into is isolate it it's its just kindly know label large
    layer let lie like list locate located locating location locations look looking made make many map mapped
    mapping mark marked mask masks maybe me measure model more much must my near nearby need next nice not note
    now number object objects occupied occupy occur of ok okay on one only or other our out outline outlined
    outlines over overlay part parts per percent percentage perform photo pick pixel pixels place pleas please
    plot plus point polygon polygons positions possible present produce proportion provide quantify quick
    quickly real really return same scene search see seen segment segmentation segmented segmenting select
    semantic separate shape shapefile shapes share should show showing shown similarly size so some something
    space spot square still summarise surface take takes tell than thank thanks that the their them then there
    there's these they thing things this those through tile to too total trace try up us use vector vectorise
    vectorised vectorize very view visible want was we were what what's whats where where's wheres which will
    wish with within would yes you your
    afternoon evening good greetings morning
    acres biggest bigger both caption compare compared comparison covers difference fewer fewest furthest greater
    greatest instance kind larger largest least less might most nearest nothing places rather ratio smaller smallest
    than versus vs
"""


def _with_typos(words: frozenset[str]) -> frozenset[str]:
    """The words, with those made from them by swapping, dropping or doubling one letter."""
    typos = set(words)
    for word in words:
        for at in range(1, len(word) - 1):
            typos.add(word[:at] + word[at + 1] + word[at] + word[at + 2 :])
            if len(word) > 3:
                typos.update((word[:at] + word[at] + word[at:], word[:at] + word[at + 1 :]))
    return frozenset(typo for typo in typos if not match(typo))


_AT_START = _with_typos(frozenset(_COMMAND_WORDS.split()))
_AT_END = _AT_START - {
    "space",
    "part",
    "number",
    "object",
    "shape",
    "point",
    "layer",
    "circle",
    "box",
    "spot",
    "plot",
}


def token_id(tokenizer: Tokenizer, token: str) -> int:
    """Id of a special token.

    Raises:
        CheckpointError: If the tokenizer is of another model.
    """
    found: int | None = tokenizer.token_to_id(token)
    if found is None:
        raise CheckpointError(f"the tokenizer lacks {token!r}; is it that of another model?")
    return found


def normalise(prompt: str) -> str:
    """The prompt as the model knows text: lower-case, without accents, brackets or control characters, one line.

    Brackets and the like become spaces, so that no prompt can hold a special token.  Idempotent.

    Raises:
        PromptError: If nothing readable is in it, or it is longer than 4000 characters.
    """
    if len(prompt) > MAX_PROMPT_CHARS:
        raise PromptError(f"The prompt has {len(prompt)} characters and {MAX_PROMPT_CHARS} are allowed; shorten it.")
    text = unicodedata.normalize("NFKD", prompt.translate(_QUOTES)).casefold()
    text = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text if not unicodedata.combining(c))
    text = re.sub(r"([&+])", r" \1 ", re.sub(r"[^\w\s.,;:?!'&+%-]|_", " ", text))
    text = re.sub(r"([,;:?!])(?=\w)", r"\1 ", text)
    if not any(c.isalnum() for c in text):
        raise PromptError(f"The prompt {prompt[:20]!r} holds no word; ask for something, such as 'find the buildings'.")
    return " ".join(text.split())[:MODEL_PROMPT_CHARS].rstrip()


def render(prompt: str, history: Sequence[tuple[str, str]] = ()) -> str:
    """The text that the model sees between <ask> and <answer>: the prompt, after the last earlier one if any.

    Args:
        prompt: What was typed.
        history: Earlier (prompt, answer) turns, oldest first; all but the last prompt are left out.

    Raises:
        PromptError: If ``prompt`` is empty or too long.
    """
    now = normalise(prompt)
    earlier = history[-1][0][:MAX_PROMPT_CHARS] if history else ""
    if not any(c.isalnum() for c in earlier):
        return now
    return f"earlier: {normalise(earlier)[:EARLIER_CHARS].rstrip()} now: {now}"


def question(prompt: str, history: Sequence[tuple[str, str]] = ()) -> str:
    """Everything that the model reads before it answers, from <s> to <answer>."""
    return f"<s>{'<image>' * IMAGE_TOKENS}<ask>{render(prompt, history)}<answer>"


def noun_of(prompt: str) -> str:
    """The thing that a prompt asks for, without command words and known classes: this fills the token [NOUN].

    "segment all the heliports please" gives "heliports"; a prompt without such a thing gives "that".

    Raises:
        PromptError: If the prompt is empty or too long.
    """
    text = _AS_MANY.sub(r"as \1 \2 ,", joined(normalise(prompt)))
    text = _PLACE.sub(" , ", re.sub(r"[.:?!]", " , ", text))
    parts = [_bare(_WHERE.sub("", part).split()) for part in _SPLIT.split(text)]
    parts = [part.replace("_", " ") for part in parts]
    unknown = [part for part in parts if part and not match(part)]
    noun = " and ".join(dict.fromkeys(unknown or [part for part in parts if part]))
    if len(noun) > NOUN_CHARS:
        noun = noun[:NOUN_CHARS].rsplit(" ", 1)[0]
    return noun or NOTHING


def _bare(words: list[str]) -> str:
    """The words without command words at both ends."""
    start, end = 0, len(words)
    while start < end and words[start] in _AT_START:
        start += 1
    while end > start and words[end - 1] in _AT_END:
        end -= 1
    return " ".join(words[start:end])
