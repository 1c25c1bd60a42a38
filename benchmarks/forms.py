"""What each form of GeoPixel's weights takes and gives: memory, CPU seconds, and how far its masks move.

On the recorded random weights of ``bench_medium`` (see ``geopixel.py`` beside this), each form in a process of its own.
Random weights are the hard case: no large parts that an error could hide behind.

    .venv/bin/python benchmarks/forms.py ../shared/goldens/bench_medium
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar, get_args

import numpy as np
import torch
from geopixel import HD_NUM, MIB, QUERY, TOKENS, forced_tokens, make_checkpoint
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from geopix_model.fitting import WeightForm
from geopix_model.geopixel import divider
from geopix_model.geopixel.generation import CachedReader, Grounded, Read, generate
from geopix_model.geopixel.loading import load
from geopix_model.geopixel.prompt import conversation, prompt_ids
from geopix_model.place import Place

FORMS: tuple[tuple[WeightForm, WeightForm | None], ...] = (*((f, None) for f in get_args(WeightForm)), ("nf4", "nf4"))
Result = TypeVar("Result")


@dataclass(frozen=True)
class Figures:
    """What one form took: MiB, CPU seconds, and (2, 256, 256) mask logits."""

    loading: float
    loaded: float
    load_s: float
    first_s: float
    token_s: float
    masks: NDArray[np.float32]


def anonymous() -> float:
    """Memory of this process in MiB without mapped files, which the system may take back."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / MIB for line in lines if line.startswith("RssAnon"))


def highest_while(work: Callable[[], Result]) -> tuple[Result, float]:
    """What ``work`` gives, and the most memory in MiB while it ran, looked at every 2 ms."""
    seen, done = [anonymous()], threading.Event()

    def watch() -> None:
        while not done.wait(0.002):
            seen.append(anonymous())

    watcher = threading.Thread(target=watch)
    watcher.start()
    result = work()
    done.set()
    watcher.join()
    return result, max(seen)


def run(folder: Path, picture: Path, form: WeightForm, adapters: WeightForm | None) -> Figures:
    """The workload of ``geopixel.py``, its first question."""
    torch.set_num_threads(1)
    place = Place("cpu", form, adapters)
    before, began = anonymous(), time.process_time()
    (model, tokenizer), highest = highest_while(lambda: load(folder, "cpu", place.dtype, packed=place.packing))
    loaded, load_s = anonymous(), time.process_time() - began
    pixels = np.array(Image.open(picture).convert("RGB"))
    division = divider.divide(*pixels.shape[:2], side=model.config.crop_side, hd_num=HD_NUM)
    forced = forced_tokens(tokenizer.seg)
    following = iter(forced)

    def look() -> Tensor:
        return model.vision(divider.crops(divider.padded(pixels, division), division), division.rows, division.cols)

    def choose(state: Tensor) -> int:
        model.lm_head(state).argmax()
        return next(following)

    ids = prompt_ids(tokenizer, conversation(QUERY), [division.tokens(model.config.tokens_side)])
    with torch.inference_mode():
        events = generate(
            CachedReader(model), ids, look, choose, stops=(), seg=tokenizer.seg, max_new_tokens=TOKENS, last_seg=True
        )
        times = [time.process_time()]
        while isinstance(next(events), Read):
            pass
        times.append(time.process_time())
        states = [event.state for event in events if isinstance(event, Grounded)]
        times.append(time.process_time())
        features = model.segmenter.look(model.segmenter.prepare(pixels))
        masks = model.segmenter(features, model.text_hidden_fcs(torch.stack(states))).logits.float().numpy()
    first_s, token_s = times[1] - times[0], (times[2] - times[1]) / (TOKENS - 1)
    return Figures(highest - before, loaded - before, load_s, first_s, token_s, masks)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n\n")[0])
    parser.add_argument("recorded", type=Path, help="the folder bench_medium")
    recorded: Path = parser.parse_args().recorded
    results = json.loads((recorded / "results.json").read_text())
    exact = None
    print(f"{'':14}{'loading':>10}{'loaded':>10}{'load':>9}{'first':>9}{'token':>9}{'IoU':>8}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_checkpoint(recorded, folder, results)
        for form, adapters in FORMS:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                found = process.submit(run, folder, recorded / "example1.png", form, adapters).result()
            exact = found.masks > 0 if exact is None else exact
            iou = (exact & (found.masks > 0)).sum() / (exact | (found.masks > 0)).sum()
            name = f"{form}, {adapters}" if adapters else form
            print(
                f"{name:14}{found.loading:6.0f} MiB{found.loaded:6.0f} MiB{found.load_s:7.1f} s{found.first_s:7.1f} s"
                f"{found.token_s * 1000:6.0f} ms{iou:8.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
