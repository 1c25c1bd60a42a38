"""Regions are judged by labels, and the weights that explain which ones were right are written into the model."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geopix_backend import calibration
from geopix_backend.calibration import Agreement, Found, fit
from geopix_backend.components import components
from geopix_backend.errors import UsageError
from geopix_model import registry
from geopix_model.nano.nano_predictor import NanoPredictor


def regions(count: int) -> list[Found]:
    """Right where the own map beats its rival; class 1 is wrong twice as often as the maps say; doubt says nothing."""
    rng, found = np.random.default_rng(0), []
    for number in range(count):
        witnesses = rng.normal(0, 2, 4).astype(np.float32)
        class_id = number % 2
        odds = witnesses[2] - witnesses[3] - 2.0 * class_id
        found.append(Found("x", class_id, float(rng.normal()), witnesses, bool(rng.random() < 1 / (1 + np.exp(-odds)))))
    return found


def test_weights_tell_who_was_right() -> None:
    found = regions(1500)
    weighed = fit(found, [0.0, 0.0])
    confidence, doubt, own, rival = weighed.weights
    assert own > 0.5 and rival < -0.5 and abs(own + rival) < 0.2 * own
    assert abs(confidence) < 0.15 * own and abs(doubt) < 0.15 * own
    assert weighed.bias[0] > weighed.bias[1] + own
    assert fit(found, [0.0, 0.0]) == weighed


def test_regions_that_are_all_right_tell_nothing() -> None:
    for right in (True, False):
        with pytest.raises(UsageError, match="give more images"):
            fit([Found("x", 0, 0.0, np.zeros(4, np.float32), right)] * 3, [0.0])
    with pytest.raises(UsageError, match="0 regions"):
        fit([], [0.0])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Four bright roofs on grass, of which the labels know two."""
    rng = np.random.default_rng(1)
    folder = tmp_path / "bld_jkpg" / "val"
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    pixels = rng.integers(60, 90, (256, 256, 3)).astype(np.uint8)
    codes = np.zeros((256, 256), np.uint8)
    for number, (row, col) in enumerate(((30, 30), (30, 150), (150, 30), (150, 150))):
        pixels[row : row + 60, col : col + 70] = (200, 190, 185)
        codes[row : row + 60, col : col + 70] = number % 2
    Image.fromarray(pixels).save(folder / "images" / "one.png")
    Image.fromarray(codes).save(folder / "masks" / "one.png")
    return tmp_path


