"""EfficientNet-Lite image backbone (Apache-2.0 weights by the TensorFlow authors), written for dense features.

The layout follows the EfficientNet-Lite release: no squeeze-and-excitation, ReLU6, TensorFlow "same" padding, batch
norm with eps 1e-3.  Batch norm always uses its stored statistics: the batches of this project are small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BN_EPS = 1e-3


@dataclass(frozen=True)
class Stage:
    """A run of inverted bottlenecks: ``repeats`` blocks, the first with ``stride``."""

    repeats: int
    kernel: int
    stride: int
    channels: int
    expand: int = 6


# Stage table of the release, width and depth multipliers applied; strides 2, 4, 8, 16, 16, 32, 32 after the stem.
LITE2 = (
    Stage(1, 3, 1, 16, 1),
    Stage(3, 3, 2, 24),
    Stage(3, 5, 2, 48),
    Stage(4, 3, 2, 88),
    Stage(4, 5, 1, 120),
    Stage(5, 5, 2, 208),
    Stage(1, 3, 1, 352),
)
STEM_CHANNELS = 32
SIX_IN_BITS = 0x40C0  # 6.0 in bfloat16


class SameConv(nn.Conv2d):
    """Convolution with TensorFlow's "same" padding: the odd pixel of padding goes to the bottom and right."""

    def forward(self, x: Tensor) -> Tensor:
        pads: list[int] = []
        for size, kernel, stride in zip(x.shape[-1:-3:-1], self.kernel_size[::-1], self.stride[::-1], strict=True):
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [total // 2, total - total // 2]
        left, right, top, bottom = pads
        if left == right and top == bottom:  # spares a copy of the picture
            return F.conv2d(x, self.weight, self.bias, self.stride, (top, left), self.dilation, self.groups)
        return F.conv2d(F.pad(x, pads), self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


class FrozenStatsNorm(nn.BatchNorm2d):
    """Batch norm that uses its running statistics in training as well; scale and shift stay trainable."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=BN_EPS)

    def forward(self, x: Tensor) -> Tensor:
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps)


class Bottleneck(nn.Module):
    """Expand 1x1, depthwise, project 1x1; residual where the shape allows it."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expand: int) -> None:
        super().__init__()
        width = inputs * expand
        self.residual = stride == 1 and inputs == outputs
        self.expand = nn.Identity() if expand == 1 else conv_norm(inputs, width, 1)
        self.depthwise = conv_norm(width, width, kernel, stride, groups=width)
        self.project = conv_norm(width, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = x if isinstance(self.expand, nn.Identity) else relu6(self.expand(x))
        y = self.project(relu6(self.depthwise(y)))
        return x + y if self.residual else y


def relu6(x: Tensor) -> Tensor:
    """In place: 0 below 0, 6 above 6."""
    if x.dtype == torch.bfloat16 and x.device.type == "cpu" and not torch.is_grad_enabled():
        # Positive numbers of this type are in the order of their bits, negative ones are negative integers: a sixth of
        # the time of torch's own loop, which goes through float32.
        x.view(torch.int16).clamp_(0, SIX_IN_BITS)
        return x
    return F.relu6(x, inplace=True)


def conv_norm(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolution without bias, then batch norm."""
    return nn.Sequential(SameConv(inputs, outputs, kernel, stride, groups=groups, bias=False), FrozenStatsNorm(outputs))


class EfficientNetLite(nn.Module):
    """Features at strides 4, 8, 16 and 32 of an image in 0..255.

    Args:
        stages: Stage table, ``LITE2`` by default.
    """

    def __init__(self, stages: Sequence[Stage] = LITE2) -> None:
        super().__init__()
        self.stem = conv_norm(3, STEM_CHANNELS, 3, 2)
        self.blocks = nn.ModuleList()
        inputs, stride, self.taps = STEM_CHANNELS, 2, []
        for index, stage in enumerate(stages):
            for repeat in range(stage.repeats):
                step = stage.stride if repeat == 0 else 1
                self.blocks.append(Bottleneck(inputs, stage.channels, stage.kernel, step, stage.expand))
                inputs, stride = stage.channels, stride * step
            last_of_stride = index + 1 == len(stages) or stages[index + 1].stride == 2
            if last_of_stride and stride >= 4:
                self.taps.append(len(self.blocks) - 1)
        self.channels = tuple(self._channels_at(stages))

    @staticmethod
    def _channels_at(stages: Sequence[Stage]) -> list[int]:
        ends = [s for i, s in enumerate(stages) if i + 1 == len(stages) or stages[i + 1].stride == 2]
        return [stage.channels for stage in ends[1:]]

    @torch.no_grad()
    def fold_norms(self) -> None:
        """Makes each batch norm part of the convolution before it, for inference: the same function in fewer passes.

        Kernels of stride 2 get a first row and column of zeros, so that the padding of an even side is the same at both
        ends and costs no copy of the map: sides must be multiples of 32 from here on.
        """
        for unit in self.modules():
            if isinstance(unit, nn.Sequential) and len(unit) == 2 and isinstance(unit[1], FrozenStatsNorm):
                norm = unit[1].state_dict()
                scale = norm["weight"] / torch.sqrt(norm["running_var"] + BN_EPS)
                conv: Any = unit[0]
                conv.weight.mul_(scale[:, None, None, None])
                conv.bias = nn.Parameter(norm["bias"] - norm["running_mean"] * scale, requires_grad=False)
                unit[1] = nn.Identity()
                if conv.stride == (2, 2):
                    conv.weight = nn.Parameter(F.pad(conv.weight, (1, 0, 1, 0)), requires_grad=False)
                    conv.kernel_size = tuple(conv.weight.shape[2:])

    def forward(self, image: Tensor) -> list[Tensor]:
        """``image`` (B, 3, H, W) RGB 0..255 -> four maps, finest first."""
        x = relu6(self.stem((image - 127.0) / 128.0))
        features = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in self.taps:
                features.append(x)
        return features
