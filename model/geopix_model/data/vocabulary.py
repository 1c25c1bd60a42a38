"""The vocabulary of the embedded language model: byte-level BPE in which a noun looks the same wherever it stands.

Texts are encoded as a whole, special tokens and all: ``tokenizer.encode(question(prompt) + answer + "</s>")``. Every
run of text between special tokens loses spaces at its end and gets one before its first word, so that "planes" in a
prompt and in ``<p>planes</p>`` is the same tokens, and the language model can copy it.

``decode`` puts the text of a whole answer together again. Piece by piece: text tokens carry the space before their
word, inside of <p> too (move it out: it is not part of the phrase); [COUNT], [AREA], [SHARE], [CLASSES] and [NOUN]
carry none, so write one before each; drop the space at the very start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from geopix_model.data.conversations import Example
from geopix_model.nano.prompts import SPECIAL, question


def train_tokenizer(examples: Iterable[Example], size: int = 2048) -> Tokenizer:
    """A tokenizer of at most ``size`` tokens: ``SPECIAL`` in order from id 0, then bytes, then merges."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Prepend(" "),
            normalizers.Replace(Regex(r"^ +(?=[^\w\s])"), ""),
            normalizers.Replace(Regex(r"^ +"), " "),
            normalizers.Replace(Regex(r" +$"), ""),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[AddedToken(token, special=True, normalized=False) for token in SPECIAL],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(examples), trainer)
    return tokenizer


def _texts(examples: Iterable[Example]) -> Iterator[str]:
    """The runs of text between special tokens, which is what the tokenizer sees when it encodes."""
    between = re.compile("|".join(map(re.escape, SPECIAL)))
    for example in examples:
        yield from filter(None, between.split(question(example.prompt, example.history) + example.answer))


def decode(tokenizer: Tokenizer, ids: Sequence[int]) -> str:
    """The text of an answer's tokens in the markup of ``Example.answer``; <pad>, <s> and </s> are left out."""
    text = tokenizer.decode(list(ids), skip_special_tokens=False)
    text = re.sub(r"<pad>|</?s>", "", text)
    text = re.sub(r"<p> ", " <p>", text)
    return re.sub(r"(?<=\S)(?=\[(?:COUNT|AREA|SHARE|CLASSES|NOUN)\])", " ", text).strip()
