"""What the model process is told at its start.  Arguments and environment are read here and nowhere else."""

from __future__ import annotations

import argparse
import os
import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geopix_model.fitting import Precision

TOKEN_VARIABLE = "GEOPIX_TOKEN"


@dataclass(frozen=True)
class ServeConfig:
    """Settings of ``geopix serve``.

    Attributes:
        port: On 127.0.0.1; 0 takes a free one.
        model: What ``/health`` names as the default model.
        device: Where models run, such as ``auto`` or ``cuda:0``.
        precision: In which form published models run, or ``auto``.
        token: What clients must send.
        parent_stdin: Whether the process ends when its standard input does.
        waiting_limit: Questions that may wait beside the running one.
        max_body_bytes: Longest request; enough for 11,000 x 11,000 pixels.
        heartbeat_s: A silent stream gets a sign of life this often.
    """

    port: int = 0
    model: str = "nano"
    device: str = "auto"
    precision: Precision = "auto"
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    parent_stdin: bool = False
    waiting_limit: int = 8
    max_body_bytes: int = 512 * 2**20
    heartbeat_s: float = 10.0


def serve_config(args: argparse.Namespace, environ: MutableMapping[str, str] = os.environ) -> ServeConfig:
    """The settings from the command line, with the token from the environment, which then forgets it."""
    settings = ServeConfig(
        port=args.port,
        model=args.model,
        device=args.device,
        precision=args.precision,
        parent_stdin=args.parent_stdin,
    )
    token = environ.pop(TOKEN_VARIABLE, "").strip()
    return ServeConfig(**{**vars(settings), "token": token}) if token else settings
