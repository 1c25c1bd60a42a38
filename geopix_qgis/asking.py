"""The question that is being answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from .errors import PluginError
from .handover import Handover
from .protocol import MAX_PROMPT_CHARS
from .raster import Selection
from .turns import TurnRecord


@dataclass
class Asking:
    """The question that is being answered.

    Attributes:
        turn, selection: What is asked, and about which pixels.
        body: The request, ready to be sent, once its pixels are there.
        crs_text: Of the tile, as the model process says it.
        windows: (read, in all).
        gsd_m: Metres per pixel of what the model sees, None where unknown.
        task: What is wanted, one of ``protocol.TASKS``.
    """

    turn: TurnRecord
    selection: Selection
    body: Optional[Handover] = None
    crs_text: str = ""
    windows: tuple[int, int] = (0, 0)
    gsd_m: Optional[float] = None
    task: str = "auto"


def stopped(windows: tuple[int, int], regions: int) -> str:
    """How far a stopped answer came: windows (read, in all), and polygons on the map."""
    if regions == 0:
        kept = "nothing was found so far."
    else:
        kept = (
            f"the {regions} polygons found so far are kept." if regions > 1 else "the 1 polygon found so far is kept."
        )
    done, total = windows
    how = f"{done} of {total} windows were read; {kept}" if total else kept
    return f"Stopped. {how[0].upper()}{how[1:]}"


def check_prompt(prompt: str) -> None:
    """Refuses a prompt that cannot be asked.

    Raises:
        PluginError: If it is empty or too long.
    """
    if not prompt.strip():
        raise PluginError("The prompt is empty. Say what to look for, such as 'segment all buildings'.")
    if len(prompt) > MAX_PROMPT_CHARS:
        raise PluginError(f"The prompt has {len(prompt):,} characters. Shorten it to at most {MAX_PROMPT_CHARS:,}.")
