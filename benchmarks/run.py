"""All benchmarks, each beside its peers in one run: ``python benchmarks/run.py [--quick] [--json OUT]``.

Prints each ratio beside its goal.  The JSON is a list of {"name", "ratio", "goal", "ok"}; a peer that is missing makes
a row that is not ok.  The peers live in .cache/peers (``scripts/install-peers``, which is run where they are missing).
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / ".cache" / "peers" / "bin" / "python"
# One module for each benchmark of the project, with ``rows(quick: bool) -> list[Row]``.
BENCHMARKS = ("masks", "logits", "transport", "large", "writing")
SETTINGS = {"OMP_NUM_THREADS": "1", "GEOPIX_BENCHMARK": "1"}


def main() -> int:
    """0 once all has run; whether a goal was reached is in the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller inputs and fewer repeats, under five minutes")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    parser.add_argument("--report", action="store_true", help="also fill docs/performance.md and its plot anew")
    parser.add_argument("--only", choices=BENCHMARKS, nargs="+", default=BENCHMARKS)
    args = parser.parse_args()
    if "GEOPIX_BENCHMARK" not in os.environ:
        return _again_beside_the_peers()
    from geopix_model import allocator  # on the path in that process only

    allocator.keep_freed()  # as wherever a model runs on the CPU; the peers in this process have it, too
    found = []
    for name in args.only:
        print(f"{name}", flush=True)
        began = time.monotonic()
        found += importlib.import_module(f"benchmarks.{name}").rows(args.quick)
        print(f"  {time.monotonic() - began:.0f} s", flush=True)
    width = max(len(row.name) for row in found)
    for row in found:
        ratio = "-" if row.ratio is None else f"{row.ratio:.4g}"
        print(f"{'ok  ' if row.ok else 'MISS'} {row.name:<{width}} {ratio:>8}  goal {row.goal:g}  {row.note}")
    if args.json:
        keys = ("name", "ratio", "goal", "ok")
        args.json.write_text(json.dumps([{key: asdict(row)[key] for key in keys} for row in found], indent=1))
    if args.report:
        from benchmarks import report

        report.write([asdict(row) for row in found], args.quick)
    return 0


def _again_beside_the_peers() -> int:
    """Runs this program in the environment of the peers; in the present one where that cannot be made."""
    made = subprocess.run([ROOT / "scripts" / "install-peers"], check=False)
    python = PEERS if made.returncode == 0 else sys.executable
    paths = [str(ROOT), str(ROOT / "backend"), str(ROOT / "model")]
    environment = {**os.environ, **SETTINGS, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.run([python, __file__, *sys.argv[1:]], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
