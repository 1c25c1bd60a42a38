"""How long the rest of a large raster will take, from what was measured on the way."""

from __future__ import annotations

from collections import deque
from statistics import median

LATELY = 31  # looks whose median is the pace: one busy minute does not decide, a slower machine is noticed
FEWEST = 3  # looks before anything is said


class Pace:
    """Counts windows; those without data cost next to nothing, so they are counted apart.

    Args:
        total: Number of windows.
        with_data: About how many of them have data; None where that is not known before they are read.
    """

    def __init__(self, total: int, with_data: int | None = None) -> None:
        self._total, self._with_data = total, with_data
        self._looked = self._empty = self._known = 0
        self._looks: deque[float] = deque(maxlen=LATELY)
        self._empty_s = 0.0

    @property
    def done(self) -> int:
        """Number of windows that are done, in whatever way."""
        return self._looked + self._empty + self._known

    def look(self, seconds: float) -> None:
        """A window was shown to the model; its seconds hold all work since the window before."""
        self._looked += 1
        self._looks.append(seconds)

    def empty(self, seconds: float) -> None:
        """A window had no data."""
        self._empty += 1
        self._empty_s += seconds

    def known(self) -> None:
        """The answer of a window was there from an earlier run."""
        self._known += 1

    @property
    def seconds_left(self) -> float | None:
        """None while too little was measured."""
        left = self._total - self.done
        if left == 0:
            return 0.0
        if len(self._looks) < FEWEST:
            return None
        seen = self._looked + self._known
        if self._with_data is None:
            looks = left * seen / max(seen + self._empty, 1)
        else:
            looks = min(max(self._with_data - seen, 0), left)
        for_empty = self._empty_s / self._empty if self._empty else 0.0
        return looks * median(self._looks) + (left - looks) * for_empty
