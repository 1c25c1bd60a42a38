"""The unit of work of a large raster: one window shown to one model.

A unit is a small value that says all that its result depends on, and the result is deterministic: it may be worked out
again, in another process or on another machine that sees the raster, and is the same.  What is made of the results
(``blocks``, ``seams``) depends on nothing else.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geopix_model.predictor import Box, Mask, Measure, Notice, Piece, Predictor, Text

from .asker import Asker
from .errors import JournalError
from .identify import Identifier
from .question import Question
from .raster import interleaved
from .raster_scene import Scene
from .tiling import Window

FORMAT = 3  # of stored answers
PIECES = {kind.__name__: kind for kind in (Text, Measure, Mask, Box, Notice)}
ARRAYS = ("logits", "evidence", "cores")
Array = NDArray[Any]


@dataclass(frozen=True)
class Job:
    """What all units of one question about one raster share.

    Attributes:
        raster: ``Scene.identity`` as JSON text.
        prompt, task: Of the question.
        history: (prompt, answer) pairs that the model reads; none where it is asked in words of our own.
        asks: What is asked then (see ``asker``); else "".
        model: Name and revision of the weights.
        window_px, overlap_px: How the raster is cut into windows.
    """

    raster: str
    prompt: str
    history: tuple[tuple[str, str], ...]
    asks: str
    task: str
    model: str
    window_px: int
    overlap_px: int

    @classmethod
    def of(cls, scene: Scene, question: Question, predictor: Predictor) -> Job:
        """The job of a question about a scene."""
        info = predictor.info
        asks = predictor.asks if isinstance(predictor, (Asker, Identifier)) else ""
        return cls(
            json.dumps(scene.identity, sort_keys=True),
            question.prompt,
            () if asks else tuple(question.pairs),
            asks,
            question.task,
            f"{info.name} {info.revision}".strip(),
            info.window_px,
            info.overlap_px,
        )

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that no other job has."""
        return hashlib.blake2b(self.to_json().encode(), digest_size=8).hexdigest()

    def to_json(self) -> str:
        """All of it as JSON text, the same for the same job."""
        return json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True)


@dataclass(frozen=True)
class Unit:
    """One window of a job."""

    job: Job
    window: Window

    def to_json(self) -> str:
        """All of it as JSON text."""
        return json.dumps({"job": json.loads(self.job.to_json()), "window": asdict(self.window)}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Unit:
        """The inverse of ``to_json``.

        Raises:
            JournalError: If the text is not that of a unit of this version.
        """
        try:
            values = json.loads(text)
            job = values["job"]
            found = job.pop("format")
            if found != FORMAT:
                raise JournalError(f"The unit of work is of format {found}, this version knows {FORMAT}; make it anew.")
            history = tuple((prompt, answer) for prompt, answer in job.pop("history"))
            return cls(Job(**job, history=history), Window(**values["window"]))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise JournalError(f"The unit of work cannot be read ({error}); make it anew.") from error


@dataclass(frozen=True, eq=False)
class Answer:
    """What a model says about one window, and where that has data.

    Attributes:
        valid: (h, w) bool.
        pieces: In the model's order.  Logits are rounded to half precision, whether they were stored or not.
    """

    valid: NDArray[np.bool_]
    pieces: tuple[Piece, ...]

    def to_bytes(self) -> bytes:
        """For a file; a checksum comes first, so that a damaged file is never taken for an answer."""
        arrays: list[Array] = []
        pieces = [_plain(piece, arrays) for piece in self.pieces]
        head = json.dumps({"shape": self.valid.shape, "pieces": pieces, "arrays": [a.shape for a in arrays]}).encode()
        body = struct.pack(">I", len(head)) + head + np.packbits(self.valid).tobytes()
        packed = zlib.compress(body + b"".join(map(_planes, arrays)), 1)
        return struct.pack(">I", zlib.crc32(packed)) + packed

    @classmethod
    def from_bytes(cls, data: bytes) -> Answer:
        """The inverse of ``to_bytes``.

        Raises:
            JournalError: If the bytes are not those of an answer.
        """
        try:
            (checksum,), packed = struct.unpack_from(">I", data), data[4:]
            if zlib.crc32(packed) != checksum:
                raise ValueError("its checksum differs")
            body = zlib.decompress(packed)
            (length,) = struct.unpack_from(">I", body)
            head, place = json.loads(body[4 : 4 + length]), 4 + length
            height, width = head["shape"]
            bits = np.frombuffer(body, np.uint8, -(-height * width // 8), place)
            valid = np.unpackbits(bits, count=height * width).reshape(height, width).astype(bool)
            place += len(bits)
            arrays = []
            for shape in head["arrays"]:
                count = int(np.prod(shape))
                planes = np.frombuffer(body, np.uint8, 2 * count, place).reshape(2, count)
                arrays.append(np.ascontiguousarray(planes.T).view(np.float16).reshape(shape).astype(np.float32))
                place += 2 * count
            return cls(valid, tuple(_piece(values, arrays) for values in head["pieces"]))
        except (ValueError, TypeError, KeyError, struct.error, zlib.error) as error:
            raise JournalError(f"A stored answer cannot be read ({error}); remove its folder to begin anew.") from error


def work_out(
    unit: Unit,
    predictor: Predictor,
    pixels: NDArray[np.uint8],
    valid: NDArray[np.bool_],
    cancelled: Callable[[], bool],
) -> Answer | None:
    """The result of a unit; None where it was cancelled before its end.

    Args:
        unit: Which window of which question.
        predictor: The model that the unit names.
        pixels: (3, h, w) uint8, the window of the raster.
        valid: (h, w) bool.
        cancelled: Asked between the pieces of the answer.
    """
    job = unit.job
    said = predictor.answer(interleaved(pixels), job.prompt, job.history, job.task)  # type: ignore[arg-type]  # checked by Question
    pieces: list[Piece] = []
    try:
        for piece in said:
            if cancelled():
                return None
            pieces.append(_halved(piece))
    finally:
        if isinstance(said, Generator):
            said.close()
    return Answer(valid, tuple(pieces))


def _halved(piece: Piece) -> Piece:
    if not isinstance(piece, Mask):
        return piece
    values = {field.name: getattr(piece, field.name) for field in fields(piece)}
    for name in ARRAYS:
        if values[name] is not None:
            values[name] = np.asarray(values[name]).astype(np.float16).astype(np.float32)
    return type(piece)(**values)


def _plain(piece: Piece, arrays: list[Array]) -> dict[str, Any]:
    """A piece as plain JSON types; its arrays go to ``arrays`` and leave their numbers."""
    values = {field.name: getattr(piece, field.name) for field in fields(piece)}
    for name in ARRAYS:
        if values.get(name) is not None:
            arrays.append(values[name])
            values[name] = len(arrays) - 1
    return {"piece": type(piece).__name__, **values}


def _piece(values: dict[str, Any], arrays: list[Array]) -> Piece:
    kind = PIECES[values.pop("piece")]
    for name in ARRAYS:
        if values.get(name) is not None:
            values[name] = arrays[values[name]]
    if "corners" in values:
        values["corners"] = tuple(values["corners"])
    return kind(**values)


def _planes(array: Array) -> bytes:
    """Half floats, all their low bytes before all their high ones: that packs a third smaller."""
    halves = np.ascontiguousarray(array, np.float16).reshape(-1)
    return np.ascontiguousarray(halves.view(np.uint8).reshape(-1, 2).T).tobytes()
