"""The colours of the dock and of what it draws on the map; text can be read on the background of any theme."""

from __future__ import annotations

from ..palette import COLOURS
from ..qt import QtGui, QtWidgets

MIN_CONTRAST = 4.5  # WCAG 2, level AA
GOOD, BAD, PENDING, IDLE = "#2e9e4f", "#d32f2f", "#e0a000", "#9a9a9a"
ACCENT = COLOURS[0]
AREA = "#e91e90"  # on imagery: nothing natural is magenta
GLOW = "#ffe600"  # of polygons that are pointed at
HALO = QtGui.QColor(255, 255, 255, 200)  # beside a line on the map, so that it is seen on dark and light ground
CLEAR = QtGui.QColor(0, 0, 0, 0)


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


def show_note(label: QtWidgets.QLabel, text: str, *, warning: bool) -> None:
    """Puts a line into a label, grey, or amber where something stands in the way; hides it where it says nothing."""
    theme = label.parentWidget().palette()  # the style sheet changes the label's own
    colour = warning_colour(theme) if warning else muted_colour(theme)
    label.setStyleSheet(f"color: {colour}")
    label.setText(text)
    label.setVisible(bool(text))


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


def faded(colour: str, alpha: int) -> QtGui.QColor:
    """A colour with an opacity of 0..255."""
    found = QtGui.QColor(colour)
    found.setAlpha(alpha)
    return found


def _luminance(colour: QtGui.QColor) -> float:
    channels = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
