"""Which weights of GeoPixel are packed, and how a packed one takes its layer's place while a checkpoint is read.

Only linears of the decoder and their adapters are: logits, mask prompts and both image encoders keep their precision.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from ..quantize import BLOCK, Form, QuantizedLinear

_LINEAR = re.compile(r"(language\.layers\.\d+)\.\w+\.\w+\.(base|down|up)\.weight")


@dataclass(frozen=True)
class Packing:
    """The forms of a model's linears; None leaves them as they are.

    Attributes:
        linears: Of the decoder.
        adapters: That work at image positions.
    """

    linears: Form | None = None
    adapters: Form | None = None

    def form(self, name: str, shape: tuple[int, ...]) -> Form | None:
        """How a weight of ``GeoPixel`` is packed; NF4 needs whole blocks, and what has none stays as it is."""
        match = _LINEAR.fullmatch(name)
        if match is None:
            return None
        form = self.linears if match[2] == "base" else self.adapters
        return None if form == "nf4" and math.prod(shape) % BLOCK else form


def put(model: nn.Module, name: str, value: Tensor, form: Form, device: str | torch.device) -> None:
    """Packs a weight, and puts a packed layer wherever the layer of that weight is.

    Raises:
        ValueError: If the weight holds numbers that are not finite.
    """
    match = _LINEAR.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} is no linear of the decoder, and only these are packed")
    old = cast(nn.Linear, model.get_submodule(name.removesuffix(".weight")))
    packed = QuantizedLinear.from_weight(value, None, form, device)
    packed.bias = None if old.bias is None else old.bias.detach()  # of meta, if it is still to come
    for parent in model.get_submodule(match[1]).modules():  # q, k and v share the first layer of their adapters
        for child, layer in parent.named_children():
            if layer is old:
                setattr(parent, child, packed)
