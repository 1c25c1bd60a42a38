"""Shaping outlines with a preview on the map: what would change in green, what stays as it is in red."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Optional

from qgis.core import QgsProject, QgsVectorLayer, QgsWkbTypes
from qgis.gui import QgsMapCanvas, QgsRubberBand

from ..errors import LayerError
from ..filters import Filter
from ..qt import QtCore, QtGui, QtWidgets, Signal
from ..reshaping import Originals, Preview, Proposal, apply, propose, reset, to_shape
from ..shaping import Shape
from ..squaring import BUILT
from ..summaries import summarise
from ..translation import tr
from ..undo import Undo
from ..wording import polygons
from .colours import BAD, CLEAR, GOOD, HALO
from .naming import name_widgets

SLICE_S = 0.03  # of work between two looks at the mouse
SETTLE_MS = 150  # after the last change of a control
MAX_DRAWN = 1000  # outlines on the map; more would slow it down and could not be told apart


class ShapePreview(QtWidgets.QFrame):
    """What to do to outlines, what would become of them, and Apply.

    It is about the selected polygons, or all that are seen where none is selected.  Signals: ``applied(str)`` and
    ``failed(str)`` with a sentence.
    """

    applied = Signal(str)
    failed = Signal(str)

    def __init__(
        self, canvas: QgsMapCanvas, originals: Originals, undo: Undo, parent: Optional[QtWidgets.QWidget] = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("geopixShapePreview")
        self.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        self._canvas, self._originals, self._undo = canvas, originals, undo
        self._layers: list[QgsVectorLayer] = []
        self._bands: list[QgsRubberBand] = []
        self.preview = Preview()
        self._total = 0
        self._work: Optional[Iterator[Proposal]] = None
        self._settle, self._slice = QtCore.QTimer(self), QtCore.QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._begin)
        self._slice.timeout.connect(self._go_on)
        self._make_controls()
        self._place()
        QgsProject.instance().layersWillBeRemoved.connect(self._layers_go)
        self.hide()

    def open(self, layers: Sequence[QgsVectorLayer]) -> None:
        """Shows the panel for result layers and begins the preview."""
        self._let_go()
        self._layers = list(layers)
        for layer in self._layers:
            layer.selectionChanged.connect(self._begin_soon)
        metres = all(layer.crs().isValid() for layer in layers)
        self.holes.setSuffix(" m²" if metres else " u²")
        self.simplify.setSuffix(" m" if metres else " u")
        built = {summary.category for summary in summarise(layers, Filter())} <= BUILT
        self.square.setChecked(built)
        self.show()
        self._begin()

    def close_down(self) -> None:
        """Takes the preview off the map and hides; harmless when it is hidden."""
        self._let_go()
        self.hide()

    @property
    def wanted(self) -> Shape:
        """What the controls say."""
        return Shape(self.holes.value(), self.simplify.value(), self.square.isChecked())

    @property
    def busy(self) -> bool:
        """Whether the preview is still being made."""
        return self._work is not None or self._settle.isActive()

    def _begin_soon(self, *_changed: Any) -> None:
        self._stop()  # a preview of what was wanted before
        self.apply.setEnabled(False)
        self._settle.start()

    def _begin(self) -> None:
        self._stop()
        self._clear_bands()
        self.preview = Preview()
        chosen = to_shape(self._layers)
        self._total = sum(len(ids) for _, ids in chosen)
        self.apply.setEnabled(False)
        self._work = propose(chosen, self.wanted, self._originals)
        self._slice.start(0)

    def _go_on(self) -> None:
        until = time.monotonic() + SLICE_S
        while self._work is not None:
            proposal = next(self._work, None)
            if proposal is None:
                self._stop()
                break
            self.preview.proposals.append(proposal)
            self._draw(proposal)
            if time.monotonic() >= until:
                break
        self.apply.setEnabled(self._work is None and bool(self.preview.changed))
        self.line.setText(describe(self.preview, self._total, self.wanted))

    def _draw(self, proposal: Proposal) -> None:
        if not (proposal.changes or proposal.shaped.refused) or len(self._bands) >= MAX_DRAWN:
            return
        band = QgsRubberBand(self._canvas, QgsWkbTypes.GeometryType.PolygonGeometry)
        refused = bool(proposal.shaped.refused)
        band.setStrokeColor(QtGui.QColor(BAD if refused else GOOD))
        band.setFillColor(CLEAR)
        band.setSecondaryStrokeColor(HALO)
        band.setWidth(2)
        band.setLineStyle(QtCore.Qt.PenStyle.DashLine if refused else QtCore.Qt.PenStyle.SolidLine)
        band.setToGeometry(proposal.shaped.proposal, proposal.layer)
        self._bands.append(band)

    def _apply(self) -> None:
        self._do(lambda: tr("{polygons} shaped.", polygons=polygons(apply(self.preview, self._originals, self._undo))))

    def _reset(self) -> None:
        self._do(
            lambda: tr(
                "{polygons} got the model's outline back.",
                polygons=polygons(reset(self._layers, self._originals, self._undo)),
            )
        )

    def _do(self, action: Any) -> None:
        try:
            said = action()
        except LayerError as error:
            self.failed.emit(str(error))
            return
        self.applied.emit(said)
        self._begin()

    def _stop(self) -> None:
        self._settle.stop()
        self._slice.stop()
        self._work = None

    def _clear_bands(self) -> None:
        for band in self._bands:
            band.reset(QgsWkbTypes.GeometryType.PolygonGeometry)
            self._canvas.scene().removeItem(band)
        self._bands = []

    def _let_go(self) -> None:
        self._stop()
        self._clear_bands()
        for layer in self._layers:
            layer.selectionChanged.disconnect(self._begin_soon)
        self._layers = []
        self.preview = Preview()

    def _layers_go(self, ids: list[str]) -> None:
        if any(layer.id() in ids for layer in self._layers):
            self.close_down()

    def _make_controls(self) -> None:
        self.holes, self.simplify = QtWidgets.QDoubleSpinBox(), QtWidgets.QDoubleSpinBox()
        self.square = QtWidgets.QCheckBox(tr("Right angles"))
        self.line = QtWidgets.QLabel()
        self.line.setWordWrap(True)
        self.apply, self.reset = QtWidgets.QPushButton(tr("Apply")), QtWidgets.QPushButton(tr("Reset"))
        self.close_button = QtWidgets.QPushButton(tr("Close"))
        for box, most, step in ((self.holes, 1e6, 1.0), (self.simplify, 1e4, 0.1)):
            box.setRange(0.0, most)
            box.setSingleStep(step)
            box.setSpecialValueText("off")
            box.valueChanged.connect(self._begin_soon)
        self.holes.setDecimals(1)
        self.square.toggled.connect(self._begin_soon)
        self.apply.clicked.connect(self._apply)
        self.reset.clicked.connect(self._reset)
        self.close_button.clicked.connect(self.close_down)
        name_widgets(
            (self.holes, "geopixShapeHoles", tr("Fill holes below"), tr("Holes smaller than this are filled")),
            (
                self.simplify,
                "geopixShapeSimplify",
                tr("Simplify by"),
                tr("Points closer than this to the line between others go"),
            ),
            (
                self.square,
                "geopixShapeRightAngles",
                tr("Right angles"),
                tr("Turn the sides of buildings to their main direction"),
            ),
            (self.line, "geopixShapeLine", tr("What would change"), ""),
            (
                self.apply,
                "geopixShapeApply",
                tr("Apply"),
                tr("Give the polygons the green outlines; Undo takes it back"),
            ),
            (self.reset, "geopixShapeReset", tr("Reset"), tr("Give the polygons the outlines that the model drew")),
            (self.close_button, "geopixShapeClose", tr("Close"), tr("Leave the polygons as they are")),
        )

    def _place(self) -> None:
        form = QtWidgets.QGridLayout()
        form.setHorizontalSpacing(6)
        form.setVerticalSpacing(4)
        for number, (text, box) in enumerate(
            ((tr("Fill holes below"), self.holes), (tr("Simplify by"), self.simplify))
        ):
            label = QtWidgets.QLabel(text)
            label.setBuddy(box)
            form.addWidget(label, number, 0)
            form.addWidget(box, number, 1)
        form.addWidget(self.square, 2, 0, 1, 2)
        form.setColumnStretch(1, 1)
        buttons = QtWidgets.QHBoxLayout()
        for button in (self.apply, self.reset, self.close_button):
            buttons.addWidget(button)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 8)
        column.setSpacing(6)
        column.addLayout(form)
        column.addWidget(self.line)
        column.addLayout(buttons)


def describe(found: Preview, total: int, wanted: Shape) -> str:
    """How the preview stands, in one sentence."""
    if not total:
        return tr("There are no polygons to shape.")
    if len(found.proposals) < total:
        return tr("{count:,} of {polygons} looked at...", count=len(found.proposals), polygons=polygons(total))
    if wanted.changes_nothing:
        return tr("{polygons}: choose what to do.", polygons=polygons(total))
    reasons = Counter(proposal.shaped.reason for proposal in found.refused)
    kept = (
        tr(", {count:,} kept as they are ({names})", count=len(found.refused), names="; ".join(reasons))
        if reasons
        else ""
    )
    drawn = len(found.changed) + len(found.refused)
    cut = " " + tr("The first {max_drawn:,} are drawn.", max_drawn=MAX_DRAWN) if drawn > MAX_DRAWN else ""
    return tr("{count:,} of {total:,} change{kept}.{cut}", count=len(found.changed), total=total, kept=kept, cut=cut)
