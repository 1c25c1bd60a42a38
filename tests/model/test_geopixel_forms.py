"""GeoPixel in every form of its weights: what it says, what it masks, what it weighs, and what loading it takes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from geopix_model import registry
from geopix_model.entry import Entry
from geopix_model.errors import CheckpointError
from geopix_model.fitting import GIB, Machine, WeightForm, plan
from geopix_model.geopixel.divider import crops_within, divide
from geopix_model.geopixel.generation import CachedReader
from geopix_model.geopixel.geopixel_predictor import GeoPixelPredictor, Options, options_of
from geopix_model.geopixel.loading import STAGED, load
from geopix_model.geopixel.measuring import footprint
from geopix_model.geopixel.model import GeoPixel
from geopix_model.geopixel.plora import PLoRALinear
from geopix_model.packing import Packing
from geopix_model.place import Place
from geopix_model.predictor import Mask, Piece, Text
from geopix_model.published import GEOPIXEL_TOKENS
from geopix_model.quantize import QuantizedLinear, parameter_count
from tests.model import geopixel_small as small
from tests.model.weighing import devices, distance, nbytes, overlap, peak

WEIGHTS = "model.safetensors"
PICTURE = np.random.default_rng(0).integers(0, 256, (90, 130, 3), dtype=np.uint8)
QUESTION = "Segment the red car"
PLACES = {
    "fp32": Place("cpu", "fp32", "fp32"),
    "bf16": Place("cpu", "bf16", "bf16"),
    "fp16": Place("cpu", "fp16", "fp16"),
    "int8": Place("cpu", "int8", "bf16"),
    "nf4": Place("cpu", "nf4", "bf16"),
    "nf4 with adapters": Place("cpu", "nf4", "nf4", staged=True),
}


@pytest.fixture(scope="module", autouse=True)
def rank_of_whole_blocks() -> Iterator[None]:
    """Adapters of rank 5 have no blocks of 64 weights."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small, "RANK", 8)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights, of which every layer matters."""
    return small.write_checkpoint(tmp_path_factory.mktemp("forms") / "model", seed=4)


@pytest.fixture(scope="module")
def speaking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    says = "Sure, <p>the red car</p> [SEG]."
    return small.write_checkpoint(tmp_path_factory.mktemp("forms") / "speaking", say=says)


def loaded(folder: Path, place: Place) -> GeoPixel:
    return predictor(folder, place).model


def predictor(folder: Path, place: Place) -> GeoPixelPredictor:
    found = registry.LOADERS["geopixel"](entry(), place, folder)
    assert isinstance(found, GeoPixelPredictor)
    return found


def entry() -> Entry:
    return registry.entry("geopixel-7b")


def said(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, Text))


def mask_of(folder: Path, place: Place) -> tuple[Tensor, Tensor]:
    """The state at a [SEG] after a picture and a question, and the logits of its mask, in float32."""
    found = predictor(folder, place)
    asked = found._ask(b"", PICTURE, QUESTION, ())
    ids = [*asked.ids, *found.tokenizer.encode("Sure, <p>the red car</p> [SEG]")]
    with torch.inference_mode():
        states = CachedReader(found.model).read(ids, lambda: found._look(PICTURE, asked.division))
        state = torch.cat(list(states))[-1]
        features = found.model.segmenter.look(found.model.segmenter.prepare(PICTURE))
        masks = found.model.segmenter(features, found.model.text_hidden_fcs(state[None]))
    return state.float(), masks.logits[0].float()


@pytest.fixture(scope="module")
def exact(folder: Path) -> tuple[Tensor, Tensor]:
    return mask_of(folder, PLACES["fp32"])


