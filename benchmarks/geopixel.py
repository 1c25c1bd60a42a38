"""What GeoPixel costs in CPU seconds, side by side with the published code on the same random weights.

The recorded folder (``bench_medium``: configuration, recipe of 320 M weights, picture, what the published code took) is
not part of the repository; give its place.  The weights, 1.3 GB, are made anew in a temporary folder.

    .venv/bin/python benchmarks/geopixel.py ../shared/goldens/bench_medium
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from geopix_model.geopixel import divider
from geopix_model.geopixel.generation import CachedReader, Grounded, Read, generate
from geopix_model.geopixel.loading import load
from geopix_model.geopixel.prompt import conversation, prompt_ids

SEED = 4321
QUERY = "Could you provide a segmentation mask for the red car in this image?"
SECOND = "What is the blue thing here?"
HD_NUM, TOKENS, SECOND_TOKENS = 4, 64, 8
WIDE = (
    "tok_embeddings", "position_embedding", "class_embedding", "pos_embed", "token.weight", "tokens.weight",
    "_embed.weight", "embed_tokens", "point_embeddings", "level_embed",
)  # fmt: skip
MIB = 2**20


def weights(shapes: dict[str, list[int]]) -> dict[str, Tensor]:
    """The random weights of the recipe: parameters by name, then the one buffer, from one generator."""
    generator = torch.Generator().manual_seed(SEED)
    buffers = {name for name in shapes if name.endswith("positional_encoding_gaussian_matrix")}
    found = {
        name: value(name, torch.randn(shapes[name], generator=generator)) for name in sorted(set(shapes) - buffers)
    }
    return found | {name: torch.randn(shapes[name], generator=generator) for name in sorted(buffers)}


def value(name: str, random: Tensor) -> Tensor:
    """A weight of the recipe from standard normal numbers; the rules in their order."""
    if "norm" in name.lower() and name.endswith("weight") and random.dim() == 1:
        return 1 + 0.1 * random
    if name.endswith("gate") or "gamma" in name:
        return 0.3 * random
    if random.dim() <= 1:
        return 0.05 * random
    if any(part in name for part in WIDE):
        return 0.5 * random
    if random.dim() == 2:
        return random / math.sqrt(random.shape[1])
    plain = "GN" not in name and "tpos" not in name and name.rpartition(".")[2] != "memory"
    return random / math.sqrt(math.prod(random.shape[1:])) if random.dim() in (4, 5) and plain else 0.5 * random


def make_checkpoint(recorded: Path, folder: Path, results: dict[str, Any]) -> None:
    """Writes the checkpoint, and makes sure that it is the recorded one."""
    tensors = weights(json.loads((recorded / "state_dict_shapes.json").read_text()))
    for name, sums in results["checks"].items():
        ours = [float(tensors[name].double().sum()), float(tensors[name].double().abs().sum())]
        if not np.allclose(ours, sums, rtol=1e-9):
            sys.exit(f"{name} sums to {ours}, recorded {sums}: this torch makes other random numbers")
    save_file(tensors, folder / "model.safetensors")
    for name in ("config.json", "clip_config.json", "sam2_config.json"):
        shutil.copy(recorded / name, folder / name)
    shutil.copy(recorded.parent / "geopixel_tiny" / "tokenizer.model", folder / "tokenizer.model")
    (folder / "added_tokens.json").write_text(json.dumps({"[SEG]": 640, "<p>": 641, "</p>": 642}))


class Clock:
    """CPU seconds of this process, all threads, by what was done."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        before = time.process_time()
        yield
        self.seconds[name] = time.process_time() - before


