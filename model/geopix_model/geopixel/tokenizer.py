"""Text to ids and back, as the released tokenizer does it: SentencePiece between a few added tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from sentencepiece import SentencePieceProcessor

from ..checkpoint_files import read_json
from ..errors import CheckpointError

TOKENIZER, ADDED = "tokenizer.model", "added_tokens.json"
SEG, PHRASE, PHRASE_END = "[SEG]", "<p>", "</p>"
TURN_END, TURN_START = "[UNUSED_TOKEN_145]", "[UNUSED_TOKEN_146]"
IMAGE_HERE = "<ImageHere>"
_MARKER = re.compile(r"\[UNUSED_TOKEN_\d+\]")


class Tokenizer:
    """Ids of texts.

    Attributes:
        bos, eos: Begin and end of a sequence.
        seg, phrase, phrase_end: ``[SEG]``, ``<p>`` and ``</p>``.
        turn_end, turn_start: The markers of a turn.
    """

    def __init__(self, pieces: SentencePieceProcessor, added: dict[str, int]) -> None:
        self._pieces = pieces
        self.unk, self.bos, self.eos = pieces.unk_id(), pieces.bos_id(), pieces.eos_id()
        self.seg, self.phrase, self.phrase_end = added[SEG], added[PHRASE], added[PHRASE_END]
        self.turn_end, self.turn_start = pieces.piece_to_id(TURN_END), pieces.piece_to_id(TURN_START)
        special = {pieces.id_to_piece(i): i for i in (self.unk, self.bos, self.eos)}
        self._added = {number: text for text, number in added.items()}
        self._special = set(special.values())
        self._ids = {**special, **added}
        self._split = re.compile("(" + "|".join(map(re.escape, self._ids)) + ")")

    @property
    def size(self) -> int:
        """Number of ids, added ones included."""
        return max(self._pieces.get_piece_size(), *(number + 1 for number in self._added))

    def encode(self, text: str, *, bos: bool = False) -> list[int]:
        """Ids of a text.  White space beside an added token is lost, as in training."""
        parts = self._split.split(text)
        ids = [self.bos] if bos else []
        for index, part in enumerate(parts):
            if index % 2:
                ids.append(self._ids[part])
                continue
            part = part.lstrip() if index > 0 else part
            part = part.rstrip() if index < len(parts) - 1 else part
            if part:
                ids += self._pieces.encode(part)
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of an answer as the released code returns it: runs and added tokens, with one space between."""
        words = []
        kept = [number for number in ids if number not in self._special]
        for is_added, group in groupby(kept, key=lambda number: number in self._added):
            run = list(group)
            words += [self._added[number] for number in run] if is_added else [self.decode_run(run)]
        return " ".join(words).replace(TURN_END, "")

    def decode_run(self, ids: Sequence[int]) -> str:
        """The text of ordinary ids, one after the other."""
        return self._pieces.decode(list(ids))

    def plain(self, text: str) -> str:
        """A text of a person in which nothing is read as a control token: such words are broken by a space."""
        text = _MARKER.sub(_broken, text)
        for word in (*self._ids, IMAGE_HERE):
            text = re.sub(re.escape(word), _broken, text)
        return text


def load_tokenizer(folder: Path, vocabulary: int) -> Tokenizer:
    """The tokenizer of a checkpoint folder.

    Args:
        folder: With ``tokenizer.model`` and ``added_tokens.json``.
        vocabulary: Rows of the embedding: every id must have one.

    Raises:
        CheckpointError: If a file is missing or damaged, or lacks a token that the model needs.
    """
    path, added = folder / TOKENIZER, read_json(folder / ADDED)
    try:
        pieces = SentencePieceProcessor(model_proto=path.read_bytes())
    except (OSError, RuntimeError) as error:
        raise CheckpointError(f"{TOKENIZER} in {folder} cannot be read ({error}); download it again") from error
    for word in (SEG, PHRASE, PHRASE_END):
        if not isinstance(added.get(word), int):
            raise CheckpointError(f"{ADDED} in {folder} lacks the token {word!r}; is it of a GeoPixel checkpoint?")
    for word in (TURN_END, TURN_START):
        if pieces.piece_to_id(word) == pieces.unk_id():
            raise CheckpointError(f"{TOKENIZER} in {folder} lacks the piece {word!r}; is it of a GeoPixel checkpoint?")
    tokenizer = Tokenizer(pieces, added)
    if tokenizer.size > vocabulary:
        raise CheckpointError(
            f"the tokenizer in {folder} has {tokenizer.size} ids, the model {vocabulary}; they do not belong together"
        )
    return tokenizer


def _broken(match: re.Match[str]) -> str:
    return match[0][0] + " " + match[0][1:]
