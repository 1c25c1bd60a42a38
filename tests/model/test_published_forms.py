"""The published GeoPix in every form of its weights: its masks, what it weighs, and what loading it takes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from geopix_model import registry
from geopix_model.errors import CheckpointError
from geopix_model.fitting import GIB, Machine, plan
from geopix_model.geopix.published.geopix_predictor import GeoPixPredictor
from geopix_model.geopix.published.loading import STAGED, load
from geopix_model.geopix.published.measuring import footprint
from geopix_model.geopix.published.model import PublishedGeoPix
from geopix_model.geopix.published.prefixes import KEPT_BYTES
from geopix_model.packing import Packing
from geopix_model.place import Place
from geopix_model.predictor import Mask
from geopix_model.quantize import QuantizedLinear, parameter_count
from tests.model import published as tiny
from tests.model.test_published_predictor import IMAGE, ask, masks, said
from tests.model.weighing import devices, distance, nbytes, overlap, peak

VLM = "vlm/model.safetensors"
PLACES = {
    "fp32": Place("cpu", "fp32"),
    "bf16": Place("cpu", "bf16"),
    "fp16": Place("cpu", "fp16"),
    "int8": Place("cpu", "int8"),
    "nf4": Place("cpu", "nf4", staged=True),
}
LINEAR = "language_model.model.layers.1.self_attn.o_proj.weight"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_checkpoint(tmp_path_factory.mktemp("forms") / "checkpoint")


def predictor(folder: Path, place: Place) -> GeoPixPredictor:
    found = registry.LOADERS["geopix"](registry.entry("geopix"), place, folder)
    assert isinstance(found, GeoPixPredictor)
    return found


def read(folder: Path, form: str) -> tuple[Tensor, Mask]:
    """The states that predict the tokens of a target, and its mask, of an answer that is the same in every form."""
    found, states = predictor(folder, PLACES[form]), list[Tensor]()
    found.model.codebook.register_forward_pre_hook(lambda _, inputs: states.append(inputs[0].float()))
    pieces = ask(found, f"Sure, {''.join(tiny.SEG)}.", "Can you segment the tank?")
    (mask,) = masks(pieces)
    assert said(pieces) == "Sure, the tank."
    return torch.cat(states), mask


@pytest.fixture(scope="module")
def exact(folder: Path) -> tuple[Tensor, Mask]:
    return read(folder, "fp32")


# Measured on these weights, states and IoU: bf16 0.035 and 0.915, fp16 0.003 and 0.991, int8 0.043 and 0.880, NF4 0.52
# and 0.699.  Random weights have no large parts that an error could hide behind, and a decoder 40 wide averages little.
@pytest.mark.parametrize(
    ("form", "state_within", "least_iou"),
    [("bf16", 0.06, 0.85), ("fp16", 0.006, 0.97), ("int8", 0.08, 0.8), ("nf4", 0.7, 0.5)],
)
def test_masks_agree_with_float32(
    folder: Path, exact: tuple[Tensor, Mask], form: str, state_within: float, least_iou: float
) -> None:
    states, mask = read(folder, form)
    assert 0 < distance(states, exact[0]) < state_within
    assert overlap(torch.tensor(mask.logits), torch.tensor(exact[1].logits)) > least_iou


def test_the_model_says_how_it_runs(folder: Path) -> None:
    assert {form: predictor(folder, place).info.device for form, place in PLACES.items()} == {
        "fp32": "cpu, float32",
        "bf16": "cpu, bfloat16",
        "fp16": "cpu, float16",
        "int8": "cpu, 8-bit weights",
        "nf4": "cpu, 4-bit weights, in stages",
    }
    assert len({predictor(folder, place).info.parameters for place in PLACES.values()}) == 1


@pytest.mark.parametrize("form", list(PLACES))
def test_only_linears_of_the_decoder_are_packed_and_mask_parts_stay_float32(folder: Path, form: str) -> None:
    model, place = predictor(folder, PLACES[form]).model, PLACES[form]
    packed = {name for name, layer in model.named_modules() if isinstance(layer, QuantizedLinear)}
    parts = [f"self_attn.{part}_proj" for part in "qkvo"] + [f"mlp.{part}_proj" for part in ("gate", "up", "down")]
    linears = {f"language.layers.{layer}.{part}" for layer in range(tiny.LAYERS) for part in parts}
    assert packed == (linears if form in ("int8", "nf4") else set())
    assert {model.head.weight.dtype, *(p.dtype for p in model.vision.parameters())} == {place.dtype}
    assert {p.dtype for p in (*model.necks.parameters(), *model.mask_decoder.parameters())} == {torch.float32}
    assert model.language.rotary_emb.inv_freq.dtype == torch.float32


@pytest.mark.parametrize("form", ["int8", "nf4"])
def test_a_packed_weight_is_that_of_the_file(folder: Path, form: str) -> None:
    packing = PLACES[form].packing
    assert packing.linears is not None
    ours = predictor(folder, PLACES[form]).model.language.layers[1].self_attn.get_submodule("o_proj")
    expected = QuantizedLinear.from_weight(load_file(folder / VLM)[LINEAR], None, packing.linears)
    assert isinstance(ours, QuantizedLinear) and torch.equal(ours.dequantize(), expected.dequantize())


@pytest.mark.parametrize("form", ["int8", "nf4"])
def test_loading_takes_the_loaded_weights_and_little_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(tiny, "LAYERS", 12)
    monkeypatch.setattr(tiny, "MLP", 1600)
    deep, place = tiny.write_checkpoint(tmp_path / "deep"), PLACES[form]
    assert place.dtype is not None
    dtype = place.dtype

    def run() -> PublishedGeoPix:
        return load(deep, "cpu", dtype, packed=place.packing)

    model, large = run(), load(deep)
    layer = 4 * sum(p.numel() for p in large.language.layers[0].parameters())
    packed = sum(each.nbytes for each in model.modules() if isinstance(each, QuantizedLinear))
    assert packed < peak(run, deep) < nbytes(model) + layer
    assert nbytes(model) < nbytes(large) / 2


def without(name: str) -> Callable[[dict[str, Tensor]], None]:
    def spoil(tensors: dict[str, Tensor]) -> None:
        del tensors[name]

    return spoil


def with_(name: str, value: Tensor) -> Callable[[dict[str, Tensor]], None]:
    return lambda tensors: tensors.update({name: value})


@pytest.mark.parametrize("form", list(PLACES))
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (without(LINEAR), f"lacks 1 weights, first '{LINEAR}'"),
        (with_("language_model.model.layers.7.norm", torch.ones(3)), "unknown weight '.*layers.7.norm'"),
        (with_(LINEAR, torch.zeros(39, 40)), f"'{LINEAR}' of shape .39, 40., expected .40, 40."),
    ],
)
def test_every_form_is_as_strict(
    folder: Path, tmp_path: Path, form: str, spoil: Callable[[dict[str, Tensor]], None], words: str
) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    tensors = load_file(copy / VLM)
    spoil(tensors)
    save_file(tensors, copy / VLM)
    with pytest.raises(CheckpointError, match=words):
        predictor(copy, PLACES[form])


@pytest.mark.parametrize("form", ["int8", "nf4"])
def test_a_weight_that_is_not_finite_cannot_be_packed(folder: Path, tmp_path: Path, form: str) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    save_file(load_file(copy / VLM) | {LINEAR: torch.full((40, 40), torch.inf)}, copy / VLM)
    with pytest.raises(CheckpointError, match=f"'{LINEAR}' cannot be packed: .* not finite"):
        predictor(copy, PLACES[form])


@torch.inference_mode()
def test_staged_parts_are_on_the_device_for_their_stage_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a GPU the device is ``meta``, which refuses to compute with what is not there."""
    # What is on meta has no values, which the loader would refuse.
    monkeypatch.setattr("geopix_model.geopix.published.loading._check_filled", lambda *arguments: None)
    staged, whole = (load(folder, device, staged=device == "meta") for device in ("meta", "cpu"))
    homes = {name: value.device.type for name, value in (*staged.named_parameters(), *staged.named_buffers())}
    assert {name for name, home in homes.items() if home == "cpu"} == {n for n in homes if n.startswith(STAGED)}
    seen = list[set[str]]()
    staged.vision.register_forward_pre_hook(lambda module, _: seen.append(devices(module)))
    picture = staged.look(torch.zeros(1, 3, tiny.SIDE, tiny.SIDE))
    embeddings = staged.embed(torch.tensor([[3, 4]]), picture.tokens, image_id=9)
    assert seen == [{"meta"}] and devices(staged.vision) == {"cpu"} == devices(staged.language.embed_tokens)
    assert {value.device.type for value in (picture.tokens, *picture.levels.features, embeddings)} == {"meta"}
    expected = whole.state_dict()
    kept = {name: value for name, value in staged.state_dict().items() if name.startswith(STAGED)}
    assert kept and all(torch.equal(value, expected[name]) for name, value in kept.items())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU: staged answers are compared on one")
