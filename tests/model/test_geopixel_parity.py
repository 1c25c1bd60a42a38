"""The parity runner: published goldens where they are, and what it says of goldens that are off."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from geopix_model.geopixel import divider
from geopix_model.geopixel.loading import load
from geopix_model.parity.__main__ import main, rows
from geopix_model.parity.geopixel_answers import Answer
from geopix_model.parity.pictures import picture
from tests.model import geopixel_small as small

ROOT = Path(__file__).resolve().parents[2]
GOLDENS = Path(os.environ.get("GEOPIX_GOLDENS", ROOT.parent / "shared" / "goldens")) / "geopixel_tiny"
PICTURE, HD_NUM = "synth_130x90", 4


@pytest.mark.skipif(not GOLDENS.is_dir(), reason=f"the recorded goldens are not at {GOLDENS}")
def test_every_recorded_stage_agrees() -> None:
    found = list(rows(GOLDENS))
    assert [row for row in found if not row.ok] == []
    assert len({row.case for row in found}) >= 14 and len(found) > 310


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A golden folder of a small checkpoint, recorded from our own model with strides as in published ones."""
    folder = small.write_checkpoint(tmp_path_factory.mktemp("golden") / "model", seed=2)
    (folder / "golden").mkdir()
    model, tokenizer = load(folder)
    forced = tokenizer.encode("Sure, <p>the red car</p> [SEG] and [SEG]")
    case = {"query": "the red car", "image": PICTURE, "hd_num": HD_NUM, "forced": True, "max_new_tokens": len(forced)}
    with torch.inference_mode():
        answer = Answer(model, tokenizer, folder, {**case, "generated_ids": forced}, "forced")
    thinned = {"clip_last_hidden": 3, "image_embed": 2, "low_res_mask": 2}
    tensors = {name: _thin(value, thinned.get(name, 1)) for name, value in answer.stages.items()}
    tensors["sam_input_s8"] = answer.stages["sam_input"][..., ::8, ::8].contiguous()
    tensors["final_mask_bits"] = torch.from_numpy(np.packbits((answer.stages["final_mask_logits"] > 0).numpy()))
    del tensors["sam_input"]
    save_file(tensors, folder / "golden" / "evaluate_forced.safetensors")
    meta = {
        "partition": {f"{PICTURE}_hd{HD_NUM}": _partition(folder)},
        "evaluate": {"forced": {**case, **answer.fields}},
        "forced_answer": {"text": "Sure, <p>the red car</p> [SEG] and [SEG]", "ids": forced},
    }
    (folder / "golden" / "meta.json").write_text(json.dumps(meta))
    return folder


def _thin(value: Tensor, step: int) -> Tensor:
    axes = (slice(None), slice(None, None, step)) if value.dim() == 3 else (..., *[slice(None, None, step)] * 2)
    return (value[axes] if step > 1 else value).clone().contiguous()


def _partition(folder: Path) -> dict[str, Any]:
    pixels = picture(folder, PICTURE)
    division = divider.divide(*pixels.shape[:2], side=small.SIDE, hd_num=HD_NUM)
    padded = divider.padded(pixels, division)
    crops = divider.crops(padded, division)
    tensors = {
        f"{PICTURE}_hd{HD_NUM}.padded_uint8_s16": torch.from_numpy(padded[::16, ::16].copy()),
        f"{PICTURE}_hd{HD_NUM}.crops_s7": crops[..., ::7, ::7].contiguous(),
    }
    save_file(tensors, folder / "golden" / "partition.safetensors")
    return {
        "input_wh": [130, 90],
        "grid_rows": division.rows,
        "visual_tokens": division.tokens(small.TOKENS_SIDE),
        "padded_uint8_sha256": hashlib.sha256(padded.tobytes()).hexdigest(),
        "crop_mean": crops.mean((1, 2, 3)).tolist(),
        "crop_std": crops.std((1, 2, 3)).tolist(),
    }


def test_a_checkpoint_of_other_sizes_and_strides_agrees_with_itself(recorded: Path) -> None:
    found = list(rows(recorded))
    assert [row for row in found if not row.ok] == []
    stages = {row.stage for row in found if row.case == "forced"}
    assert {"sam_input_s8", "mask_logits_4", "final_mask_bits", "masks with a trailing [SEG]"} <= stages


