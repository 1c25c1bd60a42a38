"""``geopix train``: trains a model; ``--model`` says which family, and its own options follow."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence

FAMILIES = {"nano": "nano_cli", "geopixel": "geopixel_cli"}


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; 0 on success."""
    parser = argparse.ArgumentParser(prog="geopix train", add_help=False, allow_abbrev=False)
    parser.add_argument("--model", choices=tuple(FAMILIES), default="nano")
    args, rest = parser.parse_known_args(argv)
    return int(importlib.import_module(f".{FAMILIES[args.model]}", __package__).main(rest))
