"""The command line: what it prints, what it writes, and with which code it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyogrio
import pytest
from PIL import Image
from pyproj import Transformer

from geopix_backend import cli
from geopix_backend.cli import join_coordinates, main
from geopix_model import __version__
from geopix_model.predictor import Piece, Predictor, Text
from tests.backend.fakes import FakePredictor, bright, found, raster_file

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in (".", "backend", "model"))}
TO_LONLAT = Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True)
LONLAT_BOX = ",".join(map(str, TO_LONLAT.transform_bounds(500_000, 4_999_900, 500_100, 5_000_000)))


@pytest.fixture(autouse=True)
def fake_model(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, lambda: FakePredictor(bright))


def use(monkeypatch: pytest.MonkeyPatch, make: Callable[[], Predictor]) -> None:
    monkeypatch.setattr("geopix_backend.models.load", lambda name, device, precision: make())


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    inside = np.zeros((200, 100), bool)
    inside[10:20, 30:50] = inside[150:160, 10:20] = True
    return raster_file(tmp_path / "a.tif", inside)


def test_ask_prints_the_answer_and_a_table(raster: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", str(raster), "segment all buildings"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "There are 2 buildings, 300 m².",
        "",
        "phrase     regions    area",
        "buildings        2  300 m²",
    ]
    assert err == ""  # progress is for terminals


def test_ask_writes_polygons_and_a_picture(raster: Path, tmp_path: Path) -> None:
    out, png = tmp_path / "b.gpkg", tmp_path / "b.png"
    assert main(["ask", str(raster), "buildings", "-o", str(out), "--overlay", str(png)]) == 0
    facts = pyogrio.read_info(out, layer="b")
    assert (facts["features"], facts["crs"]) == (2, "EPSG:32633")
    assert tuple(facts["total_bounds"]) == (500_010, 4_999_840, 500_050, 4_999_990)
    with Image.open(png) as picture:
        assert picture.size[0] >= 800


def test_ask_with_json_prints_one_event_a_line(raster: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", str(raster), "buildings", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds[:2] == ["progress", "tile"] and kinds[-1] == "done" and kinds.count("region") == 2
    assert "".join(event["text"] for event in events if event["event"] == "text") == events[-1]["answer"]


@pytest.mark.parametrize(
    "part",
    [["--bbox", "500000,4999900,500100,5000000"], ["--bbox=500000,4999900,500100,5000000"],
     ["--bbox", LONLAT_BOX, "--bbox-crs", "EPSG:4326"]],
)  # fmt: skip
def test_ask_looks_only_at_the_box(raster: Path, part: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", str(raster), "buildings", *part]) == 0
    assert capsys.readouterr().out.startswith("There are 1 buildings, 200 m².")


def test_ask_looks_only_around_the_point(raster: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lon, lat = TO_LONLAT.transform(500_040, 4_999_985)
    assert main(["ask", str(raster), "buildings", "--point", f"{lon},{lat}", "--size-m", "30"]) == 0
    assert capsys.readouterr().out.startswith("There are 1 buildings")


def test_negative_coordinates_are_no_options() -> None:
    assert join_coordinates(["--bbox", "-1,2,3,4", "--point", "-.5,1", "-o", "-1"]) == [
        "--bbox=-1,2,3,4", "--point=-.5,1", "-o", "-1"
    ]  # fmt: skip


def test_ask_leaves_out_what_is_smaller_than_an_area(raster: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", str(raster), "x", "--min-area-m2", "150"]) == 0
    assert capsys.readouterr().out.startswith("There are 1 buildings, 200 m².")


def test_warnings_go_to_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raster = raster_file(tmp_path / "plain.tif", np.ones((20, 20), bool), crs=None)
    assert main(["ask", str(raster), "x"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("There are 1 buildings, 400 px.") and out.endswith(" 400 px\n")
    assert err.startswith("warning: ") and "georeference" in err


def test_a_model_is_not_loaded_for_a_question_that_cannot_be_answered(
    raster: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, lambda: pytest.fail("the model was loaded"))
    for wrong in (
        ["ask", str(raster), " "],
        ["ask", str(tmp_path / "none.tif"), "x"],
        ["ask", str(raster), "x", "-o", str(tmp_path / "a.xyz")],
        ["ask", str(raster), "x", "--overlay", str(tmp_path / "none" / "a.png")],
        ["ask", str(raster), "x", "--bbox", "0,0,1,1"],
        ["ask", str(raster), "x", "--min-score", "2"],
        ["ask", str(raster_file(tmp_path / "plain.tif", np.ones((9, 9), bool), crs=None)), "x", "--min-area-m2", "1"],
    ):
        assert main(wrong) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_info_names_size_place_and_resolution(raster: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(raster), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["size_px"], facts["crs"], facts["bounds"]) == (
        [100, 200], "EPSG:32633", [500_000, 4_999_800, 500_100, 5_000_000]
    )  # fmt: skip
    assert main(["info", str(raster)]) == 0
    assert "EPSG:32633" in capsys.readouterr().out


def test_models_lists_the_embedded_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    assert capsys.readouterr().out.startswith("nano: ")
    assert main(["models", "--json"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [model["name"] for model in listed] == ["nano", "geopixel-7b", "geopixel-7b-res", "geopix"]


def test_doctor_says_what_fits(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json", "--device", "cpu"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["version"], facts["device"], facts["models"][0]["name"]) == (__version__, "cpu", "nano")
    assert facts["packages"]["rasterio"] and 0 < facts["memory"]["free"] <= facts["memory"]["total"]
    assert main(["doctor", "--device", "cpu"]) == 0
    assert "model nano: " in capsys.readouterr().out


def test_train_and_evaluate_are_handed_on_with_their_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    got = []
    for name, module in (("train", "geopix_model.train.cli"), ("evaluate", "geopix_backend.evaluation")):
        stub = type("stub", (), {"main": staticmethod(lambda argv: got.append(argv) or 3)})
        monkeypatch.setitem(sys.modules, module, stub)  # type: ignore[arg-type]
        assert main([name, "--steps", "5"]) == 3
    assert got == [["--steps", "5"]] * 2


@pytest.mark.parametrize("wrong", [[], ["ask"], ["nonsense"], ["ask", "a", "b", "--what"], ["serve", "--port", "x"]])
def test_a_wrong_command_line_is_one_sentence(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(wrong) == 2
    out, err = capsys.readouterr()
    assert (len(err.splitlines()) == 1 and out == "") or wrong == []


def test_ctrl_c_keeps_what_was_found(
    raster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def press(image: np.ndarray) -> Iterator[Piece]:
        yield from found(image[..., 0] > 128)
        yield Text(" More")
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)
        yield Text(" and more.")

    use(monkeypatch, lambda: FakePredictor(press, window_px=256))  # type: ignore[arg-type]
    before = signal.getsignal(signal.SIGINT)
    out = tmp_path / "b.gpkg"
    assert main(["ask", str(raster), "buildings", "-o", str(out)]) == 130
    assert capsys.readouterr().out.startswith("There are 2 buildings, 300 m².\n")
    assert pyogrio.read_info(out, layer="b")["features"] == 2
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_while_the_model_loads_ends_the_command(
    raster: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> Predictor:
        raise KeyboardInterrupt

    use(monkeypatch, interrupt)
    assert main(["ask", str(raster), "x"]) == 130
    assert capsys.readouterr().err == "geopix: Stopped.\n"


def test_questions_can_be_asked_outside_the_main_thread(raster: Path) -> None:
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(main(["ask", str(raster), "x"])))
    thread.start()
    thread.join(60)
    assert codes == [0]


def test_help_does_not_wait_for_torch() -> None:
    script = "import sys; from geopix_backend.cli import main\ntry: main(['ask', '--help'])\nexcept SystemExit: pass\n"
    script += "assert not {'torch', 'transformers', 'rasterio'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], env=ENVIRONMENT, check=True, capture_output=True)


def test_a_reader_that_goes_away_is_no_traceback(raster: Path) -> None:
    script = f"import sys; from geopix_backend.cli import main; sys.exit(main(['info', {str(raster)!r}]))"
    with subprocess.Popen(
        [sys.executable, "-c", script], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == cli.EXIT_PIPE_CLOSED


def test_a_terminal_without_the_signs_gets_the_answer_all_the_same(raster: Path) -> None:
    script = (
        "import sys; import geopix_backend.models as m; from tests.backend.fakes import *\n"
        "m.load = lambda name, device, precision: FakePredictor(bright)\n"
        f"from geopix_backend.cli import main; sys.exit(main(['ask', {str(raster)!r}, 'x']))"
    )
    environment = {**ENVIRONMENT, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, b"There are 2 buildings, 300 m?.")
