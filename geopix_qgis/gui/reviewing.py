"""What the buttons of the result card do: from its signals to the layers and back to its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional

from qgis.core import QgsVectorLayer
from qgis.gui import QgsMapCanvas

from .. import filters, review
from ..errors import LayerError
from ..qt import QtCore, Signal
from ..reshaping import Originals
from ..summaries import histogram
from ..translation import tr
from ..undo import Undo
from .result_card import ResultCard
from .result_row import rows_of
from .shape_preview import ShapePreview

COUNT_MS = 200  # after the last change: counting reads all polygons, hiding them does not


class Reviewing(QtCore.QObject):
    """Filters, accepts, rejects, merges and shapes what the card asks for; each action can be undone.

    Zooming, exporting and styling are not its business.  Signals: ``said(str)`` after an action, ``failed(str)``, both
    with a sentence for the message bar.

    Attributes:
        card: The widget that asks.
        shaping: The panel that opens for Shape; to be placed below the card.
        undo: What can be taken back.
    """

    said = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        card: ResultCard,
        canvas: QgsMapCanvas,
        layers: Callable[[], Sequence[QgsVectorLayer]],
        colours: Callable[[], Mapping[str, str]],
        parent: Optional[QtCore.QObject] = None,
    ) -> None:
        """Connects the card.

        Args:
            card: Whose signals are followed.
            canvas: Where shaped outlines are shown.
            layers: Gives the result layers that are in the project.
            colours: Gives the colour of each category.
            parent: Owner.
        """
        super().__init__(parent)
        self.card, self.undo, self.originals = card, Undo(), Originals()
        self.shaping = ShapePreview(canvas, self.originals, self.undo)
        self._layers, self._colours = layers, colours
        self._rescale = True  # whether the polygons themselves changed since the sliders were scaled
        self._watched: dict[str, QgsVectorLayer] = {}
        self._count = QtCore.QTimer(self)
        self._count.setSingleShot(True)
        self._count.setInterval(COUNT_MS)
        self._count.timeout.connect(self._show_counts)
        self._connect()

    def refresh(self) -> None:
        """Filters all layers and counts them again; to be called when polygons came or layers went."""
        for layer in self._layers():
            if layer.id() not in self._watched:
                self._watched[layer.id()] = layer
                layer.selectionChanged.connect(self._selection_changed)
                layer.afterCommitChanges.connect(self.refresh)
                layer.afterRollBack.connect(self.refresh)
        self._filter()
        self._selection_changed()
        self.card.set_undo(self.undo.next_name)
        self._rescale = True
        self._count.start()

    def close(self) -> None:
        """Stops, and takes the preview off the map."""
        self._count.stop()
        self.shaping.close_down()

    def _connect(self) -> None:
        card, act = self.card, self._act
        card.filter_changed.connect(self._filter_changed)
        card.accept_requested.connect(lambda: act(lambda: review.accept(self._selected(), self.undo)))
        card.reject_requested.connect(lambda: act(lambda: review.reject(self._selected(), self.undo)))
        card.merge_requested.connect(lambda: act(self._merge))
        card.accept_all.connect(lambda name: act(lambda: review.accept(self._seen(name), self.undo)))
        card.reject_all.connect(lambda name: act(lambda: review.reject(self._seen(name), self.undo)))
        card.delete_all.connect(lambda name: act(lambda: review.delete(self._seen(name), self.undo)))
        card.restore_all.connect(
            lambda name: act(lambda: review.restore(review.rejected(self._layers(), name), self.undo))
        )
        card.undo_requested.connect(self._undo)
        card.shape_requested.connect(lambda: self.shaping.open(self._layers()))
        self.shaping.failed.connect(self.failed)
        self.shaping.applied.connect(self.said)
        self.shaping.applied.connect(lambda _: self.refresh())

    def _selected(self) -> review.Chosen:
        return review.selected(self._layers())

    def _seen(self, name: str) -> review.Chosen:
        return review.seen(self._layers(), name)

    def _merge(self) -> None:
        chosen = self._selected()
        if len(chosen) > 1:
            names = ", ".join(layer.name() for layer, _ in chosen)
            raise LayerError(
                tr("The selected polygons lie in several layers ({names}). Select polygons of one layer.", names=names)
            )
        for layer, ids in chosen:
            review.merge(layer, ids, self.undo)

    def _act(self, action: Callable[[], Any]) -> None:
        try:
            action()
        except LayerError as error:
            self.failed.emit(str(error))
            return
        self.said.emit(tr("{next_name}: done.", next_name=self.undo.next_name))
        self.refresh()

    def _undo(self) -> None:
        try:
            undone = self.undo.undo()
        except LayerError as error:
            self.failed.emit(str(error))
        else:
            self.originals.rename(undone.renamed)
            self.said.emit(tr("{undone}: undone.", undone=undone.name))
        self.refresh()

    def _filter_changed(self, _wanted: filters.Filter) -> None:
        for problem in self._filter():
            self.failed.emit(problem)
        self._count.start()

    def _filter(self) -> tuple[str, ...]:
        return filters.apply(self._layers(), self.card.filter).problems

    def _selection_changed(self, *_changed: Any) -> None:
        self.card.set_selection(sum(layer.selectedFeatureCount() for layer in self._layers()))

    def _show_counts(self) -> None:
        layers = self._layers()
        if self._rescale:
            measured = all(layer.crs().isValid() for layer in layers)
            self.card.set_scales(histogram(layers, "score"), histogram(layers, "area"), measured)
            self._rescale = False
        self.card.show_results(rows_of(layers, self.card.filter, self._colours()))
