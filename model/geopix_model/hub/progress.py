"""How far an installation is, and how long it will take."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

WINDOW_S = 10.0  # speed is that of the last seconds


@dataclass(frozen=True)
class Progress:
    """A step of an installation.

    Attributes:
        stage: "waiting" (another process installs this model), "asking" (the hub), "fetching", "copying", "checking"
            or "installed", which is the last.
        file: Which one, "" for none.
        done_bytes, total_bytes: Of all files; checking a file does not count again.
        commit: 40 digits, "" while it is not known.
    """

    stage: str
    file: str = ""
    done_bytes: int = 0
    total_bytes: int = 0
    commit: str = ""


class Pace:
    """Speed and remaining time of a transfer, from what it told when."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def tell(self, now_s: float, progress: Progress) -> tuple[float, float | None]:
        """(bytes per second, seconds left or None where nobody can know)."""
        if progress.stage not in ("fetching", "copying"):
            self._seen.clear()
            return 0.0, None
        self._seen.append((now_s, progress.done_bytes))
        while len(self._seen) > 2 and now_s - self._seen[0][0] > WINDOW_S:
            self._seen.popleft()
        (began, first), (now, last) = self._seen[0], self._seen[-1]
        speed = (last - first) / (now - began) if now > began else 0.0
        return speed, (progress.total_bytes - last) / speed if speed > 0 else None
