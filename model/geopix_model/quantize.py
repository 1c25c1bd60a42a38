"""Linear layers with small weights: int8, or the 4-bit NF4 of QLoRA, for models that would not fit otherwise.

Only weights are small; inputs, products and results keep the precision of the input.  What masks and logits hang on is
not quantized (``KEPT``).  One layer at a time is turned, so that loading needs the small size and one large layer.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Form = Literal["int8", "nf4"]

BLOCK = 64  # weights that share one scale in NF4
# The quantiles of a normal distribution, and 0: Dettmers et al., QLoRA (arXiv 2305.14314), appendix E.
NF4 = (
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
    -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
)  # fmt: skip
CHUNK = 1 << 20  # weights at once: larger leaves the cache (16.8 M weights on one core: 23 ms, in one go 122 ms)
# Rows of the input up to which the int8 product of torch was faster than unpacking.  4096 x 4096 weights, one core, ms:
# bfloat16 1.3 against 19 for one row and 29 against 28 for 64; float32 14 against 33 for one, 93 against 38 for four.
PACKED_ROWS = {torch.bfloat16: 48, torch.float32: 1}
# That product reads over the end of other rows (torch 2.13, AVX-512: NaN or a crash where 16 does not divide them);
# 32 is what the widest register holds.
PACKED_WIDTH = 32
KEPT = frozenset(
    {
        "lm_head", "output", "text_hidden_fcs",  # the logits, and the way of a [SEG] state into the mask decoder
        "vision_proj", "projector", "multi_modal_projector",
        "clip", "vision_tower", "vit", "vision",
        "sam", "sam2", "visual_model", "mask_decoder", "mask_predictor", "prompt_encoder", "image_encoder",
    }
)  # fmt: skip


class QuantizedLinear(nn.Module):
    """A linear layer for inference, with the call of ``nn.Linear``; its weights have no gradient, its input has.

    Make one with ``from_weight``.
    """

    packed: Tensor
    scale_bits: Tensor
    bias: Tensor | None

    def __init__(self, shape: tuple[int, int], packed: Tensor, scale: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.out_features, self.in_features = shape
        self.register_buffer("packed", packed)
        # float32 under the name of an integer, which ``module.to(torch.bfloat16)`` leaves alone.
        self.register_buffer("scale_bits", scale.float().contiguous().view(torch.int32))
        self.register_buffer("bias", None if bias is None else bias.detach().clone())

    @staticmethod
    def from_weight(
        weight: Tensor, bias: Tensor | None, form: Form, device: str | torch.device | None = None
    ) -> QuantizedLinear:
        """The layer that holds ``weight`` in a small form.

        Args:
            weight: (out, in), any floating type.
            bias: (out,) or None; it keeps its type.
            form: "int8": one scale for each row; "nf4": 4 bits and one scale for 64 weights.
            device: Where it is packed and stays; None is where ``weight`` is.

        Raises:
            ValueError: If the weight is not a matrix of finite numbers, or there is no such form.
        """
        if form not in FORMS:
            raise ValueError(f"the form is {form!r}, expected one of: {', '.join(FORMS)}")
        if weight.dim() != 2 or not weight.is_floating_point():
            raise ValueError(f"the weight is {weight.dtype} of shape {tuple(weight.shape)}, expected floats (out, in)")
        weight = weight.detach().to(device)
        bias = None if bias is None else bias.detach().to(weight.device)
        layer: QuantizedLinear = FORMS[form].pack(weight, bias)
        return layer

    @property
    def scale(self) -> Tensor:
        """float32, what packed weights are multiplied with."""
        return self.scale_bits.view(torch.float32)

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return sum(buffer.nbytes for buffer in self.buffers())

    def dequantize(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """The weights as (out, in) numbers, rounded once, from float32."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out)."""
        return F.linear(x, self.dequantize(x.dtype), self.bias)

    def extra_repr(self) -> str:
        """As ``print(model)`` shows it."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Int8Linear(QuantizedLinear):
    """Weights as -127..127 times one scale for each row."""

    @classmethod
    def pack(cls, weight: Tensor, bias: Tensor | None) -> Int8Linear:
        """See ``QuantizedLinear.from_weight``."""
        rows = max(1, CHUNK // max(weight.shape[1], 1))
        packed = torch.empty(weight.shape, dtype=torch.int8, device=weight.device)
        scale = torch.empty(len(weight), device=weight.device)
        for start in range(0, len(weight), rows):
            part = slice(start, start + rows)
            numbers = weight[part].float()
            scale[part] = _up_to_bfloat16(_largest(numbers) / 127)
            packed[part] = torch.round(numbers / scale[part, None]).to(torch.int8)
        return cls((weight.shape[0], weight.shape[1]), packed, scale, bias)

    def dequantize(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """The weights as (out, in) numbers."""
        rows, scale = max(1, CHUNK // max(self.in_features, 1)), self.scale
        weight = torch.empty(self.packed.shape, dtype=dtype, device=self.packed.device)
        for start in range(0, self.out_features, rows):
            part = slice(start, start + rows)
            weight[part] = self.packed[part] * scale[part, None]
        return weight

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out)."""
        rows = x.reshape(-1, self.in_features)
        differentiated = torch.is_grad_enabled() and x.requires_grad  # the kernel below has no gradient
        fitting = 0 < len(rows) <= PACKED_ROWS.get(x.dtype, 0) and self.in_features % PACKED_WIDTH == 0
        if x.device.type != "cpu" or differentiated or not fitting:
            return super().forward(x)
        y = torch.ops.aten._weight_int8pack_mm(rows.contiguous(), self.packed, self.scale.to(x.dtype))
        y = y.view(*x.shape[:-1], self.out_features)
        return y if self.bias is None else y + self.bias


