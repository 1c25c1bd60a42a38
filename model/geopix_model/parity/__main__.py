"""``python -m geopix_model.parity DIR``: compares the checkpoint in a golden folder with what was recorded of it.

Exits with 0 when every stage is within its tolerance, 1 when one is not, 2 when DIR is no golden folder.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import GeoPixError, GoldenError
from .rows import Row

_CASES = {"geopix": "geopix_model.parity.geopix_cases", "geopixel": "geopix_model.parity.geopixel_cases"}


def main(argv: list[str] | None = None) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser("python -m geopix_model.parity", description=str(__doc__).split("\n\n")[0])
    parser.add_argument("folder", metavar="DIR", type=Path, help="a golden folder: a checkpoint with golden/meta.json")
    folder = parser.parse_args(argv).folder
    try:
        results = list(rows(folder))
        if not results:
            raise GoldenError(f"{folder / 'golden' / 'meta.json'} names no case; copy the folder anew")
    except GeoPixError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for line in table(results):
        print(line)
    wrong = sum(not row.ok for row in results)
    print(f"{len(results)} stages, {wrong} outside of their tolerance" if wrong else f"all {len(results)} stages agree")
    return 1 if wrong else 0


def rows(folder: Path) -> Iterator[Row]:
    """Every comparison that a golden folder allows.

    Raises:
        GeoPixError: If it is no golden folder, or its checkpoint cannot be loaded.
    """
    if not (folder / "golden" / "meta.json").is_file():
        raise GoldenError(f"{folder} is no golden folder: it has no golden/meta.json; give a checkpoint with goldens")
    family = "geopix" if (folder / "vlm").is_dir() else "geopixel"
    yield from importlib.import_module(_CASES[family]).rows(folder)


def table(results: Iterable[Row]) -> Iterator[str]:
    """The lines of an aligned table."""
    head = ("case", "stage", "max abs difference", "tolerance", "ok")
    lines = [
        (row.case, row.stage, f"{row.difference:.2e}", f"{row.tolerance:.0e}", "yes" if row.ok else "NO", row.note)
        for row in results
    ]
    widths = [max(len(line[column]) for line in [head, *lines]) for column in range(len(head))]
    for line in [head, *lines]:
        note = line[len(head) :]
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
        yield "  ".join([*cells, *note]).rstrip()


if __name__ == "__main__":
    sys.exit(main())
