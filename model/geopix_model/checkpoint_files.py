"""Files of a published checkpoint, with words for one that is missing or spoilt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .errors import CheckpointError


def require(path: Path) -> None:
    """Raises:
    CheckpointError: If a file of the checkpoint is not there.
    """
    if not path.is_file():
        raise CheckpointError(
            f"the checkpoint {path.parent} has no {path.name}; download it again or choose another folder"
        )


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        CheckpointError: If it is missing or holds something else.
    """
    require(path)
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path.name} in {path.parent} cannot be read ({error}); download it again") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{path.name} in {path.parent} holds no JSON object; download it again")
    return values
