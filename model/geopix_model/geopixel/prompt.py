"""What the model reads: turns between markers, and where pictures stand among them."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import PromptError
from ..tasks import Choice, bare, chosen
from .tokenizer import IMAGE_HERE, TURN_END, TURN_START, Tokenizer

IMAGE = -1  # stands in a list of ids for one image position
SEVERAL_IMAGES_HD = 6  # hd_num of each picture where a prompt has more than one


REFERRING = "Could you provide a segmentation mask for {} in this image?"  # as in its training


def in_full(words: str, task: Choice = "auto") -> str:
    """A question in the words that the model knows best: a thing that is only named becomes a question for its mask.

    GeoPixel has no tags for tasks; whatever else was typed is asked as it is.
    """
    wanted, plain = chosen(words, task)
    return REFERRING.format(plain.strip().rstrip(".")) if wanted in ("segment", "refer") and bare(plain) else plain


def conversation(query: str, history: Sequence[tuple[str, str]] = (), system: str = "") -> str:
    """The text of a prompt, up to where the answer begins.

    Args:
        query: The new question.
        history: Earlier (question, answer) turns, oldest first; answers as ``Tokenizer.decode`` gives them.
        system: An instruction before all turns.
    """
    text = f"{TURN_START}system\n{system}{TURN_END}\n" if system else ""
    for question, answer in history:
        text += f"{turn(question)}{answer}{TURN_END}\n"
    return text + turn(query)


def turn(query: str) -> str:
    """The markers of a question, up to where its answer begins."""
    return f"{TURN_START}user\n{query}{TURN_END}\n{TURN_START}assistant\n"


def text_parts(text: str, images: int) -> list[str]:
    """The texts before, between and after the places of ``images`` pictures.

    One picture without a place stands before everything.

    Raises:
        PromptError: If there are more or fewer places than pictures.
    """
    if images == 1 and IMAGE_HERE not in text:
        text = IMAGE_HERE + text
    parts = text.split(IMAGE_HERE)
    if len(parts) - 1 != images:
        raise PromptError(f"the prompt has {len(parts) - 1} places for {images} pictures; give each picture one place")
    return parts


def prompt_ids(
    tokenizer: Tokenizer, text: str, image_tokens: Sequence[int], max_length: int | None = None
) -> list[int]:
    """Ids of a prompt, with ``IMAGE`` at each image position.

    Args:
        tokenizer: Of the checkpoint.
        text: As ``conversation`` gives it.
        image_tokens: Number of tokens of each picture, in order.
        max_length: The released code adds no further part once so many positions are exceeded, then cuts the rest: a
            question behind a very large picture is lost.  None: nothing is cut.
    """
    ids: list[int] = []
    for index, part in enumerate(text_parts(text, len(image_tokens))):
        if part or index == 0:
            ids += tokenizer.encode(part, bos=index == 0)
        if index < len(image_tokens):
            ids += [IMAGE] * image_tokens[index]
        if max_length is not None and len(ids) > max_length:
            break
    return ids[:max_length]