# Measured on these weights, state and IoU: bf16 0.011 and 0.988, fp16 0.002 and 1.000, int8 0.017 and 0.995, NF4 0.20
# and 0.925, NF4 with adapters 0.27 and 0.901.  Random weights have no large parts that an error could hide behind.
@pytest.mark.parametrize(
    ("form", "state_within", "least_iou"),
    [
        ("bf16", 0.02, 0.97),
        ("fp16", 0.004, 0.99),
        ("int8", 0.03, 0.97),
        ("nf4", 0.3, 0.85),
        ("nf4 with adapters", 0.4, 0.8),
    ],
)
def test_masks_agree_with_float32(
    folder: Path, exact: tuple[Tensor, Tensor], form: str, state_within: float, least_iou: float
) -> None:
    state, logits = mask_of(folder, PLACES[form])
    assert 0 < distance(state, exact[0]) < state_within
    assert overlap(logits, exact[1]) > least_iou


@pytest.mark.parametrize("form", list(PLACES))
def test_every_form_answers_with_its_mask(speaking: Path, form: str) -> None:
    pieces = list(predictor(speaking, PLACES[form]).answer(PICTURE, QUESTION))
    assert said(pieces) == "Sure, the red car."
    (mask,) = [piece for piece in pieces if isinstance(piece, Mask)]
    assert mask.logits.dtype == np.float32 and np.isfinite(mask.logits).all() and 0.5 < mask.score <= 1


def test_the_model_says_how_it_runs(folder: Path) -> None:
    assert {form: predictor(folder, place).info.device for form, place in PLACES.items()} == {
        "fp32": "cpu, float32",
        "bf16": "cpu, bfloat16",
        "fp16": "cpu, float16",
        "int8": "cpu, 8-bit weights",
        "nf4": "cpu, 4-bit weights",
        "nf4 with adapters": "cpu, 4-bit weights, in stages",
    }
    assert len({predictor(folder, place).info.parameters for place in PLACES.values()}) == 1


@pytest.mark.parametrize("form", list(PLACES))
def test_only_linears_of_the_decoder_are_packed(folder: Path, form: str) -> None:
    model, place = loaded(folder, PLACES[form]), PLACES[form]
    packed = {name for name, layer in model.named_modules(remove_duplicate=False) if isinstance(layer, QuantizedLinear)}
    linears, parts = set[str](), ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
    for name, layer in model.named_modules():
        if isinstance(layer, PLoRALinear):
            assert name.split(".")[-1] in parts
            linears |= {f"{name}.base"} if place.packing.linears else set()
            linears |= {f"{name}.down", f"{name}.up"} if place.packing.adapters else set()
    assert packed == linears and len(linears) in (0, 7 * small.LAYERS, 3 * 7 * small.LAYERS)
    assert {parameter.dtype for parameter in model.parameters()} == {place.dtype}
    assert model.language.rotary_emb.inv_freq.dtype == torch.float32


@pytest.mark.parametrize("form", ["int8", "nf4 with adapters"])
def test_a_packed_weight_is_that_of_its_rows(folder: Path, form: str) -> None:
    """Of q, k and v each is packed by itself, from the weights as they are in the file, and their adapter once."""
    ours, theirs = (loaded(folder, PLACES[name]).language.layers[1].self_attn for name in (form, "fp32"))
    for name in ("q_proj", "k_proj", "v_proj"):
        adapted = getattr(ours, name)
        large = getattr(theirs, name).base.weight
        expected = QuantizedLinear.from_weight(large, None, PLACES[form].packing.linears or "int8")
        assert torch.equal(adapted.base.dequantize(), expected.dequantize())
        assert adapted.down is ours.q_proj.down


def test_biases_of_packed_linears_are_kept(folder: Path, tmp_path: Path) -> None:
    tensors = load_file(folder / WEIGHTS)
    biases = {
        f"{name.removesuffix('weight')}bias": torch.randn(len(value))
        for name, value in tensors.items()
        if name.endswith((".attention.wqkv.weight", ".attention.wo.weight"))
    }
    other = small.write_checkpoint(tmp_path / "biased", seed=4)
    text = (other / "config.json").read_text().replace('"bias": false', '"bias": true')
    (other / "config.json").write_text(text)
    save_file(tensors | biases, other / WEIGHTS)
    for form in ("int8", "nf4"):
        for layer in range(small.LAYERS):
            bias = loaded(other, PLACES[form]).language.layers[layer].self_attn.o_proj.base.bias
            assert torch.equal(bias, biases[f"model.layers.{layer}.attention.wo.bias"].bfloat16())


