"""What to do where the model's Python was not found."""

from __future__ import annotations

import os
from typing import Optional

from ..qt import QtWidgets, Signal


class SetupCard(QtWidgets.QFrame):
    """A sentence and a button.  Signal ``python_chosen(str)``."""

    python_chosen = Signal(str)

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("geopixSetupCard")
        self.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        self._message = QtWidgets.QLabel()
        self._message.setWordWrap(True)
        self._message.setObjectName("geopixSetupMessage")
        button = QtWidgets.QPushButton("Choose Python...")
        button.setObjectName("geopixChoosePython")
        button.setToolTip("The Python of the environment that holds the model")
        button.clicked.connect(self._choose)
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(self._message)
        column.addWidget(button)
        self.hide()

    def show_problem(self, message: str) -> None:
        """Shows the card with a sentence that says what is missing."""
        self._message.setText(message)
        self.show()

    def _choose(self) -> None:
        pattern = "Python (python.exe)" if os.name == "nt" else "Python (python*)"
        path, _ = QtWidgets.QFileDialog.getOpenFileName(self, "Python of the model", "", f"{pattern};;All files (*)")
        if path:
            self.hide()
            self.python_chosen.emit(path)
