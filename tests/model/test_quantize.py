"""Small weights: how far they are from the large ones, what they weigh, and what is left alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from geopix_model import registry
from geopix_model.nano.nano_predictor import NanoPredictor
from geopix_model.predictor import Mask, Text
from geopix_model.quantize import (
    BLOCK,
    NF4,
    Form,
    NF4Linear,
    QuantizedLinear,
    fused_nf4,
    keeps_precision,
    quantize_linears,
)

FORMS: tuple[Form, ...] = ("int8", "nf4")


def weight(rows: int = 96, columns: int = 256, dtype: torch.dtype = torch.float32) -> Tensor:
    return (torch.randn(rows, columns, generator=torch.Generator().manual_seed(1)) * 0.02).to(dtype)


def distance(a: Tensor, b: Tensor) -> float:
    """Root mean square of the difference, over that of ``b``."""
    return float((a.double() - b.double()).norm() / b.double().norm())


# Normal weights.  int8: rows of 256 reach to about 2.9 sigma, so a step is 2.9 / 127 sigma and its error that over the
# square root of 12: 0.007.  NF4: bitsandbytes 0.50.2 gives 0.0920 on 4 million normal numbers.
@pytest.mark.parametrize(("form", "low", "high"), [("int8", 0.005, 0.009), ("nf4", 0.085, 0.1)])
def test_the_error_is_that_of_the_form(form: Form, low: float, high: float) -> None:
    large = weight(512, 512)
    assert low < distance(QuantizedLinear.from_weight(large, None, form).dequantize(), large) < high


@pytest.mark.parametrize(("form", "bits"), [("int8", 8 + 32 / 1024), ("nf4", 4 + 32 / BLOCK)])
def test_memory_is_the_bits_and_one_scale_for_a_row_or_a_block(form: Form, bits: float) -> None:
    assert QuantizedLinear.from_weight(weight(64, 1024), None, form).nbytes == 64 * 1024 * bits / 8


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("rows", [1, 3, 40, 60])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_call_is_that_of_a_linear_layer_with_the_unpacked_weights(form: Form, rows: int, dtype: torch.dtype) -> None:
    bias, x = torch.randn(96, dtype=dtype), torch.randn(2, rows, 256).to(dtype)
    layer = QuantizedLinear.from_weight(weight(dtype=dtype), bias, form)
    expected = x.double() @ layer.dequantize().double().T + bias.double()
    y = layer(x)
    assert (y.dtype, y.shape) == (dtype, (2, rows, 96))
    assert distance(y, expected) < (1e-6 if dtype == torch.float32 else 6e-3)


@pytest.mark.parametrize("form", FORMS)
def test_numbers_that_the_form_holds_come_back_exactly(form: Form) -> None:
    steps = torch.tensor(NF4) if form == "nf4" else torch.arange(-127.0, 128.0)[: 4 * BLOCK - 1]
    row = torch.cat([steps, steps.flip(0)[:1]]) if form == "int8" else steps.repeat(4)
    large = torch.stack([row, row * 0.25])
    assert torch.equal(QuantizedLinear.from_weight(large, None, form).dequantize(), large)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("value", [0.0, 1e-42, 3e38])
def test_rows_of_zeros_and_extreme_numbers_stay_finite(form: Form, value: float) -> None:
    large = torch.zeros(2, 64)
    large[1] = value
    small = QuantizedLinear.from_weight(large, None, form).dequantize()
    assert torch.isfinite(small).all() and not small[0].any()
    assert torch.allclose(small, large, rtol=0.01, atol=1e-38)


@pytest.mark.parametrize("form", FORMS)
def test_many_weights_at_once_are_those_of_pieces(form: Form) -> None:
    large = weight(700, 2048)  # more than one chunk
    whole = QuantizedLinear.from_weight(large, None, form).dequantize()
    pieces = [QuantizedLinear.from_weight(part, None, form).dequantize() for part in large.split(50)]
    assert torch.equal(whole, torch.cat(pieces))


@pytest.mark.parametrize("form", FORMS)
def test_a_cast_of_the_model_does_not_round_the_scales(form: Form) -> None:
    layer = QuantizedLinear.from_weight(weight(), torch.randn(96), form)
    before = layer.dequantize()
    layer.to(torch.bfloat16)
    assert torch.equal(layer.dequantize(), before)
    assert layer.bias is not None and layer.bias.dtype == torch.bfloat16


@pytest.mark.parametrize("width", [24, 32, 40, 160])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize("rows", [1, 9])
def test_rows_of_any_width_are_multiplied_within_themselves(width: int, dtype: torch.dtype, rows: int) -> None:
    """The int8 kernel of torch reads over the end of rows that do not fill its registers."""
    layer = QuantizedLinear.from_weight(weight(41, width), None, "int8")
    x = torch.randn(rows, width).to(dtype)
    expected = nn.functional.linear(x.float(), layer.dequantize())
    assert (layer(x) - expected).abs().max() < 0.01 * expected.abs().max()


@pytest.mark.parametrize("form", FORMS)
def test_the_input_has_a_gradient_and_the_weights_have_none(form: Form) -> None:
    layer = QuantizedLinear.from_weight(weight(), None, form)
    x = torch.randn(2, 256, requires_grad=True)
    layer(x).sum().backward()
    assert x.grad is not None and torch.allclose(x.grad[0], layer.dequantize().sum(0), atol=1e-6)
    assert list(layer.parameters()) == []


@pytest.mark.parametrize("form", FORMS)
def test_state_is_saved_and_read_again(form: Form, tmp_path: Path) -> None:
    layer = QuantizedLinear.from_weight(weight(), torch.randn(96), form)
    torch.save(layer.state_dict(), tmp_path / "small.pt")
    other = QuantizedLinear.from_weight(torch.zeros(96, 256), torch.zeros(96), form)
    other.load_state_dict(torch.load(tmp_path / "small.pt", weights_only=True))
    assert torch.equal(other(torch.ones(1, 256)), layer(torch.ones(1, 256)))


@pytest.mark.parametrize(
    ("large", "form", "said"),
    [
        (torch.full((2, 64), float("nan")), "int8", "not finite"),
        (torch.ones(64), "nf4", "shape"),
        (torch.ones(3, 5), "nf4", "blocks of 64"),
        (torch.ones(2, 64, dtype=torch.int32), "int8", "floats"),
        (torch.ones(2, 64), "int3", "int3"),
    ],
)
def test_what_cannot_be_packed_is_refused(large: Tensor, form: Form, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        QuantizedLinear.from_weight(large, None, form)


def test_nf4_is_that_of_bitsandbytes() -> None:
    functional = pytest.importorskip("bitsandbytes.functional", reason="bitsandbytes is not installed")
    large = weight(512, 256)
    packed, state = functional.quantize_4bit(large, quant_type="nf4", blocksize=BLOCK)
    layer = QuantizedLinear.from_weight(large, torch.randn(512), "nf4")
    # A weight in the very middle between two quantiles may go either way.
    assert (layer.packed == packed.view(-1)).double().mean() > 0.9999
    assert torch.equal(layer.scale, state.absmax)
    state.absmax, x = layer.scale, torch.randn(7, 256)
    assert torch.equal(functional.dequantize_4bit(layer.packed.view(-1, 1), state), layer.dequantize())
    assert isinstance(layer, NF4Linear)
    for rows in (x, x[:1]):  # the way that is taken on a GPU, here with its CPU kernels
        assert distance(fused_nf4(layer, rows), layer(rows)) < 1e-6


class Decoder(nn.Module):
    """Names as in the published models."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.ModuleDict({"wo": nn.Linear(64, 64), "w1": nn.Linear(64, 128)}) for _ in range(2)
        )
        self.lm_head = nn.Linear(64, 64, bias=False)
        self.text_hidden_fcs = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64))
        self.vision_tower = nn.Linear(64, 64)
        self.odd = nn.Linear(3, 5)
        self.attention = nn.MultiheadAttention(64, 4)


