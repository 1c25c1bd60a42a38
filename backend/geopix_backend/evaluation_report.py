"""The figures of an evaluation as a table, as JSON and as pictures."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from affine import Affine

from geopix_model.data.imagery import Labelled
from geopix_model.data.label_sets import ID
from geopix_model.evaluate.metrics import Matches, Score, Tally, mean
from geopix_model.nano.lexicon import CLASSES
from geopix_qgis.protocol import RegionEvent

from .engine import Engine
from .overlay import write_overlay
from .question import Question
from .raster import Tile


def table(tally: Tally) -> str:
    """The result as Markdown: each class in each set, each class, and the means."""
    lines = ["| class | set | images | IoU present | object F1 |", "|---|---|---|---|---|"]
    keys = sorted({(score.class_name, score.source) for score in tally.scores if score.present})
    for name, source in keys:
        scores = [s for s in tally.scores if (s.class_name, s.source) == (name, source)]
        present = [s.iou for s in scores if s.present and s.iou is not None]
        matches = sum((s.objects for s in scores if s.objects is not None), Matches())
        note = " (boxes: core against outside)" if source in tally.boxed else ""
        lines.append(f"| {name} | {source}{note} | {len(present)} | {_figure(mean(present))} | {_figure(matches.f1)} |")
    here, everywhere, f1 = tally.iou_present(), tally.iou_all(), tally.f1()
    lines += ["", "| class | IoU present | IoU all | object F1 |", "|---|---|---|---|"]
    for name in sorted({*here, *everywhere, *f1}):
        values = (_figure(figures.get(name, math.nan)) for figures in (here, everywhere, f1))
        lines.append(f"| {name} | {' | '.join(values)} |")
    means = (_figure(mean(figures.values())) for figures in (here, everywhere, f1))
    lines += [f"| **mean of classes** | {' | '.join(f'**{value}**' for value in means)} |", ""]
    found, refused = tally.presence()
    lines.append(f"A mask for {found:.1%} of the classes that are there, none for {refused:.1%} of those that are not.")
    return "\n".join(lines)


def as_json(tally: Tally) -> str:
    """All figures; NaN is null."""
    here, everywhere, f1 = tally.iou_present(), tally.iou_all(), tally.f1()
    found, refused = tally.presence()
    images = {name: sum(s.present and s.class_name == name for s in tally.scores) for name in {*here, *everywhere, *f1}}
    figures = {
        "mean_iou": mean(here.values()),
        "mean_iou_all": mean(everywhere.values()),
        "mean_f1": mean(f1.values()),
        "presence_accuracy": mean([found, refused]),
        "found_of_present": found,
        "refused_of_absent": refused,
        "classes": {
            name: {"iou": here.get(name), "iou_all": everywhere.get(name), "f1": f1.get(name), "images": count}
            for name, count in sorted(images.items())
        },
    }
    return json.dumps(_without_nan(figures), indent=1)


def write_pictures(folder: Path, tally: Tally, images: Mapping[str, Labelled], engine: Engine) -> None:
    """Draws the best, a typical and the worst image of each class that is there, as ``<class>_<which>.png``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, which, score in extremes(tally):
        tile = tile_of(images[score.image])
        asked = Question(f"Segment the {CLASSES[ID[name]].plural}")
        regions = [event for event in engine.ask(tile, asked) if isinstance(event, RegionEvent)]
        write_overlay(folder / f"{name.replace(' ', '_')}_{which}.png", tile, regions)


def tile_of(image: Labelled) -> Tile:
    """The image as a tile in pixel coordinates, rows downwards."""
    height, width = image.present.shape
    pixels = np.ascontiguousarray(image.pixels.transpose(2, 0, 1))
    return Tile(pixels, np.ones((height, width), bool), Affine.identity(), None, None, image.name, ())


def extremes(tally: Tally) -> list[tuple[str, str, Score]]:
    """(class, which, score) of the best, the median and the worst image of each class."""
    chosen = []
    for name in sorted({score.class_name for score in tally.scores}):
        scores = [s for s in tally.scores if s.class_name == name and s.present and s.iou is not None]
        scores.sort(key=lambda score: score.iou or 0.0)
        if scores:
            chosen += [
                (name, "best", scores[-1]),
                (name, "typical", scores[len(scores) // 2]),
                (name, "worst", scores[0]),
            ]
    return chosen


def _figure(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3f}"


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
