"""Colours that can be read on the background of the theme in use."""

from __future__ import annotations

from ..qt import QtGui

MIN_CONTRAST = 4.5  # WCAG 2, level AA


def is_dark(palette: QtGui.QPalette) -> bool:
    """Whether text is written light on dark."""
    return palette.color(QtGui.QPalette.ColorRole.Base).lightness() < 128


def warning_colour(palette: QtGui.QPalette) -> str:
    """Amber."""
    return "#ffb454" if is_dark(palette) else "#9a5200"


def muted_colour(palette: QtGui.QPalette) -> str:
    """Grey."""
    return "#a8a8a8" if is_dark(palette) else "#666666"


def highlight_colour(palette: QtGui.QPalette) -> str:
    """Behind a sentence whose polygons are selected: the yellow of a selection, as far as text allows."""
    return "#5c5200" if is_dark(palette) else "#fff3a3"


def readable(colour: str, palette: QtGui.QPalette) -> str:
    """A colour, darkened or lightened until text in it can be read on the background."""
    background = palette.color(QtGui.QPalette.ColorRole.Base)
    text = QtGui.QColor(colour)
    while contrast(text, background) < MIN_CONTRAST and 0 < text.lightness() < 255:
        step = 12 if is_dark(palette) else -12
        text.setHsl(text.hslHue(), text.hslSaturation(), min(255, max(0, text.lightness() + step)))
    return text.name()


def contrast(one: QtGui.QColor, other: QtGui.QColor) -> float:
    """Contrast ratio of WCAG 2: 1 for equal colours to 21 for black on white."""
    low, high = sorted(map(_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: QtGui.QColor) -> float:
    channels = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
