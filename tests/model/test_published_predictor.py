"""The published GeoPix behind the seam, on a tiny random checkpoint whose answers are scripted token by token."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from geopix_model.errors import CheckpointError, PromptError
from geopix_model.geopix.published import geopix_predictor
from geopix_model.geopix.published.geopix_predictor import BROKEN, CUT_OFF, OUTSIDE, GeoPixPredictor
from geopix_model.geopix.published.pixels import OFF, Frame
from geopix_model.predictor import Box, Mask, Notice, Piece, Text
from geopix_model.registry import load
from tests.model import published as tiny

RUN = "".join(tiny.SEG)
IMAGE = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_checkpoint(tmp_path_factory.mktemp("published") / "checkpoint")


@pytest.fixture
def predictor(folder: Path) -> GeoPixPredictor:
    found = load("geopix", "cpu", folder)
    assert isinstance(found, GeoPixPredictor)
    return found


def script(predictor: GeoPixPredictor, answer: str) -> None:
    """Makes the predictor say ``answer``; states and masks are the model's own."""
    ids: list[int] = predictor.vocabulary.tokenizer.encode(answer, add_special_tokens=False).ids
    coming: Iterator[int] = iter([*ids, -1])
    predictor._choose = lambda state: next(coming)  # type: ignore[method-assign]


def ask(
    predictor: GeoPixPredictor, answer: str, prompt: str, image: NDArray[np.uint8] = IMAGE, **options: object
) -> list[Piece]:
    script(predictor, answer)
    return list(predictor.answer(image, prompt, **options))  # type: ignore[arg-type]


def said(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, Text))


def masks(pieces: list[Piece]) -> list[Mask]:
    return [piece for piece in pieces if isinstance(piece, Mask)]


def test_two_targets_are_two_masks_in_their_places_among_the_words(predictor: GeoPixPredictor) -> None:
    pieces = ask(predictor, f"Sure, {RUN} and {RUN}.", "Can you segment the tank in the top and the ship on the left?")
    assert said(pieces) == "Sure, the tank in the top and the ship on the left."
    order = [piece for piece in pieces if not isinstance(piece, Text) or piece.phrase]
    assert [type(piece) for piece in order] == [Text, Mask, Text, Mask]
    first, second = masks(pieces)
    assert (first.phrase, first.target, second.phrase, second.target) == ("tank in the top", 0, "ship on the left", 1)
    for found in (first, second):
        assert found.logits.shape == (60, 60) and found.logits.dtype == np.float32
        assert (found.logits > 0).any() and (found.logits < 0).any()
        assert 0.5 < found.score <= 1 and found.predicted_iou is not None and 0 <= found.predicted_iou <= 1
    assert not np.array_equal(first.logits, second.logits)


def test_an_answer_that_is_a_mask_alone_gets_its_name(predictor: GeoPixPredictor) -> None:
    pieces = ask(predictor, RUN, "[segment] ships")
    assert said(pieces) == "The ships" and len(masks(pieces)) == 1


def test_the_masks_of_a_sentence_are_decoded_in_one_batch(predictor: GeoPixPredictor) -> None:
    batches: list[int] = []
    original = predictor.model.masks

    def counted(picture: object, states: Tensor, classes: Tensor) -> object:
        batches.append(len(states))
        return original(picture, states, classes)  # type: ignore[arg-type]

    predictor.model.masks = counted  # type: ignore[method-assign, assignment]
    together = masks(ask(predictor, f"{RUN}, {RUN} and {RUN}. More", "segment ships, tanks and cars"))
    assert batches == [3]
    ask(predictor, f"One is {RUN}. Two is {RUN}.", "segment ships and tanks")
    assert batches == [3, 1, 1]
    alone = masks(ask(predictor, RUN, "segment ships, tanks and cars"))
    np.testing.assert_allclose(alone[0].logits, together[0].logits, atol=2e-5)


def test_words_before_a_mask_are_handed_out_as_they_are_decoded(predictor: GeoPixPredictor) -> None:
    script(predictor, f"Sure, it is {RUN}.")
    chosen, choose = list[int](), predictor._choose
    predictor._choose = lambda state: chosen.append(1) or choose(state)  # type: ignore[method-assign, func-returns-value]
    pieces = predictor.answer(IMAGE, "segment the ship")
    assert next(piece.text for piece in pieces if isinstance(piece, Text) and piece.text.strip())
    early = len(chosen)
    assert next(piece for piece in pieces if isinstance(piece, Mask)) and early < len(chosen) - len(tiny.SEG)


def test_an_incomplete_run_gives_no_mask_but_a_notice(predictor: GeoPixPredictor) -> None:
    pieces = ask(predictor, "It is [SEG0][SEG1].", "segment the ship")
    assert masks(pieces) == [] and pieces[-1] == Notice(BROKEN)
    assert said(pieces) == "It is ."


