"""Published ImageNet weights of EfficientNet-Lite, under the names of our own module."""

from __future__ import annotations

from torch import Tensor

from ..errors import CheckpointError
from .efficientnet_lite import EfficientNetLite

_PARTS = {"_expand_conv": "expand.0", "_bn0": "expand.1", "_depthwise_conv": "depthwise.0", "_bn1": "depthwise.1"}
_PARTS |= {"_project_conv": "project.0", "_bn2": "project.1"}
_STEM = {"_conv_stem": "stem.0", "_bn0": "stem.1"}
_HEAD = {"_conv_head", "_bn1", "_fc"}


def load_imagenet(backbone: EfficientNetLite, published: dict[str, Tensor]) -> None:
    """Copies the published weights into ``backbone``; only the classifier head may be left over.

    Raises:
        CheckpointError: If a weight is missing, unknown or of another shape.
    """
    ours: dict[str, Tensor] = {}
    for key, value in published.items():
        first, *rest = key.split(".")
        if first == "_blocks":
            ours[f"blocks.{rest[0]}.{_PARTS[rest[1]]}.{rest[2]}"] = value
        elif first in _STEM:
            ours[f"{_STEM[first]}.{rest[0]}"] = value
        elif first not in _HEAD:
            raise CheckpointError(f"unknown backbone weight {key!r}; is it an EfficientNet-Lite file?")
    try:
        backbone.load_state_dict(ours, strict=True)
    except RuntimeError as error:
        raise CheckpointError(
            f"the backbone file does not fit this stage table: {str(error).splitlines()[1].strip()}"
        ) from error