def run(
    folder: Path, picture: Path, results: dict[str, Any], dtype: str, threads: int
) -> tuple[dict[str, float], float]:
    """The workload; its CPU seconds, and the peak of memory over the loaded weights in MiB."""
    torch.set_num_threads(threads)
    clock = Clock()
    model, tokenizer = load(folder, dtype=getattr(torch, dtype))
    pixels = np.array(Image.open(picture).convert("RGB"))
    loaded = reset_peak()
    reader = CachedReader(model)
    forced = forced_tokens(tokenizer.seg)
    kept: dict[str, Tensor] = {}

    def look() -> Tensor:
        with clock.of("encode"):
            division = divider.divide(*pixels.shape[:2], side=model.config.crop_side, hd_num=HD_NUM)
            crops = divider.crops(divider.padded(pixels, division), division)
            return model.vision(crops, division.rows, division.cols)

    def ask(query: str, answer: list[int], name: str) -> list[Tensor]:
        following, states = iter(answer), list[Tensor]()

        def choose(state: Tensor) -> int:
            logits = model.lm_head(state).float()
            kept.setdefault("logits", logits)
            logits.argmax()
            return next(following)

        text = conversation(query)
        image = divider.divide(*pixels.shape[:2], side=model.config.crop_side, hd_num=HD_NUM)
        ids = prompt_ids(tokenizer, text, [image.tokens(model.config.tokens_side)])
        events = generate(
            reader, ids, look, choose, stops=(), seg=tokenizer.seg, max_new_tokens=len(answer), last_seg=True
        )
        with clock.of(f"{name}: first token"):
            while isinstance(next(events), Read):
                pass
        with clock.of(f"{name}: other tokens"):
            states += [event.state for event in events if isinstance(event, Grounded)]
        return states

    with torch.inference_mode():
        states = ask(QUERY, forced, "first")
        with clock.of("sam"):
            features = model.segmenter.look(model.segmenter.prepare(pixels))
        with clock.of("masks"):
            model.segmenter(features, model.text_hidden_fcs(torch.stack(states)))
        ask(SECOND, forced[:SECOND_TOKENS], "second")
    check_logits(kept["logits"], results["first_step_logits_sample"], 1e-4 if dtype == "float32" else 0.2)
    return clock.seconds, peak() - loaded


def forced_tokens(seg: int) -> list[int]:
    """64 tokens with two [SEG], none at the end."""
    tokens = [300 + index for index in range(TOKENS)]
    tokens[TOKENS // 3] = tokens[2 * TOKENS // 3] = seg
    return tokens


def check_logits(ours: Tensor, recorded: list[float], tolerance: float) -> None:
    difference = float((ours[: len(recorded)] - torch.tensor(recorded)).abs().max())
    print(f"first logits differ from the recorded ones by {difference:.1e} at most (allowed {tolerance:.0e})")
    if not difference <= tolerance:
        sys.exit("the model computes something else; the times mean nothing")


def reset_peak() -> float:
    """Begins a new peak of memory (Linux); the memory in use now, in MiB."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def peak() -> float:
    """Peak of memory since ``reset_peak``, in MiB."""
    return _status("VmHWM")


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / MIB for line in lines if line.startswith(name))


def report(spent: dict[str, float], over_weights: float, results: dict[str, Any]) -> None:
    """Ours beside the recorded."""
    entries = {key: entry for key, entry in results["cpu_time_rerun"].items() if isinstance(entry, dict)}
    cpu = {key: float(entry["cpu_s"]) for key, entry in entries.items()}
    step = (cpu["one_uncached_step_0"] + cpu["one_uncached_step_1"]) / 2
    first, second = spent["first: first token"], spent["second: first token"]
    asked = results["first_question"]
    memory = asked["peak_rss_MiB"] - asked["rss_before_MiB"]
    rows = [
        ("picture to image tokens", spent["encode"], cpu["encode_image_clip_and_projector"], "CPU s"),
        ("first token", first, cpu["encode_image_clip_and_projector"] + step, "CPU s"),
        ("each token after it", spent["first: other tokens"] / (TOKENS - 1), step, "CPU s"),
        ("SAM 2 features", spent["sam"], cpu["sam2_hiera_tiny_encode"], "CPU s"),
        ("two masks", spent["masks"], None, "CPU s"),
        ("second question: first token", second, cpu["encode_image_again"] + step, "CPU s"),
        ("peak memory over the weights", over_weights, memory, "MiB"),
    ]
    print(f"{'':32}{'ours':>10}{'published':>12}{'times':>9}")
    for name, ours, published, unit in rows:
        theirs = f"{published:12.2f}{published / ours:9.1f}" if published is not None else f"{'-':>12}{'':9}"
        print(f"{name:32}{ours:10.3f}{theirs}  {unit}")
    print(f"second question: its first token costs 1/{first / second:.0f} of the first one's")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n\n")[0])
    parser.add_argument("recorded", type=Path, help="the folder bench_medium")
    parser.add_argument("--threads", type=int, default=1, help="of torch (default 1)")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    args = parser.parse_args()
    results = json.loads((args.recorded / "results.json").read_text())
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_checkpoint(args.recorded, folder, results)
        # In a process of its own, which has not held the weights before: its memory is that of the workload alone.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            job = process.submit(run, folder, args.recorded / "example1.png", results, args.dtype, args.threads)
            report(*job.result(), results)


if __name__ == "__main__":
    main()