def test_an_answer_without_end_is_cut_off_with_a_notice(
    predictor: GeoPixPredictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geopix_predictor, "MAX_NEW_TOKENS", 6)
    pieces = ask(predictor, "and so on and so on and so on and so on", "describe it")
    assert pieces[-1] == Notice(CUT_OFF)


def test_boxes_are_exact_and_clamped(predictor: GeoPixPredictor) -> None:
    pieces = ask(predictor, "{<10><20><50><75>} and {<-5><0><120><9>}", "Where are the ships?")
    first, second = (piece for piece in pieces if isinstance(piece, Box))
    assert first.corners == (6.0, 12.0, 30.0, 45.0) and (first.phrase, first.score) == ("ships", 1.0)
    assert second.corners == pytest.approx((0.0, 0.0, 60.0, 5.4)) and (first.target, second.target) == (0, 1)
    assert said(pieces) == "The ships and the ships"


@pytest.mark.parametrize("size", [(30, 60), (60, 30), (45, 60), (20, 59)])
def test_masks_and_boxes_of_wide_and_tall_images_land_where_they_are(
    predictor: GeoPixPredictor, size: tuple[int, int]
) -> None:
    """The answer about a wide or tall image is that about the same image in the middle of a mean-coloured square."""
    height, width = size
    side = max(size)
    top, left = -((height - side) // 2), -((width - side) // 2)
    image = IMAGE[:height, :width]
    mean = np.round(255 * np.array([0.41, 0.45, 0.48])).astype(np.uint8)  # the file has them for blue, green, red
    square = np.broadcast_to(mean, (side, side, 3)).copy()
    square[top : top + height, left : left + width] = image
    answer, prompt = f"{RUN} {{<20><45><60><55>}}", "segment the ship"
    whole, part = ask(predictor, answer, prompt, square), ask(predictor, answer, prompt, image)
    expected = masks(whole)[0].logits[top : top + height, left : left + width]
    assert masks(part)[0].logits.shape == size
    np.testing.assert_allclose(masks(part)[0].logits, expected, atol=1e-5)
    (box,) = (piece for piece in part if isinstance(piece, Box))
    x1, y1, x2, y2 = (side * share for share in (0.2, 0.45, 0.6, 0.55))
    wanted = max(x1 - left, 0), max(y1 - top, 0), min(x2 - left, width), min(y2 - top, height)
    assert box.corners == pytest.approx(wanted)


def test_a_box_beside_the_image_is_left_out_with_a_notice(predictor: GeoPixPredictor) -> None:
    pieces = ask(predictor, "{<0><0><100><10>}", "where is the ship?", IMAGE[:20])
    assert [piece for piece in pieces if isinstance(piece, Box)] == []
    assert Notice(OUTSIDE) in pieces


def test_released_framing_stretches_and_centred_framing_pastes() -> None:
    logits = torch.full((1, 4, 4), 3.0)
    stretched = Frame.of(20, 40, "released").place(logits)
    assert stretched.shape == (1, 20, 40) and torch.allclose(stretched, torch.tensor(3.0))
    pasted = Frame.of(20, 40, "centre").place(logits)
    assert torch.allclose(pasted[:, :, 10:30], torch.tensor(3.0))
    assert (pasted[:, :, :10] == OFF).all() and (pasted[:, :, 30:] == OFF).all()
    assert torch.allclose(Frame.of(20, 40, "whole").place(logits), torch.tensor(3.0))


def test_channels_are_swapped_unless_the_checkpoint_says_rgb(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "rgb"
    shutil.copytree(folder, copy)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "channel_order": "rgb"}))
    published, ours = load("geopix", "cpu", folder), load("geopix", "cpu", copy)
    assert isinstance(published, GeoPixPredictor) and isinstance(ours, GeoPixPredictor)
    swapped = np.ascontiguousarray(IMAGE[:, :, ::-1])
    first, second = (p._reader.read(i, "whole")[0] for p, i in ((published, IMAGE), (ours, swapped)))
    assert torch.equal(first, second)
    assert not torch.equal(first, published._reader.read(swapped, "whole")[0])
    (copy / "config.json").write_text(json.dumps({**config, "channel_order": "grb"}))
    with pytest.raises(CheckpointError, match="channel_order 'grb'"):
        load("geopix", "cpu", copy)


def heard(predictor: GeoPixPredictor) -> list[tuple[list[int], int]]:
    """(ids, how many of them were read before) of each question from now on."""
    found: list[tuple[list[int], int]] = []
    original = predictor._prefixes.take

    def note(picture: bytes, ids: list[int], image_end: int) -> object:
        cache, known = original(picture, ids, image_end)
        found.append((list(ids), known))
        return cache, known

    predictor._prefixes.take = note  # type: ignore[method-assign, assignment]
    return found


