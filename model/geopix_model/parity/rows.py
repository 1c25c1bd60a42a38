"""One line of a parity table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One recorded stage of one case.

    Attributes:
        difference: Largest absolute difference; for what must be equal, the number of values that are not.
        tolerance: What it may be.
        note: What else to know, such as why it could not be compared.
    """

    case: str
    stage: str
    difference: float
    tolerance: float
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether the difference is within the tolerance; never for a difference that is no number."""
        return self.difference <= self.tolerance
