"""The image backbone against plain convolution arithmetic."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from geopix_model.blocks.efficientnet_lite import EfficientNetLite, SameConv
from geopix_model.blocks.efficientnet_weights import load_imagenet
from geopix_model.errors import CheckpointError


def published_names(backbone: EfficientNetLite) -> dict[str, torch.Tensor]:
    """Weights under the names of the published file, built from our own."""
    parts = {"expand.0": "_expand_conv", "expand.1": "_bn0", "depthwise.0": "_depthwise_conv", "depthwise.1": "_bn1"}
    parts |= {"project.0": "_project_conv", "project.1": "_bn2"}
    out = {}
    for name, value in backbone.state_dict().items():
        bits = name.split(".")
        if bits[0] == "stem":
            out[f"{'_conv_stem' if bits[1] == '0' else '_bn0'}.{bits[2]}"] = value.clone()
        else:
            out[f"_blocks.{bits[1]}.{parts['.'.join(bits[2:4])]}.{bits[4]}"] = value.clone()
    return out


def test_features_come_at_strides_4_8_16_and_32() -> None:
    found = EfficientNetLite().eval()(torch.rand(1, 3, 128, 96) * 255)
    assert [tuple(f.shape[1:]) for f in found] == [(24, 32, 24), (48, 16, 12), (120, 8, 6), (352, 4, 3)]


@pytest.mark.parametrize(("size", "pads"), [(8, (0, 1, 0, 1)), (9, (1, 1, 1, 1))])
def test_same_padding_puts_the_odd_pixel_at_the_end(size: int, pads: tuple[int, ...]) -> None:
    """TensorFlow's rule for kernel 3, stride 2: an even size is padded at the end only."""
    conv, x = SameConv(1, 1, 3, 2, bias=False), torch.rand(1, 1, size, size)
    torch.testing.assert_close(conv(x), F.conv2d(F.pad(x, pads), conv.weight, stride=2))


def test_published_weights_are_mapped_and_only_the_classifier_may_be_left_over() -> None:
    torch.manual_seed(1)
    source, target = EfficientNetLite(), EfficientNetLite()
    load_imagenet(target, published_names(source) | {"_fc.weight": torch.zeros(1), "_conv_head.weight": torch.zeros(1)})
    for name, value in source.state_dict().items():
        assert torch.equal(value, target.state_dict()[name]), name


def test_an_unknown_or_missing_published_weight_is_refused() -> None:
    names = published_names(EfficientNetLite())
    with pytest.raises(CheckpointError, match="unknown backbone weight"):
        load_imagenet(EfficientNetLite(), names | {"head.weight": torch.zeros(1)})
    del names["_blocks.3._bn1.weight"]
    with pytest.raises(CheckpointError, match="does not fit"):
        load_imagenet(EfficientNetLite(), names)
