"""Every GeoPixel case of a golden folder: division of pictures, prompts, whole answers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import GoldenError
from ..geopixel import divider, prompt
from ..geopixel.config import GeoPixelConfig
from ..geopixel.generation import embedded
from ..geopixel.loading import load
from ..geopixel.model import GeoPixel
from ..geopixel.tokenizer import Tokenizer
from . import geopixel_training
from .geopixel_answers import answer_rows, half_precision_rows, look
from .golden_files import Recorded, equal, field, not_checked, read_meta
from .pictures import picture
from .rows import Row

_CASE = re.compile(r"(.+)_hd(\d+)")
# What the goldens' meta.json may hold, and which file of tensors belongs to it.
_SECTIONS = {"partition", "partition_train", "prompts", "evaluate", "forced_answer"}
_HALF = "_bfloat16"


def rows(folder: Path) -> Iterator[Row]:
    """See ``geopix_model.parity.__main__.rows``."""
    goldens = folder / "golden"
    meta = read_meta(goldens / "meta.json")
    for name in _SECTIONS & set(meta):
        if not isinstance(meta[name], dict) or not all(isinstance(case, dict) for case in _cases(meta, name)):
            raise GoldenError(f"{name!r} of meta.json in {goldens} holds no cases by name; copy the folder anew")
    model, tokenizer = load(folder, dtype=torch.float32)
    files = {path.stem for path in goldens.glob("*.safetensors")}
    with torch.inference_mode():
        if "partition" in meta or "partition_train" in meta:
            yield from _partition(folder, meta, model.config)
        if "forced_answer" in meta:
            forced = meta["forced_answer"]
            yield equal("forced_answer", "ids", tokenizer.encode(forced["text"]), forced["ids"])
        if "prompts" in meta:
            yield from _prompts(folder, model, tokenizer, meta["prompts"])
        for name, case in meta.get("evaluate", {}).items():
            recorded = Recorded(name, goldens / f"evaluate_{name}.safetensors")
            yield from answer_rows(model, tokenizer, folder, case, recorded)
        yield from _half_precision(folder, meta, files)
    yield from geopixel_training.rows(folder)
    covered = {"partition", "prompts"} | {f"evaluate_{name}" for name in meta.get("evaluate", {})}
    covered |= {
        name for name in files if name.startswith("evaluate_") and name.endswith(_HALF)
    } | geopixel_training.cases(folder)
    for name in sorted(files - covered):
        yield not_checked(name, "all tensors")
    for name in sorted(set(meta) - _SECTIONS):
        yield not_checked("meta.json", name)


def _cases(meta: Mapping[str, Any], section: str) -> list[Any]:
    return [meta[section]] if section == "forced_answer" else list(meta[section].values())


def _partition(folder: Path, meta: Mapping[str, Any], config: GeoPixelConfig) -> Iterator[Row]:
    recorded = Recorded("partition", folder / "golden" / "partition.safetensors")
    cases = [(name, case, False) for name, case in meta.get("partition", {}).items()]
    cases += [(name, case, True) for name, case in meta.get("partition_train", {}).items()]
    seen = set()
    for name, case, training in cases:
        match = _CASE.fullmatch(name)
        if match is None:
            raise GoldenError(f"the case {name!r} of meta.json is not named <picture>_hd<number>")
        recorded.case = f"{'train.' if training else ''}{name}"
        pixels = picture(folder, match[1])
        height, width, _ = pixels.shape
        division = divider.divide(height, width, config.crop_side, int(match[2]), training=training)
        padded = divider.padded(pixels, division)
        yield from _division_fields(recorded.case, case, division, padded.shape, config.tokens_side)
        digest = hashlib.sha256(padded.tobytes()).hexdigest()
        yield equal(recorded.case, "padded_uint8_sha256", digest, field(case, "padded_uint8_sha256", name))
        ours: dict[str, Tensor] = {"padded_uint8": torch.from_numpy(padded)}
        if not training:
            ours["crops"] = divider.crops(padded, division)
            yield _moments(recorded.case, case, ours["crops"])
        prefix = f"{recorded.case}."
        seen |= {key for key in recorded if key.startswith(prefix)}
        yield from recorded.rows(ours, {"padded_uint8": 0.0, "crops": 1e-5}, prefix)
    for key in recorded:
        if key not in seen:
            yield not_checked("partition", key)


def _division_fields(
    case: str, recorded: Mapping[str, Any], division: divider.Division, shape: tuple[int, ...], tokens_side: int
) -> Iterator[Row]:
    ours = {
        "grid_rows": division.rows,
        "grid_cols": division.cols,
        "num_crops": division.crops,
        "visual_tokens": division.tokens(tokens_side),
        "padded_wh": [shape[1], shape[0]],
    }
    unread = {"hd_num", "input_wh", "crop_order", "crop_mean", "crop_std", "padded_uint8_sha256"}
    for name, value in recorded.items():
        if name in ours:
            yield equal(case, name, ours[name], value)
        elif name not in unread:
            yield not_checked(case, name)


def _moments(case: str, recorded: Mapping[str, Any], crops: Tensor) -> Row:
    """Mean and standard deviation of each crop, recorded to seven digits."""
    ours = torch.stack([crops.double().mean((1, 2, 3)), crops.double().std((1, 2, 3))])
    golden = torch.tensor([field(recorded, "crop_mean", case), field(recorded, "crop_std", case)])
    if golden.shape != ours.shape:
        return Row(case, "crop_mean, crop_std", float("nan"), 1e-5, "another number of crops")
    return Row(case, "crop_mean, crop_std", float((ours - golden).abs().max()), 1e-5)


def _prompts(folder: Path, model: GeoPixel, tokenizer: Tokenizer, cases: Mapping[str, Any]) -> Iterator[Row]:
    recorded = Recorded("prompts", folder / "golden" / "prompts.safetensors")
    for name, case in cases.items():
        recorded.case = f"prompts.{name}"
        images = [picture(folder, image) for image in field(case, "images", name)]
        hd_num = field(case, "hd_num", name) if len(images) < 2 else prompt.SEVERAL_IMAGES_HD
        tokens = [look(model, pixels, hd_num).tokens for pixels in images]
        history = [(question, answer) for question, answer in case.get("history", [])]
        text = prompt.conversation(field(case, "query", name), history, case.get("meta_instruction", ""))
        parts = [part for i, part in enumerate(prompt.text_parts(text, len(images))) if part or i == 0]
        ours = [{"text": part, "ids": tokenizer.encode(part, bos=i == 0)} for i, part in enumerate(parts)]
        yield equal(recorded.case, "text_parts", ours, field(case, "text_parts", name))
        ids = prompt.prompt_ids(tokenizer, text, [len(part) for part in tokens], model.config.max_length)
        mask = torch.tensor(ids) == prompt.IMAGE
        yield equal(recorded.case, "total_len", len(ids), field(case, "total_len", name))
        yield equal(recorded.case, "image_positions", int(mask.sum()), field(case, "image_positions", name))
        embeddings = embedded(model, ids, torch.cat(tokens) if tokens else None)
        stages = {"im_mask": mask, "inputs_embeds": embeddings}
        yield from recorded.rows(stages, {"im_mask": 0.0, "inputs_embeds": 1e-5}, f"{name}.")
    for key in recorded:
        if key.split(".")[0] not in cases:
            yield not_checked("prompts", key)


def _half_precision(folder: Path, meta: Mapping[str, Any], files: set[str]) -> Iterator[Row]:
    names = sorted(name for name in files if name.startswith("evaluate_") and name.endswith(_HALF))
    if not names:
        return
    model, tokenizer = load(folder, dtype=torch.bfloat16)
    spread_file = folder / "golden" / "meta_bfloat16.json"
    spread = read_meta(spread_file) if spread_file.is_file() else {}
    for name in names:
        case = name.removeprefix("evaluate_").removesuffix(_HALF)
        if case not in meta.get("evaluate", {}):
            yield not_checked(name, "all tensors")
            continue
        recorded = Recorded(case + _HALF, folder / "golden" / f"{name}.safetensors")
        single = Recorded(case, folder / "golden" / f"evaluate_{case}.safetensors")
        yield from half_precision_rows(model, tokenizer, folder, meta["evaluate"][case], recorded, single, spread)