class NF4Linear(QuantizedLinear):
    """Weights as the nearest of 16 quantiles, times the largest of 64 neighbours.

    The layout is that of bitsandbytes (two weights in a byte, the first one high; blocks along the flattened matrix),
    whose kernel is used on an NVIDIA GPU where it is installed.
    """

    @classmethod
    def pack(cls, weight: Tensor, bias: Tensor | None) -> NF4Linear:
        """See ``QuantizedLinear.from_weight``."""
        if weight.numel() % BLOCK:
            raise ValueError(
                f"a weight of shape {tuple(weight.shape)} has no blocks of {BLOCK}; keep this layer as it is"
            )
        blocks = weight.reshape(-1, BLOCK)
        packed = torch.empty(len(blocks), BLOCK // 2, dtype=torch.uint8, device=weight.device)
        scale = torch.empty(len(blocks), device=weight.device)
        middles = [(a + b) / 2 for a, b in pairwise(NF4)]
        for start in range(0, len(blocks), CHUNK // BLOCK):
            part = slice(start, start + CHUNK // BLOCK)
            numbers = blocks[part].float()
            scale[part] = _largest(numbers)
            numbers = numbers / scale[part, None].clamp_min(torch.finfo(torch.float32).tiny)
            code = torch.zeros(numbers.shape, dtype=torch.uint8, device=weight.device)
            for middle in middles:  # 2.3 times faster than torch.bucketize
                code += numbers > middle
            packed[part] = code[:, ::2] << 4 | code[:, 1::2]
        return cls((weight.shape[0], weight.shape[1]), packed.view(-1), scale, bias)

    def dequantize(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """The weights as (out, in) numbers."""
        device = self.packed.device
        table = torch.tensor(NF4, device=device)
        # Both weights of a byte are looked up as one 64-bit number.
        pairs = torch.stack([table.repeat_interleave(16), table.repeat(16)], dim=1).view(torch.int64).view(-1)
        packed, scale = self.packed.view(-1, BLOCK // 2), self.scale
        weight = torch.empty(len(packed), BLOCK, dtype=dtype, device=device)
        for start in range(0, len(packed), CHUNK // BLOCK):
            part = slice(start, start + CHUNK // BLOCK)
            numbers = pairs.index_select(0, packed[part].reshape(-1).int()).view(torch.float32).view(-1, BLOCK)
            weight[part] = numbers.mul_(scale[part, None])
        return weight.view(self.out_features, self.in_features)

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out)."""
        if x.is_cuda and importlib.util.find_spec("bitsandbytes"):
            return fused_nf4(self, x)
        return super().forward(x)


def fused_nf4(layer: NF4Linear, x: Tensor) -> Tensor:
    """The product by bitsandbytes, which unpacks inside its kernel; same layout, same numbers."""
    import bitsandbytes
    from bitsandbytes.functional import QuantState

    state = QuantState(
        absmax=layer.scale,
        shape=torch.Size((layer.out_features, layer.in_features)),
        code=torch.tensor(NF4, device=x.device),
        blocksize=BLOCK,
        quant_type="nf4",
        dtype=x.dtype,
    )
    bias = None if layer.bias is None else layer.bias.to(x.dtype)
    product: Tensor = bitsandbytes.matmul_4bit(x, layer.packed.view(-1, 1).t(), quant_state=state, bias=bias)
    return product


FORMS: dict[str, Any] = {"int8": Int8Linear, "nf4": NF4Linear}


@dataclass(frozen=True)
class Saving:
    """What ``quantize_linears`` has done.

    Attributes:
        layers: How many were replaced.
        before_bytes, after_bytes: Memory of these layers.
    """

    layers: int
    before_bytes: int
    after_bytes: int


def parameter_count(module: nn.Module) -> int:
    """Weights of a model, packed ones too."""
    packed = (layer for layer in module.modules() if isinstance(layer, QuantizedLinear))
    plain = sum(parameter.numel() for parameter in module.parameters())
    return plain + sum(layer.in_features * layer.out_features for layer in packed)


def keeps_precision(name: str) -> bool:
    """Whether a layer of that dotted name is on the list of those that must not be quantized (``KEPT``)."""
    return not KEPT.isdisjoint(name.split("."))


def quantize_linears(module: nn.Module, form: Form, keep: Callable[[str], bool] = keeps_precision) -> Saving:
    """Replaces linear layers below ``module`` in place, one after the other.

    Layers that share a weight share what replaces them.  Subclasses of ``nn.Linear`` stay: those who made them read
    their weights directly.  So do layers without whole blocks of 64 weights, in NF4.

    Args:
        module: Any tree of modules.
        form: See ``QuantizedLinear.from_weight``.
        keep: Says of a dotted name, as of ``named_modules``, whether that layer stays as it is.
    """
    groups: dict[tuple[int, int], list[str]] = {}
    for name, layer in module.named_modules(remove_duplicate=False):
        if (
            name
            and type(layer) is nn.Linear
            and not keep(name)
            and (form != "nf4" or layer.weight.numel() % BLOCK == 0)
        ):
            groups.setdefault((id(layer.weight), id(layer.bias)), []).append(name)
    before = after = 0
    for names in groups.values():
        large = cast(nn.Linear, module.get_submodule(names[0]))
        small = QuantizedLinear.from_weight(large.weight, large.bias, form)
        before += sum(parameter.nbytes for parameter in large.parameters())
        after += small.nbytes
        for name in names:
            parent, _, child = name.rpartition(".")
            setattr(module.get_submodule(parent), child, small)
    return Saving(sum(map(len, groups.values())), before, after)


def _largest(numbers: Tensor) -> Tensor:
    """The largest size of a number in each row.

    Raises:
        ValueError: If one is not finite.
    """
    largest = numbers.abs().amax(1)
    if not torch.isfinite(largest).all():
        raise ValueError("the weight holds numbers that are not finite; is the checkpoint damaged?")
    return largest


def _up_to_bfloat16(scale: Tensor) -> Tensor:
    """The next number that bfloat16 holds, at least its smallest normal one, so that no product rounds it."""
    bits = scale.clamp_min(torch.finfo(torch.bfloat16).tiny).view(torch.int32)
    return ((bits + 0xFFFF) & ~0xFFFF).view(torch.float32)
