"""What is wanted of a question, where its words shall not decide."""

from __future__ import annotations

from typing import Optional

from ..protocol import TASKS
from ..qt import QtCore, QtGui, QtWidgets
from ..translation import tr

LABELS = {
    "auto": tr("Automatic"),
    "segment": tr("Segment"),
    "refer": tr("Boxes"),
    "caption": tr("Describe"),
    "vqa": tr("Question"),
}
TIP = tr(
    "What you want: Automatic goes by your words; Segment gives outlines, Boxes "
    "rectangles, Describe a description, Question an answer in words. The embedded model "
    "always answers with outlines; its boxes are drawn around them."
)


MARGIN_PX = 40  # frame and arrow


class TaskChoice(QtWidgets.QComboBox):
    """A small choice beside the prompt."""

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        for task in TASKS:
            self.addItem(LABELS[task], task)
        # In a narrow dock the text is elided before the buttons beside it are.
        self.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(1)
        self.setIconSize(QtCore.QSize(0, 0))
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(13 * self.fontMetrics().averageCharWidth() + MARGIN_PX)

    def paintEvent(self, _event: QtGui.QPaintEvent) -> None:
        """Elides the text: some styles clip it in the middle of a letter."""
        option = QtWidgets.QStyleOptionComboBox()
        self.initStyleOption(option)
        style = QtWidgets.QStyle
        field = self.style().subControlRect(
            style.ComplexControl.CC_ComboBox, option, style.SubControl.SC_ComboBoxEditField, self
        )
        option.currentText = self.fontMetrics().elidedText(
            self.currentText(), QtCore.Qt.TextElideMode.ElideRight, field.width() - 2
        )
        painter = QtWidgets.QStylePainter(self)
        painter.drawComplexControl(style.ComplexControl.CC_ComboBox, option)
        painter.drawControl(style.ControlElement.CE_ComboBoxLabel, option)

    @property
    def task(self) -> str:
        """One of ``protocol.TASKS``."""
        return str(self.currentData())
