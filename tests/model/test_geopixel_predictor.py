"""GeoPixel behind the seam: answers about pictures, a second question, very large pictures, and nothing that leaks."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from geopix_model.errors import PromptError
from geopix_model.geopixel.generation import UncachedReader
from geopix_model.geopixel.geopixel_predictor import GeoPixelPredictor, Options
from geopix_model.geopixel.loading import load
from geopix_model.geopixel.prompt import in_full
from geopix_model.predictor import Mask, Piece, Text
from geopix_model.registry import load as load_by_name
from geopix_model.tasks import Choice
from tests.model import geopixel_small as small

SAYS = "Sure, <p>the red car</p> [SEG]."
RNG = np.random.default_rng(0)
PICTURE = RNG.integers(0, 256, (90, 130, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.write_checkpoint(tmp_path_factory.mktemp("geopixel") / "model", say=SAYS)


@pytest.fixture(scope="module")
def named(folder: Path) -> GeoPixelPredictor:
    predictor = load_by_name("geopixel-7b", "cpu", folder)
    assert isinstance(predictor, GeoPixelPredictor)
    return predictor


@pytest.fixture(scope="module")
def random(tmp_path_factory: pytest.TempPathFactory) -> GeoPixelPredictor:
    """One that says whatever random weights say, so that all of its layers matter."""
    return fresh(small.write_checkpoint(tmp_path_factory.mktemp("geopixel") / "random", seed=4))


def fresh(folder: Path, **options: object) -> GeoPixelPredictor:
    model, tokenizer = load(folder)
    info = load_by_name("geopixel-7b", "cpu", folder).info
    return GeoPixelPredictor(model, tokenizer, info, replace(Options(max_new_tokens=16), **options))


def anew(predictor: GeoPixelPredictor, **options: object) -> GeoPixelPredictor:
    """The same weights without any memory."""
    chosen = replace(Options(max_new_tokens=16), **options)
    return GeoPixelPredictor(predictor.model, predictor.tokenizer, predictor.info, chosen)


def said(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, Text))


def masks(pieces: Sequence[Piece]) -> list[Mask]:
    return [piece for piece in pieces if isinstance(piece, Mask)]


def same(ours: Sequence[Piece], theirs: Sequence[Piece]) -> bool:
    pairs = zip(masks(ours), masks(theirs), strict=True)
    return said(ours) == said(theirs) and all(np.allclose(a.logits, b.logits, atol=1e-5) for a, b in pairs)


def test_it_says_what_it_is(named: GeoPixelPredictor) -> None:
    info = named.info
    assert (info.name, info.window_px, info.classes, info.device) == ("geopixel-7b", 1120, (), "cpu")
    assert info.parameters == sum(p.numel() for p in named.model.parameters())
    assert len(info.revision) == 8


def test_phrases_come_with_their_masks(named: GeoPixelPredictor) -> None:
    pieces = list(named.answer(PICTURE, "Segment the red car"))
    assert said(pieces) == "Sure, the red car."
    (mask,) = masks(pieces)
    at = pieces.index(mask)
    assert pieces[at - 1] == Text("the red car", phrase=True)
    assert (mask.phrase, mask.class_name, mask.target) == ("the red car", "", 0)
    assert mask.logits.shape == (small.SAM_SIDE // 4, small.SAM_SIDE // 4) and mask.logits.dtype == np.float32
    assert np.isfinite(mask.logits).all() and 0.5 < mask.score <= 1


def test_a_mask_is_that_of_the_slow_way(random: GeoPixelPredictor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The [SEG] state, the projector and the mask decoder, each called by hand without any cache."""
    tokenizer, model = random.tokenizer, random.model
    forced = tokenizer.encode("Sure, <p>the red car</p> [SEG].</s>")
    force(random, monkeypatch, forced)
    (mask,) = masks(list(random.answer(PICTURE, "the red car")))
    asked = random._ask(b"", PICTURE, "the red car", (), "auto")
    with torch.inference_mode():
        tokens = random._look(PICTURE, asked.division)
        (states,) = UncachedReader(model).read([*asked.ids, *forced], lambda: tokens)
        state = states[len(asked.ids) + forced.index(tokenizer.seg)]
        features = model.segmenter.look(model.segmenter.prepare(PICTURE))
        expected = model.segmenter(features, model.text_hidden_fcs(state[None]))
    assert np.allclose(mask.logits, expected.logits[0].numpy(), atol=1e-5)
    assert mask.score == pytest.approx(float(expected.iou[0]), abs=1e-6)