def test_200_tokens_of_8_bit_weights_are_the_same_each_time(folder: Path) -> None:
    found = predictor(folder, PLACES["int8"])
    never = torch.tensor([found.tokenizer.eos, found.tokenizer.turn_end, found.tokenizer.seg])
    asked, answers = found._ask(b"", PICTURE, QUESTION, ()), []
    with torch.inference_mode():
        tokens = found._look(PICTURE, asked.division)
        for _ in range(2):
            reader, said = CachedReader(found.model), list[int]()
            (*_, states) = reader.read(asked.ids, lambda: tokens)
            state = states[-1]
            for _ in range(200):
                said.append(int(found.model.lm_head(state).index_fill(0, never, -torch.inf).argmax()))
                state = reader.step(said[-1])
            answers.append((said, state))
    assert answers[0][0] == answers[1][0] and len(set(answers[0][0])) > 3
    assert torch.equal(answers[0][1], answers[1][1])


@pytest.mark.parametrize("form", ["fp32", "int8", "nf4 with adapters"])
def test_loading_takes_the_loaded_weights_and_little_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(small, "LAYERS", 12)
    deep, place = small.write_checkpoint(tmp_path / "deep"), PLACES[form]
    model = load(deep, "cpu", place.dtype, packed=place.packing)[0]
    highest = peak(lambda: load(deep, "cpu", place.dtype, packed=place.packing), deep)
    large = load(deep)[0]
    layer = 4 * sum(p.numel() for p in large.language.layers[0].parameters())
    assert nbytes(model) <= highest < nbytes(model) + layer
    assert form == "fp32" or nbytes(model) < nbytes(large) / 2


def without(name: str) -> Callable[[dict[str, Tensor]], None]:
    def spoil(tensors: dict[str, Tensor]) -> None:
        del tensors[name]

    return spoil


def with_(name: str, value: Tensor) -> Callable[[dict[str, Tensor]], None]:
    return lambda tensors: tensors.update({name: value})


WO = "model.layers.1.attention.wo.weight"


@pytest.mark.parametrize("form", list(PLACES))
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (without(WO), f"lacks the weight '{WO}'"),
        (without("model.layers.1.attention.wo.Plora_B.weight"), "lacks the weight 'model.*wo.Plora_B.weight'"),
        (with_("model.layers.3.ffn_norm.weight", torch.ones(48)), "unknown weight 'model.layers.3.ffn_norm.weight'"),
        (with_(WO, torch.zeros(47, 48)), f"'{WO}' of shape .47, 48. gives .47, 48., expected .48, 48."),
    ],
)
def test_every_form_is_as_strict(
    folder: Path, tmp_path: Path, form: str, spoil: Callable[[dict[str, Tensor]], None], words: str
) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    tensors = load_file(copy / WEIGHTS)
    spoil(tensors)
    save_file(tensors, copy / WEIGHTS)
    with pytest.raises(CheckpointError, match=words):
        loaded(copy, PLACES[form])


@pytest.mark.parametrize("form", ["int8", "nf4"])
def test_a_weight_that_is_not_finite_cannot_be_packed(folder: Path, tmp_path: Path, form: str) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    save_file(load_file(copy / WEIGHTS) | {WO: torch.full((48, 48), torch.nan)}, copy / WEIGHTS)
    with pytest.raises(CheckpointError, match=f"'{WO}' cannot be packed: .* not finite"):
        loaded(copy, PLACES[form])


