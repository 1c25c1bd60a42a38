"""Labelled images, crops and batches: what the model is told about an image is true of it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from geopix_model.data.batches import IGNORE, collate, conversations
from geopix_model.data.cores import cores
from geopix_model.data.crops import Crop, CropSource, cut
from geopix_model.data.imagery import Labelled, read
from geopix_model.data.label_sets import ID, SETS
from geopix_model.nano.prompts import SEG
from tests.model.small import small_tokenizer

ROAD, BUILDING, POOL, PLANE = ID["road"], ID["building"], ID["swimming pool"], ID["airplane"]


def image(path: Path, size: tuple[int, int] = (60, 40)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (90, 120, 60)).save(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One image of each kind of set."""
    image(tmp_path / "dubai/train/images/a.png")
    codes = np.zeros((40, 60), np.uint8)
    codes[:10], codes[10:20], codes[20:30] = 1, 3, 255
    (tmp_path / "dubai/train/masks").mkdir()
    Image.fromarray(codes).save(tmp_path / "dubai/train/masks/a.png")
    image(tmp_path / "nwpu/train/images/1.jpg")
    coco = {
        "images": [{"id": 7, "file_name": "1.jpg"}],
        "categories": [{"id": 1, "name": "airplane"}, {"id": 3, "name": "storage_tank"}],
        "annotations": [{"image_id": 7, "category_id": 1, "segmentation": [[10, 10, 29, 10, 29, 19, 10, 19]]}],
    }
    (tmp_path / "nwpu/train/instances.json").write_text(json.dumps(coco))
    image(tmp_path / "pools/train/images/p.png")
    (tmp_path / "pools/train/boxes.json").write_text(json.dumps({"p": [[0, 0.5, 0.5, 0.5, 0.5]]}))
    return tmp_path


def test_masks_instances_and_boxes_become_class_bits(root: Path) -> None:
    by_set = {i.source.folder: i for i in read(root, "train")}
    dubai = by_set["dubai"]
    assert dubai.mask(BUILDING)[:10].all() and not dubai.mask(BUILDING)[10:].any()
    assert dubai.mask(ROAD)[10:20].all()
    assert dubai.unknown[20:].all() and not dubai.unknown[:20].any()
    assert by_set["nwpu"].mask(PLANE).sum() == 20 * 10
    pool = by_set["pools"]
    assert pool.mask(POOL)[20, 30] and not pool.mask(POOL)[11, 16]
    assert pool.unknown[11, 16] and not pool.unknown[2, 2]


def test_a_crop_knows_only_what_its_set_says(root: Path) -> None:
    by_set = {i.source.folder: i for i in read(root, "train")}
    crop = cut(by_set["nwpu"], 64, random.Random(0), PLANE)
    assert crop.known[PLANE] == "present"
    assert crop.known[ID["ship"]] == "absent"
    assert ROAD not in crop.known and POOL not in crop.known


def test_pixels_and_labels_of_a_crop_stay_together() -> None:
    """A bright building on dark ground, under many scales, turns and flips."""
    pixels = np.full((200, 300, 3), 20, np.uint8)
    pixels[60:140, 100:210] = 230
    present = (pixels[..., 0] > 100).astype(np.uint32) << np.uint32(BUILDING)
    whole = Labelled("x", next(s for s in SETS if s.folder == "bld_jkpg"), pixels, present, np.zeros((200, 300), bool))
    for seed in range(12):
        crop = cut(whole, 96, random.Random(seed), BUILDING)
        mask, _ = crop.target(BUILDING)
        bright = crop.pixels.mean(0)[1::2, 1::2]
        bright = bright > (bright.max() + bright.min()) / 2
        inside = mask > 0
        assert (bright & inside).sum() / (bright | inside).sum() > 0.85, seed


def test_crops_are_drawn_from_every_set(root: Path) -> None:
    source = CropSource(list(read(root, "train")), 64)
    rng = random.Random(0)
    seen = {frozenset(source.draw(rng).known) for _ in range(60)}
    assert len(seen) >= 3


def crop_with(known: dict[int, str]) -> Crop:
    empty = np.zeros((32, 32), np.uint32)
    return Crop(torch.zeros(3, 64, 64), empty, empty.astype(bool), empty, empty, known, {})