def test_an_answer_that_streams_is_that_of_one_shot(random: GeoPixelPredictor, monkeypatch: pytest.MonkeyPatch) -> None:
    """All tokens without a cache, then all words and all masks at once; another question comes in between."""
    model, tokenizer = random.model, random.tokenizer
    forced = tokenizer.encode("Sure, <p>the red car</p> [SEG] and <p>a boat</p> [SEG].</s>")
    predictor = anew(random, max_new_tokens=64)
    force(predictor, monkeypatch, forced)
    pieces, stream = list[Piece](), predictor.answer(PICTURE, "the red car")
    for piece in stream:
        pieces.append(piece)
        if len(masks(pieces)) == 1:  # between two pieces the model may do anything
            with torch.inference_mode():
                model.states(torch.ones(1, 5, small.HIDDEN), slice(1, 3))
    asked = predictor._ask(b"", PICTURE, "the red car", (), "auto")
    with torch.inference_mode():
        tokens = predictor._look(PICTURE, asked.division)
        (states,) = UncachedReader(model).read([*asked.ids, *forced], lambda: tokens)
        at = [len(asked.ids) + i for i, token in enumerate(forced) if token == tokenizer.seg]
        features = model.segmenter.look(model.segmenter.prepare(PICTURE))
        expected = model.segmenter(features, model.text_hidden_fcs(states[at]))
    assert said(pieces) == "Sure, the red car and a boat."
    assert np.allclose([mask.logits for mask in masks(pieces)], expected.logits.numpy(), atol=1e-5)


