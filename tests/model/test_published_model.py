"""Equalities of the published model: cached and uncached, one and many, with and without what decides nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from geopix_model.generate import LibraryReader, decode, decode_uncached
from geopix_model.geopix.published.geopix_predictor import GeoPixPredictor
from geopix_model.geopix.published.loading import load
from geopix_model.geopix.published.model import PublishedGeoPix
from geopix_model.geopix.published.opening import open_predictor
from geopix_model.parity.recorded import picture_of, tensors_of
from geopix_model.place import Place
from geopix_model.predictor import Mask, ModelInfo
from tests.model import published as tiny
from tests.model.test_published_predictor import ask

GOLDENS = Path(os.environ.get("GEOPIX_GOLDENS") or Path(__file__).resolve().parents[2].parent / "shared" / "goldens")
GEOPIX = GOLDENS / "geopix_tiny"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> PublishedGeoPix:
    return load(tiny.write_checkpoint(tmp_path_factory.mktemp("published") / "checkpoint"))


@torch.inference_mode()
def test_cached_decoding_equals_reading_everything_again(model: PublishedGeoPix) -> None:
    torch.manual_seed(0)
    embeddings = torch.randn(1, 40, tiny.H)

    def choose(state: torch.Tensor) -> int:
        return int(model.logits(state).argmax())

    cached = list(decode(LibraryReader(model.language), embeddings, choose, -1, 16))
    slow = list(decode_uncached(model.language, embeddings, choose, -1, 16))
    assert [token for token, _ in cached] == [token for token, _ in slow]
    states, others = (torch.stack([state for _, state in steps]) for steps in (cached, slow))
    assert (states - others).abs().max() <= 1e-5
    assert (model.logits(states) - model.logits(others)).abs().max() <= 2e-5


@torch.inference_mode()
def test_the_pass_before_the_memory_decides_nothing_in_released_mode(model: PublishedGeoPix) -> None:
    torch.manual_seed(0)
    picture = model.look(torch.randn(1, 3, tiny.SIDE, tiny.SIDE))
    sparse, classes = model.prompts(torch.randn(2, 4, tiny.H)), torch.tensor([0, 1])
    skipped, run = (model.levels(picture, sparse, classes, first_pass=first) for first in (False, True))
    assert all(torch.equal(a.mask, b.mask) for a, b in zip(skipped, run, strict=True))
    assert skipped[0].first is None and run[0].first is not None


@torch.inference_mode()
def test_masks_of_many_targets_equal_single_runs(model: PublishedGeoPix, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    picture = model.look(torch.randn(1, 3, tiny.SIDE, tiny.SIDE))
    states, classes = torch.randn(5, 4, tiny.H), torch.zeros(5, dtype=torch.long)
    together = model.masks(picture, states, classes)
    monkeypatch.setattr("geopix_model.geopix.published.model.TARGETS_AT_ONCE", 2)
    for found in (
        model.masks(picture, states, classes).logits,
        torch.cat([model.masks(picture, states[i : i + 1], classes[:1]).logits for i in range(5)]),
    ):
        assert (found - together.logits).abs().max() <= 1e-5 * together.logits.abs().max()


@pytest.mark.skipif(not GEOPIX.is_dir(), reason="the goldens of GeoPix are not here (GEOPIX_GOLDENS)")
def test_through_the_seam_a_golden_of_a_wide_picture_lands_in_its_centre_square() -> None:
    """With the square that the published code looks at, its recorded logits lie over that square, and only there."""
    cases = json.loads((GEOPIX / "golden" / "meta.json").read_text())["cases"]
    checked = 0
    for name, case in cases.items():
        image = picture_of(GEOPIX / "images" / case["image"])
        height, width = image.shape[:2]
        if "mask_pixels" not in case or height == width:
            continue
        predictor = open_predictor(GEOPIX, Place("cpu"), ModelInfo("geopix", "", 448, 64, (0.1, 30.0)), "centre")
        assert isinstance(predictor, GeoPixPredictor)
        found = [p for p in ask(predictor, case["forced_answer"], case["question"], image) if isinstance(p, Mask)]
        golden = tensors_of(GEOPIX / "golden" / f"{name}.safetensors")["final_mask_logits"]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        square = F.interpolate(golden[:, None], (side, side), mode="bilinear", align_corners=False)[:, 0].numpy()
        for mask, expected in zip(found, square, strict=True):
            inside = mask.logits[top : top + side, left : left + side]
            np.testing.assert_allclose(inside, expected, atol=1e-6)
            assert (mask.logits > 0).sum() == (inside > 0).sum()
            checked += 1
    assert checked
