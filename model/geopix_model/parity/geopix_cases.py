"""GeoPix against its goldens: every case and stage that ``golden/meta.json`` and its tensors record.

Tolerances are absolute and chosen for the scale of each stage; the final logits of the tiny checkpoint have a standard
deviation of 0.0055, so theirs is 1e-6.  Masks of a checkpoint with larger logits may differ by 1e-4 of their deviation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..blocks.layers import resize
from ..checkpoint_files import read_json
from ..generate import LibraryReader, decode
from ..geopix.published.boxes import parse
from ..geopix.published.levels import Level, summed
from ..geopix.published.loading import load
from ..geopix.published.model import Picture, PublishedGeoPix
from ..geopix.published.pixels import Frame, PixelReader, read_processor
from ..geopix.published.prompts import Vocabulary, conversation, read_vocabulary
from ..geopix.published.speech import Speech, Target
from ..geopix.published.vision import NECK_LAYERS, patches
from .geopix_memory import fact_rows, memory_rows
from .recorded import NOT_CHECKED, compare, equal, exact, picture_of, tensors_of
from .rows import Row

INPUTS = ("question", "image", "tensors")  # of a case: what is computed from, and a list of what has rows of its own
MASK_SHARE = 1e-4
MASK_PIXELS = 3  # of a mask may differ, where a logit lies next to zero
_LEVEL = {
    "before_memory.masks": 1e-5,
    "before_memory.iou": 1e-5,
    "after_memory.masks": 1e-5,
    "after_memory.iou": 1e-5,
    "clm_obj_masks": 5e-5,
    "clm_memory_encoder_out_unused": 5e-5,
    "clm_out": 5e-5,
}
TOLERANCES = {
    "input_ids": 0.0,
    "attention_mask": 0.0,
    "generated_ids": 0.0,
    "pixel_values": 2e-6,
    "vision_hidden_minus2_nocls": 5e-5,
    "vision_hidden_minus11_nocls": 5e-5,
    "projected_visual_tokens": 5e-5,
    "last_hidden_per_step": 1e-4,
    "step_logits": 1e-4,
    "seg_hidden": 1e-5,
    "seg_proj": 1e-5,
    "seg_fused": 1e-5,
    "sparse": 1e-5,
    "dense_1x1": 1e-5,
    "image_pe": 1e-5,
    "image_neck_rough.out": 5e-5,
    "image_neck_detail.out": 5e-5,
    "final_mask_logits": 1e-6,
    "final_mask_logits_original_size": 1e-6,
}


@dataclass(frozen=True)
class _Setting:
    """What all cases share."""

    folder: Path
    model: PublishedGeoPix
    vocabulary: Vocabulary
    reader: PixelReader

    def tolerances(self, recorded: Mapping[str, Tensor]) -> dict[str, float]:
        """By stage; those of masks grow with the scale of what was recorded."""
        levels = range(self.model.sizes.masks.levels)
        stated = TOLERANCES | {f"level{n}.{stage}": value for n in levels for stage, value in _LEVEL.items()}
        masks = [name for name in recorded if name.startswith("final_mask") or name.endswith("_memory.masks")]
        grown = {name: max(stated.get(name, 0.0), MASK_SHARE * float(recorded[name].std())) for name in masks}
        return stated | grown


@torch.inference_mode()
def rows(folder: Path) -> Iterator[Row]:
    """All rows of a folder with a GeoPix checkpoint and its goldens, in float32 on the CPU.

    Raises:
        CheckpointError: If the checkpoint or a golden file cannot be read.
    """
    # The memory encoder is recorded too; it is idle in released mode, so the model has it from paper mode's weights.
    model = load(folder, clm="paper")
    model.clm.mode = "released"
    masks = model.sizes.masks
    setting = _Setting(
        folder,
        model,
        read_vocabulary(folder, masks.levels * masks.seg_tokens),
        read_processor(folder, model.sizes.image_side),
    )
    meta = read_json(folder / "golden" / "meta.json")
    cases: Mapping[str, Mapping[str, Any]] = meta.get("cases", {})
    for name, case in cases.items():
        yield from _case(setting, name, case)
    if "seg_token_ids" in meta:
        yield equal("meta", "seg_token_ids", list(setting.vocabulary.segmentation), meta["seg_token_ids"])
    yield from memory_rows(folder, model)
    yield from fact_rows(folder, model, {k: v for k, v in meta.items() if k not in ("cases", "seg_token_ids")})
    for path in sorted((folder / "golden").glob("*.safetensors")):
        if path.stem not in cases and path.stem != "clm":
            yield Row(path.stem, path.name, math.inf, 0.0, NOT_CHECKED)


def _case(setting: _Setting, name: str, case: Mapping[str, Any]) -> Iterator[Row]:
    recorded = tensors_of(setting.folder / "golden" / f"{name}.safetensors")
    run = _Run(setting, case, picture_of(setting.folder / "images" / str(case.get("image"))))
    yield from compare(name, recorded, run.tensors, setting.tolerances(recorded))
    for key, value in case.items():
        if key in run.facts:
            yield run.facts[key](name, key, value)
        elif key not in INPUTS:
            yield Row(name, key, math.inf, 0.0, NOT_CHECKED)
    missing = [key for key in case.get("tensors", {}) if key not in recorded]
    yield from (Row(name, key, math.inf, 0.0, "listed in meta.json, but not in the file") for key in missing)


class _Run:
    """One case computed anew: ``tensors`` by recorded name, ``facts`` as checks by the keys of ``meta.json``."""

    def __init__(self, setting: _Setting, case: Mapping[str, Any], image: NDArray[np.uint8]) -> None:
        self._setting, self._case, self._image = setting, case, image
        model, vocabulary = setting.model, setting.vocabulary
        prompt = conversation(str(case["question"]), (), vocabulary)
        ids = vocabulary.encode(prompt, model.sizes.grid**2)
        pixels, frame = setting.reader.read(image, "released")
        picture = model.look(pixels)
        seen = patches(model.vision, pixels, model.sizes.token_layer)
        said, states = self._answer(ids, picture)
        groups = _groups(vocabulary, said)
        rough, detail = picture.levels.features
        self.tensors: dict[str, Tensor] = {
            "input_ids": exact(ids),
            "attention_mask": torch.ones(len(ids), dtype=torch.int64),
            "generated_ids": exact(self._spoken(said)),
            "pixel_values": pixels,
            "vision_hidden_minus2_nocls": seen.levels[0],
            "vision_hidden_minus11_nocls": seen.levels[1],
            "projected_visual_tokens": picture.tokens,
            "last_hidden_per_step": states,
            "step_logits": model.logits(states),
            "image_pe": picture.levels.grid_pe,
            "image_neck_rough.out": rough,
            "image_neck_detail.out": detail,
        }
        masks: Tensor | None = None
        if groups:
            self.tensors |= _targets(model, picture, states[exact(groups)], frame)
            masks = self.tensors["final_mask_logits_original_size"] > 0
        self.facts = self._facts(prompt, ids, said, groups, masks)

    def _answer(self, ids: list[int], picture: Picture) -> tuple[list[int], Tensor]:
        """Ids of the answer, and the state (H,) that predicted each; a forced answer is read token by token."""
        model, states = self._setting.model, list[Tensor]()
        forced = self._case["generated_ids"] if self._case.get("forced_answer") is not None else None

        def choose(state: Tensor) -> int:
            states.append(state)
            return int(model.logits(state).argmax()) if forced is None else int(forced[len(states) - 1])

        embeddings = model.embed(exact([ids]), picture.tokens, self._setting.vocabulary.image)
        steps = decode(LibraryReader(model.language), embeddings, choose, -1, len(self._case["generated_ids"]))
        said = [token for token, _ in steps]
        return said, torch.stack(states)

    def _spoken(self, said: list[int]) -> list[int]:
        """The ids of the answer as our tokenizer gives them for a forced one, else as the model has chosen them."""
        forced = self._case.get("forced_answer")
        if forced is None:
            return said
        ids: list[int] = self._setting.vocabulary.tokenizer.encode(forced, add_special_tokens=False).ids
        stops = [token for token in said[len(ids) :] if token in self._setting.vocabulary.stops]
        return ids + stops

    def _facts(
        self, prompt: str, ids: list[int], said: list[int], groups: list[list[int]], masks: Tensor | None
    ) -> dict[str, Callable[[str, str, Any], Row]]:
        model, vocabulary = self._setting.model, self._setting.vocabulary
        text = vocabulary.decode(said)
        height, width = self._image.shape[:2]
        boxes = parse(text)
        ours: dict[str, Any] = {
            "prompt": prompt,
            "output_text": text,
            "generated_ids": self._spoken(said),
            "num_image_tokens": ids.count(vocabulary.image),
            "prompt_len": len(ids),
            "n_hidden_steps": len(said),
            "step0_hidden_shape": [1, len(ids), model.sizes.text.hidden_size],
            "seg_positions_in_generated": groups,
            "image_neck_rough_is_fed_with": f"hidden_states[{NECK_LAYERS[0]}]",
            "boxes_percent": [list(box.released) for box in boxes],
            "boxes_pixels": [list(box.released_pixels(width, height)) for box in boxes],
            "forced_answer": None if self._case.get("forced_answer") is None else text,
        }
        checks = {key: _equals(value) for key, value in ours.items()}
        counted = [] if masks is None else masks.sum((1, 2)).tolist()
        return checks | {"mask_pixels": lambda name, key, value: _pixels(name, key, counted, value)}


def _equals(ours: Any) -> Callable[[str, str, Any], Row]:
    return lambda name, key, value: equal(name, key, ours, value)


def _pixels(name: str, key: str, ours: list[int], recorded: list[int]) -> Row:
    if len(ours) != len(recorded):
        return equal(name, key, ours, recorded)
    return Row(name, key, max((abs(a - b) for a, b in zip(ours, recorded, strict=True)), default=0), MASK_PIXELS)


def _groups(vocabulary: Vocabulary, said: list[int]) -> list[list[int]]:
    """Positions in the answer of each complete run of segmentation tokens."""
    speech, found = Speech(vocabulary), []
    for position, token in enumerate(said):
        found += speech.feed(token, exact(position))
    targets = [item for item in [*found, *speech.finish()] if isinstance(item, Target)]
    return [[int(state) for state in target.states] for target in targets]


def _targets(model: PublishedGeoPix, picture: Picture, states: Tensor, frame: Frame) -> dict[str, Tensor]:
    """All stages from the states (N, levels * tokens, H) of N targets to their masks."""
    count = len(states)
    sparse = model.prompts(states)
    classes = exact([model.clm.classes - 1] * count)  # the released code's constant
    levels = model.levels(picture, sparse, classes, first_pass=True)
    final = summed(levels, model.multiscale_scalar, model.mask_side)
    found = {
        "seg_hidden": states,
        "seg_proj": model.codebook.text_hidden_fcs(states),
        "seg_fused": sparse,
        "sparse": sparse,
        "dense_1x1": picture.levels.dense.expand(count, -1, -1, -1),
        "final_mask_logits": final,
        "final_mask_logits_original_size": frame.place(final),
    }
    for number, (level, feature) in enumerate(zip(levels, picture.levels.features, strict=True)):
        found |= {f"level{number}.{key}": value for key, value in _level(model, level, feature).items()}
    return found


def _level(model: PublishedGeoPix, level: Level, feature: Tensor) -> dict[str, Tensor]:
    found = {
        "after_memory.masks": level.mask,
        "after_memory.iou": level.confidence[:, None],
        "clm_out": level.refined,
    }
    if level.first is not None and level.first_confidence is not None:
        objects = resize(level.first, (model.mask_side, model.mask_side))
        wide = feature.expand(len(objects), -1, -1, -1)
        found |= {
            "before_memory.masks": level.first,
            "before_memory.iou": level.first_confidence[:, None],
            "clm_obj_masks": objects,
            "clm_memory_encoder_out_unused": model.clm.memory_encoder(wide, objects),
        }
    return found
