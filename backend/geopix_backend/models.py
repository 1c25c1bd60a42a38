"""Facts about the models of this installation, as plain values for people and programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from geopix_model.predictor import Predictor
from geopix_qgis.protocol import ModelFacts


def models() -> list[Mapping[str, Any]]:
    """One mapping for each known model, with the fields of ``ModelFacts``."""
    from geopix_model import registry  # brings torch, which only those wait for who need it

    names = [field.name for field in fields(ModelFacts)]
    return [asdict(ModelFacts(**{name: getattr(entry, name) for name in names})) for entry in registry.entries()]


def load(name: str, device: str) -> Predictor:
    """A model, ready to answer.

    Raises:
        ModelError: If it is unknown, damaged, or the device is not here.
    """
    from geopix_model import registry

    return registry.load(name, device)
