"""Memory, error and CPU seconds of small weights, and whether the embedded model answers with them as before.

Run: ``python benchmarks/quantize.py [IMAGE ...] [--shape 4096 4096] [--repeat 5]``

The first table is one linear layer with normal weights.  With images (aerial pictures of 0.2 to 1.2 m per pixel, cut to
384 x 384), the decoder of the embedded model is quantized and asked the same questions.  CPU seconds are
``process_time`` medians; run with OMP_NUM_THREADS=1 on a busy machine.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from geopix_model import registry
from geopix_model.nano.nano_predictor import NanoPredictor
from geopix_model.predictor import Mask, Text
from geopix_model.quantize import Form, QuantizedLinear, quantize_linears

FORMS: tuple[Form, ...] = ("int8", "nf4")
QUESTIONS = ("segment the buildings and the vehicles", "Describe the image")
WINDOW = 384
ROWS = (1, 16, 512)  # a decoded token; a short question; a piece of a prompt


def cpu_ms(work: Callable[[], object], repeat: int) -> float:
    """Median CPU milliseconds, the first run left out."""
    work()
    times = []
    for _ in range(repeat):
        began = time.process_time()
        work()
        times.append((time.process_time() - began) * 1e3)
    return statistics.median(times)


def one_layer(out: int, inner: int, repeat: int) -> None:
    """Prints a line for each type and form."""
    torch.manual_seed(0)
    weight = torch.randn(out, inner) * 0.02
    print(f"{'':<14}{'MiB':>8}{'error':>9}{'pack ms':>9}" + "".join(f"{f'{rows} rows':>10}" for rows in ROWS))
    for dtype in (torch.float32, torch.bfloat16):
        name = str(dtype).removeprefix("torch.")
        large = weight.to(dtype)
        inputs = [torch.randn(rows, inner, dtype=dtype) for rows in ROWS]
        times = [cpu_ms(partial(F.linear, x, large), repeat) for x in inputs]
        print(f"{name:<14}{large.nbytes / 2**20:8.1f}{'':>18}" + "".join(f"{t:10.2f}" for t in times))
        for form in FORMS:
            small = QuantizedLinear.from_weight(large, None, form)
            packing = cpu_ms(partial(QuantizedLinear.from_weight, large, None, form), 1)
            error = float((small.dequantize() - weight).norm() / weight.norm())
            times = [cpu_ms(partial(small, x), repeat) for x in inputs]
            line = f"{f'{name} {form}':<14}{small.nbytes / 2**20:8.1f}{error:9.4f}{packing:9.0f}"
            print(line + "".join(f"{t:10.2f}" for t in times))


def answers(nano: NanoPredictor, images: list[np.ndarray]) -> list[tuple[str, list[np.ndarray]]]:
    """Text and masks of every question about every image."""
    found = []
    for image in images:
        for question in QUESTIONS:
            pieces = list(nano.answer(image, question))
            text = "".join(piece.text for piece in pieces if isinstance(piece, Text))
            found.append((text, [piece.logits > 0 for piece in pieces if isinstance(piece, Mask)]))
    return found


def trained_model(paths: list[Path]) -> None:
    """Prints how many answers stay, and how far their masks agree."""
    images = [np.array(Image.open(path).convert("RGB"))[:WINDOW, :WINDOW] for path in paths]
    before = answers(load(), images)
    for form in FORMS:
        nano = load()
        saving = quantize_linears(nano.model.language, form)
        pairs = list(zip(before, answers(nano, images), strict=True))
        same = [(a, b) for a, b in pairs if a[0] == b[0]]
        ious = [
            float((m & n).sum() / (m | n).sum()) if (m | n).any() else 1.0
            for (_, large), (_, small) in same
            for m, n in zip(large, small, strict=True)
        ]
        agreement = f"{statistics.mean(ious):.4f}, lowest {min(ious):.4f}" if ious else "none"
        print(
            f"{form}: {saving.before_bytes / 2**20:.2f} to {saving.after_bytes / 2**20:.2f} MiB; "
            f"{len(same)} of {len(pairs)} texts are the same; IoU of {len(ious)} masks {agreement}"
        )


def load() -> NanoPredictor:
    """The embedded model, fresh."""
    nano = registry.load("nano", "cpu")
    if not isinstance(nano, NanoPredictor):
        raise SystemExit("the model nano is not the embedded one")
    return nano


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", nargs="*", type=Path)
    parser.add_argument("--shape", type=int, nargs=2, default=[4096, 4096], metavar=("OUT", "IN"))
    parser.add_argument("--repeat", type=int, default=5)
    args = parser.parse_args()
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}, weights {args.shape[0]} x {args.shape[1]}")
    one_layer(*args.shape, args.repeat)
    if args.images:
        trained_model(args.images)


if __name__ == "__main__":
    main()
