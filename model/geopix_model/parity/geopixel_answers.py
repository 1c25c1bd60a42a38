"""Whole answers of GeoPixel: every stage from the crops to the masks of the original size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..geopixel import divider, prompt
from ..geopixel.generation import CachedReader, Grounded, Said, UncachedReader, embedded, generate
from ..geopixel.model import GeoPixel
from ..geopixel.segmenter import SamFeatures, enlarged
from ..geopixel.tokenizer import Tokenizer
from .golden_files import Recorded, difference, equal, field, not_checked, stage_of
from .pictures import picture
from .rows import Row

# Design tolerances, float32.  Equal: 0.
TOLERANCES = {
    **dict.fromkeys(("clip_last_hidden", "vit_out", "proj_out", "inputs_embeds"), 1e-5),
    **dict.fromkeys(("sam_input", "image_embed", "high_res_0", "high_res_1", "image_pe"), 1e-5),
    **dict.fromkeys(("final_hidden", "final_hidden_tail", "step_logits"), 1e-4),
    **dict.fromkeys(("seg_hidden", "seg_embed", "sparse", "dense_1x1"), 1e-4),
    **dict.fromkeys(("mask_logits_4", "iou_4", "obj_score", "stability_single"), 1e-4),
    **dict.fromkeys(("low_res_mask", "final_mask_logits"), 1e-4),
    **dict.fromkeys(("low_res_mask_no_bf16", "final_mask_logits_no_bf16"), 1e-4),
    **dict.fromkeys(("sequences", "im_mask", "final_mask_bits"), 0.0),
}
_SELECT = "_dynamic_multimask_via_stability"  # of transformers' mask decoder: from four masks to one
FLIPS_BELOW = 1e-5  # a pixel with a smaller logit may lie on either side
HALF_LOGITS, HALF_IOU = 0.15, 0.97
HALF_SPREAD = 4.0  # times the recorded distance of bfloat16 from float32: two runs round independently
HALF_SHARE = 0.1  # of the largest value, where that distance was not recorded
# Fields of a case that state its input, or that follow from what is compared.
_INPUT = {
    "query",
    "history",
    "meta_instruction",
    "image",
    "hd_num",
    "max_new_tokens",
    "forced",
    "hidden_lens",
    "first_sequence_id",
    "tensors",
}
_FOLLOWS = {"chosen", "has_masks", "bf16_vs_fp32_mask_disagree_px"}


@dataclass(frozen=True, eq=False)
class Look:
    """The vision stages of one picture: states of CLIP, merged patches, image tokens (T, H)."""

    patches: Tensor
    merged: Tensor
    tokens: Tensor


def look(model: GeoPixel, pixels: NDArray[np.uint8], hd_num: int) -> Look:
    """What the decoder reads of a picture, with what comes before."""
    height, width, _ = pixels.shape
    division = divider.divide(height, width, model.config.crop_side, hd_num)
    patches = model.vision.patches(divider.crops(divider.padded(pixels, division), division))
    merged = model.vision.assemble(patches, division.rows, division.cols)
    return Look(patches, merged, model.vision.projector(merged))


class Answer:
    """One recorded answer, computed again.

    Attributes:
        stages: What the model gives, by stage.
        fields: The same for single values.
    """

    def __init__(self, model: GeoPixel, tokenizer: Tokenizer, folder: Path, case: Mapping[str, Any], name: str) -> None:
        self._model, self._tokenizer, self._name = model, tokenizer, name
        self._forced = field(case, "generated_ids", name) if field(case, "forced", name) else None
        self._limit: int = field(case, "max_new_tokens", name)
        self.pixels = picture(folder, field(case, "image", name))
        seen = look(model, self.pixels, field(case, "hd_num", name))
        self._tokens = seen.tokens
        history = [(question, answer) for question, answer in case.get("history", [])]
        text = prompt.conversation(field(case, "query", name), history, case.get("meta_instruction", ""))
        self.ids = prompt.prompt_ids(tokenizer, text, [len(seen.tokens)], model.config.max_length)
        self.stages: dict[str, Tensor] = {
            "clip_last_hidden": seen.patches,
            "vit_out": seen.merged[None],
            "proj_out": seen.tokens[None],
            "im_mask": torch.tensor(self.ids) == prompt.IMAGE,
            "inputs_embeds": embedded(model, self.ids, seen.tokens)[None],
        }
        self.fields: dict[str, object] = {"inputs_len": len(self.ids)}
        self._say()
        self._segment()

    def _say(self) -> None:
        said, logits, grounded = self.run(last_seg=False)
        everything = [*self.ids, *said[:-1]]
        (states,) = UncachedReader(self._model).read(everything, lambda: self._tokens)
        self.states_at_seg = grounded
        self.said = said
        self.stages |= {
            "sequences": torch.tensor([self._tokenizer.bos, *said]),
            "step_logits": torch.stack(logits),
            "final_hidden": states[None],
            "final_hidden_tail": states[len(self.ids) - 4 :],
        }
        positions = [len(self.ids) + i for i, token in enumerate(said[:-1]) if token == self._tokenizer.seg]
        self.fields |= {
            "generated_ids": said,
            "steps": len(said),
            "final_hidden_len": len(everything),
            "response": self._tokenizer.decode(said),
            "seg_positions_in_hidden": positions,
        }

    def run(self, *, last_seg: bool) -> tuple[list[int], list[Tensor], list[Tensor]]:
        """The cached loop: tokens, logits of each step, states at [SEG]."""
        forced, logits = iter(self._forced or ()), list[Tensor]()

        def choose(state: Tensor) -> int:
            logits.append(self._model.lm_head(state).float())
            return next(forced) if self._forced is not None else int(logits[-1].argmax())

        events = list(
            generate(
                CachedReader(self._model),
                self.ids,
                lambda: self._tokens,
                choose,
                stops={self._tokenizer.eos},
                seg=self._tokenizer.seg,
                max_new_tokens=self._limit,
                last_seg=last_seg,
            )
        )
        said = [event.token for event in events if isinstance(event, Said)]
        return said, logits, [event.state for event in events if isinstance(event, Grounded)]

    def _segment(self) -> None:
        segmenter = self._model.segmenter
        square = segmenter.prepare(self.pixels)
        features = segmenter.look(square)
        self.stages |= {
            "sam_input": square,
            "image_embed": features.coarse,
            "high_res_0": features.fine[0],
            "high_res_1": features.fine[1],
            "image_pe": segmenter.sam.get_image_wide_positional_embeddings(),
        }
        if not self.states_at_seg:
            return
        states = torch.stack(self.states_at_seg)
        prompts = self._model.text_hidden_fcs(states)
        dense = segmenter.sam.prompt_encoder.no_mask_embed.weight.expand(len(states), -1)
        self.stages |= {
            "seg_hidden": states,
            "seg_embed": prompts[:, None],
            "sparse": prompts[:, None],
            "dense_1x1": dense[..., None, None],
        }
        for suffix, rounded in (("", True), ("_no_bf16", False)):
            self._decode(features, prompts, suffix, rounded=rounded)
        final = self.stages["final_mask_logits"]
        self.fields["mask_pixels"] = [int(n) for n in (final > 0).sum((1, 2))]
        self.fields["stability"] = self.stages["stability_single"][:, 0].tolist()
        moved = difference(self.stages["low_res_mask"], self.stages["low_res_mask_no_bf16"])
        self.fields["max_abs_low_res_diff_bf16"] = moved

    def _decode(self, features: SamFeatures, prompts: Tensor, suffix: str, *, rounded: bool) -> None:
        """All four masks of the decoder before one is selected, the selected ones, and these at the original size."""
        segmenter = self._model.segmenter
        decoder, kept = segmenter.sam.mask_decoder, segmenter.round_features
        select, four = getattr(decoder, _SELECT), list[tuple[Tensor, Tensor]]()

        def listen(logits: Tensor, iou: Tensor) -> tuple[Tensor, Tensor]:
            four.append((logits[0], iou[0]))
            return select(logits, iou)

        setattr(decoder, _SELECT, listen)
        segmenter.round_features = rounded
        try:
            masks = segmenter(features, prompts)
        finally:
            setattr(decoder, _SELECT, select)
            segmenter.round_features = kept
        self.stages[f"low_res_mask{suffix}"] = masks.logits[:, None]
        self.stages[f"final_mask_logits{suffix}"] = enlarged(masks.logits, *self.pixels.shape[:2])
        if not suffix:
            logits, iou = (torch.cat(parts) for parts in zip(*four, strict=True))
            stability = decoder._get_stability_scores(logits[None, :, :1])[0]
            self.stages |= {"mask_logits_4": logits, "iou_4": iou, "stability_single": stability}
            self.stages["obj_score"] = masks.presence[:, None]


def answer_rows(
    model: GeoPixel, tokenizer: Tokenizer, folder: Path, case: Mapping[str, Any], recorded: Recorded
) -> Iterator[Row]:
    """All stages of a recorded answer in float32."""
    name = recorded.case
    answer = Answer(model, tokenizer, folder, case, name)
    if "final_mask_bits" in list(recorded):
        yield _bits(name, answer.stages["final_mask_logits"], recorded["final_mask_bits"])
        answer.stages["final_mask_bits"] = recorded["final_mask_bits"]  # compared just now, as pixels
    for row in recorded.rows(answer.stages, TOLERANCES):
        if row.stage != "final_mask_bits":
            yield row
    close = {"stability": 1e-4, "max_abs_low_res_diff_bf16": 1e-4}
    for key, value in case.items():
        if key in _INPUT | _FOLLOWS:
            continue
        if key in close and key in answer.fields:
            yield _close(name, key, answer.fields[key], value, close[key])
        elif key == "mask_pixels" and key in answer.fields:
            yield _pixels(name, answer.stages["final_mask_logits"], value)
        elif key in answer.fields:
            yield equal(name, key, answer.fields[key], value)
        else:
            yield not_checked(name, key)
    yield from _last_seg(model, tokenizer, answer, name)


def _last_seg(model: GeoPixel, tokenizer: Tokenizer, answer: Answer, name: str) -> Iterator[Row]:
    """A [SEG] at the very end: dropped as published; read in one more step where it is not to be lost."""
    published = sum(token == tokenizer.seg for token in answer.said[:-1])
    yield equal(name, "masks as published", len(answer.states_at_seg), published)
    if answer.said[-1] != tokenizer.seg:
        return
    _, _, grounded = answer.run(last_seg=True)
    yield equal(name, "masks with a trailing [SEG]", len(grounded), published + 1)
    (states,) = UncachedReader(model).read([*answer.ids, *answer.said], lambda: answer._tokens)
    yield Row(name, "state of a trailing [SEG]", difference(grounded[-1], states[-1]), 1e-4)


def half_precision_rows(
    model: GeoPixel,
    tokenizer: Tokenizer,
    folder: Path,
    case: Mapping[str, Any],
    recorded: Recorded,
    single: Recorded,
    spread: Mapping[str, Any],
) -> Iterator[Row]:
    """All stages of a recorded answer with bfloat16 weights.

    Args:
        model: In bfloat16.
        tokenizer, folder, case: As in ``answer_rows``.
        recorded: What the reference gave in bfloat16.
        single: What it gave in float32.
        spread: By stage, how far these two are from each other.
    """
    name = recorded.case
    answer = Answer(model, tokenizer, folder, case, name)
    known = {stage_of(key)[0]: value["max_abs"] for key, value in spread.items() if isinstance(value, dict)}
    tolerances = {stage_of(key)[0]: HALF_SHARE * float(recorded[key].abs().max()) for key in recorded}
    tolerances |= {stage: HALF_SPREAD * value for stage, value in known.items()}
    tolerances |= {"step_logits": HALF_LOGITS, "image_pe": 0.0}
    yield from recorded.rows(answer.stages, tolerances)
    if "final_mask_bits" in list(single) and "final_mask_logits" in answer.stages:
        ours = answer.stages["final_mask_logits"] > 0
        theirs = _unpacked(single["final_mask_bits"], tuple(ours.shape))
        overlap = (ours & theirs).sum((1, 2)) / (ours | theirs).sum((1, 2)).clamp(min=1)
        yield Row(name, "1 - mask IoU to float32", 1 - float(overlap.min()), 1 - HALF_IOU)


def _bits(name: str, logits: Tensor, packed: Tensor) -> Row:
    """Pixels that are on another side, less those that rounding may put there."""
    theirs = _unpacked(packed, tuple(logits.shape))
    wrong = ((logits > 0) != theirs) & (logits.abs() >= FLIPS_BELOW)
    return Row(name, "final_mask_bits", float(wrong.sum()), 0.0)


def _pixels(name: str, logits: Tensor, recorded: Sequence[int]) -> Row:
    counts = (logits > 0).sum((1, 2)).double()
    off = (counts - torch.tensor(recorded, dtype=torch.double)).abs().max()
    return Row(name, "mask_pixels", float(off), float((logits.abs() < FLIPS_BELOW).sum((1, 2)).max()))


def _unpacked(packed: Tensor, shape: tuple[int, ...]) -> Tensor:
    bits = np.unpackbits(packed.numpy())[: int(np.prod(shape))]
    return torch.from_numpy(bits.astype(bool)).reshape(shape)


def _close(name: str, key: str, ours: object, recorded: object, tolerance: float) -> Row:
    pair = [torch.tensor(value, dtype=torch.double).flatten() for value in (ours, recorded)]
    if pair[0].shape != pair[1].shape:
        return equal(name, key, ours, recorded)
    return Row(name, key, difference(*pair), tolerance)
