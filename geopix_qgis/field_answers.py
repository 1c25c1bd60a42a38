"""One question about each selected polygon, its answer written into a field of the polygon's layer."""

from __future__ import annotations

import enum
from typing import Any, Callable, Optional

from qgis.core import QgsFeature, QgsVectorLayer

from .areas import Area, AreaKind
from .conversation import Conversation, Phase
from .errors import LayerError, TileError
from .outlines import polygons_of
from .qt import QtCore, Signal
from .translation import tr
from .turns import TurnRecord
from .wording import polygons


class Value(enum.Enum):
    """What of an answer goes into the field."""

    ANSWER = "answer"
    MAIN_CLASS = "main class"
    COUNT = "number of polygons"
    AREA = "area in m²"


NAMES = {
    Value.ANSWER: tr("answer"),
    Value.MAIN_CLASS: tr("main class"),
    Value.COUNT: tr("number of polygons"),
    Value.AREA: tr("area in m²"),
}
NUMBERS = (Value.COUNT, Value.AREA)


class FieldAnswers(QtCore.QObject):
    """Asks about one polygon after the other.

    The values are edits of the layer that are not saved: the analyst looks at them, then saves or discards them.

    Polygons that cannot be asked about, such as those beside the raster, are left out.

    Signals: ``progress(done, total)``, ``ended(int, str)`` with the number of fields written and what must be known of
    how it went: what stopped it, or which polygons were left out; else empty.
    """

    progress = Signal(int, int)
    ended = Signal(int, str)

    def __init__(self, conversation: Conversation, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self._talk = conversation
        self._layer_id, self._field, self._value = "", "", Value.ANSWER
        self._left: list[QgsFeature] = []
        self._total = self._written = self._skipped = 0
        self._reason = ""  # why the last one was left out
        self._check: Callable[[Area], object] = lambda area: None
        self._layer: Optional[QgsVectorLayer] = None
        self._ask: Callable[[Area], bool] = lambda area: False
        conversation.finished.connect(self._finished)

    @property
    def active(self) -> bool:
        """Whether polygons are still to be asked about."""
        return bool(self._total)

    def start(
        self,
        layer: QgsVectorLayer,
        field: str,
        value: Value,
        ask: Callable[[Area], bool],
        check: Callable[[Area], object],
    ) -> None:
        """Begins with the selected polygons of a layer.

        Args:
            layer: A polygon layer with a selection.
            field: Name of one of its fields.
            value: What to write.
            ask: Asks the question about an area; False where it was refused.
            check: Raises TileError for an area that cannot be asked about.

        Raises:
            LayerError: If nothing is selected, the layer takes no edits, or the field cannot hold the value.
        """
        features = sorted(layer.getSelectedFeatures(), key=lambda feature: feature.id())
        if not features:
            raise LayerError(
                tr("No polygon of {layer} is selected. Select those that are to be asked about.", layer=layer.name())
            )
        index = layer.fields().indexOf(field)
        if index < 0:
            raise LayerError(
                tr(
                    "The layer {layer} has no field {field!r}. Choose one of its fields.",
                    layer=layer.name(),
                    field=field,
                )
            )
        if layer.fields()[index].isNumeric() and value not in NUMBERS:
            raise LayerError(
                tr(
                    "The field {field} holds numbers and cannot take the {value}. Choose a text field.",
                    field=field,
                    value=NAMES[value],
                )
            )
        if not layer.isEditable() and not layer.startEditing():
            raise LayerError(
                tr("The layer {layer} cannot be edited. Choose another one, or save it as a copy.", layer=layer.name())
            )
        self._layer, self._field, self._value, self._ask, self._check = layer, field, value, ask, check
        self._left, self._total, self._written, self._skipped = features, len(features), 0, 0
        layer.willBeDeleted.connect(self._layer_gone)
        self._next()

    def _next(self) -> None:
        if self._layer is None:
            return  # ended when the layer went
        if not self._layer.isEditable():
            self._end(tr("The edits of {layer} were saved or discarded meanwhile.", layer=self._layer.name()))
            return
        area = self._next_area(self._layer)
        self.progress.emit(self._total - len(self._left), self._total)
        if area is None:
            left_out = tr("{polygons} left out. {reason}", polygons=polygons(self._skipped), reason=self._reason)
            self._end(left_out if self._skipped else "")
        elif not self._ask(area):
            self._end(tr("The question was refused."))

    def _next_area(self, layer: QgsVectorLayer) -> Optional[Area]:
        """The next polygon that can be asked about, None where none is left."""
        while self._left:
            feature = self._left[0]
            shape, label = polygons_of(feature.geometry()), f"{layer.name()} {feature.id()}"
            area = Area(AreaKind.SELECTION, shape, layer.crs(), label)
            try:
                self._check(area)
            except TileError as error:
                self._left.pop(0)
                self._skipped, self._reason = self._skipped + 1, str(error)
            else:
                return area
        return None

    def _finished(self, turn: TurnRecord) -> None:
        if not self.active:
            return
        if self._talk.phase is not Phase.IDLE:
            self._end(turn.problem or "Stopped.")
            return
        feature = self._left.pop(0)
        if self._layer is not None and self._layer.isEditable():
            self._write(self._layer, feature, turn)
        QtCore.QTimer.singleShot(0, self._next)

    def _write(self, layer: QgsVectorLayer, feature: QgsFeature, turn: TurnRecord) -> None:
        field = layer.fields()[layer.fields().indexOf(self._field)]
        value = value_of(turn, self._value)
        if isinstance(value, str) and field.length() > 0:
            value = value[: field.length()]
        layer.beginEditCommand(tr("GeoPix answer"))
        if layer.changeAttributeValue(feature.id(), layer.fields().indexOf(self._field), value):
            layer.endEditCommand()
            self._written += 1
        else:
            layer.destroyEditCommand()

    def _layer_gone(self) -> None:
        self._layer = None
        if self.active:
            self._end(tr("The layer of the polygons was removed."))
            self._talk.stop()

    def _end(self, why: str) -> None:
        if self._layer is not None:
            self._layer.willBeDeleted.disconnect(self._layer_gone)
        written, self._total, self._left, self._layer = self._written, 0, [], None
        self.ended.emit(written, why)


def value_of(turn: TurnRecord, value: Value) -> Any:
    """What a turn says: its text, the class that covers most, how many polygons, or how many square metres.

    None where a turn without polygons has no such value.
    """
    if value is Value.ANSWER:
        return turn.answer.strip()
    if value is Value.COUNT:
        return turn.regions
    if turn.result is None or not turn.phrases:
        return None if value is Value.MAIN_CLASS else 0.0
    areas = {target: turn.result.area_m2(turn.number, target) or 0.0 for target in turn.phrases}
    if value is Value.AREA:
        return round(sum(areas.values()), 2)
    return turn.phrases[max(areas, key=lambda target: (areas[target], turn.phrases[target].arrived))].category
