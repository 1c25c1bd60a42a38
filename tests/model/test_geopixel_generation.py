"""Answers of GeoPixel with a cache are those without one, whatever was read before and in whatever parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import DynamicCache

from geopix_model.geopixel.generation import CachedReader, Grounded, Read, Said, UncachedReader, embedded, generate
from geopix_model.geopixel.key_values import ROOM, KeyValues
from geopix_model.geopixel.loading import load
from geopix_model.geopixel.model import GeoPixel
from geopix_model.geopixel.prompt import IMAGE, conversation, prompt_ids
from geopix_model.geopixel.segmenter import MASKS_AT_ONCE
from geopix_model.geopixel.tokenizer import Tokenizer
from tests.model import geopixel_small as small

IMAGE_TOKENS = 21


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[GeoPixel, Tokenizer]:
    return load(small.write_checkpoint(tmp_path_factory.mktemp("geopixel") / "model", seed=3))


@pytest.fixture(scope="module")
def model(loaded: tuple[GeoPixel, Tokenizer]) -> GeoPixel:
    return loaded[0]


@pytest.fixture(scope="module")
def tokenizer(loaded: tuple[GeoPixel, Tokenizer]) -> Tokenizer:
    return loaded[1]


@pytest.fixture(autouse=True)
def without_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def image_tokens() -> Tensor:
    return torch.randn(IMAGE_TOKENS, small.HIDDEN, generator=torch.Generator().manual_seed(5))


def no_image() -> Tensor:
    raise AssertionError("the picture was looked at again")


def ids_of(tokenizer: Tokenizer, query: str, history: Sequence[tuple[str, str]] = ()) -> list[int]:
    return prompt_ids(tokenizer, conversation(query, history), [IMAGE_TOKENS])


def read_all(
    reader: CachedReader | UncachedReader, ids: list[int], tokens: Callable[[], Tensor] = image_tokens
) -> Tensor:
    return torch.cat(list(reader.read(ids, tokens)))


@pytest.mark.parametrize("chunk", [1, 7, IMAGE_TOKENS + 1, IMAGE_TOKENS + 4, 1000])
def test_a_prompt_read_in_parts_is_the_prompt_read_at_once(model: GeoPixel, tokenizer: Tokenizer, chunk: int) -> None:
    ids = ids_of(tokenizer, "the red car")
    expected = read_all(UncachedReader(model), ids)
    assert torch.allclose(read_all(CachedReader(model, chunk), ids), expected, atol=1e-5)


def test_free_steps_with_a_cache_are_those_without(model: GeoPixel, tokenizer: Tokenizer) -> None:
    ids = ids_of(tokenizer, "the red car")
    cached, uncached = CachedReader(model), UncachedReader(model)
    ours, theirs = read_all(cached, ids)[-1], read_all(uncached, ids)[-1]
    for _ in range(16):
        token = int(model.lm_head(ours).argmax())
        assert torch.allclose(model.lm_head(ours), model.lm_head(theirs), atol=2e-5)
        assert token == int(model.lm_head(theirs).argmax())
        ours, theirs = cached.step(token), uncached.step(token)
        assert torch.allclose(ours, theirs, atol=1e-5)


def test_another_question_reads_only_what_is_new_in_it(model: GeoPixel, tokenizer: Tokenizer) -> None:
    first, second = ids_of(tokenizer, "the red car"), ids_of(tokenizer, "the ships and the boat")
    reader = CachedReader(model)
    state = read_all(reader, first)[-1]
    for _ in range(5):
        state = reader.step(int(model.lm_head(state).argmax()))
    shared = next(i for i, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1])
    states = read_all(reader, second, no_image)
    assert len(states) == len(second) - shared < IMAGE_TOKENS
    assert torch.allclose(states, read_all(CachedReader(model), second)[shared:], atol=1e-5)


def test_a_follow_up_reads_on_from_the_answer_before(model: GeoPixel, tokenizer: Tokenizer) -> None:
    first, answer = ids_of(tokenizer, "the red car"), "Sure, <p>the red car</p> [SEG] ."
    reader = CachedReader(model)
    read_all(reader, first)
    for token in tokenizer.encode(answer):
        reader.step(token)
    second = ids_of(tokenizer, "the boat", [("the red car", answer)])
    states = read_all(reader, second, no_image)
    assert len(states) == len(second) - len(first) - len(tokenizer.encode(answer))
    assert torch.allclose(states, read_all(CachedReader(model), second)[-len(states) :], atol=1e-5)


def test_the_same_prompt_again_is_one_position(model: GeoPixel, tokenizer: Tokenizer) -> None:
    ids, reader = ids_of(tokenizer, "the red car"), CachedReader(model)
    expected = read_all(reader, ids)[-1]
    again = read_all(reader, ids, no_image)
    assert again.shape == (1, small.HIDDEN)
    assert torch.allclose(again[0], expected, atol=1e-5)


def test_a_picture_that_was_read_in_part_is_read_to_its_end(model: GeoPixel, tokenizer: Tokenizer) -> None:
    ids, reader = ids_of(tokenizer, "the red car"), CachedReader(model, 8)
    parts = reader.read(ids, image_tokens)
    next(parts)
    parts.close()  # type: ignore[attr-defined]
    rest = read_all(reader, ids)
    assert len(rest) == len(ids) - 8
    assert torch.allclose(rest, read_all(CachedReader(model), ids)[8:], atol=1e-5)


def test_several_pictures_in_a_prompt_are_read_in_their_places(model: GeoPixel, tokenizer: Tokenizer) -> None:
    ids = prompt_ids(tokenizer, conversation("a <ImageHere> b <ImageHere>"), [9, 12])
    assert ids.count(IMAGE) == IMAGE_TOKENS
    expected = read_all(UncachedReader(model), ids)
    for chunk in (5, 1000):
        assert torch.allclose(read_all(CachedReader(model, chunk), ids), expected, atol=1e-5)


def test_keys_and_values_outgrow_their_room(model: GeoPixel) -> None:
    embeddings = torch.randn(1, ROOM + 40, small.HIDDEN, generator=torch.Generator().manual_seed(0))
    ours, theirs = KeyValues(), DynamicCache()
    for start in range(0, ROOM + 40, 60):
        part = embeddings[:, start : start + 60]
        assert torch.equal(model.states(part, None, ours), model.states(part, None, theirs))
    assert {tensor.shape[-2] for tensor in ours.tensors} == {2 * ROOM}
    assert ours.get_seq_length() == ROOM + 40


def events(
    model: GeoPixel, tokenizer: Tokenizer, forced: list[int], *, last_seg: bool, limit: int = 99
) -> list[Read | Said | Grounded]:
    following = iter(forced)
    return list(
        generate(
            CachedReader(model),
            ids_of(tokenizer, "the red car"),
            image_tokens,
            lambda state: next(following),
            stops={tokenizer.eos},
            seg=tokenizer.seg,
            max_new_tokens=limit,
            last_seg=last_seg,
        )
    )


def test_the_state_of_a_seg_is_that_of_its_own_position(model: GeoPixel, tokenizer: Tokenizer) -> None:
    said = tokenizer.encode("Sure, <p>the red car</p> [SEG] and [SEG].</s>")
    found = events(model, tokenizer, said, last_seg=False)
    assert [event.token for event in found if isinstance(event, Said)] == said
    ids = ids_of(tokenizer, "the red car")
    states = read_all(UncachedReader(model), ids + said)[len(ids) :]
    expected = states[[i for i, token in enumerate(said) if token == tokenizer.seg]]
    grounded = torch.stack([event.state for event in found if isinstance(event, Grounded)])
    assert torch.allclose(grounded, expected, atol=1e-5)
    order = [type(event) for event in found]
    assert order[order.index(Grounded) - 1] is Said and order[0] is Read


@pytest.mark.parametrize(("last_seg", "masks"), [(False, 0), (True, 1)])
def test_a_seg_at_the_very_end_is_dropped_only_as_published(
    model: GeoPixel, tokenizer: Tokenizer, last_seg: bool, masks: int
) -> None:
    said = tokenizer.encode("It is [SEG]")
    found = events(model, tokenizer, said, last_seg=last_seg, limit=len(said))
    assert sum(isinstance(event, Said) for event in found) == len(said)
    assert sum(isinstance(event, Grounded) for event in found) == masks


def test_masks_as_they_come_are_those_of_one_call(model: GeoPixel) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    features = model.segmenter.look(model.segmenter.prepare(picture))
    states = torch.randn(MASKS_AT_ONCE + 2, small.HIDDEN, generator=torch.Generator().manual_seed(0))
    together = model.segmenter(features, model.text_hidden_fcs(states))
    for index in (0, MASKS_AT_ONCE - 1, MASKS_AT_ONCE + 1):
        alone = model.segmenter(features, model.text_hidden_fcs(states[index][None]))
        assert torch.allclose(alone.logits[0], together.logits[index], atol=1e-5)
    again = model.segmenter.look(model.segmenter.prepare(picture))
    assert all(torch.equal(a, b) for a, b in zip(features.tensors, again.tensors, strict=True))


def test_prompts_of_a_batch_are_read_as_each_alone(model: GeoPixel, tokenizer: Tokenizer) -> None:
    prompts = [ids_of(tokenizer, query) for query in ("the red car", "the ships and the boat in the harbor")]
    longest = max(len(ids) for ids in prompts)
    padded = [ids + [0] * (longest - len(ids)) for ids in prompts]
    embeddings = torch.stack([embedded(model, ids, image_tokens()) for ids in padded])
    numbers = torch.tensor(padded)
    mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids in prompts])
    states = model.states(embeddings, numbers == IMAGE, attention_mask=mask)
    for ids, together in zip(prompts, states, strict=True):
        assert torch.allclose(together[: len(ids)], read_all(UncachedReader(model), ids), atol=1e-5)


def test_a_checkpoint_on_disk_is_not_needed_after_loading(tmp_path: Path) -> None:
    folder = small.write_checkpoint(tmp_path / "model", seed=3)
    model, _ = load(folder)
    before = model.states(torch.ones(1, 3, small.HIDDEN), None)
    (folder / "model.safetensors").write_bytes(b"")
    assert torch.equal(model.states(torch.ones(1, 3, small.HIDDEN), None), before)
