"""The ablation: all variants see the same data for the same number of steps, and a finished run is not run again."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
import torch

from benchmarks import ablation
from benchmarks.ablation import VARIANTS, Run, Setting, ablate, build, spread, table
from geopix_model.data.crops import Crop
from tests.model.small import small_tokenizer
from tests.model.test_training import scenes

SETTING = Setting(steps=4, crops=1, val_crops=2, memory_from=0.0, image_size=64)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ablation, "BANK_CROPS", 3)
    monkeypatch.setattr(ablation, "BANK_CONVERSATIONS", 2)
    monkeypatch.setattr(ablation, "imagenet_weights", dict)
    monkeypatch.setattr(ablation, "load_imagenet", lambda backbone, weights: None)


def test_every_variant_is_trained_on_the_same_crops_and_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[tuple[float, ...]]] = []
    original = ablation.mask_step

    def noted(model: object, tokenizer: object, head: object, crops: list[Crop], *rest: object) -> object:
        seen[-1].append(tuple(crop.pixels.sum().item() for crop in crops))
        return original(model, tokenizer, head, crops, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(ablation, "mask_step", noted)
    monkeypatch.setattr(ablation, "build", lambda *a: seen.append([]) or build(*a))  # type: ignore[func-returns-value]
    args = argparse.Namespace(out=tmp_path / "runs.jsonl", seeds=[5], variants=list(VARIANTS), device="cpu")
    runs = ablate(scenes(), scenes(), SETTING, args)
    assert [run.variant for run in runs] == list(VARIANTS)
    assert [len(crops) for crops in seen] == [3, 3, 3, 4]  # the first of four steps is for language alone
    assert seen[0] == seen[1] == seen[2] == seen[3][1:]
    lines = [json.loads(line) for line in args.out.read_text().splitlines()]
    assert [line["run"]["variant"] for line in lines] == list(VARIANTS)
    seen.clear()
    assert len(ablate(scenes(), scenes(), SETTING, args)) == 4 and seen == []


def test_variants_differ_in_what_they_are_about_alone() -> None:
    tokenizer = small_tokenizer()
    models = {name: build(variant, 0, SETTING, tokenizer) for name, variant in VARIANTS.items()}
    assert {name: model.clm.mode for name, model in models.items()} == {
        "full": "paper", "no-memory": "released", "one-scale": "paper", "one-stage": "paper",
    }  # fmt: skip
    assert {name: (m.config.levels, m.config.seg_tokens) for name, m in models.items()} == {
        "full": (2, 3), "no-memory": (2, 3), "one-scale": (1, 6), "one-stage": (2, 3),
    }  # fmt: skip
    first, second = models["full"].state_dict(), models["one-stage"].state_dict()
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_a_model_of_one_scale_has_one_mask_level() -> None:
    model = build(VARIANTS["one-scale"], 0, SETTING, small_tokenizer()).eval()
    features = model.look(torch.rand(1, 3, 64, 64) * 255)
    found = model.masks(features, torch.randn(1, 6, model.config.text.hidden), torch.tensor([0]))
    assert found.logits.shape == (1, 16, 16) and len(found.first) == 1


def test_the_table_gives_spread_over_seeds_and_the_difference_seed_by_seed() -> None:
    runs = [
        Run(name, seed, iou + 0.1 * seed, 2.0, 60.0, {})
        for name, iou in (("full", 0.5), ("no-memory", 0.45))
        for seed in (0, 1)
    ]
    lines = table(runs).splitlines()
    assert lines[2] == "| full | 2 | 0.550 ± 0.071 |  | 2.000 ± 0.000 | 1.0 |"
    assert lines[3] == "| no-memory | 2 | 0.500 ± 0.071 | -0.050 ± 0.000 | 2.000 ± 0.000 | 1.0 |"
    assert spread([]) == "" and spread([0.25]) == "0.250"
