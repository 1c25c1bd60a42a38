"""How quick the dock is with much to show: polygons that stream in, a slider, an export, a long answer.

    QT_QPA_PLATFORM=offscreen .venv-qgis/bin/python benchmarks/dock.py

Absolute seconds depend on the machine; compare lines of one run.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from qgis.core import QgsApplication, QgsCoordinateReferenceSystem

APPLICATION = QgsApplication([], True)
APPLICATION.initQgis()

from geopix_qgis import export_formats, field_names, filters  # noqa: E402  QGIS must have begun
from geopix_qgis.export import Plan, write  # noqa: E402
from geopix_qgis.filters import Filter  # noqa: E402
from geopix_qgis.gui.transcript import Transcript  # noqa: E402
from geopix_qgis.layers import ResultLayer  # noqa: E402
from geopix_qgis.protocol import RegionEvent  # noqa: E402
from geopix_qgis.storage import Storage  # noqa: E402
from geopix_qgis.turns import TurnRecord  # noqa: E402

UTM33 = QgsCoordinateReferenceSystem("EPSG:32633")
BATCH, SLIDES, TOKENS, WORDS_A_PAINT = 20, 10, 10_000, 20


def region(number: int) -> RegionEvent:
    x, y = 500_000 + 20 * (number % 200), 5_400_000 + 20 * (number // 200)
    ring = [[x, y], [x + 10, y], [x + 10, y + 10], [x, y + 10], [x, y]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return RegionEvent(geometry, "roofs", "building", random.random(), 100.0, 40.0, 0, 1, "roofs", "nano", 0.5)


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def streamed(count: int, storage: Storage) -> tuple[float, ResultLayer]:
    """Seconds for polygons in batches, each followed by the count that the transcript asks for."""
    result = ResultLayer(f"scene {count}", UTM33, storage=storage)

    def work() -> None:
        for start in range(0, count, BATCH):
            result.add([region(number) for number in range(start, start + BATCH)])
            result.count(1)

    return seconds(work), result


def main() -> None:
    """Prints one line for each figure."""
    random.seed(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, storage in (("memory", Storage()), ("GeoPackage", Storage(folder / "answers.gpkg"))):
            few, many = streamed(1000, storage)[0], streamed(4000, storage)[0]
            print(f"stream to {kind}: 1,000 polygons {few:.2f} s, 4,000 {many:.2f} s")
        (layer,) = streamed(20_000, Storage())[1].layers
        moves = [seconds(lambda s=s: filters.apply([layer], Filter(0.05 + s / 11, 3.0))) for s in range(SLIDES)]
        print(f"slider over 20,000 polygons: {median(moves) * 1000:.0f} ms a move")
        filters.apply([layer], Filter())
        for key, form in export_formats.FORMATS.items():
            path = export_formats.with_suffix(folder / "out", form)
            crs = QgsCoordinateReferenceSystem("EPSG:4326") if form.degrees else UTM33
            plan = Plan(path, key, crs, field_names.propose(layer.fields().names(), form))
            print(f"export of 20,000 polygons to {form.label}: {seconds(lambda p=plan: write([layer], p)):.1f} s")
    transcript, turn = Transcript(), TurnRecord(1, "tell", "scene")
    transcript.resize(320, 600)
    transcript.show()
    transcript.start_turn(turn)
    paints = []
    for number in range(0, TOKENS, WORDS_A_PAINT):
        turn.pieces += [(f" word{number + n}", None) for n in range(WORDS_A_PAINT)]
        paints.append(seconds(lambda: (transcript.repaint_turn(), APPLICATION.processEvents())))
    first, last = median(paints[:50]), median(paints[-50:])
    print(
        f"answer of {TOKENS:,} words: a repaint takes {first * 1000:.1f} ms at first, {last * 1000:.1f} ms at the end"
    )


if __name__ == "__main__":
    main()
    APPLICATION.exitQgis()
