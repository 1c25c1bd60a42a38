"""Units of area: how they are asked for, and how an area is written in them.  Pure."""

from __future__ import annotations

import re

# name -> (pattern, square metres, how it is written)
AREAS: dict[str, tuple[str, float, str]] = {
    "km2": (r"km2|sq(?:uare)?\.? ?(?:km|kilomet(?:er|re)s?)", 1e6, "km²"),
    "ha": (r"hectares?|ha", 1e4, "ha"),
    "acre": (r"acres?", 4046.8564224, "acres"),
    "ft2": (r"ft2|sq ?ft|sq(?:uare)?\.? ?(?:ft|feet|foot)", 0.3048**2, "sq ft"),
    "mi2": (r"mi2|sq(?:uare)?\.? ?mi(?:les?)?", 1609.344**2, "sq mi"),
    "yd2": (r"yd2|sq(?:uare)?\.? ?(?:yards?|yds?)", 0.9144**2, "sq yd"),
    "m2": (r"m2|sqm|sq(?:uare)?\.? ?(?:m|met(?:er|re)s?)", 1.0, "m²"),
    "px": (r"pixels?|px", 0.0, "px"),
}
LONG = {
    "km2": "square kilometres",
    "ha": "hectares",
    "acre": "acres",
    "ft2": "square feet",
    "mi2": "square miles",
    "yd2": "square yards",
    "m2": "square metres",
}
_ASKED = re.compile("|".join(rf"(?P<{name}>\b(?:{pattern})\b)" for name, (pattern, _, _) in AREAS.items()))
_DIGITS = 3


def asked(text: str) -> str:
    """The first unit of area that a text in lower case names, a key of ``AREAS``; empty if none."""
    match = _ASKED.search(text)
    return match.lastgroup or "" if match else ""


def written(area_m2: float | None, area_px: float, unit: str) -> str:
    """An area in a unit, with three digits that count: "0.0123 ha", "1,230 sq ft"; in pixels where it has no metres."""
    if area_m2 is None or unit == "px":
        return f"{area_px:,.0f} px"
    _, square_metres, name = AREAS[unit]
    return f"{rounded(area_m2 / square_metres)} {name}"


def rounded(value: float) -> str:
    """Three digits that count, whole numbers in full: 0.0123, 1.23, 123, 1,234."""
    if value == 0 or abs(value) >= 10 ** (_DIGITS - 1):
        return f"{value:,.0f}"
    digits = _DIGITS - 1
    scaled = abs(value)
    while scaled < 1:
        scaled, digits = scaled * 10, digits + 1
    if abs(value) >= 10:
        digits -= 1
    return f"{value:.{digits}f}"
