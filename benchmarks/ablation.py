"""What the parts of GeoPix bring: with and without memory, one scale and two, one training stage and two.

Run: ``python benchmarks/ablation.py --data FOLDER --out runs.jsonl [--steps 600] [--seeds 0 1 2] [--variants ...]``

Every variant is a small GeoPix of the published architecture (no class maps) on the ImageNet backbone, trained from
scratch for the same number of steps.  At a given seed and step all variants see the same crops and conversations, and
all are measured on the same crops of ``val``, with the answer given (teacher forcing): mean IoU over classes of the
masks of what is there, and text loss.  Finished runs stand in ``--out``, one JSON object a line, and are not run again.

- ``full``: memory, two scales, two stages (a quarter of the steps for language on frozen features, then all together).
- ``no-memory``: ``clm="released"``; the memory module is a scaled layer norm.
- ``one-scale``: one mask level, which all six segmentation tokens speak of.
- ``one-stage``: everything is trained together from the first step on.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn

from geopix_model.blocks.efficientnet_weights import load_imagenet
from geopix_model.blocks.layers import resize
from geopix_model.data.batches import collate
from geopix_model.data.conversations import Example, generate
from geopix_model.data.crops import Crop, CropSource
from geopix_model.data.imagery import Labelled, read
from geopix_model.data.label_sets import NAMES
from geopix_model.geopix.config import GeoPixConfig, TextConfig
from geopix_model.geopix.model import GeoPix
from geopix_model.nano.prompts import SEG, token_id
from geopix_model.registry import NANO
from geopix_model.train import losses
from geopix_model.train.loop import MEMORY_FROM, set_rates
from geopix_model.train.nano_cli import imagenet_weights
from geopix_model.train.stages import StepSize, TokenBank, look, mask_step, read_text, seg_states
from geopix_model.train.state import LANGUAGE_STAGE, MASK_STAGE, Average, optimizer

LANGUAGE_SHARE = 0.25  # of the steps of a run in two stages
BANK_CROPS, BANK_CONVERSATIONS = 300, 24


@dataclass(frozen=True)
class Variant:
    """What is left out."""

    memory: bool = True
    scales: int = 2
    stages: int = 2


VARIANTS = {
    "full": Variant(),
    "no-memory": Variant(memory=False),
    "one-scale": Variant(scales=1),
    "one-stage": Variant(stages=1),
}


@dataclass(frozen=True)
class Setting:
    """What all runs share; a line of ``--out`` counts only for its own setting."""

    steps: int
    crops: int
    val_crops: int
    memory_from: float
    image_size: int


@dataclass(frozen=True)
class Run:
    """The figures of one run: ``iou`` is the mean over classes, ``text`` the loss of the answers."""

    variant: str
    seed: int
    iou: float
    text: float
    seconds: float
    by_class: dict[str, float]


def build(variant: Variant, seed: int, setting: Setting, tokenizer: Tokenizer) -> GeoPix:
    """A fresh model; what is built before the parts that differ starts from the same weights at a given seed."""
    config = GeoPixConfig(
        image_size=setting.image_size,
        levels=variant.scales,
        seg_tokens=len(SEG) // variant.scales,
        clm="paper" if variant.memory else "released",
        text=TextConfig(vocab=tokenizer.get_vocab_size()),
        class_names=NAMES,
    )
    torch.manual_seed(seed)
    model = GeoPix(config)
    load_imagenet(model.vision.backbone, imagenet_weights())
    model.vision.backbone.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


def train(
    name: str, seed: int, setting: Setting, source: CropSource, tokenizer: Tokenizer, device: torch.device
) -> GeoPix:
    """The averaged model after all steps."""
    variant = VARIANTS[name]
    model = build(variant, seed, setting, tokenizer).to(device)
    head = nn.Linear(variant.scales * model.config.width, model.config.memory.classes).to(device)
    alone = round(LANGUAGE_SHARE * setting.steps) if variant.stages == 2 else 0
    bank = TokenBank(model, source, random.Random(f"bank {seed}"), BANK_CROPS, device) if alone else None
    average = Average(model)
    for begin, end, rates in ((0, alone, LANGUAGE_STAGE), (alone, setting.steps, MASK_STAGE)):
        adam = optimizer(model, rates, head)
        for step in range(begin, end):
            used = (step - begin) / (end - begin)
            rng = random.Random(f"{seed} {step}")
            torch.manual_seed(rng.getrandbits(62))
            set_rates(adam, used)
            if bank is not None and step < alone:
                loss, report = bank.step(model, tokenizer, head, rng, BANK_CONVERSATIONS)
            else:
                crops, size = [source.draw(rng) for _ in range(setting.crops)], StepSize(crops=setting.crops)
                loss, report = mask_step(model, tokenizer, head, crops, rng, size, used >= setting.memory_from)
            adam.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_([p for group in adam.param_groups for p in group["params"]], 1.0)
            adam.step()
            average.update(model)
            if step % 50 == 0:
                print(f"  {name} {seed} step {step}", *(f"{k} {v:.3f}" for k, v in report.items()), flush=True)
    return average.model


@torch.no_grad()
def measure(
    model: GeoPix, source: CropSource, count: int, tokenizer: Tokenizer, device: torch.device
) -> tuple[dict[str, float], float]:
    """Mean IoU by class, and text loss, on ``count`` crops that are the same for every model."""
    ious, texts = defaultdict[str, list[float]](list), list[float]()
    for number in range(count):
        rng = random.Random(f"val {number}")
        torch.manual_seed(number)
        crop = source.draw(rng)
        there = sorted(c for c, state in crop.known.items() if state == "present")
        spoken = [naming(rng, class_id) for class_id in there]
        texts.append(text_loss(model, crop, generate(rng, crop.known, count=crop.share), tokenizer, device))
        if there:
            for class_id, value in zip(there, crop_ious(model, crop, spoken, tokenizer, device), strict=True):
                ious[NAMES[class_id]].append(value)
    return {name: statistics.fmean(values) for name, values in sorted(ious.items())}, statistics.fmean(texts)


def naming(rng: random.Random, class_id: int) -> Example:
    """A conversation that grounds one class and nothing else."""
    while True:
        example = generate(rng, {class_id: "present"})
        if example.targets == (class_id,):
            return example


def text_loss(model: GeoPix, crop: Crop, example: Example, tokenizer: Tokenizer, device: torch.device) -> float:
    """Mean loss of the tokens of one answer."""
    batch = collate(tokenizer, [[(example, True)]]).to(device)
    states = read_text(model, batch, look(model, [crop], device).tokens, token_id(tokenizer, "<image>"))
    return losses.text_loss(model.logits(states), batch.labels).item()


def crop_ious(
    model: GeoPix, crop: Crop, spoken: Sequence[Example], tokenizer: Tokenizer, device: torch.device
) -> list[float]:
    """IoU of the mask of each conversation's one class."""
    batch = collate(tokenizer, [[(example, True) for example in spoken]]).to(device)
    features = look(model, [crop], device)
    states = read_text(model, batch, features.tokens, token_id(tokenizer, "<image>"))
    every = torch.arange(len(batch.rows), device=device)
    found = model.masks(features.at(batch.crop), seg_states(model, batch, states, every), batch.classes)
    result = []
    for logits, class_id in zip(found.logits, batch.classes.tolist(), strict=True):
        truth, weight = (x.to(device).bool() for x in crop.target(class_id))
        mask = (resize(logits[None, None], truth.shape)[0, 0] > 0) & weight
        union = (mask | (truth & weight)).sum().item()
        result.append((mask & truth).sum().item() / union if union else 0.0)
    return result