def edit(file: str, change: Callable[[dict[str, Tensor]], object]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        tensors = load_file(folder / "golden" / file)
        change(tensors)
        save_file(tensors, folder / "golden" / file)

    return spoil


def edit_meta(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / "golden" / "meta.json"
        meta = json.loads(path.read_text())
        change(meta)
        path.write_text(json.dumps(meta))

    return spoil


def emptied(folder: Path) -> None:
    shutil.rmtree(folder / "golden")
    (folder / "golden").mkdir()
    (folder / "golden" / "meta.json").write_text("{}")


ANSWER, PARTITION = "evaluate_forced.safetensors", "partition.safetensors"


@pytest.mark.parametrize(
    ("spoil", "stage"),
    [
        (edit(ANSWER, lambda t: t["low_res_mask"].add_(2e-4)), "low_res_mask"),
        (edit(ANSWER, lambda t: t["image_embed"].add_(2e-5)), "image_embed"),
        (edit(ANSWER, lambda t: t["final_mask_bits"].bitwise_not_()), "final_mask_bits"),
        (edit(ANSWER, lambda t: t["im_mask"].logical_not_()), "im_mask"),
        (edit(ANSWER, lambda t: t.update(step_logits=t["step_logits"] * torch.nan)), "step_logits"),
        (edit(ANSWER, lambda t: t.update(seg_hidden=t["seg_hidden"][:1, :-1].clone())), "seg_hidden"),
        (edit(ANSWER, lambda t: t.update(unheard_of=torch.zeros(1))), "unheard_of"),
        (edit(PARTITION, lambda t: t.update({"other.crops_s7": torch.zeros(1)})), "other.crops_s7"),
        (edit(PARTITION, lambda t: t[f"{PICTURE}_hd{HD_NUM}.padded_uint8_s16"].add_(1)), "padded_uint8_s16"),
        (edit_meta(lambda m: m["evaluate"]["forced"].update(response="no")), "response"),
        (edit_meta(lambda m: m["evaluate"]["forced"].update(unheard_of=1)), "unheard_of"),
        (edit_meta(lambda m: m["partition"][f"{PICTURE}_hd{HD_NUM}"].update(grid_rows=9)), "grid_rows"),
        (edit_meta(lambda m: m["forced_answer"].update(ids=[1])), "ids"),
        (edit_meta(lambda m: m.update(unheard_of={})), "unheard_of"),
        (lambda folder: save_file({"x": torch.zeros(1)}, folder / "golden" / "more.safetensors"), "all tensors"),
    ],
)
def test_a_difference_and_what_is_not_checked_are_failures(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], None], stage: str
) -> None:
    folder = Path(shutil.copytree(recorded, tmp_path / "golden"))
    spoil(folder)
    assert main([str(folder)]) == 1
    wrong = [line for line in capsys.readouterr().out.splitlines() if "  NO" in line]
    assert len(wrong) == 1 and f"  {stage} " in wrong[0]


def test_all_stages_within_tolerance_end_with_success(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(recorded)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"all {len(lines) - 2} stages agree"
    assert lines[0].split() == ["case", "stage", "max", "abs", "difference", "tolerance", "ok"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "golden" / "meta.json").unlink(), "is no golden folder"),
        (lambda folder: (folder / "golden" / "meta.json").write_text("{"), "meta.json in .* cannot be read"),
        (emptied, "names no case"),
        (lambda folder: (folder / "golden" / "meta.json").write_text('{"evaluate": [1]}'), "'evaluate' of meta.json"),
        (lambda folder: (folder / "golden" / ANSWER).write_bytes(b"x"), "evaluate_forced.safetensors in .* cannot"),
        (lambda folder: (folder / "golden" / ANSWER).unlink(), "evaluate_forced.safetensors in .* cannot"),
        (lambda folder: (folder / "model.safetensors").unlink(), "has neither model.safetensors nor"),
        (edit_meta(lambda m: m["evaluate"]["forced"].pop("image")), "goldens of forced lack 'image'"),
        (edit_meta(lambda m: m["evaluate"]["forced"].update(image="lake.png")), "has no picture 'lake'"),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused_with_a_reason(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], None], words: str
) -> None:
    folder = Path(shutil.copytree(recorded, tmp_path / "golden"))
    spoil(folder)
    assert main([str(folder)]) == 2
    error = capsys.readouterr().err
    assert re.search(words, error), error
