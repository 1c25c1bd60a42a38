"""The results of a run as tables and plots: fills docs/performance.md between its markers (``run.py --report``)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import peers

DOCS = Path(__file__).resolve().parents[1] / "docs"
BEGIN, END = "<!-- results: written by benchmarks/run.py --report -->", "<!-- end of results -->"
NAMES = {"ours": "GeoPix", "rasterio": "rasterio + shapely", "gdal": "GDAL Polygonize", "opencv": "OpenCV contours"}
COLOURS = {"ours": "#bd1f01", "rasterio": "#3f90da", "gdal": "#94a4a2", "opencv": "#ffa90e", "samgeo": "#832db6"}
Rows = Sequence[Mapping[str, Any]]


def write(rows: Rows, quick: bool) -> None:
    """Rewrites the results in docs/performance.md and the plots that it shows."""
    path = DOCS / "performance.md"
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    found = "\n\n".join([_setting(quick), _goals(rows), *_tables(rows)])
    path.write_text(f"{before}{BEGIN}\n{found}\n{END}{after}", encoding="utf-8")
    _plots(rows)


def _setting(quick: bool) -> str:
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    versions = ", ".join(f"{name} {version}" for name, version in peers.versions().items())
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    cores = f"{os.cpu_count()} cores ({cpu[1] if cpu else 'unknown'})"
    return (
        f"{'Quick' if quick else 'Full'} run on {cores}, one thread for each contestant; load averages at its end "
        f"{load}. {versions}."
    )


def _goals(rows: Rows) -> str:
    listed = [("comparison", "ratio", "goal", "")]
    for row in rows:
        ratio = row["note"] if row["ratio"] is None else f"{row['ratio']:.4g}"
        listed.append((row["name"], ratio, f"{row['goal']:g}", "reached" if row["ok"] else "**missed**"))
    return _table(listed)


def _tables(rows: Rows) -> Iterable[str]:
    """What lies behind the ratios."""
    for row in rows:
        measured = row["measured"]
        if "quality" in measured:
            yield f"**{row['name'].split(':')[0].capitalize()}**"
            lines = [("", "ms", "IoU with the true shapes", "area bias, %", "polygons", "vertices", "invalid")]
            for name, found in measured["quality"].items():
                rest = (found[key] for key in ("iou", "area_bias_percent", "polygons", "vertices", "invalid"))
                lines.append((NAMES[name], measured["milliseconds"][name], *rest))
            yield _table(lines)
        elif "milliseconds" in measured:
            yield f"{row['name']}: " + ", ".join(f"{k} {v:.0f} ms" for k, v in measured["milliseconds"].items()) + "."
        elif "mebibytes" in measured:
            yield (
                f"{row['name']}: " + ", ".join(f"{k:,} px {v:.0f} MiB" for k, v in measured["mebibytes"].items()) + "."
            )
        elif "seconds" in measured:
            yield f"{row['name']}: " + ", ".join(f"{k} {v:.3f} s" for k, v in measured["seconds"].items()) + "."
        elif "ours" in measured:
            yield "**Logits**"
            keys = list(measured["ours"])
            yield _table([("", *keys), *((NAMES[name], *found.values()) for name, found in measured.items())])


def _table(lines: Sequence[Sequence[object]]) -> str:
    head, *body = [f"| {' | '.join(map(str, line))} |" for line in lines]
    return "\n".join([head, "|" + "---|" * len(lines[0]), *body])


def _plots(rows: Rows) -> None:
    """Time and agreement of each contestant on each mask."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    masks = {row["name"].split(":")[0]: row["measured"] for row in rows if "quality" in row["measured"]}
    if not masks:
        return
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3), dpi=100)
    for place, name in enumerate(NAMES):
        at = [x + 0.2 * (place - 1.5) for x, found in enumerate(masks.values()) if name in found["quality"]]
        own = [found for found in masks.values() if name in found["quality"]]
        theirs = [found["milliseconds"][name] / found["milliseconds"]["ours"] for found in own]
        left.bar(at, theirs, 0.2, label=NAMES[name], color=COLOURS[name])
        right.bar(at, [found["quality"][name]["iou"] for found in own], 0.2, color=COLOURS[name])
    for axes, title in (
        (left, "time, GeoPix = 1 (shorter is better)"),
        (right, "IoU with the true shapes (longer is better)"),
    ):
        axes.set_xticks(range(len(masks)), [name.replace(" ", "\n") for name in masks], fontsize=8)
        axes.set_title(title, fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    right.set_ylim(0.75, 1.0)
    left.legend(fontsize=7, frameon=False)
    figure.tight_layout()
    figure.savefig(DOCS / "images" / "performance.png", metadata={"Software": None})
