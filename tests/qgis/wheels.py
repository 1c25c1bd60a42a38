"""Tiny packages in the place of PyTorch and the model, so that an installation is real and quick."""

from __future__ import annotations

import base64
import hashlib
import sys
import zipfile
from pathlib import Path

from geopix_qgis import offline_bundle
from geopix_qgis.shipped import plugin_version

DOCTOR = """
import json, sys
print("a library says hello")
print(json.dumps({"device": %r, "device_name": "test", "arguments": sys.argv[1:]}))
"""


def wheel(folder: Path, name: str, version: str, files: dict[str, str], requires: str = "") -> Path:
    """Writes a wheel of pure Python."""
    info = f"{name}-{version}.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{path},sha256={_digest(text)},{len(text.encode())}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, text in files.items():
            archive.writestr(inside, text)
    return path


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def fill(folder: Path, device: str = "cpu", torch: str = "2.13.0") -> list[Path]:
    """Wheels of a torch and of a model process whose doctor finds a device."""
    folder.mkdir(parents=True, exist_ok=True)
    process = {"geopix_backend/__init__.py": "", "geopix_backend/cli.py": DOCTOR % device}
    return [
        wheel(folder, "torch", torch, {"torch.py": ""}),
        wheel(folder, "geopix_qgis", plugin_version(), process, "Requires-Dist: torch\n"),
    ]


def bundle(folder: Path, device: str = "cpu", **changes: str) -> offline_bundle.Bundle:
    """An offline bundle of these."""
    wheels = fill(folder / offline_bundle.WHEELS, device)
    facts = {
        "version": plugin_version(),
        "python": ".".join(map(str, sys.version_info[:2])),
        "system": offline_bundle.this_system(),
        "build": "cpu",
        **changes,
    }
    made = offline_bundle.Bundle(folder, files={path.name: offline_bundle.digest(path) for path in wheels}, **facts)
    offline_bundle.write(made)
    return made


def constraints(folder: Path) -> Path:
    """Versions that were tested together."""
    path = folder / "constraints.txt"
    path.write_text("torch==2.13.0\n")
    return path
