"""The parity table: the goldens of the published code where they are, and what it does with folders that are off."""

from __future__ import annotations

import json
import math
import os
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from geopix_model.parity.__main__ import main, rows
from geopix_model.parity.recorded import compare, strided
from geopix_model.parity.rows import Row

GOLDENS = Path(os.environ.get("GEOPIX_GOLDENS") or Path(__file__).resolve().parents[2].parent / "shared" / "goldens")
GEOPIX = GOLDENS / "geopix_tiny"
needs_geopix = pytest.mark.skipif(not GEOPIX.is_dir(), reason="the goldens of GeoPix are not here (GEOPIX_GOLDENS)")


@needs_geopix
def test_geopix_agrees_with_the_published_code_at_every_recorded_stage() -> None:
    found = list(rows(GEOPIX))
    assert len(found) > 150
    assert [row for row in found if not row.ok] == []


@needs_geopix
def test_a_wrong_golden_and_an_unknown_stage_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(GEOPIX, copy)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    golden = copy / "golden"
    meta = json.loads((golden / "meta.json").read_text())
    name, case = next((n, c) for n, c in meta["cases"].items() if "mask_pixels" in c)
    case["output_text"] += "!"
    case["colour"] = "blue"
    (golden / "meta.json").write_text(json.dumps({"cases": {name: case}, "weather": "fine"}))
    tensors = load_file(golden / f"{name}.safetensors")
    tensors["final_mask_logits"] += 3e-6
    save_file({**tensors, "level0.smell": torch.zeros(2)}, golden / f"{name}.safetensors")
    off = {row.stage: row for row in rows(copy) if not row.ok and row.case == name}
    assert set(off) == {"final_mask_logits", "level0.smell", "output_text", "colour"}
    assert off["level0.smell"].note == off["colour"].note == "not checked"
    assert main([str(copy)]) == 1
    assert "not checked" in capsys.readouterr().out


def test_a_folder_without_goldens_is_refused_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 2
    assert "it has no golden/meta.json" in capsys.readouterr().err


def test_strides_are_found_from_shapes() -> None:
    whole = torch.arange(2 * 10 * 9).view(2, 10, 9)
    assert torch.equal(strided(whole, (2, 5, 3)), whole[:, ::2, ::4])  # type: ignore[arg-type]
    assert strided(whole, (2, 10)) is None and strided(whole, (2, 11, 9)) is None
    assert torch.equal(strided(whole[0], (1, 10, 9)), whole[:1])  # type: ignore[arg-type]


def test_a_difference_that_is_no_number_is_off() -> None:
    (row,) = compare("case", {"x": torch.zeros(2)}, {"x": torch.tensor([0.0, math.nan])}, {"x": 1.0})
    assert not row.ok
    assert Row("case", "x", 0.5, 1.0).ok
