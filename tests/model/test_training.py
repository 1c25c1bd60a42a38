"""Training on two tiny sets: it learns, it saves, it goes on where it stopped."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from geopix_model import checkpoint
from geopix_model.data.crops import CropSource
from geopix_model.data.imagery import Labelled
from geopix_model.data.label_sets import ID, SETS
from geopix_model.errors import ModelError
from geopix_model.geopix.model import GeoPix
from geopix_model.train import losses, stages
from geopix_model.train.cli import main
from geopix_model.train.loop import Plan, Trainer
from geopix_model.train.state import MASK_STAGE, optimizer, part_of
from tests.model.small import small_model, small_tokenizer


def scenes() -> list[Labelled]:
    """Bright squares on dark ground: buildings."""
    images, rng = [], np.random.default_rng(0)
    for number in range(4):
        pixels = rng.integers(10, 40, (96, 96, 3)).astype(np.uint8)
        pixels[20:70, 10 + 5 * number : 60 + 5 * number] = 220
        present = (pixels[..., 0] > 100).astype(np.uint32) << np.uint32(ID["building"])
        source = next(s for s in SETS if s.folder == "bld_jkpg")
        images.append(Labelled(f"s{number}", source, pixels, present, np.zeros((96, 96), bool)))
    return images


def class_head(model: GeoPix) -> nn.Linear:
    return nn.Linear(model.config.levels * model.config.width, model.config.memory.classes)


def test_mask_training_lowers_the_loss_on_a_simple_scene() -> None:
    tokenizer = small_tokenizer()
    model = small_model(tokenizer.get_vocab_size())
    source, head = CropSource(scenes(), 64), class_head(model)
    adam = optimizer(model, MASK_STAGE, head)
    reports = []
    for _ in range(40):
        rng = random.Random(0)  # the same crops and questions each time: the least that training must manage
        torch.manual_seed(0)
        crops = [source.draw(rng) for _ in range(2)]
        loss, report = stages.mask_step(model, tokenizer, head, crops, rng, stages.StepSize(2, 1), use_memory=True)
        adam.zero_grad()
        loss.backward()
        adam.step()
        reports.append(report)
    assert reports[-1]["mask"] < 0.6 * reports[0]["mask"]
    assert reports[-1]["text"] < 0.9 * reports[0]["text"]  # 40 steps are few for a vocabulary
    # The weights at the start depend on the size of the vocabulary: over six starts 0.82 to 0.93 of the cores was left.
    assert reports[-1]["map"] < 0.8 * reports[0]["map"] and reports[-1]["core"] < 0.95 * reports[0]["core"]
    assert reports[-1]["class"] < 0.6 * reports[0]["class"]  # prompts of different classes come apart


def test_early_backbone_blocks_stay_as_they_are_and_the_rest_moves() -> None:
    model = small_model()
    optimizer(model, MASK_STAGE, class_head(model))
    frozen = {n for n, p in model.named_parameters() if not p.requires_grad}
    assert "vision.backbone.blocks.6.project.0.weight" in frozen
    assert "vision.backbone.blocks.7.project.0.weight" not in frozen
    assert all(part_of(name) == "backbone" for name in frozen)


def test_a_stopped_run_goes_on_and_writes_a_model_that_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geopix_model.train.loop.BANK_CROPS", 4)
    tokenizer = small_tokenizer()
    plan = Plan(language_minutes=0.01, mask_minutes=0.02, folder=tmp_path)
    trainer = Trainer(small_model(tokenizer.get_vocab_size()), tokenizer, scenes(), plan, "cpu")
    adam = optimizer(trainer.model, MASK_STAGE, trainer.class_head)
    trainer.stage, trainer.used_s, trainer.step = "masks", 0.3, 5
    trainer.save(adam)
    again = Trainer(small_model(tokenizer.get_vocab_size(), seed=9), tokenizer, scenes(), plan, "cpu")
    again.resume()
    assert (again.stage, again.used_s, again.step) == ("masks", 0.3, 5)
    lines: list[str] = []
    again.run(lines.append)
    assert again.step > 5 and not any("crops read" in line for line in lines)
    model, _ = checkpoint.load(tmp_path)
    assert model.config == trainer.model.config


def test_the_dice_of_an_absent_target_is_left_out() -> None:
    nothing, target, weight = torch.full((1, 8, 8), -9.0), torch.zeros(1, 16, 16), torch.ones(1, 16, 16)
    assert losses.mask_loss(nothing, target, weight, torch.tensor([True])) < 1e-3
    assert losses.mask_loss(-nothing, target, weight, torch.tensor([True])) > 10


def test_unknown_pixels_cost_nothing() -> None:
    logits, target, weight = torch.full((1, 8, 8), 9.0), torch.zeros(1, 16, 16), torch.zeros(1, 16, 16)
    target[:, :8], weight[:, :8] = 1, 1
    assert losses.mask_loss(logits, target, weight, torch.tensor([False])) < 1e-2


def test_confidence_aims_at_zero_for_what_is_not_there() -> None:
    logits, target, weight = torch.full((1, 8, 8), 9.0), torch.ones(1, 16, 16), torch.ones(1, 16, 16)
    sure = torch.tensor([6.0])
    there = losses.confidence_loss(sure, logits, target, weight, torch.tensor([False]))
    absent = losses.confidence_loss(sure, logits, target, weight, torch.tensor([True]))
    assert there < 0.1 < absent


def test_a_folder_without_labelled_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no labelled image set"):
        main(["--data", str(tmp_path), "--out", str(tmp_path / "out")])
