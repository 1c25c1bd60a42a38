"""Sizes of CLIP and SAM 2 where no file states them: read from the shapes of their weights.

A published checkpoint holds both networks but not their configurations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import CheckpointError

CLIP = "vit.vision_tower.vision_model."
SAM = "model.visual_model."
Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Trunk:
    """What the shapes of a Hiera trunk do not say (SAM 2, arXiv:2408.00714, and its released configurations)."""

    heads: int
    global_blocks: tuple[int, ...]
    windows: tuple[int, ...]


# By width and blocks of each stage.
TRUNKS: dict[tuple[int, tuple[int, ...]], Trunk] = {
    (144, (2, 6, 36, 4)): Trunk(2, (23, 33, 43), (8, 4, 16, 8)),
    (112, (2, 3, 16, 3)): Trunk(2, (12, 16, 20), (8, 4, 14, 7)),
    (96, (1, 2, 11, 2)): Trunk(1, (7, 10, 13), (8, 4, 14, 7)),
    (96, (1, 2, 7, 2)): Trunk(1, (5, 7, 9), (8, 4, 14, 7)),
    (16, (1, 2, 4, 1)): Trunk(1, (4, 6), (8, 4, 16, 8)),  # of the smallest random checkpoints
}


def shape_of(shapes: Shapes, name: str) -> tuple[int, ...]:
    """Shape of a weight.

    Raises:
        CheckpointError: If there is none of that name.
    """
    if name not in shapes:
        raise CheckpointError(f"the checkpoint lacks {name!r}; is it a GeoPixel checkpoint?")
    return shapes[name]


def count(shapes: Shapes, pattern: str) -> int:
    """How many different numbers stand in the place of the group of ``pattern`` at the beginning of a name."""
    return len({match[1] for name in shapes if (match := re.match(pattern, name))})


def clip_sizes(shapes: Shapes) -> dict[str, Any]:
    """The fields of ``clip_config.json`` from shapes; 64 channels in each head, as in all CLIPs."""
    (hidden,) = shape_of(shapes, CLIP + "embeddings.class_embedding")
    patch = shape_of(shapes, CLIP + "embeddings.patch_embedding.weight")[-1]
    patches = shape_of(shapes, CLIP + "embeddings.position_embedding.weight")[0] - 1
    return {
        "hidden_size": hidden,
        "intermediate_size": shape_of(shapes, CLIP + "encoder.layers.0.mlp.fc1.weight")[0],
        "num_hidden_layers": count(shapes, re.escape(CLIP) + r"encoder\.layers\.(\d+)\."),
        "num_attention_heads": max(hidden // 64, 1),
        "image_size": round(patches**0.5) * patch,
        "patch_size": patch,
    }


def sam_sizes(shapes: Shapes) -> dict[str, Any]:
    """The fields of ``sam2_config.json`` that are used, from shapes and the table of released trunks.

    Raises:
        CheckpointError: If the trunk is none of the table.
    """
    trunk = SAM + "image_encoder.trunk."
    _, width, *background = shape_of(shapes, trunk + "pos_embed")
    blocks = count(shapes, re.escape(trunk) + r"blocks\.(\d+)\.")
    starts = [i for i in range(1, blocks) if f"{trunk}blocks.{i}.proj.weight" in shapes]  # the width doubles here
    stages = tuple(end - start for start, end in zip([0, *starts], [*starts, blocks], strict=True))
    known = TRUNKS.get((width, stages))
    if known is None:
        raise CheckpointError(
            f"the SAM 2 of this checkpoint (width {width}, stages {stages}) is none of the released ones; "
            "put its sam2_config.json beside the weights"
        )
    channels = [width << level for level in reversed(range(len(stages)))]
    return {
        "image_size": 1024,
        "image_encoder": {
            "trunk": {
                "embed_dim": width,
                "num_heads": known.heads,
                "stages": list(stages),
                "global_att_blocks": list(known.global_blocks),
                "window_pos_embed_bkg_spatial_size": background,
                "window_spec": list(known.windows),
            },
            "neck": {
                "d_model": shape_of(shapes, SAM + "image_encoder.neck.convs.0.conv.weight")[0],
                "backbone_channel_list": channels,
                "fpn_top_down_levels": [2, 3],
            },
        },
    }