def test_batches_teach_the_answer_only_and_point_at_each_run() -> None:
    tokenizer, rng = small_tokenizer(), random.Random(1)
    crops = [crop_with({PLANE: "present", ID["ship"]: "absent"}) for _ in range(6)]
    batch = collate(tokenizer, [conversations(rng, crop, 3, True) for crop in crops])
    answer, seg0 = tokenizer.token_to_id("<answer>"), tokenizer.token_to_id(SEG[0])
    for row, labels in zip(batch.ids, batch.labels, strict=True):
        begin = row.tolist().index(answer)
        assert (labels[: begin + 1] == IGNORE).all()
        assert (labels[begin + 1 :] == IGNORE).all() or (labels == row)[labels != IGNORE].all()
    assert (batch.ids[batch.rows, batch.starts] == seg0).all()
    assert (batch.ids == seg0).sum() == len(batch.rows)


def test_absent_classes_are_grounded_with_empty_masks_and_silent_text() -> None:
    tokenizer, rng = small_tokenizer(), random.Random(2)
    batch = collate(tokenizer, [conversations(rng, crop_with({ID["ship"]: "absent"}), 2, True) for _ in range(4)])
    assert len(batch.rows) == 4 and batch.empty.all()
    assert (batch.classes == ID["ship"]).all()
    assert (batch.labels[batch.rows] == IGNORE).all()


def outlined(*boxes: tuple[int, int, int, int]) -> Labelled:
    """Airplanes as (left, top, right, bottom), outlined one by one."""
    present = np.zeros((80, 120), np.uint32)
    for left, top, right, bottom in boxes:
        present[top:bottom, left:right] |= np.uint32(1) << np.uint32(PLANE)
    rings = [np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], float) for x0, y0, x1, y1 in boxes]
    source = next(s for s in SETS if s.kind == "instances")
    unknown = np.zeros(present.shape, bool)
    return Labelled("o", source, np.zeros((80, 120, 3), np.uint8), present, unknown, [(PLANE, ring) for ring in rings])


def test_touching_objects_have_cores_apart_that_lie_well_inside() -> None:
    whole = outlined((10, 10, 50, 50), (50, 10, 90, 50))
    inner, vague = cores(whole, whole.present, (0, 0, 1.0))
    core = inner >> np.uint32(PLANE) & 1
    assert core[30, 30] and core[30, 70] and not vague.any()
    assert not core[:, 46:54].any() and not core[:16].any()  # 0.4 of the 20 px from the middle to the edge
    assert not (core.astype(bool) & ~whole.mask(PLANE)).any()


def test_an_object_cut_by_the_crop_keeps_its_core_up_to_the_edge() -> None:
    whole = outlined((10, 10, 50, 50))
    inner, _ = cores(whole, whole.present[20:40, 30:70], (20, 30, 1.0))
    assert (inner >> np.uint32(PLANE) & 1)[0, 0]


def test_a_second_part_that_is_as_deep_is_neither_core_nor_edge() -> None:
    whole = outlined((10, 10, 40, 40), (40, 24, 60, 26), (60, 12, 88, 38))
    ring = [
        (10, 10),
        (40, 10),
        (40, 24),
        (60, 24),
        (60, 12),
        (88, 12),
        (88, 38),
        (60, 38),
        (60, 26),
        (40, 26),
        (40, 40),
        (10, 40),
    ]
    whole.objects[:] = [(PLANE, np.array(ring, float))]
    inner, vague = cores(whole, whole.present, (0, 0, 1.0))
    assert (inner >> np.uint32(PLANE) & 1)[25, 25] and not (inner >> np.uint32(PLANE) & 1)[25, 74]
    assert (vague >> np.uint32(PLANE) & 1)[25, 74]


def test_the_core_of_a_box_is_its_middle_and_its_ring_is_unknown(root: Path) -> None:
    pool = next(i for i in read(root, "train") if i.source.folder == "pools")
    inner, vague = cores(pool, pool.present, (0, 0, 1.0))  # the box: 30 x 20 px around (30, 20)
    core, unknown = inner >> np.uint32(POOL) & 1, vague >> np.uint32(POOL) & 1
    assert core[20, 30] and core[20, 35] and not core[20, 42]
    assert unknown[20, 40] and not unknown[20, 44] and not core[5, 5]
