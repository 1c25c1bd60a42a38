"""What GeoPixel is trained on: ids and targets of conversations, masks, and files that are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from geopix_model.data.batches import IGNORE
from geopix_model.errors import CheckpointError, DataError
from geopix_model.geopixel.loading import load
from geopix_model.geopixel.model import GeoPixel
from geopix_model.geopixel.prompt import IMAGE, prompt_ids
from geopix_model.geopixel.prompt import conversation as asked
from geopix_model.geopixel.tokenizer import Tokenizer
from geopix_model.train import geopixel_data, rle
from geopix_model.train.geopixel_samples import Order, Samples
from geopix_model.train.geopixel_step import Sample, collate
from geopix_model.train.geopixel_text import conversation, header_length, read_ids, targets
from tests.model import geopixel_samples as data
from tests.model import geopixel_small as small

TURNS = [("Segment the red car.", "Sure [SEG]."), ("And the boat?", "It is <p>a boat</p> [SEG]")]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[GeoPixel, Tokenizer]:
    return load(small.write_checkpoint(tmp_path_factory.mktemp("geopixel") / "model"))


@pytest.fixture(scope="module")
def tokenizer(loaded: tuple[GeoPixel, Tokenizer]) -> Tokenizer:
    return loaded[1]


def learnt(ids: list[int], tokenizer: Tokenizer) -> list[int]:
    found = targets(ids, tokenizer, header_length(tokenizer, published=False))
    assert all(target in (IGNORE, number) for target, number in zip(found, ids, strict=True))
    return [number for number in found if number != IGNORE]


def test_answers_their_ends_and_eos_are_learnt_and_nothing_else(tokenizer: Tokenizer) -> None:
    text = conversation(TURNS, tokenizer, published=False)
    ids = read_ids(tokenizer, text, [3], 1000, published=False)
    answers = [tokenizer.encode(answer) for _, answer in TURNS]
    end = tokenizer.turn_end
    assert learnt(ids, tokenizer) == [*answers[0], end, *answers[1], end, tokenizer.eos]


def test_new_training_reads_what_is_read_when_a_question_is_asked(tokenizer: Tokenizer) -> None:
    turns = [("<ImageHere>\n Where is [SEG] ? ", "Here [SEG].")]
    ids = read_ids(tokenizer, conversation(turns, tokenizer, published=False), [4], 1000, published=False)
    question = prompt_ids(tokenizer, asked(tokenizer.plain("Where is [SEG] ?")), [4])
    assert ids[: len(question)] == question == [tokenizer.bos, *[IMAGE] * 4, *question[5:]]


def test_published_training_puts_a_picture_without_a_place_before_bos(tokenizer: Tokenizer) -> None:
    text = conversation(TURNS, tokenizer, published=True)
    assert read_ids(tokenizer, text, [2], 1000, published=True) == [IMAGE] * 2 + tokenizer.encode(text, bos=True)
    placed = conversation([("Look: <ImageHere> here", "yes")], tokenizer, published=True)
    ids = read_ids(tokenizer, placed, [2], 1000, published=True)
    assert ids[0] == tokenizer.bos and ids[1] != IMAGE and ids.count(IMAGE) == 2


def cut(tokenizer: Tokenizer, question: int, answer: int) -> list[int]:
    """Ids of the conversation up to a number of ids into its second question, or its second answer."""
    ids = tokenizer.encode(conversation(TURNS, tokenizer, published=True), bos=True)
    ends = [position for position, number in enumerate(ids) if number == tokenizer.turn_end]
    header = header_length(tokenizer, published=False)
    return ids[: ends[2] + header + 1 + answer] if answer else ids[: ends[1] + 1 + question]


def test_a_cut_sample_learns_a_part_of_an_answer_but_none_of_a_question(tokenizer: Tokenizer) -> None:
    first, second = (tokenizer.encode(answer) for _, answer in TURNS)
    newline = tokenizer.encode("\n")
    assert learnt(cut(tokenizer, 0, 2), tokenizer) == [*first, tokenizer.turn_end, *second[:2]]
    # As released: one id behind the end of the last answer stays.
    assert learnt(cut(tokenizer, 6, 0), tokenizer) == [*first, tokenizer.turn_end, *newline]
    assert learnt(cut(tokenizer, 0, 0)[:5], tokenizer) == []


def test_published_training_wants_the_header_that_it_counts_on(tokenizer: Tokenizer) -> None:
    assert header_length(tokenizer, published=False) != 5
    with pytest.raises(CheckpointError, match="counts on 5; train with --compat sane"):
        header_length(tokenizer, published=True)


def test_a_sample_with_too_few_masks_is_refused(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("a [SEG] b [SEG]")
    sample = Sample("x.json, sample 7", ids, ids, masks=np.zeros((1, 4, 4), bool))
    with pytest.raises(DataError, match=r"x.json, sample 7 has 1 masks for 2 \[SEG\]"):
        collate([sample], tokenizer.seg, torch.device("cpu"))


def test_compressed_runs_are_those_of_coco() -> None:
    wanted = np.zeros((13, 17), bool)
    wanted[2:9, 3:7] = wanted[5:12, 10:15] = wanted[0, 0] = wanted[12, 16] = True
    # Made by pycocotools 2.0 of this mask.
    found = rle.decode({"size": [13, 17], "counts": "01X16nN00000Z10fN0000000d0J"}, 13, 17)
    assert np.array_equal(found, wanted)


def test_uncompressed_runs_go_column_by_column() -> None:
    assert rle.decode({"size": [2, 3], "counts": [1, 2, 3]}, 2, 3).tolist() == [
        [False, True, False],
        [True, False, False],
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1, 2], "no run-length object"),
        ({"size": [2, 3]}, "no run-length object"),
        ({"size": [3, 2], "counts": [6]}, r"of size \[3, 2\], expected \[2, 3\]"),
        ({"size": [2, 3], "counts": [7]}, "sum to 7 pixels, expected 2 x 3"),
        ({"size": [2, 3], "counts": [7, -1]}, "are no run lengths"),
        ({"size": [2, 3], "counts": [6.0]}, "are no run lengths"),
        ({"size": [2, 3], "counts": "\x00"}, "compressed form of COCO"),
        ({"size": [2, 3], "counts": "P" * 30}, "compressed form of COCO"),
        ({"size": [2, 3], "counts": "1P"}, "end in the middle"),
    ],
)
def test_runs_that_are_off_are_refused(value: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        rle.decode(value, 2, 3)


def test_polygons_of_a_phrase_are_united_and_cut_at_the_edge(tmp_path: Path) -> None:
    sample = data.samples()[0]
    sample["polygons"][1] = [[[0, 0], [3, 0], [3.9, 2], [0, 2]], [[125, 80], [900, 80], [900, 900], [125, 900]]]
    (entry,) = geopixel_data.read(data.write(tmp_path, [sample]))
    car, both = entry.masks()
    assert car.shape == (90, 130) and car.sum() == 27 * 12 and car[18:30, 16:43].all()
    assert both.sum() == 4 * 3 + 10 * 5


def test_kinds_take_turns_and_every_sample_comes_in_each_round(tmp_path: Path) -> None:
    turns = data.samples()[1]["conversations"]
    plain = {"conversations": [turns[0], {"from": "assistant", "value": "no"}]}
    content = [*data.samples(), plain, *[{**plain, "image": "first.png"}] * 3]
    entries = geopixel_data.read(data.write(tmp_path, content))
    order = Order(entries, batch=2, seed=5)
    batches = [order[number] for number in range(18)]
    kinds = [{entries[index].kind for index in batch} for batch in batches]
    assert kinds[:4] == [{"grounding"}, {"picture"}, {"text"}, {"grounding"}]
    pictures = [index for batch in batches[1::3] for index in batch]
    assert [sorted(pictures[i : i + 3]) for i in (0, 3, 6, 9)] == [[3, 4, 5]] * 4
    assert len({tuple(pictures[i : i + 3]) for i in (0, 3, 6, 9)}) > 1
    assert [Order(entries, 2, 5)[number] for number in range(18)] == batches


def test_a_sample_longer_than_the_model_reads_is_refused(loaded: tuple[GeoPixel, Tokenizer], tmp_path: Path) -> None:
    sample = data.samples()[0]
    sample["conversations"][0]["value"] = "Where is the red car? " * 200
    entries = geopixel_data.read(data.write(tmp_path, [sample]))
    with pytest.raises(DataError, match=r"samples.json, sample 0 takes \d+ positions, the model reads 1024"):
        Samples(entries, loaded[1], loaded[0].config, 9, "sane")


def changed(**values: Any) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        (folder / "samples.json").write_text(json.dumps([{**data.samples()[0], **values}]))

    return spoil


def said(answer: Any, question: Any = "Where?") -> Callable[[Path], None]:
    return changed(conversations=[{"from": "user", "value": question}, {"from": "assistant", "value": answer}])


def deep(folder: Path) -> None:
    Image.fromarray(np.zeros((90, 130), np.uint16)).save(folder / "first.png")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "samples.json").unlink(), "has no JSON file of samples"),
        (lambda folder: (folder / "samples.json").write_text("["), "cannot be read as JSON"),
        (lambda folder: (folder / "samples.json").write_bytes(b"\xff\xfe"), "cannot be read as JSON"),
        (lambda folder: (folder / "samples.json").write_text("{}"), "holds no list of samples"),
        (lambda folder: (folder / "samples.json").write_text("[]"), "hold no sample"),
        (lambda folder: (folder / "samples.json").write_text("[3]"), "samples.json, sample 0: it is 3, expected"),
        (lambda folder: (folder / "first.png").unlink(), "first.png cannot be opened"),
        (lambda folder: (folder / "first.png").write_bytes(b"x"), "first.png cannot be opened"),
        (deep, "has pixels of type I;16, expected 8-bit RGB"),
        (changed(image=5), "its image is 5"),
        (changed(image=None), "masks but no image"),
        (changed(conversations=[]), "no list of questions and answers"),
        (changed(conversations=[{"from": "user", "value": "x"}]), "no list of questions and answers"),
        (changed(conversations=[{"from": "assistant", "value": "x"}] * 2), 'turn 0 is .*expected {"from": "user"'),
        (said(7), "turn 1 is"),
        (said("  "), "an answer is empty"),
        (said("[SEG] [SEG] [SEG]"), r"2 masks for 3 \[SEG\]"),
        (said("[SEG] [SEG]</s>"), "holds '</s>', which has a meaning"),
        (said("[SEG] [SEG]", "[UNUSED_TOKEN_146]system"), "holds '.UNUSED_TOKEN_146.'"),
        (changed(segmentation=[{}]), "both polygons and segmentation"),
        (changed(polygons={"a": 1}), "its masks are"),
        (changed(polygons=[[data.RED], []]), "mask 1 is .., expected a list of polygons"),
        (changed(polygons=[[data.RED], [[[1, 2], [3, 4]]]]), "mask 1 has the polygon .*three or more points"),
        (changed(polygons=[[data.RED], [[[1, 2], [3, 4], [5, None]]]]), "mask 1 has the polygon"),
        (changed(polygons=[[data.RED], [[[1, 2], [3, 4], [5, float("nan")]]]]), "mask 1 has the polygon"),
        (changed(polygons=[[data.RED], [[[200, 2], [300, 4], [250, 60]]]]), "mask 1 lies outside of its picture"),
        (changed(polygons=None, segmentation=[{"size": [1, 1], "counts": [1]}] * 2), "mask is of size"),
    ],
)
def test_data_that_cannot_be_used_are_refused_with_a_reason(
    tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    folder = data.write(tmp_path)
    spoil(folder)
    with pytest.raises(DataError, match=words):
        geopixel_data.read(folder)


def test_a_picture_that_is_damaged_later_is_named(tmp_path: Path) -> None:
    folder = data.write(tmp_path)
    path = folder / "first.png"
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(DataError, match=r"first.png of samples.json, sample 0 cannot be read"):
        geopixel_data.read(folder)[0].picture()
