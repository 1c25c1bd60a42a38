"""From what was typed to the ids that the published model reads.

One turn: ``SYSTEM USER: <image>\\n{tag} {words} ASSISTANT:``.  The released code knows one turn only; the second and
later ones go on in the template's own way, with the answer, the end token, and the next ``USER:``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from ...checkpoint_files import read_json, require
from ...errors import CheckpointError, PromptError
from ...tasks import TAGS, Task, chosen

SYSTEM = (
    "A chat between a curious human and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the human's questions."
)
IMAGE, PAD, STOP = "<image>", "<pad>", "</s>"


@dataclass(frozen=True)
class Vocabulary:
    """The tokenizer of a checkpoint, and the ids that mean something special.

    Attributes:
        image: Stands for one patch of the picture.
        stops: Any of these ends an answer.
        segmentation: The run that stands for one target, in order.
        special: Texts that are tokens of their own, which no prompt may hold.
    """

    tokenizer: Tokenizer
    image: int
    stops: frozenset[int]
    segmentation: tuple[int, ...]
    special: tuple[str, ...]

    def encode(self, prompt: str, image_tokens: int) -> list[int]:
        """Ids of a prompt, from the start token, each ``<image>`` repeated ``image_tokens`` times."""
        ids: list[int] = self.tokenizer.encode(prompt.replace(IMAGE, IMAGE * image_tokens)).ids
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of an answer, special tokens included, up to the end token."""
        text: str = self.tokenizer.decode(list(ids), skip_special_tokens=False)
        return text.split(STOP)[0]

    def plain(self, text: str) -> str:
        """``text`` without special tokens, on one line."""
        for token in self.special:
            text = text.replace(token, " ")
        return " ".join(text.split())


def read_vocabulary(folder: Path, run_length: int) -> Vocabulary:
    """The vocabulary of a checkpoint folder.

    Args:
        run_length: How many segmentation tokens stand for one target.

    Raises:
        CheckpointError: If the tokenizer is missing, unreadable, or lacks a token.
    """
    require(folder / "tokenizer.json")
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # the tokenizers library raises bare Exception
        raise CheckpointError(f"tokenizer.json in {folder} cannot be read ({error}); download it again") from error

    def find(token: str) -> int:
        found: int | None = tokenizer.token_to_id(token)
        if found is None:
            raise CheckpointError(f"tokenizer.json in {folder} lacks {token!r}; is it a GeoPix checkpoint?")
        return found

    settings = folder / "vlm" / "generation_config.json"
    # Of the stored settings only ids are obeyed: a sampling flag would make answers random.
    stops = read_json(settings).get("eos_token_id") if settings.is_file() else None
    stops = [find(STOP)] if stops is None else [stops] if isinstance(stops, int) else stops
    return Vocabulary(
        tokenizer,
        find(IMAGE),
        frozenset(stops),
        tuple(find(f"[SEG{index}]") for index in range(run_length)),
        tuple(token.content for token in tokenizer.get_added_tokens_decoder().values()),
    )


def question(words: str, task: Task, vocabulary: Vocabulary) -> str:
    """What stands after ``USER:``: the tag of the task, and the user's own words.

    Raises:
        PromptError: If no word is left.
    """
    plain = vocabulary.plain(words)
    if not any(character.isalnum() for character in plain):
        raise PromptError(f"The prompt {words[:20]!r} holds no word; ask for something, such as 'segment the ships'.")
    return f"{TAGS[task]} {plain}"


def conversation(now: str, history: Sequence[tuple[str, str]], vocabulary: Vocabulary) -> str:
    """The whole prompt.

    Args:
        now: The question, as ``question`` gives it.
        history: Earlier (prompt, answer) turns, oldest first; those without a word are left out.
    """
    text, begin = "", f"{SYSTEM} USER: {IMAGE}\n"
    for prompt, answer in history:
        task, words = chosen(prompt)
        if any(character.isalnum() for character in vocabulary.plain(words)):
            text += f"{begin}{question(words, task, vocabulary)} ASSISTANT: {vocabulary.plain(answer)}{STOP}"
            begin = "USER: "
    return f"{text}{begin}{now} ASSISTANT:"


def fitting(
    now: str, history: Sequence[tuple[str, str]], vocabulary: Vocabulary, image_tokens: int, room: int
) -> list[int]:
    """Ids of the whole prompt; the oldest turns are left out until it has at most ``room`` ids.

    Raises:
        PromptError: If the question alone is too long.
    """
    for first in range(len(history) + 1):
        ids = vocabulary.encode(conversation(now, history[first:], vocabulary), image_tokens)
        if len(ids) <= room:
            return ids
    raise PromptError(f"The prompt has {len(ids) - image_tokens} tokens, {room - image_tokens} fit; shorten it.")