@pytest.mark.parametrize("form", ["bf16", "int8", "nf4"])
def test_a_staged_model_answers_as_one_that_is_all_there(folder: Path, form: str) -> None:
    found = []
    for staged in (False, True):
        pieces = ask(predictor(folder, Place("cuda", PLACES[form].form, staged=staged)), "".join(tiny.SEG), "ships")
        found.append(masks(pieces)[0].logits)
    assert np.array_equal(*found)


@pytest.mark.parametrize("mode", ["released", "paper"])
def test_a_folder_is_measured_by_its_own_weights(folder: Path, tmp_path: Path, mode: str) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / "clm" / "config.json").write_text(f'{{"mode": "{mode}"}}')
    found, model = footprint(copy), load(copy)
    loaded = [v for v in (*model.parameters(), *model.buffers()) if not v.is_meta]
    computed = [model.vision.embeddings.position_ids, *model.language.rotary_emb.buffers()]
    lists = [model.codebook.multiseg_scalar, model.multiscale_scalar]
    assert found.live == sum(v.numel() for v in loaded) - sum(v.numel() for v in [*computed, *lists])
    assert found.vision == parameter_count(model.vision) and found.embeddings == found.head
    assert found.decoder == tiny.LAYERS * (4 * tiny.H**2 + 3 * tiny.H * tiny.MLP)
    assert found.stored_bytes == 4 and found.kv_bytes_per_token == 2 * tiny.LAYERS * tiny.H * 2
    packed = load(copy, packed=Packing("nf4")).modules()
    assert sum(layer.nbytes for layer in packed if isinstance(layer, QuantizedLinear)) == found.decoder * (0.5 + 4 / 64)


def test_earlier_pictures_take_what_the_plan_leaves(folder: Path) -> None:
    published = registry.entry("geopix").published
    assert published is not None
    found = plan(published.footprint, Machine("cuda", 10 * GIB, 16 * GIB, 0), published.picture_tokens)
    assert found is not None and found.spare_bytes < KEPT_BYTES
    small = predictor(folder, Place.of("cpu", found))
    assert small._prefixes._limit == found.spare_bytes
    assert list(small.answer(IMAGE, "ships"))
