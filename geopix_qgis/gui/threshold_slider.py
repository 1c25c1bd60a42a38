"""A slider for a lower limit, with the spread of the values behind it and a box to type in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from ..qt import QtCore, QtGui, QtWidgets, Signal
from ..summaries import Histogram

STEPS = 200
BARS_HEIGHT_PX, MIN_WIDTH_PX = 26, 60
WHOLE_FROM = 1000.0  # a scale this long needs no decimals
BOX_PADDING_PX = 30


class ThresholdSlider(QtWidgets.QWidget):
    """A lower limit from 0 to the top of a scale.  Signal ``changed(float)`` at each step."""

    changed = Signal(float)

    def __init__(self, name: str, parent: Optional[QtWidgets.QWidget] = None) -> None:
        """Makes one whose object names begin with ``name``, such as ``geopixMinScore``."""
        super().__init__(parent)
        self.setObjectName(name)
        self._top, self._power = 1.0, 1
        self.slider = _BarSlider()
        self.slider.setObjectName(f"{name}Slider")
        self.slider.setRange(0, STEPS)
        self.slider.setFixedHeight(BARS_HEIGHT_PX)
        self.box = QtWidgets.QDoubleSpinBox()
        self.box.setObjectName(f"{name}Box")
        self.box.setKeyboardTracking(False)
        self.box.setAlignment(QtCore.Qt.AlignmentFlag.AlignRight)
        self.slider.valueChanged.connect(self._slid)
        self.box.valueChanged.connect(self._typed)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.slider, 1)
        row.addWidget(self.box)

    @property
    def value(self) -> float:
        """The limit."""
        return self.box.value()

    def describe(self, accessible: str, tip: str) -> None:
        """Gives slider and box the same words."""
        for widget in (self.slider, self.box):
            widget.setAccessibleName(accessible)
            widget.setToolTip(tip)

    def set_scale(self, spread: Histogram, decimals: int, suffix: str = "") -> None:
        """Sets the upper end and the bars; the limit stays, also where it lies beyond the end."""
        value = self.value
        self._top, self._power = spread.top or 1.0, spread.power
        for widget in (self.box, self.slider):
            widget.blockSignals(True)
        self.box.setDecimals(decimals if self._top < WHOLE_FROM else 0)
        self.box.setSuffix(suffix)
        self.box.setSingleStep(1.0 if decimals < 2 else 0.05)
        self.box.setRange(0.0, max(self._top, value))
        self.box.setValue(value)
        self.slider.setValue(self._position(value))
        for widget in (self.box, self.slider):
            widget.blockSignals(False)
        self.slider.set_bars(spread.counts)
        self.setEnabled(bool(spread.counts))

    def box_width(self) -> int:
        """Pixels that the box needs for its longest number."""
        text = self.box.textFromValue(self.box.maximum()) + self.box.suffix()
        return self.box.fontMetrics().horizontalAdvance(text) + BOX_PADDING_PX

    def _position(self, value: float) -> int:
        return round(STEPS * min(1.0, value / self._top) ** (1 / self._power))

    def _slid(self, position: int) -> None:
        self.box.setValue(self._top * (position / STEPS) ** self._power)

    def _typed(self, value: float) -> None:
        self.slider.blockSignals(True)
        self.slider.setValue(self._position(value))
        self.slider.blockSignals(False)
        self.slider.update()
        self.changed.emit(value)


class _BarSlider(QtWidgets.QSlider):
    """A horizontal slider over a little histogram; what it hides is pale."""

    def __init__(self) -> None:
        super().__init__(QtCore.Qt.Orientation.Horizontal)
        self.setMinimumWidth(MIN_WIDTH_PX)
        self._bars: Sequence[int] = ()

    def set_bars(self, bars: Sequence[int]) -> None:
        """Numbers of values from low to high."""
        self._bars = bars
        self.update()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        """Bars first, the slider over them."""
        if self._bars and max(self._bars):
            painter = QtGui.QPainter(self)
            self._paint_bars(painter)
            painter.end()
        super().paintEvent(event)

    def _paint_bars(self, painter: QtGui.QPainter) -> None:
        handle = self.style().pixelMetric(QtWidgets.QStyle.PixelMetric.PM_SliderLength, None, self)
        left, room = handle / 2, self.width() - handle
        wide = room / len(self._bars)
        limit = left + room * self.value() / self.maximum()
        kept = self.palette().color(QtGui.QPalette.ColorRole.Highlight)
        hidden = self.palette().color(QtGui.QPalette.ColorRole.Mid)
        kept.setAlpha(150)
        hidden.setAlpha(110)
        for number, count in enumerate(self._bars):
            high = (self.height() - 2) * (count / max(self._bars)) ** 0.5 if count else 0.0  # few are still seen
            start = left + number * wide
            colour = hidden if start + wide / 2 < limit or not self.isEnabled() else kept
            bar = QtCore.QRectF(start + 0.5, self.height() - high, max(1.0, wide - 1), high)
            painter.fillRect(bar, colour)