def table(runs: Sequence[Run]) -> str:
    """Means and standard deviations over seeds, and the difference to ``full`` seed by seed, as Markdown."""
    lines = ["| variant | seeds | mean IoU | against full | text loss | minutes |", "|---|---|---|---|---|---|"]
    full = {run.seed: run.iou for run in runs if run.variant == "full"}
    for name in VARIANTS:
        own = [run for run in runs if run.variant == name]
        if own:
            pairs = [run.iou - full[run.seed] for run in own if run.seed in full and name != "full"]
            lines.append(
                f"| {name} | {len(own)} | {spread([r.iou for r in own])} | {spread(pairs, sign='+')} | "
                f"{spread([r.text for r in own])} | {statistics.fmean(r.seconds for r in own) / 60:.1f} |"
            )
    return "\n".join(lines)


def spread(values: Sequence[float], sign: str = "") -> str:
    """Mean, and standard deviation where there is more than one value."""
    if not values:
        return ""
    deviation = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):{sign}.3f}{deviation}"


def finished(path: Path, setting: Setting) -> list[Run]:
    """The runs of a file that were made with this setting."""
    if not path.is_file():
        return []
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return [Run(**line["run"]) for line in lines if line["setting"] == asdict(setting)]


def ablate(
    train_images: Sequence[Labelled], val_images: Sequence[Labelled], setting: Setting, args: argparse.Namespace
) -> list[Run]:
    """All runs that are not in the file yet; each is written there as soon as it is done."""
    tokenizer = Tokenizer.from_file(str(NANO.folder / "tokenizer.json"))
    source, val = (CropSource(images, setting.image_size) for images in (train_images, val_images))
    runs, device = finished(args.out, setting), torch.device(args.device)
    for seed in args.seeds:
        for name in args.variants:
            if any((run.variant, run.seed) == (name, seed) for run in runs):
                continue
            began = time.monotonic()
            model = train(name, seed, setting, source, tokenizer, device)
            seconds = time.monotonic() - began
            by_class, text = measure(model, val, setting.val_crops, tokenizer, device)
            run = Run(name, seed, statistics.fmean(by_class.values()), text, round(seconds, 1), by_class)
            runs.append(run)
            with args.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"setting": asdict(setting), "run": asdict(run)}) + "\n")
            print(f"{name} seed {seed}: mean IoU {run.iou:.3f}, text {text:.3f}, {seconds:.0f} s", flush=True)
    return runs


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the labelled image sets")
    parser.add_argument("--out", type=Path, required=True, help="file of finished runs, one JSON object a line")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--crops", type=int, default=4, help="crops in one step")
    parser.add_argument("--val-crops", type=int, default=150)
    parser.add_argument("--memory-from", type=float, default=MEMORY_FROM, help="share of mask steps before the memory")
    parser.add_argument("--image-size", type=int, default=384)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args(argv)
    setting = Setting(args.steps, args.crops, args.val_crops, args.memory_from, args.image_size)
    images = [list(read(args.data, split)) for split in ("train", "val")]
    if not all(images):
        raise SystemExit(f"{args.data} holds no labelled image set with train and val; expected folders such as nwpu")
    print(table(ablate(images[0], images[1], setting, args)))


if __name__ == "__main__":
    main()
