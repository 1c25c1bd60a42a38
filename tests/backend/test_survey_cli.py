"""``geopix ask`` about a raster that is too large for memory: stopped, gone on with, refused."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pyogrio
import pytest

from geopix_backend import cli, raster_scene
from geopix_model.predictor import Piece
from tests.backend.test_survey import fake, hills, picture, soft


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(raster_scene, "TILE_PX", 300 * 300)
    monkeypatch.setenv("GEOPIX_JOURNALS", str(tmp_path / "cache"))
    return picture(tmp_path / "scene.tif", hills(500, 600, 60.0))


def regions(path: Path) -> list[bytes]:
    return list(pyogrio.raw.read(path, layer=path.stem)[2])


def ask(scene: Path, target: Path, monkeypatch: pytest.MonkeyPatch, stop_at: int = 0, *more: str) -> tuple[int, int]:
    """Exit code, and the number of windows that the model saw."""

    def script(image: np.ndarray) -> list[Piece]:
        if len(predictor.seen) == stop_at:
            os.kill(os.getpid(), signal.SIGINT)
            while signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
                time.sleep(0.001)  # the main thread hears of it; then the next one gives up
        return soft(image)

    predictor = fake(script)
    monkeypatch.setattr("geopix_backend.models.load", lambda name, device, *rest: predictor)
    code = cli.main(["ask", str(scene), "segment the fields", "-o", str(target), *more])
    return code, len(predictor.seen)


def test_the_same_command_goes_on_where_it_was_stopped(
    scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, target = tmp_path / "whole.gpkg", tmp_path / "fields.gpkg"
    assert ask(scene, whole, monkeypatch) == (0, 30)
    assert ask(scene, target, monkeypatch, 17) == (130, 17)
    assert "the same command goes on" in capsys.readouterr().err
    assert (tmp_path / ".fields.gpkg.geopix").is_dir()
    assert 0 < len(regions(target)) < len(regions(whole))
    assert ask(scene, target, monkeypatch) == (0, 30 - 16)
    assert "16 of 30 windows were looked at before" in capsys.readouterr().err
    assert regions(target) == regions(whole) and len(regions(whole)) > 50
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fields.gpkg", "scene.tif", "whole.gpkg"]


def test_what_another_question_found_is_not_given_up_unasked(
    scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "fields.gpkg"
    ask(scene, target, monkeypatch, 5)
    predictor = fake(soft)
    monkeypatch.setattr("geopix_backend.models.load", lambda name, device, *rest: predictor)
    other = ["ask", str(scene), "where is water?", "-o", str(target)]
    assert cli.main(other) == 2
    assert "another question: 'segment the fields'" in capsys.readouterr().err and not predictor.seen
    assert cli.main([*other, "--overwrite"]) == 0
    assert len(predictor.seen) == 30 and not (tmp_path / ".fields.gpkg.geopix").exists()


def test_an_overlay_of_a_raster_that_is_too_large_is_refused(
    scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, seen = ask(scene, tmp_path / "x.gpkg", monkeypatch, 0, "--overlay", str(tmp_path / "x.png"))
    assert (code, seen) == (2, 0)
    assert "too large for an overlay" in capsys.readouterr().err