def test_layers_are_replaced_in_place_but_those_that_must_stay() -> None:
    model = Decoder()
    saving = quantize_linears(model, "nf4")
    small = {name for name, layer in model.named_modules() if isinstance(layer, QuantizedLinear)}
    assert small == {f"layers.{i}.{name}" for i in range(2) for name in ("wo", "w1")}
    assert saving.layers == 4 and saving.after_bytes < saving.before_bytes / 5
    assert saving.before_bytes == 2 * 4 * (64 * 64 + 64 + 64 * 128 + 128)


def test_another_rule_may_say_what_stays() -> None:
    model = Decoder()
    assert (
        quantize_linears(model, "int8", keep=lambda name: name.startswith("layers.0")).layers == 7
    )  # 2 of layer 1, and 5 that have a name of their own


def test_layers_with_one_weight_stay_with_one_weight() -> None:
    model = nn.ModuleDict({name: nn.Linear(64, 64, bias=False) for name in "qk"})
    model["k"].weight = model["q"].weight
    assert quantize_linears(model, "int8").layers == 2
    assert model["k"] is model["q"]


@pytest.mark.parametrize("name", ["lm_head", "model.text_hidden_fcs.0.2", "vision_tower.encoder.layers.3.mlp.fc1"])
def test_the_layers_that_must_stay_are_known_by_name(name: str) -> None:
    assert keeps_precision(name)


@pytest.mark.parametrize(
    "name", ["model.layers.3.feed_forward.w1", "layers.0.self_attn.o_proj", "layers.0.wqkv.Plora_A"]
)
def test_the_decoder_is_not_among_them(name: str) -> None:
    assert not keeps_precision(name)


@pytest.mark.parametrize(("form", "reach"), [("int8", 0.002), ("nf4", 0.02)])
def test_a_trained_model_answers_as_before(form: Form, reach: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geopix_model.nano.nano_predictor.DENY_FROM", 1.1)  # so that noise gets a mask
    image = np.random.default_rng(0).integers(0, 256, (384, 384, 3), dtype=np.uint8)
    nano = registry.load("nano", "cpu")
    assert isinstance(nano, NanoPredictor)
    before = list(nano.answer(image, "segment the roads and the water"))
    assert quantize_linears(nano.model.language, form).layers == 28
    after = list(nano.answer(image, "segment the roads and the water"))
    assert [p.text for p in before if isinstance(p, Text)] == [p.text for p in after if isinstance(p, Text)]
    logits = [[torch.from_numpy(p.logits) for p in pieces if isinstance(p, Mask)] for pieces in (before, after)]
    assert len(logits[0]) == len(logits[1]) == 2
    for large, small in zip(*logits, strict=True):
        assert 0 < distance(small, large) < reach


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the highest memory from Linux")
@pytest.mark.parametrize("form", FORMS)
def test_packing_layer_by_layer_needs_the_packed_size_and_about_one_layer(form: Form) -> None:
    script = f"""
import torch
from geopix_model.quantize import QuantizedLinear

def highest():
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))

QuantizedLinear.from_weight(torch.randn(64, 64), None, "{form}")
before, layers = highest(), []
for _ in range(6):
    layers.append(QuantizedLinear.from_weight(torch.ones(4096, 4096, dtype=torch.bfloat16), None, "{form}"))
packed, layer = sum(layer.nbytes for layer in layers), 4096 * 4096 * 2
print((highest() - before - packed) / layer)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 2, "layers, beside what is packed"
