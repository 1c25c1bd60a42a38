"""``geopix models``: the models that can be asked, what fits this machine, and how others come here."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geopix_qgis.protocol import InstallEvent

from .installing import download, events, source_of
from .models import models

if TYPE_CHECKING:
    from geopix_model.hub.manifest import Manifest

GB = 1e9


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument(
        "--device", default="auto", help="say what fits on it: auto, cpu, cuda or cuda:0 (default auto)"
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    get = actions.add_parser("download", help="fetch a published model; goes on where it stopped")
    get.add_argument("--revision", default="", help="a branch, tag or commit (default: pinned when first fetched)")
    get.add_argument("--endpoint", default="", help="address of another hub (default: HF_ENDPOINT, or huggingface.co)")
    take = actions.add_parser("import", help="take a published model from a folder, without a hub")
    verify = actions.add_parser("verify", help="compare every byte of an installed model with its manifest")
    remove = actions.add_parser("remove", help="delete a model and what was begun of it")
    for action in (get, take, verify, remove):
        action.add_argument("name", metavar="NAME", help="as 'geopix models' lists it")
    take.add_argument("folder", metavar="FOLDER", type=Path, help="holds the files of the model")


def run(args: argparse.Namespace) -> int:
    """Lists the models, or does something to one.

    Raises:
        ModelError: If it cannot be done.
    """
    if args.action:
        return _act(args)
    for model in models(args.device):
        if args.json:
            print(json.dumps(model))
        else:
            _print(model)
    return 0


def _print(model: Mapping[str, Any]) -> None:
    facts = [f"{model['parameters'] / 1e6:,.1f} M parameters", f"{model['memory_bytes'] / 2**20:,.0f} MiB"]
    if model["download_bytes"]:
        facts.append(f"download {model['download_bytes'] / GB:.1f} GB")
    facts.append("installed" if model["installed"] else "not installed")
    print(f"{model['name']}: {model['title']}; {', '.join(facts)}")
    print(f"    {model['description']} Licence: {model['licence']}.")
    for said in (model["on_this_machine"], model["how_to_get"]):
        if said:
            print(f"    {said}")


def _act(args: argparse.Namespace) -> int:
    """One of the actions."""
    from geopix_model.hub import importing, install, manifest

    source, home = source_of(args.name)
    if args.action == "remove":
        print(f"{args.name} is removed; {install.remove(source, home) / GB:.1f} GB are free again.")
        return 0
    if args.action == "verify":
        steps = events(install.verify(source, home))
    elif args.action == "import":
        steps = events(importing.import_folder(source, args.folder, home))
    else:
        steps = download(args.name, args.revision, args.endpoint)
    _follow(steps, args.json)
    found = manifest.read(home / source.name)
    if found is not None and not args.json:
        print(f"{args.name} in {home / source.name} is whole: {_origin(found, source.seen_commit)}.")
    return 0


def _origin(found: Manifest, seen_commit: str) -> str:
    """Where a model is from, and what that is worth."""
    if not found.published:
        return "imported from a folder that does not say which revision it is, so only later changes will be noticed"
    said = f"revision {found.commit[:12]} of {found.repository}, all hashes as published"
    if seen_commit and not found.commit.startswith(seen_commit):
        said += f"; this version was written for revision {seen_commit}"
    return said


def _follow(steps: Iterable[InstallEvent], as_json: bool) -> None:
    """Shows how far it is: as JSON lines, or as a line of a terminal that is written anew."""
    shown = sys.stderr.isatty() and not as_json
    try:
        for step in steps:
            if as_json:
                print(json.dumps(asdict(step)), flush=True)
            elif shown:
                print(f"\r\x1b[K{line_of(step)}", end="", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print("\nWhat has come is kept: the same command goes on from here.", file=sys.stderr)
        raise
    finally:
        if shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def line_of(step: InstallEvent) -> str:
    """One line about a step."""
    if step.stage == "waiting":
        return "Waiting for another process that installs this model..."
    if step.stage == "asking":
        return "Asking the hub what there is..."
    said = f"{step.stage} {step.file}".strip()
    if step.total_bytes:
        share = step.done_bytes / step.total_bytes
        said += f"  {share:4.0%}  {step.done_bytes / GB:.2f} of {step.total_bytes / GB:.2f} GB"
    if step.bytes_per_s:
        said += f"  {step.bytes_per_s / 1e6:.1f} MB/s"
    if step.seconds_left is not None:
        said += f"  {duration(step.seconds_left)} left"
    return said


def duration(seconds: float) -> str:
    """ "40 s", "12 min" or "3 h 05 min"."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
