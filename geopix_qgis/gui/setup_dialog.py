"""The setup: explains, asks, installs.  Not modal: QGIS can be used meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from ..diagnosis import setup_report
from ..install_plan import Plan
from ..install_problems import Problem
from ..install_tools import Machine, Search
from ..installer import Installer
from ..qt import QtWidgets, Signal
from ..translation import tr
from .naming import name_widgets
from .setup_choices import SetupChoices
from .setup_progress import SetupProgress

READY = tr("The model process is installed and was started once. You can ask now.")


class SetupDialog(QtWidgets.QDialog):
    """Two pages.  Signal: ``installed()``.

    Args:
        home: Where to install.
        programs: What to look at for uv and Python; None for the usual places.
        parent: Of the window.
    """

    installed = Signal()

    def __init__(
        self, home: Path, programs: Optional[list[str]] = None, parent: Optional[QtWidgets.QWidget] = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("GeoPix - set up the model"))
        self._home, self._programs = home, programs
        self._search: Optional[Search] = None
        self.installer: Optional[Installer] = None
        self.choices, self.progress = SetupChoices(home), SetupProgress()
        self.pages = QtWidgets.QStackedWidget()
        self.pages.addWidget(self.choices)
        self.pages.addWidget(self.progress)
        self.back, self.copy = QtWidgets.QPushButton(tr("Back")), QtWidgets.QPushButton(tr("Copy report"))
        self.stop, self.go = QtWidgets.QPushButton(tr("Stop")), QtWidgets.QPushButton(tr("Install"))
        self.close_button = QtWidgets.QPushButton(tr("Close"))
        for button in (self.back, self.copy, self.stop, self.close_button):
            button.setAutoDefault(False)
        self.go.setDefault(True)
        name_widgets(
            (self, "geopixSetupDialog", tr("Set up the model"), ""),
            (self.back, "geopixSetupBack", tr("Back"), tr("Change what was chosen")),
            (
                self.copy,
                "geopixSetupCopy",
                tr("Copy report"),
                tr("Copy what happened, without your name and without tokens"),
            ),
            (self.stop, "geopixSetupStop", tr("Stop"), tr("Stop; finished steps are kept")),
            (self.go, "geopixSetupGo", tr("Install"), tr("Begin, or go on")),
            (self.close_button, "geopixSetupClose", tr("Close"), tr("Close this window; an installation goes on")),
        )
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.copy)
        row.addStretch(1)
        for button in (self.back, self.stop, self.go, self.close_button):
            row.addWidget(button)
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(self.pages, 1)
        column.addLayout(row)
        self.resize(600, 520)
        self.back.clicked.connect(self.look)
        self.copy.clicked.connect(self._copy)
        self.stop.clicked.connect(self._stop)
        self.go.clicked.connect(self._go)
        self.close_button.clicked.connect(self.close)
        self.choices.changed.connect(self._show_buttons)
        self.choices.search_wanted.connect(self.look)
        self._show_buttons()

    @property
    def active(self) -> bool:
        """Whether something is being installed."""
        return self.installer is not None and self.installer.active

    def look(self) -> None:
        """Looks at what there is to install with, and shows the first page."""
        if self.active or self._search is not None:
            return
        self.pages.setCurrentWidget(self.choices)
        self.choices.searching()
        self._search = Search(self._programs, self)
        self._search.found.connect(self._found)
        self._search.start()
        self._show_buttons()

    def close_down(self) -> None:
        """Ends everything; an installation is stopped and can be gone on with."""
        if self._search is not None:
            self._search.close()
        if self.installer is not None:
            self.installer.close()

    def install(self, plan: Plan) -> None:
        """Begins, or goes on."""
        if self.installer is not None:
            self.installer.deleteLater()
        made = self.installer = Installer(plan, self)
        made.step_began.connect(self.progress.step_began)
        made.progress.connect(self.progress.show_progress)
        made.said.connect(self.progress.add)
        made.finished.connect(self._finished)
        made.failed.connect(self._failed)
        made.cancelled.connect(self._cancelled)
        self.progress.begin(made.steps)
        self.pages.setCurrentWidget(self.progress)
        made.start()
        self._show_buttons()

    def _found(self, machine: Machine) -> None:
        if self._search is not None:
            self._search.deleteLater()
            self._search = None
        self.choices.show_machine(machine)
        self._show_buttons()

    def _go(self) -> None:
        plan = self.choices.plan()
        if plan is not None:
            self.install(plan)

    def _stop(self) -> None:
        if self.installer is not None:
            self.installer.cancel()

    def _finished(self) -> None:
        self.progress.succeeded(READY)
        self._show_buttons("")
        self.installed.emit()

    def _failed(self, problem: Problem) -> None:
        self.progress.failed(problem)
        self._show_buttons(tr("Try again"))

    def _cancelled(self) -> None:
        self.progress.stopped()
        self._show_buttons(tr("Go on"))

    def _show_buttons(self, go: str = tr("Install")) -> None:
        """The buttons that make sense now; ``go`` is what the main one says, "" for none."""
        first = self.pages.currentWidget() is self.choices
        self.back.setVisible(not first and not self.active and bool(go))
        self.copy.setVisible(not first)
        self.stop.setVisible(self.active)
        self.go.setVisible(not self.active and bool(go))
        self.go.setText(go or tr("Install"))
        self.go.setEnabled(not first or (self._search is None and self.choices.plan() is not None))

    def _copy(self) -> None:
        plan = self.installer.plan if self.installer is not None else None
        QtWidgets.QApplication.clipboard().setText(setup_report(plan, self.progress.log.toPlainText()))
