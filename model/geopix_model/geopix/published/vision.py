"""What the published model sees: CLIP, its projector, and the two necks that feed the mask levels.

Axes: B images, T = grid x grid patches, C CLIP width, H text width, D width of the mask parts.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModel

from ...blocks.layers import resize
from ...errors import CheckpointError

# Which hidden states feed the necks, counted from the end (-1 is the output of the last block).  The names in the
# checkpoint suggest the opposite: "rough" is fed the deeper one and gives level 0.
NECK_LAYERS = (-2, -11)


class Neck(nn.Module):
    """Two 3x3 convolutions with batch norm: (B, C, grid, grid) -> (B, D, grid, grid)."""

    def __init__(self, inputs: int, inner: int, outputs: int, grid: int) -> None:
        super().__init__()
        self.grid = grid
        self.conv1 = nn.Sequential(nn.Conv2d(inputs, inner, 3, padding=1), nn.BatchNorm2d(inner), nn.ReLU())
        self.conv2 = nn.Sequential(nn.Conv2d(inner, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return self.conv2(resize(self.conv1(x), (self.grid, self.grid)))


class Projector(nn.Module):
    """CLIP patches (B, T, C) as image tokens (B, T, H)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear_1, self.act, self.linear_2 = nn.Linear(inputs, outputs), nn.GELU(), nn.Linear(outputs, outputs)

    def forward(self, patches: Tensor) -> Tensor:
        return self.linear_2(self.act(self.linear_1(patches)))


@dataclass(frozen=True)
class Patches:
    """Hidden states of CLIP without the class token, each (B, T, C): for the decoder, and for each neck."""

    tokens: Tensor
    levels: tuple[Tensor, Tensor]


def patches(vision: CLIPVisionModel, pixels: Tensor, token_layer: int) -> Patches:
    """Patches of (B, 3, S, S) normalised pixels; ``token_layer`` is ``vision_feature_layer`` of ``vlm/config.json``."""
    hidden = vision(pixels, output_hidden_states=True).hidden_states
    rough, detail = (hidden[layer][:, 1:] for layer in NECK_LAYERS)
    return Patches(hidden[token_layer][:, 1:], (rough, detail))


def as_map(patches: Tensor, grid: int) -> Tensor:
    """(B, T, C) -> (B, C, grid, grid)."""
    return patches.transpose(1, 2).unflatten(2, (grid, grid))


def check_layers(config: CLIPVisionConfig, token_layer: int) -> None:
    """Raises:
    CheckpointError: If the encoder has not the layers that are read.
    """
    deepest = max(-token_layer, *(-layer for layer in NECK_LAYERS))
    if token_layer >= 0 or config.num_hidden_layers + 1 < deepest:
        raise CheckpointError(
            f"the image encoder has {config.num_hidden_layers} layers and its features are read {deepest} from the end "
            f"(vision_feature_layer {token_layer}); is it a GeoPix checkpoint?"
        )
