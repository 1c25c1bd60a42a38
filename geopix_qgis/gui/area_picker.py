"""Where the analyst says what part of the raster is meant."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsCsException, QgsGeometry, QgsRectangle
from qgis.gui import QgsMapCanvas

from .. import areas
from ..areas import Area, AreaKind
from ..errors import TileError
from ..outlines import transform_between
from ..qt import QtCore, QtWidgets, Signal
from ..translation import tr
from .buttons import theme_icon, tool_button
from .colours import show_note
from .footprint import Outline
from .map_tools import BoxTool
from .naming import name_widgets
from .selection_watch import SelectionWatch

KINDS = (
    (AreaKind.VIEW, tr("View"), "mActionZoomToArea"),
    (AreaKind.DRAWN, tr("Draw a box"), "mActionAddPolygon"),
    (AreaKind.SELECTION, tr("Selected polygons"), "mActionSelectPolygon"),
    (AreaKind.LAYER, tr("Whole layer"), "mActionZoomToLayer"),
    (AreaKind.TILE, tr("Tile z/x/y"), "mActionAddXyzLayer"),
)
ZOOM_MARGIN = 1.2
MAX_RESOLUTION_M = 1000.0


class AreaPicker(QtWidgets.QWidget):
    """Chooses an area; ``changed()`` says that ``area`` or ``resolution_m`` may give something else now."""

    changed = Signal()

    def __init__(self, canvas: QgsMapCanvas, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._drawn: Optional[tuple[QgsRectangle, QgsCoordinateReferenceSystem]] = None
        self._rendered = False
        self._on_map = True
        self._selections = SelectionWatch(canvas, self)
        self._box = Outline(canvas, QtCore.Qt.PenStyle.SolidLine)
        self._tool = BoxTool(canvas)
        self.kind = QtWidgets.QComboBox()
        for kind, text, icon in KINDS:
            self.kind.addItem(theme_icon(icon), text, kind)
        self.draw = tool_button("mActionAddPolygon", flat=False)
        self.draw.setCheckable(True)
        self.zoom = tool_button("mActionZoomToSelected", flat=False)
        self.address = QtWidgets.QLineEdit()
        self.address.setPlaceholderText(tr("z/x/y, such as 17/68650/45900"))
        self.note = QtWidgets.QLabel()
        self.note.setWordWrap(True)
        self.resolution_label = QtWidgets.QLabel(tr("Resolution"))
        self.resolution = QtWidgets.QDoubleSpinBox()
        self.resolution.setRange(0.0, MAX_RESOLUTION_M)
        self.resolution.setDecimals(2)
        self.resolution.setSingleStep(0.1)
        self.resolution.setSuffix(tr(" m per pixel"))
        self.resolution.setSpecialValueText(tr("as the view"))
        self.resolution_label.setBuddy(self.resolution)
        self._name_widgets()
        self._place_widgets()
        self._connect()
        self._refresh()

    def area(self) -> Area:
        """What is chosen.

        Raises:
            TileError: If nothing is drawn, selected or typed yet, or it makes no sense.
        """
        kind = self.kind.currentData()
        if kind is AreaKind.DRAWN:
            if self.drawn is None:
                raise TileError(tr("No box is drawn. Drag one on the map."))
            return self.drawn
        if kind is AreaKind.SELECTION:
            return areas.selected_polygons(self._canvas.currentLayer())
        if kind is AreaKind.TILE:
            return areas.tile_address(self.address.text())
        return areas.WHOLE_LAYER if kind is AreaKind.LAYER else areas.VIEW

    @property
    def drawn(self) -> Optional[Area]:
        """The box that was drawn last, also while another kind of area is chosen."""
        return areas.box(*self._drawn) if self._drawn is not None else None

    def resolution_m(self) -> Optional[float]:
        """Metres per pixel at which a rendered layer is looked at; None is the resolution of the view."""
        return self.resolution.value() if self._rendered and self.resolution.value() > 0 else None

    def set_kind(self, kind: AreaKind) -> None:
        """Chooses how the area is given; a map tool is taken only where the analyst does so."""
        self.kind.setCurrentIndex([each for each, _, _ in KINDS].index(kind))

    def set_drawn(self, rect: QgsRectangle, crs: QgsCoordinateReferenceSystem) -> None:
        """Takes a box as if it had been drawn."""
        self._drawn = QgsRectangle(rect), QgsCoordinateReferenceSystem(crs)
        self.set_kind(AreaKind.DRAWN)
        self._refresh()
        self.changed.emit()

    def set_rendered(self, rendered: bool) -> None:
        """Whether QGIS makes the pixels of the chosen raster, so that their size can be chosen."""
        if rendered != self._rendered:
            self._rendered = rendered
            self._refresh()
            if self.resolution.value() > 0:
                self.changed.emit()

    def show_on_map(self, shown: bool) -> None:
        """Whether the drawn box is on the map; nobody draws one where it is not."""
        self._on_map = shown
        if not shown:
            self.draw.setChecked(False)
        self._refresh()

    def close_down(self) -> None:
        """Takes everything from the canvas and listens to nothing any more."""
        self._selections.close()
        self._tool.drawn.disconnect(self._box_drawn)
        self._tool.cancelled.disconnect(self._draw_cancelled)
        self._tool.close()
        self._box.close()

    def _connect(self) -> None:
        self._selections.changed.connect(self._selection_changed)
        self.kind.currentIndexChanged.connect(self._kind_changed)
        self.kind.activated.connect(self._kind_chosen)
        self.draw.toggled.connect(self._draw_toggled)
        self.zoom.clicked.connect(self._zoom)
        self.address.textChanged.connect(self._changed)
        self.resolution.valueChanged.connect(self._changed)
        self._tool.drawn.connect(self._box_drawn)
        self._tool.cancelled.connect(self._draw_cancelled)

    def _kind_changed(self, *_index: Any) -> None:
        if self.kind.currentData() is not AreaKind.DRAWN:
            self.draw.setChecked(False)
        self._changed()

    def _kind_chosen(self, *_index: Any) -> None:
        """The analyst chose: the next step is taken for them."""
        kind = self.kind.currentData()
        if kind is AreaKind.DRAWN and self._drawn is None:
            self.draw.setChecked(True)
        elif kind is AreaKind.TILE:
            if not self.address.text():
                view = self._canvas.mapSettings()
                self.address.setText(areas.address_in(view.visibleExtent(), view.destinationCrs()))
            self.address.setFocus()
            self.address.selectAll()

    def _draw_toggled(self, drawing: bool) -> None:
        if drawing:
            self._tool.start()
        else:
            self._tool.cancel()
        self._refresh()

    def _draw_cancelled(self) -> None:
        self.draw.setChecked(False)

    def _box_drawn(self, rect: QgsRectangle) -> None:
        self.draw.setChecked(False)
        self.set_drawn(rect, self._canvas.mapSettings().destinationCrs())

    def _zoom(self) -> None:
        """Shows the chosen area on the map."""
        try:
            area = self.area()
            outline = area.outline or QgsGeometry()
            crs = self._canvas.mapSettings().destinationCrs()
            box = transform_between(area.crs, crs).transformBoundingBox(outline.boundingBox())
        except (TileError, QgsCsException) as error:
            self._say(str(error), warning=True)
            return
        box.scale(ZOOM_MARGIN)
        self._canvas.setExtent(box)
        self._canvas.refresh()

    def _selection_changed(self) -> None:
        if self.kind.currentData() is AreaKind.SELECTION:
            self._changed()

    def _changed(self, *_value: Any) -> None:
        self._refresh()
        self.changed.emit()

    def _refresh(self) -> None:
        """Shows what belongs to the chosen kind of area, and nothing else."""
        kind = self.kind.currentData()
        self.draw.setVisible(kind is AreaKind.DRAWN)
        self.address.setVisible(kind is AreaKind.TILE)
        self.resolution.setVisible(self._rendered)
        self.resolution_label.setVisible(self._rendered)
        if kind is AreaKind.DRAWN and self._drawn is not None and self._on_map:
            self._box.show(areas.box(*self._drawn).outline, self._drawn[1])
        else:
            self._box.clear()
        self._show_note(kind)

    def _show_note(self, kind: AreaKind) -> None:
        outlined = kind in (AreaKind.DRAWN, AreaKind.SELECTION, AreaKind.TILE)
        try:
            label = self.area().label
        except TileError as error:
            self.zoom.hide()
            drawing = self._tool.waiting
            self._say(tr("Drag a box on the map; Esc ends it.") if drawing else str(error), warning=not drawing)
            return
        self.zoom.setVisible(outlined)
        self._say(label if kind is AreaKind.SELECTION else "")

    def _say(self, text: str, warning: bool = False) -> None:
        show_note(self.note, text, warning=warning)

    def _name_widgets(self) -> None:
        name_widgets(
            (self.kind, "geopixArea", tr("Area"), tr("The part of the raster that the model looks at")),
            (self.draw, "geopixDraw", tr("Draw"), tr("Drag a box on the map")),
            (self.zoom, "geopixZoom", tr("Zoom to area"), tr("Show this area on the map")),
            (self.address, "geopixTile", tr("Tile"), tr("Web map tile: zoom, column and row (from the north)")),
            (self.note, "geopixAreaNote", tr("Chosen area"), ""),
            (self.resolution, "geopixResolution", tr("Resolution"), tr("How fine QGIS draws the layer for the model")),
        )

    def _place_widgets(self) -> None:
        self.kind.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.kind.setMinimumContentsLength(8)
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.kind, 1)
        row.addWidget(self.draw)
        row.addWidget(self.zoom)
        fine = QtWidgets.QHBoxLayout()
        fine.setSpacing(6)
        fine.addWidget(self.resolution_label)
        fine.addWidget(self.resolution, 1)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.address)
        column.addWidget(self.note)
        column.addLayout(fine)
