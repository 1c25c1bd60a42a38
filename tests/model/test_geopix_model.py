"""The whole GeoPix model at a small size."""

from __future__ import annotations

import pytest
import torch

from geopix_model.blocks.efficientnet_lite import FrozenStatsNorm
from geopix_model.generate import LibraryReader, QuickReader, decode, decode_uncached
from geopix_model.geopix.model import GeoPix
from geopix_model.registry import NANO
from tests.model.small import small_model


def features(model: GeoPix, count: int = 2):  # type: ignore[no-untyped-def]
    torch.manual_seed(3)
    return model.look(torch.rand(count, 3, 64, 64) * 255)


def test_features_have_the_sizes_of_the_two_levels_and_their_laterals() -> None:
    found = features(small_model())
    assert found.tokens.shape == (2, 36, 472)
    assert [tuple(x.shape) for x in found.levels] == [(2, 32, 4, 4)] * 2
    assert [tuple(x.shape) for x in found.laterals] == [(2, 32, 8, 8), (2, 8, 16, 16)]


def test_masks_of_a_batch_equal_masks_one_by_one() -> None:
    model = small_model()
    seen, states = features(model), torch.randn(3, 6, 48)
    images, classes = torch.tensor([0, 1, 1]), torch.tensor([0, 5, 17])
    together = model.masks(seen.at(images), states, classes)
    assert together.logits.shape == (3, 16, 16) and len(together.first) == 2
    for i in range(3):
        alone = model.masks(seen.at(images[i : i + 1]), states[i : i + 1], classes[i : i + 1])
        torch.testing.assert_close(alone.logits[0], together.logits[i], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(alone.cores[0], together.cores[i], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(alone.confidence[0], together.confidence[i], atol=1e-5, rtol=1e-4)


def test_the_map_of_a_class_moves_masks_of_that_class_only() -> None:
    model = small_model()
    seen, states, classes = (
        features(model, 1).at(torch.tensor([0, 0, 0])),
        torch.randn(3, 6, 48),
        torch.tensor([4, 5, 17]),
    )
    before = model.masks(seen, states, classes)
    seen.maps[:, 4] += 2.0
    after = model.masks(seen, states, classes)
    torch.testing.assert_close(after.logits[0], before.logits[0] + 2.0)
    torch.testing.assert_close(after.cores[0], before.cores[0] + 2.0)
    assert after.confidence[0] > before.confidence[0]
    assert torch.equal(after.logits[1:], before.logits[1:])  # another class, and the generic one, which has no map


def test_each_state_of_the_codebook_changes_the_mask() -> None:
    """2 scales x 3 tokens: none of the six is dead."""
    model = small_model()
    seen, states, classes = features(model, 1), torch.randn(1, 6, 48), torch.tensor([0])
    before = model.masks(seen, states, classes).logits
    for token in range(6):
        other = states.clone()
        other[:, token] += 2.0
        assert (model.masks(seen, other, classes).logits - before).abs().max() > 1e-6, token


def test_image_tokens_take_the_places_of_the_image_token() -> None:
    model = small_model()
    seen = features(model, 1)
    ids = torch.tensor([[1, *[3] * 36, 9]])
    embeddings = model.embed(ids, seen.tokens, 3)
    torch.testing.assert_close(embeddings[:, 1:37], model.projector(seen.tokens))
    torch.testing.assert_close(embeddings[:, 37], model.language.embed_tokens(ids[:, 37]))


@pytest.mark.parametrize("kind", [QuickReader, LibraryReader])
def test_cached_decoding_equals_reading_everything_again(kind: type[QuickReader | LibraryReader]) -> None:
    model = small_model()
    embeddings = torch.randn(1, 20, 48)

    def choose(state: torch.Tensor) -> int:
        return int(model.logits(state).argmax())

    with torch.inference_mode():
        cached = list(decode(kind(model.language), embeddings, choose, -1, 12))
        slow = list(decode_uncached(model.language, embeddings, choose, -1, 12))
    assert [token for token, _ in cached] == [token for token, _ in slow]
    torch.testing.assert_close(
        torch.stack([s for _, s in cached]), torch.stack([s for _, s in slow]), atol=1e-5, rtol=1e-5
    )


def test_tokens_that_are_sure_to_follow_are_read_in_one_go_with_the_same_states(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, text = small_model(), [7, 8, 9, 10, 11, 12]
    embeddings, reads = torch.randn(1, 20, 48), list[int]()
    read = QuickReader.read

    def counted(self: QuickReader, inputs: torch.Tensor) -> torch.Tensor:
        reads.append(inputs.shape[1])
        return read(self, inputs)

    monkeypatch.setattr(QuickReader, "read", counted)
    left = list(text)
    choose = lambda _: left.pop(0) if left else -1  # noqa: E731
    with torch.inference_mode():
        ahead = list(
            decode(QuickReader(model.language), embeddings, choose, -1, 12, lambda: left[:3] if len(left) == 5 else ())
        )
        assert reads == [20, 4, 1, 1]
        left[:] = text
        slow = list(decode_uncached(model.language, embeddings, choose, -1, 12))
    assert [token for token, _ in ahead] == [token for token, _ in slow] == text
    torch.testing.assert_close(
        torch.stack([s for _, s in ahead]), torch.stack([s for _, s in slow]), atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize("kind", [QuickReader, LibraryReader])
@pytest.mark.parametrize("guess", [[9, 10, 11], [9, 10, 50, 51], [50], [9, 10, 11, 12, 13, 14]])
def test_wrong_guesses_are_forgotten_and_change_no_state(
    kind: type[QuickReader | LibraryReader], guess: list[int]
) -> None:
    model, text = small_model(), [7, 8, 9, 10, 11, 12]
    embeddings, left = torch.randn(1, 20, 48), list(text)
    choose = lambda _: left.pop(0) if left else -1  # noqa: E731
    with torch.inference_mode():
        guessed = list(
            decode(kind(model.language), embeddings, choose, -1, 12, lambda: guess if len(left) == 4 else ())
        )
        left[:] = text
        slow = list(decode_uncached(model.language, embeddings, choose, -1, 12))
    assert [token for token, _ in guessed] == [token for token, _ in slow] == text
    torch.testing.assert_close(
        torch.stack([s for _, s in guessed]), torch.stack([s for _, s in slow]), atol=1e-5, rtol=1e-5
    )


def test_looking_hastened_is_the_same_look_and_masks_keep_their_precision() -> None:
    model, image = small_model(), torch.rand(1, 3, 64, 64) * 255
    for norm in (m for m in model.vision.backbone.modules() if isinstance(m, FrozenStatsNorm)):
        torch.nn.init.uniform_(norm.weight, 0.5, 1.5)  # as trained ones: not the identity
        torch.nn.init.normal_(norm.bias, std=0.1)
        torch.nn.init.normal_(norm.running_mean, std=0.1)
    with torch.inference_mode():
        before = model.look(image)
    model.hasten(torch.float32)
    with torch.inference_mode():
        after = model.look(image)
    torch.testing.assert_close(after.maps, before.maps, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(after.tokens, before.tokens, atol=1e-4, rtol=1e-4)
    model.hasten(torch.bfloat16)
    with torch.inference_mode():
        rounded = model.look(image)
    assert rounded.maps.dtype == torch.float32
    assert 0 < (rounded.maps - before.maps).abs().max() < 0.2


def test_the_embedded_model_is_under_25_mib() -> None:
    files = [path for path in NANO.folder.iterdir() if path.is_file()]
    assert 5 * 2**20 < sum(path.stat().st_size for path in files) < 25 * 2**20
