"""The evaluation asks in words, through the same path as ``geopix ask``, and its figures are those of the polygons."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from geopix_backend import evaluation
from geopix_backend.errors import UsageError
from geopix_model.predictor import Mask, ModelInfo, Piece, Text

SIDE = 120


class SeesRed:
    """Finds red pixels when it is asked for buildings, and the left half when it is asked for airplanes."""

    info = ModelInfo("red", "1", 256, 16, (0.0, 1e9))

    def __init__(self) -> None:
        self.prompts: list[str] = []

    def answer(
        self, image: NDArray[np.uint8], prompt: str, history: Sequence[tuple[str, str]] = (), task: str = "auto"
    ) -> Iterator[Piece]:
        self.prompts.append(prompt)
        inside = image[..., 0] > 128 if "building" in prompt else np.zeros(image.shape[:2], bool)
        if "airplane" in prompt:
            inside[:, : SIDE // 2] = True
        if not inside.any():
            yield Text("No such thing here.")
            return
        yield Text("things", phrase=True)
        yield Mask("things", "thing", np.where(inside, 6.0, -6.0).astype(np.float32), 0.9, 0)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two images of one set: the first with two buildings, the second with none."""
    for folder in ("images", "masks"):
        (tmp_path / "bld_jkpg" / "val" / folder).mkdir(parents=True)
    for name, boxes in (("one", [(10, 10, 40, 40), (60, 60, 90, 90)]), ("two", [])):
        pixels, codes = np.zeros((SIDE, SIDE, 3), np.uint8), np.zeros((SIDE, SIDE), np.uint8)
        for left, top, right, bottom in boxes:
            codes[top:bottom, left:right] = 1
        pixels[..., 0] = np.where(codes, 255, 0)
        if boxes:
            pixels[60:90, 60:90, 0] = 0  # the second building is not seen
        Image.fromarray(pixels).save(tmp_path / "bld_jkpg" / "val" / "images" / f"{name}.png")
        Image.fromarray(codes).save(tmp_path / "bld_jkpg" / "val" / "masks" / f"{name}.png")
    return tmp_path


def test_figures_table_and_pictures_agree_with_what_was_found(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = SeesRed()
    monkeypatch.setattr(evaluation.registry, "load", lambda *choices: model)
    out, pictures = tmp_path / "out.json", tmp_path / "pictures"
    options = ["--data", str(data), "--json", str(out), "--pictures", str(pictures), "--strangers", "9"]
    assert evaluation.main(["segmentation", *options]) == 0
    figures = json.loads(out.read_text())
    building = figures["classes"]["building"]
    assert building["iou"] == pytest.approx(0.5, abs=0.02) and building["images"] == 1
    assert building["iou_all"] == building["iou"]  # the second image has no building and got none
    assert building["f1"] == pytest.approx(2 / 3)  # one of two
    # Airplanes cannot be there and were "found" in both images; of 4 other strangers none was.
    assert figures["classes"]["airplane"]["iou_all"] == 0 and figures["classes"]["airplane"]["iou"] is None
    assert figures["found_of_present"] == 1 and figures["refused_of_absent"] == pytest.approx(7 / 9)
    assert figures["presence_accuracy"] == pytest.approx((1 + 7 / 9) / 2)
    assert figures["mean_iou"] == building["iou"] and figures["mean_iou_all"] == pytest.approx(building["iou"] / 2)
    shown = capsys.readouterr().out
    assert "| building | bld_jkpg | 1 | 0.500 | 0.667 |" in shown and "2/2 images" in shown
    assert sorted(path.name for path in pictures.iterdir()) == [
        "building_best.png", "building_typical.png", "building_worst.png"
    ]  # fmt: skip
    assert any("buildings" in prompt for prompt in model.prompts) and any("airplanes" in p for p in model.prompts)


def test_a_set_without_folders_for_splits_is_read_whole(data: Path, tmp_path: Path) -> None:
    (data / "bld_jkpg" / "val" / "images").rename(data / "bld_jkpg" / "images")
    (data / "bld_jkpg" / "val" / "masks").rename(data / "bld_jkpg" / "masks")
    (data / "bld_jkpg" / "val").rmdir()
    assert len(list(evaluation.read(data, "test"))) == 2


def test_parts_share_no_image_and_leave_none_out(data: Path) -> None:
    whole, first, second = (
        {image.name for image in evaluation.drawn(data, "val", 9, part=part)} for part in ((1, 1), (1, 2), (2, 2))
    )
    assert len(first) == len(second) == 1 and first | second == whole
    assert evaluation.part_of("2/3") == (2, 3)
    for text in ("0/2", "3/2", "1", "a/b", "1/2/3"):
        with pytest.raises(argparse.ArgumentTypeError, match="such as 1/2"):
            evaluation.part_of(text)


@pytest.mark.parametrize(("only", "words"), [(None, "a set such as nwpu"), ("nwpu", "the set 'nwpu'")])
def test_a_folder_without_images_is_refused(tmp_path: Path, only: str | None, words: str) -> None:
    with pytest.raises(UsageError, match=f"has no images of {words}, expected .*/nwpu/val/images"):
        evaluation.drawn(tmp_path, "val", 5, only)
