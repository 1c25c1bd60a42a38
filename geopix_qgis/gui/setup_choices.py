"""The first page of the setup: what will be done, where, with which tool and which build of PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.gui import QgsCollapsibleGroupBoxBasic, QgsFileWidget

from .. import offline_bundle
from ..install_plan import BUILDS, GB, PYTORCH, SETTINGS, Plan, steps
from ..install_tools import Machine, knows_an_index
from ..offline_bundle import Bundle, BundleError
from ..process_home import free_bytes, installed
from ..qt import QtCore, QtWidgets, Signal
from ..redaction import without_secrets
from ..shipped import constraints, packages, plugin_version
from ..translation import tr
from .colours import show_note
from .naming import name_parts, name_widgets

EXPLAINED = tr(
    "<p>GeoPix answers with a model that runs in a <b>process of its own</b>. It needs PyTorch and some other "
    "packages, which go into a folder of their own. <b>QGIS and its Python are not changed</b>; deleting the folder "
    "undoes everything.</p><p>Packages come from where your pip or uv is set to fetch them, PyTorch from where you "
    "say below. After that nothing leaves this computer.</p>"
)
ADDRESS = "address"  # of an index, which is typed
BUILD_WORDS = {"cpu": "CPU", "cuda": tr("NVIDIA GPU (CUDA)"), "rocm": tr("AMD GPU (ROCm)")}
NO_TOOL = tr(
    "Found neither uv nor a Python from 3.11 to 3.14. Install Python 3.12 (64 bits), or "
    "uv, which fetches a Python by itself; then press Look again. Or use a server."
)
NO_PACKAGES = tr(
    "This copy of the plugin came without the packages of the model. Install the plugin "
    "from the zip that scripts/package_plugin makes."
)


class SetupChoices(QtWidgets.QWidget):
    """Shows what was found and what follows from it.  Signals: ``changed()``, ``search_wanted()``."""

    changed = Signal()
    search_wanted = Signal()

    def __init__(self, home: Path, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self._home, self._machine = home, Machine((), (), "", "cpu")
        self.tool, self.build = QtWidgets.QComboBox(), QtWidgets.QComboBox()
        for build in BUILDS:
            self.build.addItem(BUILD_WORDS[build], build)
        self.gpu, self.cost, self.note = QtWidgets.QLabel(), QtWidgets.QLabel(), QtWidgets.QLabel()
        self.source, self.index = QtWidgets.QComboBox(), QtWidgets.QLineEdit()
        self.source.addItem(tr("PyTorch's own index of this build"), PYTORCH)
        self.source.addItem(tr("where your pip or uv is set to look"), SETTINGS)
        self.source.addItem(tr("the index at this address"), ADDRESS)
        self.index.setPlaceholderText("https://")
        self.bundle = QgsFileWidget()
        self.bundle.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.bundle.lineEdit().setPlaceholderText(tr("none: fetch from the network"))
        self.again = QtWidgets.QPushButton(tr("Look again"))
        self.commands = QtWidgets.QPlainTextEdit()
        self.commands.setReadOnly(True)
        self.commands.setLineWrapMode(QtWidgets.QPlainTextEdit.LineWrapMode.NoWrap)
        self.folded = QgsCollapsibleGroupBoxBasic(tr("What will be run"))
        self.folded.setCollapsed(True)
        QtWidgets.QVBoxLayout(self.folded).addWidget(self.commands)
        self._name_widgets()
        self._place_widgets()
        self.tool.currentIndexChanged.connect(self._choose_source)
        self.source.currentIndexChanged.connect(self._refresh)
        self.build.currentIndexChanged.connect(self._refresh)
        self.index.textChanged.connect(self._refresh)
        self.bundle.fileChanged.connect(self._refresh)
        self.again.clicked.connect(self.search_wanted)

    def searching(self) -> None:
        """Until ``show_machine`` is called."""
        self.tool.clear()
        self.tool.addItem(tr("Looking for uv and Python..."))
        self.again.setEnabled(False)
        show_note(self.note, "", warning=False)
        self.cost.setText("")

    def show_machine(self, machine: Machine) -> None:
        """Shows what was found, with the best of it chosen."""
        self._machine = machine
        self.again.setEnabled(True)
        self.tool.blockSignals(True)
        self.tool.clear()
        for tool in machine.tools:
            self.tool.addItem(str(tool), tool)
        if not machine.tools:
            self.tool.addItem(tr("nothing that can be used"))
        self.tool.blockSignals(False)
        self.gpu.setText(machine.gpu or tr("none that PyTorch can use"))
        self.build.setCurrentIndex(self.build.findData(machine.build))
        self._choose_source()

    def plan(self) -> Optional[Plan]:
        """What was decided; None where that cannot be done (the note says why)."""
        return self._decided()[0]

    def _decided(self) -> tuple[Optional[Plan], str]:
        """The plan, or why there is none."""
        tool, wheel = self.tool.currentData(), packages()
        try:
            bundle = self._bundle()
        except BundleError as error:
            return None, str(error)
        if tool is None and self._machine.without_venv:
            return None, "\n".join([*self._machine.without_venv, tr("Then press Look again.")])
        if tool is None:
            return None, " ".join([NO_TOOL, *self._machine.unusable])
        if wheel is None and bundle is None:
            return None, NO_PACKAGES
        current = installed(self._home)
        build, replaces = bundle.build if bundle else self.build.currentData(), current.folder if current else ""
        source = self.source.currentData()
        index = self.index.text().strip() if source == ADDRESS else source
        if not index and bundle is None:
            return None, tr("Type the address of an index for PyTorch, such as PyTorch's start page names it.")
        made = (wheel or Path(), constraints(), plugin_version(), index, bundle, replaces)
        return Plan(self._home, tool, build, *made), ""

    def _bundle(self) -> Optional[Bundle]:
        """The chosen bundle, None without one.

        Raises:
            BundleError: If it cannot be used here.
        """
        folder = self.bundle.filePath().strip()
        if not folder:
            return None
        found, tool = offline_bundle.read(Path(folder)), self.tool.currentData()
        here = offline_bundle.this_system()
        if found.version != plugin_version():
            raise BundleError(
                tr(
                    "The bundle is of version {version}, this plugin of version {plugin_version}.",
                    version=found.version,
                    plugin_version=plugin_version(),
                )
            )
        if found.system != here:
            raise BundleError(
                tr(
                    "The bundle is for {system}, this computer is {here}. Make one on such a computer.",
                    system=found.system,
                    here=here,
                )
            )
        if tool is not None and tool.kind == "python" and ".".join(map(str, tool.version[:2])) != found.python:
            raise BundleError(
                tr("The bundle is for Python {python}. Choose that one above, or install it.", python=found.python)
            )
        return found

    def _choose_source(self, *_changed: object) -> None:
        """Who has told pip or uv where packages are, may not reach anything else."""
        tool = self.tool.currentData()
        if tool is not None and self.source.currentData() != ADDRESS:
            chosen = SETTINGS if knows_an_index(tool.kind) else PYTORCH
            self.source.setCurrentIndex(self.source.findData(chosen))
        self._refresh()

    def _refresh(self, *_changed: object) -> None:
        plan, problem = self._decided()
        show_note(self.note, problem, warning=True)
        offline = plan is not None and plan.bundle is not None
        self.build.setEnabled(not offline)
        self.source.setEnabled(not offline)
        self.index.setVisible(self.source.currentData() == ADDRESS and not offline)
        shown = [f"# {step.title}\n{' '.join((step.program, *step.arguments))}" for step in steps(plan)] if plan else []
        self.commands.setPlainText(without_secrets("\n".join(shown)))
        free = free_bytes(self._home) / GB
        where = tr("{home}\n{free:,.0f} GB are free there", home=self._home, free=free)
        if plan is None:
            self.cost.setText(where)
        else:
            self.cost.setText(self._needs(plan, where))
            self._warn(plan, free)
        self.changed.emit()

    @staticmethod
    def _needs(plan: Plan, where: str) -> str:
        """What must be fetched and how much disk that takes."""
        download, disk = (size / GB for size in plan.needs_bytes)
        values = {"where": where, "download": download, "disk": disk}
        if plan.bundle is not None:
            return tr("{where}; nothing to fetch, about {disk:.1f} GB of disk while it is installed.", **values)
        if plan.likely_build != plan.build:  # nobody knows what there is
            return tr(
                "{where}; up to {download:.1f} GB to fetch, up to {disk:.1f} GB of disk while it is installed.",
                **values,
            )
        return tr(
            "{where}; about {download:.1f} GB to fetch, about {disk:.1f} GB of disk while it is installed.", **values
        )

    def _warn(self, plan: Plan, free: float) -> None:
        if free * GB < plan.needs_bytes[1]:
            show_note(
                self.note,
                tr("That is too little: make room first, or set GEOPIX_HOME to another folder."),
                warning=True,
            )
        elif plan.likely_build != plan.build:
            text = tr(
                "Unless your pip or uv is set to something else, the CUDA build comes from there on Linux: large, and "
                "without a use but on NVIDIA GPUs. PyTorch's own index has the smaller build that fits."
            )
            show_note(self.note, text, warning=False)

    def _name_widgets(self) -> None:
        source_tip = tr("For PyTorch alone; everything else comes from where your pip or uv is set to look")
        index_tip = tr("Of an index that holds PyTorch, such as PyTorch's start page names it")
        bundle_tip = tr("A folder made by scripts/bundle: everything comes from there, without a network")
        name_widgets(
            (
                self.tool,
                "geopixSetupTool",
                tr("Make the environment with"),
                tr("uv is quicker, and fetches a Python by itself"),
            ),
            (
                self.build,
                "geopixSetupBuild",
                tr("Build of PyTorch"),
                tr("Chosen by the GPU that was found; change it if you know better"),
            ),
            (self.source, "geopixSetupSource", tr("Where PyTorch comes from"), source_tip),
            (self.index, "geopixSetupIndex", tr("Address of the index for PyTorch"), index_tip),
            (self.commands, "geopixSetupCommands", tr("What will be run"), ""),
            (self.bundle, "geopixSetupBundle", tr("Offline bundle"), bundle_tip),
            (self.again, "geopixSetupSearch", tr("Look again"), tr("After you have installed uv or Python")),
            (self.cost, "geopixSetupCost", tr("Where, and how much"), ""),
            (self.note, "geopixSetupNote", tr("What to know"), ""),
        )
        name_parts(self.folded, tr("What will be run"))
        self.note.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)  # it may name a command
        for label in (self.cost, self.note):
            label.setWordWrap(True)
            label.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.MinimumExpanding)

    def _place_widgets(self) -> None:
        explained = QtWidgets.QLabel(EXPLAINED)
        explained.setWordWrap(True)
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.tool, 1)
        row.addWidget(self.again)
        form = QtWidgets.QFormLayout()
        form.setFieldGrowthPolicy(QtWidgets.QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow(tr("Make it with"), row)
        form.addRow("GPU", self.gpu)
        form.addRow(tr("PyTorch for"), self.build)
        form.addRow(tr("PyTorch from"), self.source)
        form.addRow("", self.index)
        form.addRow(tr("Offline bundle"), self.bundle)
        form.addRow(tr("Folder"), self.cost)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(explained)
        column.addLayout(form)
        column.addWidget(self.note)
        column.addWidget(self.folded)
        column.addStretch(1)
