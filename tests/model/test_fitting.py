"""What would run on which machine; the table of GPUs is the plan of the project, from the same arithmetic."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

from geopix_model.fitting import ANSWER_TOKENS, GIB, WORK_BYTES, Machine, needed_bytes, plan
from geopix_model.footprint import GEOPIX_7B, GEOPIXEL_7B
from geopix_model.quantize import QuantizedLinear

TOKENS = (4081, 2061, 841)


def gpu(size_gib: float, ram_gib: float = 16) -> Machine:
    return Machine("cuda", int(size_gib * GIB), int(ram_gib * GIB), 100 * GIB)


@pytest.mark.parametrize(
    ("size", "form", "adapters", "staged"),
    [
        (8, "nf4", "nf4", True),
        (12, "nf4", "bf16", False),
        (16, "int8", "bf16", False),
        (24, "bf16", "bf16", False),
        (80, "bf16", "bf16", False),
    ],
)
def test_a_gpu_gets_the_most_exact_form_that_it_holds(size: int, form: str, adapters: str, staged: bool) -> None:
    found = plan(GEOPIXEL_7B, gpu(size), TOKENS)
    assert found is not None and found.kind == "cuda"
    assert (found.form, found.adapter_form, found.staged) == (form, adapters, staged)


def test_memory_is_that_of_the_weights_and_of_what_is_written_beside_them() -> None:
    # Weights of 17.8 and 10.3 GB with and without packed linears; int8 here keeps the adapters in bfloat16 (0.6 GB).
    beside = WORK_BYTES + 128 * 1024 * (841 + ANSWER_TOKENS)
    weights = {
        form: (needed_bytes(GEOPIXEL_7B, form, "bf16", staged=False, tokens=841) - beside) / 1e9
        for form in ("bf16", "int8", "nf4")
    }
    assert [round(weights[form], 1) for form in ("bf16", "int8", "nf4")] == [17.8, 10.8, 7.8]


def test_the_bytes_of_a_form_are_those_of_its_layers() -> None:
    large = torch.randn(256, 4096)
    decoder = dataclasses.replace(GEOPIXEL_7B, decoder=large.numel())
    none = dataclasses.replace(GEOPIXEL_7B, decoder=0)
    for form in ("int8", "nf4"):
        layer = QuantizedLinear.from_weight(large, None, form)
        counted = [needed_bytes(model, form, "bf16", staged=False, tokens=841) for model in (decoder, none)]
        assert counted[0] - counted[1] == pytest.approx(layer.nbytes, rel=1e-3)
    bf16 = nn.Linear(4096, 256, bias=False, dtype=torch.bfloat16).weight.nbytes
    counted = [needed_bytes(model, "bf16", "bf16", staged=False, tokens=841) for model in (decoder, none)]
    assert counted[0] - counted[1] == bf16


def test_a_picture_is_made_smaller_only_where_no_form_holds_it() -> None:
    smallest = needed_bytes(GEOPIXEL_7B, "nf4", "nf4", staged=True, tokens=4081) + 3 * GIB // 4
    found = [plan(GEOPIXEL_7B, Machine("cuda", size, 0, 0), TOKENS) for size in (smallest, smallest - 1)]
    assert [(p.form, p.tokens) for p in found if p] == [("nf4", 4081), ("nf4", 2061)]


def test_a_gpu_that_is_too_small_leaves_it_to_the_cpu() -> None:
    found = plan(GEOPIXEL_7B, gpu(4, ram_gib=32), TOKENS)
    assert found is not None and (found.kind, found.form) == ("cpu", "bf16")


@pytest.mark.parametrize(("ram", "form"), [(32, "bf16"), (18, "int8"), (15, "nf4")])
def test_a_cpu_gets_what_its_memory_holds(ram: int, form: str) -> None:
    found = plan(GEOPIXEL_7B, Machine("cpu", 0, ram * GIB, 0), TOKENS)
    assert found is not None and (found.kind, found.form, found.staged) == ("cpu", form, False)


def test_where_nothing_fits_there_is_no_plan() -> None:
    assert plan(GEOPIXEL_7B, Machine("cpu", 0, 8 * GIB, 0), TOKENS) is None
    assert plan(GEOPIXEL_7B, gpu(4, ram_gib=8), TOKENS) is None


def test_a_shared_memory_is_not_all_for_the_model() -> None:
    assert plan(GEOPIXEL_7B, Machine("mps", 0, 16 * GIB, 0), TOKENS) is not None
    found = plan(GEOPIXEL_7B, Machine("mps", 0, 32 * GIB, 0), TOKENS)
    assert found is not None and found.kind == "mps" and found.form == "bf16"


def test_geopix_without_its_memory_fits_eight_gigabytes() -> None:
    found = plan(GEOPIX_7B, gpu(8), (1024,))
    assert found is not None and (found.kind, found.form) == ("cuda", "nf4")
