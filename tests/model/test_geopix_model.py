"""The whole GeoPix model at a small size."""

from __future__ import annotations

import torch

from geopix_model.generate import decode, decode_uncached
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


def test_cached_decoding_equals_reading_everything_again() -> None:
    model = small_model()
    embeddings = torch.randn(1, 20, 48)

    def choose(state: torch.Tensor) -> int:
        return int(model.logits(state).argmax())

    with torch.inference_mode():
        cached = list(decode(model.language, embeddings, choose, -1, 12))
        slow = list(decode_uncached(model.language, embeddings, choose, -1, 12))
    assert [token for token, _ in cached] == [token for token, _ in slow]
    torch.testing.assert_close(
        torch.stack([s for _, s in cached]), torch.stack([s for _, s in slow]), atol=1e-5, rtol=1e-5
    )


def test_the_embedded_model_is_under_25_mib() -> None:
    files = [path for path in NANO.folder.iterdir() if path.is_file()]
    assert 5 * 2**20 < sum(path.stat().st_size for path in files) < 25 * 2**20
