"""Greedy decoding with a key/value cache, one token at a time, with the state that predicted each token."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import DynamicCache, LlamaModel, PreTrainedModel


class Reader(Protocol):
    """Reads a text piece by piece and remembers what it read."""

    def read(self, inputs: Tensor) -> Tensor:
        """States (T, H) after the final norm of the embeddings (1, T, H) that follow what was read."""
        ...

    def embed(self, tokens: Sequence[int]) -> Tensor:
        """Embeddings (1, T, H) of tokens."""
        ...

    def forget(self, count: int) -> None:
        """Goes back to before the last ``count`` embeddings that were read."""
        ...


class LibraryReader:
    """Reads with the library's own forward.

    Args:
        language: A decoder without head.
        cache: Keys and values of what came before; grows with each token that is read.
    """

    def __init__(self, language: PreTrainedModel, cache: DynamicCache | None = None) -> None:
        self.language, self.cache = language, cache if cache is not None else DynamicCache()

    def read(self, inputs: Tensor) -> Tensor:
        """See ``Reader.read``."""
        return self.language(inputs_embeds=inputs, past_key_values=self.cache, use_cache=True).last_hidden_state[0]

    def embed(self, tokens: Sequence[int]) -> Tensor:
        """See ``Reader.embed``."""
        return self.language.get_input_embeddings()(torch.tensor([list(tokens)], device=self.language.device))

    def forget(self, count: int) -> None:
        """See ``Reader.forget``."""
        self.cache.crop(-count)


class QuickReader:
    """Reads with a small Llama.

    Its own loop over the layers' weights: for a model of four layers the bookkeeping of the library's forward takes
    longer than the arithmetic.

    Args:
        language: As many key/value heads as heads, no biases, default rotary positions.
    """

    def __init__(self, language: LlamaModel) -> None:
        self.language: Any = language  # to the type checker a part of a module may also be a plain tensor
        self.heads = language.config.num_attention_heads
        self.past: list[tuple[Tensor, Tensor]] = []
        self.length = 0

    def read(self, inputs: Tensor) -> Tensor:
        """See ``Reader.read``."""
        count, language = inputs.shape[1], self.language
        positions = torch.arange(self.length, self.length + count, device=inputs.device)
        cos, sin = language.rotary_emb(inputs, positions[None])
        # A token sees all before it and itself.
        seen = None if count == 1 else positions[:, None] >= torch.arange(self.length + count, device=inputs.device)
        x = inputs
        for number, layer in enumerate(language.layers):
            x = x + self._attend(number, _norm(layer.input_layernorm, x), cos, sin, seen)
            y = _norm(layer.post_attention_layernorm, x)
            x = x + layer.mlp.down_proj(F.silu(layer.mlp.gate_proj(y)) * layer.mlp.up_proj(y))
        self.length += count
        return _norm(language.norm, x)[0]

    def embed(self, tokens: Sequence[int]) -> Tensor:
        """See ``Reader.embed``."""
        return self.language.embed_tokens(torch.tensor([list(tokens)], device=self.language.device))

    def forget(self, count: int) -> None:
        """See ``Reader.forget``."""
        self.length -= count
        self.past = [(key[:, :, : self.length], value[:, :, : self.length]) for key, value in self.past]

    def _attend(self, number: int, x: Tensor, cos: Tensor, sin: Tensor, seen: Tensor | None) -> Tensor:
        attention = self.language.layers[number].self_attn
        query, key, value = (
            part(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in (attention.q_proj, attention.k_proj, attention.v_proj)
        )
        query, key = _turned(query, cos, sin), _turned(key, cos, sin)
        if number < len(self.past):
            key, value = (torch.cat(pair, 2) for pair in zip(self.past[number], (key, value), strict=True))
            self.past[number] = key, value
        else:
            self.past.append((key, value))
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        return attention.o_proj(mixed.transpose(1, 2).flatten(2))


def _norm(norm: Any, x: Tensor) -> Tensor:
    return F.rms_norm(x, norm.weight.shape, norm.weight, norm.variance_epsilon)


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions on (1, heads, T, d)."""
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat([-second, first], -1) * sin


def decode(
    reader: Reader,
    embeddings: Tensor,
    choose: Callable[[Tensor], int],
    stop: int,
    max_new_tokens: int,
    likely: Callable[[], Sequence[int]] = tuple,
) -> Iterator[tuple[int, Tensor]]:
    """Tokens of one answer, until ``stop`` (which is not yielded) or ``max_new_tokens``.

    Args:
        reader: Has read whatever comes before ``embeddings``.
        embeddings: (1, T, H) of the rest that comes before the answer.
        choose: (H,) state -> id of the token that follows.
        likely: After a choice, the tokens that will probably follow it: they are read in one go, and forgotten from the
            first one on that ``choose`` does not choose.  So a guess costs or saves time and changes no token
            (speculative decoding, arXiv 2211.17192, with greedy choices).

    Yields:
        (token id, (H,) state that PREDICTED it): the states which GeoPix reads its masks from.
    """
    states, guessed = reader.read(embeddings)[-1:], list[int]()
    for _ in range(max_new_tokens):
        state, states = states[0], states[1:]
        token = choose(state)
        if token == stop:
            return
        yield token, state
        if guessed and guessed[0] == token:  # it was read together with the one before it
            del guessed[0]
            continue
        if guessed:
            reader.forget(len(guessed))
        guessed = list(likely())
        states = reader.read(reader.embed([token, *guessed]))


def decode_uncached(
    language: PreTrainedModel, embeddings: Tensor, choose: Callable[[Tensor], int], stop: int, max_new_tokens: int
) -> Iterator[tuple[int, Tensor]]:
    """The same answer, reading everything again for each token: the slow reference that tests compare with."""
    for _ in range(max_new_tokens):
        state = language(inputs_embeds=embeddings, use_cache=False).last_hidden_state[0, -1]
        token = choose(state)
        if token == stop:
            return
        yield token, state
        last = language.get_input_embeddings()(torch.tensor([[token]], device=embeddings.device))
        embeddings = torch.cat([embeddings, last], 1)
