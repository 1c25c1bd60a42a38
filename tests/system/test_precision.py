"""The form of a published model's weights: asked for, chosen by what fits, or refused with a way out."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from geopix_backend import machine, serve
from geopix_backend.cli import main
from geopix_backend.config import serve_config
from geopix_backend.models import PRECISIONS, load
from geopix_model import registry
from geopix_model.errors import FitError
from geopix_model.fitting import GIB, Machine, Plan, Precision, WeightForm
from geopix_model.footprint import GEOPIX_7B, GEOPIXEL_7B, Footprint
from tests.model import geopixel_small, published

NAMES = ("geopixel-7b", "geopix")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small checkpoints, which are float32, under the names of the published ones."""
    home = tmp_path_factory.mktemp("models")
    geopixel_small.write_checkpoint(home / "geopixel-7b", say="Sure, <p>the red car</p> [SEG].")
    published.write_checkpoint(home / "geopix")
    return home


@pytest.fixture(autouse=True)
def home(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOPIX_MODELS", str(folders))


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 90, 130), dtype=np.uint8)
    place = from_origin(500_000, 5_200_000, 0.5, 0.5)
    profile = {"count": 3, "height": 90, "width": 130, "dtype": "uint8", "crs": "EPSG:32632", "transform": place}
    with rasterio.open(tmp_path / "a.tif", "w", driver="GTiff", **profile) as file:
        file.write(pixels)
    return tmp_path / "a.tif"


def here(monkeypatch: pytest.MonkeyPatch, found: Machine) -> None:
    monkeypatch.setattr(machine, "this_machine", lambda folder, device="auto": found)


def chosen(weights: Footprint, found: Machine, device: str = "auto", precision: Precision = "auto") -> Plan:
    name = "geopixel-7b" if weights is GEOPIXEL_7B else "geopix"
    return machine.choose(registry.entry(name), weights, found, device, precision)


def test_the_forms_that_can_be_asked_for_are_those_that_there_are() -> None:
    assert ("auto", *get_args(WeightForm)) == PRECISIONS


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("precision", "words"),
    [
        ("auto", "float32"),
        ("fp32", "float32"),
        ("bf16", "bfloat16"),
        ("fp16", "float16"),
        ("int8", "8-bit weights"),
        ("nf4", "4-bit weights"),
    ],
)
def test_a_model_runs_in_the_form_that_was_asked_for(name: str, precision: Precision, words: str) -> None:
    """On its own weights, which fit any computer; "auto" keeps what the files have."""
    assert load(name, "cpu", precision).info.device == f"cpu, {words}"


@pytest.mark.parametrize("precision", ["int8", "nf4"])
def test_a_small_form_answers_on_the_map(raster: Path, precision: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["ask", str(raster), "segment the red car", "--model", "geopixel-7b", "--precision", precision]
    assert main([*arguments, "--device", "cpu", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[-1]["answer"] == "Sure, the red car." and events[-1]["regions"] > 0


def test_an_unknown_form_is_refused_with_those_that_there_are(raster: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", str(raster), "x", "--precision", "int4"]) == 2
    said = capsys.readouterr().err
    assert "int4" in said and all(form in said for form in PRECISIONS)


def test_the_embedded_model_has_one_form_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert load("nano", "cpu", "nf4").info.device == "cpu"
    assert caplog.messages == ["nano has one form only: the asked precision nf4 is ignored"]


def test_the_model_process_is_told_the_form() -> None:
    parser = argparse.ArgumentParser()
    serve.add_options(parser)
    assert serve_config(parser.parse_args(["--precision", "nf4"]), {}).precision == "nf4"
    assert serve_config(parser.parse_args([]), {}).precision == "auto"


def test_a_computer_that_is_too_small_ends_in_one_sentence(
    raster: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here(monkeypatch, Machine("cpu", 0, 4 * GIB, 0))
    assert main(["ask", str(raster), "the car", "--model", "geopixel-7b"]) == 2
    said = capsys.readouterr().err
    assert "geopixel-7b needs 1.1 GB on the CPU, a model may take 0.0 GB; use a computer with more memory" in said


def test_weights_that_are_here_decide_not_the_published_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    here(monkeypatch, Machine("cpu", 0, 6 * GIB, 0))
    for name in NAMES:
        assert load(name, "auto").info.device == "cpu, float32"


def test_a_form_that_does_not_fit_the_gpu_has_a_smaller_one_as_its_way_out() -> None:
    eight = Machine("cuda", 8 * GIB, 64 * GIB, 0)
    words = (
        "geopixel-7b in bfloat16 needs .* GB on the GPU, a model may take 7.8 GB; "
        "choose --precision auto, which takes 4-bit weights on the GPU"
    )
    with pytest.raises(FitError, match=words):
        chosen(GEOPIXEL_7B, eight, "cuda", "bf16")
    assert chosen(GEOPIXEL_7B, eight, "cuda").form == "nf4"


def test_a_gpu_that_holds_no_form_has_the_cpu_as_its_way_out() -> None:
    four = Machine("cuda", 4 * GIB, 64 * GIB, 0)
    for precision in ("auto", "bf16"):
        with pytest.raises(FitError, match="choose --device auto, which takes bfloat16 on the CPU"):
            chosen(GEOPIX_7B, four, "cuda:0", precision)
    found = chosen(GEOPIX_7B, four)
    assert (found.kind, found.form) == ("cpu", "bf16")
    twenty = Machine("cuda", 4 * GIB, 20 * GIB, 0)
    with pytest.raises(FitError, match="choose --precision auto --device auto, which takes bfloat16 on the CPU"):
        chosen(GEOPIX_7B, twenty, "cuda", "fp32")


def test_a_form_that_is_asked_for_is_never_replaced_by_a_smaller_one() -> None:
    words = "geopixel-7b in float32 needs .* on the CPU, .* choose --precision auto, which takes bfloat16 on the CPU"
    with pytest.raises(FitError, match=words):
        chosen(GEOPIXEL_7B, Machine("cpu", 0, 32 * GIB, 0), "auto", "fp32")
    assert chosen(GEOPIXEL_7B, Machine("cpu", 0, 64 * GIB, 0), "auto", "fp32").form == "fp32"


def test_the_list_says_which_form_fits_before_any_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GEOPIX_MODELS", str(tmp_path / "none"))
    here(monkeypatch, Machine("cuda", 12 * GIB, 32 * GIB, 100 * GIB))
    assert main(["models"]) == 0
    said = capsys.readouterr().out
    assert "Fits the GPU: 4-bit weights; needs" in said and "Fits the GPU: 8-bit weights; needs" in said
    assert said.count("not installed") == 3 and "geopix models download geopixel-7b" in said
