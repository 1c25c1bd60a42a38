"""``geopix doctor``: what is installed, on which device, and which models fit."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
from dataclasses import asdict
from typing import Any

import psutil

from geopix_model import __version__, registry

from .machine import hardware
from .models import models

PACKAGES = ("torch", "transformers", "tokenizers", "safetensors", "numpy", "rasterio", "pyproj", "shapely", "pyogrio",
            "fastapi", "uvicorn")  # fmt: skip


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--device", default="auto", help="the device to look at (default auto)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Prints the findings.

    Raises:
        DeviceError: If the asked device is not here.
    """
    found = findings(args.device)
    if args.json:
        print(json.dumps(found))
        return 0
    print(f"geopix {found['version']}, Python {found['python']}, {found['system']}")
    for name, version in found["packages"].items():
        print(f"  {name:<14}{version or 'not installed'}")
    memory = found["memory"]
    print(f"device: {found['device']} ({found['device_name']})")
    print(f"memory: {_gib(memory['free'])} free of {_gib(memory['total'])}")
    for model in found["models"]:
        print(f"model {model['name']}: {_verdict(model)}, needs {_gib(model['memory_bytes'])}")
    return 0


def findings(device: str = "auto") -> dict[str, Any]:
    """Everything that the command prints, as plain values."""
    where = registry.resolve_device(device)
    name, memory = hardware(where)
    return {
        "version": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}, {psutil.cpu_count()} cores",
        "packages": {name: _version(name) for name in PACKAGES},
        "device": where,
        "device_name": name,
        "memory": asdict(memory),
        "models": [{**model, "fits": model["memory_bytes"] <= memory.free} for model in models(device)],
    }


def _verdict(model: dict[str, Any]) -> str:
    if not model["installed"]:
        return "not installed"
    return "fits" if model["fits"] else "does not fit into the free memory"


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
