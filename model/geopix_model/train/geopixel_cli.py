"""``geopix train --model geopixel``: fine-tunes a GeoPixel checkpoint on grounded conversations.

The data are a folder of JSON files, each a list of samples:

  {"image": "harbor.png",
   "conversations": [{"from": "user", "value": "Outline the ships."},
                     {"from": "assistant", "value": "Here is <p> a ship </p> [SEG]."}],
   "polygons": [[[[10, 20], [90, 20], [90, 60]]]]}

with a list of polygons for each [SEG], or with "segmentation", a list of COCO run lengths, instead of "polygons".
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from ..device import resolve_device
from ..errors import DataError
from ..geopixel.divider import HD_NUM
from ..geopixel.loading import load
from . import geopixel_data
from .geopixel_loop import Plan, Trainer
from .geopixel_parts import Lora
from .geopixel_samples import Samples


def main(argv: Sequence[str]) -> int:
    """Entry point; 0 on success."""
    args = _parser().parse_args(argv)
    plan = _plan(args)
    if plan.folder.resolve() == args.weights.resolve():
        raise DataError("--out is the folder of --weights; choose another one, the weights are never written over")
    if plan.folder.exists() and not plan.folder.is_dir():
        raise DataError(f"--out {plan.folder} is a file, expected a folder or a new name")
    if not args.resume and (plan.folder.exists() and any(plan.folder.iterdir())):
        raise DataError(f"{plan.folder} is not empty; add --resume to go on with its run, or choose another --out")
    entries = geopixel_data.read(args.data)
    print(f"{len(entries)} samples, {sum(len(entry.polygons or entry.runs) for entry in entries)} masks", flush=True)
    dtype = torch.bfloat16 if plan.half else torch.float32
    model, tokenizer = load(args.weights, resolve_device(args.device), dtype)
    # What is trained anew has no reason to round the features that masks are made from.
    model.segmenter.round_features &= args.compat == "published"
    samples = Samples(entries, tokenizer, model.config, args.hd_num, args.compat)
    trainer = Trainer(model, samples, tokenizer.seg, args.weights, plan)
    if args.resume:
        trainer.resume()
    count = sum(value.numel() for value in trainer.trained.values())
    print(f"{count:,} parameters are trained, from step {trainer.step}", flush=True)
    trainer.run(lambda line: print(line, flush=True))
    print(f"wrote {trainer.result}")
    return 0


def _plan(args: argparse.Namespace) -> Plan:
    plan = Plan(args.out, args.steps, args.lr, args.warmup, args.batch, args.accumulate, args.save_every, args.seed)
    lora = Lora(args.rank, args.alpha, args.dropout)
    return replace(plan, checkpointing=not args.no_checkpointing, half=args.dtype == "bfloat16", lora=lora)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="geopix train --model geopixel",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--weights", type=Path, required=True, help="checkpoint folder to start from")
    parser.add_argument("--data", type=Path, required=True, help="folder with JSON files of samples")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run; the result is its folder 'model'")
    parser.add_argument("--resume", action="store_true", help="go on where --out stopped")
    parser.add_argument("--steps", type=_natural, default=1000, help="steps of the optimizer (default 1000)")
    parser.add_argument("--lr", type=_positive, default=3e-4, help="highest learning rate (default 3e-4)")
    parser.add_argument(
        "--warmup", type=int, default=100, help="steps of warm-up, a tenth of all at most (default 100)"
    )
    parser.add_argument("--batch", type=_natural, default=2, help="samples in one pass (default 2)")
    parser.add_argument("--accumulate", type=_natural, default=10, help="passes in one step (default 10)")
    parser.add_argument("--save-every", type=_natural, default=100, help="steps between resume files (default 100)")
    parser.add_argument("--hd-num", type=_natural, default=HD_NUM, help="crops that small pictures are enlarged to")
    parser.add_argument("--rank", type=_natural, default=8, help="of LoRA (default 8)")
    parser.add_argument("--alpha", type=_natural, default=16, help="of LoRA (default 16)")
    parser.add_argument("--dropout", type=_share, default=0.05, help="of LoRA (default 0.05)")
    parser.add_argument(
        "--compat",
        choices=("sane", "published"),
        default="sane",
        help="sane: pictures are divided and read as when a question is asked; published: as in released training",
    )
    parser.add_argument(
        "--dtype",
        choices=("float32", "bfloat16"),
        default="float32",
        help="of frozen weights, of the computation and of the result; bfloat16 takes half the memory",
    )
    parser.add_argument("--no-checkpointing", action="store_true", help="keep all activations: faster, more memory")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def _natural(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0 and 1")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not from 0 to below 1")
    return value
