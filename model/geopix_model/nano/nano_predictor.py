"""The embedded model behind the seam: a small GeoPix with its own vocabulary."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

from ..device import threads
from ..generate import QuickReader, decode
from ..geopix.class_maps import EXTENT, peak
from ..geopix.model import GeoPix
from ..geopix.vision import VisionFeatures
from ..predictor import Mask, ModelInfo, Notice, Piece, Reading
from ..tasks import Choice, chosen, meant
from .evidence import Testimony, evidence, heard, lifted
from .guide import Guide
from .lexicon import CLASSES, GENERIC, match
from .prompts import question, token_id
from .reading import read
from .speech import SegRun, Speech
from .spelling import corrected

MAX_NEW_TOKENS = 160
IMAGES_KEPT = 64  # features of this many windows wait for a second question, about 3 MB each: 2,600 px square
IMAGES_AHEAD = 8  # are looked at, or wait for it, before anybody asks about them
PADDING = 127.0  # as in training
# Answers that ground begin in several ways and share their probability, a denial always begins with "No": it must win
# against all of them together.
DENY_FROM = 0.7
DESCRIBE = "Describe the image."
DESCRIBED = "The embedded model can only describe the image as a whole; the words of the question were not used."


class NanoPredictor:
    """See ``geopix_model.predictor.Lister`` and ``Foresighted``."""

    def __init__(self, model: GeoPix, tokenizer: Tokenizer, info: ModelInfo) -> None:
        self.model, self.tokenizer, self._info = model, tokenizer, info
        self.device = next(model.parameters()).device
        self._features: dict[bytes, VisionFeatures] = {}
        self._coming: dict[bytes, Future[VisionFeatures]] = {}
        # Of a model this small two cores gain more by two windows at a time than by halves of its operations.  On a GPU
        # two looks at a time take as long as one after the other.
        cores = torch.get_num_threads()
        self._ahead, self._cores = self.device.type == "cpu" and cores > 1, max(1, cores // 2)
        self._thread = ThreadPoolExecutor(1, "foresee", torch.set_num_threads, (self._cores,))
        self._chance = Random(0)
        self._said: Testimony | None = None  # of the last mask
        self._ids = {token: token_id(tokenizer, token) for token in ("<image>", "</s>", "<answer>")}
        self._no = tokenizer.encode("No").ids[0]

    @property
    def info(self) -> ModelInfo:
        """Name, window size and resolution of the model."""
        return self._info

    def read(self, prompt: str) -> Reading:
        """See ``Lister.read``."""
        return read(prompt)

    def likely(self, image: NDArray[np.uint8]) -> Mapping[str, float]:
        """See ``Lister.likely``: from the class maps, if the model has them."""
        with torch.inference_mode(), threads(self._cores):
            maps = self._look(image).maps
            if maps is None:
                return {}
            sure = peak(maps[0, :, EXTENT].float()).sigmoid()
        return dict(zip(self.model.config.class_names, sure.tolist(), strict=True))

    def answer(
        self, image: NDArray[np.uint8], prompt: str, history: Sequence[tuple[str, str]] = (), task: Choice = "auto"
    ) -> Iterator[Piece]:
        """See ``Predictor.answer``.

        It grounds whatever it speaks of and gives no boxes, so a task decides little here: a description that the
        words do not ask for is asked for in the words that it was trained with.
        """
        with threads(self._cores):
            yield from self._answer(image, prompt, history, task)

    def _answer(
        self, image: NDArray[np.uint8], prompt: str, history: Sequence[tuple[str, str]], task: Choice
    ) -> Iterator[Piece]:
        wanted, words = chosen(prompt, task)
        prompt = corrected(words)
        if wanted == "caption" and meant(words) != "caption":
            prompt = DESCRIBE
            yield Notice(DESCRIBED)
        with torch.inference_mode():
            features = self._look(image)
            speech = Speech(self.tokenizer, prompt)
            guide, self._doubt = Guide(self.tokenizer, prompt), 0.0
            embeddings = self.model.embed(self._read(prompt, history), features.tokens, self._ids["<image>"])
        steps = decode(
            QuickReader(self.model.language),
            embeddings,
            lambda state: self._choose(state, guide),
            self._ids["</s>"],
            MAX_NEW_TOKENS,
            lambda: guide.likely,
        )
        while True:
            with torch.inference_mode():  # entered anew for each step: a generator must not leave it on while it waits
                step = next(steps, None)
                if step is None:
                    return
                pieces = [
                    self._mask(piece, features, image.shape[:2]) if isinstance(piece, SegRun) else piece
                    for piece in speech.feed(*step)
                ]
            yield from pieces

    def testify(self, image: NDArray[np.uint8], prompt: str) -> Iterator[tuple[Mask, int, NDArray[np.float32]]]:
        """The masks of an answer, each with its class and what its evidence was made of.

        The latter is (4, h, w) on the grid of the mask, in the order of ``Testimony.witnesses``.
        """
        for piece in self.answer(image, prompt):
            if isinstance(piece, Mask) and self._said is not None:
                yield piece, self._said.class_id, self._placed(self._said.witnesses, image.shape[:2])

    def _choose(self, state: Tensor, guide: Guide) -> int:
        """The id of the token that follows (H,) ``state``."""
        logits = self.model.logits(state)
        guide.restrict(logits)
        no = float(logits.softmax(-1)[self._no])
        # What was denied in an earlier sentence says nothing about the thing of this one.
        self._doubt = no if guide.begins_sentence else max(self._doubt, no)
        if logits.argmax() == self._no and no < DENY_FROM:
            logits[self._no] = -torch.inf
        token = int(logits.argmax())
        guide.said(token)
        return token

    def _read(self, prompt: str, history: Sequence[tuple[str, str]]) -> Tensor:
        """(1, T) ids up to <answer>; a prompt that does not fit loses its end."""
        ids = self.tokenizer.encode(question(prompt, history)).ids
        room = self.model.config.text.max_positions - MAX_NEW_TOKENS
        if len(ids) > room:
            ids = [*ids[: room - 1], self._ids["<answer>"]]
        return torch.tensor([ids], device=self.device)

    def foresee(self, image: NDArray[np.uint8]) -> None:
        """See ``Foresighted.foresee``: in a thread, which torch leaves to itself while it computes."""
        key = _key(image)
        if self._ahead and key not in self._features and key not in self._coming:
            self._coming[key] = self._thread.submit(self._seen, image)

    def _look(self, image: NDArray[np.uint8]) -> VisionFeatures:
        """Features of an image, kept for the next question about it."""
        key = _key(image)
        if key not in self._features:
            coming = self._coming.pop(key, None)
            self._features[key] = self._seen(image) if coming is None else coming.result()
            self._forget_stale()
            if len(self._features) > IMAGES_KEPT:
                # Any of the older ones: the windows of an area come in the same order at each question, so that the
                # oldest one would be the very next to be looked at again.
                del self._features[self._chance.choice(list(self._features)[:-1])]
        return self._features[key]

    def _forget_stale(self) -> None:
        """Images that were foreseen and never asked about, because the question was stopped, go when others come."""
        while len(self._coming) > IMAGES_AHEAD:
            self._coming.pop(next(iter(self._coming))).cancel()

    def _seen(self, image: NDArray[np.uint8]) -> VisionFeatures:
        with torch.inference_mode():
            return self.model.look(self._square(image))

    def _square(self, image: NDArray[np.uint8]) -> Tensor:
        """(1, 3, S, S): the image in the middle, padded as in training."""
        side, (height, width) = self.model.config.image_size, image.shape[:2]
        top, left = (side - height) // 2, (side - width) // 2
        pixels = torch.from_numpy(np.ascontiguousarray(image)).to(self.device).permute(2, 0, 1)[None]
        pads = (left, side - width - left, top, side - height - top)
        padded = F.pad(pixels.float(), pads, value=PADDING)
        return padded.contiguous(memory_format=torch.channels_last)

    def _mask(self, run: SegRun, features: VisionFeatures, size: tuple[int, int]) -> Mask:
        """The mask of one target; see ``_placed`` for its size."""
        found = match(run.phrase)
        class_id = found[0] if found else GENERIC
        countable = bool(found) and CLASSES[class_id].countable
        states = torch.stack(run.states)[None]
        seen = self.model.masks(features, states, torch.tensor([class_id], device=self.device))
        name = self.model.config.class_names[class_id] if found else ""
        maps = None if features.maps is None else features.maps[0]
        self._said = heard(class_id, seen.confidence[0], self._doubt, maps, seen.logits.shape[1:])
        self._doubt = 0.0
        weighed = self.model.config.evidence
        sure, logits = evidence(weighed, self._said), seen.logits + lifted(weighed, class_id)
        return Mask(
            run.phrase,
            name,
            self._placed(logits, size)[0],
            _surest(logits[0], sure),
            run.target,
            self._placed(sure[None], size)[0],
            self._placed(seen.cores, size)[0] if countable and seen.cores is not None else None,
            countable=countable or not found,
        )

    def _placed(self, planes: Tensor, size: Sequence[int]) -> NDArray[np.float32]:
        """Planes (P, h, w) of the padded square, on the image of (height, width) in its middle.

        They keep their own resolution where the image fills the square.  The grid does not begin at the edge of a
        smaller one, so there they are enlarged to its pixels.
        """
        side, (height, width) = self.model.config.image_size, size
        if height == width == side:
            return np.ascontiguousarray(planes.float().cpu().numpy())
        top, left = (side - height) // 2, (side - width) // 2
        # Bilinear would cut the corners of small things: IoU 0.004 lower on 89 masks of `val`.
        whole = F.interpolate(planes[None].float(), (side, side), mode="bicubic", align_corners=False)[0]
        return np.ascontiguousarray(whole[:, top : top + height, left : left + width].cpu().numpy())


def _key(image: NDArray[np.uint8]) -> bytes:
    return hashlib.blake2b(image.tobytes(), digest_size=16).digest() + bytes(str(image.shape), "ascii")


def _surest(logits: Tensor, sure: Tensor) -> float:
    """Score of a mask: no region of it is surer, because the logit of a mean probability is below the mean logit."""
    inside = logits > 0
    return float((logits + sure)[inside].max().sigmoid()) if inside.any() else 0.0