def test_staged_parts_are_on_the_device_for_their_stage_only(folder: Path) -> None:
    """Without a GPU the device is ``meta``, which refuses to compute with what is not there."""
    staged, whole = (load(folder, device, torch.float32, staged=device == "meta")[0] for device in ("meta", "cpu"))
    homes = {name: value.device.type for name, value in (*staged.named_parameters(), *staged.named_buffers())}
    assert {name for name, home in homes.items() if home == "cpu"} == {n for n in homes if n.startswith(STAGED)}
    seen = dict[str, set[str]]()
    parts = {"clip": staged.vision.clip, "sam": staged.segmenter.sam.vision_encoder}
    for name, part in parts.items():
        part.register_forward_pre_hook(lambda module, _, name=name: seen.update({name: devices(module)}))
    with torch.inference_mode():
        tokens = staged.vision(torch.zeros(3, 3, small.SIDE, small.SIDE), 1, 2)
        embeddings = staged.embed(torch.tensor([3, 4]))
        features = staged.segmenter.look(staged.segmenter.prepare(PICTURE))
        masks = staged.segmenter(features, staged.text_hidden_fcs(embeddings))
    assert seen == {"clip": {"meta"}, "sam": {"meta"}}
    assert {tensor.device.type for tensor in (tokens, embeddings, masks.logits, *features.tensors)} == {"meta"}
    for name, part in {**parts, "embeddings": staged.language.embed_tokens}.items():
        assert devices(part) == {"cpu"}, name
    expected = whole.state_dict()
    kept = {name: value for name, value in staged.state_dict().items() if name.startswith(STAGED)}
    assert kept and all(torch.equal(value, expected[name]) for name, value in kept.items())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU: staged answers are compared on one")
@pytest.mark.parametrize("form", ["bf16", "int8", "nf4"])
def test_a_staged_model_answers_as_one_that_is_all_there(speaking: Path, form: WeightForm) -> None:
    adapters: WeightForm = "nf4" if form == "nf4" else "bf16"
    places = [Place("cuda", form, adapters, staged=staged) for staged in (False, True)]
    answers = [list(predictor(speaking, place).answer(PICTURE, QUESTION)) for place in places]
    assert said(answers[0]) == said(answers[1]) == "Sure, the red car."
    masks = [[piece.logits for piece in pieces if isinstance(piece, Mask)] for pieces in answers]
    assert all(np.array_equal(a, b) for a, b in zip(*masks, strict=True))


def test_a_folder_is_measured_by_its_own_weights(folder: Path) -> None:
    found, model = footprint(folder), load(folder)[0]
    positions = model.segmenter.sam.shared_image_embedding.positional_embedding.numel()  # a buffer
    assert found.live == parameter_count(model) + positions
    assert found.vision == parameter_count(model.vision.clip)
    assert found.masks == parameter_count(model.segmenter) + positions
    smaller = load(folder, packed=Packing("nf4", "nf4"))[0]
    packed = [layer.nbytes for layer in smaller.modules() if isinstance(layer, QuantizedLinear)]
    assert sum(packed) == (found.decoder + found.adapters) * (0.5 + 4 / 64)
    assert parameter_count(smaller) == parameter_count(model)


@pytest.mark.parametrize(("tokens", "crops"), list(zip(GEOPIXEL_TOKENS, (9, 4, 1), strict=True)))
def test_a_plan_for_fewer_tokens_is_kept_by_fewer_crops(tokens: int, crops: int) -> None:
    assert crops_within(tokens, 20) == crops
    assert divide(1120, 1120, 560, max_crops=crops).tokens(20) == tokens


def test_options_follow_the_plan() -> None:
    published = entry().published
    assert published is not None
    found = plan(published.footprint, Machine("cuda", 8 * GIB, 16 * GIB, 0), GEOPIXEL_TOKENS)
    assert found is not None and (found.form, found.adapter_form, found.staged) == ("nf4", "nf4", True)
    options = options_of(Place.of("cuda", found), 20)
    assert (options.max_crops, options.memory_bytes) == (9, found.spare_bytes)
    assert options_of(Place("cpu"), 20) == Options()
