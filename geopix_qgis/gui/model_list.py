"""Which model is asked, and fetching one that is not there yet."""

from __future__ import annotations

from typing import Optional

from .. import settings as stored
from ..conversation import Conversation
from ..model_choice import ModelDownload, choose, in_words
from ..protocol import InstallEvent, ModelFacts
from ..qt import QtWidgets
from ..translation import tr
from .colours import show_note
from .naming import name_widgets


class ModelList(QtWidgets.QWidget):
    """A box with the models that the process knows, and the download of the one that is chosen in it."""

    def __init__(self, conversation: Conversation, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self._talk = conversation
        self.box, self.fetch, self.stop = (
            QtWidgets.QComboBox(),
            QtWidgets.QPushButton(),
            QtWidgets.QPushButton(tr("Stop")),
        )
        self.bar, self.note = QtWidgets.QProgressBar(), QtWidgets.QLabel()
        self.note.setWordWrap(True)
        self.download = ModelDownload(self)
        name_widgets(
            (self.box, "geopixModelBox", tr("Model"), tr("Which model answers, from the next question on")),
            (
                self.fetch,
                "geopixFetchModel",
                tr("Download"),
                tr("Fetch it; an earlier download goes on where it stopped"),
            ),
            (self.stop, "geopixStopFetch", tr("Stop the download"), tr("What has come is kept")),
            (self.bar, "geopixFetchBar", tr("Progress of the download"), ""),
            (self.note, "geopixFetchNote", tr("How far the download is"), ""),
        )
        row = QtWidgets.QHBoxLayout()
        row.addWidget(QtWidgets.QLabel(tr("Model")))
        row.addWidget(self.box, 1)
        row.addWidget(self.fetch)
        row.addWidget(self.stop)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.bar)
        column.addWidget(self.note)
        self.bar.hide()
        self.note.hide()
        self.box.activated.connect(self._chosen)
        self.fetch.clicked.connect(self._fetch)
        self.stop.clicked.connect(self.download.stop)
        self.download.progress.connect(self._show_progress)
        self.download.finished.connect(self._fetched)
        self.download.failed.connect(lambda text: self._ended(text, warning=True))
        self.download.stopped.connect(
            lambda: self._ended(tr("Stopped. What has come is kept: Download goes on from here."))
        )

    def refresh(self) -> None:
        """Shows the models that are known now; while one is fetched, that one."""
        chosen = self.box.currentData() if self.download.active else stored.load().model
        self.box.clear()
        for facts in self._talk.models:
            here = (
                ""
                if facts.installed
                else tr(" - not here yet, {download_bytes:.1f} GB", download_bytes=facts.download_bytes / 1e9)
            )
            self.box.addItem(f"{facts.name}: {facts.title}{here}", facts.name)
        if self.box.findData(chosen) < 0:
            self.box.addItem(chosen, chosen)
        self.box.setCurrentIndex(self.box.findData(chosen))
        self._show_buttons()

    def close_down(self) -> None:
        """Stops a download; what has come is kept."""
        self.download.blockSignals(True)
        self.download.stop()

    def _facts(self) -> Optional[ModelFacts]:
        name = self.box.currentData()
        return next((facts for facts in self._talk.models if facts.name == name), None)

    def _chosen(self) -> None:
        facts = self._facts()
        if facts is not None and facts.installed:
            choose(facts.name)
            self._talk.models_changed.emit()  # estimate, examples and notes are of this model now
            return
        if facts is not None:
            show_note(
                self.note,
                tr(
                    "{on_this_machine} {how_to_get}", on_this_machine=facts.on_this_machine, how_to_get=facts.how_to_get
                ).strip(),
                warning=False,
            )
        self._show_buttons()

    def _fetch(self) -> None:
        facts, endpoint = self._facts(), self._talk.process.endpoint
        if facts is None or endpoint is None:
            return
        self.bar.setRange(0, 0)
        self.bar.show()
        self.download.start(endpoint, facts.name)
        self._show_buttons()

    def _show_progress(self, event: InstallEvent) -> None:
        self.bar.setRange(0, 1000 if event.total_bytes else 0)
        self.bar.setValue(int(1000 * event.done_bytes / event.total_bytes) if event.total_bytes else 0)
        show_note(self.note, in_words(event), warning=False)

    def _fetched(self, name: str) -> None:
        choose(name)
        self._ended(tr("{name} is here; it answers from the next question on.", name=name))
        self._talk.look_at_models()

    def _ended(self, text: str, *, warning: bool = False) -> None:
        self.bar.hide()
        show_note(self.note, text, warning=warning)
        self._show_buttons()

    def _show_buttons(self) -> None:
        facts, active = self._facts(), self.download.active
        missing = facts is not None and not facts.installed
        self.fetch.setVisible(missing and not active)
        self.fetch.setEnabled(self._talk.process.endpoint is not None)
        self.fetch.setText(
            tr("Download ({download_bytes:.1f} GB)", download_bytes=facts.download_bytes / 1e9)
            if facts is not None
            else tr("Download")
        )
        self.stop.setVisible(active)
        self.box.setEnabled(not active)
