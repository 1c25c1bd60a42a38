"""The parts of GeoPixel: division of pictures, image tokens, text, the decoder against a slow reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from geopix_model.errors import PromptError
from geopix_model.geopixel import divider, prompt
from geopix_model.geopixel.loading import load
from geopix_model.geopixel.model import GeoPixel
from geopix_model.geopixel.plora import run_of
from geopix_model.geopixel.segmenter import MASKS_AT_ONCE, enlarged
from geopix_model.geopixel.tokenizer import Tokenizer
from tests.model import geopixel_small as small
from tests.model.geopixel_reference import decoder_states

NOISE = np.random.default_rng(0).integers(0, 256, (90, 130, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.write_checkpoint(tmp_path_factory.mktemp("geopixel") / "model", seed=1)


@pytest.fixture(scope="module")
def model(folder: Path) -> GeoPixel:
    return load(folder)[0]


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> Tokenizer:
    return load(folder)[1]


@pytest.mark.parametrize(
    ("size", "hd_num", "grid", "tokens"),
    [  # (height, width), and what the released code makes of it
        ((200, 300), 1, (1, 1), 841),
        ((200, 300), 9, (2, 3), 2861),
        ((300, 200), 9, (3, 2), 2881),
        ((1024, 1024), 9, (3, 3), 4081),
        ((2239, 2239), 9, (3, 3), 4081),
        ((2160, 3840), 25, (4, 6), 10101),
        ((4096, 4096), 9, (7, 7), 20161),
        ((90, 1000), 9, (1, 9), 4041),
    ],
)
def test_pictures_are_divided_as_published(
    size: tuple[int, int], hd_num: int, grid: tuple[int, int], tokens: int
) -> None:
    division = divider.divide(*size, side=560, hd_num=hd_num)
    assert ((division.rows, division.cols), division.tokens(20)) == (grid, tokens)


@pytest.mark.parametrize("size", [(4096, 4096), (3840, 2160), (9000, 700)])
def test_a_cap_on_crops_holds_and_keeps_as_much_of_the_picture_as_fits(size: tuple[int, int]) -> None:
    capped = divider.divide(*size, side=560, max_crops=16)
    assert 9 <= capped.rows * capped.cols <= 16


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (3, 700)])
def test_extreme_shapes_are_divided(size: tuple[int, int]) -> None:
    picture = np.zeros((*size, 3), np.uint8)
    division = divider.divide(*size, side=56)
    padded = divider.padded(picture, division)
    assert padded.shape == (division.rows * 56, division.cols * 56, 3)
    assert len(divider.crops(padded, division)) == division.crops


def test_a_portrait_is_the_transposed_landscape() -> None:
    wide, high = (divider.divide(*shape[:2], side=56) for shape in (NOISE.shape, NOISE.transpose(1, 0, 2).shape))
    assert np.array_equal(
        divider.padded(NOISE.transpose(1, 0, 2), high), divider.padded(NOISE, wide).transpose(1, 0, 2)
    )


def test_padding_is_white_below_and_on_both_sides_in_training() -> None:
    picture = np.zeros((30, 56, 3), np.uint8)
    rows = {}
    for training in (False, True):
        division = divider.divide(30, 56, side=56, hd_num=1, training=training)
        rows[training] = np.nonzero(divider.padded(picture, division)[:, 0, 0] == 0)[0]
    assert (rows[False][0], rows[False][-1]) == (0, 29)
    assert (rows[True][0], rows[True][-1]) == (13, 42)


def test_crops_are_the_whole_and_then_the_grid_row_by_row() -> None:
    division = divider.divide(*NOISE.shape[:2], side=56, hd_num=9)
    padded = divider.padded(NOISE, division)
    crops = divider.crops(padded, division)
    mean, std = torch.tensor(divider.MEAN), torch.tensor(divider.STD)
    for index in range(division.rows * division.cols):
        row, col = divmod(index, division.cols)
        part = padded[row * 56 : (row + 1) * 56, col * 56 : (col + 1) * 56]
        expected = (torch.tensor(part).float() / 255 - mean) / std
        assert torch.allclose(crops[1 + index], expected.permute(2, 0, 1), atol=1e-6)


def test_image_tokens_are_pairs_of_patches_with_separators(model: GeoPixel) -> None:
    side, width, rows, cols = small.SIDE // small.PATCH, small.CLIP_WIDTH, 2, 3
    patches = torch.randn(1 + rows * cols, 1 + side * side, width, generator=torch.Generator().manual_seed(0))
    merged = model.vision.assemble(patches, rows, cols)
    half, position = side // 2, 0

    def pair(crop: int, row: int, col: int) -> torch.Tensor:
        grid = patches[crop, 1:].reshape(side, side, width)
        return torch.cat([grid[2 * row + i, 2 * col + j] for i in (0, 1) for j in (0, 1)])

    for row in range(half):
        for col in range(half):
            assert torch.equal(merged[position + col], pair(0, row, col))
        assert torch.equal(merged[position + half], model.vision.after_row)
        position += half + 1
    assert torch.equal(merged[position], model.vision.after_whole)
    position += 1
    for row in range(rows * half):
        for col in range(cols * half):
            crop = 1 + row // half * cols + col // half
            assert torch.equal(merged[position + col], pair(crop, row % half, col % half))
        assert torch.equal(merged[position + cols * half], model.vision.after_row)
        position += cols * half + 1
    assert position == len(merged) == divider.Division(rows, cols, (0, 0), small.SIDE, False).tokens(half)


def test_many_crops_are_encoded_as_few(model: GeoPixel, monkeypatch: pytest.MonkeyPatch) -> None:
    crops = torch.randn(5, 3, small.SIDE, small.SIDE)
    monkeypatch.setattr("geopix_model.geopixel.vision.CROPS_AT_ONCE", 5)
    together = model.vision.patches(crops)
    monkeypatch.setattr("geopix_model.geopixel.vision.CROPS_AT_ONCE", 2)
    assert torch.allclose(model.vision.patches(crops), together, atol=1e-5)


@pytest.mark.parametrize("images", [[], [(1, 9)], [(0, 4), (6, 8)], [(0, 14)]])
def test_the_decoder_is_internlm2_with_adapters_at_image_positions(
    folder: Path, model: GeoPixel, images: list[tuple[int, int]]
) -> None:
    is_image = torch.zeros(14, dtype=torch.bool)
    for first, last in images:
        is_image[first:last] = True
    embeddings = torch.randn(14, small.HIDDEN, generator=torch.Generator().manual_seed(0))
    expected = decoder_states(load_file(folder / "model.safetensors"), embeddings, is_image)
    for where in (run_of(is_image.tolist()), is_image, is_image[None]):
        states = model.states(embeddings[None], where)[0]
        assert torch.allclose(states, expected, atol=1e-5)


def test_gradients_reach_every_adapter_and_the_sum_reaches_the_shared_matrix(folder: Path) -> None:
    model = load(folder)[0].requires_grad_(True)
    embeddings = torch.randn(2, 9, small.HIDDEN, generator=torch.Generator().manual_seed(0))
    is_image = torch.zeros(2, 9, dtype=torch.bool)
    is_image[0, :4] = is_image[1, 2:7] = True
    model.states(embeddings, is_image).square().sum().backward()
    missing = [name for name, weight in model.language.layers.named_parameters() if weight.grad is None]
    assert missing == []
    tensors = {name: value.requires_grad_() for name, value in load_file(folder / "model.safetensors").items()}
    for sequence, mask in zip(embeddings, is_image, strict=True):
        decoder_states(tensors, sequence, mask).square().sum().backward()
    shared = model.language.layers[0].self_attn.k_proj.down.weight.grad
    expected = tensors["model.layers.0.attention.wqkv.Plora_A.weight"].grad
    assert torch.allclose(shared, expected, atol=1e-4 * float(expected.abs().max()))


def test_padding_on_the_right_changes_nothing(model: GeoPixel) -> None:
    embeddings = torch.randn(1, 9, small.HIDDEN, generator=torch.Generator().manual_seed(0))
    mask = torch.ones(1, 9, dtype=torch.long)
    mask[0, 6:] = 0
    whole = model.states(embeddings, slice(1, 4), attention_mask=mask)[:, :6]
    assert torch.allclose(whole, model.states(embeddings[:, :6], slice(1, 4)), atol=1e-5)


def test_masks_of_many_prompts_are_those_of_each_alone(model: GeoPixel) -> None:
    features = model.segmenter.look(model.segmenter.prepare(NOISE))
    prompts = torch.randn(MASKS_AT_ONCE + 3, small.SAM_WIDTH, generator=torch.Generator().manual_seed(0))
    together = model.segmenter(features, prompts)
    assert together.logits.shape == (len(prompts), small.SAM_SIDE // 4, small.SAM_SIDE // 4)
    for index in (0, MASKS_AT_ONCE, len(prompts) - 1):
        alone = model.segmenter(features, prompts[index : index + 1])
        assert torch.allclose(alone.logits[0], together.logits[index], atol=1e-5)
        assert torch.allclose(alone.iou[0], together.iou[index], atol=1e-5)


def test_a_picture_seen_in_parts_has_the_features_of_the_whole(
    model: GeoPixel, monkeypatch: pytest.MonkeyPatch
) -> None:
    square = model.segmenter.prepare(NOISE)
    whole = model.segmenter.look(square)
    monkeypatch.setattr("geopix_model.geopixel.segmenter.POSITIONS_AT_ONCE", 100)
    parts = model.segmenter.look(square)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(whole.tensors, parts.tensors, strict=True))


def test_coarse_features_are_rounded_only_where_the_weights_were_trained_so(model: GeoPixel) -> None:
    features = model.segmenter.look(model.segmenter.prepare(NOISE))
    prompts = torch.randn(2, small.SAM_WIDTH, generator=torch.Generator().manual_seed(0))
    rounded = model.segmenter(features, prompts).logits
    model.segmenter.round_features = False
    exact = model.segmenter(features, prompts).logits
    model.segmenter.round_features = True
    assert 0 < float((rounded - exact).abs().max()) < 0.1


def test_masks_are_enlarged_to_the_picture() -> None:
    logits = torch.randn(2, 8, 8)
    assert enlarged(logits, 30, 50).shape == (2, 30, 50)


def test_white_space_beside_added_tokens_is_lost_and_comes_back_as_one_space(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("Sure, \n<p> the red car </p>  [SEG].")
    inner = tokenizer.encode("the red car")
    expected = [*tokenizer.encode("Sure,"), tokenizer.phrase, *inner, tokenizer.phrase_end, tokenizer.seg]
    assert ids == [*expected, *tokenizer.encode(".")]
    assert tokenizer.decode(ids) == "Sure, <p> the red car </p> [SEG] ."
    assert tokenizer.decode([tokenizer.bos, *ids, tokenizer.turn_end, tokenizer.eos]) == tokenizer.decode(ids)


@pytest.mark.parametrize("word", ["[SEG]", "<p>", "</p>", "</s>", "<ImageHere>", "[UNUSED_TOKEN_146]"])
def test_control_words_of_a_person_are_plain_text(tokenizer: Tokenizer, word: str) -> None:
    control = {tokenizer.seg, tokenizer.phrase, tokenizer.phrase_end, tokenizer.eos, tokenizer.turn_start}
    text = tokenizer.plain(f"a {word} b {word}{word}")
    assert word not in text
    assert control.isdisjoint(tokenizer.encode(text))


def test_a_picture_without_a_place_stands_behind_the_first_token(tokenizer: Tokenizer) -> None:
    ids = prompt.prompt_ids(tokenizer, prompt.conversation("hello"), [3])
    assert ids[:5] == [tokenizer.bos, *[prompt.IMAGE] * 3, tokenizer.turn_start]
    placed = prompt.prompt_ids(tokenizer, "one<ImageHere>two<ImageHere>", [2, 1])
    one, two = tokenizer.encode("one"), tokenizer.encode("two")
    assert placed == [tokenizer.bos, *one, prompt.IMAGE, prompt.IMAGE, *two, prompt.IMAGE]


def test_an_overlong_prompt_is_cut_as_published_only_on_demand(tokenizer: Tokenizer) -> None:
    text = prompt.conversation("hello")
    assert prompt.prompt_ids(tokenizer, text, [30], 20) == [tokenizer.bos, *[prompt.IMAGE] * 19]
    assert len(prompt.prompt_ids(tokenizer, text, [30])) > 31


def test_places_and_pictures_must_be_as_many(tokenizer: Tokenizer) -> None:
    with pytest.raises(PromptError, match="1 places for 2 pictures"):
        prompt.prompt_ids(tokenizer, "a <ImageHere> b", [2, 2])


def test_turns_are_written_between_markers() -> None:
    start, end = "[UNUSED_TOKEN_146]", "[UNUSED_TOKEN_145]\n"
    assert prompt.conversation("q2", [("q1", "a1")], "s") == (
        f"{start}system\ns{end}{start}user\nq1{end}{start}assistant\na1{end}{start}user\nq2{end}{start}assistant\n"
    )
