"""What the model process is told at its start.  Arguments and environment are read here and nowhere else."""

from __future__ import annotations

import argparse
import os
import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ServeError

if TYPE_CHECKING:
    from geopix_model.fitting import Precision

VARIABLE = "GEOPIX_TOKEN"
LOCAL_HOST = "127.0.0.1"
LEAST_TOKEN_CHARS = 16


@dataclass(frozen=True)
class ServeConfig:
    """Settings of ``geopix serve``.

    Attributes:
        host: Address to listen on; other computers reach every one but ``LOCAL_HOST``.
        port: 0 takes a free one.
        model: What ``/health`` names as the default model.
        device: Where models run, such as ``auto`` or ``cuda:0``.
        precision: In which form published models run, or ``auto``.
        token: What clients must send.
        parent_stdin: Whether the process ends when its standard input does.
        waiting_limit: Questions that may wait beside the running one.
        max_body_bytes: Longest request; enough for 11,000 x 11,000 pixels.
        heartbeat_s: A silent stream gets a sign of life this often.
        certificate, key: Files for https, "" for plain http.
    """

    host: str = LOCAL_HOST
    port: int = 0
    model: str = "nano"
    device: str = "auto"
    precision: Precision = "auto"
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    parent_stdin: bool = False
    waiting_limit: int = 8
    max_body_bytes: int = 512 * 2**20
    heartbeat_s: float = 10.0
    certificate: str = ""
    key: str = ""

    @property
    def local(self) -> bool:
        """Whether only this machine can ask."""
        return self.host == LOCAL_HOST


def serve_config(args: argparse.Namespace, environ: MutableMapping[str, str] = os.environ) -> ServeConfig:
    """The settings from the command line, with the token from a file or the environment, which then forgets it.

    Raises:
        ServeError: If other computers could ask without a token of some length, or only one file of https is named.
    """
    token = environ.pop(VARIABLE, "").strip()
    if args.token_file is not None:
        token = _read_token(args.token_file)
    if args.host != LOCAL_HOST and len(token) < LEAST_TOKEN_CHARS:
        raise ServeError(
            f"Other computers reach {args.host}, and the token has {len(token)} characters; put one of at least "
            f"{LEAST_TOKEN_CHARS} into {VARIABLE} or into a file for --token-file."
        )
    if bool(args.certificate) != bool(args.key):
        raise ServeError("https needs both --certificate and --key; name both files, or neither.")
    for path in filter(None, (args.certificate, args.key)):
        if not path.is_file():
            raise ServeError(f"There is no file {path}; give the certificate and its key in PEM.")
    settings = ServeConfig(
        host=args.host,
        port=args.port,
        model=args.model,
        device=args.device,
        precision=args.precision,
        parent_stdin=args.parent_stdin,
        certificate=str(args.certificate or ""),
        key=str(args.key or ""),
    )
    return replace(settings, token=token) if token else settings


def _read_token(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise ServeError(f"The token file {path} cannot be read ({error}); give a text file with the token.") from error
