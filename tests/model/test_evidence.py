"""What speaks for a target: its own class map and the surest other one, the confidence of its mask, the denial."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from geopix_model.errors import CheckpointError
from geopix_model.geopix.config import EvidenceConfig, GeoPixConfig
from geopix_model.nano.evidence import evidence, heard

MAPS = torch.full((3, 2, 4, 4), -2.0)
MAPS[0, 0, 0, 0] = 5.0  # extent of class 0
MAPS[1, 0, 0, 0] = 3.0  # a rival at the same place
MAPS[2, 1] = 9.0  # cores are no extents


def test_the_rival_is_the_surest_other_class_at_each_place() -> None:
    said = heard(0, torch.tensor(0.5), 0.2, MAPS, (4, 4))
    assert said.own[0, 0] == 5 and said.rival[0, 0] == 3 and said.rival[1, 1] == -2
    assert said.confidence == 0.5 and said.doubt == pytest.approx(math.log(0.25))
    assert heard(1, torch.tensor(0.5), 0.2, MAPS, (4, 4)).rival[0, 0] == 5


def test_evidence_is_the_weighed_sum_with_the_bias_of_the_class() -> None:
    config = EvidenceConfig(weights=(2.0, -1.0, 0.5, -0.25), bias=(0.1, 0.2, 0.3), generic=-4.0)
    said = heard(0, torch.tensor(0.5), 0.2, MAPS, (4, 4))
    expected = 2 * 0.5 - math.log(0.25) + 0.5 * 5 - 0.25 * 3 + 0.1
    assert evidence(config, said)[0, 0] == pytest.approx(expected, abs=1e-5)


def test_a_thing_without_a_class_has_no_map_and_the_common_bias() -> None:
    config = EvidenceConfig(weights=(1.0, 0.0, 0.5, -0.25), bias=(0.1, 0.2, 0.3), generic=-4.0)
    for maps, size in ((MAPS, (4, 4)), (None, (6, 5))):
        said = heard(3, torch.tensor(0.5), 0.0, maps, (6, 5))
        assert torch.allclose(evidence(config, said), torch.full(size, -3.5))
    assert math.isfinite(said.doubt)


def test_weights_are_saved_with_the_model_and_older_models_have_the_usual_ones(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    config = GeoPixConfig(class_names=("a",), evidence=EvidenceConfig((1.0, 2.0, 3.0, 4.0), (0.5,), -2.0))
    config.save(path)
    assert GeoPixConfig.load(path) == config
    text = path.read_text()
    path.write_text(text[: text.index('"evidence"')] + '"clm": "paper", "gsd_range_m": [0.2, 1.2]}')
    assert GeoPixConfig.load(path).evidence == EvidenceConfig()
    path.write_text(text.replace('"generic"', '"other"'))
    with pytest.raises(CheckpointError, match="does not fit"):
        GeoPixConfig.load(path)
