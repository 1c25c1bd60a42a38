"""``python -m geopix_model.parity DIR``: a folder with a checkpoint and recorded goldens; 1 if anything is off."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..errors import CheckpointError, GeoPixError
from . import geopix_cases
from .rows import Row


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table; 0 if every row is within its tolerance, 1 if not, 2 if the folder cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m geopix_model.parity", description=__doc__)
    parser.add_argument("folder", type=Path, help="checkpoint folder with golden/meta.json in it")
    folder = parser.parse_args(argv).folder
    try:
        found = list(rows(folder))
    except GeoPixError as error:
        print(error, file=sys.stderr)
        return 2
    print(table(found))
    return 0 if all(row.ok for row in found) else 1


def rows(folder: Path) -> list[Row]:
    """All rows of a golden folder.

    Raises:
        CheckpointError: If it is none.
    """
    if not (folder / "golden" / "meta.json").is_file():
        raise CheckpointError(f"{folder} has no golden/meta.json; give a folder with a checkpoint and its goldens")
    if (folder / "vlm").is_dir():
        return list(geopix_cases.rows(folder))
    raise CheckpointError(f"{folder} has no vlm folder, so it holds no GeoPix checkpoint; give one with its goldens")


def table(found: Sequence[Row]) -> str:
    """The rows in columns, and a last line that counts them."""
    cells = [
        (row.case, row.stage, f"{row.difference:.1e}", f"{row.tolerance:.0e}", "ok" if row.ok else "OFF", row.note)
        for row in found
    ]
    cells.insert(0, ("case", "stage", "differs by", "allowed", "", ""))
    widths = [max(len(line[column]) for line in cells) for column in range(6)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    off = sum(not row.ok for row in found)
    lines.append(f"{len(found)} stages, {len(found) - off} within tolerance, {off} off")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
