"""Greedy decoding with a key/value cache, one token at a time, with the state that predicted each token."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel


def decode(
    language: PreTrainedModel,
    embeddings: Tensor,
    choose: Callable[[Tensor], int],
    stop: int,
    max_new_tokens: int,
    cache: DynamicCache | None = None,
) -> Iterator[tuple[int, Tensor]]:
    """Tokens of one answer, until ``stop`` (which is not yielded) or ``max_new_tokens``.

    Args:
        language: A decoder without head, with ``embed_tokens``.
        embeddings: (1, T, H) of everything before the answer that ``cache`` does not hold.
        choose: (H,) state -> id of the token that follows.
        cache: Keys and values of what came before; grows with each token that is read.

    Yields:
        (token id, (H,) state that PREDICTED it): the states which GeoPix reads its masks from.
    """
    cache, inputs = cache if cache is not None else DynamicCache(), embeddings
    for _ in range(max_new_tokens):
        state = language(inputs_embeds=inputs, past_key_values=cache, use_cache=True).last_hidden_state[0, -1]
        token = choose(state)
        if token == stop:
            return
        yield token, state
        inputs = language.get_input_embeddings()(torch.tensor([[token]], device=embeddings.device))


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
