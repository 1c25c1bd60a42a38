"""Where the published models are, and which of their files are needed."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from .errors import IncompleteError

SAFETENSORS, PICKLES = ("model*.safetensors",), ("pytorch_model*.bin",)
INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")


@dataclass(frozen=True)
class Source:
    """A published model.

    Patterns are those of ``fnmatch`` with "/" between folders, each for its own level: ``*.json`` is not ``a/b.json``.

    Attributes:
        name: As ``geopix models`` lists it.
        repository: On the hub.
        seen_commit: Beginning of the newest commit that was known when this was written, "" if none was.  It is not
            what is downloaded (see ``install``), but a newer one is worth a word.
        needed: Patterns of files without which it does not load.
        useful: Patterns of files that are taken where they are.
        weights: Folders that hold weights, as safetensors or as pickles of torch, whole or in parts.
    """

    name: str
    repository: str
    seen_commit: str
    needed: tuple[str, ...]
    useful: tuple[str, ...]
    weights: tuple[str, ...]

    def choose(self, paths: Collection[str], where: str) -> tuple[str, ...]:
        """The files that are taken from a repository or a folder, sorted; safetensors rather than pickles.

        Args:
            paths: Relative, with "/".
            where: What to call the place in a message.

        Raises:
            IncompleteError: If a needed file is not there.
        """
        chosen = {path for path in paths if any(_matches(path, p) for p in (*self.needed, *self.useful))}
        missing = [pattern for pattern in self.needed if not any(_matches(path, pattern) for path in chosen)]
        for folder in self.weights:
            here = [path for path in paths if PurePosixPath(path).parent == PurePosixPath(folder or ".")]
            safe = [path for path in here if _is(path, SAFETENSORS)]
            found = safe or [path for path in here if _is(path, PICKLES)]
            index = INDEXES[0] if safe else INDEXES[1]
            if not found:
                missing.append(str(PurePosixPath(folder) / "model*.safetensors"))
            chosen.update(found, (path for path in here if PurePosixPath(path).name == index))
        if missing:
            raise IncompleteError(
                f"{where} has no {', '.join(missing)}, which {self.name} needs; is it a copy of {self.repository}?"
            )
        return tuple(sorted(chosen))

    def check_parts(self, folder: Path) -> None:
        """Compares the parts of weights in a folder with what their index names.

        Raises:
            IncompleteError: If a part is not there.
        """
        for inner in self.weights:
            for index in (folder / inner / name for name in INDEXES):
                if not index.is_file():
                    continue
                parts = _parts(index)
                missing = sorted(part for part in parts if not (index.parent / part).is_file())
                if missing:
                    raise IncompleteError(
                        f"{index.name} of {self.name} names {len(parts)} parts, but {', '.join(missing)} is not in "
                        f"{folder}; copy or download it again."
                    )


def _parts(index: Path) -> set[str]:
    try:
        parts = set(json.loads(index.read_text("utf-8"))["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise IncompleteError(f"{index} cannot be read ({error!r}); copy or download it again.") from error
    outside = [part for part in parts if not isinstance(part, str) or PurePosixPath(part).name != part]
    if outside:
        raise IncompleteError(f"{index} names {outside[0]!r}, expected files beside it; is it damaged?")
    return parts


def _matches(path: str, pattern: str) -> bool:
    names, patterns = path.split("/"), pattern.split("/")
    return len(names) == len(patterns) and all(map(fnmatchcase, names, patterns))


def _is(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(PurePosixPath(path).name, pattern) for pattern in patterns)


_GEOPIXEL_FILES = {
    "needed": ("config.json", "tokenizer.model", "added_tokens.json"),
    "useful": (
        "README.md", "LICENSE*", "generation_config.json", "tokenizer_config.json", "special_tokens_map.json",
        "clip_config.json", "sam2_config.json",
    ),
    "weights": ("",),
}  # fmt: skip
_GEOPIX_FILES = {
    "needed": (
        "config.json", "tokenizer.json", "preprocessor_config.json", "vlm/config.json",
        "seg/config.json", "pec/config.json", "clm/config.json",
        "image_neck_rough.pth", "image_neck_detail.pth", "text_hidden_fcs.pth",
        "multiseg_scalar.pth", "multiscale_scalar.pth",
    ),
    "useful": (
        "README.md", "LICENSE*", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "processor_config.json",
        "vlm/generation_config.json", "vlm/vision/config.json", "vlm/text/config.json",
    ),
    "weights": ("vlm", "seg", "pec", "clm"),
}  # fmt: skip
GEOPIXEL = Source("geopixel-7b", "MBZUAI/GeoPixel-7B", "6029080", **_GEOPIXEL_FILES)
GEOPIXEL_RES = Source("geopixel-7b-res", "MBZUAI/GeoPixel-7B-RES", "", **_GEOPIXEL_FILES)
GEOPIX = Source("geopix", "Norman-ou/GeoPix-ft-sior_rsicap", "", **_GEOPIX_FILES)
SOURCES = {source.name: source for source in (GEOPIXEL, GEOPIXEL_RES, GEOPIX)}
