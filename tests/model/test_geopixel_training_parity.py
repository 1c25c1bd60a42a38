"""The training part of the parity runner finds what is off in recorded steps, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from geopix_model.errors import GoldenError
from geopix_model.parity import geopixel_training

ROOT = Path(__file__).resolve().parents[2]
GOLDENS = Path(os.environ.get("GEOPIX_GOLDENS", ROOT.parent / "shared" / "goldens")) / "geopixel_tiny"
pytestmark = pytest.mark.skipif(not GOLDENS.is_dir(), reason=f"the recorded goldens are not at {GOLDENS}")
CASE = "train_one_sample.safetensors"
GRADIENT = "grad.model.layers.0.attention.wqkv.Plora_A.weight"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The checkpoint with the first recorded step alone."""
    shutil.copytree(GOLDENS, tmp_path / "golden", ignore=shutil.ignore_patterns("*_*.safetensors", "p*.safetensors"))
    goldens = tmp_path / "golden" / "golden"
    goldens.chmod(0o755)
    shutil.copyfile(GOLDENS / "golden" / CASE, goldens / CASE)
    meta = json.loads((GOLDENS / "golden" / geopixel_training.META).read_text())
    del meta["batch_of_two"]
    (goldens / geopixel_training.META).unlink()
    (goldens / geopixel_training.META).write_text(json.dumps(meta))
    return tmp_path / "golden"


def test_each_difference_is_a_row_that_fails(folder: Path) -> None:
    tensors, path = load_file(folder / "golden" / CASE), folder / "golden" / geopixel_training.META
    tensors[GRADIENT][3, 5] += 2e-5
    tensors["targets"][0, -1] = 7
    tensors["ce_loss"] += 1e-4
    tensors["low_res_mask.0"] += 2e-4
    tensors |= {"grad.unheard.of": torch.zeros(3), "gt_masks.9": torch.zeros(3), "unheard_of": torch.zeros(3)}
    save_file(tensors, folder / "golden" / CASE)
    meta = json.loads(path.read_text())
    meta["one_sample"]["seg_positions"] = [[879]]
    meta["one_sample"]["losses"] |= {"mask_bce_loss": 0.5, "unheard_of": 1.0}
    meta["one_sample"]["strange"] = 1
    path.write_text(json.dumps(meta))
    found = list(geopixel_training.rows(folder))
    assert {row.stage for row in found if not row.ok} == {
        *(GRADIENT, "targets", "ce_loss", "low_res_mask.0", "grad.unheard.of", "gt_masks.9", "unheard_of"),
        *("seg_positions", "losses: mask_bce_loss", "losses: unheard_of", "strange"),
    }
    assert sum(row.ok for row in found) > 25


def test_goldens_without_a_case_are_refused(folder: Path) -> None:
    path = folder / "golden" / geopixel_training.META
    path.write_text('{"hd_num": 1, "one_sample": 3}')
    with pytest.raises(GoldenError, match=r"'one_sample' of meta_train\.json"):
        list(geopixel_training.rows(folder))
    path.write_text('{"one_sample": {"texts": []}}')
    with pytest.raises(GoldenError, match="lack 'hd_num'"):
        list(geopixel_training.rows(folder))
