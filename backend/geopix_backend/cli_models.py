"""``geopix models``: the models that can be asked."""

from __future__ import annotations

import argparse
import dataclasses
import json

from geopix_model import registry


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """Prints a line for each model."""
    for entry in registry.entries():
        if args.json:
            print(json.dumps(dataclasses.asdict(entry)))
        else:
            state = "installed" if entry.installed else "not installed"
            memory = f"{entry.memory_bytes / 2**20:,.0f} MiB"
            print(f"{entry.name}: {entry.title}; {entry.parameters / 1e6:,.1f} M parameters, {memory}, {state}")
            print(f"    {entry.description} Licence: {entry.licence}.")
    return 0