def test_the_embedded_model_gets_its_weights_and_keeps_everything_else(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(registry.WEIGHTS / "nano", folder)
    before = json.loads((folder / "config.json").read_text())
    seen: list[Found] = []
    monkeypatch.setattr(
        calibration, "fit", lambda found, lift: seen.extend(found) or fit(regions(400), [0.0] * len(lift))
    )
    assert calibration.main([str(folder), "--data", str(data), "--strangers", "1", "--device", "cpu"]) == 0
    after = json.loads((folder / "config.json").read_text())
    assert after.pop("evidence")["weights"][2] > 0
    before.pop("evidence", None)
    assert {k: v for k, v in after.items() if k in before} == before
    assert "1/1 images" in capsys.readouterr().out
    assert len(seen) < 400  # of the real model, whatever it sees here


def test_regions_are_right_by_the_labels_and_keep_what_was_said_of_them() -> None:
    logits, truth = np.full((32, 64), -4, np.float32), np.zeros((32, 64), bool)
    logits[4:20, 4:20] = logits[4:20, 40:56] = 3
    truth[4:20, 4:15] = True  # more than half of the left one, nothing of the right one
    said = np.stack([np.full((32, 64), value, np.float32) for value in (0.5, -1.5, 0, 1)])
    said[2, :, 32:] = 5
    known = np.ones((32, 64), bool)
    (mean, seen_left, right_left), (_, seen_right, right_right) = calibration._regions(logits, None, said, truth, known)
    assert (right_left, right_right) == (True, False)
    assert seen_left == pytest.approx([0.5, -1.5, 0, 1]) and seen_right == pytest.approx([0.5, -1.5, 5, 1])
    assert mean == pytest.approx(3, abs=1e-3)
    known[:, 32:] = False
    assert len(list(calibration._regions(logits, None, said, truth, known))) == 1  # the other one has no labels


def test_masks_are_cut_off_where_they_agree_with_the_labels() -> None:
    logits = np.tile(np.linspace(-4, 4, 81, dtype=np.float32), (4, 1))  # grows from left to right
    for at, lift in ((0.0, 0.0), (-2.0, 2.0), (-0.9, 1.0), (1.1, -1.0)):
        agreement = Agreement()
        for image in "ab":
            agreement.add(image, 1, logits, logits > at, np.ones(logits.shape, bool))
        assert agreement.lifts(3) == (0.0, lift, 0.0)
    unknown = Agreement()
    unknown.add("a", 0, logits, logits > -2, logits > 0)  # nothing is known where a lift would matter
    assert unknown.lifts(1) == (0.0,)


def test_only_regions_of_the_chosen_lift_are_weighed() -> None:
    found = regions(400)
    others = [dataclasses.replace(region, right=not region.right, lift=1.0) for region in found]
    assert fit([*found, *others], [0.0, 0.0]) == fit(found, [0.0, 0.0])
    assert fit(others, [1.0, 1.0]).lift == (1.0, 1.0)


def test_what_was_said_lies_on_the_pixels_that_it_was_said_of() -> None:
    predictor = registry.load("nano", "cpu")
    assert isinstance(predictor, NanoPredictor)
    config, checked = predictor.model.config.evidence, 0
    image = np.random.default_rng(2).integers(40, 200, (256, 200, 3)).astype(np.uint8)
    image[60:140, 40:160] = (205, 200, 195)
    for prompt in ("segment the buildings", "segment the vegetation", "segment the roads"):
        for mask, class_id, witnesses in predictor.testify(image, prompt):
            assert witnesses.shape == (4, 256, 200) and mask.evidence is not None
            weighed = np.tensordot(np.array(config.weights, np.float32), witnesses, 1) + config.bias[class_id]
            assert weighed == pytest.approx(mask.evidence, abs=1e-3)
            checked += 1
    assert checked


def test_a_lift_is_added_to_the_masks_of_its_class() -> None:
    plain, lifted = registry.load("nano", "cpu"), registry.load("nano", "cpu")
    assert isinstance(plain, NanoPredictor) and isinstance(lifted, NanoPredictor)
    config, checked = plain.model.config, 0
    lift = tuple(value + 1.5 for value in config.evidence.lift or (0.0,) * len(config.class_names))
    lifted.model.config = dataclasses.replace(config, evidence=dataclasses.replace(config.evidence, lift=lift))
    image = np.random.default_rng(2).integers(40, 200, (256, 256, 3)).astype(np.uint8)
    for prompt in ("segment the buildings", "segment the vegetation", "segment the roads"):
        for (low, *_), (high, *_) in zip(plain.testify(image, prompt), lifted.testify(image, prompt), strict=True):
            assert high.logits == pytest.approx(low.logits + 1.5, abs=1e-4)
            checked += 1
    assert checked


def test_no_region_of_a_mask_is_surer_than_the_mask() -> None:
    predictor = registry.load("nano", "cpu")
    assert isinstance(predictor, NanoPredictor)
    rng, checked = np.random.default_rng(2), 0
    image = rng.integers(40, 200, (256, 256, 3)).astype(np.uint8)
    image[60:140, 40:200] = (205, 200, 195)
    for prompt in ("segment the buildings", "segment the vegetation", "segment the roads"):
        for mask, *_ in predictor.testify(image, prompt):
            assert mask.evidence is not None
            found = components(mask.logits, np.ones(mask.logits.shape, bool), 12, mask.evidence)
            assert all(component.score <= mask.score + 0.02 for component in found)
            checked += len(found)
    assert checked
