"""How many weights a published model has, part by part: all from the shapes of its tensors, before any is downloaded.

A part is what is treated alike when memory is short: packed, kept on the CPU, or on the GPU only for its stage.
"""

from __future__ import annotations

from dataclasses import dataclass

SAM2_LARGE = 216_924_865  # image path of SAM 2 large with its buffers; a test counts them in transformers' own model
SAM2_VIDEO = 7_500_000  # what is left of the 224.4 M parameters of SAM 2 large (its repository): never loaded
BFLOAT16 = 2  # bytes


@dataclass(frozen=True)
class DecoderSizes:
    """Sizes of a Llama-like decoder, as its ``config.json`` names them.

    Attributes:
        adapter_rank: Rank of the partial LoRA of each of the five linears, 0 without.
        dead_ranks: Ranks of the adapters that nothing uses, in sum.
    """

    vocab: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    mlp: int
    adapter_rank: int = 0
    dead_ranks: int = 0

    @property
    def linears(self) -> tuple[tuple[int, int], ...]:
        """(out, in) of the linears of one layer; query, key and value are one."""
        kv = 2 * self.kv_heads * (self.hidden // self.heads)
        return (
            (self.hidden + kv, self.hidden),
            (self.hidden, self.hidden),
            (self.mlp, self.hidden),
            (self.mlp, self.hidden),
            (self.hidden, self.mlp),
        )

    @property
    def adapter(self) -> int:
        """Parameters of adapters of rank 1 on all linears of all layers."""
        return self.layers * sum(out + into for out, into in self.linears)


@dataclass(frozen=True)
class ClipSizes:
    """Sizes of a CLIP image encoder."""

    hidden: int
    layers: int
    mlp: int
    patch: int
    image: int

    @property
    def parameters(self) -> int:
        """All of it, the layer norm behind its last block included."""
        block = 4 * (self.hidden + 1) * self.hidden + 2 * self.hidden * self.mlp + self.mlp + self.hidden
        positions = (self.image // self.patch) ** 2 + 1
        first = 3 * self.patch**2 * self.hidden + self.hidden + positions * self.hidden
        return first + self.layers * (block + 4 * self.hidden) + 4 * self.hidden


@dataclass(frozen=True)
class Footprint:
    """Parameters of a model, part by part.

    Attributes:
        decoder: The linears of the decoder, which may be packed.
        adapters: Partial LoRA, which may be packed at some cost.
        embeddings: Looked up for each token; may stay on the CPU.
        head: The logits; stays as it is.
        vision, masks: Image encoders and mask decoder; each works in a stage of its own.
        bridges: Projectors, norms, and the way from a token to a mask; stay as they are.
        dead: In the files, never loaded.
        kv_bytes_per_token: Keys and values of one position of the decoder in bfloat16.
        stored_bytes: Of a weight of the decoder in its file.
    """

    decoder: int
    adapters: int
    embeddings: int
    head: int
    vision: int
    masks: int
    bridges: int
    dead: int
    kv_bytes_per_token: int
    stored_bytes: int = BFLOAT16

    @property
    def live(self) -> int:
        """Parameters that are loaded."""
        return self.everything - self.dead

    @property
    def everything(self) -> int:
        """Parameters in the files."""
        parts = self.decoder + self.adapters + self.embeddings + self.head + self.vision + self.masks
        return parts + self.bridges + self.dead


def geopixel(text: DecoderSizes, clip: ClipSizes, out_dim: int, masks: int, video: int) -> Footprint:
    """A GeoPixel of any size.

    Args:
        text: InternLM2 with partial LoRA.
        clip: Its image encoder; four neighbouring patches make one token.
        out_dim: Width of the mask decoder's prompts.
        masks: Parameters of SAM 2 that are used.
        video: Those that only videos need.
    """
    merged = 4 * clip.hidden
    projector = (merged + 1) * text.hidden + (text.hidden + 1) * text.hidden + 2 * merged  # with both separators
    return _with_decoder(
        text,
        vision=clip.parameters,
        masks=masks,
        bridges=projector + _segmentation_path(text.hidden, out_dim),
        dead=text.dead_ranks * text.adapter + video,
    )


def geopix(
    text: DecoderSizes, clip: ClipSizes, width: int, neck: int, memory: int, levels: int = 2, classes: int = 75
) -> Footprint:
    """A GeoPix of any size, in its released form, which the class-wise memory does not change.

    Args:
        text: Llama.
        clip: Its image encoder.
        width: Of the mask predictor and its prompts.
        neck: Channels inside the two necks.
        memory: Parameters of one class on one level.
    """
    half, inner = width // 2, 2048
    attention = 4 * (width + 1) * width
    cross = 3 * (width + 1) * half + (half + 1) * width
    layer = attention + 2 * cross + (width + 1) * inner + (inner + 1) * width + 8 * width
    transformer = 2 * layer + cross + 2 * width
    small = width // 8
    upscaling = width * small * 4 + 3 * small + width * width * 4 + 3 * width
    hyper = 4 * (2 * (width + 1) * width + (width + 1) * small)
    iou = (width + 1) * 256 + 257 * 256 + 257 * 4
    predictor = levels * transformer + upscaling + hyper + iou + (5 + levels) * width + width
    necks = 2 * (
        9 * clip.hidden * neck + 9 * neck * width + 5 * neck + 5 * width
    )  # bias and four numbers of batch norm
    projector = (clip.hidden + 1) * text.hidden + (text.hidden + 1) * text.hidden
    return _with_decoder(
        text,
        vision=clip.parameters,
        masks=predictor + necks + 2 * width,  # and what the prompt encoder adds: positions and "no mask"
        bridges=projector + _segmentation_path(text.hidden, width),
        dead=classes * levels * memory,
    )


def _segmentation_path(hidden: int, out: int) -> int:
    return (hidden + 1) * hidden + (hidden + 1) * out


def _with_decoder(text: DecoderSizes, vision: int, masks: int, bridges: int, dead: int) -> Footprint:
    norms = (2 * text.layers + 1) * text.hidden
    return Footprint(
        decoder=text.layers * sum(out * into for out, into in text.linears),
        adapters=text.adapter_rank * text.adapter,
        embeddings=text.vocab * text.hidden,
        head=text.vocab * text.hidden,
        vision=vision,
        masks=masks,
        bridges=bridges + norms,
        dead=dead,
        kv_bytes_per_token=2 * text.layers * text.kv_heads * (text.hidden // text.heads) * BFLOAT16,
    )


CLIP_LARGE = {"hidden": 1024, "layers": 24, "mlp": 4096, "patch": 14}
GEOPIXEL_7B = geopixel(
    DecoderSizes(92_547, 4096, 32, 32, 8, 14_336, adapter_rank=256, dead_ranks=256 + 256 + 512),
    ClipSizes(**CLIP_LARGE, image=560),
    out_dim=256,
    masks=SAM2_LARGE,
    video=SAM2_VIDEO,
)
GEOPIX_7B = geopix(
    DecoderSizes(32_008, 4096, 32, 32, 32, 11_008),
    ClipSizes(**CLIP_LARGE, image=448),
    width=256,
    neck=512,
    memory=64 * 64 * 32 * 32,
)
