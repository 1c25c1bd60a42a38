"""``geopix info``: what a raster is and where it lies."""

from __future__ import annotations

import argparse
import json
from typing import Any

from .raster import RasterInfo, describe


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("raster", metavar="RASTER", help="a file that GDAL opens")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Prints the facts.

    Raises:
        RasterError: If the raster cannot be used.
    """
    facts = _facts(describe(args.raster))
    if args.json:
        print(json.dumps(facts))
        return 0
    width = max(map(len, facts))
    for name, value in facts.items():
        for line in value if name == "warnings" else [value]:
            print(f"{name:<{width}}  {_plain(value if name != 'warnings' else line)}")
    return 0


def _facts(info: RasterInfo) -> dict[str, Any]:
    return {
        "size_px": (info.width, info.height),
        "bands": info.bands,
        "shown": info.shown,
        "dtype": info.dtype,
        "nodata": None if info.nodata is None else repr(info.nodata),
        "driver": info.driver,
        "crs": _crs_name(info),
        "gsd_m": info.gsd_m,
        "bounds": info.bounds,
        "bounds_lonlat": info.bounds_lonlat,
        "warnings": list(info.warnings),
    }


def _crs_name(info: RasterInfo) -> str | None:
    if info.crs is None:
        return None
    authority = info.crs.to_authority()
    return ":".join(authority) if authority else str(info.crs.name)


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, (tuple, list)):
        return ", ".join(_plain(item) for item in value)
    return f"{value:.10g}" if isinstance(value, float) else str(value)