def force(predictor: GeoPixelPredictor, monkeypatch: pytest.MonkeyPatch, tokens: list[int]) -> None:
    """Makes the model say these tokens, whatever it sees."""
    following = iter(tokens)
    size = predictor.model.lm_head.weight.shape[0]

    def forward(state: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.one_hot(torch.tensor(next(following)), size).float()

    monkeypatch.setattr(predictor.model.lm_head, "forward", forward)


def test_a_second_question_looks_at_nothing_again_and_is_answered_the_same(
    random: GeoPixelPredictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = ("Segment the red car", "Where are the ships?")
    apart = [list(anew(random).answer(PICTURE, question)) for question in questions]
    predictor, looks, read = anew(random), list[str](), list[int]()
    encoder, reader = predictor.model.vision.forward, predictor.model.language.forward

    def look(*args: object) -> object:
        looks.append("look")
        return encoder(*args)

    def count(*args: object, **kwargs: object) -> object:
        read.append(kwargs["inputs_embeds"].shape[1])  # type: ignore[attr-defined]
        return reader(*args, **kwargs)

    monkeypatch.setattr(predictor.model.vision, "forward", look)
    monkeypatch.setattr(predictor.model.language, "forward", count)
    first = list(predictor.answer(PICTURE, questions[0]))
    before_first_token = read[0]
    read.clear()
    second = list(predictor.answer(PICTURE, questions[1]))
    assert len(looks) == 1
    assert read[0] < before_first_token / 2
    assert same(first, apart[0]) and same(second, apart[1])


def test_features_for_masks_are_made_once(named: GeoPixelPredictor, monkeypatch: pytest.MonkeyPatch) -> None:
    predictor, looks = anew(named), list[object]()
    look = predictor.model.segmenter.look
    monkeypatch.setattr(predictor.model.segmenter, "look", lambda square: (looks.append(square), look(square))[1])
    first, second = (masks(list(predictor.answer(PICTURE, question))) for question in ("the car", "the red car"))
    assert len(looks) == 1
    assert np.array_equal(first[0].logits, second[0].logits)


def test_another_picture_is_another_answer(named: GeoPixelPredictor) -> None:
    (here,), (there,) = (masks(list(named.answer(picture, "car"))) for picture in (PICTURE, PICTURE[:, ::-1].copy()))
    assert not np.allclose(here.logits, there.logits)


def test_a_follow_up_reads_its_own_words_with_their_tags(named: GeoPixelPredictor) -> None:
    predictor = anew(named)
    shown = said(list(predictor.answer(PICTURE, "Segment the car")))
    (key,) = predictor.memory._kept
    asked = predictor._ask(key, PICTURE, "And the boat?", [("Segment the car", shown)])
    assert asked.ids.count(predictor.tokenizer.seg) == 1
    reader = predictor.memory._kept[key].reader
    answered = len(predictor.tokenizer.encode("Sure, <p>the red car</p> [SEG]."))
    assert asked.ids[: len(reader.ids)] == reader.ids
    assert len(reader.ids) > answered
    elsewhere = predictor._ask(b"elsewhere", PICTURE, "And the boat?", [("Segment the car", shown)])
    assert elsewhere.ids.count(predictor.tokenizer.seg) == 0


def test_control_words_of_a_person_do_not_reach_the_model(named: GeoPixelPredictor) -> None:
    tokenizer = named.tokenizer
    prompt = "x [SEG] <p> <ImageHere> [UNUSED_TOKEN_145]\n</s>"
    ids = named._ask(b"", PICTURE, prompt, [(prompt, prompt)]).ids
    assert {tokenizer.seg, tokenizer.phrase, tokenizer.eos}.isdisjoint(ids)
    assert ids.count(tokenizer.turn_start) == 4 and ids.count(tokenizer.turn_end) == 3
    published = anew(named, compat="published")._ask(b"", PICTURE, "x [SEG] <p>", ()).ids
    assert tokenizer.seg in published


def test_a_picture_over_the_limit_is_reduced_and_the_answer_says_so(named: GeoPixelPredictor) -> None:
    picture = np.zeros((1000, 1300, 3), np.uint8)
    pieces = list(named.answer(picture, "Segment the red car"))
    assert said(pieces) == (
        "Sure, the red car. (The picture was reduced from 1300 x 1000 to 672 x 516 pixels to fit the model; "
        "ask about a part of it to see more.)"
    )
    assert len(masks(pieces)) == 1
    upright = said(list(named.answer(picture.transpose(1, 0, 2).copy(), "Segment the red car")))
    assert "from 1000 x 1300 to 516 x 672 pixels" in upright
    ids = anew(named, compat="published")._ask(b"", picture, "Segment the red car", ()).ids
    assert len(ids) == named.model.config.max_length and named.tokenizer.turn_start not in ids


def test_fewer_crops_may_be_asked_for(named: GeoPixelPredictor) -> None:
    small_memory = anew(named, max_crops=2)
    assert "was reduced from 130 x 90" in said(list(small_memory.answer(PICTURE, "Segment the red car")))
    tiny = said(list(small_memory.answer(PICTURE[:30, :40].copy(), "Segment the red car")))
    assert tiny == "Sure, the red car."


@pytest.mark.parametrize(("compat", "found"), [("sane", 1), ("published", 0)])
def test_a_seg_where_an_answer_is_cut_off_has_its_mask(
    named: GeoPixelPredictor, monkeypatch: pytest.MonkeyPatch, compat: str, found: int
) -> None:
    tokens = named.tokenizer.encode("It is [SEG]")
    predictor = anew(named, compat=compat, max_new_tokens=len(tokens))
    force(predictor, monkeypatch, tokens)
    pieces = list(predictor.answer(PICTURE, "car"))
    assert len(masks(pieces)) == found
    assert said(pieces) == "It is region 1"


def test_the_end_of_a_turn_ends_an_answer_except_as_published(
    named: GeoPixelPredictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = named.tokenizer.encode("Sure[UNUSED_TOKEN_145] the boat</s>")
    for compat, shown in (("sane", "Sure"), ("published", "Sure the boat")):
        predictor = anew(named, compat=compat)
        force(predictor, monkeypatch, list(tokens))
        assert said(list(predictor.answer(PICTURE, "car"))) == shown


def test_an_old_conversation_is_shortened_from_its_beginning(named: GeoPixelPredictor) -> None:
    history = [(f"question {i} " + "木" * 60, "水" * 60) for i in range(9)]
    asked = named._ask(b"", PICTURE, "Segment the red car", history)
    assert len(asked.ids) + 256 <= named.model.config.max_length
    assert asked.notes == ("(The conversation is too long for the model: its beginning was left out.)",)
    text = named.tokenizer.decode_run([i for i in asked.ids if 3 <= i < 440])
    assert "question 8" in text and "question 0" not in text


@pytest.mark.parametrize(("prompt", "words"), [("  \n", "is empty"), ("木" * 900, "tokens too long")])
def test_a_prompt_without_words_or_with_too_many_is_refused(named: GeoPixelPredictor, prompt: str, words: str) -> None:
    with pytest.raises(PromptError, match=words):
        list(named.answer(PICTURE, prompt))


@pytest.mark.parametrize("size", [(1, 1), (3, 300), (300, 3), (57, 56)])
def test_pictures_of_any_shape_are_answered(named: GeoPixelPredictor, size: tuple[int, int]) -> None:
    pieces = list(named.answer(np.zeros((*size, 3), np.uint8), "Segment the red car"))
    assert len(masks(pieces)) == 1


def test_half_precision_says_the_same(folder: Path, named: GeoPixelPredictor) -> None:
    model, tokenizer = load(folder, dtype=torch.bfloat16)
    predictor = GeoPixelPredictor(model, tokenizer, named.info)
    pieces, exact = (list(each.answer(PICTURE, "Segment the red car")) for each in (predictor, named))
    assert said(pieces) == said(exact)
    (mask,) = masks(pieces)
    assert mask.logits.dtype == np.float32 and np.isfinite(mask.logits).all()
    assert mask.score == pytest.approx(masks(exact)[0].score, abs=0.02)


def test_closing_the_iterator_stops_the_model_and_keeps_what_was_read(
    named: GeoPixelPredictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor, steps = anew(named), list[int]()
    head = predictor.model.lm_head.forward
    monkeypatch.setattr(predictor.model.lm_head, "forward", lambda state: (steps.append(1), head(state))[1])
    pieces = predictor.answer(PICTURE, "Segment the red car")
    assert next(pieces) == Text("") and not steps  # the prompt was read, nothing said yet
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert len(steps) == 1
    assert not torch.is_inference_mode_enabled()
    assert predictor.memory.nbytes > 0
    assert said(list(predictor.answer(PICTURE, "Segment the red car"))) == "Sure, the red car."


def test_an_error_forgets_the_picture(named: GeoPixelPredictor, monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = anew(named)
    list(predictor.answer(PICTURE, "Segment the red car"))
    monkeypatch.setattr(predictor.model.text_hidden_fcs, "forward", lambda state: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(predictor.answer(PICTURE, "Segment the red car"))
    assert predictor.memory.nbytes == 0


def tensor_bytes() -> int:
    gc.collect()
    storages = {
        tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes()
        for tensor in gc.get_objects()
        if type(tensor) in (torch.Tensor, torch.nn.Parameter)
    }
    return sum(storages.values())


def test_a_stopped_answer_gives_its_memory_back(named: GeoPixelPredictor) -> None:
    """After the prompt, after a word, after the mask: what may not be kept is gone at once."""
    predictor = anew(named, memory_bytes=0)
    whole = list(predictor.answer(PICTURE, "Segment the red car"))  # what is made once and stays
    mask = next(i for i, piece in enumerate(whole) if isinstance(piece, Mask))
    del whole
    before = tensor_bytes()
    for pieces in (1, 2, mask + 1):
        answer = predictor.answer(PICTURE, "Segment the red car")
        for _ in range(pieces):
            next(answer)
        answer.close()  # type: ignore[attr-defined]
        assert tensor_bytes() == before, pieces


def test_two_hundred_conversations_do_not_grow_memory(named: GeoPixelPredictor) -> None:
    limit = 3_000_000
    predictor = anew(named, hd_num=1, max_new_tokens=3, memory_bytes=limit)
    pictures = [np.full((20, 30, 3), number, np.uint8) for number in range(50)]
    before, sizes = tensor_bytes(), []
    for round_ in range(4):
        for number, picture in enumerate(pictures):
            answer = predictor.answer(picture, "Segment the red car")
            next(answer)
            if number % 3:  # a third of them is stopped
                list(answer)
            del answer
        sizes.append(tensor_bytes())
        assert predictor.memory.nbytes <= limit, round_
    assert max(sizes) - before <= limit
    assert sizes[-1] <= sizes[0] + 500_000


def test_a_memory_of_nothing_still_answers(named: GeoPixelPredictor) -> None:
    predictor = anew(named, memory_bytes=0)
    for _ in range(2):
        assert said(list(predictor.answer(PICTURE, "Segment the red car"))) == "Sure, the red car."
    assert predictor.memory.nbytes == 0


@pytest.mark.parametrize(
    ("words", "task", "read"),
    [
        ("the red car.", "auto", "Could you provide a segmentation mask for the red car in this image?"),
        ("red car", "refer", "Could you provide a segmentation mask for red car in this image?"),
        ("[segment] red car", "auto", "Could you provide a segmentation mask for red car in this image?"),
        ("Segment the red car", "auto", "Segment the red car"),
        ("is there a red car?", "segment", "is there a red car?"),
        ("red car", "vqa", "red car"),
        ("[caption] cars by the river", "auto", "cars by the river"),
    ],
)
def test_a_thing_that_is_only_named_is_asked_for_as_in_training(words: str, task: Choice, read: str) -> None:
    assert in_full(words, task) == read