def test_an_image_is_looked_at_once_and_its_tokens_are_read_once(predictor: GeoPixPredictor) -> None:
    looks: list[object] = []
    original = predictor.model.look
    predictor.model.look = lambda pixels: looks.append(1) or original(pixels)  # type: ignore[method-assign, assignment, func-returns-value]
    questions = heard(predictor)
    ask(predictor, f"It is {RUN}.", "segment the ship")
    history = [("segment the ship", "It is the ship.")]
    ask(predictor, "Two.", "how many?", history=history)
    ask(predictor, "Two.", "how many?", image=IMAGE[::-1].copy())
    assert len(looks) == 2
    image_end = max(i for i, token in enumerate(questions[0][0]) if token == predictor.vocabulary.image) + 1
    assert [known >= image_end for _, known in questions] == [False, True, False]


def test_a_question_after_others_gets_the_answer_of_a_fresh_start(folder: Path, predictor: GeoPixPredictor) -> None:
    for prompt in ("describe the harbour", "segment the ship and the pier"):
        ask(predictor, f"Well, {RUN}.", prompt)
    again = masks(ask(predictor, f"It is {RUN}.", "segment the tank"))
    fresh_predictor = load("geopix", "cpu", folder)
    assert isinstance(fresh_predictor, GeoPixPredictor)
    fresh = masks(ask(fresh_predictor, f"It is {RUN}.", "segment the tank"))
    np.testing.assert_allclose(again[0].logits, fresh[0].logits, atol=1e-5)


def test_an_answer_that_was_stopped_leaves_what_was_read_usable(predictor: GeoPixPredictor, folder: Path) -> None:
    script(predictor, "A long answer about ships and piers and tanks.")
    pieces = predictor.answer(IMAGE, "describe it")
    for _ in range(4):
        next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    questions = heard(predictor)
    again = masks(ask(predictor, RUN, "segment the tank"))
    assert questions[0][1] > tiny.GRID**2
    fresh = load("geopix", "cpu", folder)
    assert isinstance(fresh, GeoPixPredictor)
    np.testing.assert_allclose(again[0].logits, masks(ask(fresh, RUN, "segment the tank"))[0].logits, atol=1e-5)


@pytest.mark.parametrize(
    ("prompt", "task", "question"),
    [
        ("storage tanks", "auto", "[segment] storage tanks"),
        ("Where is the ship?", "auto", "[refer] Where is the ship?"),
        ("[refer] ships", "auto", "[refer] ships"),
        ("[refer] ships", "segment", "[segment] ships"),
        ("Describe the pier", "vqa", "[Visual Question Answering] Describe the pier"),
        ("What is at the pier", "caption", "[caption] What is at the pier"),
    ],
)
def test_the_task_becomes_the_tag_of_the_question(
    prompt: str, task: str, question: str, predictor: GeoPixPredictor
) -> None:
    questions = heard(predictor)
    ask(predictor, "Yes.", prompt, task=task)
    text = predictor.vocabulary.tokenizer.decode(questions[0][0], skip_special_tokens=False)
    assert f"<image>\n{question} ASSISTANT:" in text


def test_the_model_answers_by_itself_and_says_the_same_twice(predictor: GeoPixPredictor) -> None:
    first = list(predictor.answer(IMAGE, "describe the harbour"))
    assert said(first) and said(list(predictor.answer(IMAGE, "describe the harbour"))) == said(first)


def test_facts_about_the_model_come_from_its_checkpoint(predictor: GeoPixPredictor, folder: Path) -> None:
    info = predictor.info
    assert (info.name, info.window_px, info.overlap_px, info.mask_stride_px) == ("geopix", tiny.SIDE, 16, 4)
    assert info.gives_boxes and info.reads_places and info.classes == () and len(info.revision) == 8
    assert load("geopix", "cpu", folder).info.revision == info.revision


def test_a_class_of_the_memory_is_found_by_its_name(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "named"
    shutil.copytree(folder, copy)
    (copy / "class_names.json").write_text(json.dumps(["ship", "storage tank"]))
    named = load("geopix", "cpu", copy)
    assert isinstance(named, GeoPixPredictor)
    names, ids = named.route(["storage tanks in the top", "ships", "goat"])
    assert (names, ids.tolist()) == (["storage tank", "ship", ""], [1, 0, tiny.CLASSES - 1])
    (copy / "class_names.json").write_text(json.dumps(["a"] * tiny.CLASSES))
    with pytest.raises(CheckpointError, match=f"at most {tiny.CLASSES - 1} names"):
        load("geopix", "cpu", copy)


def test_a_prompt_that_does_not_fit_is_refused(predictor: GeoPixPredictor) -> None:
    with pytest.raises(PromptError, match="shorten it"):
        list(predictor.answer(IMAGE, "ships and " * 800))


def test_a_folder_without_a_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"has no model\.safetensors"):
        load("geopix", "cpu", tmp_path)
