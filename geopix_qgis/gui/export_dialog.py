"""The export dialog: what to write, and writing it in the background."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication, QgsSettings, QgsVectorLayer

from .. import export_formats
from ..errors import LayerError
from ..export import Export, Plan, crs_of, losses, nothing_to_write
from ..export_formats import Format
from ..export_rows import Tally, living, tally
from ..export_target import check_target, existing, layers_in, open_as
from ..qt import QtWidgets, Signal
from ..settings import PREFIX
from ..translation import tr
from ..wording import polygons
from .export_form import ExportForm
from .export_task import ExportTask
from .exported import add_to_map

WIDTH = 440
FORMAT, FOLDER = PREFIX + "export/format", PREFIX + "export/folder"


class ExportDialog(QtWidgets.QDialog):
    """Asks how to write polygons, and writes them in the background.

    Signals: ``exported(Written)`` after the dialog has closed itself, ``failed(str)`` while it stays open.

    Attributes:
        form: The widgets.
    """

    exported = Signal(object)
    failed = Signal(str)

    def __init__(
        self, layers: Sequence[QgsVectorLayer], proposal: Path, parent: Optional[QtWidgets.QWidget] = None
    ) -> None:
        """Shows what can be exported.

        Args:
            layers: Polygon layers; all go into one file.
            proposal: Where to write where the analyst has not chosen another folder before; its suffix is replaced.
            parent: Of the dialog.

        Raises:
            LayerError: If a layer was removed or holds no polygons.
        """
        super().__init__(parent)
        self.setWindowTitle(tr("Export Polygons"))
        self.setObjectName("geopixExportDialog")
        self._layers, self._proposal = list(living(layers)), proposal
        self._task: Optional[ExportTask] = None
        self.form = ExportForm(_names(self._layers), sum(layer.selectedFeatureCount() for layer in self._layers))
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.form)
        self.resize(WIDTH, self.sizeHint().height())
        self._tally = Tally(0, 0, 0)
        self._has_crs = all(layer.crs().isValid() for layer in self._layers)
        self._restore()
        self._connect()
        self._count()

    def plan(self) -> Plan:
        """What the widgets say now."""
        form = self.form
        return Plan(
            path=self._path(),
            format=form.chosen().key,
            crs=crs_of(form.chosen(), form.crs.crs()),
            fields=form.fields.fields() if form.chosen().has_fields else (),
            selected_only=form.selected.isChecked(),
            overwrite=form.replace.isChecked(),
        )

    def start(self) -> None:
        """Writes in the background; one of the signals follows."""
        plan = self.plan()
        try:
            export = Export(self._layers, plan)
        except LayerError as error:
            self._fail(str(error))
            return
        self._task = ExportTask(
            export, tr("Export {polygons} to {file}", polygons=polygons(export.count), file=plan.path.name)
        )
        self._task.progressChanged.connect(self._progressed)
        self._task.taskCompleted.connect(self._completed)
        self._task.taskTerminated.connect(self._terminated)
        self.form.show_running(True)
        QgsApplication.taskManager().addTask(self._task)

    def reject(self) -> None:
        """Stops a running export, else closes."""
        if self._task is not None:
            self._task.cancel()
        else:
            super().reject()

    def _connect(self) -> None:
        form = self.form
        form.format.currentIndexChanged.connect(self._format_changed)
        form.file.fileChanged.connect(self._file_changed)
        form.replace.toggled.connect(self._refresh)
        form.crs.crsChanged.connect(self._refresh)
        form.fields.changed.connect(self._refresh)
        form.selected.toggled.connect(self._count)
        form.buttons.accepted.connect(self.start)
        form.buttons.rejected.connect(self.reject)

    def _restore(self) -> None:
        """The format of the last time; its folder only where the analyst had moved away from the proposal."""
        form, store = self.form, QgsSettings()
        form.choose(store.value(FORMAT, "gpkg", type=str))
        folder = Path(store.value(FOLDER, "", type=str) or self._proposal.parent)
        folder = folder if folder.is_dir() else self._proposal.parent
        form.file.setFilePath(str(_free(folder / self._proposal.name, form.chosen())))
        form.crs.setCrs(self._layers[0].crs())
        form.show_format(self._has_crs)

    def _remember(self, plan: Plan) -> None:
        store = QgsSettings()
        store.setValue(FORMAT, plan.format)
        store.setValue(FOLDER, "" if plan.path.parent == self._proposal.parent else str(plan.path.parent))

    def _path(self) -> Path:
        """With the suffix of the format; a name without a folder lies where the proposal does."""
        typed = self.form.file.filePath().strip()
        if not Path(typed).name:
            return self._proposal.parent
        return export_formats.with_suffix(self._proposal.parent / typed, self.form.chosen())

    def _format_changed(self) -> None:
        form = self.form
        if form.file.filePath().strip():
            form.file.setFilePath(str(self._path()))
        form.show_format(self._has_crs)
        self._refresh()

    def _file_changed(self) -> None:
        """A typed suffix chooses its format; permission to replace is given for one file only."""
        typed = export_formats.of_suffix(Path(self.form.file.filePath().strip()))
        self.form.replace.setChecked(False)
        if typed is not None and typed is not self.form.chosen():
            self.form.choose(typed.key)
        self._refresh()

    def _count(self) -> None:
        try:
            self._tally = tally(self._layers, self.form.selected.isChecked())
        except LayerError as error:
            self._fail(str(error))
        self._refresh()

    def _refresh(self) -> None:
        """The line of what will be written, what will be lost, and whether it can be."""
        form = self.form
        plan, chosen, found = self.plan(), form.chosen(), self._tally
        there = existing(plan.path, chosen) if form.file.filePath().strip() else []
        form.replace.setVisible(bool(there) and not open_as(plan.path))
        cautions = losses(chosen, plan.crs, plan.fields)
        if there and (held := layers_in(plan.path)) > 1:
            cautions.append(
                tr("{file} holds {held} layers: replacing it removes all of them.", file=plan.path.name, held=held)
            )
        left_out = ((found.filtered, tr("hidden by the filter")), (found.rejected, tr("rejected")))
        said = [
            tr("1 {why} is left out", why=why)
            if number == 1
            else tr("{number:,} {why} are left out", number=number, why=why)
            for number, why in left_out
            if number
        ]
        place = plan.path.name if form.file.filePath().strip() else tr("a file")
        line = "; ".join([tr("{polygons} to {place}", polygons=polygons(found.count), place=place), *said])
        form.show_state(line + ".", cautions, self._problem(plan, chosen))
        self._grow()

    def _grow(self) -> None:
        """Makes room for sentences: a window does not grow with text that wraps."""
        needed = self.heightForWidth(self.width())
        if self.height() < needed:
            self.resize(self.width(), needed)

    def _problem(self, plan: Plan, chosen: Format) -> str:
        """Why the export cannot start; empty where it can."""
        found = self._tally
        if not found.count:
            return nothing_to_write(plan.selected_only, found.filtered + found.rejected)
        if not self.form.file.filePath().strip():
            return tr("Choose a file.")
        if chosen.degrees and not self._has_crs:
            return tr(
                "{chosen} needs longitude and latitude, and these polygons are in pixels without a CRS.",
                chosen=chosen.label,
            )
        if self._has_crs and not plan.crs.isValid():
            return tr("Choose a CRS.")
        try:
            check_target(plan.path, chosen, plan.overwrite)
        except LayerError as error:
            return str(error)
        return self.form.fields.problem()

    def _progressed(self, percent: float) -> None:
        self.form.progress.setValue(round(percent))

    def _completed(self) -> None:
        task, self._task = self._task, None
        if task is None or task.written is None:
            return
        self._remember(self.plan())
        if self.form.add.isChecked():
            add_to_map(task.written.path)
        self.accept()
        self.exported.emit(task.written)

    def _terminated(self) -> None:
        task, self._task = self._task, None
        self.form.show_running(False)
        self._refresh()
        stopped = task is not None and task.isCanceled()
        problem = task.problem if task is not None else ""
        if stopped:
            self.form.show_problem(tr("The export was stopped; nothing was written."))
        else:
            self._fail(problem)

    def _fail(self, problem: str) -> None:
        self.form.show_problem(problem)
        self._grow()
        self.failed.emit(problem)


def _names(layers: Sequence[QgsVectorLayer]) -> list[str]:
    """All fields once; without the row numbers of a database, which mean nothing elsewhere."""
    names: dict[str, None] = {}
    for layer in layers:
        keys = layer.primaryKeyAttributes()
        names.update(dict.fromkeys(field for n, field in enumerate(layer.fields().names()) if n not in keys))
    return list(names)


def _free(path: Path, form: Format) -> Path:
    """The path in the format's suffix, with a number where a file of that name exists."""
    path = export_formats.with_suffix(path, form)
    stem, number = path.stem, 2
    while existing(path, form):
        path, number = path.with_name(f"{stem}_{number}{path.suffix}"), number + 1
    return path
