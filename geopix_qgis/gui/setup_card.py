"""What to do where there is no model process yet: set it up, use a server, or name its Python."""

from __future__ import annotations

import os
from typing import Optional

from ..qt import QtWidgets, Signal
from ..translation import tr
from .naming import name_widgets


class SetupCard(QtWidgets.QFrame):
    """A sentence and three buttons.  Signals: ``setup_wanted()``, ``server_wanted()``, ``python_chosen(str)``."""

    setup_wanted = Signal()
    server_wanted = Signal()
    python_chosen = Signal(str)

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        self._message = QtWidgets.QLabel()
        self._message.setWordWrap(True)
        self.setup = QtWidgets.QPushButton(tr("Set up..."))
        self.server = QtWidgets.QPushButton(tr("Use a server..."))
        self.python = QtWidgets.QPushButton(tr("Choose Python..."))
        name_widgets(
            (self, "geopixSetupCard", tr("Set up the model"), ""),
            (self._message, "geopixSetupMessage", tr("What is missing"), ""),
            (
                self.setup,
                "geopixSetup",
                tr("Set up"),
                tr("Install the model process outside of QGIS; asks before it does anything"),
            ),
            (
                self.server,
                "geopixUseServer",
                tr("Use a server"),
                tr("Let another computer, such as a GPU box, do the work"),
            ),
            (
                self.python,
                "geopixChoosePython",
                tr("Choose Python"),
                tr("The Python of an environment that holds the model"),
            ),
        )
        self.setup.clicked.connect(self.setup_wanted)
        self.server.clicked.connect(self.server_wanted)
        self.python.clicked.connect(self._choose)
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.setup)
        row.addWidget(self.server)
        row.addStretch(1)
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(self._message)
        column.addLayout(row)
        column.addWidget(self.python)
        self.hide()

    def show_problem(self, message: str) -> None:
        """Shows the card with a sentence that says what is missing."""
        self._message.setText(message)
        self.show()

    def _choose(self) -> None:
        pattern = "Python (python.exe)" if os.name == "nt" else "Python (python*)"
        path, _ = QtWidgets.QFileDialog.getOpenFileName(
            self, tr("Python of the model"), "", f"{pattern};;All files (*)"
        )
        if path:
            self.hide()
            self.python_chosen.emit(path)
