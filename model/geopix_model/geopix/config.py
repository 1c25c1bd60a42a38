"""Sizes of a GeoPix model, as plain numbers that are saved beside its weights."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CheckpointError


@dataclass(frozen=True)
class TextConfig:
    """Size of the Llama decoder."""

    vocab: int = 2048
    hidden: int = 192
    layers: int = 4
    heads: int = 6
    intermediate: int = 512
    max_positions: int = 512


@dataclass(frozen=True)
class MemoryConfig:
    """Class-wise learnable memory: ``length`` slots of ``width`` channels on the feature grid, per class and level."""

    classes: int = 18
    length: int = 4
    width: int = 16
    feedforward: int = 256


@dataclass(frozen=True)
class EvidenceConfig:
    """How far each witness of a target is believed (see ``nano.evidence``); log-odds.

    Attributes:
        weights: Of confidence, doubt, the target's own class map, and the surest other one.
        bias: For each class.
        generic: For a target that is of no class.
        lift: For each class, added to the logits of its masks, so that zero is where they are best cut off.
    """

    weights: tuple[float, float, float, float] = (1.0, -0.5, 0.0, 0.0)
    bias: tuple[float, ...] = ()
    generic: float = -1.7
    lift: tuple[float, ...] = ()


@dataclass(frozen=True)
class GeoPixConfig:
    """Everything that decides a tensor's shape, and how sure the model is of what it finds.

    Attributes:
        image_size: Side of the square input in pixels; the feature grid is ``image_size / 16`` on a side.
        token_side: The decoder reads ``token_side ** 2`` image tokens.
        width: Width D of prompts, features and mask predictor.
        mask_channels: Channels of the upscaled map that a mask is read from.
        mask_hidden: Hidden width of the MLPs inside the two-way transformers.
        maps_hidden: Hidden channels of the class maps; 0 for a model without them, as the published one.
        seg_tokens, levels: The token codebook: ``levels`` scales x ``seg_tokens`` tokens.
        class_names: Names of the memory slots; the last slot, without a name, is the generic one.
        evidence: What scores of regions are made of.
        clm: ``paper`` (memory attention works) or ``released`` (it is inert, as in the published weights).
    """

    image_size: int = 384
    token_side: int = 6
    width: int = 128
    mask_channels: int = 32
    mask_hidden: int = 512
    maps_hidden: int = 0
    seg_tokens: int = 3
    levels: int = 2
    text: TextConfig = TextConfig()
    memory: MemoryConfig = MemoryConfig()
    class_names: tuple[str, ...] = ()
    evidence: EvidenceConfig = EvidenceConfig()
    clm: str = "paper"
    gsd_range_m: tuple[float, float] = (0.2, 0.6)

    @property
    def grid(self) -> int:
        """Side of the level features."""
        return self.image_size // 16

    def save(self, path: Path) -> None:
        """Writes the config as JSON."""
        path.write_text(json.dumps({"architecture": "geopix", **dataclasses.asdict(self)}, indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> GeoPixConfig:
        """Reads a config written by ``save``.

        Raises:
            CheckpointError: If the file is missing, not JSON, or of another architecture.
        """
        try:
            values: dict[str, Any] = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise CheckpointError(f"{path.name} cannot be read ({error}); reinstall the model") from error
        found = values.pop("architecture", None) if isinstance(values, dict) else None
        if found != "geopix":
            raise CheckpointError(
                f"{path.name} describes architecture {found!r}, expected 'geopix'; choose another model folder"
            )
        try:
            text, memory = TextConfig(**values.pop("text")), MemoryConfig(**values.pop("memory"))
            names, gsd = tuple(values.pop("class_names")), tuple(values.pop("gsd_range_m"))
            evidence = _evidence(values.pop("evidence", {}))
            return cls(**values, text=text, memory=memory, class_names=names, gsd_range_m=gsd, evidence=evidence)
        except (KeyError, TypeError) as error:
            raise CheckpointError(
                f"{path.name} does not fit this version of GeoPix ({error}); update the package"
            ) from error


def _evidence(values: dict[str, Any]) -> EvidenceConfig:
    """As saved; JSON has lists where this has tuples."""
    found: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
    return EvidenceConfig(**found)
