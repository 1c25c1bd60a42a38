"""Which weights of a published model are packed, and how a packed one takes its layer's place while files are read.

Only linears of the decoder and their adapters are: logits, mask prompts and image encoders keep their precision.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from .errors import CheckpointError
from .quantize import BLOCK, Form, QuantizedLinear

# A linear of the decoder by itself, or wrapped together with its adapter.
_LINEAR = re.compile(r"(language\.layers\.\d+)\.(?:self_attn|mlp)\.\w+_proj\.(?:(base|down|up)\.)?weight")


def is_linear(name: str) -> bool:
    """Whether a weight of that name in a model is one that could be packed."""
    return _LINEAR.fullmatch(name) is not None


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
        """How a weight of that name in the model is packed; NF4 needs whole blocks: what has none stays as it is."""
        match = _LINEAR.fullmatch(name)
        if match is None:
            return None
        form = self.adapters if match[2] in ("down", "up") else self.linears
        return None if form == "nf4" and math.prod(shape) % BLOCK else form


def put(model: nn.Module, name: str, value: Tensor, form: Form, device: str | torch.device, published: str) -> None:
    """Packs a weight, and puts a packed layer wherever the layer of that weight is.

    Args:
        model: Whose weights have no values yet.
        name: Of the weight in it, one that ``Packing.form`` has a form for.
        value: (out, in).
        form: See ``QuantizedLinear.from_weight``.
        device: Where the packed weight goes.
        published: What its file calls it.

    Raises:
        CheckpointError: If the weight holds numbers that are not finite.
    """
    old = cast(nn.Linear, model.get_submodule(name.removesuffix(".weight")))
    try:
        packed = QuantizedLinear.from_weight(value, None, form, device)
    except ValueError as error:
        raise CheckpointError(f"the weight {published!r} cannot be packed: {error}") from error
    packed.bias = None if old.bias is None else old.bias.detach()  # of meta, if it is still to come
    layer = ".".join(name.split(".")[:3])
    for parent in model.get_submodule(layer).modules():  # q, k and v share the first layer of their adapters
        for child, linear in parent.named_children():
            if linear is old:
                setattr(parent, child, packed)
