"""``geopix models``: the models that can be asked."""

from __future__ import annotations

import argparse
import json

from .models import models


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """Prints each model."""
    for model in models():
        if args.json:
            print(json.dumps(model))
            continue
        memory = f"{model['memory_bytes'] / 2**20:,.0f} MiB"
        state = "installed" if model["installed"] else "not installed"
        print(f"{model['name']}: {model['title']}; {model['parameters'] / 1e6:,.1f} M parameters, {memory}, {state}")
        print(f"    {model['description']} Licence: {model['licence']}.")
    return 0
