"""Conversations as GeoPixel is trained on them: the ids that are read, and which of them are to be learnt."""

from __future__ import annotations

from collections.abc import Sequence

from ..data.batches import IGNORE
from ..errors import CheckpointError
from ..geopixel.prompt import IMAGE, prompt_ids, text_parts, turn
from ..geopixel.tokenizer import IMAGE_HERE, TURN_END, TURN_START, Tokenizer

END = "</s>"
PUBLISHED_HEADER = 5  # newline, start of turn, two pieces of "assistant", newline: a constant of the released code


def conversation(turns: Sequence[tuple[str, str]], tokenizer: Tokenizer, *, published: bool) -> str:
    """The text of (question, answer) turns.

    Args:
        turns: As the data have them; answers with ``<p>``, ``</p>`` and ``[SEG]``.
        tokenizer: Of the checkpoint.
        published: Questions are kept as they are.  Else they are read as the questions of people are: without a place
            for the picture, which then comes first, and without control tokens.
    """
    if not published:
        turns = [(tokenizer.plain(question.replace(IMAGE_HERE, "")), answer) for question, answer in turns]
    return "".join(f"{turn(question.strip())}{answer.strip()}{TURN_END}\n" for question, answer in turns) + END


def read_ids(
    tokenizer: Tokenizer, text: str, image_tokens: Sequence[int], max_length: int, *, published: bool
) -> list[int]:
    """Ids of a text, with ``IMAGE`` at image positions.

    Args:
        tokenizer, text: As in ``conversation``.
        image_tokens: Number of tokens of each picture.
        max_length: What the released code cuts a sample at.
        published: As the released training code orders a picture that has no place: before bos, not after it.
    """
    parts = text_parts(text, len(image_tokens))
    if not published or parts[0]:
        return prompt_ids(tokenizer, text, image_tokens, max_length if published else None)
    ids = [IMAGE] * image_tokens[0]
    rest = prompt_ids(tokenizer, IMAGE_HERE.join(parts[1:]), image_tokens[1:])
    return [*ids, *rest][:max_length]


def header_length(tokenizer: Tokenizer, *, published: bool) -> int:
    """Ids between the end of a question and the first one of its answer.

    Raises:
        CheckpointError: If the released code would learn a part of the header, or skip a part of the answer.
    """
    length = len(tokenizer.encode(f"\n{TURN_START}assistant\n"))
    if published and length != PUBLISHED_HEADER:
        raise CheckpointError(
            f"with this tokenizer {length} ids stand between a question and its answer, the released training code "
            f"counts on {PUBLISHED_HEADER}; train with --compat sane"
        )
    return length


def targets(ids: Sequence[int], tokenizer: Tokenizer, header: int) -> list[int]:
    """For each position its id where it is to be learnt, else ``IGNORE``: answers with their end of turn, and eos.

    Args:
        ids: As ``read_ids`` gives them; without eos where the sample was cut.
        tokenizer: Of the checkpoint.
        header: See ``header_length``.
    """
    found = [IGNORE if number == IMAGE else number for number in ids]
    ends, start = 0, 0
    for position, number in enumerate(ids):
        if number == tokenizer.eos:
            return _blank(found, position + 1, len(ids))
        if number == tokenizer.turn_end:
            ends += 1
            if ends % 2:
                _blank(found, start, position + 1 + header)
            start = position + 1
    # Cut inside a question: all of it is blank but the line break before it, as released.
    return found if ends % 2 else _blank(found, start + 1 if ends else 0, len(ids))


def _blank(found: list[int], start: int, end: int) -> list[int]:
    end = min(end, len(found))
    found[start:end] = [IGNORE] * max(end - start, 0)
    return found
