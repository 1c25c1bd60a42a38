"""How a model process is: what ``/health`` answers.  A part of the wire, beside ``protocol``; standard library only."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Health:
    """How a model process is; ``GET /health`` answers with it and may say more.

    Attributes:
        version: Of its program.
        protocol: ``protocol.VERSION`` of its wire.
        model: The loaded model, or the default one.
        device: Where it runs, or what was asked for, such as ``auto``.
        loaded: Whether a model is in memory.
        status: What it does, one word.
        waiting: Questions that wait.
        device_name: Of the GPU or processor.
        memory_total, memory_free: Bytes on that device; 0 where they are not known.
    """

    version: str
    protocol: int
    model: str
    device: str
    loaded: bool
    status: str
    waiting: int
    device_name: str = ""
    memory_total: int = 0
    memory_free: int = 0


def health_from_json(body: bytes) -> Health:
    """The health in an answer of ``/health``; what it says beside that is left out.

    Raises:
        ValueError: If it is not one of this version.
    """
    known = {item.name for item in dataclasses.fields(Health)}
    try:
        return Health(**{name: value for name, value in json.loads(body).items() if name in known})
    except (TypeError, AttributeError) as error:
        raise ValueError(f"the health cannot be read: {error}") from error
