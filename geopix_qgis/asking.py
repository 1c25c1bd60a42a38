"""The question that is being answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from .errors import PluginError
from .handover import Handover
from .protocol import MAX_PROMPT_CHARS, AskRequest, Tile, Turn
from .raster import Selection
from .settings import Settings
from .translation import tr
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


def request_about(
    selection: Selection,
    tile: Tile,
    prompt: str,
    choices: Settings,
    number: int = 1,
    history: Sequence[Turn] = (),
    task: str = "auto",
) -> AskRequest:
    """What is sent to the model process.

    Args:
        selection: Which pixels.
        tile: How they are sent.
        prompt: What is asked.
        choices: Model, least score and least area are those chosen in here.
        number: Of the turn.
        history: Earlier turns about the same pixels, oldest first.
        task: What is wanted, one of ``protocol.TASKS``.
    """
    return AskRequest(
        prompt,
        tile,
        tuple(history),
        choices.model,
        number,
        choices.min_score,
        min_area_m2=choices.min_area_m2,
        outline=selection.outline,
        task=task,
    )


def stopped(windows: tuple[int, int], regions: int) -> str:
    """How far a stopped answer came: windows (read, in all), and polygons on the map."""
    if regions == 0:
        kept = tr("nothing was found so far.")
    else:
        kept = (
            tr("the {regions} polygons found so far are kept.", regions=regions)
            if regions > 1
            else tr("the 1 polygon found so far is kept.")
        )
    done, total = windows
    how = tr("{done} of {total} windows were read; {kept}", done=done, total=total, kept=kept) if total else kept
    return tr("Stopped.") + f" {how[0].upper()}{how[1:]}"


def check_ground(choices: Settings, selection: Selection) -> None:
    """Refuses a least area in square metres about a raster without a CRS.

    Raises:
        PluginError: If polygons could not be measured.
    """
    if choices.min_area_m2 > 0 and not selection.crs.isValid():
        raise PluginError(
            tr(
                "Polygons below {area} m² cannot be left out: {name} has no CRS, so nothing on it can be measured in "
                "m². Set the CRS of the layer, or the least area of a polygon to 0.",
                area=f"{choices.min_area_m2:g}",
                name=selection.name,
            )
        )


def check_prompt(prompt: str) -> None:
    """Refuses a prompt that cannot be asked.

    Raises:
        PluginError: If it is empty or too long.
    """
    if not prompt.strip():
        raise PluginError(tr("The prompt is empty. Say what to look for, such as 'segment all buildings'."))
    if len(prompt) > MAX_PROMPT_CHARS:
        raise PluginError(
            tr(
                "The prompt has {count:,} characters. Shorten it to at most {max_prompt_chars:,}.",
                count=len(prompt),
                max_prompt_chars=MAX_PROMPT_CHARS,
            )
        )
