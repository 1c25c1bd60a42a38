"""GeoPixel in training: what is learnt of recorded samples, its losses and gradients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..data.batches import IGNORE
from ..errors import GoldenError
from ..geopixel import divider, keymap
from ..geopixel.loading import load
from ..geopixel.model import GeoPixel
from ..geopixel.saving import assemble
from ..geopixel.segmenter import enlarged
from ..geopixel.tokenizer import Tokenizer
from ..train.geopixel_step import BCE_WEIGHT, DICE_WEIGHT, Pass, Sample, losses, run
from ..train.geopixel_text import header_length, read_ids, targets
from .golden_files import Recorded, equal, field, not_checked, read_meta
from .pictures import picture
from .rows import Row

META = "meta_train.json"
EQUAL = ("targets", "im_mask", "attention_mask", "seg_token_mask")
LOSSES = ("loss", "ce_loss", "mask_bce_loss", "mask_dice_loss", "mask_loss")
STATES = ("inputs_embeds", "seg_hidden", "seg_embed", "logits_tail", "low_res_mask", "final_mask_logits")
TOLERANCE, LOGITS_TOLERANCE = 1e-5, 1e-4  # of the specification: losses and gradients, and what is as in answers
_GRADIENT, _TRUTH = "grad.", "gt_masks."
_SETTINGS = {"image_files", "hd_num"}
_INPUT = {"texts", "tensors"}
_TAIL = 48


def rows(folder: Path) -> Iterator[Row]:
    """Every comparison that the training part of a golden folder allows; none where it has no such part."""
    if not (folder / "golden" / META).is_file():
        return
    meta = read_meta(folder / "golden" / META)
    model, tokenizer = load(folder, dtype=torch.float32)
    # Only the choice of a mask is as in training: nothing was dropped out when the goldens were recorded.
    model.segmenter.sam.mask_decoder.train()
    for name, case in meta.items():
        if name in _SETTINGS:
            continue
        if not isinstance(case, dict):
            raise GoldenError(f"{name!r} of {META} in {folder / 'golden'} holds no case; copy the folder anew")
        recorded = Recorded(f"train_{name}", folder / "golden" / f"train_{name}.safetensors")
        yield from _Case(model, tokenizer, folder, meta, case, recorded).rows()


def cases(folder: Path) -> set[str]:
    """Names of the files of tensors that ``rows`` reads."""
    if not (folder / "golden" / META).is_file():
        return set()
    return {f"train_{name}" for name in read_meta(folder / "golden" / META) if name not in _SETTINGS}


class _Case:
    """One recorded step."""

    def __init__(
        self,
        model: GeoPixel,
        tokenizer: Tokenizer,
        folder: Path,
        meta: Mapping[str, Any],
        case: Mapping[str, Any],
        recorded: Recorded,
    ) -> None:
        self.model, self.tokenizer, self.case, self.recorded = model, tokenizer, case, recorded
        self.name = recorded.case
        self.hd_num: int = field(meta, "hd_num", self.name)
        texts, files = field(case, "texts", self.name), field(meta, "image_files", self.name)
        self.samples = [self._sample(i, text, picture(folder, files[i])) for i, text in enumerate(texts)]

    def _sample(self, index: int, text: str, pixels: Any) -> Sample:
        height, width, _ = pixels.shape
        config = self.model.config
        division = divider.divide(height, width, config.crop_side, self.hd_num, training=True)
        tokens = [division.tokens(config.tokens_side)]
        ids = read_ids(self.tokenizer, text, tokens, config.max_length, published=True)
        learnt = targets(ids, self.tokenizer, header_length(self.tokenizer, published=True))
        masks = self.recorded[f"{_TRUTH}{index}"].bool().numpy()
        return Sample(f"{self.name}, sample {index}", ids, learnt, pixels, division, masks)

    def rows(self) -> Iterator[Row]:
        """All of its comparisons."""
        asked = [name.removeprefix(_GRADIENT) for name in self.recorded if name.startswith(_GRADIENT)]
        sources = keymap.sources([name for name, _ in self.model.named_parameters()], self.model.config)
        unknown = [name for name in asked if name not in sources]
        self.model.requires_grad_(False).zero_grad()
        for name in set(asked) - set(unknown):
            for source in sources[name]:
                self.model.get_parameter(source.ours).requires_grad_(True)
        found = run(self.model, self.samples, self.tokenizer.seg)
        parts = losses(self.model, self.samples, found)
        values = (parts.total, parts.ce, parts.bce, parts.dice, parts.bce + parts.dice)
        computed = {name: value.detach() for name, value in zip(LOSSES, values, strict=True)}
        if asked:
            parts.total.backward()
        with torch.no_grad():
            yield from self._tensors(found, computed, sources, set(asked) - set(unknown))
            yield from self._fields(found, computed)

    def _tensors(
        self,
        found: Pass,
        computed: Mapping[str, Tensor],
        sources: Mapping[str, Sequence[keymap.Source]],
        gradients: set[str],
    ) -> Iterator[Row]:
        stages = self._stages(found) | {name: value[None] for name, value in computed.items()}
        tolerances = dict.fromkeys(EQUAL, 0.0) | dict.fromkeys(LOSSES, TOLERANCE)
        tolerances |= {name: LOGITS_TOLERANCE for name in stages if name.split(".")[0] in STATES}
        tolerances["inputs_embeds"] = TOLERANCE
        for name in gradients:
            stages[_GRADIENT + name] = assemble(
                sources[name], tuple(self.recorded[_GRADIENT + name].shape), self._gradient
            )
            tolerances[_GRADIENT + name] = TOLERANCE
        for row in self.recorded.rows(stages, tolerances):
            index = row.stage.removeprefix(_TRUTH)
            if not (index.isdigit() and int(index) < len(self.samples)):  # the true masks are what was put in
                yield row

    def _gradient(self, ours: str) -> Tensor:
        parameter = self.model.get_parameter(ours)
        return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad

    def _stages(self, found: Pass) -> dict[str, Tensor]:
        batch = found.batch
        stages = {
            "targets": batch.targets,
            "im_mask": batch.is_image,
            "attention_mask": batch.attention,
            "seg_token_mask": batch.seg,
            "inputs_embeds": found.embeddings,
            "logits_tail": self.model.lm_head(found.states[:, -_TAIL:]),
            "seg_hidden": found.states[batch.seg],
            "seg_embed": torch.cat(found.prompts),
        }
        for index, (sample, logits) in enumerate(zip(self.samples, found.masks, strict=True)):
            if sample.masks is not None and len(sample.masks):
                stages[f"low_res_mask.{index}"] = logits[:, None]
                stages[f"final_mask_logits.{index}"] = enlarged(logits, *sample.masks.shape[1:])
        return stages

    def _fields(self, found: Pass, computed: Mapping[str, Tensor]) -> Iterator[Row]:
        learnt = [[number for number in sample.targets if number != IGNORE] for sample in self.samples]
        shapes = [
            divider.padded(s.picture, s.division).shape for s in self.samples if s.picture is not None and s.division
        ]
        ours = {
            "padded_wh": [[shape[1], shape[0]] for shape in shapes],
            "ori_hw": [list(s.picture.shape[:2]) for s in self.samples if s.picture is not None],
            "seq_len": found.batch.ids.shape[1],
            "weights": {"ce": 1.0, "bce": BCE_WEIGHT, "dice": DICE_WEIGHT},
            "target_ids": learnt,
            "n_supervised": [len(numbers) for numbers in learnt],
            "seg_positions": [row.nonzero().flatten().tolist() for row in found.batch.seg],
        }
        for key, value in self.case.items():
            if key in ours:
                yield equal(self.name, key, ours[key], value)
            elif key == "losses" and isinstance(value, dict):
                for part, recorded in value.items():
                    if part in computed:
                        yield Row(self.name, f"losses: {part}", abs(float(computed[part]) - recorded), TOLERANCE)
                    else:
                        yield not_checked(self.name, f"losses: {part}")
            elif key not in _INPUT:
                yield not_checked(self.name, key)
